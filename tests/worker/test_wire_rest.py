"""The REST side: wharf-cmd's two routes, the build as JSON, and problems as RFC 7807 has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.served_builds import START_NS, begin_build, finished_build, serving, write_lines
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_build_and_its_steps_as_json(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    store = begin_build(tmp_path, steps=2)
    write_lines(store, 1, 3)
    store.set_status(StepId(1), Status.RUNNING, at_ns=START_NS)
    async with serving(store) as address:
        async with http.get(f"http://{address}/api/build") as response:
            assert response.headers["Content-Type"] == "application/json"
            build = await response.json()
        async with http.get(f"http://{address}/api/build/steps") as response:
            steps = await response.json()
        async with http.head(f"http://{address}/api/build") as response:
            assert (response.status, await response.read()) == (200, b"")
    assert (build["buildId"], build["state"], build["status"]) == (42, "running", "Running")
    assert (build["uid"], build["epoch"]) == (store.info.uid, store.info.epoch)
    assert build["steps"] == steps
    assert [(step["stepId"], step["stage"], step["name"], step["logId"]) for step in steps] == [
        (1, "build", "step1", 3),
        (2, "build", "step2", 0),
    ]
    assert steps[0]["startedAt"] == "2024-02-03T10:00:01.000000000Z"
    assert (steps[0]["lastLogId"], steps[1]["startedAt"]) == (None, None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/artifact/7/download", 404),
        ("GET", f"/api/artifact/{2**64}/download", 400),
        ("GET", f"/api/artifact/{'9' * 6000}/download", 400),
        ("GET", "/api/artifact/-1/download", 400),
        ("GET", "/api/artifact/x%0d%0ay/download", 400),
        ("GET", "/api/artifact/%C2%B2/download", 400),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/build/steps/1", 404),
        ("POST", "/api/artifact/7/download", 405),
        ("DELETE", "/", 405),
    ],
)
async def test_errors_are_problems(
    tmp_path: Path, http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    folder, _ = finished_build(tmp_path, {1: 1})
    async with serving(folder) as address, http.request(method, f"http://{address}{path}") as response:
        assert response.status == status
        assert response.headers["Content-Type"].startswith("application/problem+json")
        problem = await response.json(content_type=None)
    assert problem["status"] == status
    assert {"type", "title", "status", "detail", "instance", "errors"} == set(problem)


async def test_answers_tell_no_versions_and_let_no_web_page_read_them(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    folder, _ = finished_build(tmp_path, {1: 1})
    async with (
        serving(folder) as address,
        http.get(f"http://{address}/", headers={"Origin": "https://elsewhere.example"}) as response,
    ):
        assert response.headers["Server"] == ""
        assert "Access-Control-Allow-Origin" not in response.headers
