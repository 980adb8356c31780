"""One line shown at length: JSON and logfmt with a field on each row, and the frames of a progress bar.

What comes out is safe to show; nothing of the line's own text is changed but the white space between JSON's parts.
"""

from __future__ import annotations

import json
import re
from typing import Final

from wharf_tui.model.text import clean, clean_plain

LONGEST: Final = 1024 * 1024
"""Bytes of a line that is still taken apart."""
MOST_ROWS: Final = 10_000


def expanded(message: bytes) -> list[str] | None:
    """The rows of a line of JSON or logfmt; None where it is neither, or too long.

    Args:
        message: of the line, whole; text may stand before the JSON, and becomes the first row.
    """
    if len(message) > LONGEST:
        return None
    text = clean(message, limit=LONGEST).text
    rows = _json_rows(text) or _logfmt_rows(text)
    return [clean_plain(row) for row in rows[:MOST_ROWS]] if rows else None


def frames(message: bytes) -> list[bytes]:
    """The states of a line that was written over and over, the first first; they are messages of their own.

    Args:
        message: of the line; ``\\r`` begins a new state.
    """
    return [frame for frame in re.split(rb"\r+", message) if frame.strip()] or [b""]


def _json_rows(text: str) -> list[str] | None:
    for start in _JSON_START.finditer(text):
        body = text[start.start() :].rstrip()
        if _is_json(body):
            prefix = text[: start.start()].strip()
            return ([prefix] if prefix else []) + _indented(body)
        if start.start() > _PREFIX:
            break
    return None


def _is_json(text: str) -> bool:
    try:
        return bool(json.loads(text))
    except (ValueError, RecursionError):
        return False


def _indented(text: str) -> list[str]:
    """A row for each value, every token as it stands: numbers keep their digits, keys their order."""
    rows: list[str] = []
    row, depth, opened = "", 0, False
    for found in _TOKEN.finditer(text):
        part = found[0]
        if part in "]}":
            depth -= 1
            if not opened:
                rows.append(row)
                row = "  " * depth
            row, opened = row + part, False
            continue
        if opened:
            rows.append(row)
            row, opened = "  " * depth, False
        if part == ",":
            rows.append(row + part)
            row = "  " * depth
        else:
            row += ": " if part == ":" else part
        if part in "[{":
            depth, opened = depth + 1, True
        if len(rows) > MOST_ROWS:
            break
    return [*rows, row]


def _logfmt_rows(text: str) -> list[str] | None:
    pairs = list(_PAIR.finditer(text))
    covered = sum(len(pair[0]) for pair in pairs)
    if len(pairs) < _FEWEST_PAIRS or covered * 2 < len(text):
        return None
    width = min(max(len(pair[1]) for pair in pairs), _WIDEST_KEY)
    rest = [part.strip() for part in _PAIR.split(text)[:: _PAIR.groups + 1]]
    rows = [part for part in rest if part]
    return rows + [f"{pair[1].ljust(width)}  {_unquoted(pair[2])}" for pair in pairs]


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value


_JSON_START: Final = re.compile(r"[{\[]")
_PREFIX: Final = 300
"""Characters before the JSON at most."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s"\[\]{},:]+')
_PAIR: Final = re.compile(
    r'(?<![^\s,{(\[])([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*+"|[^\s",]*)(?=[\s,})\]]|$)'
)
_FEWEST_PAIRS: Final = 3
_WIDEST_KEY: Final = 24
