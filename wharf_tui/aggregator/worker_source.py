"""Copies what a worker serves: its build, what earlier copies of it left in the spool, and the builds that come after."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from wharf_tui.aggregator.identity import uid_of
from wharf_tui.aggregator.pump import BuildOutcome, Desk, Pump
from wharf_tui.aggregator.remote_copy import RemoteCopy, RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Owner, Spool, builds_in, log_bytes, remove_build
from wharf_tui.aggregator.tail import BuildTail
from wharf_tui.aggregator.transfer import SourceEnd, Transfer
from wharf_tui.attach.connection import Endpoint, connect, map_rpc_error
from wharf_tui.model.errors import InputError, UnreachableError
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

LEFT_BEHIND = "the aggregator was stopped before its end, and its worker has not been seen since"
_ROUNDS = 2
"""A worker that turns out to be another one while it is copied is copied from once more."""


@dataclass(frozen=True, slots=True)
class WorkerTarget:
    """A worker to copy from."""

    endpoint: Endpoint
    owner: Owner
    folder: Path
    """Where in the spool its copies go."""


class WorkerSource:
    """One worker.

    Args:
        target: the worker.
        desk: where to, and whom to tell.
        settings: how workers are copied.
    """

    def __init__(self, target: WorkerTarget, desk: Desk, settings: RemoteSettings) -> None:
        self._target = target
        self._desk = desk
        self._settings = settings
        self._drained: dict[Path, Pump] = {}
        self._leftover_end = SourceEnd(LEFT_BEHIND)

    async def copy(self) -> list[BuildOutcome]:
        """Copy what is left from before, then the worker's build to its end.

        Raises:
            UnreachableError: nobody answers at the worker's address.
            WharfError: the sink cannot be used.
        """
        await self._drain_leftovers()
        known = await self._known_already()
        if known is not None:
            return [*await self._conclude_leftovers(None, known.uid), known]
        outcomes: list[BuildOutcome] = []
        for _ in range(_ROUNDS):
            copy = RemoteCopy(self._target.endpoint, self._target.folder, self._settings, self._desk.journal)
            try:
                path = await copy.open()
            except InputError as error:  # somebody answers, and is no worker
                raise UnreachableError(error.message, error.hint) from error
            outcome = await self._copy_build(copy, path)
            outcomes += [*await self._conclude_leftovers(path, outcome.uid), outcome]
            if not copy.worker_is_another:
                break
        return outcomes

    async def served_uid(self) -> str:
        """The name of the build that the worker serves now; empty where it tells none.

        Raises:
            UnreachableError: nobody answers.
        """
        endpoint = self._target.endpoint
        try:
            async with connect(endpoint) as stub:
                answer: pb.GetBuildResponse = await stub.GetBuild(
                    pb.GetBuildRequest(),
                    metadata=endpoint.metadata,
                    timeout=self._settings.patience_seconds,
                    wait_for_ready=True,
                )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return ""
            mapped = map_rpc_error(error, endpoint.address)
            raise UnreachableError(mapped.message, mapped.hint) from error
        return answer.uid

    async def wait_until_gone(self) -> None:
        """Wait until the worker ends: one that tells no names would not tell either that it serves another build.

        A connection is held that says nothing; it ends with the worker, however soon another one takes its place.
        """
        host, _, port = self._target.endpoint.address.rpartition(":")
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            return
        try:
            while await reader.read(4096):
                pass  # an HTTP/2 server's first words
        except OSError:
            return
        finally:
            writer.close()

    async def abandon(self, problem: str = LEFT_BEHIND) -> list[BuildOutcome]:
        """The worker is gone: commit and conclude what is left of it in the spool."""
        self._leftover_end = SourceEnd(problem)
        await self._drain_leftovers()
        return await self._conclude_leftovers(None, "")

    async def _known_already(self) -> BuildOutcome | None:
        """The outcome where the sink has all of the worker's build, and nothing need be copied."""
        uid = await self.served_uid()
        if not uid or await self._desk.pool.run(lambda sink: sink.state_of(uid)) is not BuildState.COMPLETE:
            return None
        return BuildOutcome(uid, self._target.owner.number, self._target.owner.origin, BuildState.COMPLETE)

    async def _copy_build(self, copy: RemoteCopy, path: Path) -> BuildOutcome:
        metrics = self._desk.metrics
        metrics.workers += 1
        copying = asyncio.create_task(copy.run(), name=f"copy {self._target.owner.origin}")
        transfer = None
        try:
            transfer = await self._transfer(path, copy.wait, lambda: copy.end)
            copy.bytes_ahead = lambda: log_bytes(path) - transfer.bytes_settled
            outcome = await Pump(transfer, self._desk, lambda: copy.end, copy.wait).run()
            if copying.done():
                copying.result()
        finally:
            metrics.workers -= 1
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
            if transfer is not None:
                transfer.tail.close()
        self._clean_up(path, outcome)
        return outcome

    async def _drain_leftovers(self) -> None:
        """Commit what lies in the spool. None of it is concluded yet: the worker may still be there."""

        async def do_not_wait() -> None:
            await asyncio.sleep(0)

        for path in builds_in(self._target.folder):
            if path not in self._drained:
                transfer = await self._transfer(path, do_not_wait, lambda: self._leftover_end)
                self._drained[path] = Pump(transfer, self._desk, lambda: self._leftover_end, do_not_wait)
            with contextlib.suppress(InputError):  # told when it is concluded
                await self._drained[path].drain()

    async def _conclude_leftovers(self, current: Path | None, uid: str) -> list[BuildOutcome]:
        """Mark the end of builds that the worker does not serve any more; ``uid`` is the one that it serves."""
        outcomes = []
        for path, pump in self._drained.items():
            is_current = pump.transfer.uid == uid
            if not is_current:
                outcomes.append(await pump.run())
            pump.transfer.tail.close()
            if path != current and is_current:
                remove_build(path)
            elif not is_current:
                self._clean_up(path, outcomes[-1])
        self._drained.clear()
        return outcomes

    async def _transfer(
        self, path: Path, wait: Callable[[], Awaitable[None]], end: Callable[[], SourceEnd | None]
    ) -> Transfer:
        tail = BuildTail(path, self._target.owner.origin, number=self._target.owner.number, is_copy=True)
        uid = await uid_of(tail, self._target.owner.uid, self._desk.pool, wait, end)
        return Transfer(tail, uid)

    def _clean_up(self, path: Path, outcome: BuildOutcome) -> None:
        """What is committed need not be kept; what somebody has to look into is."""
        if outcome.state is BuildState.DISPUTED or outcome.refused:
            self._desk.journal.info(f"the copy of build {outcome.number} is kept in {path}")
        elif path.exists():
            remove_build(path)


async def conclude_orphans(
    spool: Spool, others: set[Path], desk: Desk, settings: RemoteSettings
) -> list[BuildOutcome]:
    """Commit and conclude what lies in the spool of sources that are not there any more.

    Args:
        spool: all of it.
        others: folders of sources that are there.
        desk: where to, and whom to tell.
        settings: how workers are copied.
    """
    outcomes = []
    for folder in spool.folders():
        if folder not in others and builds_in(folder):
            target = WorkerTarget(Endpoint(""), spool.owner(folder), folder)
            outcomes += await WorkerSource(target, desk, settings).abandon()
    return outcomes
