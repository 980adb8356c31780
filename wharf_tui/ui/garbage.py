"""Keeps Python's look for garbage short: it stops the whole viewer, keys included, for as long as it takes.

What it takes grows with what it looks at, and with what it finds: objects that hold themselves. Textual's strips do when
they are drawn whole, thousands in a second where a log is followed; measured, that was 20 ms a time (Textual 8).
"""

from __future__ import annotations

import gc
from functools import wraps
from typing import TYPE_CHECKING

from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_IS_MENDED = "_holds_no_strip_itself"


def let_strips_go() -> None:
    """A strip that is not cut does not keep itself as its only piece, so that it goes when nobody holds it."""
    divide = Strip.divide
    if hasattr(divide, _IS_MENDED):
        return

    @wraps(divide)
    def divide_or_whole(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
        within = [cut for cut in cuts if cut <= strip.cell_length]
        return [strip] if within == [strip.cell_length] else divide(strip, within)

    setattr(divide_or_whole, _IS_MENDED, True)
    Strip.divide = divide_or_whole  # type: ignore[method-assign,assignment]  # strips are made in many places of Textual


def spare_what_is_here() -> None:
    """Whatever there is now stays until the process ends: it is not looked over again."""
    gc.collect()
    gc.freeze()
