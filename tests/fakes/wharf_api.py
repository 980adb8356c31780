"""A wharf-api written from the contract: gRPC and REST on one port, each line inserted as it comes, nothing de-duplicated.

Run as ``python -m tests.fakes.wharf_api PORT FILE`` it keeps its lines in FILE, so that it can be killed and started again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

import grpc
from aiohttp import web

from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.rpc.generated.wharf.api.v5 import builds_pb2 as pb
from wharf_tui.rpc.generated.wharf.api.v5 import builds_pb2_grpc
from wharf_tui.rpc.wire import time_from_wire
from wharf_tui.worker.port import Port

STATUSES = ("Scheduling", "Running", "Completed", "Failed")


class WharfApi(builds_pb2_grpc.BuildsServicer):
    """Its database is a list, and a file that each insert is appended to.

    Args:
        file: where lines are kept; None keeps them in memory only.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.lines: list[dict[str, Any]] = []
        """``logId``, ``buildId``, ``stepId``, ``workerLogId``, ``timestamp``, ``message``; the IDs of step and line are the
        test's: wharf-api forgets them."""
        self.statuses: dict[int, list[str]] = {1: ["Scheduling"], 42: ["Scheduling"]}
        """Builds that exist, and the statuses they were given."""
        self.fail_after: int | None = None
        """End a stream with INTERNAL when so many more lines have been inserted."""
        self.stop_after: int | None = None
        """Take nothing more once there are so many lines."""
        self.lose_answers = 0
        """Insert all lines of so many streams, and cut the connection instead of answering."""
        self.refused_text: str | None = None
        """A text that the database does not take."""
        self.streams = 0
        self._file = file
        if file is not None and file.exists():
            self.lines = [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]

    async def CreateLogStream(self, request_iterator: Any, context: Any) -> pb.CreateLogStreamResponse:  # noqa: N802
        self.streams += 1
        inserted = 0
        async for request in request_iterator:
            if request.build_id == 0:
                continue
            if request.build_id not in self.statuses:
                await context.abort(
                    grpc.StatusCode.INTERNAL, "insert: violates foreign key constraint fk_log_build"
                )
            if "\0" in request.message or request.message == self.refused_text:
                await context.abort(
                    grpc.StatusCode.INTERNAL, "insert: invalid byte sequence for encoding UTF8: 0x00"
                )
            if self.stop_after is not None and len(self.lines) >= self.stop_after:
                await asyncio.Event().wait()
            if self.fail_after == 0:
                self.fail_after = None
                await context.abort(grpc.StatusCode.INTERNAL, "the database went away")
            self.fail_after = None if self.fail_after is None else self.fail_after - 1
            self._insert(request)
            inserted += 1
        if self.lose_answers:
            self.lose_answers -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was cut")
        return pb.CreateLogStreamResponse(lines_inserted=inserted)

    def _insert(self, request: pb.CreateLogStreamRequest) -> None:
        at_ns = time_from_wire(request.timestamp)
        rounded = None if at_ns is None else (at_ns + 500) // 1000 * 1000
        line = {
            "logId": len(self.lines) + 1,
            "buildId": request.build_id,
            "stepId": request.worker_step_id,
            "workerLogId": request.worker_log_id,
            "timestamp": format_rfc3339(rounded).decode(),
            "message": request.message,
        }
        self.lines.append(line)
        if self._file is not None:
            with self._file.open("a") as file:
                file.write(json.dumps(line) + "\n")

    async def rest(self, request: web.BaseRequest) -> web.StreamResponse:
        """The part of the REST API that is used."""
        match [part for part in request.path.split("/") if part]:
            case ["api", "build", number]:
                pass
            case ["api", "build", number, "status"]:
                word = (await request.json())["status"]
                if word not in STATUSES:
                    return _problem(400, f"invalid status {word!r}")
                self.statuses[int(number)].append(word)
            case ["api", "build", number, "log"]:
                keys = ("logId", "buildId", "message", "timestamp")
                lines = [
                    {key: line[key] for key in keys} for line in self.lines if line["buildId"] == int(number)
                ]
                return web.json_response(lines[::-1])  # there is no ORDER BY
            case _:
                return _problem(404, request.path)
        if int(number) not in self.statuses:
            return _problem(404, f"build with ID {number} was not found")
        return web.json_response({"buildId": int(number), "status": self.statuses[int(number)][-1]})

    def texts(self, number: int, step_id: int) -> list[tuple[int, str]]:
        """(log ID, message) of each line of a step in the order of their coming."""
        return [
            (line["workerLogId"], line["message"])
            for line in self.lines
            if (line["buildId"], line["stepId"]) == (number, step_id)
        ]


class ServedApi:
    """Serves a WharfApi on one port for as long as the context lasts."""

    def __init__(self, api: WharfApi, port: int = 0) -> None:
        self.api = api
        self.port = port

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="wharf-api-")
        path = f"{self._folder.name}/grpc.sock"
        self._grpc = grpc.aio.server()
        builds_pb2_grpc.add_BuildsServicer_to_server(self.api, self._grpc)
        self._grpc.add_insecure_port(f"unix:{path}")
        await self._grpc.start()
        self._http = web.Server(self.api.rest, access_log=None)
        loop = asyncio.get_running_loop()
        self._port = Port(lambda protocol: loop.create_unix_connection(protocol, path), self._http)
        self.port = await self._port.listen("127.0.0.1", self.port, None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._grpc.stop(None)
        await self._port.close()
        await self._http.shutdown(1.0)
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return f"wharf-api+http://127.0.0.1:{self.port}"


def _problem(status: int, detail: str) -> web.StreamResponse:
    body = {"type": "about:blank", "title": "problem", "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def _main(port: int, file: Path) -> None:
    async with ServedApi(WharfApi(file), port):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2])))
