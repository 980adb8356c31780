"""One build from its first status to its end, and what it refuses."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise

import pytest

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import NotABuildError, StoreBusyError, StoreError, StoreFrozenError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter

ONE, TWO = StepId(1), StepId(2)
INFO = BuildInfo(
    BuildId(42),
    steps=(StepState(StepInfo(ONE, "build", "web", "docker")), StepState(StepInfo(TWO, "build", "api"))),
    source=".wharf-ci.yml",
)


@pytest.fixture
def store(tmp_path):
    writer = BuildWriter.create(tmp_path, INFO)
    yield writer
    writer.close()


def reopened_crash(writer):
    """What is left of a build whose writer ended without a word."""
    writer.close()
    return BuildWriter.reopen(writer.path)


def test_a_new_build_has_names_of_its_own(tmp_path):
    stores = [BuildWriter.create(tmp_path, INFO) for _ in range(2)]
    infos = [store.info for store in stores]
    for store in stores:
        store.close()
    assert infos[0].uid != infos[1].uid
    assert all(info.uid and info.epoch and info.started_ns for info in infos)
    assert stores[0].path != stores[1].path
    assert stores[0].build_id == 42


def test_the_life_of_a_step(store):
    store.set_status(ONE, Status.SCHEDULING, at_ns=10)
    store.set_status(ONE, Status.RUNNING, "started", at_ns=20)
    store.set_status(ONE, Status.RUNNING, "still", at_ns=25)
    store.log(ONE).append(21, b"hello")
    store.close_log(ONE)
    store.close_log(ONE)
    store.set_status(ONE, Status.FAILED, "exit code 3", exit_code=3, at_ns=30)
    store.set_status(ONE, Status.FAILED, "said again", at_ns=99)
    store.add_artifact(ONE, "report.zip")
    store.add_artifact(ONE, "site.tar")
    step = store.step(ONE)
    assert (step.status, step.started_ns, step.finished_ns) == (Status.FAILED, 10, 30)
    assert (step.exit_code, step.reason, step.last_log_id) == (3, "said again", 1)
    reader = BuildReader.open(store.path)
    assert reader.info == store.info
    assert reader.statuses(ONE) == (
        StatusEvent(1, Status.SCHEDULING, 10),
        StatusEvent(2, Status.RUNNING, 20),
        StatusEvent(3, Status.FAILED, 30),
    )
    assert reader.artifacts(ONE) == (ArtifactEvent(1, "report.zip"), ArtifactEvent(2, "site.tar"))
    assert reader.artifacts(TWO) == ()
    reader.close()


def test_a_step_that_nobody_knows(store):
    with pytest.raises(KeyError):
        store.step(StepId(9))
    store.set_status(StepId(9), Status.RUNNING, at_ns=5)
    assert store.step(StepId(9)).info.address == "step 9"
    assert [step.info.step_id for step in store.info.steps] == [1, 2, 9]


def test_steps_that_become_known_later(store):
    store.set_status(ONE, Status.RUNNING, at_ns=1)
    store.add_steps((StepState(StepInfo(StepId(7), "s", "n")), StepState(StepInfo(ONE, "other", "name"))))
    assert [step.info.address for step in store.info.steps] == ["build/web", "build/api", "s/n"]
    assert store.step(ONE).status is Status.RUNNING


def test_freezing_writes_the_end_of_everything(store):
    store.log(ONE).append(1, b"one")
    store.log(ONE).add_gap(GapKind.HOLE, "lost", missing=2)
    store.log(TWO).append_output(1, b"no end")
    store.freeze(Status.FAILED, "because", finished_ns=77)
    raw = json.loads((store.path / "build.json").read_text())
    assert raw["result"] == "Failed"
    reader = BuildReader.open(store.path)
    assert reader.liveness is Liveness.FROZEN
    assert (reader.status, reader.info.finished_ns, reader.info.problem) == (Status.FAILED, 77, "because")
    assert [step.last_log_id for step in reader.info.steps] == [3, 1]
    assert (store.path / "steps" / "2" / "logs.log").read_bytes().endswith(b"no end\n")
    reader.close()


def test_a_build_does_not_end_before_a_log_that_is_being_closed_is_on_the_device(store, monkeypatch):
    """A copy closes logs in other threads, and its call for that may be cancelled while the device is slow."""
    may_go_on, syncs = threading.Event(), threading.Event()
    real_sync = os.fsync

    def slow_sync(handle):
        syncs.set()
        assert may_go_on.wait(20)
        real_sync(handle)

    store.log(ONE).append(1, b"one")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", slow_sync)
        closing = threading.Thread(target=store.close_log, args=(ONE,))
        closing.start()
        assert syncs.wait(20)
        freezing = threading.Thread(target=store.freeze, args=(Status.SUCCESS,))
        freezing.start()
        freezing.join(0.3)
        assert BuildReader.open(store.path).info.result is None
        may_go_on.set()
        closing.join(20)
        freezing.join(20)
    info = BuildReader.open(store.path).info
    assert (info.result, info.steps[0].last_log_id) == (Status.SUCCESS, 1)


def test_nothing_goes_in_after_the_end(store):
    log = store.log(ONE)
    store.freeze(Status.SUCCESS)
    before = {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    for attempt in (
        lambda: store.log(ONE),
        lambda: store.set_status(ONE, Status.RUNNING),
        lambda: store.add_artifact(ONE, "x"),
        lambda: store.update_step(ONE, lambda step: step),
        lambda: store.add_steps((StepState(StepInfo(StepId(9), "", "")),)),
        lambda: store.replace_info(INFO),
        lambda: store.replace_events(ONE, ()),
        lambda: store.freeze(Status.FAILED),
        lambda: log.append(None, b"x"),
        lambda: BuildWriter.reopen(store.path),
    ):
        with pytest.raises(StoreFrozenError):
            attempt()
    store.close_log(ONE)
    store.close()
    assert before == {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}


def test_nothing_goes_in_after_closing_either(store):
    store.close()
    store.close()
    for attempt in (
        lambda: store.log(ONE),
        lambda: store.set_status(ONE, Status.RUNNING),
        lambda: store.update_step(ONE, lambda step: step),
    ):
        with pytest.raises(StoreFrozenError):
            attempt()


def test_a_build_that_was_not_frozen_is_gone_on_with_under_a_new_epoch(store):
    store.set_status(ONE, Status.RUNNING, at_ns=1)
    store.log(ONE).append(1, b"one")
    store.log(TWO).append(1, b"one")
    again = reopened_crash(store)
    assert again.info.uid == store.info.uid
    assert again.info.epoch != store.info.epoch
    assert replace(again.info, epoch="") == replace(store.info, epoch="")
    assert again.log(ONE).append(2, b"two") == 2
    again.set_status(ONE, Status.SUCCESS, at_ns=5)
    again.freeze(Status.SUCCESS)
    reader = BuildReader.open(again.path)
    assert [event.event_id for event in reader.statuses(ONE)] == [1, 2]
    assert [step.last_log_id for step in reader.info.steps] == [2, 1]
    reader.close()


def test_what_cannot_be_gone_on_with(tmp_path, store):
    with pytest.raises(StoreBusyError):
        BuildWriter.reopen(store.path)
    with pytest.raises(NotABuildError):
        BuildWriter.reopen(tmp_path)
    assert not (tmp_path / "build.lock").exists()
    for content in (b"", b"[1]", b'{"format":99,"buildId":1}'):
        path = tmp_path / "other"
        path.mkdir(exist_ok=True)
        (path / "build.json").write_bytes(content)
        for _ in range(2):  # a refusal lets go of the lock
            with pytest.raises(NotABuildError, match="other"):
                BuildWriter.reopen(path)
        assert (path / "build.json").read_bytes() == content


def test_a_copy_keeps_the_name_and_the_epoch_of_its_original(tmp_path):
    original = replace(INFO, uid="u1", epoch="e1")
    copy = BuildWriter.create_copy(tmp_path / "copy", original)
    assert copy.info == original
    with pytest.raises(StoreBusyError):
        BuildWriter.create_copy(tmp_path / "copy", original)
    copy.replace_events(ONE, (StatusEvent(4, Status.RUNNING, 4),))
    copy.replace_info(replace(original, problem="seen"))
    copy.log(ONE).append_stored_part(b"one\ntw")
    copy.close()
    with (tmp_path / "copy" / "steps" / "1" / "logs.log").open("ab") as file:
        file.write(b"thr")
    again = BuildWriter.reopen(tmp_path / "copy", "e2", cut_torn_lines=True)
    assert (again.info.epoch, again.info.problem) == ("e2", "seen")
    assert again.log(ONE).last_log_id == 2
    again.close()


def test_a_build_that_cannot_be_begun_leaves_nothing(tmp_path):
    script = """
