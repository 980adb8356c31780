"""Takes lines of a log along: to the clipboard, or where there are too many for it into a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wharf_tui.model.lines import LogLine
from wharf_tui.ui import words
from wharf_tui.ui.clipboard import MOST_BYTES, clipboard_code, route

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharf_tui.ui.row_document import RowDocument

_MOST_FILE_BYTES: Final = 256 * 1024 * 1024


def selected_bytes(document: RowDocument, rows: range) -> tuple[bytes, int]:
    """The messages of some rows exactly as they came, each with an LF, and how many they are; gaps have none.

    Raises:
        InputError: the log cannot be read any more.
    """
    parts = [line.message + b"\n" for _, line in document.whole_lines(rows, _MOST_FILE_BYTES)]
    return b"".join(parts), len(parts)


def copy_rows(document: RowDocument, rows: range, place: str, write: Callable[[str], object]) -> str:
    """Copy some rows, and say what was done with them.

    Args:
        document: the log.
        rows: which of its rows, at least one.
        place: build and step; with the first line's ID it becomes a line of its own. Empty for none.
        write: sends a code to the terminal.

    Raises:
        InputError: the log cannot be read any more.
        OSError: the file cannot be written.
    """
    data, lines = selected_bytes(document, rows)
    if place:
        first = document.row(rows[0])
        data = f"{place}:{first.log_id if isinstance(first, LogLine) else 0}\n".encode() + data
    return copy(data, lines, write)


def copy(data: bytes, lines: int, write: Callable[[str], object]) -> str:
    """Copy some lines, and say what was done with them.

    Args:
        data: what to copy.
        lines: how many lines it has.
        write: sends a code to the terminal.

    Raises:
        OSError: the file cannot be written.
    """
    what = f"{words.lines(lines)} ({words.size(len(data))})"
    if len(data) <= MOST_BYTES:
        write(clipboard_code(data))
        return f"Sent {what} by {route()}. Whether it arrived cannot be known from here."
    handle, name = tempfile.mkstemp(prefix="wharf-tui-", suffix=".log")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return f"{what} are too much for a clipboard: written to {words.place(Path(name))}"
