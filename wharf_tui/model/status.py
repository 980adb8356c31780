"""The states that a step passes through, and the words that wharf-cmd's files have for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """State of a step or of a whole build. The value is the word that stands in ``status.json``."""

    PENDING = "None"
    SCHEDULING = "Scheduling"
    INITIALIZING = "Initializing"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self in _FINAL

    @property
    def label(self) -> str:
        """The word for people."""
        return "Pending" if self is Status.PENDING else self.value

    @classmethod
    def from_word(cls, word: str) -> Status:
        """Read a stored word, in any case; what is not known is UNKNOWN."""
        return _BY_WORD.get(word.lower(), cls.UNKNOWN)


_FINAL = frozenset({Status.SUCCESS, Status.FAILED, Status.CANCELLED})
_BY_WORD = {status.value.lower(): status for status in Status} | {"pending": Status.PENDING}


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One change of a step's state."""

    event_id: int
    """Counts from 1 within the step."""
    status: Status
    at_ns: int | None
    """Nanoseconds since the Unix epoch, UTC; None where the source gave no time."""


@dataclass(frozen=True, slots=True)
class ArtifactEvent:
    """One artifact that a step has made known."""

    artifact_id: int
    name: str


def combined_status(statuses: Iterable[Status]) -> Status:
    """State of a whole from the states of its parts: it never claims an end before all parts have ended.

    A failure counts over a cancellation, since cancelled parts are mostly the failure's consequence.
    """
    parts = set(statuses)
    if not parts or parts == {Status.PENDING}:
        return Status.PENDING
    if parts <= _FINAL:
        for verdict in (Status.FAILED, Status.CANCELLED):
            if verdict in parts:
                return verdict
        return Status.SUCCESS
    if parts == {Status.UNKNOWN}:
        return Status.UNKNOWN
    if parts <= {Status.PENDING, Status.SCHEDULING}:
        return Status.SCHEDULING
    if parts <= {Status.PENDING, Status.SCHEDULING, Status.INITIALIZING}:
        return Status.INITIALIZING
    return Status.RUNNING
