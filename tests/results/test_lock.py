"""One writer: also among processes, and no longer than it lives."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from wharf_tui.model.errors import StoreBusyError, StoreError
from wharf_tui.results.lock import WriterLock, is_held

HOLDER = """
import sys, pathlib
from wharf_tui.results.lock import WriterLock
lock = WriterLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "build.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused(tmp_path):
    path = tmp_path / "build.lock"
    first, second = WriterLock(path), WriterLock(path)
    first.acquire()
    with pytest.raises(StoreBusyError, match="another process"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_another_process_holds_it_until_it_is_killed(tmp_path, holder):
    path = tmp_path / "build.lock"
    assert is_held(path)
    with pytest.raises(StoreBusyError):
        WriterLock(path).acquire()
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert not is_held(path)
    lock = WriterLock(path)
    lock.acquire()
    assert is_held(path)
    lock.release()
    assert not is_held(path)


def test_whoever_asks_makes_and_changes_nothing(tmp_path):
    assert not is_held(tmp_path / "build.lock")
    assert list(tmp_path.iterdir()) == []
    path = tmp_path / "build.lock"
    path.write_bytes(b"not ours")
    assert not is_held(path)
    assert path.read_bytes() == b"not ours"


def test_those_who_ask_do_not_take_each_other_for_the_writer(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "build.lock"
    path.touch()
    with path.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert not is_held(path)


def test_many_ask_at_once(tmp_path):
    path = tmp_path / "build.lock"
    path.touch()
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(is_held(path) for _ in range(300))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 1200
    assert not any(answers)


def test_those_who_ask_do_not_keep_a_writer_out(tmp_path, monkeypatch):
    monkeypatch.setattr("wharf_tui.results.lock._PATIENCE_SECONDS", 30)
    path = tmp_path / "build.lock"
    path.touch()
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            is_held(path)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for _ in range(20):
            lock = WriterLock(path)
            lock.acquire()
            lock.release()
    finally:
        stop.set()
        asker.join()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_lock_file_is_not_held(tmp_path, make):
    make(tmp_path / "build.lock")
    assert not is_held(tmp_path / "build.lock")


def test_a_lock_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="lock"):
        WriterLock(tmp_path / "file" / "build.lock").acquire()
