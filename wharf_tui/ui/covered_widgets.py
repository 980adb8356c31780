"""Widgets, and lines of widgets, that others cover are not drawn.

Textual draws all of them, from front to back, and cuts each of their lines wherever any widget begins or ends; then it
takes what lies in front. Here a line is drawn only where something of it is still missing: with four logs side by side on
200 by 50 cells, a third of the time went into containers of which nothing is seen (Textual 8).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from textual._compositor import Compositor
from textual.geometry import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from textual.strip import Strip


def skip_covered_widgets() -> None:
    """Let all screens be put together that way."""
    Compositor._render_chops = _render_seen  # type: ignore[method-assign,assignment]  # noqa: SLF001  one place for it


def _render_seen(
    compositor: Compositor, crop: Region, is_rendered_line: Callable[[int], bool]
) -> Sequence[Mapping[int, Strip | None]]:
    """For each line of the screen its pieces, from where each begins; None where nothing is to be drawn.

    Args:
        compositor: knows where widgets are, and which is in front.
        crop: the part of the screen that is to be drawn.
        is_rendered_line: whether a line in it is.
    """
    cuts = compositor.cuts
    pieces: list[dict[int, Strip | None]] = [dict.fromkeys(line_cuts[:-1]) for line_cuts in cuts]
    missing = {
        y: set(_within(cuts[y], crop.x, crop.right)[:-1])
        for y in range(max(crop.y, 0), min(crop.bottom, len(cuts)))
        if is_rendered_line(y)
    }
    for widget, (region, clip) in compositor.visible_widgets.items():
        if not missing:
            break
        seen = region.intersection(clip)
        if not crop.overlaps(seen):
            continue
        lines = list(_seen_lines(seen, cuts, missing))
        if not lines:
            continue
        top, bottom = lines[0][0], lines[-1][0] + 1
        strips = widget.render_lines(Region(seen.x - region.x, top - region.y, seen.width, bottom - top))
        for y, line_cuts in lines:
            if y - top >= len(strips):
                break
            for cut, piece in zip(
                line_cuts, strips[y - top].divide([cut - seen.x for cut in line_cuts[1:]]), strict=False
            ):
                if pieces[y][cut] is None:
                    pieces[y][cut] = piece
                    missing[y].discard(cut)
            if not missing[y]:
                del missing[y]
    return pieces


def _seen_lines(
    seen: Region, cuts: list[list[int]], missing: dict[int, set[int]]
) -> Iterator[tuple[int, list[int]]]:
    """The lines of a widget of which something is missing, with the cuts that go through it."""
    for y in seen.line_range:
        if y in missing:
            line_cuts = _within(cuts[y], seen.x, seen.right)
            if not missing[y].isdisjoint(line_cuts[:-1]):
                yield y, line_cuts


def _within(cuts: list[int], start: int, end: int) -> list[int]:
    """The cuts of the pieces that lie in some columns, in part or whole, and the end of the last one."""
    first = bisect_left(cuts, start + 1) - 1
    return cuts[max(first, 0) : bisect_left(cuts, end) + 1]
