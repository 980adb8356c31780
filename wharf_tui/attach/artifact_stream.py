"""Takes a worker's artifact events into the copy, beside its log stream: they are there while the build runs, too."""

from __future__ import annotations

import asyncio

import grpc

from wharf_tui.attach.connection import Metadata, understood
from wharf_tui.attach.mirror import Mirror
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import ArtifactEvent
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

_RETRY_SECONDS = 1.0
_BREATH_SECONDS = 0.05
"""Events that come together are stored together."""


class ArtifactStream:
    """One connection's artifact events.

    Args:
        stub: the worker.
        mirror: the copy.
        metadata: goes with each call.
    """

    def __init__(self, stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, metadata: Metadata) -> None:
        self._stub = stub
        self._mirror = mirror
        self._metadata = metadata
        self._ended = asyncio.Event()
        self._due = asyncio.Event()

    async def take(self) -> None:
        """Take events until the worker ends the stream; one that breaks is begun again."""
        while not self._ended.is_set():
            call = self._stub.StreamArtifactEvents(pb.StreamArtifactEventsRequest(), metadata=self._metadata)
            try:
                async for message in understood(call):
                    event = ArtifactEvent(message.artifact_id, message.name)
                    self._mirror.take_artifact(StepId(message.step_id), event)
                    self._due.set()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
            self._ended.set()

    async def store_when_due(self) -> None:
        """Store what has come, now and then; ``take`` must be running."""
        while True:
            await self._due.wait()
            await asyncio.sleep(_BREATH_SECONDS)
            self._due.clear()
            self._mirror.store_artifacts()

    async def has_ended(self, patience: float) -> bool:
        """Whether the worker has told all events of a build that has ended; what has come is stored.

        Args:
            patience: seconds to wait for the stream's end.
        """
        try:
            async with asyncio.timeout(patience):
                await self._ended.wait()
        except TimeoutError:
            return False
        finally:
            self._mirror.store_artifacts()
        return True
