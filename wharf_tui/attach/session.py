"""An attach to one worker: three rings (reconnect, one session, one call) around a local copy of its build."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from pathlib import Path

import grpc

from wharf_tui.attach.connection import Endpoint, connect, is_worth_retrying, map_rpc_error, not_understood
from wharf_tui.attach.epoch_check import is_still_the_same
from wharf_tui.attach.legacy_end import finish_legacy, has_failed_step
from wharf_tui.attach.marked_stream import CALL_SECONDS, MarkedStream, StreamEnd
from wharf_tui.attach.mirror import Mirror, copy_has_gaps, mirror_path, open_mirror
from wharf_tui.attach.plain_stream import PlainStream
from wharf_tui.attach.progress import Phase, Progress
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import InputError, StoreBusyError, StoreError, StoreFrozenError, UnreachableError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

CONNECT_SECONDS = 10.0
"""How long the first connection may take."""
_SHORTEST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_LONGEST_PAUSE_IF_ANSWERED = 1.0
"""The same where the worker is there, but has no step yet."""
ABRUPT_END_SECONDS = 5.0
"""A worker of wharf-cmd's kind goes away right after a failed build: how long to try whether it comes back."""
_FRUITLESS_SESSIONS = 3
"""How often a stream may end in the same place before we take it that there is no more."""


