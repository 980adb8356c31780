"""Reads one stored build: ours, running or not, or one that wharf-cmd left behind. Never writes to it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import NotABuildError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent, combined_status
from wharf_tui.results import layout
from wharf_tui.results.event_files import read_artifact_events, read_status_events
from wharf_tui.results.lock import is_held
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.manifest import read_manifest
from wharf_tui.results.os_errors import reading


class BuildReader:
    """One build's folder. ``refresh`` looks again; between two of them everything stays as it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info = BuildInfo(BuildId(0))
        self.liveness = Liveness.UNKNOWN
        self.is_ours = False
        """Whether there is a ``build.json``, or the lock of one who began to write it; else it is wharf-cmd's."""
        self.problems: tuple[str, ...] = ()
        """Files that cannot be read as they should be, a sentence each."""
        self._logs: dict[StepId, LogReader] = {}
        self._events: dict[StepId, tuple[StatusEvent, ...]] = {}
        self._artifacts: dict[StepId, tuple[ArtifactEvent, ...]] = {}
        self._stamps: dict[Path, tuple[int, int, int]] = {}
        self._manifest = self.info
        self._file_problems: dict[Path, str] = {}

    @classmethod
    def open(cls, path: Path) -> BuildReader:
        """Open the build at ``path``.

        Raises:
            InputError: nothing is there, or it cannot be read.
            NotABuildError: something else is there.
        """
        with reading(path):
            is_dir = stat.S_ISDIR(path.stat().st_mode)
        if not is_dir or not layout.looks_like_build(path):
            raise NotABuildError(
                f"{path} holds no build",
                "A build is a folder with build.json or steps/ in it; `wharf-tui builds` lists them.",
            )
        reader = cls(path)
        reader.refresh()
        return reader

    def refresh(self) -> bool:
        """Look at the statuses again; logs are refreshed by whoever reads them.

        Returns:
            Whether anything is different from before.

        Raises:
            InputError: the folder cannot be read any more.
        """
        before = (self.info, self.liveness, self.problems)
        self._read_manifest()
        step_ids = layout.list_step_ids(self.path)
        self._note_link(self.path / layout.STEPS)
        for step_id in step_ids:
            self._note_link(layout.step_dir(self.path, step_id) / layout.LOG)
            self._read_events(step_id)
        self.liveness = self._find_liveness()
        self.info = self._merge(step_ids)
        self.problems = tuple(problem for problem in self._file_problems.values() if problem)
        for log in self._logs.values():
            log.take_unfinished_line = self.liveness is not Liveness.RUNNING
        return (self.info, self.liveness, self.problems) != before

    @property
    def status(self) -> Status:
        """The whole build's state: its result, or what its steps' states make together."""
        if self.info.result is not None:
            return self.info.result
        status = combined_status(step.status for step in self.info.steps if not step.skipped)
        if self.liveness is Liveness.UNFINISHED:
            return Status.UNKNOWN
        if self.liveness is Liveness.RUNNING and status.is_final:
            return Status.RUNNING
        return status

    def log(self, step_id: StepId) -> LogReader:
        """The reader of a step's log, shared by all who ask; the log may not exist yet."""
        if step_id not in self._logs:
            take_unfinished_line = self.liveness is not Liveness.RUNNING
            folder = layout.step_dir(self.path, step_id)
            self._logs[step_id] = LogReader(folder, take_unfinished_line=take_unfinished_line)
        return self._logs[step_id]

    @property
    def log_bytes(self) -> int:
        """Bytes of all logs that have been asked for, as of when each was last looked at."""
        return sum(log.size for log in self._logs.values())

    def statuses(self, step_id: StepId) -> tuple[StatusEvent, ...]:
        """A step's status events in order."""
        return self._events.get(step_id, ())

    def artifacts(self, step_id: StepId) -> tuple[ArtifactEvent, ...]:
        """A step's artifacts in order, as they are now; the file is read only where it has changed."""
        folder = layout.step_dir(self.path, step_id)
        if folder.is_symlink():
            return ()
        if self._has_changed(folder / layout.ARTIFACTS):
            events, problem = read_artifact_events(folder / layout.ARTIFACTS)
            if events or not problem:
                self._artifacts[step_id] = events
        return self._artifacts.get(step_id, ())

    def step(self, step_id: int) -> StepState | None:
        """One step; None where the build has none with this ID."""
        return next((step for step in self.info.steps if step.info.step_id == step_id), None)

    def close(self) -> None:
        """Close all logs."""
        for log in self._logs.values():
            log.close()

    def _read_manifest(self) -> None:
        path = self.path / layout.MANIFEST
        if not self._has_changed(path):
            return
        info, problem = read_manifest(path)
        self._file_problems[path] = problem
        lock_is_there = layout.is_regular_file(self.path / layout.BUILD_LOCK)  # killed before its first write
        self.is_ours = info is not None or bool(problem) or lock_is_there
        self._manifest = info or BuildInfo(layout.build_id_of(self.path) or BuildId(0))

    def _read_events(self, step_id: StepId) -> None:
        path = layout.step_dir(self.path, step_id) / layout.STATUS
        if self._has_changed(path):
            events, self._file_problems[path] = read_status_events(path)
            if events or not self._file_problems[path]:
                self._events[step_id] = events

    def _note_link(self, path: Path) -> None:
        try:
            mode = path.lstat().st_mode
        except OSError:
            return
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            self._file_problems[path] = f"{path} is a link, a pipe or a device, and is not read"

    def _has_changed(self, path: Path) -> bool:
        try:
            info = path.lstat()
            stamp = (info.st_ino, info.st_mtime_ns, info.st_size)
        except OSError:
            stamp = (0, 0, 0)
        if self._stamps.get(path) == stamp:
            return False
        self._stamps[path] = stamp
        return True

    def _find_liveness(self) -> Liveness:
        if self._manifest.frozen:
            return Liveness.FROZEN
        if not self.is_ours:
            return Liveness.UNKNOWN
        if is_held(self.path / layout.BUILD_LOCK):
            return Liveness.RUNNING
        info, _ = read_manifest(self.path / layout.MANIFEST)  # it may have been frozen since we looked
        if info is not None and info.frozen:
            self._manifest = info
            return Liveness.FROZEN
        return Liveness.UNFINISHED

    def _merge(self, step_ids: list[StepId]) -> BuildInfo:
        known = {step.info.step_id: self._with_last_event(step) for step in self._manifest.steps}
        for step_id in step_ids:
            if step_id not in known:
                known[step_id] = self._from_events(step_id)
        steps = [self._judged(state) for _, state in sorted(known.items())]
        started = self._manifest.started_ns
        if started is None:
            started = min((step.started_ns for step in steps if step.started_ns is not None), default=None)
        return replace(self._manifest, steps=tuple(steps), started_ns=started)

    def _from_events(self, step_id: StepId) -> StepState:
        state = StepState(StepInfo(step_id, "", ""))
        for event in self._events.get(step_id, ()):
            state = state.with_status(event.status, event.at_ns)
        return state

    def _with_last_event(self, state: StepState) -> StepState:
        """Events are written before the manifest: where the writer was killed between the two, they know the end."""
        events = self._events.get(state.info.step_id, ())
        if state.status.is_final or not events or not events[-1].status.is_final:
            return state
        return state.with_status(events[-1].status, events[-1].at_ns)

    def _judged(self, state: StepState) -> StepState:
        if (
            self.liveness is Liveness.UNFINISHED
            and not state.status.is_final
            and state.status is not Status.PENDING
        ):
            return replace(state, status=Status.UNKNOWN, reason="its worker ended before the step did")
        return state


def directory_size(path: Path) -> int:
    """Bytes of all files below ``path``; what cannot be looked at counts nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except OSError:
                continue
    return total
