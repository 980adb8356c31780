"""Any text file as a log: its lines are messages, whole, and their times are read by whoever knows the format.

Nothing is copied: a gigabyte opens like a kilobyte, a growing file goes on, and a rotated one starts again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from wharf_tui.results.log_reader import LogReader

ReadTime = Callable[[bytes], int | None]
"""Nanoseconds since the epoch from a line; None where it has no time."""


def no_time(line: bytes) -> int | None:  # noqa: ARG001 - it is a ReadTime
    """For files whose lines have no times that we know."""
    return None


class TextFileReader(LogReader):
    """One text file. A last line without LF counts: nobody knows whether it will go on.

    Args:
        path: the file; the user named it, so links are followed.
        read_time: how its lines tell their time.
    """

    def __init__(self, path: Path, read_time: ReadTime = no_time) -> None:
        super().__init__(path.parent, take_unfinished_line=True)
        self.path = path
        self.read_time = read_time
        self._gap_path = path.parent / ".no-gaps"
        self._index_path = path.parent / ".no-index"

    def tell_time(self, read_time: ReadTime) -> None:
        """Read the lines' times in another way from now on."""
        self.read_time = read_time
        self.readings += 1

    def _look(self) -> os.stat_result:
        return self.path.stat()

    def _open_file(self) -> int | None:
        try:
            return os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return None

    def split(self, line: bytes) -> tuple[int | None, int]:
        """A line's time; its message starts with it."""
        return self.read_time(line), 0
