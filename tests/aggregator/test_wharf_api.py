"""wharf-api receives each line once, in order per step, though it would take it twice: over lost answers and restarts."""

import asyncio
import random

import pytest

from tests.aggregator.conftest import Bench, add_gap, finish, write_lines
from tests.aggregator.oracle import lines_of_store
from tests.fakes.wharf_api import ServedApi, WharfApi
from wharf_tui.aggregator.folder_source import FolderSource
from wharf_tui.aggregator.pump import BuildOutcome
from wharf_tui.aggregator.sinks import api_delivery, wharf_api
from wharf_tui.aggregator.sinks.api_client import ApiClient, ApiLine
from wharf_tui.aggregator.sinks.api_delivery import how_many_arrived, letters
from wharf_tui.aggregator.sinks.api_ledger import Ledger, StepMark
from wharf_tui.aggregator.sinks.choice import sinks
from wharf_tui.aggregator.sinks.port import BuildState, PodReport
from wharf_tui.aggregator.sinks.run_lines import RunLine
from wharf_tui.aggregator.turns import Turns
from wharf_tui.model.errors import AccessDeniedError, StoreBusyError, UnreachableError, UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.rpc.api_wire import message_text

ONE = StepId(1)


@pytest.fixture(autouse=True)
def _small_streams(monkeypatch):
    monkeypatch.setattr(wharf_api, "STREAM_LINES", 40)
    monkeypatch.setattr(api_delivery, "REST_SECONDS", 0.02)


@pytest.fixture
def aggregate(tmp_path, monkeypatch):
    monkeypatch.setattr("wharf_tui.aggregator.sinks.choice._default_ledger", lambda _: tmp_path / "ledger.db")

    async def run(served: ServedApi, *folders, give_up: float = 20.0) -> tuple[list[BuildOutcome], str]:
        async with Bench(served.url, give_up=give_up) as bench:
            found = await FolderSource(folders, bench.desk, Turns(4)).copy()
            return found, bench.said

    return run


def expected(path) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for (step, log_id), (_, message) in sorted(lines_of_store(path).items()):
        found.setdefault(step, []).append((log_id, message_text(message)))
    return found


def assert_exact(api: WharfApi, path) -> None:
    for step, lines in expected(path).items():
        assert api.texts(42, step) == lines


async def test_each_line_once_in_order_and_the_builds_status(aggregate, make_build) -> None:
    path = make_build(lines=130).path
    async with ServedApi(WharfApi()) as served:
        (outcome,), _ = await aggregate(served, path)
        assert outcome.state is BuildState.COMPLETE
        assert_exact(served.api, path)
        assert served.api.statuses[42] == ["Scheduling", "Running", "Completed"]
        (again,), _ = await aggregate(served, path)
        assert (again.state, again.lines) == (BuildState.COMPLETE, 0)
        assert_exact(served.api, path)
        assert served.api.statuses[42] == ["Scheduling", "Running", "Completed"]


async def test_every_line_has_a_time_since_wharf_api_drops_those_without(aggregate, make_build) -> None:
    path = make_build(lines=60, seed=3).path
    assert None in [at_ns for at_ns, _ in lines_of_store(path).values()]
    async with ServedApi(WharfApi()) as served:
        await aggregate(served, path)
        assert not [line for line in served.api.lines if line["timestamp"].startswith("0001")]
        assert_exact(served.api, path)


async def test_a_failed_build_is_failed_and_a_hole_is_passed_over(aggregate, make_build) -> None:
    store = make_build(lines=50, frozen=False)
    add_gap(store, ONE, GapKind.HOLE, 3)
    write_lines(store, ONE, 5, random.Random(1), 60)
    finish(store, Status.FAILED)
    async with ServedApi(WharfApi()) as served:
        (outcome,), _ = await aggregate(served, store.path)
        assert outcome.state is BuildState.INCOMPLETE
        assert_exact(served.api, store.path)
        assert served.api.statuses[42][-1] == "Failed"


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_answer_that_is_lost_is_found_out_and_nothing_is_sent_twice(
    aggregate, make_build, lost
) -> None:
    path = make_build(lines=130).path
    async with ServedApi(WharfApi()) as served:
        served.api.lose_answers = lost
        (outcome,), said = await aggregate(served, path)
        assert outcome.state is BuildState.COMPLETE
        assert "takes lines again" in said
        assert_exact(served.api, path)


