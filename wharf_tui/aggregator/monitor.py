"""``/healthz`` and ``/metrics`` over HTTP, for those who watch an aggregator."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from wharf_tui.aggregator.metrics import CONTENT_TYPE, Metrics
from wharf_tui.model.errors import UnreachableError


@contextlib.asynccontextmanager
async def monitor(metrics: Metrics, host: str, port: int) -> AsyncIterator[int]:
    """Answer for as long as the context lasts; yields the port.

    Raises:
        UnreachableError: the address cannot be had.
    """

    async def healthz(_: web.Request) -> web.Response:
        problem = metrics.sink_problem
        return web.Response(text=f"{problem or 'ok'}\n", status=503 if problem else 200)

    async def exposition(_: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition().encode(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", exposition)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, reuse_port=False)
        try:
            await site.start()
        except OSError as error:
            raise UnreachableError(
                f"cannot listen on {host}:{port}: {error.strerror or error}",
                "Stop what listens there, or choose another address with --metrics.",
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
