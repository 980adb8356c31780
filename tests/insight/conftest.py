"""Small logs, made of the very bytes that a test wants in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader

MakeLog = Callable[..., LogReader]


@pytest.fixture
def make_log(tmp_path: Path) -> Iterator[MakeLog]:
    """Makes a counted reader of a log that consists of these bytes; each call makes another log."""
    readers: list[LogReader] = []

    def make(data: bytes, *, take_unfinished_line: bool = False) -> LogReader:
        folder = tmp_path / str(len(readers) + 1)
        folder.mkdir()
        (folder / layout.LOG).write_bytes(data)
        reader = LogReader(folder, take_unfinished_line=take_unfinished_line)
        reader.refresh()
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.close()
