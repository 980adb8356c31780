"""Where to go on in a log that is asked for again."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final, Protocol

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.align import Alignment, align
from wharf_tui.runtimes.kubernetes.log_position import LogPosition
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery

_TAILS: Final = (1000, 50_000)
"""How many lines of an ended log are read again, if that is enough."""
_PREVIOUS: Final = LogQuery(previous=True)
_SMALL_BYTES: Final = 4 * 1024 * 1024
"""A log of this size is read again as a whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on."""

    query: LogQuery
    """What to ask for."""
    skip: int = 0
    """How many lines of the answer are stored."""
    gap: str = ""
    """Why lines may be missing before those that follow; empty where none are."""
    is_end: bool = False
    """Whether the log has no more than that."""


class HashesOf(Protocol):
    """Asks for a log."""

    def __call__(self, query: LogQuery, *, ended: bool) -> array[int]:
        """Hashes of all lines of the answer."""


def find_place(position: LogPosition, hashes_of: HashesOf, *, ended: bool) -> Place | None:
    """Find out where what is stored ends in the log as it is now.

    Args:
        position: what is stored.
        hashes_of: asks for the log.
        ended: whether the container has, so that no more comes.

    Returns:
        The place; None where nothing of what is stored is in the log.
    """
    if not position.lines:
        return Place(LogQuery())
    found: Alignment | None = None
    for query in _queries(position, ended=ended):
        hashes = hashes_of(query, ended=ended)
        known = position.known(query.since_s)
        found = align(known.hashes, hashes, complete=known.complete and query.tail is None)
        if found is not None and found.proven:
            return Place(query, found.position, is_end=ended and found.position == len(hashes))
    if found is None:
        return None
    return Place(LogQuery(), found.position, gap="the cluster's log is not the same before this line")


def _queries(position: LogPosition, *, ended: bool) -> list[LogQuery]:
    """What to ask for, until it is enough. A limit by time hides lines that come after the clock went back."""
    if ended:
        return [*(LogQuery(tail=lines) for lines in _TAILS), LogQuery()]
    if position.bytes < _SMALL_BYTES:
        return [LogQuery()]
    return [LogQuery(since_s=position.reach_back()), LogQuery()]


def find_place_before_restart(position: LogPosition, hashes_of: HashesOf) -> Place | None:
    """The same in the log of the container as it was before it was started again; None where that is not it."""
    hashes = _hashes_before_restart(hashes_of)
    found = align(position.known(None).hashes, hashes)
    return Place(_PREVIOUS, found.position) if found is not None and found.proven else None


def find_unread_before_restart(former: LogPosition, hashes_of: HashesOf) -> Place | None:
    """Lines that the container printed before it was started again, where nothing is stored of what it prints since.

    Args:
        former: what is stored of the log that was read before.
        hashes_of: asks for the log.

    Returns:
        The place, in the former log or in one of which nothing is stored; None where all is stored.
    """
    hashes = _hashes_before_restart(hashes_of)
    found = align(former.known(None).hashes, hashes) if former.lines else None
    skip = found.position if found is not None else 0
    return Place(_PREVIOUS, skip) if skip < len(hashes) else None


def _hashes_before_restart(hashes_of: HashesOf) -> array[int]:
    try:
        return hashes_of(_PREVIOUS, ended=True)
    except RuntimeUnavailableError:
        raise
    except RunError:
        return array("q")  # it was not started again