@pytest.mark.parametrize("after", [0, 1, 17, 39, 40, 41, 100])
async def test_a_stream_that_breaks_at_any_line_is_gone_on_with(aggregate, make_build, after) -> None:
    path = make_build(lines=130).path
    async with ServedApi(WharfApi()) as served:
        served.api.fail_after = after
        (outcome,), _ = await aggregate(served, path)
        assert outcome.state is BuildState.COMPLETE
        assert_exact(served.api, path)


async def test_lines_of_others_before_and_between_do_not_confuse_it(aggregate, make_build) -> None:
    path = make_build(lines=130).path
    async with ServedApi(WharfApi()) as served:
        api = served.api
        foreign = {"buildId": 42, "stepId": 0, "workerLogId": 0, "timestamp": "2024-02-03T10:00:00Z"}
        for number in range(5):
            api.lines.append({**foreign, "logId": number + 1, "message": f"not ours {number}"})
        api.fail_after = 60
        (outcome,), _ = await aggregate(served, path)
        assert outcome.state is BuildState.COMPLETE
        assert_exact(api, path)


async def test_wharf_api_goes_away_and_comes_back_with_its_lines(aggregate, make_build, tmp_path) -> None:
    path = make_build(lines=300).path
    file = tmp_path / "api.jsonl"
    api = WharfApi(file)
    api.stop_after = 100
    served = ServedApi(api)
    async with served:
        copying = asyncio.create_task(aggregate(served, path, give_up=60.0))
        while len(api.lines) < 100:
            await asyncio.sleep(0.005)
    port = served.port
    async with ServedApi(WharfApi(file), port) as again:
        (outcome,), said = await copying
        assert outcome.state is BuildState.COMPLETE
        assert "does not answer" in said
        assert_exact(again.api, path)


async def test_a_line_that_is_refused_is_named_and_the_ones_before_it_are_there(
    aggregate, make_build
) -> None:
    store = make_build(lines=0, steps=1, frozen=False)
    store.log(ONE).append_many([(5 + number, b"line %d" % number) for number in range(1, 101)])
    finish(store)
    async with ServedApi(WharfApi()) as served:
        served.api.refused_text = "line 57"
        (outcome,), said = await aggregate(served, store.path)
        assert (outcome.refused, outcome.state) == (True, BuildState.INCOMPLETE)
        assert "refuses line 57 of step 1: insert: invalid byte" in said
        assert [log_id for log_id, _ in served.api.texts(42, 1)] == list(range(1, 57))
        served.api.refused_text = None
        (outcome,), _ = await aggregate(served, store.path)
        assert outcome.state is BuildState.COMPLETE
        assert_exact(served.api, store.path)


async def test_lines_that_come_again_with_another_text_are_an_alarm(aggregate, make_build) -> None:
    from wharf_tui.results.build_writer import BuildWriter

    store = make_build(lines=90, frozen=False)
    store.close()
    async with ServedApi(WharfApi()) as served:
        await aggregate(served, store.path)
        before = list(served.api.lines)
        log = store.path / "steps/1/logs.log"
        lines = log.read_bytes().split(b"\n")
        lines[50] += b" changed"
        log.write_bytes(b"\n".join(lines))
        for index in store.path.glob("steps/*/logs.index"):
            index.unlink()
        again = BuildWriter.reopen(store.path)
        write_lines(again, ONE, 10, random.Random(1), 200)
        finish(again)
        (outcome,), said = await aggregate(served, store.path)
        assert outcome.state is BuildState.DISPUTED
        assert "ALARM" in said
        assert served.api.lines == before


