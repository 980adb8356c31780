"""An attach to one worker: three rings (reconnect, one session, one call) around a local copy of its build."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path

import grpc

from wharf_tui.attach.connection import Endpoint, connect, is_worth_retrying, map_rpc_error
from wharf_tui.attach.epoch_check import is_still_the_same
from wharf_tui.attach.marked_stream import CALL_SECONDS, MarkedStream, StreamEnd
from wharf_tui.attach.mirror import Mirror, mirror_path, open_mirror
from wharf_tui.attach.plain_stream import PlainStream
from wharf_tui.attach.progress import Phase, Progress
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import StoreBusyError, StoreError, StoreFrozenError, UnreachableError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status, combined_status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

CONNECT_SECONDS = 10.0
"""How long the first connection may take."""
_SHORTEST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
ABRUPT_END_SECONDS = 5.0
"""A worker of wharf-cmd's kind goes away right after a failed build: how long to try whether it comes back."""


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

    @property
    def is_legacy(self) -> bool:
        """Whether the worker is of wharf-cmd's kind: it sends no markers and tells no names."""
        return self._is_legacy

    async def open(self, patience: float = CONNECT_SECONDS) -> Path:
        """Connect for the first time, learn what the worker has, and begin or go on with the copy.

        Raises:
            UnreachableError: nobody answers in time.
            AccessDeniedError: we are not let in.
        """
        async with connect(self._endpoint) as stub:
            build = await self._first_answer(stub, patience)
            if build is None:
                self._is_legacy = True
                info = BuildInfo(
                    BuildId(0), steps=tuple(map(StepState, self._names.values())), source=self._source
                )
                self._mirror = Mirror(BuildWriter.create(self._builds_dir, info))
                self.path = self._mirror.path
            else:
                await self._open_copy(stub, build)
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
                try:
                    await self._one_session()
                except grpc.aio.AioRpcError as error:
                    await self._pause_after(error)
        finally:
            self.mirror.close()

    async def wait_caught_up(self) -> None:
        """Wait until all that the worker had when we came is here; ``run`` must be running."""
        seen = 0
        while not self.progress.caught_up:
            seen = await self.mirror.store.changes.wait(seen)

    @property
    def is_copying(self) -> bool:
        """Whether this session writes the copy; else it is finished, or another process writes it."""
        return self._mirror is not None and self.progress.phase is not Phase.ENDED

    @property
    def _source(self) -> str:
        return f"worker {self._endpoint.address}"

    @property
    def mirror(self) -> Mirror:
        """The copy that is being written."""
        assert self._mirror is not None
        return self._mirror

    async def _first_answer(
        self, stub: worker_pb2_grpc.WorkerStub, patience: float
    ) -> pb.GetBuildResponse | None:
        """The build; None from a worker that does not know the question."""
        try:
            answer: pb.GetBuildResponse = await stub.GetBuild(
                pb.GetBuildRequest(), metadata=self._endpoint.metadata, timeout=patience, wait_for_ready=True
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise map_rpc_error(error, self._endpoint.address) from error
        return answer

    async def _open_copy(self, stub: worker_pb2_grpc.WorkerStub, build: pb.GetBuildResponse) -> None:
        self._uid = build.uid
        info = wire.build_from_wire(build)
        self.path = mirror_path(self._builds_dir, info)
        try:
            self._mirror = Mirror(open_mirror(self.path, info))
            if not await self._is_trusted(stub, build):
                self._mirror.close()
                self.path = mirror_path(self._builds_dir, info, build.epoch[:6])
                self._mirror = Mirror(open_mirror(self.path, info))
        except StoreFrozenError:
            self.progress.caught_up_now(inferred=False)
            self.progress.ended(complete=True)
        except StoreBusyError:
            self.copied_by_another = True
            self.progress.caught_up_now(inferred=False)
            self.progress.ended(complete=False)

    async def _is_trusted(self, stub: worker_pb2_grpc.WorkerStub, build: pb.GetBuildResponse) -> bool:
        """Whether the copy's lines are the worker's: always under the same epoch, else only if they compare equal."""
        if self.mirror.store.info.epoch == build.epoch:
            return True
        return await is_still_the_same(stub, self.mirror, build, self._endpoint.metadata)

    async def _one_session(self) -> None:
        async with connect(self._endpoint) as stub:
            if self._is_legacy:
                await self._plain_session(stub)
            else:
                await self._marked_session(stub)

    async def _marked_session(self, stub: worker_pb2_grpc.WorkerStub) -> None:
        build: pb.GetBuildResponse = await stub.GetBuild(
            pb.GetBuildRequest(), metadata=self._endpoint.metadata, timeout=CALL_SECONDS
        )
        if build.uid != self._uid:
            raise StoreError(
                f"another build runs at {self._endpoint.address} now",
                f"What was copied of the first one is in {self.path}.",
            )
        if not await self._is_trusted(stub, build):
            raise StoreError(
                f"{self._endpoint.address} has lost lines that were copied from it: its machine went down",
                f"What was copied before is kept in {self.path}; attach again to copy what it has now.",
            )
        self.progress.connected()
        stream = MarkedStream(stub, self.mirror, self.progress, self._endpoint.metadata)
        await stream.take_build()
        end = await stream.run()
        if end is StreamEnd.UNFINISHED:
            self.progress.ended(complete=False)
        elif end is StreamEnd.FROZEN:
            self._finish(await stream.take_build())

    def _finish(self, build: pb.GetBuildResponse) -> None:
        last = {StepId(step.step_id): step.log_id for step in build.steps}
        complete = self.mirror.is_complete(last)
        if complete and build.state == pb.GetBuildResponse.STATE_FROZEN:
            info = wire.build_from_wire(build)
            self.mirror.finish(info.result or Status.UNKNOWN, info.finished_ns, info.problem)
        self.progress.ended(complete=complete)

    async def _plain_session(self, stub: worker_pb2_grpc.WorkerStub) -> None:
        await PlainStream(stub, self.mirror, self.progress, self._endpoint.metadata, self._names).run()
        self._finish_legacy("the worker never sent them")

    def _finish_legacy(self, reason: str) -> None:
        complete = True
        for step_id in self.mirror.step_ids:
            while self.mirror.close_hole(step_id, reason):
                complete = False
        self.mirror.finish(combined_status(step.status for step in self.mirror.store.info.steps), None, "")
        self.progress.ended(complete=complete)

    async def _pause_after(self, error: grpc.aio.AioRpcError) -> None:
        """Wait before the next try, or give up."""
        mapped = map_rpc_error(error, self._endpoint.address)
        if not is_worth_retrying(error):
            raise mapped from error
        self.progress.connection_broke(mapped.message)
        self.mirror.store.changes.notify()
        gone = self.progress.seconds_without_connection
        if self._is_legacy and gone > ABRUPT_END_SECONDS and self._has_failed_step():
            self._finish_abruptly()
            return
        if self._give_up_seconds is not None and gone > self._give_up_seconds:
            raise UnreachableError(
                f"{mapped.message} (for {gone:.0f} s)",
                f"What was copied is in {self.path}; attach again to go on.",
            ) from error
        pause = min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2 ** min(self.progress.attempts - 1, 10))
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret

    def _has_failed_step(self) -> bool:
        return any(step.status is Status.FAILED for step in self.mirror.store.info.steps)

    def _finish_abruptly(self) -> None:
        """A failed build's worker of wharf-cmd's kind cuts its streams and goes: nobody can prove the last lines."""
        for step in self.mirror.store.info.steps:
            if not step.status.is_final or step.status is Status.FAILED:
                self.mirror.note_unproved_end(step.info.step_id)
        self._finish_legacy("the worker never sent them")
        self.progress.ended(complete=False)
