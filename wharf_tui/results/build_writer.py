"""Writes one build: makes its folder, owns its lock, keeps its manifest, syncs its logs, and freezes it at the end."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.errors import NotABuildError, StoreError, StoreFrozenError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results import layout
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

    def __init__(self, path: Path, info: BuildInfo, lock: WriterLock) -> None:
        self.path = path
        self.changes = ChangeSignal()
        """Told at each line, status and end."""
        self.sync_failure: StoreError | None = None
        """Set when the device refused to keep what was written: the build must not go on."""
        self._info = info
        self._lock = lock
        self._mutex = threading.RLock()
        self._logs: dict[StepId, LogWriter] = {}
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
        lock = WriterLock(path / layout.BUILD_LOCK)
        lock.acquire()
        info = replace(info, epoch=info.epoch or _new_epoch(), started_ns=info.started_ns or now_ns())
        write_manifest(path / layout.MANIFEST, info)
        _sync_dir(builds_dir)
        return cls(path, info, lock)

    @classmethod
    def reopen(cls, path: Path) -> BuildWriter:
        """Go on with a build whose writer ended without freezing it. It gets a new epoch.

        Raises:
            StoreBusyError: its writer is alive.
            StoreFrozenError: it has ended.
            NotABuildError: no build of ours lies there.
        """
        info, problem = read_manifest(path / layout.MANIFEST)
        if info is None:
            raise NotABuildError(f"{path} is no build of wharf-tui's" + (f": {problem}" if problem else ""))
        if info.frozen:
            raise StoreFrozenError(f"{path} has ended: nothing can be added")
        lock = WriterLock(path / layout.BUILD_LOCK)
        lock.acquire()
        info = replace(info, epoch=_new_epoch())
        write_manifest(path / layout.MANIFEST, info)
        return cls(path, info, lock)

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
        return next(step for step in self._info.steps if step.info.step_id == step_id)

    def log(self, step_id: StepId) -> LogWriter:
        """The writer of a step's log; made at the first call."""
        with self._mutex:
            self._refuse_when_frozen()
            if step_id not in self._logs:
                self._logs[step_id] = LogWriter(layout.step_dir(self.path, step_id), self.changes.notify)
            return self._logs[step_id]

    def close_log(self, step_id: StepId) -> None:
        """The step prints no more: sync its log and note its last ID."""
        with self._mutex:
            log = self._logs.pop(step_id, None)
        if log is None:
            return
        log.close()
        self.update_step(step_id, lambda step: replace(step, last_log_id=log.last_log_id))

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
            self._refuse_when_frozen()
            folder = layout.step_dir(self.path, step_id)
            with writing("create", folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
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
            self._refuse_when_frozen()
            folder = layout.step_dir(self.path, step_id)
            with writing("create", folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            events, _ = read_artifact_events(folder / layout.ARTIFACTS)
            event = ArtifactEvent(events[-1].artifact_id + 1 if events else 1, name)
            write_artifact_events(folder / layout.ARTIFACTS, step_id, (*events, event))
        self.changes.notify()

    def update_step(self, step_id: StepId, change: Callable[[StepState], StepState]) -> None:
        """Change what ``build.json`` says of one step."""
        with self._mutex:
            steps = [change(step) if step.info.step_id == step_id else step for step in self._info.steps]
            self._save(replace(self._info, steps=tuple(steps)))

    def add_steps(self, steps: tuple[StepState, ...]) -> None:
        """Make steps known that were not there at the start. Those that are known already stay as they are."""
        with self._mutex:
            self._refuse_when_frozen()
            known = {step.info.step_id for step in self._info.steps}
            new = [step for step in steps if step.info.step_id not in known]
            if new:
                merged = sorted((*self._info.steps, *new), key=lambda step: step.info.step_id)
                self._save(replace(self._info, steps=tuple(merged)))

    def freeze(self, result: Status, problem: str = "") -> None:
        """End the build: close and sync all logs, then write the result. Nothing can be added behind this.

        Raises:
            StoreError: the end could not be written; the build then counts as unfinished.
        """
        with self._mutex:
            self._refuse_when_frozen()
            for step_id in tuple(self._logs):
                self.close_log(step_id)
            _sync_dir(self.path)
            self._save(replace(self._info, result=result, finished_ns=now_ns(), problem=problem))
            self.close()

    def close(self) -> None:
        """Let go without an end: close the logs and the lock. May be called twice."""
        self._stop_syncing.set()
        if threading.current_thread() is not self._syncer:
            self._syncer.join()
        with self._mutex:
            try:
                while self._logs:
                    self._logs.popitem()[1].close()
            finally:
                self._lock.release()
        self.changes.notify()

    def _save(self, info: BuildInfo) -> None:
        write_manifest(self.path / layout.MANIFEST, info)
        self._info = info
        self.changes.notify()

    def _refuse_when_frozen(self) -> None:
        if self._info.frozen:
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


def _new_epoch() -> str:
    return secrets.token_hex(8)


def _sync_dir(path: Path) -> None:
    """Bring new directory entries to the device, where the system lets one."""
    if os.name != "posix":
        return
    with writing("sync", path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