async def test_a_build_that_wharf_api_does_not_know_is_told_and_keeps_no_other_build(
    aggregate, make_build, tmp_path
) -> None:
    path = make_build(lines=3).path
    other = make_build(lines=3, folder=tmp_path / "other", build_id=43).path
    async with ServedApi(WharfApi()) as served:
        outcomes, said = await aggregate(served, path, other)
        assert [outcome.state for outcome in outcomes] == [BuildState.COMPLETE, BuildState.INCOMPLETE]
        assert [outcome.refused for outcome in outcomes] == [False, True]
        assert "build with ID 43 was not found" in said


async def test_what_became_of_a_pod_is_sent_as_lines_of_its_build_once(tmp_path) -> None:
    async with ServedApi(WharfApi()) as served:
        (sink,) = sinks(served.url, ledger=tmp_path / "l.db")
        report = PodReport(
            "p1", "ci", "worker-1", 42, "failed", "OOMKilled", "", ("event one",), ("log one",), 5
        )
        served.api.lose_answers = 1
        with pytest.raises(UnreachableError):
            await asyncio.to_thread(sink.report_pod, report)
        for _ in range(2):
            await asyncio.to_thread(sink.report_pod, report)
        sink.close()
        assert [text for _, text in served.api.texts(42, 0)] == [
            "[aggregator] pod ci/worker-1 failed: OOMKilled",
            "[aggregator] event one",
            "[aggregator] log one",
        ]


def test_one_ledger_is_used_by_one_aggregator(tmp_path) -> None:
    ledger = Ledger(tmp_path / "l.db")
    with pytest.raises(StoreBusyError):
        Ledger(tmp_path / "l.db")
    ledger.close()
    ledger.close()
    Ledger(tmp_path / "l.db").close()


@pytest.mark.parametrize("url", ["wharf-api+ftp://x", "wharf-api://x", "wharf-api+http://"])
def test_addresses_that_are_none_are_refused(url, tmp_path) -> None:
    with pytest.raises(UsageError):
        sinks(url, ledger=tmp_path / "l.db")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("wharf-api+http://api:8080", "http://api:8080/api"),
        ("wharf-api+https://api/wharf/api/", "https://api:443/wharf/api"),
        ("wharf-api+http://[::1]:1", "http://[::1]:1/api"),
    ],
)
def test_rest_and_grpc_are_on_one_address(url, base) -> None:
    assert ApiClient(url).base == base


async def test_a_token_is_sent_and_its_lack_is_told(tmp_path) -> None:
    from aiohttp import web

    seen = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"detail": "who are you?"}, status=401)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = ApiClient(f"wharf-api+http://127.0.0.1:{runner.addresses[0][1]}", "s3cret")
    with pytest.raises(AccessDeniedError, match="who are you"):
        await asyncio.to_thread(client.build_status, 1)
    assert seen == ["Bearer s3cret"]
    await runner.cleanup()


def sent(*texts: str):
    lines = [RunLine(number, 1000 * number, text.encode()) for number, text in enumerate(texts, 1)]
    return [letter.sent for letter in letters(1, ONE, lines, StepMark(), 0)]


def stored(*numbered: tuple[int, str]) -> list[ApiLine]:
    return [ApiLine(0, 1000 * number, text) for number, text in numbered]


@pytest.mark.parametrize(
    ("there", "arrived"),
    [
        ([], 0),
        ([(1, "a")], 1),
        ([(1, "a"), (2, "b"), (3, "c")], 3),
        ([(9, "x"), (1, "a"), (9, "y"), (2, "b"), (9, "z")], 2),
        ([(9, "a")], 0),
        ([(2, "b")], None),
        ([(1, "a"), (3, "c")], None),
    ],
)
def test_what_came_through_is_told_by_what_is_there(there, arrived) -> None:
    assert how_many_arrived(sent("a", "b", "c"), stored(*there)) == arrived
