"""What ``aggregate`` shows: a line of progress in a terminal, plain or JSON log lines elsewhere, on standard error."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TextIO

from wharf_tui.aggregator.journal import Entry, Level
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import format_rfc3339

_REDRAW_SECONDS = 0.5
_CLEAR_LINE = "\r\x1b[K"
_SHOWN = {Level.INFO: "", Level.WARNING: "warning: ", Level.ERROR: "error: "}


class AggregateOutput:
    """Prints entries as they come, and keeps a line of progress below them where there is a terminal.

    Args:
        metrics: what the progress is made of.
        log_format: ``text`` or ``json``.
        stream: where to print.
    """

    def __init__(self, metrics: Metrics, log_format: str, stream: TextIO | None = None) -> None:
        self._metrics = metrics
        self._stream = stream or sys.stderr
        self._as_json = log_format == "json"
        self._is_live = not self._as_json and self._stream.isatty()
        self._began = time.monotonic()

    def write(self, entry: Entry) -> None:
        """Print an entry."""
        if self._as_json:
            self._put(_json_line(entry) + "\n")
        elif self._is_live:
            text = clean_plain(f"{_SHOWN[entry.level]}{entry.message}{_fields(entry)}")
            self._put(f"{_CLEAR_LINE}{text}\n{self._progress()}")
        else:
            stamp = format_rfc3339(entry.at_ns // 1_000_000_000 * 1_000_000_000).decode()[:19]
            self._put(clean_plain(f"{stamp}Z {entry.level.name} {entry.message}{_fields(entry)}") + "\n")

    async def keep_drawing(self) -> None:
        """Redraw the line of progress until cancelled; nothing happens where there is no terminal."""
        if not self._is_live:
            return
        try:
            while True:
                self._put(_CLEAR_LINE + self._progress())
                await asyncio.sleep(_REDRAW_SECONDS)
        finally:
            self._put(_CLEAR_LINE)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def _progress(self) -> str:
        metrics = self._metrics
        lag = sum(metrics.lag.values())
        parts = [
            f"{len(metrics.lag)} copying, {sum(metrics.concluded.values())} done",
            f"{metrics.lines:,} lines",
            f"{metrics.lines / max(self.seconds, 0.001):,.0f}/s",
        ]
        if lag:
            parts.append(f"{lag:,} behind")
        if metrics.sink_problem:
            parts.append("the sink takes nothing")
        return clean_plain("  ".join(parts))

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _fields(entry: Entry) -> str:
    told = [f"{name}={value}" for name, value in entry.fields if value not in {"", None}]
    return f"  ({', '.join(told)})" if told else ""


def _json_line(entry: Entry) -> str:
    record = {
        "at": format_rfc3339(entry.at_ns).decode(),
        "level": entry.level.value,
        "message": entry.message,
        **dict(entry.fields),
    }
    return json.dumps(record, ensure_ascii=False)
