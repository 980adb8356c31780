"""Both ways: what wharf-cmd leaves on disk is read, and a reader of wharf-cmd's kind can read what we leave.

The reader here is made from the contract's words alone and shares no code with the store.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import ArtifactEvent, Status
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS, NS
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter

ONE = StepId(1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# --- a reader of wharf-cmd's kind ---------------------------------------------------------------------------------


def go_time(text):
    """Go's RFC3339Nano: fraction optional, Z or a numeric offset. None where Go would refuse."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    offset = timedelta()
    if match[8] != "Z":
        offset = timedelta(hours=int(match[8][1:3]), minutes=int(match[8][4:])) * (
            1 if match[8][0] == "+" else -1
        )
    nanoseconds = int((match[7] or ".0")[1:10].ljust(9, "0"))
    return (moment - EPOCH - offset) // timedelta(seconds=1) * NS + nanoseconds


GO_ZERO = go_time("0001-01-01T00:00:00Z")


def go_lines(path):
    """(log ID, time, message) as wharf-cmd's log reader gives them: bufio's lines, split at the first space."""
    found = []
    content = path.read_bytes()
    for log_id, line in enumerate(content.split(b"\n")[: -1 if content.endswith(b"\n") else None], 1):
        text = line[:-1] if line.endswith(b"\r") else line
        stamp, space, message = text.partition(b" ")
        at_ns = go_time(stamp.decode("latin-1")) if space else None
        found.append((log_id, GO_ZERO, text) if at_ns is None else (log_id, at_ns, message))
    return found


def go_events(path, key):
    """wharf-cmd decodes the first JSON value of the file."""
    value, _ = json.JSONDecoder().raw_decode(path.read_text())
    assert isinstance(value["lastId"], int)
    return value["lastId"], value[key]


# --- they read ours -----------------------------------------------------------------------------------------------


@given(
    lines=st.lists(
        st.tuples(st.none() | st.integers(EARLIEST_NS, LATEST_NS), st.binary(max_size=30)),
        min_size=1,
        max_size=6,
    ),
    output=st.binary(max_size=60),
)
def test_wharf_cmd_could_read_our_lines(tmp_path_factory, lines, output):
    store = BuildWriter.create(tmp_path_factory.mktemp("builds"), BuildInfo(BuildId(7)))
    store.log(ONE).append_many(lines)
    store.log(ONE).append_output(1706954401 * NS, output)
    store.freeze(Status.SUCCESS)
    reader = BuildReader.open(store.path)
    reader.log(ONE).refresh()
    ours = reader.log(ONE).read(1, 1000)
    theirs = go_lines(store.path / "steps" / "1" / "logs.log")
    assert [(line.log_id, line.message.removesuffix(b"\r")) for line in ours] == [
        (log_id, message) for log_id, _, message in theirs
    ]
    assert [line.at_ns for line in ours] == [None if at_ns == GO_ZERO else at_ns for _, at_ns, _ in theirs]
    reader.close()


def test_wharf_cmd_could_read_our_events(tmp_path):
    store = BuildWriter.create(
        tmp_path, BuildInfo(BuildId(7), steps=(StepState(StepInfo(StepId(3), "a", "b")),))
    )
    for number, status in enumerate(
        (Status.SCHEDULING, Status.INITIALIZING, Status.RUNNING, Status.CANCELLED)
    ):
        store.set_status(StepId(3), status, at_ns=1706954401 * NS + number)
    store.add_artifact(StepId(3), "r\u00e9port.zip")
    store.close()
    last, updates = go_events(store.path / "steps" / "3" / "status.json", "statusUpdates")
    assert last == 4
    assert [(update["updateId"], update["status"]) for update in updates] == [
        (1, "Scheduling"),
        (2, "Initializing"),
        (3, "Running"),
        (4, "Cancelled"),
    ]
    assert [go_time(update["timestamp"]) for update in updates] == [
        1706954401 * NS + number for number in range(4)
    ]
    assert go_events(store.path / "steps" / "3" / "artifacts.json", "artifactEvents") == (
        1,
        [{"artifactId": 1, "stepId": 3, "name": "r\u00e9port.zip"}],
    )


def test_what_is_ours_alone_lies_where_wharf_cmd_does_not_look(tmp_path):
    store = BuildWriter.create(tmp_path, BuildInfo(BuildId(42)))
    store.set_status(ONE, Status.RUNNING)
    store.log(ONE).append(None, b"x")
    store.freeze(Status.SUCCESS)
    assert re.fullmatch(r"wharf-cmd-build-00042-[0-9a-z]+", store.path.name)
    (step,) = (store.path / "steps").iterdir()
    assert step.name == "1"
    assert {"logs.log", "status.json"} <= {path.name for path in step.iterdir()}
    assert not any(path.is_dir() for path in step.iterdir())


# --- we read theirs -----------------------------------------------------------------------------------------------


@pytest.fixture
def build(tmp_path):
    path = tmp_path / "wharf-cmd-build-00042-1837465920"
    path.mkdir()
    return path


