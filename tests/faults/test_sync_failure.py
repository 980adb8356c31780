"""A device that refuses to keep what was written: said once and for all, never tried again as if nothing had been."""

import errno
import os
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, Liveness
from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.log_writer import LogWriter

ONE = StepId(1)


@pytest.fixture
def bad_device(monkeypatch):
    """Lets the next sync fail, and all after it succeed: as Linux does when pages were thrown away."""
    real = os.fsync
    due = [True]

    def fsync(handle):
        if due.pop():
            due.append(False)
            raise OSError(errno.EIO, "Input/output error")
        due.append(False)
        real(handle)

    def spoil():
        monkeypatch.setattr(os, "fsync", fsync)

    return spoil


def test_a_log_that_was_not_kept_stays_so(tmp_path, bad_device):
    writer = LogWriter(tmp_path / "steps" / "1")
    writer.append(None, b"x")
    bad_device()
    for attempt in (writer.sync, writer.sync, lambda: writer.append(None, b"y"), writer.close):
        with pytest.raises(StoreError, match="cannot sync"):
            attempt()
    LogWriter(tmp_path / "steps" / "1").close()  # the lock was let go nevertheless


def test_a_build_that_was_not_kept_is_not_frozen(tmp_path, bad_device):
    store = BuildWriter.create(tmp_path, BuildInfo(BuildId(1)))
    store.log(ONE).append(None, b"x")
    bad_device()
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot sync"):
            store.log(ONE).sync()
    with pytest.raises(StoreError, match="cannot sync"):
        store.freeze(Status.SUCCESS)
    store.close()
    assert BuildReader.open(store.path).liveness is Liveness.UNFINISHED


async def test_a_failure_in_the_background_is_told(tmp_path, bad_device, monkeypatch):
    monkeypatch.setattr("wharf_tui.results.build_writer.SYNC_SECONDS", 0.01)
    store = BuildWriter.create(tmp_path, BuildInfo(BuildId(1)))
    bad_device()
    seen = store.changes.version
    store.log(ONE).append(None, b"x")
    while store.sync_failure is None:
        seen = await store.changes.wait(seen)
    with pytest.raises(StoreError, match="cannot sync"):
        store.freeze(Status.SUCCESS)
    with pytest.raises(StoreError, match="cannot sync"):
        store.close()
    store.close()
    assert BuildReader.open(store.path).liveness is Liveness.UNFINISHED


def test_the_end_is_written_behind_all_logs(tmp_path, monkeypatch):
    """Order of what reaches the device: both logs, their folders, then the manifest with the result."""
    store = BuildWriter.create(tmp_path, BuildInfo(BuildId(1)))
    for step_id in (ONE, StepId(2)):
        store.log(step_id).append(None, b"x")
    order = []
    real_sync = os.fsync

    def fsync(handle):
        order.append(os.path.realpath(f"/proc/self/fd/{handle}").removeprefix(f"{store.path}/"))
        real_sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    store.freeze(Status.SUCCESS)
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not tell what a descriptor is")
    manifest = [number for number, name in enumerate(order) if "build.json" in name]
    for name in ("steps/1/logs.log", "steps/2/logs.log", "steps/1", "steps/2", "steps"):
        assert order.index(name) < manifest[-1]
