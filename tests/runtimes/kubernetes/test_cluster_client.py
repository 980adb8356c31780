"""Talking to an API server: what is asked, what its refusals become, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.kubernetes.fake_cluster import FakeCluster, line, pod, status
from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard
from wharf_tui.runtimes.kubernetes.resource_watch import ResourceWatch
from wharf_tui.runtimes.kubernetes.runtime import probe


@pytest.fixture
def cluster(fake: FakeCluster) -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


def test_context_and_namespace(fake: FakeCluster) -> None:
    found = {
        (context, namespace): Cluster(context, namespace).namespace
        for context, namespace in [("", ""), ("two", ""), ("two", "mine"), ("one", "")]
    }
    assert list(found.values()) == ["ns1", "default", "mine", "ns1"]
    with pytest.raises(RuntimeUnavailableError, match="three"):
        Cluster("three")


def test_a_kubeconfig_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    reason = probe()
    assert reason is not None
    assert "does not exist" in reason
    for content in ("", "[]", "a: [", "clusters: []\ncontexts: []\nusers: []\ncurrent-context: x", "text"):
        path.write_text(content)
        with pytest.raises(RuntimeUnavailableError) as caught:
            Cluster()
        assert caught.value.hint


def test_a_probe_tells_why_not(fake: FakeCluster, tmp_path: Path) -> None:
    fake.answers = lambda *_: (200, {"items": []})
    assert probe() is None
    fake.answers = lambda *_: (401, status(401, "Unauthorized"))
    reason = probe()
    assert reason is not None
    assert "credentials" in reason
    fake.port = 1
    fake.write_kubeconfig(tmp_path / "kubeconfig")
    reason = probe()
    assert reason is not None
    assert "refused" in reason


@pytest.mark.parametrize(
    ("code", "error", "hint"),
    [
        (400, RunError, ""),
        (401, RunError, "Log in"),
        (403, RunError, "permission"),
        (422, RunError, ""),
        (429, RuntimeUnavailableError, "runs"),
        (500, RuntimeUnavailableError, "runs"),
        (503, RuntimeUnavailableError, "runs"),
    ],
)
def test_refusals_have_the_clusters_words(fake: FakeCluster, cluster: Cluster, code, error, hint) -> None:
    fake.answers = lambda *_: (code, status(code, 'pods "x" is odd'))
    with pytest.raises(RunError) as caught:
        cluster.create_pod({"metadata": {"name": "x"}})
    assert type(caught.value) is error
    assert caught.value.message.startswith("cannot create pod x: ")
    assert 'pods "x" is odd' in caught.value.message
    assert hint in caught.value.hint


def test_a_quota_that_is_used_up_is_no_lack_of_permission(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (
        403,
        status(403, 'pods "x" is forbidden: exceeded quota: q, requested: pods=1'),
    )
    with pytest.raises(RunError, match="exceeded quota: q") as caught:
        cluster.create_pod({"metadata": {"name": "x"}})
    assert "quota" in caught.value.hint


def test_answers_that_are_no_json(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (200, b"<html>login</html>")
    with pytest.raises(RuntimeUnavailableError, match="no JSON"):
        cluster.version()
    fake.answers = lambda *_: (502, b"<html>bad gateway</html>")
    with pytest.raises(RuntimeUnavailableError, match="bad gateway"):
        cluster.version()


def test_what_is_not_there(fake: FakeCluster, cluster: Cluster) -> None:
    assert cluster.pod("x") is None
    cluster.delete_pod("x")
    assert cluster.log("x", "step", LogQuery()) is None
    assert cluster.kubelet_version("n") == ""


def test_a_pod_that_was_created_by_an_answer_that_was_lost(fake: FakeCluster, cluster: Cluster) -> None:
    manifest = {"metadata": {"name": "x", "annotations": {"owner": "me"}}}
    existing = pod("x") | {"metadata": {"name": "x", "annotations": {"owner": "me", "more": "1"}}}
    fake.answers = lambda method, *_: (409, status(409, "exists")) if method == "POST" else (200, existing)
    assert cluster.create_pod(manifest) == existing
    existing["metadata"]["annotations"]["owner"] = "somebody else"
    with pytest.raises(RunError, match="exists"):
        cluster.create_pod(manifest)


def test_how_a_log_is_asked_for(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (200, [b"a\n", b"b\n"])
    stream = cluster.log("x", "step", LogQuery(follow=True, since_s=1_700_000_000, tail=3))
    assert stream is not None
    read = b""
    while block := stream.read():
        read += block
    stream.close()
    assert read == b"a\nb\n"
    method, path, query = fake.asked[-1]
    assert (method, path) == ("GET", "/api/v1/namespaces/ns1/pods/x/log")
    assert query == {
        "container": "step",
        "timestamps": "true",
        "follow": "true",
        "tailLines": "3",
        "sinceTime": "2023-11-14T22:13:20Z",
    }


def test_a_log_that_breaks_off_gives_what_has_come_first(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (200, [b"a\n", None])
    stream = cluster.log("x", "step", LogQuery())
    assert stream is not None
    assert stream.read() == b"a\n"
    with pytest.raises(RuntimeUnavailableError):
        stream.read()
    stream.close()


def test_a_silent_log_can_be_stopped_from_another_thread(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (200, [b"a\n", lambda: fake.stopping.wait(30)])
    stream = cluster.log("x", "step", LogQuery(follow=True))
    assert stream is not None
    assert stream.read() == b"a\n"
    timer = threading.Timer(0.1, stream.stop)
    timer.start()
    with pytest.raises(RuntimeUnavailableError, match="stopped"):
        stream.read()
    stream.close()
    timer.join()


def test_all_namespaces(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (200, {"items": [pod("a"), None, pod("b", "ns2")]})
    assert [one["metadata"]["name"] for one in cluster.within("").pods("app=x")] == ["a", "b"]
    assert fake.asked[-1][1:] == ("/api/v1/pods", {"labelSelector": "app=x"})


def test_a_watch_that_ends_begins_anew_with_the_list(fake: FakeCluster, cluster: Cluster) -> None:
    """Whatever ends it: the cluster has forgotten the place, the connection breaks, or it just ends."""
    versions = iter(range(1, 100))
    ends: Iterator[list[bytes | None]] = iter(
        [[line("ERROR", status(410, "too old"))], [None], [b"no json\n"], []]
    )
    lists: list[str] = []
    done = threading.Event()

    def answers(method: str, path: str, query: dict[str, str]):
        if "watch" not in query:
            version = str(next(versions))
            return 200, {"metadata": {"resourceVersion": version}, "items": [pod(f"p{version}")]}
        return 200, [line("ADDED", pod(f"after-{query['resourceVersion']}")), *next(ends)]

    changes: list[tuple[str, str]] = []

    def on_change(kind: str, found) -> None:
        changes.append((kind, found["metadata"]["name"]))
        if len(changes) == 4:
            done.set()

    fake.answers = answers
    watch = ResourceWatch(
        cluster,
        "pods",
        [("labelSelector", "a=b")],
        lambda pods: lists.append(pods[0]["metadata"]["name"]),
        on_change,
    )
    thread = threading.Thread(target=watch.run)
    thread.start()
    assert done.wait(30)
    watch.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert lists[:4] == ["p1", "p2", "p3", "p4"]
    assert changes == [("ADDED", f"after-{number}") for number in range(1, 5)]
    assert all(query["labelSelector"] == "a=b" for _, _, query in fake.asked)


def test_a_watch_tells_that_the_cluster_is_away(fake: FakeCluster, cluster: Cluster) -> None:
    answers = iter([(503, status(503, "etcd is away")), (500, status(500, "still"))])
    came_back = threading.Event()

    def list_or_fail(*_):
        return next(answers, (200, {"metadata": {"resourceVersion": "1"}, "items": []}))

    fake.answers = list_or_fail
    troubles: list[str] = []
    watch = ResourceWatch(cluster, "pods", [], lambda _: came_back.set(), lambda *_: None)
    thread = threading.Thread(target=watch.run)
    thread.start()
    while not came_back.wait(0.005):
        if watch.trouble and watch.trouble not in troubles:
            assert watch.away_since is not None
            troubles.append(watch.trouble)
    watch.stop()
    thread.join(30)
    assert any("etcd is away" in trouble for trouble in troubles)


def test_events_that_we_may_not_see_are_done_without(fake: FakeCluster, cluster: Cluster) -> None:
    fake.answers = lambda *_: (403, status(403, "forbidden"))
    watch = ResourceWatch(cluster, "events", [], lambda _: None, lambda *_: None, optional=True)
    thread = threading.Thread(target=watch.run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


async def test_the_board_shows_what_becomes_of_a_pod(fake: FakeCluster, cluster: Cluster) -> None:
    """It is created, changes, is missing in an old list, and goes; another one gets its name."""
    steps = {name: threading.Event() for name in ("change", "delete")}
    listed: Iterator[list[object]] = iter([[], []])

    def answers(method: str, path: str, query: dict[str, str]):
        if path.endswith("/events"):
            words = {"message": "Pulling image x", "reason": "Pulling"}
            event = {"involvedObject": {"namespace": "ns1", "name": "p"}, **words}
            return 200, [line("ADDED", event), fake.stopping.wait] if "watch" in query else {"items": []}
        if path.endswith("/pods/p"):
            return 200, pod("p", phase="Pending")
        if "watch" not in query:
            return 200, {"metadata": {"resourceVersion": "1"}, "items": next(listed)}
        return 200, [
            steps["change"].wait,
            line("MODIFIED", pod("p", phase="Running")),
            steps["delete"].wait,
            line("DELETED", pod("p", phase="Failed")),
            fake.stopping.wait,
        ]

    fake.answers = answers
    with ThreadPoolExecutor(8) as threads:
        board = PodBoard(cluster, "a=b", threads)
        card = board.card("p")
        card.show(pod("p", phase="New"))
        board.start()

        async def shows(condition) -> None:
            async with asyncio.timeout(30):
                while not condition():
                    card.news.clear()
                    await card.news.wait()

        await shows(lambda: card.event == "Pulling image x")
        await shows(lambda: (card.pod or {})["status"]["phase"] == "Pending")
        assert not card.is_gone
        steps["change"].set()
        await shows(lambda: (card.pod or {})["status"]["phase"] == "Running")
        steps["delete"].set()
        await shows(lambda: card.is_gone)
        assert card.pod is not None
        assert card.pod["status"]["phase"] == "Failed"
        assert board.trouble == ""
        await board.stop()