import resource, sys, pathlib
from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import StorageFullError
from wharf_tui.model.ids import BuildId
from wharf_tui.results.build_writer import BuildWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    BuildWriter.create(pathlib.Path(sys.argv[1]), BuildInfo(BuildId(1), source="x" * 10_000))
except StorageFullError as error:
    print(error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    assert "build.json" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    for attempt in (
        lambda: BuildWriter.create(tmp_path / "file", INFO),
        lambda: BuildWriter.create_copy(tmp_path / "file" / "copy", INFO),
    ):
        with pytest.raises(StoreError, match="file"):
            attempt()


def test_everything_that_changes_is_told(store):
    def version_after(change):
        change()
        return store.changes.version

    versions = [
        store.changes.version,
        version_after(lambda: store.set_status(ONE, Status.RUNNING)),
        version_after(lambda: store.log(ONE).append(None, b"x")),
        version_after(lambda: store.log(ONE).add_gap(GapKind.LOST_BEFORE_US, "x")),
        version_after(lambda: store.add_artifact(ONE, "x")),
        version_after(lambda: store.replace_events(ONE, ())),
        version_after(lambda: store.freeze(Status.SUCCESS)),
    ]
    assert all(before < after for before, after in pairwise(versions))


def test_logs_of_many_steps_from_many_threads(store):
    def run(step_id):
        store.set_status(step_id, Status.RUNNING)
        for number in range(100):
            store.log(step_id).append(None, b"%d" % number)
        store.close_log(step_id)
        store.set_status(step_id, Status.SUCCESS)

    threads = [threading.Thread(target=run, args=(StepId(number),)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.freeze(Status.SUCCESS)
    reader = BuildReader.open(store.path)
    for step in reader.info.steps:
        assert (step.status, step.last_log_id) == (Status.SUCCESS, 100)
        reader.log(step.info.step_id).refresh()
        assert reader.log(step.info.step_id).last_log_id == 100
    assert len(reader.info.steps) == 8
    reader.close()


def test_lines_are_synced_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr("wharf_tui.results.build_writer.SYNC_SECONDS", 0.01)
    synced = threading.Event()
    real = os.fsync

    def fsync(handle):
        real(handle)
        if os.path.sameopenfile(handle, log_handle):
            synced.set()

    store = BuildWriter.create(tmp_path, INFO)
    log = store.log(ONE)
    log_handle = os.open(log.path, os.O_RDONLY)
    monkeypatch.setattr(os, "fsync", fsync)
    log.append(None, b"x")
    assert synced.wait(10)
    store.close()
    os.close(log_handle)