def put(build, step_id, name, content):
    folder = build / "steps" / str(step_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def lines_of(build, step_id=ONE):
    reader = BuildReader.open(build)
    log = reader.log(step_id)
    log.refresh()
    found = [(line.log_id, line.at_ns, line.message) for line in log.read(1, 1000, 1 << 30)]
    reader.close()
    return found


def test_a_build_that_has_not_begun(build):
    reader = BuildReader.open(build)
    assert (reader.info.steps, reader.liveness, reader.status) == ((), Liveness.UNKNOWN, Status.PENDING)
    put(build, 1, "logs.log", b"x\n")
    assert reader.refresh()
    assert [step.info.step_id for step in reader.info.steps] == [1]


def test_lines_with_and_without_times(build):
    at_ns = 1706954401 * NS
    put(
        build,
        1,
        "logs.log",
        b"2024-02-03T10:00:01.123456789Z compiling module a\n"
        b"2024-02-03T10:00:01Z no fraction\n"
        b"2024-02-03T10:00:01.5Z one digit\n"
        b"2024-02-03T11:00:01.25+01:00 numeric offset\n"
        b"2024-02-03T10:00:01Z  two spaces\n"
        b"2024-02-03T10:00:01Z \n"
        b"2024-02-03T10:00:01Z\n"
        b"\n"
        b"fetched without times\n"
        b"45% of a progress bar\n"
        b"0001-01-01T00:00:00Z zero time\n"
        b"0001-06-01T00:00:00Z year one\n"
        b"2024-02-03T10:00:01Z an \\n inner \\r and \xff\xfe\n"
        b"2024-02-03T10:00:01Z unfinished",
    )
    assert lines_of(build) == [
        (1, at_ns + 123456789, b"compiling module a"),
        (2, at_ns, b"no fraction"),
        (3, at_ns + NS // 2, b"one digit"),
        (4, at_ns + NS // 4, b"numeric offset"),
        (5, at_ns, b" two spaces"),
        (6, at_ns, b""),
        (7, None, b"2024-02-03T10:00:01Z"),
        (8, None, b""),
        (9, None, b"fetched without times"),
        (10, None, b"45% of a progress bar"),
        (11, None, b"zero time"),
        (12, go_time("0001-06-01T00:00:00Z"), b"year one"),
        (13, at_ns, b"an \\n inner \\r and \xff\xfe"),
        (14, at_ns, b"unfinished"),
    ]


@given(content=st.lists(st.binary(max_size=40) | st.sampled_from([b"2024-02-03T10:00:01.5Z x", b" ", b"\r"])))
def test_both_readers_agree_on_any_file(tmp_path_factory, content):
    build = tmp_path_factory.mktemp("x") / "wharf-cmd-build-00042-1"
    put(build, 1, "logs.log", b"\n".join(content))
    ours = [(log_id, at_ns, message.removesuffix(b"\r")) for log_id, at_ns, message in lines_of(build)]
    theirs = [
        (log_id, None if at_ns == GO_ZERO else at_ns, message)
        for log_id, at_ns, message in go_lines(build / "steps" / "1" / "logs.log")
    ]
    if not b"\n".join(content):
        theirs = []
    assert ours == theirs


@pytest.mark.parametrize(
    ("content", "status", "is_problem"),
    [
        (b"", Status.PENDING, True),
        (b"\n", Status.PENDING, True),
        (b'{"lastId":0,"statusUpdates":[]}\n', Status.PENDING, False),
        (b'{"lastId":1,"statusUpdates":[{"updateId":1,"status":"Running"', Status.PENDING, True),
        (b'{"lastId":1,"statusUpdates":[{"updateId":1,"status":"Running"}]}\n', Status.RUNNING, False),
        (
            b'{"lastId":1,"statusUpdates":[{"updateId":1,"status":"success"}]}\nleft over"}]}\n',
            Status.SUCCESS,
            False,
        ),
        (b'{"lastId":1,"statusUpdates":[{"updateId":1,"status":"Levitating"}]}\n', Status.UNKNOWN, False),
        (b'\xff\xfe{"lastId":1}', Status.PENDING, True),
    ],
)
def test_their_status_files(build, content, status, is_problem):
    put(build, 1, "status.json", content)
    reader = BuildReader.open(build)
    assert reader.info.steps[0].status is status
    assert bool(reader.problems) == is_problem


def test_their_artifacts(build):
    put(
        build,
        3,
        "artifacts.json",
        b'{"lastId":9,"artifactEvents":[{"artifactId":9,"stepId":1,"name":"a.zip"}]}\n',
    )
    assert BuildReader.open(build).artifacts(StepId(3)) == (ArtifactEvent(9, "a.zip"),)


def test_a_step_without_a_log(build):
    put(build, 1, "status.json", b'{"lastId":0,"statusUpdates":[]}')
    put(build, 2, "logs.log", b"")
    assert lines_of(build) == []
    assert lines_of(build, StepId(2)) == []


def test_a_build_that_grows(build):
    reader = BuildReader.open(build)
    log = reader.log(ONE)
    counts: list[int] = []
    for piece in (b"2024-02-03T10:00:01Z one", b"\n", b"2024-02-03T10:00:01Z two", b"\n"):
        put(build, 1, "logs.log", (build / "steps/1/logs.log").read_bytes() + piece if counts else piece)
        reader.refresh()
        log.refresh()
        counts.append(log.line_count)
    assert counts == [1, 1, 2, 2]
    reader.close()


def test_nothing_of_theirs_is_changed(build):
    put(build, 1, "logs.log", b"torn line")
    put(build, 1, "status.json", b'{"lastId":1,"statusUpdates":[{"updateId":1,"status":"Running"}]}')
    before = sorted((path, path.lstat().st_mtime_ns) for path in build.rglob("*"))
    lines_of(build)
    BuildReader.open(build).artifacts(ONE)
    assert before == sorted((path, path.lstat().st_mtime_ns) for path in build.rglob("*"))


def test_a_line_longer_than_wharf_cmd_could_read(build):
    put(build, 1, "logs.log", b"2024-02-03T10:00:01Z " + b"x" * 3_000_000 + b"\nnext\n")
    assert [(log_id, len(message)) for log_id, _, message in lines_of(build)] == [(1, 3_000_000), (2, 4)]
