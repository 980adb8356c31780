"""Writes one build: makes its folder, owns its lock, keeps its manifest, syncs its logs, and freezes it at the end."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import NotABuildError, StoreError, StoreFrozenError, WharfError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results import layout
from wharf_tui.results.atomic import sync_dir
from wharf_tui.results.change_signal import ChangeSignal
from wharf_tui.results.event_files import (
    read_artifact_events,
    read_status_events,
    write_artifact_events,
    write_status_events,
)
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.results.manifest import read_manifest, write_manifest
from wharf_tui.results.os_errors import writing

SYNC_SECONDS = 1.0
"""How often what was written is brought to the device."""


class BuildWriter:
    """The one writer of a build. Use ``create`` or ``reopen``; end with ``freeze`` or ``close``.

    All methods may be called from any thread.
    """

    def __init__(
        self, path: Path, info: BuildInfo, lock: WriterLock, *, cut_torn_lines: bool = False
    ) -> None:
        self.path = path
        self.changes = ChangeSignal()
        """Told at each line, status and end."""
        self.sync_failure: StoreError | None = None
        """Set when the device refused to keep what was written: the build must not go on."""
        self._info = info
        self._lock = lock
        self._cut_torn_lines = cut_torn_lines
        self._closed = False
        self._mutex = threading.RLock()
        self._logs: dict[StepId, LogWriter] = {}
        self._closing = 0
        """Logs that other threads are about to close: a build does not end before they are on the device."""
        self._log_is_closed = threading.Condition(self._mutex)
        self._stop_syncing = threading.Event()
        self._syncer = threading.Thread(target=self._sync_now_and_then, name="store-sync", daemon=True)
        self._syncer.start()

    @classmethod
    def create(cls, builds_dir: Path, info: BuildInfo) -> BuildWriter:
        """Start a new build in a folder of its own under ``builds_dir``.

        Raises:
            StoreError: the folder or a file in it cannot be made.
        """
        path = layout.create_build_dir(builds_dir, info.build_id)
        info = replace(
            info,
            uid=info.uid or _new_name(),
            epoch=info.epoch or _new_name(),
            started_ns=info.started_ns or now_ns(),
        )
        lock = WriterLock(path / layout.BUILD_LOCK)
        try:
            lock.acquire()
            write_manifest(path / layout.MANIFEST, info, sync=True)
            sync_dir(builds_dir)
        except StoreError:
            lock.release()
            shutil.rmtree(path, ignore_errors=True)
            raise
        return cls(path, info, lock)

    @classmethod
    def create_copy(cls, path: Path, info: BuildInfo) -> BuildWriter:
        """Start a copy of somebody else's build in the folder ``path``, under the name and epoch that it has there.

        Raises:
            StoreError: the folder or a file in it cannot be made.
        """
        with writing("create", path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = WriterLock(path / layout.BUILD_LOCK)
        lock.acquire()
        try:
            write_manifest(path / layout.MANIFEST, info, sync=True)
        except StoreError:
            lock.release()
            raise
        return cls(path, info, lock)

    @classmethod
    def reopen(cls, path: Path, epoch: str = "", *, cut_torn_lines: bool = False) -> BuildWriter:
        """Go on with a build whose writer ended without freezing it. It gets a new epoch, or the one given.

        Args:
            path: the build's folder.
            epoch: the original's epoch, for a copy.
            cut_torn_lines: for a copy, too: take a torn last line away, since the original still has all of it.

        Raises:
            StoreBusyError: its writer is alive.
            StoreFrozenError: it has ended.
            NotABuildError: no build of ours lies there.
        """
        if not layout.is_regular_file(path / layout.MANIFEST):
            raise NotABuildError(f"{path} is no build of wharf-tui's")
        lock = WriterLock(path / layout.BUILD_LOCK)
        lock.acquire()
        try:
            info, problem = read_manifest(path / layout.MANIFEST)
            if info is None or problem:
                raise NotABuildError(f"{path} is no build that can be gone on with: {problem}")
            if info.frozen:
                raise StoreFrozenError(f"{path} has ended: nothing can be added")
            info = replace(info, epoch=epoch or _new_name())
            write_manifest(path / layout.MANIFEST, info, sync=True)
        except WharfError:
            lock.release()
            raise
        return cls(path, info, lock, cut_torn_lines=cut_torn_lines)

    @property
    def info(self) -> BuildInfo:
        """The build as it stands."""
        return self._info

    @property
    def build_id(self) -> BuildId:
        """The build's number."""
        return self._info.build_id

    def step(self, step_id: StepId) -> StepState:
        """One step as it stands.

        Raises:
            KeyError: the build has no such step.
        """
        return {step.info.step_id: step for step in self._info.steps}[step_id]

    def log(self, step_id: StepId) -> LogWriter:
        """The writer of a step's log; made at the first call."""
        with self._mutex:
            self._refuse_when_ended()
            if step_id not in self._logs:
                self._logs[step_id] = LogWriter(
                    layout.step_dir(self.path, step_id),
                    self.changes.notify,
                    cut_torn_line=self._cut_torn_lines,
                )
            return self._logs[step_id]

    def close_log(self, step_id: StepId) -> None:
        """The step prints no more: sync its log and note its last ID."""
        with self._mutex:
            log = self._logs.pop(step_id, None)
            if log is None:
                return
            self._closing += 1
        try:
            log.close()
            self.update_step(step_id, lambda step: replace(step, last_log_id=log.last_log_id))
        finally:
            with self._mutex:
                self._closing -= 1
                self._log_is_closed.notify_all()

    def set_status(
        self,
        step_id: StepId,
        status: Status,
        reason: str = "",
        exit_code: int | None = None,
        at_ns: int | None = None,
    ) -> None:
        """Add a status event, and keep its reason. The same status again adds no event, only a new reason."""
        at_ns = now_ns() if at_ns is None else at_ns
        with self._mutex:
            self._refuse_when_ended()
            folder = self._make_step_dir(step_id)
            events, _ = read_status_events(folder / layout.STATUS)
            if not events or events[-1].status is not status:
                event = StatusEvent(events[-1].event_id + 1 if events else 1, status, at_ns)
                write_status_events(folder / layout.STATUS, (*events, event))
            self.update_step(
                step_id,
                lambda step: replace(
                    step.with_status(status, at_ns, reason),
                    exit_code=step.exit_code if exit_code is None else exit_code,
                ),
            )

    def add_artifact(self, step_id: StepId, name: str) -> None:
        """Add an artifact event."""
        with self._mutex:
            self._refuse_when_ended()
            folder = self._make_step_dir(step_id)
            events, _ = read_artifact_events(folder / layout.ARTIFACTS)
            event = ArtifactEvent(events[-1].artifact_id + 1 if events else 1, name)
            write_artifact_events(folder / layout.ARTIFACTS, step_id, (*events, event))
        self.changes.notify()

    def update_step(self, step_id: StepId, change: Callable[[StepState], StepState]) -> None:
        """Change what ``build.json`` says of one step; a step without a name is made known."""
        with self._mutex:
            self._refuse_when_ended()
            steps = {step.info.step_id: step for step in self._info.steps}
            steps[step_id] = change(steps.get(step_id) or StepState(StepInfo(step_id, "", "")))
            self._save(replace(self._info, steps=tuple(step for _, step in sorted(steps.items()))))

    def add_steps(self, steps: tuple[StepState, ...]) -> None:
        """Make steps known that were not there at the start. Those that are known already stay as they are."""
        with self._mutex:
            self._refuse_when_ended()
            known = {step.info.step_id for step in self._info.steps}
            new = [step for step in steps if step.info.step_id not in known]
            if new:
                merged = sorted((*self._info.steps, *new), key=lambda step: step.info.step_id)
                self._save(replace(self._info, steps=tuple(merged)))

    def replace_info(self, info: BuildInfo) -> None:
        """Take over what the original of a copy says of itself; it must not be frozen yet."""
        assert not info.frozen
        with self._mutex:
            self._refuse_when_ended()
            self._save(info)

    def replace_events(self, step_id: StepId, events: tuple[StatusEvent, ...]) -> None:
        """Take over a step's status events from the original of a copy."""
        with self._mutex:
            self._refuse_when_ended()
            write_status_events(self._make_step_dir(step_id) / layout.STATUS, events)
        self.changes.notify()

    def replace_artifacts(self, step_id: StepId, events: tuple[ArtifactEvent, ...]) -> None:
        """Take over a step's artifact events from the original of a copy."""
        with self._mutex:
            self._refuse_when_ended()
            write_artifact_events(self._make_step_dir(step_id) / layout.ARTIFACTS, step_id, events)
        self.changes.notify()

    def freeze(self, result: Status, problem: str = "", finished_ns: int | None = None) -> None:
        """End the build: close and sync all logs, then write the result. Nothing can be added behind this.

        Raises:
            StoreError: the end could not be written; the build then counts as unfinished.
        """
        with self._mutex:
            self._refuse_when_ended()
            self._wait_for_closing_logs()
            if self.sync_failure is not None:
                raise self.sync_failure
            for step_id in (*self._logs, *self._steps_left_open()):
                self.log(step_id)
                self.close_log(step_id)
            sync_dir(self.path)
            self._save(
                replace(self._info, result=result, finished_ns=finished_ns or now_ns(), problem=problem)
            )
            self.close()

    def close(self) -> None:
        """Let go without an end: close the logs and the lock. May be called twice."""
        self._stop_syncing.set()
        if threading.current_thread() is not self._syncer:
            self._syncer.join()
        failures: list[StoreError] = []
        with self._mutex:
            self._wait_for_closing_logs()
            self._closed = True
            while self._logs:
                try:
                    self._logs.popitem()[1].close()
                except StoreError as error:
                    failures.append(error)
            self._lock.release()
        self.changes.notify()
        if failures:
            raise failures[0]

    def _wait_for_closing_logs(self) -> None:
        self._log_is_closed.wait_for(lambda: not self._closing)

    def _steps_left_open(self) -> list[StepId]:
        """Steps whose log was written before this build was reopened, and whose last ID nobody has noted.

        In a copy these IDs are the original's word, and a torn line may lie behind the last one here.
        """
        noted = {step.info.step_id for step in self._info.steps if step.last_log_id is not None}
        if self._cut_torn_lines:
            noted.clear()
        return [
            step_id
            for step_id in layout.list_step_ids(self.path)
            if step_id not in noted
            and step_id not in self._logs
            and layout.is_regular_file(layout.step_dir(self.path, step_id) / layout.LOG)
        ]

    def _make_step_dir(self, step_id: StepId) -> Path:
        folder = layout.step_dir(self.path, step_id)
        with writing("create", folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _save(self, info: BuildInfo) -> None:
        write_manifest(self.path / layout.MANIFEST, info, sync=info.frozen)
        self._info = info
        self.changes.notify()

    def _refuse_when_ended(self) -> None:
        if self._info.frozen or self._closed:
            raise StoreFrozenError(f"{self.path} has ended: nothing can be added")

    def _sync_now_and_then(self) -> None:
        while not self._stop_syncing.wait(SYNC_SECONDS):
            for log in tuple(self._logs.values()):
                try:
                    log.sync()
                except StoreError as error:
                    self.sync_failure = error
                    self.changes.notify()
                    return


def _new_name() -> str:
    return secrets.token_hex(8)
