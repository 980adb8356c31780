"""Only plain files are opened, and nothing ever waits."""

import os
import socket
from pathlib import Path

import pytest

from wharf_tui.results.plain_file import open_plain, read_at, read_plain


def test_reads_a_plain_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_plain(path, 100) == b"0123456789"
    assert read_plain(path, 4) == b"0123"
    assert read_plain(path, 0) == b""


def test_reads_parts(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    handle = open_plain(path)
    try:
        assert read_at(handle, 3, 4) == b"3456"
        assert read_at(handle, 8, 100) == b"89"
        assert read_at(handle, 50, 1) == b""
        assert read_at(handle, 0, -5) == b""
    finally:
        os.close(handle)


def make_link(path):
    target = path.with_name("target")
    target.write_bytes(b"secret")
    path.symlink_to(target)


def make_dangling_link(path):
    path.symlink_to(path.with_name("nothing"))


def make_link_to_endless(path):
    path.symlink_to("/dev/zero")


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def open_descriptors():
    """How many this process has; where the system does not tell, 0."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.mark.parametrize(
    "make", [make_link, make_dangling_link, make_link_to_endless, os.mkfifo, make_socket, os.mkdir]
)
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_APPEND | os.O_CREAT])
def test_refuses_everything_else(tmp_path, monkeypatch, make, flags):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = tmp_path / "file"
    make(path if make is not make_socket else path.relative_to(tmp_path))
    before = open_descriptors()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the kind and on the system
        open_plain(path, flags)
    assert open_descriptors() == before


def test_a_missing_file_is_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "nothing", 1)
