"""Which containers are followed, and for how long: pods that come, restart, end and go, as a cluster tells of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.runtimes.kubernetes.fake_cluster import FakeCluster, line, status
from tests.runtimes.kubernetes.fake_log import ListRecorder
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.container_source import ContainerSource, Match
from wharf_tui.runtimes.port import Cancellation

RUNNING: dict[str, Any] = {"running": {}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}


def pod(
    name: str, uid: str = "", phase: str = "Running", policy: str = "Always", **containers: dict[str, Any]
) -> dict[str, Any]:
    statuses = [
        {"name": key, "restartCount": value.get("restarts", 0), **value} for key, value in containers.items()
    ]
    return {
        "metadata": {"name": name, "namespace": "ns1", "uid": uid or name},
        "spec": {"restartPolicy": policy},
        "status": {"phase": phase, "containerStatuses": statuses},
    }


class Pods:
    """Pods that are there at first, and changes that come one by one."""

    def __init__(self, fake: FakeCluster) -> None:
        self.first: list[dict[str, Any]] = []
        self.changes: list[tuple[str, dict[str, Any]]] = []
        self.gates: list[threading.Event] = []
        self.printed = b"2024-01-01T00:00:00.000000001Z one\n"
        self.end = threading.Event()
        fake.answers = self.answer

    def then(self, kind: str, pod: dict[str, Any]) -> threading.Event:
        """A change that comes when the event is set."""
        self.changes.append((kind, pod))
        self.gates.append(threading.Event())
        return self.gates[-1]

    def answer(self, method: str, path: str, query: dict[str, str]) -> Any:
        if path.endswith("/log"):
            if "previous" in query:
                return 400, status(400, "previous terminated container not found")
            return 200, [self.printed, *([self.wait] if "follow" in query else [])]
        for kept in self.first:
            if path.endswith(f"/pods/{kept['metadata']['name']}"):
                return 200, kept
        if not path.endswith("/pods"):
            return 404, status(404, "not found")
        if "watch" not in query:
            return 200, {"metadata": {"resourceVersion": "1"}, "items": self.first}
        blocks: list[Any] = []
        for gate, change in zip(self.gates, self.changes, strict=True):
            blocks += [lambda gate=gate: gate.wait(30), line(*change)]
        return 200, [*blocks, self.wait]

    def wait(self) -> None:
        self.end.wait(30)


@pytest.fixture
def pods(fake: FakeCluster) -> Pods:
    return Pods(fake)


@pytest.fixture
async def start(pods: Pods) -> AsyncIterator[Callable[[Match], ContainerSource]]:
    sources: list[ContainerSource] = []

    def make(match: Match) -> ContainerSource:
        sources.append(ContainerSource(match))
        return sources[-1]

    yield make
    pods.end.set()
    for source in sources:
        await source.stop()


class Recorder(ListRecorder):
    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def status(self, status: Status, reason: str = "") -> None:
        assert status is Status.RUNNING
        self.reasons.append(reason)

    async def until_told(self, word: str) -> None:
        async with asyncio.timeout(30):
            while word not in "\n".join(self.reasons):
                await asyncio.sleep(0.05)


async def next_of(source: ContainerSource) -> list[str]:
    return [found.name for found in await asyncio.wait_for(source.next(), 30)]


async def test_containers_join_once_they_have_started(pods: Pods, start) -> None:
    pods.first = [
        pod("a", one={"state": RUNNING}, two={"state": {"waiting": {"reason": "ContainerCreating"}}}),
        pod("b", phase="Pending"),
    ]
    second = pods.then("MODIFIED", pod("a", one={"state": RUNNING}, two={"state": RUNNING}))
    third = pods.then("MODIFIED", pod("b", one={"state": WAITING, "lastState": ended(1), "restarts": 3}))
    source = start(Match())
    assert [found.name for found in await source.start()] == ["a/one"]
    second.set()
    assert await next_of(source) == ["a/two"]
    third.set()
    assert await next_of(source) == ["b/one"]
    assert source.may_grow


async def test_a_named_pod_is_over_when_its_last_container_has_ended_and_was_found(pods: Pods, start) -> None:
    pods.first = [pod("job", phase="Pending", policy="Never"), pod("other", one={"state": RUNNING})]
    done = pods.then("MODIFIED", pod("job", phase="Succeeded", policy="Never", one={"state": ended(0)}))
    source = start(Match(pods=("job",)))
    assert await source.start() == []
    assert source.may_grow
    done.set()
    (found,) = await asyncio.wait_for(source.next(), 30)
    assert not source.may_grow
    recorder = Recorder()
    outcome = await asyncio.wait_for(source.take(found, recorder, Cancellation()), 30)
    assert (outcome.status, outcome.exit_code) == (Status.SUCCESS, 0)
    assert recorder.messages == [b"one"]
    assert recorder.gaps == []


async def test_restarts_are_told_from_the_first_that_we_see(pods: Pods, start) -> None:
    pods.first = [pod("web", one={"state": RUNNING, "restarts": 7})]
    crash = pods.then("MODIFIED", pod("web", one={"state": WAITING, "lastState": ended(1), "restarts": 7}))
    again = pods.then("MODIFIED", pod("web", one={"state": RUNNING, "lastState": ended(1), "restarts": 8}))
    source, recorder, cancellation = start(Match()), Recorder(), Cancellation()
    (found,) = await source.start()
    taking = asyncio.create_task(source.take(found, recorder, cancellation))
    crash.set()
    await recorder.until_told("CrashLoopBackOff: back-off 10s")
    again.set()
    await recorder.until_told("the container was started again once")
    assert not taking.done()
    cancellation.request("enough")
    outcome = await asyncio.wait_for(taking, 30)
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "enough")
    assert recorder.gaps == []


async def test_pods_that_are_gone_are_forgotten_and_another_one_of_that_name_is_new(
    pods: Pods, start
) -> None:
    pods.first = [pod("web-0", "first", one={"state": RUNNING})]
    gone = pods.then("DELETED", pod("web-0", "first", phase="Failed", one={"state": ended(143)}))
    back = pods.then("ADDED", pod("web-0", "second", one={"state": RUNNING}))
    source, recorder = start(Match()), Recorder()
    (found,) = await source.start()
    taking = asyncio.create_task(source.take(found, recorder, Cancellation()))
    finding = asyncio.create_task(source.next())
    gone.set()
    outcome = await asyncio.wait_for(taking, 60)
    assert (outcome.status, outcome.exit_code) == (Status.FAILED, 143)
    async with asyncio.timeout(30):
        while source._pods:
            await asyncio.sleep(0.05)
    back.set()
    (other,) = await asyncio.wait_for(finding, 30)
    assert (other.name, other.uid) == ("web-0/one", "second")
