"""Follows containers that run already: each becomes a step of a build, and its log is taken until it ends.

What is written is a store like any other, so that everything that works on a build works on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic

from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.errors import RunError, StoreError, WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.port import Cancellation, StepOutcome
from wharf_tui.runtimes.sources import ContainerSource, Found
from wharf_tui.worker.recorder import StoreRecorder

STOPPED = "following was ended; the container was left alone"
_STEP_TYPE = "container"
_TICK_SECONDS = 1.0
"""How often a source is asked whether more may come."""


class Following(Generic[Found]):
    """Follows one source, once. Whatever happens is in the store; ``run`` returns the result.

    Args:
        store: a build without steps.
        source: it has been started.
        found: what it has found.
    """

    def __init__(self, store: BuildWriter, source: ContainerSource[Found], found: list[Found]) -> None:
        self._store = store
        self._source = source
        self._found = found
        self._names: set[tuple[str, str]] = set()
        self._taking: dict[asyncio.Task[Status], Cancellation] = {}
        self._is_stopped = asyncio.Event()
        self._syncing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-close")
        self.error: WharfError | None = None
        """Why following ended, where it was not asked to and containers may still run."""

    def stop(self) -> None:
        """Follow no more, and leave the containers alone. Call it from the event loop of ``run``."""
        self._is_stopped.set()

    async def run(self) -> Status:
        """Follow until all has ended, or ``stop`` is called; freeze the store, and return the result.

        FAILED where a container did, CANCELLED where one still ran.
        """
        try:
            results = await self._follow()
        except WharfError as error:
            self.error = error
            results = {Status.FAILED}
        finally:
            await self._source.stop()
        result = next(
            (status for status in (Status.FAILED, Status.CANCELLED) if status in results), Status.SUCCESS
        )
        try:
            await self._freeze(result)
        finally:
            self._syncing.shutdown()
        return Status.FAILED if self.error else result

    async def _follow(self) -> set[Status]:
        results: set[Status] = set()
        stopping = asyncio.create_task(self._is_stopped.wait(), name="stop following")
        finding = asyncio.create_task(self._source.next(), name="find containers")
        self._join(self._found)
        try:
            while not stopping.done() and (self._taking or self._source.may_grow):
                tasks = {stopping, finding, *self._taking}
                await asyncio.wait(tasks, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                results |= self._results_of_ended()
                if finding.done():
                    self._join(finding.result())
                    finding = asyncio.create_task(self._source.next(), name="find containers")
            return results | set(await asyncio.gather(*self._ask_all_to_end()))
        except WharfError:
            await asyncio.gather(*self._ask_all_to_end(), return_exceptions=True)
            raise
        finally:
            for task in (stopping, finding, *self._taking):
                task.cancel()
            await asyncio.gather(stopping, finding, *self._taking, return_exceptions=True)

    def _join(self, found: list[Found]) -> None:
        """Make steps of containers, and begin to take their logs."""
        for container in found:
            step_id = StepId(len(self._names) + 1)
            info = StepInfo(step_id, container.group, self._name_for(container), _STEP_TYPE)
            self._store.add_steps((StepState(info),))
            cancellation = Cancellation()
            task = asyncio.create_task(self._take(step_id, container, cancellation), name=info.address)
            self._taking[task] = cancellation

    def _name_for(self, container: Found) -> str:
        """Its name; one that has a step already, or whose name had another, gets a number."""
        name, count = container.name, 1
        while (container.group, name) in self._names:
            count += 1
            name = f"{container.name} ({count})"
        self._names.add((container.group, name))
        return name

    def _results_of_ended(self) -> set[Status]:
        """How containers have ended since the last time.

        Raises:
            StoreError: one of their logs could not be stored: nothing more can be.
        """
        ended = [task for task in self._taking if task.done()]
        for task in ended:
            del self._taking[task]
        return {task.result() for task in ended}

    def _ask_all_to_end(self) -> list[asyncio.Task[Status]]:
        for cancellation in self._taking.values():
            cancellation.request(STOPPED)
        return list(self._taking)

    async def _take(self, step_id: StepId, container: Found, cancellation: Cancellation) -> Status:
        try:
            recorder = StoreRecorder(self._store, step_id)
            outcome = await self._source.take(container, recorder, cancellation)
        except RunError as error:
            outcome = StepOutcome(Status.FAILED, None, error.message)
        await self._in_thread(lambda: self._store.close_log(step_id))
        if self._store.sync_failure is not None:
            raise self._store.sync_failure
        self._store.set_status(step_id, outcome.status, outcome.reason, outcome.exit_code)
        return outcome.status

    async def _freeze(self, result: Status) -> None:
        """Write the end. Where even that fails the build stays unfinished on disk, and the error is kept."""
        problem = self.error.message if self.error else ""
        try:
            await self._in_thread(lambda: self._store.freeze(result, problem))
        except StoreError as error:
            self.error = self.error or error
            self._store.close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """To bring a large log to the device takes a while; the loop goes on meanwhile."""
        await asyncio.get_running_loop().run_in_executor(self._syncing, work)
