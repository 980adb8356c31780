"""Standard output as bytes: log lines are bytes, and must arrive as they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from wharf_tui.cli.line_format import LineStyle

_FLUSH_BYTES = 64 * 1024


class Output:
    """Collects bytes and writes them in large pieces. A reader that has gone away (``| head``) ends the printing."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.closed = False
        """Nobody reads any more."""

    def write(self, data: bytes) -> None:
        """Print, soon."""
        if self.closed:
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size >= _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Print now."""
        data, self._parts, self._size = b"".join(self._parts), [], 0
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            self.closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def terminal_style(
    *, as_json: bool = False, timestamps: bool = False, ids: bool = False, prefix: bool = False
) -> LineStyle:
    """The style for this standard output: harmless on a terminal, as it came in a pipe."""
    terminal = sys.stdout.isatty()
    return LineStyle(
        as_json=as_json,
        timestamps=timestamps,
        ids=ids,
        prefix=prefix,
        clean=terminal,
        colors=terminal and "NO_COLOR" not in os.environ,
    )


def echo_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows whose columns stand below each other; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
