import re
import socket

import aiohttp
import pytest

from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.monitor import monitor
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.model.errors import UnreachableError


async def get(port: int, path: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text(), answer.headers["Content-Type"]


async def test_health_follows_the_sink() -> None:
    metrics = Metrics()
    async with monitor(metrics, "127.0.0.1", 0) as port:
        assert (await get(port, "/healthz"))[:2] == (200, "ok\n")
        metrics.sink_problem = "the database does not answer"
        assert (await get(port, "/healthz"))[:2] == (503, "the database does not answer\n")
        assert (await get(port, "/"))[0] == 404


async def test_metrics_are_in_prometheus_format() -> None:
    metrics = Metrics(lines=12, retries=3, sink_problem="down", lag={"a": 5, "b": 2})
    metrics.conclude("b", BuildState.COMPLETE)
    async with monitor(metrics, "127.0.0.1", 0) as port:
        status, text, kind = await get(port, "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4")
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert samples["wharf_aggregator_lines_total"] == "12"
    assert samples["wharf_aggregator_retries_total"] == "3"
    assert samples["wharf_aggregator_lag_lines"] == "5"
    assert samples["wharf_aggregator_sink_up"] == "0"
    assert samples['wharf_aggregator_builds_ended_total{state="complete"}'] == "1"
    for name in samples:
        base = name.partition("{")[0]
        assert re.search(rf"^# TYPE {base} (counter|gauge)$", text, re.MULTILINE)
        assert f"# HELP {base} " in text


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UnreachableError, match="cannot listen"):
            async with monitor(Metrics(), "127.0.0.1", taken.getsockname()[1]):
                pass
