"""Worker pods that come, finish, hang, fail and vanish."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.aggregator.cluster_double import EVENT, ClusterDouble
from tests.aggregator.conftest import Bench, finish, write_lines
from tests.aggregator.old_worker import OldWorker
from tests.aggregator.oracle import EXACT, judge, lines_of_database, query
from tests.fakes.served_builds import serving
from wharf_tui.aggregator.discovery import pod_source
from wharf_tui.aggregator.discovery.pod_source import PodSettings, PodSource
from wharf_tui.aggregator.pump import BuildOutcome
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Spool
from wharf_tui.aggregator.turns import Turns
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.ids import StepId


@dataclass
class Life:
    bench: Bench
    source: PodSource
    running: asyncio.Task[None]

    @property
    def outcomes(self) -> list[BuildOutcome]:
        return self.source.outcomes


@pytest.fixture
def following(sqlite_url, tmp_path, monkeypatch):
    """Run an aggregator over a cluster until the block ends."""
    monkeypatch.setattr(pod_source, "_LAST_WORDS_SECONDS", 1.0)
    monkeypatch.setattr(pod_source, "_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(pod_source, "_LOOK_SECONDS", 0.1)

    @asynccontextmanager
    async def life(cluster, *, reap=False, follow=True):
        spool = Spool(tmp_path / "spool")
        settings = PodSettings("local", Endpoint(""), reap, follow)
        async with Bench(sqlite_url) as bench:
            remote = RemoteSettings(Turns(8), None if follow else 5.0, 2.0)
            source = PodSource(cluster, settings, bench.desk, spool, remote)
            running = asyncio.create_task(source.copy(set()))
            try:
                yield Life(bench, source, running)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                spool.close()

    return life


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def test_builds_of_pods_are_copied_and_the_pods_deleted_only_where_asked(
    sqlite_url, following, make_build, tmp_path
) -> None:
    cluster = ClusterDouble()
    stores = [make_build(lines=80, seed=seed, folder=tmp_path / str(seed)) for seed in range(3)]
    async with AsyncExitStack() as stack:
        for number, store in enumerate(stores):
            cluster.add_pod(f"worker-{number}", await stack.enter_async_context(serving(store.path)))
        async with following(cluster) as life:
            await until(lambda: len(life.outcomes) == 3)
        assert [outcome.state for outcome in life.outcomes] == [BuildState.COMPLETE] * 3
        assert [judge(sqlite_url, store.path) for store in stores] == [EXACT] * 3
        assert cluster.deleted == []
        async with following(cluster, reap=True) as life:
            await until(lambda: len(cluster.deleted) == 3)
        assert query(sqlite_url, "SELECT * FROM pod_reports") == []


async def test_once_takes_the_pods_that_are_there(sqlite_url, following, make_build) -> None:
    cluster = ClusterDouble()
    store = make_build(lines=10)
    async with serving(store.path) as address:
        cluster.add_pod("worker-1", address)
        cluster.add_pod("worker-2", phase="Pending")
        async with following(cluster, follow=False) as life:
            await asyncio.wait_for(life.running, 20)
    assert [outcome.state for outcome in life.outcomes] == [BuildState.COMPLETE]


async def test_pods_that_come_are_found_also_behind_a_watch_that_broke(
    sqlite_url, following, make_build, tmp_path
) -> None:
    cluster = ClusterDouble()
    first = make_build(lines=10, seed=1, folder=tmp_path / "1")
    second = make_build(lines=10, seed=2, folder=tmp_path / "2")
    async with serving(first.path) as one, serving(second.path) as two, following(cluster) as life:
        await asyncio.sleep(0.1)
        cluster.add_pod("worker-1", one)
        await until(lambda: len(life.outcomes) == 1)
        cluster.answers = False
        cluster.break_watches()
        await until(lambda: "does not answer" in life.bench.said)
        cluster.add_pod("worker-2", two)
        cluster.answers = True
        await until(lambda: len(life.outcomes) == 2)
        assert "answers again" in life.bench.said
    assert judge(sqlite_url, second.path) == EXACT


async def test_a_pod_that_hangs_is_recorded_once_with_its_events_and_copied_when_it_runs(
    sqlite_url, following, make_build
) -> None:
    cluster = ClusterDouble()
    store = make_build(lines=10)
    waiting = [
        {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    ]
    async with serving(store.path) as address, following(cluster) as life:
        uid = cluster.add_pod("worker-1", address, phase="Pending", containerStatuses=waiting)
        await until(lambda: "stuck: ImagePullBackOff" in life.bench.said)
        cluster.change_pod("worker-1", phase="Running", containerStatuses=[])
        await until(lambda: life.outcomes)
    assert query(
        sqlite_url, "SELECT pod_uid, kind, number, reason, message, events, log FROM pod_reports"
    ) == [
        (
            uid,
            "stuck",
            42,
            "ImagePullBackOff",
            "no such image",
            "2024-02-03T10:00:00Z Warning BackOff: no (x3)",
            "app: last words of app",
        )
    ]
    assert life.outcomes[0].state is BuildState.COMPLETE


async def test_a_pod_that_hangs_is_recorded_when_an_event_says_why(sqlite_url, following) -> None:
    cluster = ClusterDouble()
    scheduled = {**EVENT, "type": "Normal", "reason": "Scheduled"}
    cluster.events = [
        scheduled,
        {**EVENT, "reason": "MissingClusterDNS"},
        {**EVENT, "reason": "FailedScheduling"},
    ]
    waiting = [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]
    async with following(cluster) as life:
        cluster.add_pod("worker-1", phase="Pending", containerStatuses=waiting)
        await until(lambda: cluster.asked_for_events)
        assert "stuck" not in life.bench.said
        cluster.events.append({**EVENT, "reason": "Failed", "message": "there is no such image"})
        await until(lambda: "stuck: ErrImagePull" in life.bench.said)
    ((events,),) = query(sqlite_url, "SELECT events FROM pod_reports")
    assert "there is no such image" in str(events)


async def test_a_pod_that_hangs_is_recorded_also_where_nothing_says_why(
    sqlite_url, following, monkeypatch
) -> None:
    monkeypatch.setattr(pod_source, "_EVENTS_SECONDS", 0.1)
    cluster = ClusterDouble()
    cluster.events = []
    waiting = [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull"}}}]
    async with following(cluster) as life:
        cluster.add_pod("worker-1", phase="Pending", containerStatuses=waiting)
        await until(lambda: "stuck: ErrImagePull" in life.bench.said)
    assert query(sqlite_url, "SELECT kind, events FROM pod_reports") == [("stuck", "")]


async def test_a_pod_that_hung_and_vanished_is_recorded_with_both(sqlite_url, following) -> None:
    cluster = ClusterDouble()
    cluster.events = []
    waiting = [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull"}}}]
    async with following(cluster) as life:
        cluster.add_pod("worker-1", phase="Pending", containerStatuses=waiting)
        await until(lambda: cluster.asked_for_events)
        cluster.remove_pod("worker-1")
        await until(lambda: "vanished" in life.bench.said)
    reports = query(sqlite_url, "SELECT kind, reason FROM pod_reports ORDER BY noticed_ns")
    assert [kind for kind, _ in reports] == ["stuck", "vanished"]
    assert reports[0][1] == "ErrImagePull"


async def test_a_pod_that_vanishes_leaves_an_incomplete_build_with_all_that_was_copied(
    sqlite_url, following, make_build
) -> None:
    cluster = ClusterDouble()
    store = make_build(lines=100, frozen=False)
    async with serving(store) as address, following(cluster, reap=True) as life:
        cluster.add_pod("worker-1", address)
        await until(lambda: life.bench.metrics.lines == 200)
        cluster.remove_pod("worker-1")
        await until(lambda: life.outcomes)
    assert life.outcomes[0].state is BuildState.INCOMPLETE
    assert "its pod vanished" in life.outcomes[0].problem
    assert judge(sqlite_url, store.path) == EXACT
    assert query(sqlite_url, "SELECT kind FROM pod_reports") == [("vanished",)]
    assert cluster.deleted == []
    store.close()


async def test_a_pod_that_fails_leaves_an_incomplete_build_and_its_last_words(
    sqlite_url, following, make_build
) -> None:
    cluster = ClusterDouble()
    store = make_build(lines=100, frozen=False)
    async with following(cluster, reap=True) as life:
        async with serving(store) as address:
            cluster.add_pod("worker-1", address)
            await until(lambda: life.bench.metrics.lines == 200)
        cluster.change_pod("worker-1", phase="Failed", message="OOMKilled")
        await until(lambda: life.outcomes)
    assert life.outcomes[0].state is BuildState.INCOMPLETE
    assert judge(sqlite_url, store.path) == EXACT
    assert query(sqlite_url, "SELECT kind, message, log FROM pod_reports") == [
        ("failed", "OOMKilled", "app: last words of app")
    ]
    assert cluster.deleted == []
    store.close()


async def test_a_way_to_the_pod_that_breaks_is_made_anew(sqlite_url, following, make_build) -> None:
    cluster = ClusterDouble()
    store = make_build(lines=100, frozen=False)
    async with following(cluster) as life:
        async with serving(store) as address:
            cluster.add_pod("worker-1", address)
            await until(lambda: life.bench.metrics.lines == 200)
        forwards = cluster.forwards
        await until(lambda: cluster.forwards > forwards + 1)
        write_lines(store, StepId(1), 50, random.Random(1), 100)
        finish(store)
        async with serving(store.path) as address:
            cluster._addresses["worker-1"] = address
            await until(lambda: life.outcomes)
    assert life.outcomes[0].state is BuildState.COMPLETE
    assert judge(sqlite_url, store.path) == EXACT


async def test_an_old_worker_in_a_pod_has_the_pods_name_and_number(sqlite_url, following) -> None:
    cluster, worker = ClusterDouble(), OldWorker(lines=60)
    async with worker.serving() as address:
        uid = cluster.add_pod("worker-1", address)
        async with following(cluster) as life:
            await until(lambda: life.bench.metrics.lines == 120)
        worker.ended.set()
        async with following(cluster, reap=True) as life:
            await until(lambda: cluster.deleted)
    assert query(sqlite_url, "SELECT uid, number, state, origin FROM builds") == [
        (f"pod {uid}", 42, "complete", "pod ci/worker-1")
    ]
    assert lines_of_database(sqlite_url, f"pod {uid}") == worker.rows()
