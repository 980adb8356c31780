"""The local copy of a remote build: an ordinary store, named for the build, so that a second attach goes on where the first stopped.

Only contiguous lines go in, so what lies here is right at every moment, and can be opened without the worker.
"""

from __future__ import annotations

import hashlib
from bisect import insort
from dataclasses import replace
from pathlib import Path

from wharf_tui.attach.sequencer import AheadBudget, Run, Sequencer
from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.errors import NotABuildError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.event_files import read_artifact_events
from wharf_tui.results.log_reader import LogReader


class Mirror:
    """Writes one remote build into a local store, through one sequencer a step."""

    def __init__(self, store: BuildWriter) -> None:
        self.store = store
        self.lines = 0
        """Lines that have been stored since this was opened."""
        self.bytes = 0
        self.has_gaps = False
        """Whether the worker lacks lines, or we gave some up."""
        self._sequencers: dict[StepId, Sequencer] = {}
        self._ahead = AheadBudget()
        self._events: dict[StepId, tuple[StatusEvent, ...]] = {}
        self._artifacts: dict[StepId, dict[int, ArtifactEvent]] = {}
        self._unstored_artifacts: set[StepId] = set()
        self._late_gaps: dict[StepId, list[Gap]] = {}
        for step_id in self.step_ids:
            self.sequencer(step_id)

    @property
    def path(self) -> Path:
        """The copy's folder."""
        return self.store.path

    def sequencer(self, step_id: StepId) -> Sequencer:
        """A step's sequencer; it starts behind what is stored."""
        if step_id not in self._sequencers:
            stored = LogReader(layout.step_dir(self.path, step_id))
            stored.refresh()
            stored.close()
            self.has_gaps = self.has_gaps or bool(stored.gaps)
            self._sequencers[step_id] = Sequencer(stored.last_log_id, self._ahead)
        return self._sequencers[step_id]

    @property
    def step_ids(self) -> tuple[StepId, ...]:
        """Steps of which something is known."""
        return tuple(sorted({*self._sequencers, *(step.info.step_id for step in self.store.info.steps)}))

    def last_log_id(self, step_id: StepId) -> int:
        """ID of the last line that is stored."""
        return self.sequencer(step_id).next_log_id - 1

    @property
    def must_ask_again(self) -> bool:
        """Whether lines had to be let go that only a new stream brings again."""
        return any(sequencer.must_ask_again for sequencer in self._sequencers.values())

    def start_over(self) -> None:
        """A new stream begins, which brings everything behind ``last_log_id`` of each step."""
        for sequencer in self._sequencers.values():
            sequencer.start_over()
        self._late_gaps.clear()

    def feed(self, step_id: StepId, first_log_id: int, data: bytes) -> None:
        """Take a piece of a step's log, in any order.

        Raises:
            StoreError: it cannot be stored.
        """
        runs = self.sequencer(step_id).feed(first_log_id, data)
        if runs:
            self._advance(step_id, runs)

    def take_gap(self, step_id: StepId, gap: Gap) -> None:
        """Record what the worker lacks itself, as soon as the lines before it are here."""
        insort(self._late_gaps.setdefault(step_id, []), gap, key=lambda each: each.after)
        self._advance(step_id, [])

    def close_hole(self, step_id: StepId, reason: str) -> bool:
        """Give up waiting for the first hole of a step: record it, and store what waited behind it."""
        hole = self.sequencer(step_id).first_hole()
        if hole is None:
            return False
        gap = Gap(GapKind.HOLE, LogId(hole[0] - 1), hole[1] - hole[0] + 1, reason)
        self._advance(step_id, self._put_gap(step_id, gap))
        return True

    def note_unproved_end(self, step_id: StepId) -> None:
        """The worker went away without a clean end: nobody can tell whether these were the step's last lines."""
        after = LogId(self.last_log_id(step_id))
        reason = "the worker went away before its streams ended; lines may be missing here"
        self._put_gap(step_id, Gap(GapKind.LOST_BEFORE_US, after, 0, reason))

    def take_build(self, info: BuildInfo, events: dict[StepId, tuple[StatusEvent, ...]]) -> None:
        """Take over the worker's word on steps and statuses. What is frozen there is frozen here only by ``finish``."""
        self.store.replace_info(replace(info, result=None, finished_ns=None))
        for step_id, of_step in events.items():
            if of_step and self._events.get(step_id) != of_step:
                self._events[step_id] = of_step
                self.store.replace_events(step_id, of_step)

    def take_artifact(self, step_id: StepId, event: ArtifactEvent) -> None:
        """Take an artifact event, in any order, and any number of times; it counts once ``store_artifacts`` is called."""
        if step_id not in self._artifacts:
            path = layout.step_dir(self.path, step_id) / layout.ARTIFACTS
            self._artifacts[step_id] = {each.artifact_id: each for each in read_artifact_events(path)[0]}
        if event.artifact_id not in self._artifacts[step_id]:
            self._artifacts[step_id][event.artifact_id] = event
            self._unstored_artifacts.add(step_id)

    def store_artifacts(self) -> None:
        """Store the artifact events that have come.

        Raises:
            StoreError: they cannot be stored.
        """
        for step_id in tuple(self._unstored_artifacts):
            events = self._artifacts[step_id].values()
            self.store.replace_artifacts(step_id, tuple(sorted(events, key=lambda each: each.artifact_id)))
            self._unstored_artifacts.discard(step_id)

    def finished_logs(self) -> list[StepId]:
        """Steps that print no more, and whose lines are all here: their logs need not stay open."""
        return [
            step.info.step_id
            for step in self.store.info.steps
            if step.last_log_id is not None and step.last_log_id <= self.last_log_id(step.info.step_id)
        ]

    def add_step(self, step: StepState) -> None:
        """Make a step known that a worker has shown only by a line or an event."""
        self.store.add_steps((step,))

    def add_status(self, step: StepState, event: StatusEvent) -> None:
        """Take one status event of a worker that tells nothing else; events may come in any order, and twice."""
        step_id = step.info.step_id
        known = self._events.get(step_id, ())
        if any(each.event_id == event.event_id for each in known):
            return
        events = tuple(sorted((*known, event), key=lambda each: each.event_id))
        self._events[step_id] = events
        for each in events:
            step = step.with_status(each.status, each.at_ns)
        self.add_step(step)
        self.store.replace_events(step_id, events)
        self.store.update_step(step_id, lambda _: step)

    def is_complete(self, last: dict[StepId, int]) -> bool:
        """Whether every step is contiguous up to the last line that the worker has of it."""
        return all(self.last_log_id(step_id) == log_id for step_id, log_id in last.items())

    def finish(self, result: Status, finished_ns: int | None, problem: str) -> None:
        """The build ended, and all of it is here."""
        self.store.freeze(result, problem, finished_ns)

    def close(self) -> None:
        """Stop for now; the copy can be gone on with."""
        self.store.close()

    def _advance(self, step_id: StepId, runs: list[Run]) -> None:
        """Store runs that follow each other, the gaps between them, and what waited behind those."""
        while True:
            for run in runs:
                self.store.log(step_id).append_stored(run.data)
                self.lines += run.count
                self.bytes += len(run.data)
            gap = self._next_gap(step_id)
            if gap is None:
                return
            runs = self._put_gap(step_id, gap)

    def _next_gap(self, step_id: StepId) -> Gap | None:
        """The next gap whose place has been reached."""
        waiting, last = self._late_gaps.get(step_id, []), self.last_log_id(step_id)
        while waiting and waiting[0].after <= last:
            gap = waiting.pop(0)
            if not gap.missing or gap.after == last:  # else this copy has it already
                return gap
        return None

    def _put_gap(self, step_id: StepId, gap: Gap) -> list[Run]:
        """Store a gap, and give what waited behind it."""
        self.has_gaps = True
        self.store.log(step_id).put_gap(gap)
        return self.sequencer(step_id).skip_hole(gap.after, gap.missing)


