"""Finds the place in a log, read again, where what is stored of it ends. Pure: lines are known by their hashes alone.

Times cannot tell the place: they are cut to seconds when asked for, lines share them, and they go backwards. What
tells it is that the last lines stored stand in the log, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where to go on."""

    position: int
    """How many lines at the answer's beginning are stored already. It may be too large where ``proven`` is not
    set, but never too small: nothing is stored twice."""
    proven: bool
    """Whether no other place is possible."""


def align(stored: Sequence[int], answer: Sequence[int], *, complete: bool = False) -> Alignment | None:
    """Find the place.

    A place is possible where all lines before it are stored in this order, as far as both reach. Among several, as
    where lines repeat, the one with the longest overlap is taken, and the last one of these.

    Args:
        stored: hashes of the last lines stored, oldest first.
        answer: hashes of the lines that the log has now, or of a run of them.
        complete: whether the answer cannot begin before the first of ``stored``. An answer that begins with all of
            them is then proven, even where lines repeat.

    Returns:
        The place; None where nothing that is stored is in the answer.
    """
    overlaps = _overlaps(stored, answer)
    count = len(stored)
    if complete:
        del overlaps[count + 1 :]
        if count and len(overlaps) > count and overlaps[count] == count:
            return Alignment(count, proven=True)
    possible = [place for place, overlap in enumerate(overlaps) if overlap and overlap == min(place, count)]
    if possible:
        return Alignment(max(possible, key=lambda place: (min(place, count), place)), len(possible) == 1)
    longest = max(overlaps)
    if not longest:
        return None
    return Alignment(max(place for place, overlap in enumerate(overlaps) if overlap == longest), proven=False)


def _overlaps(stored: Sequence[int], answer: Sequence[int]) -> list[int]:
    """For each place in the answer, 0 included: how many lines before it are the last ones of ``stored``.

    Both are read backwards, so that the common ends become common beginnings, which the Z algorithm counts in one go.
    """
    pattern, text = stored[::-1], answer[::-1]
    lengths = _common_beginnings(pattern, pattern)
    overlaps = _common_beginnings(text, pattern, lengths)
    overlaps.reverse()
    return [0, *overlaps]


def _common_beginnings(
    text: Sequence[int], pattern: Sequence[int], known: Sequence[int] | None = None
) -> list[int]:
    """For each place in ``text``: how far it goes like ``pattern``.

    Args:
        text: where to look.
        pattern: what to look for.
        known: the same for the pattern in itself; None where ``text`` is the pattern.
    """
    lengths: list[int] = []
    of_pattern = lengths if known is None else known
    size, start, end = len(pattern), 0, 0
    for place in range(len(text)):
        if known is None and place == 0:
            lengths.append(size)
            continue
        length = min(end - place, of_pattern[place - start]) if place < end else 0
        while length < size and place + length < len(text) and text[place + length] == pattern[length]:
            length += 1
        if place + length > end:
            start, end = place, place + length
        lengths.append(length)
    return lengths
