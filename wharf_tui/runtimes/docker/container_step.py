"""The life of a step's container: from the pull of its image to its removal, whatever happens in between."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from wharf_tui.definition.pipeline import Step
from wharf_tui.model.errors import InputError, RunError, RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.images import Images
from wharf_tui.runtimes.docker.outcome import outcome_of
from wharf_tui.runtimes.docker.output_follower import OutputFollower
from wharf_tui.runtimes.docker.owner import owner_of
from wharf_tui.runtimes.docker.shared import Shared
from wharf_tui.runtimes.docker.spec import container_config, container_name
from wharf_tui.runtimes.docker.stop_sign import StopSign
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder

_KILL_SECONDS = 30.0
"""How long a killed container may take until it has ended."""
_LAST_SECONDS = 10.0
_PAUSES_BEFORE_REMOVAL = (0.0, 0.5, 2.0)
_TERMINATE = "SIGTERM"


class ContainerStep:
    """One step, run once."""

    def __init__(
        self, shared: Shared, step: Step, recorder: StepRecorder, cancellation: Cancellation
    ) -> None:
        self._shared = shared
        self._step = step
        self._recorder = recorder
        self._cancellation = cancellation
        self._name = container_name(step, shared.build)
        self._stop = StopSign()
        self._follower = OutputFollower(
            shared.engine, shared.watch, self._name, recorder, shared.limits.away_s
        )
        self._is_following = False
        self._may_exist = False
        self._stop_signal = _TERMINATE
        self._waits_for = ""
        self._preparing: asyncio.Future[None] | None = None
        self._checking: asyncio.Future[None] | None = None
        self._asked = asyncio.ensure_future(cancellation.wait_requested())
        self._forced = asyncio.ensure_future(cancellation.wait_forced())

    async def run(self) -> StepOutcome:
        """Run it to its end, or to its cancellation; its container is gone then, unless it is to be kept.

        Raises:
            StoreError: the output could not be stored.
        """
        outcome = StepOutcome(Status.CANCELLED)
        try:
            try:
                outcome = await self._run()
            except (RunError, InputError) as error:
                outcome = StepOutcome(Status.FAILED, None, error.message)
        finally:
            is_kept = outcome.status is Status.FAILED and self._shared.limits.keep_failed
            cleaning = asyncio.create_task(self._clean_up(is_kept=is_kept), name=f"clean up {self._name}")
            try:
                left = await asyncio.shield(cleaning)
            except asyncio.CancelledError:
                await cleaning
                raise
        return replace(outcome, reason="; ".join(filter(None, (outcome.reason, left))))

    async def _run(self) -> StepOutcome:
        limit = self._shared.limits.start_s
        self._tell("")
        self._preparing = self._shared.run_long(self._prepare)
        first: set[asyncio.Future[None]] = {self._preparing, self._asked}
        await asyncio.wait(first, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not self._preparing.done():
            waited_for = self._waits_for
            self._stop.show()
            await asyncio.wait({self._preparing})
            if isinstance(self._preparing.exception(), RunError | InputError):
                if self._asked.done():
                    return StepOutcome(Status.CANCELLED, None, self._cancellation.reason)
                reason = f"it did not start within {limit:g} s"
                return StepOutcome(Status.FAILED, None, ": ".join(filter(None, (reason, waited_for))))
        self._preparing.result()
        self._is_following = True
        self._follower.start()
        self._recorder.status(Status.RUNNING)
        return await self._run_to_end()

    def _prepare(self) -> None:
        """Bring the step to where it runs. Blocks: it is done in a thread."""
        shared, engine = self._shared, self._shared.engine
        config = container_config(self._step, shared.build, shared.settings, init=shared.has_init)
        image = Images(engine).ensure(config["Image"], shared.settings.pull_policy, self._tell, self._stop)
        image_config = image.get("Config") or {}
        self._stop_signal = image_config.get("StopSignal") or _TERMINATE
        self._tell("creating the container")
        self._create(config)
        self._tell("copying the source tree")
        owner = owner_of(image_config.get("User") or "", lambda path: engine.download(self._name, path))
        with shared.files.container_files(self._step, owner, self._is_wanted) as archives:
            for archive in archives:
                engine.upload(self._name, archive)
        self._tell("starting the container")
        self._follower.open()
        engine.start(self._name)

    def _create(self, config: dict[str, Any]) -> None:
        self._may_exist = True  # also where the answer does not reach us
        try:
            self._shared.engine.create(self._name, config)
        except RuntimeUnavailableError:
            raise
        except RunError:
            self._may_exist = False
            raise

    def _is_wanted(self) -> bool:
        return not self._stop.is_shown()

    def _tell(self, waits_for: str) -> None:
        """Say what the step waits for before it can run.

        Raises:
            RunError: the step is not wanted any more.
        """
        if self._stop.is_shown():
            raise RunError("the step was ended before it ran")
        self._waits_for = waits_for
        self._recorder.status(Status.INITIALIZING, waits_for)

    async def _run_to_end(self) -> StepOutcome:
        ended, limit = self._follower.ended, self._shared.limits.step_s
        silence = self._shared.limits.silence_s
        deadline = None if limit is None else time.monotonic() + limit
        first: set[asyncio.Future[Any]] = {ended, self._asked}
        received = -1
        while True:
            pause = silence if deadline is None else min(silence, deadline - time.monotonic())
            await asyncio.wait(first, timeout=max(pause, 0), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return outcome_of(ended.result())
            if self._asked.done():
                return await self._end(Status.CANCELLED, self._cancellation.reason)
            if deadline is not None and time.monotonic() >= deadline:
                return await self._end(Status.FAILED, f"it did not end within {limit:g} s")
            if received == self._follower.received and (self._checking is None or self._checking.done()):
                self._checking = self._shared.run_short(self._follower.check)
            received = self._follower.received

    async def _end(self, status: Status, reason: str) -> StepOutcome:
        """End the container: gently, then by force."""
        ended = self._follower.ended
        if not self._cancellation.forced:
            await self._signal(self._stop_signal)
            first: set[asyncio.Future[Any]] = {ended, self._forced}
            grace = self._shared.limits.grace_s
            await asyncio.wait(first, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done() and await self._signal("SIGKILL"):
            await asyncio.wait({ended}, timeout=_KILL_SECONDS)
        if not ended.done():
            self._recorder.lost("Docker did not end the container: what it printed last is missing")
            return StepOutcome(status, None, reason)
        try:
            info = ended.result()
        except RunError as error:
            return StepOutcome(status, None, f"{reason}; {error.message}")
        return StepOutcome(status, None if info is None else int(info["State"]["ExitCode"]), reason)

    async def _signal(self, name: str) -> bool:
        """Send a signal; whether the engine took it."""
        try:
            await self._shared.run_short(lambda: self._shared.engine.signal(self._name, name))
        except RunError:
            return False
        return True

    async def _clean_up(self, *, is_kept: bool) -> str:
        """Leave nothing behind; returns what is left all the same, as a sentence."""
        self._stop.show()
        self._asked.cancel()
        self._forced.cancel()
        if self._preparing is not None:
            await asyncio.wait({self._preparing})
            self._preparing.exception()  # seen; who needed it has it
        await self._let_go()
        if not self._may_exist:
            return ""
        if is_kept:
            return f"container {self._name} is kept"
        why_not = ""
        for pause in _PAUSES_BEFORE_REMOVAL:
            await asyncio.sleep(pause)
            try:
                await self._shared.run_short(lambda: self._shared.engine.remove(self._name))
            except RunError as error:
                why_not = error.message
            else:
                return ""
        return f"container {self._name} is left behind: {why_not}"

    async def _let_go(self) -> None:
        """Stop following, if the end did not do so."""
        if not self._is_following:
            self._follower.close()
            self._follower.ended.cancel()
        elif not self._follower.ended.done():
            self._follower.give_up()
            await asyncio.wait({self._follower.ended}, timeout=_LAST_SECONDS)
        if self._follower.ended.done() and not self._follower.ended.cancelled():
            self._follower.ended.exception()
        if self._checking is not None:
            await asyncio.wait({self._checking})
