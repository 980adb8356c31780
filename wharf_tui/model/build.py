"""What a build is made of, and how far each part of it has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status


@dataclass(frozen=True, slots=True)
class StepInfo:
    """A step as the definition names it."""

    step_id: StepId
    stage: str
    name: str
    type: str = ""
    """Step type of the definition (``container``, ``docker``, ...); empty where unknown."""

    @property
    def address(self) -> str:
        """``stage/step``, or ``step 3`` where names are not known."""
        if self.stage and self.name:
            return f"{self.stage}/{self.name}"
        return self.name or f"step {self.step_id}"


@dataclass(frozen=True, slots=True)
class StepState:
    """A step and how far it has come."""

    info: StepInfo
    status: Status = Status.PENDING
    started_ns: int | None = None
    """When it left Pending."""
    finished_ns: int | None = None
    exit_code: int | None = None
    reason: str = ""
    """Why it failed, was cancelled or was skipped; or what it waits for."""
    skipped: bool = False
    """It will never run: its stage's ``runs-if`` did not hold, or the build ended before."""
    last_log_id: int | None = None
    """Set when the step's log is frozen: the number of its last line."""

    def with_status(self, status: Status, at_ns: int | None, reason: str = "") -> StepState:
        """The state after an event; the first non-pending event starts the clock, a final one stops it.

        The same status again changes nothing but the reason.
        """
        if status is self.status:
            return replace(self, reason=reason or self.reason)
        started = self.started_ns
        if started is None and status is not Status.PENDING:
            started = at_ns
        finished = at_ns if status.is_final else None
        return replace(
            self, status=status, started_ns=started, finished_ns=finished, reason=reason or self.reason
        )


class Liveness(Enum):
    """Whether a stored build may still grow."""

    RUNNING = "running"
    """Its writer's lock is held."""
    FROZEN = "frozen"
    """It ended, and said so."""
    UNFINISHED = "unfinished"
    """Its writer is gone without an end: killed, or the machine went down."""
    UNKNOWN = "unknown"
    """A folder of wharf-cmd's: its files do not tell."""


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """A build as ``build.json`` keeps it."""

    build_id: BuildId
    steps: tuple[StepState, ...] = ()
    """In order of step ID."""
    source: str = ""
    """Where it came from: the definition's path, or a worker's address."""
    runtime: str = ""
    """``docker``, ``kubernetes`` or ``process``; empty where unknown."""
    environment: str = ""
    started_ns: int | None = None
    finished_ns: int | None = None
    result: Status | None = None
    """Set when the build is frozen."""
    uid: str = ""
    """Names this very build, wherever it is copied to; no other build has it."""
    epoch: str = ""
    """Changes when a store whose writer died is opened for writing or serving again."""
    problem: str = ""
    """Why the build failed where no step did."""

    @property
    def frozen(self) -> bool:
        """Whether nothing can be added any more."""
        return self.result is not None
