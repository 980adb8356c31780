"""The local copy of a remote build: an ordinary store, named for the build, so that a second attach goes on where the first stopped.

Only contiguous lines go in, so what lies here is right at every moment, and can be opened without the worker.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wharf_tui.attach.sequencer import Run, Sequencer
from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.errors import NotABuildError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import Status, StatusEvent
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter


class Mirror:
    """Writes one remote build into a local store, through one sequencer a step."""

    def __init__(self, store: BuildWriter) -> None:
        self.store = store
        self.lines = 0
        """Lines that have been stored since this was opened."""
        self.bytes = 0
        self._sequencers: dict[StepId, Sequencer] = {}
        self._events: dict[StepId, tuple[StatusEvent, ...]] = {}
        self._late_gaps: dict[StepId, list[Gap]] = {}

    @property
    def path(self) -> Path:
        """The copy's folder."""
        return self.store.path

    def sequencer(self, step_id: StepId) -> Sequencer:
        """A step's sequencer; it starts behind what is stored."""
        if step_id not in self._sequencers:
            is_there = (layout.step_dir(self.path, step_id) / layout.LOG).exists()
            self._sequencers[step_id] = Sequencer(self.store.log(step_id).last_log_id if is_there else 0)
        return self._sequencers[step_id]

    @property
    def step_ids(self) -> tuple[StepId, ...]:
        """Steps of which something is known."""
        return tuple(sorted({*self._sequencers, *(step.info.step_id for step in self.store.info.steps)}))

    def last_log_id(self, step_id: StepId) -> int:
        """ID of the last line that is stored."""
        return self.sequencer(step_id).next_log_id - 1

    def feed(self, step_id: StepId, first_log_id: int, data: bytes) -> None:
        """Take a piece of a step's log, in any order.

        Raises:
            StoreError: it cannot be stored.
        """
        for run in self.sequencer(step_id).feed(first_log_id, data):
            self._append(step_id, run)

    def take_gap(self, step_id: StepId, gap: Gap) -> None:
        """Record what the worker lacks itself, as soon as the lines before it are here."""
        self._late_gaps.setdefault(step_id, []).append(gap)
        self._settle_gaps(step_id)

    def close_hole(self, step_id: StepId, reason: str) -> bool:
        """Give up waiting for the first hole of a step: record it, and store what waited behind it."""
        sequencer = self.sequencer(step_id)
        hole = sequencer.first_hole()
        if hole is None:
            return False
        after, missing = hole[0] - 1, hole[1] - hole[0] + 1
        self.store.log(step_id).put_gap(Gap(GapKind.HOLE, LogId(after), missing, reason))
        for run in sequencer.skip_hole(after, missing):
            self._append(step_id, run)
        return True

    def note_unproved_end(self, step_id: StepId) -> None:
        """The worker went away without a clean end: nobody can tell whether these were the step's last lines."""
        self.store.log(step_id).add_gap(
            GapKind.LOST_BEFORE_US, "the worker went away before its streams ended; lines may be missing here"
        )

    def take_build(self, info: BuildInfo, events: dict[StepId, tuple[StatusEvent, ...]]) -> None:
        """Take over the worker's word on steps and statuses. What is frozen there is frozen here only by ``finish``."""
        self.store.replace_info(replace(info, result=None, finished_ns=None))
        for step_id, of_step in events.items():
            if of_step and self._events.get(step_id) != of_step:
                self._events[step_id] = of_step
                self.store.replace_events(step_id, of_step)

    def add_status(self, step: StepState, event: StatusEvent) -> None:
        """Take one status event of a worker that tells nothing else."""
        step_id = step.info.step_id
        known = self._events.get(step_id, ())
        if any(each.event_id == event.event_id for each in known):
            return
        self._events[step_id] = tuple(sorted((*known, event), key=lambda each: each.event_id))
        self.store.add_steps((step,))
        self.store.replace_events(step_id, self._events[step_id])
        self.store.update_step(step_id, lambda state: state.with_status(event.status, event.at_ns))

    def is_complete(self, last: dict[StepId, int]) -> bool:
        """Whether every step is contiguous up to the last line that the worker has of it."""
        return all(self.last_log_id(step_id) == log_id for step_id, log_id in last.items())

    def finish(self, result: Status, finished_ns: int | None, problem: str) -> None:
        """The build ended, and all of it is here."""
        self.store.freeze(result, problem, finished_ns)

    def close(self) -> None:
        """Stop for now; the copy can be gone on with."""
        self.store.close()

    def _append(self, step_id: StepId, run: Run) -> None:
        self.store.log(step_id).append_stored(run.data)
        self.lines += run.count
        self.bytes += len(run.data)
        if self._late_gaps.get(step_id):
            self._settle_gaps(step_id)

    def _settle_gaps(self, step_id: StepId) -> None:
        sequencer = self.sequencer(step_id)
        waiting = self._late_gaps[step_id]
        while waiting and waiting[0].after < sequencer.next_log_id:
            gap = waiting.pop(0)
            if gap.missing and gap.after + 1 != sequencer.next_log_id:
                continue  # recorded when the copy was made before
            self.store.log(step_id).put_gap(gap)
            for run in sequencer.skip_hole(gap.after, gap.missing):
                self._append(step_id, run)


def mirror_path(builds_dir: Path, info: BuildInfo, copy: str = "") -> Path:
    """Where a build's copy lies: the name tells the build's number and its own name."""
    return builds_dir / f"wharf-cmd-build-{info.build_id:05d}-{info.uid[:12]}{copy}"


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
    return BuildWriter.reopen(path, epoch)
