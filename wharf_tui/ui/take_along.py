"""Takes bytes along: to a clipboard, or where they are too many for one into a file. It says which, and no more than it knows."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from wharf_tui.results.os_errors import writing
from wharf_tui.ui import words
from wharf_tui.ui.clipboard import MOST_BYTES, MOST_TOOL_BYTES, ClipboardTool, clipboard_code, hand_to, route

if TYPE_CHECKING:
    from collections.abc import Callable


class Parcel:
    """What is to be taken along, while it is collected: in memory up to what a clipboard takes, then in a file.

    Args:
        tool: the clipboard's program, where there is one; it takes more than a terminal does.
    """

    def __init__(self, tool: ClipboardTool | None) -> None:
        self._most = MOST_BYTES if tool is None else MOST_TOOL_BYTES
        self._tool = tool
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self.size = 0
        """Bytes so far."""

    def add(self, data: bytes) -> None:
        """Append.

        Raises:
            StoreError: the file cannot be written.
        """
        self.size += len(data)
        if self._file is None and self.size > self._most:
            self._begin_file()
        if self._file is None:
            self._parts.append(data)
            return
        with writing("write", self._path or Path()):
            self._file.write(data)

    def send(self, what: str, write: Callable[[str], object]) -> str:
        """Take it along, and say what was done.

        Args:
            what: what it is, for people: ``4 lines (1.2 KB)``.
            write: sends a code to the terminal.

        Raises:
            StoreError: the file cannot be written.
        """
        if self._file is None:
            data = b"".join(self._parts)
            complaint = ""
            if self._tool is not None:
                complaint = hand_to(self._tool, data)
                if not complaint:
                    return self._tool.claim(what)
            if self.size <= MOST_BYTES:
                write(clipboard_code(data))
                told = f"Sent {what} by {route()}. Whether it arrived cannot be known from here."
                return f"{complaint}. {told}" if complaint else told
            self._begin_file()
        return self._keep_file(what)

    def drop(self) -> None:
        """Forget it."""
        self._parts.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._path = None

    def _begin_file(self) -> None:
        with writing("write into", Path(tempfile.gettempdir())):
            handle, name = tempfile.mkstemp(prefix="wharf-tui-", suffix=".log")
            self._path, self._file = Path(name), os.fdopen(handle, "wb")
            self._file.writelines(self._parts)
        self._parts.clear()

    def _keep_file(self, what: str) -> str:
        assert self._file is not None
        assert self._path is not None
        path = self._path
        with writing("write", path):
            self._file.close()
        self._file, self._path = None, None
        return f"Too much for a clipboard: {what}, written to {words.place(path)}"
