"""The command that shows a build again, at a line: for a shell, for a note, for a pull request."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from wharf_tui.model.text import clean_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

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
