"""What a stored build has that its sink does not have yet, in batches of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from wharf_tui.aggregator.sinks.port import Batch, Header, Run
from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import Gap
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent, combined_status
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.log_cursor import LogCursor
from wharf_tui.results.manifest import read_manifest

BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of log in one batch, but for a line that is longer."""
_SMALLEST_READ = 64 * 1024


@dataclass(slots=True)
class _StepTail:
    """One step's place, and what has been told of it."""

    cursor: LogCursor
    position: int
    """ID up to which the step has been handed on."""
    settled: int
    """ID up to which the sink has answered for what was handed on."""
    state: StepState | None = None
    gaps: set[Gap] = field(default_factory=set)
    events: set[StatusEvent] = field(default_factory=set)
    artifacts: set[ArtifactEvent] = field(default_factory=set)


class BuildTail:
    """Reads one build's folder from where the sink stands. Used by one thread at a time.

    Args:
        path: the build's folder.
        origin: where it is copied from, for people.
        is_copy: whether the folder is the copy of a worker's build: that nobody writes it says nothing of the build.
        number: the build's number where the folder does not tell it; 0 is none.
        takes_unfinished_lines: whether a last line without LF may count once its step has ended: only in folders of
            wharf-cmd's, whose lines are ended so. Elsewhere it is what a killed writer left of a line.
    """

    def __init__(
        self,
        path: Path,
        origin: str,
        *,
        number: int = 0,
        is_copy: bool = False,
        takes_unfinished_lines: bool = False,
    ) -> None:
        self.reader = BuildReader.open(path)
        self._origin = origin
        self._number = BuildId(number)
        self.is_copy = is_copy
        self._takes_unfinished_lines = takes_unfinished_lines
        self._steps: dict[StepId, _StepTail] = {}
        self._copied_to: Mapping[StepId, int] = {}

    @property
    def header(self) -> Header:
        """The build as it stands."""
        if not self.is_copy or self.reader.liveness is not Liveness.UNFINISHED:
            return self.last_header
        steps = self._steps_as_told()
        status = combined_status(step.status for step in steps if not step.skipped)
        info = replace(self.last_header.info, steps=steps)
        return Header(info, Status.RUNNING if status.is_final else status, self._origin)

    @property
    def last_header(self) -> Header:
        """The build as it must be taken to stand if nothing more comes."""
        info = self.reader.info
        if not info.build_id:
            info = replace(info, build_id=self._number)
        return Header(info, self.reader.status, self._origin)

    def begin(self, copied_to: Mapping[StepId, int]) -> None:
        """Start behind these lines; a step that is not named starts at its first line."""
        self._copied_to = copied_to
        self._steps.clear()

    def refresh(self) -> None:
        """Look at the folder again.

        Raises:
            InputError: it cannot be read any more.
        """
        self.reader.refresh()
        for step in self.reader.info.steps:
            log = self.reader.log(step.info.step_id)
            log.take_unfinished_line = (
                self._takes_unfinished_lines
                and self.reader.liveness is Liveness.UNKNOWN
                and step.status.is_final
            )
            log.refresh()

    def next_batch(self, build: int, epoch: str, max_bytes: int = BATCH_BYTES) -> Batch | None:
        """What comes next; None where the sink has all that was there at the last ``refresh``.

        The batch counts as handed on; tell what became of it with ``settle`` or ``take_back``.
        """
        header = self.header
        steps: list[StepState] = []
        gaps: list[tuple[StepId, Gap]] = []
        runs: list[Run] = []
        events: list[tuple[StepId, StatusEvent]] = []
        artifacts: list[tuple[StepId, ArtifactEvent]] = []
        budget = max(_SMALLEST_READ, max_bytes // max(1, self._steps_behind()))
        for step in header.info.steps:
            step_id = step.info.step_id
            tail = self._tail(step_id)
            if tail.state != step:
                tail.state = step
                steps.append(step)
            gaps += [(step_id, gap) for gap in self.reader.log(step_id).gaps if gap not in tail.gaps]
            tail.gaps.update(self.reader.log(step_id).gaps)
            events += [
                (step_id, event) for event in self.reader.statuses(step_id) if event not in tail.events
            ]
            tail.events.update(self.reader.statuses(step_id))
            known = self.reader.artifacts(step_id)
            artifacts += [(step_id, event) for event in known if event not in tail.artifacts]
            tail.artifacts.update(known)
            if max_bytes > 0:
                new = self._read(step_id, tail, min(budget, max_bytes))
                runs += new
                max_bytes -= sum(len(run.data) for run in new)
        if not (steps or gaps or runs or events or artifacts):
            return None
        return Batch(
            build, header, epoch, tuple(steps), tuple(gaps), tuple(runs), tuple(events), tuple(artifacts)
        )

    def settle(self, committed: Mapping[StepId, int]) -> None:
        """The sink has committed this much; where that is less than what was handed on, the rest is handed on again."""
        self._copied_to = committed
        for step_id, tail in tuple(self._steps.items()):
            last = committed.get(step_id, 0)
            if last < tail.position:
                self._go_back(step_id, last)
            else:
                tail.settled = tail.position

    def take_back(self) -> None:
        """Nobody knows whether the last batch was committed: it is handed on again."""
        for step_id, tail in tuple(self._steps.items()):
            self._go_back(step_id, tail.settled)

    def is_past(self, copied_to: Mapping[StepId, int]) -> bool:
        """Whether every step has been handed on up to these lines."""
        return all(
            step_id in self._steps and self._steps[step_id].position >= last
            for step_id, last in copied_to.items()
            if last
        )

    @property
    def lines_behind(self) -> int:
        """IDs that are there and have not been handed on."""
        return sum(
            max(0, self.reader.log(step.info.step_id).last_log_id - self._position(step.info.step_id))
            for step in self.reader.info.steps
        )

    @property
    def bytes_handed_on(self) -> int:
        """Bytes of the logs up to where they have been handed on."""
        logs = ((self.reader.log(step.info.step_id), step.info.step_id) for step in self.reader.info.steps)
        return sum(log.offset_of(log.line_of(self._position(step_id) + 1)) for log, step_id in logs)

    @property
    def last_log_ids(self) -> dict[StepId, int]:
        """ID of each step's last line, holes counted in."""
        return {
            step.info.step_id: self.reader.log(step.info.step_id).last_log_id
            for step in self.reader.info.steps
        }

    def close(self) -> None:
        """Close all files."""
        self.reader.close()

    def _steps_as_told(self) -> tuple[StepState, ...]:
        """The steps as the worker told them last."""
        manifest, _ = read_manifest(self.reader.path / layout.MANIFEST)
        told = {step.info.step_id: step for step in manifest.steps} if manifest is not None else {}
        return tuple(told.get(step.info.step_id, step) for step in self.reader.info.steps)

    def _position(self, step_id: StepId) -> int:
        tail = self._steps.get(step_id)
        return self._copied_to.get(step_id, 0) if tail is None else tail.position

    def _steps_behind(self) -> int:
        return sum(
            self.reader.log(step.info.step_id).last_log_id > self._position(step.info.step_id)
            for step in self.reader.info.steps
        )

    def _tail(self, step_id: StepId) -> _StepTail:
        if step_id not in self._steps:
            start = self._copied_to.get(step_id, 0)
            self._steps[step_id] = _StepTail(LogCursor(self.reader.log(step_id), start), start, start)
        return self._steps[step_id]

    def _read(self, step_id: StepId, tail: _StepTail, max_bytes: int) -> list[Run]:
        """At most one run of lines, with the holes around it."""
        runs: list[Run] = []
        parts: list[bytes] = []
        first, count = 0, 0
        while block := tail.cursor.read(max_bytes):
            first = first or block.first_log_id
            parts.append(block.data)
            count += block.line_ends
            if block.is_whole:
                break
        if count:
            runs += self._hole(step_id, tail, first - 1)
            runs.append(Run(step_id, first - 1, first, count, b"".join(parts)))
            tail.position = first + count - 1
        if not tail.cursor.is_behind:
            runs += self._hole(step_id, tail, self.reader.log(step_id).last_log_id)
        return runs

    def _go_back(self, step_id: StepId, last: int) -> None:
        self._steps[step_id] = _StepTail(LogCursor(self.reader.log(step_id), last), last, last)

    def _hole(self, step_id: StepId, tail: _StepTail, up_to: int) -> list[Run]:
        if up_to <= tail.position:
            return []
        hole = Run(step_id, tail.position, up_to + 1, 0, b"")
        tail.position = up_to
        return [hole]
