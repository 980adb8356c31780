"""Keeps Python's look for garbage short: it stops the whole viewer, keys included, for as long as it takes.

What it takes grows with what it looks at, and with what it finds: objects that hold themselves. Textual's strips do when
they are drawn whole, thousands in a second where a log is followed; measured, that was 20 ms a time. Each of them also
brings seven caches, of which it needs one or none: that was a tenth of all drawing (Textual 8).
"""

from __future__ import annotations

import gc
from functools import wraps
from typing import TYPE_CHECKING

from textual.cache import FIFOCache
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.segment import Segment

_IS_MENDED = "_holds_no_strip_itself"
_NOT_YET_KNOWN = ("_render_cache", "_link_ids", "_cell_count")
"""What a new strip has beside its caches, and what it is made from: None."""


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


def make_caches_late() -> None:
    """A strip gets each of its caches when it is asked for first."""
    sample = Strip([])
    sizes = {
        name: cache._maxsize  # noqa: SLF001  nobody else tells how large they are meant to be
        for name in Strip.__slots__
        if isinstance(cache := getattr(sample, name), FIFOCache)
    }
    if {*Strip.__slots__} - {*sizes} != {"_segments", "_cell_length", *_NOT_YET_KNOWN}:
        return  # not the strips that we know

    def init(strip: Strip, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        strip._segments = list(segments)  # noqa: SLF001
        strip._cell_length = cell_length  # noqa: SLF001
        strip._render_cache = strip._link_ids = strip._cell_count = None  # noqa: SLF001

    def late(strip: Strip, name: str) -> FIFOCache[object, object]:
        if name not in sizes:
            raise AttributeError(f"a strip has no {name!r}", name=name, obj=strip)
        cache: FIFOCache[object, object] = FIFOCache(sizes[name])
        setattr(strip, name, cache)
        return cache

    Strip.__init__ = init  # type: ignore[method-assign,assignment]
    Strip.__getattr__ = late  # type: ignore[attr-defined]


def spare_what_is_here() -> None:
    """Whatever there is now stays until the process ends: it is not looked over again."""
    gc.collect()
    gc.freeze()
