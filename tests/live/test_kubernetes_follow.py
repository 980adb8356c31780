"""Containers that run already are found by name, label and namespace, and their logs are taken through all restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.docker_builds import IMAGE, Recorder
from tests.live.kubernetes_builds import NAMESPACE, Namespace
from wharf_tui.model.errors import RunError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.container_source import ContainerSource, Match
from wharf_tui.runtimes.kubernetes.container_watch import FoundContainer
from wharf_tui.runtimes.port import Cancellation

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = pytest.mark.kubernetes


def pod(name: str, *scripts: str, policy: str = "Never") -> dict[str, Any]:
    containers = [
        {
            "name": f"c{number}",
            "image": IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script],
        }
        for number, script in enumerate(scripts)
    ]
    spec = {"containers": containers, "restartPolicy": policy, "terminationGracePeriodSeconds": 1}
    return {"metadata": {"name": name, "labels": {"app": name.partition("-")[0]}}, "spec": spec}


@pytest.fixture
async def pods(namespace: Namespace) -> AsyncIterator[Namespace]:
    yield namespace
    for name in namespace.pods():
        namespace.cluster.delete_pod(name)


class Followed:
    """A source that is followed, every container in a log of its own."""

    def __init__(self, match: Match, folder: Path) -> None:
        self.source = ContainerSource(match)
        self.folder = folder
        self.recorders: dict[str, Recorder] = {}
        self.taking: dict[str, asyncio.Task[Any]] = {}
        self.cancellation = Cancellation()

    def take(self, found: list[FoundContainer]) -> None:
        for one in found:
            self.recorders[one.name] = Recorder(self.folder / one.pod / one.container)
            self.taking[one.name] = asyncio.create_task(
                self.source.take(one, self.recorders[one.name], self.cancellation)
            )

    async def until(self, *names: str) -> None:
        while not self.taking.keys() >= set(names):
            self.take(await asyncio.wait_for(self.source.next(), 60))

    async def stop(self) -> None:
        self.cancellation.request("done")
        await asyncio.gather(*self.taking.values(), return_exceptions=True)
        await self.source.stop()
        for recorder in self.recorders.values():
            recorder.writer.close()


@pytest.fixture
async def follow(pods: Namespace, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Followed]]]:
    """Follows what matches, from what is there on."""
    all_followed: list[Followed] = []

    async def run(match: Match, folder: str = "") -> Followed:
        followed = Followed(match, tmp_path / folder)
        all_followed.append(followed)
        followed.take(await followed.source.start())
        return followed

    yield run
    for followed in all_followed:
        await followed.stop()


async def test_containers_are_found_by_their_labels_and_join_and_end(pods: Namespace, follow) -> None:
    pods.create("pods", pod("web-1", "echo one; sleep 1000", "echo two; exit 3"))
    pods.create("pods", pod("other-1", "echo other; sleep 1000"))
    followed = await follow(Match(selector="app=web", namespace=NAMESPACE))
    await followed.until("web-1/c0", "web-1/c1")
    pods.create("pods", pod("web-2", "echo three; sleep 1; echo four"))
    await followed.until("web-2/c0")
    ended = await followed.taking["web-1/c1"]
    assert (ended.status, ended.exit_code) == (Status.FAILED, 3)
    joined = await followed.taking["web-2/c0"]
    assert joined.status is Status.SUCCESS
    await followed.recorders["web-1/c0"].wait_for_lines(1)
    pods.cluster.delete_pod("web-1", 1)
    deleted = await asyncio.wait_for(followed.taking["web-1/c0"], 60)
    assert deleted.status is not Status.SUCCESS
    await followed.stop()
    assert sorted(followed.taking) == ["web-1/c0", "web-1/c1", "web-2/c0"]
    assert followed.recorders["web-1/c1"].messages() == [b"two"]
    assert followed.recorders["web-2/c0"].messages() == [b"three", b"four"]
    assert followed.recorders["web-1/c0"].messages() == [b"one"]


async def test_a_container_that_restarts_is_one_step(pods: Namespace, follow) -> None:
    pods.create("pods", pod("again", "date +%s.%N; echo work; sleep 1; echo crash; exit 1", policy="Always"))
    followed = await follow(Match(pods=("again",), namespace=NAMESPACE))
    await followed.until("again/c0")
    recorder = followed.recorders["again/c0"]
    await recorder.wait_for_lines(6)
    for word in ("the container was started again", "CrashLoopBackOff"):
        await recorder.wait_for(
            lambda recorder, word=word: any(word in reason for _, reason in recorder.statuses)
        )
    await followed.stop()
    messages = recorder.messages()
    starts = [message for message in messages if message[:1].isdigit()]
    assert len(starts) == len(set(starts)) >= 2
    assert messages[1:3] == [b"work", b"crash"]
    assert messages[4:6] == [b"work", b"crash"]
    assert not recorder.gaps


async def test_who_comes_after_a_restart_gets_what_was_printed_before_it(pods: Namespace, follow) -> None:
    script = "[ -e /kept/x ] || { touch /kept/x; echo first; exit 1; }; echo second; sleep 1000"
    manifest = pod("once", script, policy="Always")
    manifest["spec"]["volumes"] = [{"name": "kept", "emptyDir": {}}]
    manifest["spec"]["containers"][0]["volumeMounts"] = [{"name": "kept", "mountPath": "/kept"}]
    pods.create("pods", manifest)
    early = await follow(Match(pods=("once",), namespace=NAMESPACE), "early")
    await early.until("once/c0")
    await early.recorders["once/c0"].wait_for_lines(2)
    late = await follow(Match(pods=("once",), namespace=NAMESPACE), "late")
    await late.recorders["once/c0"].wait_for_lines(2)
    for followed in (early, late):
        await followed.stop()
        assert followed.recorders["once/c0"].messages() == [b"first", b"second"]
        assert not followed.recorders["once/c0"].gaps


async def test_one_container_of_one_pod_and_all_namespaces(pods: Namespace, follow) -> None:
    pods.create("pods", pod("two", "echo a; sleep 1000", "echo b; sleep 1000"))
    followed = await follow(Match(selector="app=two", all_namespaces=True, container="c1"))
    await followed.until("two/c1")
    await followed.recorders["two/c1"].wait_for_lines(1)
    await followed.stop()
    assert list(followed.taking) == ["two/c1"]
    outcome = followed.taking["two/c1"].result()
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "done")
    assert followed.recorders["two/c1"].messages() == [b"b"]
    assert not followed.recorders["two/c1"].gaps


async def test_a_pod_that_is_not_there(follow) -> None:
    with pytest.raises(RunError, match="no pod nobody"):
        await follow(Match(pods=("nobody",), namespace=NAMESPACE))
