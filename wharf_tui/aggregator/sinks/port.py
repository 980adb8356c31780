"""What every sink understands. All calls block; each sink is used by one thread at a time.

The rule that makes a copy exact: what is committed decides where to go on, never what was sent. So ``begin`` and
``commit`` tell how far each step has come in the sink, and a caller that is ahead of that goes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent


class BuildState(Enum):
    """What the sink can say of a build. The value is the word that it stores."""

    RUNNING = "running"
    """More may come."""
    COMPLETE = "complete"
    """It ended, and all of its lines are here."""
    INCOMPLETE = "incomplete"
    """It ended, or its source is gone, and lines are missing, or nobody can prove that none are."""
    DISPUTED = "disputed"
    """A line came again with another text: what was stored first stays, and nothing is added."""


@dataclass(frozen=True, slots=True)
class Header:
    """A build as it stands at its source."""

    info: BuildInfo
    status: Status
    """What all of its steps make together; never an end before the build has ended."""
    origin: str
    """Where it is copied from, for people: a worker's address, a folder, a pod."""


@dataclass(frozen=True, slots=True)
class Run:
    """Whole lines of one step with dense IDs, in the form of the file; without lines it is a hole that is passed over."""

    step_id: StepId
    after: int
    """What must be committed before: the ID before the first line, or before the hole."""
    first_log_id: int
    count: int
    data: bytes = field(repr=False)

    @property
    def last_log_id(self) -> int:
        """ID up to which the step is accounted for behind this."""
        return self.first_log_id + self.count - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What is committed in one piece, or not at all."""

    build: int
    """The sink's key of the build."""
    header: Header
    epoch: str
    """The source's epoch, once all that is committed has been copied or compared under it; else the one before."""
    steps: tuple[StepState, ...] = ()
    """States that have changed; every step that something else here belongs to is among these or was before."""
    gaps: tuple[tuple[StepId, Gap], ...] = ()
    runs: tuple[Run, ...] = ()
    """In order of their IDs, for each step."""
    events: tuple[tuple[StepId, StatusEvent], ...] = ()
    artifacts: tuple[tuple[StepId, ArtifactEvent], ...] = ()

    @property
    def lines(self) -> int:
        """How many lines it carries."""
        return sum(run.count for run in self.runs)


@dataclass(frozen=True, slots=True)
class Registered:
    """A build that the sink knows, and how far it has come there."""

    build: int
    state: BuildState
    epoch: str
    """The source's epoch when lines were last committed; under another one, what is stored is compared first."""
    copied_to: Mapping[StepId, int]
    """ID up to which each step is committed, holes counted in."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The same line came with another text."""

    step_id: StepId
    log_id: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that the sink does not take."""

    step_id: StepId
    log_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit went: what is committed now, and what stopped it."""

    copied_to: Mapping[StepId, int]
    new_lines: int
    conflict: Conflict | None = None
    refusal: Refusal | None = None
    is_disputed: bool = False
    """A line of the build came with another text before: nothing of this batch is stored."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The end of a build's copy."""

    build: int
    header: Header
    state: BuildState
    what_is_missing: str
    """Why it is not complete, as far as its source tells; empty where it is."""
    last_log_ids: Mapping[StepId, int] | None
    """ID of each step's last line at its source; None where the source cannot tell its end, so that nothing is counted."""


@dataclass(frozen=True, slots=True)
class PodReport:
    """A worker pod that will not deliver its build as it should."""

    pod_uid: str
    namespace: str
    pod: str
    number: int | None
    """The build's number as the pod's label tells it."""
    kind: str
    """``failed``, ``stuck`` or ``vanished``."""
    reason: str
    message: str
    events: tuple[str, ...] = ()
    """What the cluster recorded of the pod, oldest first, a line each."""
    log: tuple[str, ...] = ()
    """The last lines of its containers."""
    noticed_ns: int = 0


class Sink(Protocol):
    """One connection to a place that builds are copied to.

    Every method may raise ``UnreachableError``, ``StoreBusyError`` or ``StorageFullError``: try the same again later.
    ``InputError`` is about one build, which the sink cannot take. Any other ``WharfError`` is about the sink, and final.
    """

    @property
    def name(self) -> str:
        """For people; without a password."""
        ...

    def open(self) -> None:
        """Connect, and bring the schema up to date."""
        ...

    def begin(self, uid: str, header: Header) -> Registered:
        """Make a build known, or find it, and tell how far it has come."""
        ...

    def state_of(self, uid: str) -> BuildState | None:
        """What the sink says of a build; None where it does not know it."""
        ...

    def state_of_origin(self, origin: str) -> BuildState | None:
        """What the sink says of the newest build from there; None where there is none."""
        ...

    def find_twin(self, origin: str, step_id: StepId, log_id: int, at_ns: int, message: bytes) -> str | None:
        """The uid of the build from ``origin`` that has exactly this line; None where there is none.

        It is asked for builds whose source gives them no name of their own.
        """
        ...

    def commit(self, batch: Batch) -> Committed:
        """Store a batch: all of it or nothing, but for lines in front of one that is refused."""
        ...

    def conclude(self, conclusion: Conclusion) -> tuple[str, ...]:
        """Count what is stored, then mark the end; tells what does not add up, a sentence each.

        A build that does not add up is marked incomplete whatever the caller says.
        """
        ...

    def report_pod(self, report: PodReport) -> None:
        """Keep what became of a worker pod."""
        ...

    def interrupt(self) -> None:
        """From another thread: let a call that waits for an answer fail soon."""
        ...

    def close(self) -> None:
        """Disconnect. May be called twice."""
        ...