class AttachSession:
    """Copies a worker's build into a local store until the build ends, over any number of connections.

    Args:
        endpoint: the worker.
        builds_dir: where the copy goes.
        names: step names for a worker that does not tell them.
        give_up_seconds: how long to try again after the connection broke; None is for ever.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        builds_dir: Path,
        names: Mapping[StepId, StepInfo] | None = None,
        give_up_seconds: float | None = None,
    ) -> None:
        self.progress = Progress()
        self.path = builds_dir
        """The copy's folder, once ``open`` has returned."""
        self.copied_by_another = False
        """Another process copies this build already: its copy is watched instead."""
        self._endpoint = endpoint
        self._builds_dir = builds_dir
        self._names = names or {}
        self._give_up_seconds = give_up_seconds
        self._mirror: Mirror | None = None
        self._is_legacy = False
        self._uid = ""
        self._fruitless = 0
        self._lines_before = -1

    @property
    def is_legacy(self) -> bool:
        """Whether the worker is of wharf-cmd's kind: it sends no markers and tells no names."""
        return self._is_legacy

    @property
    def is_copying(self) -> bool:
        """Whether this session writes the copy; else it is finished, or another process writes it."""
        return self._mirror is not None and self.progress.phase is not Phase.ENDED

    @property
    def mirror(self) -> Mirror:
        """The copy that is being written."""
        assert self._mirror is not None
        return self._mirror

    async def open(self, patience: float = CONNECT_SECONDS) -> Path:
        """Connect for the first time, learn what the worker has, and begin or go on with the copy.

        Args:
            patience: seconds to wait for somebody to answer.

        Raises:
            UnreachableError: nobody answers in time.
            AccessDeniedError: we are not let in.
            InputError: what answers is no worker.
            StoreError: the copy cannot be written.
        """
        async with connect(self._endpoint) as stub:
            try:
                build = await self._first_answer(stub, patience)
                if build is None:
                    self._is_legacy = True
                    self._begin_legacy_copy()
                else:
                    await self._open_copy(stub, build)
            except grpc.aio.AioRpcError as error:
                if self._mirror is not None:
                    self._mirror.close()
                raise map_rpc_error(error, self._endpoint.address) from error
        return self.path

    async def run(self) -> None:
        """Copy until the build ends, or until nobody has answered for too long.

        Raises:
            UnreachableError: nobody answers any more.
            StoreError: a line cannot be stored, or the worker's log is no longer the one that was copied.
        """
        if not self.is_copying:
            return
        try:
            while self.progress.phase is not Phase.ENDED:
                self._lines_before = self.mirror.lines
                try:
                    end = await self._one_session()
                except grpc.aio.AioRpcError as error:
                    await self._go_on_after(error)
                else:
                    await self._take_end(end)
        finally:
            self.mirror.close()

    async def wait_caught_up(self) -> None:
        """Wait until all that the worker had when we came is here; ``run`` must be running."""
        seen = 0
        while not self.progress.caught_up:
            seen = await self.mirror.store.changes.wait(seen)

    async def _first_answer(
        self, stub: worker_pb2_grpc.WorkerStub, patience: float
    ) -> pb.GetBuildResponse | None:
        deadline = time.monotonic() + patience
        refusal: grpc.aio.AioRpcError | None = None
        while True:
            try:
                return await self._ask(stub, max(0.1, deadline - time.monotonic()))
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise refusal or error from error
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
                refusal = error
            await asyncio.sleep(_SHORTEST_PAUSE)

    async def _ask(self, stub: worker_pb2_grpc.WorkerStub, timeout: float) -> pb.GetBuildResponse | None:  # noqa: ASYNC109 - it is the call's own
        """The build; None from a worker that does not know the question."""
        try:
            answer: pb.GetBuildResponse | None = await stub.GetBuild(
                pb.GetBuildRequest(), metadata=self._endpoint.metadata, timeout=timeout
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise
        if answer is None:
            raise not_understood()
        return answer

    def _begin_legacy_copy(self) -> None:
        steps = tuple(map(StepState, self._names.values()))
        info = BuildInfo(BuildId(0), steps=steps, source=f"worker {self._endpoint.address}")
        self._mirror = Mirror(BuildWriter.create(self._builds_dir, info))
        self.path = self._mirror.path

    async def _open_copy(self, stub: worker_pb2_grpc.WorkerStub, build: pb.GetBuildResponse) -> None:
        if not build.uid:
            raise InputError(f"{self._endpoint.address} does not tell which build it serves")
        self._uid = build.uid
        info = wire.build_from_wire(build)
        try:
            self.path = mirror_path(self._builds_dir, info)
            self._mirror = Mirror(open_mirror(self.path, info))
            if not await self._is_trusted(stub, build):
                self._mirror.close()
                self.path = mirror_path(self._builds_dir, info, build.epoch)
                self._mirror = Mirror(open_mirror(self.path, info))
        except StoreFrozenError:
            self.progress.caught_up_now(inferred=False)
            self.progress.ended(complete=not copy_has_gaps(self.path))
        except StoreBusyError:
            self.copied_by_another = True
            self.progress.caught_up_now(inferred=False)
            self.progress.ended(complete=False)

    async def _is_trusted(self, stub: worker_pb2_grpc.WorkerStub, build: pb.GetBuildResponse) -> bool:
        """Whether the copy's lines are the worker's: always under the same epoch, else only if they compare equal."""
        if self.mirror.store.info.epoch == build.epoch:
            return True
        return await is_still_the_same(stub, self.mirror, build, self._endpoint.metadata)

    async def _one_session(self) -> StreamEnd:
        async with connect(self._endpoint, legacy=self._is_legacy) as stub:
            build = await self._ask(stub, CALL_SECONDS)
            uid = "" if build is None else build.uid
            if uid != self._uid:
                raise StoreError(
                    f"another build runs at {self._endpoint.address} now",
                    f"What was copied of the first one is in {self.path}.",
                )
            if build is None:
                return await PlainStream(
                    stub, self.mirror, self.progress, self._endpoint.metadata, self._names
                ).run()
            if not await self._is_trusted(stub, build):
                raise StoreError(
                    f"{self._endpoint.address} has lost lines that were copied from it: its machine went down",
                    f"What was copied before is kept in {self.path}; attach again to copy what it has now.",
                )
            self.mirror.take_build(wire.build_from_wire(build), wire.events_from_wire(build))
            return await MarkedStream(stub, self.mirror, self.progress, self._endpoint.metadata).run()

    async def _take_end(self, end: StreamEnd) -> None:
        if end is StreamEnd.AGAIN:
            made_progress = self.mirror.lines > self._lines_before
            self._fruitless = 0 if made_progress else self._fruitless + 1
            if made_progress:
                return
            if self._fruitless < _FRUITLESS_SESSIONS:
                await self._pause("the stream ended before the build did")
                return
        if self._is_legacy:
            finish_legacy(self.mirror, cut_off=False, caught_up=True)
        self.progress.ended(complete=end is StreamEnd.FROZEN and not self.mirror.has_gaps)

    async def _go_on_after(self, error: grpc.aio.AioRpcError) -> None:
        """Wait before the next try, or give up."""
        mapped = map_rpc_error(error, self._endpoint.address)
        if not is_worth_retrying(error):
            raise mapped from error
        self._refuse_to_break_at_the_same_place(error)
        gone = self.progress.seconds_without_connection
        if self._is_legacy and gone > ABRUPT_END_SECONDS and has_failed_step(self.mirror):
            finish_legacy(self.mirror, cut_off=True, caught_up=self.progress.caught_up)
            self.progress.ended(complete=False)
            return
        if self._give_up_seconds is not None and gone > self._give_up_seconds:
            raise UnreachableError(
                f"{mapped.message} (for {gone:.0f} s)",
                f"What was copied is in {self.path}; attach again to go on.",
            ) from error
        has_answered = error.code() is grpc.StatusCode.UNKNOWN
        await self._pause(mapped.message, _LONGEST_PAUSE_IF_ANSWERED if has_answered else _LONGEST_PAUSE)

    def _refuse_to_break_at_the_same_place(self, error: grpc.aio.AioRpcError) -> None:
        """wharf-cmd cannot send a line that is no UTF-8: its stream breaks there, each time."""
        is_stuck = error.code() is grpc.StatusCode.INTERNAL and self.mirror.lines == self._lines_before
        self._fruitless = self._fruitless + 1 if is_stuck else 0
        if self._fruitless >= _FRUITLESS_SESSIONS:
            raise StoreError(
                f"{self._endpoint.address} breaks off at the same place each time: {error.details()}",
                f"What was copied is in {self.path}; the worker cannot send what comes next.",
            ) from error

    async def _pause(self, problem: str, longest: float = _LONGEST_PAUSE) -> None:
        self.progress.connection_broke(problem)
        self.mirror.store.changes.notify()
        pause = min(longest, _SHORTEST_PAUSE * 2 ** min(self.progress.attempts - 1, 10))
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
