"""The life of a ``docker`` step: the engine builds its image, and pushes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.model.errors import InputError, RunError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import now_ns
from wharf_tui.runtimes.docker.images import Images
from wharf_tui.runtimes.docker.shared import Shared
from wharf_tui.runtimes.docker.spec import build_params
from wharf_tui.runtimes.docker.stop_sign import StopSign
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder


class ImageStep:
    """One step, run once. The engine removes the containers that it builds in, also of a build that is ended."""

    def __init__(
        self, shared: Shared, step: Step, spec: DockerSpec, recorder: StepRecorder, cancellation: Cancellation
    ) -> None:
        self._shared = shared
        self._step = step
        self._spec = spec
        self._recorder = recorder
        self._cancellation = cancellation
        self._images = Images(shared.engine)
        self._stop = StopSign()
        self._told: dict[str, str] = {}

    async def run(self) -> StepOutcome:
        """Run it to its end, or to its cancellation.

        Raises:
            StoreError: the output could not be stored.
        """
        limit = self._shared.limits.step_s
        self._recorder.status(Status.INITIALIZING, "packing the build context")
        asked = asyncio.ensure_future(self._cancellation.wait_requested())
        working = self._shared.run_long(self._work)
        try:
            first: set[asyncio.Future[None]] = {working, asked}
            await asyncio.wait(first, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            was_asked, was_done = asked.done(), working.done()
            asked.cancel()
            self._stop.show()
            await asyncio.wait({working})
        try:
            working.result()
        except (RunError, InputError) as error:
            if was_done:
                return StepOutcome(Status.FAILED, None, error.message)
            if was_asked:
                return StepOutcome(Status.CANCELLED, None, self._cancellation.reason)
            return StepOutcome(Status.FAILED, None, f"it did not end within {limit:g} s")
        return StepOutcome(Status.SUCCESS, 0)

    def _work(self) -> None:
        """Build and push. Blocks: it is done in a thread."""
        spec = self._spec
        with self._shared.files.build_context(spec, self._is_wanted) as (context, dockerfile):
            self._recorder.status(Status.RUNNING)
            params = build_params(spec) | {"dockerfile": dockerfile}
            self._take(self._images.build(context, params, self._stop), "build the image")
        for tag in spec.tags:
            if self._shared.engine.image(f"{spec.destination}:{tag}") is None:
                raise RunError(
                    f"cannot build the image: Docker ended without making {spec.destination}:{tag}"
                )
        for tag in spec.tags if spec.push else ():
            doing = f"push image {spec.destination}:{tag}"
            self._take(self._images.push(spec.destination, tag, self._stop), doing)

    def _is_wanted(self) -> bool:
        return not self._stop.is_shown()

    def _take(self, events: Iterable[Mapping[str, Any]], doing: str) -> None:
        """Store what the engine tells while it works.

        Raises:
            RunError: the engine failed, or the step is not wanted any more.
        """
        self._told.clear()
        for event in events:
            if "error" in event:
                self._recorder.end_line()
                self._recorder.lines([(now_ns(), str(event["error"]).encode())])
                raise RunError(f"cannot {doing}: {event['error']}")
            if "stream" in event:
                self._recorder.output(now_ns(), str(event["stream"]).encode())
            elif "status" in event:
                self._take_status(str(event.get("id", "")), str(event["status"]))
        self._recorder.end_line()
        if self._stop.is_shown():
            raise RunError("the step was ended before its end")

    def _take_status(self, layer: str, status: str) -> None:
        """A layer's progress is told many times a second: only what has changed is worth a line."""
        if layer and self._told.get(layer) == status:
            return
        self._told[layer] = status
        self._recorder.end_line()
        line = f"{layer}: {status}" if layer else status
        self._recorder.lines([(now_ns(), line.encode())])
