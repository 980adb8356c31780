"""What a stored build tells of itself: its states, whether it may still grow, and what is wrong with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import InputError, NotABuildError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader, directory_size
from wharf_tui.results.build_writer import BuildWriter

ONE, TWO = StepId(1), StepId(2)
INFO = BuildInfo(
    BuildId(42), steps=(StepState(StepInfo(ONE, "build", "web")), StepState(StepInfo(TWO, "build", "api")))
)
WRITER = """
import sys, pathlib
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
steps = (StepState(StepInfo(StepId(1), "build", "web")), StepState(StepInfo(StepId(2), "build", "api")))
store = BuildWriter.create(pathlib.Path(sys.argv[1]), BuildInfo(BuildId(42), steps=steps))
store.set_status(StepId(1), Status.RUNNING)
store.log(StepId(1)).append_output(1, b"one\\ntw")
print(store.path, flush=True)
if sys.stdin.readline() == "freeze\\n":
    store.freeze(Status.SUCCESS)
"""


@pytest.fixture
def writer(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def opened(process):
    reader = BuildReader.open(Path(process.stdout.readline().strip()))
    reader.log(ONE).refresh()
    return reader


def test_a_build_that_another_process_runs_and_ends(writer):
    reader = opened(writer)
    assert (reader.liveness, reader.status) == (Liveness.RUNNING, Status.RUNNING)
    assert reader.log(ONE).line_count == 1
    assert not reader.refresh()
    writer.stdin.write("freeze\n")
    writer.stdin.flush()
    writer.wait()
    assert reader.refresh()
    assert (reader.liveness, reader.status) == (Liveness.FROZEN, Status.SUCCESS)
    assert not reader.refresh()
    reader.log(ONE).refresh()
    assert [line.message for line in reader.log(ONE).read(1, 9)] == [b"one", b"tw"]
    reader.close()


def test_a_build_whose_writer_is_killed(writer):
    reader = opened(writer)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    assert reader.refresh()
    assert (reader.liveness, reader.status) == (Liveness.UNFINISHED, Status.UNKNOWN)
    assert [step.status for step in reader.info.steps] == [Status.UNKNOWN, Status.PENDING]
    assert "ended before" in reader.info.steps[0].reason
    assert [line.message for line in reader.log(ONE).read(1, 9)] == [b"one", b"tw"]
    again = BuildWriter.reopen(reader.path)
    assert reader.refresh()
    assert reader.liveness is Liveness.RUNNING
    assert reader.info.epoch == again.info.epoch
    assert reader.log(ONE).line_count == 1
    again.log(ONE)
    reader.log(ONE).refresh()
    assert (reader.log(ONE).line_count, len(reader.log(ONE).gaps)) == (2, 1)
    again.freeze(Status.FAILED)
    reader.refresh()
    assert (reader.liveness, reader.status) == (Liveness.FROZEN, Status.FAILED)
    reader.close()


def test_a_writer_that_was_killed_between_two_files(tmp_path):
    """The event says that the step ended; the manifest did not get to say so."""
    store = BuildWriter.create(tmp_path, INFO)
    store.set_status(ONE, Status.RUNNING, at_ns=1)
    manifest = (store.path / "build.json").read_bytes()
    store.set_status(ONE, Status.SUCCESS, at_ns=2)
    store.close()
    (store.path / "build.json").write_bytes(manifest)
    reader = BuildReader.open(store.path)
    step = reader.step(ONE)
    assert step is not None
    assert (step.status, step.finished_ns) == (Status.SUCCESS, 2)
    assert reader.step(9) is None


def test_a_build_without_a_name_for_its_steps(tmp_path):
    path = tmp_path / "wharf-cmd-build-00042-1837465920"
    for step_id in (10, 2, 1):
        (path / "steps" / str(step_id)).mkdir(parents=True)
    (path / "steps" / "2" / "status.json").write_text(
        '{"lastId":2,"statusUpdates":['
        '{"updateId":1,"timestamp":"2024-02-03T10:00:00Z","status":"Running"},'
        '{"updateId":2,"timestamp":"2024-02-03T10:00:01Z","status":"Failed"}]}'
    )
    reader = BuildReader.open(path)
    assert (reader.liveness, reader.is_ours, reader.info.build_id) == (Liveness.UNKNOWN, False, 42)
    assert [(step.info.address, step.status) for step in reader.info.steps] == [
        ("step 1", Status.PENDING),
        ("step 2", Status.FAILED),
        ("step 10", Status.PENDING),
    ]
    assert reader.info.started_ns == 1706954400_000000000
    assert reader.info.steps[1].finished_ns == 1706954401_000000000


def test_a_damaged_status_is_told_and_what_was_known_is_kept(tmp_path):
    path = tmp_path / "wharf-cmd-build-00042-1"
    (path / "steps" / "1").mkdir(parents=True)
    status = path / "steps" / "1" / "status.json"
    status.write_text('{"lastId":1,"statusUpdates":[{"updateId":1,"status":"Running"}]}')
    reader = BuildReader.open(path)
    assert reader.problems == ()
    status.write_text('{"lastId":2,"statusUpdates":[{"upd')
    assert reader.refresh()
    assert reader.info.steps[0].status is Status.RUNNING
    assert len(reader.problems) == 1
    assert str(status) in reader.problems[0]
    status.write_text('{"lastId":2,"statusUpdates":[{"updateId":2,"status":"Success"}]}trailing')
    assert reader.refresh()
    assert (reader.info.steps[0].status, reader.problems) == (Status.SUCCESS, ())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"steps":7}'])
def test_a_damaged_manifest(tmp_path, content):
    store = BuildWriter.create(tmp_path, INFO)
    store.set_status(ONE, Status.SUCCESS, at_ns=5)
    store.log(ONE).append(None, b"line")
    store.close()
    (store.path / "build.json").write_text(content)
    reader = BuildReader.open(store.path)
    assert reader.is_ours
    assert reader.liveness is Liveness.UNFINISHED
    assert reader.info.build_id in (0, 42)
    assert [(step.info.step_id, step.status) for step in reader.info.steps] == [(1, Status.SUCCESS)]
    reader.log(ONE).refresh()
    assert reader.log(ONE).line_count == 1
    assert bool(reader.problems) == (content != '{"steps":7}')
    reader.close()


def test_what_is_no_build(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        BuildReader.open(tmp_path / "nothing")
    with pytest.raises(InputError, match="cannot read"):
        BuildReader.open(tmp_path / ("x" * 5000))
    with pytest.raises(NotABuildError):
        BuildReader.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotABuildError, match="file"):
        BuildReader.open(tmp_path / "file")


def test_an_unfinished_build_of_a_process_that_may_still_say_more(tmp_path):
    """The lock is looked at after the manifest: a build that is frozen in between is not called unfinished."""
    store = BuildWriter.create(tmp_path, INFO)
    reader = BuildReader.open(store.path)
    reader._has_changed(store.path / "build.json")
    store.freeze(Status.SUCCESS)
    stamp = (store.path / "build.json").lstat()
    reader._stamps[store.path / "build.json"] = (stamp.st_ino, stamp.st_mtime_ns, stamp.st_size)
    reader.refresh()
    assert reader.liveness is Liveness.FROZEN


def test_size_of_a_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"x" * 11)
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    link = (tmp_path / "b" / "loop").lstat().st_size
    assert directory_size(tmp_path) in (111, 111 + link)
    assert directory_size(tmp_path / "nothing") == 0
