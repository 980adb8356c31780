"""Logs of others: text files, compressed ones, folders, and what comes through a pipe."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"one\ntwo \xff\x00\r\nthree"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_every_packing_is_known_by_its_bytes(wharf_tui, tmp_path: Path, pack) -> None:
    (tmp_path / "some.log").write_bytes(pack(TEXT))
    done = wharf_tui("logs", "some.log", "--ids")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"     1 one\n     2 two \xff\x00\r\n     3 three\n"


def test_several_gzip_members_are_all_read(wharf_tui, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert wharf_tui("logs", "a.gz").stdout == b"a\nb\n"


def test_a_cut_archive_gives_what_is_there_and_says_so(wharf_tui, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"line\n" * 100_000)[:-100])
    done = wharf_tui("logs", "a.gz")
    assert done.returncode == 3
    assert b"a.gz: it is damaged or cut off" in done.stderr
    assert done.stdout.startswith(b"line\nline\n")


def test_a_folder_is_its_files(wharf_tui, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text("from a\n")
    (folder / "b.log.gz").write_bytes(gzip.compress(b"from b\n"))
    assert wharf_tui("logs", "logs").stdout == b"a.log | from a\nb.log.gz | from b\n"


def test_standard_input(wharf_tui) -> None:
    done = wharf_tui("logs", "-", "--output", "json", stdin=b"hello\n")
    assert done.stdout == (
        b'{"stepId":1,"logId":1,"timestamp":null,"message":"hello","step":"standard input","stage":""}\n'
    )


def test_an_empty_folder_is_told(wharf_tui, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = wharf_tui("logs", "empty")
    assert done.returncode == 2
    assert b"holds no files" in done.stderr


def test_times_are_found_by_themselves(wharf_tui, tmp_path: Path) -> None:
    (tmp_path / "iso.log").write_text("2026-03-01T10:00:00.5Z one\nno time\n")
    (tmp_path / "epoch.log").write_text('{"ts":1772359201,"msg":"two"}\n')
    done = wharf_tui("logs", "iso.log", "--output", "json")
    assert b'"timestamp":"2026-03-01T10:00:00.500000000Z"' in done.stdout.splitlines()[0]
    assert b'"timestamp":null' in done.stdout.splitlines()[1]
    done = wharf_tui("logs", "epoch.log", "--output", "json")
    assert b'"timestamp":"2026-03-01T10:00:01.000000000Z"' in done.stdout