def mirror_path(builds_dir: Path, info: BuildInfo, epoch: str = "") -> Path:
    """Where a build's copy lies: the folder's name tells the build's number, and a part that only this build has.

    What a worker says of itself never becomes a part of a path.

    Args:
        builds_dir: folder of our builds.
        info: the build as its worker tells it.
        epoch: set where there is a copy already that differs from what the worker has now.
    """
    name = hashlib.sha256(f"{info.uid} {epoch}".encode()).hexdigest()[:12]
    return builds_dir / f"wharf-cmd-build-{info.build_id:05d}-{name}"


def open_mirror(path: Path, info: BuildInfo) -> BuildWriter:
    """Go on with the copy at ``path``, or begin it.

    Raises:
        StoreFrozenError: the copy is finished.
        StoreBusyError: another process copies this build into the same folder.
    """
    if not (path / layout.MANIFEST).exists():
        return BuildWriter.create_copy(path, replace(info, result=None, finished_ns=None))
    stored = BuildReader.open(path)
    epoch = stored.info.epoch
    stored.close()
    if stored.info.uid != info.uid:
        raise NotABuildError(f"{path} holds another build", "Move it away.")
    return BuildWriter.reopen(path, epoch, cut_torn_lines=True)


def copy_has_gaps(path: Path) -> bool:
    """Whether lines are missing from the copy at ``path``."""
    copy = BuildReader.open(path)
    try:
        for step in copy.info.steps:
            log = copy.log(step.info.step_id)
            log.refresh()
            if log.gaps:
                return True
        return False
    finally:
        copy.close()
