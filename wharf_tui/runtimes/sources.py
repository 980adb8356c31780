"""The port between what follows running containers and the places where those run.

A source finds containers that nobody here has started, and takes their logs as a runtime takes those of its steps: into
a recorder, each line once. Nothing that it does may touch a container: none is ended, none waits for us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder


@dataclass(frozen=True, slots=True)
class History:
    """How much of what a container has printed before is taken. Nothing set means all that is still there.

    It counts for containers that are there at the start; those that join later are taken from their first line.
    """

    since_ns: int | None = None
    """Leave out lines that are older: nanoseconds since the epoch."""
    tail: int | None = None
    """Leave out all but so many lines of the end."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.since_ns is None and self.tail is None

    def describe(self) -> str:
        """What is said of a step of which not all is taken: it is no loss, but it must not look complete either."""
        if self.tail is not None:
            return f"followed from its last {self.tail} lines on: what is before them was left out on purpose"
        return "followed from the time that was asked for: what is before it was left out on purpose"


class FoundContainer(Protocol):
    """A container that has started. It becomes a step."""

    @property
    def group(self) -> str:
        """What it belongs to, where containers of several groups can be found (a namespace); else empty."""
        ...

    @property
    def name(self) -> str:
        """For people: the step's name."""
        ...


Found = TypeVar("Found", bound=FoundContainer)


class ContainerSource(Protocol[Found]):
    """Finds containers, and takes their logs: ``start`` once, then ``next`` and ``take`` side by side, ``stop`` always.

    A container is found once for as long as ``take`` follows it. One that is started again by its restart policy is
    still the same, and goes on in the same ``take``; one that somebody starts after ``take`` has ended is found again,
    and then begins where the ``take`` before ended.
    """

    name: str
    """``docker`` or ``kubernetes``."""

    @property
    def description(self) -> str:
        """What is followed, as the user has asked for it: ``docker -l app=shop``."""
        ...

    @property
    def may_grow(self) -> bool:
        """Whether containers may join when all that were found have ended; else following ends then by itself."""
        ...

    async def start(self) -> list[Found]:
        """Begin to watch; returns the containers that are there.

        Raises:
            RuntimeUnavailableError: the place is not there.
            RunError: it does not let us look, or a container that was named is not there.
        """
        ...

    async def next(self) -> list[Found]:
        """Wait for containers that have begun to match. Never returns without one.

        Raises:
            RuntimeUnavailableError: the place is away for too long.
        """
        ...

    async def take(self, found: Found, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        """Take a container's log until it has ended for good, or until nobody wants it any more.

        The outcome is the container's; where ``cancellation`` ended it, CANCELLED with its reason. Statuses are
        recorded on the way: RUNNING at first, and again with a reason when the container was started again, or with
        ``History.describe`` where not all is taken. What is lost, or may be, is recorded where it happened.

        Raises:
            StoreError: the recorder could not store.
            RunError: the log cannot be read.
        """
        ...

    async def stop(self) -> None:
        """Let go of everything; no container notices. May be called without ``start``, too."""
        ...
