"""The way back to what was seen: the command that shows a build again, at a line, for a shell, a note, a pull request."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wharf_tui.model.text import clean_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wharf_tui.results.build_reader import BuildReader
    from wharf_tui.ui.rows import Address

PROGRAM = "wharf-tui"


def command_of(again: Sequence[str], at: object = None) -> str:
    """A line that a shell can run; empty where nothing shows the build again.

    Args:
        again: as ``Feed.again``.
        at: the line's address; None is none.
    """
    if not again:
        return ""
    words = [PROGRAM, *again] + ([] if at is None else ["--at", str(at)])
    return clean_plain(shlex.join(words))


@dataclass(frozen=True, slots=True)
class Seen:
    """A build that somebody looked at, and where."""

    reader: BuildReader
    again: tuple[str, ...]
    """As ``Feed.again``."""
    at: Address | None = None
    """Where one was; None at the end, or where there was no line."""


class Trail:
    """The build that was looked at last, for whoever tells about it when the viewer has gone."""

    def __init__(self) -> None:
        self.last: Seen | None = None
