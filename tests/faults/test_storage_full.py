"""A device that is full: an error that names the file, no half line with an ID, and on it goes once there is space."""

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.model.build import BuildInfo, Liveness
from wharf_tui.model.errors import StorageFullError, StoreError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

ONE = StepId(1)
PIECES = st.lists(
    st.binary(max_size=30) | st.sampled_from([b"\n", b"\r", b"\r\n", b"x" * 70, b"end\nhalf"]),
    min_size=1,
    max_size=8,
)


def test_a_line_that_has_no_room_has_no_id(tmp_path, file_limit):
    writer = LogWriter(tmp_path / "steps" / "1")
    assert writer.append(None, b"x" * 999) == 1
    with file_limit(1500):
        for _ in range(3):
            with pytest.raises(StorageFullError, match=r"logs\.log") as refused:
                writer.append(None, b"y" * 999)
            assert "Free some space" in refused.value.hint
            assert writer.path.stat().st_size == writer.size == 1000
            assert writer.last_log_id == 1
        assert writer.append(None, b"small") == 2
    assert writer.append(None, b"y" * 999) == 3
    writer.close()
    assert writer.path.read_bytes() == b"x" * 999 + b"\nsmall\n" + b"y" * 999 + b"\n"


def test_many_lines_go_in_together_or_not_at_all(tmp_path, file_limit):
    writer = LogWriter(tmp_path / "steps" / "1")
    lines = [(None, b"%03d" % number) for number in range(500)]
    with file_limit(1000), pytest.raises(StorageFullError):
        writer.append_many(lines)
    assert (writer.last_log_id, writer.path.read_bytes()) == (0, b"")
    assert writer.append_many(lines) == 500
    writer.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, limits=st.lists(st.integers(0, 600), min_size=1, max_size=6))
def test_what_was_refused_can_be_given_again(tmp_path_factory, file_limit, pieces, limits):
    """Output that meets a full device at any moment ends as if it never had, when each refused piece comes again."""
    folder = tmp_path_factory.mktemp("build")
    plain, tried = LogWriter(folder / "steps" / "1"), LogWriter(folder / "steps" / "2")
    for number, piece in enumerate(pieces):
        plain.append_output(5, piece)
        try:
            with file_limit(limits[number % len(limits)]):
                tried.append_output(5, piece)
        except StorageFullError:
            assert tried.path.stat().st_size == tried.size
            tried.append_output(5, piece)
        assert tried.last_log_id == plain.last_log_id
    plain.close()
    tried.close()
    assert tried.path.read_bytes() == plain.path.read_bytes()


def test_a_line_that_cannot_be_ended_is_torn_and_is_marked_by_the_next_writer(tmp_path, file_limit):
    step = tmp_path / "steps" / "1"
    writer = LogWriter(step)
    writer.append_output(5, b"x" * 469)
    with file_limit(500), pytest.raises(StorageFullError):
        writer.close()
    writer.close()
    again = LogWriter(step)
    assert again.last_log_id == 1
    again.close()
    reader = LogReader(step)
    reader.refresh()
    assert [gap.kind for gap in reader.gaps] == [GapKind.TORN]
    reader.close()


def test_what_cannot_be_taken_back_ends_the_writer(tmp_path, file_limit, monkeypatch):
    writer = LogWriter(tmp_path / "steps" / "1")
    writer.append(None, b"kept")

    def refuse(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, file_limit(100):
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(StoreError, match="cut back"):
            writer.append(None, b"x" * 200)
    for attempt in (lambda: writer.append(None, b"x"), writer.sync, writer.close):
        with pytest.raises(StoreError, match="cut back"):
            attempt()
    assert writer.last_log_id == 1
    again = LogWriter(tmp_path / "steps" / "1")
    assert again.last_log_id == 2
    again.close()
    reader = LogReader(tmp_path / "steps" / "1")
    reader.refresh()
    assert reader.read(1, 1)[0].message == b"kept"
    assert [gap.after for gap in reader.gaps] == [2]
    reader.close()


def fill_up(path):
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"z" * 4096):
            pass


def test_a_build_on_a_device_that_fills(small_device):
    store = BuildWriter.create(small_device, BuildInfo(BuildId(1)))
    store.set_status(ONE, Status.RUNNING, at_ns=1)
    ballast = small_device / "ballast"
    ballast.write_bytes(b"x" * 200_000)
    accepted: list[bytes] = []

    def append_for_ever():
        while True:
            accepted.append(b"%d " % len(accepted) + b"y" * 3000)
            store.log(ONE).append(None, accepted[-1])

    with pytest.raises(StorageFullError, match=r"logs\.log"):
        append_for_ever()
    refused = accepted.pop()
    assert len(accepted) > 50
    assert store.log(ONE).last_log_id == len(accepted)
    fill_up(small_device / "filler")
    manifest = (store.path / "build.json").read_bytes()
    for attempt in (
        lambda: store.set_status(ONE, Status.FAILED, at_ns=2),
        lambda: store.log(ONE).add_gap(GapKind.HOLE, "lost", missing=2),
        lambda: store.log(StepId(2)).append(None, b"x"),
        lambda: store.freeze(Status.FAILED),
    ):
        with pytest.raises(StorageFullError):
            attempt()
    assert (store.path / "build.json").read_bytes() == manifest
    reader = BuildReader.open(store.path)
    assert (reader.liveness, reader.problems) == (Liveness.RUNNING, ())
    assert reader.statuses(ONE)[-1].status is Status.RUNNING
    reader.log(ONE).refresh()
    assert reader.log(ONE).last_log_id == len(accepted)
    ballast.unlink()
    (small_device / "filler").unlink()
    assert store.log(ONE).append(None, refused) == len(accepted) + 1
    store.log(ONE).add_gap(GapKind.LOST_BEFORE_US, "the device was full")
    store.set_status(ONE, Status.FAILED, at_ns=3)
    store.freeze(Status.FAILED)
    reader.refresh()
    reader.log(ONE).refresh()
    assert [line.message for line in reader.log(ONE).read(1, 9999, 1 << 20)] == [*accepted, refused]
    assert (reader.liveness, reader.info.steps[0].last_log_id) == (Liveness.FROZEN, len(accepted) + 1)
    assert [gap.kind for gap in reader.log(ONE).gaps] == [GapKind.LOST_BEFORE_US]
    assert not list(store.path.rglob("*.tmp"))
    reader.close()
