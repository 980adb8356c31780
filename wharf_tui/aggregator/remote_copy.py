"""Keeps a worker's build coming into its folder in the spool: in turns with others, and never too far ahead of the sink."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wharf_tui.aggregator.journal import Journal
from wharf_tui.aggregator.transfer import SourceEnd
from wharf_tui.aggregator.turns import Turn, Turns
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.progress import Phase
from wharf_tui.attach.session import CONNECT_SECONDS, AttachSession
from wharf_tui.model.errors import (
    AccessDeniedError,
    StorageFullError,
    StoreError,
    UnreachableError,
    WharfError,
)
from wharf_tui.results.change_signal import ChangeSignal

AHEAD_BYTES = 1024 * 1024 * 1024
"""How far a copy may be ahead of the sink before it is halted; a worker that keeps its own logs can wait."""
_CALL_SECONDS = 30.0
_LOOK_SECONDS = 0.25
_FULL_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """How workers are copied."""

    turns: Turns
    give_up_seconds: float | None
    """How long to try to reach a worker that went away; None is for ever."""
    patience_seconds: float = CONNECT_SECONDS
    """How long the first connection may take."""
    ahead_bytes: int = AHEAD_BYTES


class RemoteCopy:
    """Copies one worker's build into ``folder``.

    Args:
        endpoint: the worker.
        folder: where its copies go.
        settings: bounds.
        journal: told what goes wrong on this machine.
    """

    def __init__(self, endpoint: Endpoint, folder: Path, settings: RemoteSettings, journal: Journal) -> None:
        self.end: SourceEnd | None = None
        """Set when nothing more will come."""
        self.worker_is_another = False
        """It ended because the worker serves another build now, or has lost lines: copy from it once more."""
        self.bytes_ahead: Callable[[], int] = int
        """How far the copy is ahead of the sink."""
        self._endpoint = endpoint
        self._folder = folder
        self._settings = settings
        self._journal = journal
        self._session: AttachSession | None = None
        self._changes: ChangeSignal | None = None
        self._seen = 0
        self._away_since: float | None = None

    @property
    def is_legacy(self) -> bool:
        """Whether the worker is of wharf-cmd's kind: a copy that is halted starts at the first line again."""
        return self._session is not None and self._session.is_legacy

    async def open(self) -> Path:
        """Connect for the first time, and return the copy's folder.

        Raises:
            UnreachableError: nobody answers in time.
            InputError: what answers is no worker.
        """
        while True:
            try:
                async with self._settings.turns.one():
                    return (await self._new_session()).path
            except StorageFullError as error:
                await self._wait_for_space(error)

    async def run(self) -> None:
        """Copy until the build ends, or until the worker has been away for too long; then ``end`` is set."""
        try:
            while self.end is None:
                await self._wait_for_sink()
                async with self._settings.turns.one() as turn:
                    await self._one_turn(turn)
        finally:
            if self.end is None:
                self.end = SourceEnd("copying was stopped")
            if self._changes is not None:
                self._changes.notify()

    async def wait(self) -> None:
        """Wait until there may be more in the folder."""
        if self.end is not None:
            return
        if self._changes is None:
            await asyncio.sleep(_LOOK_SECONDS)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                self._seen = await self._changes.wait(self._seen)

    async def _new_session(self) -> AttachSession:
        session = AttachSession(self._endpoint, self._folder, give_up_seconds=self._settings.give_up_seconds)
        await session.open(self._settings.patience_seconds)
        self._session = session
        if session.is_copying:
            self._changes, self._seen = session.mirror.store.changes, 0
        return session

    async def _one_turn(self, turn: Turn) -> None:
        try:
            session = self._session or await self._new_session()
            self._away_since = None
            await self._copy(session, turn)
            if session.progress.phase is Phase.ENDED:
                self.end = SourceEnd(
                    "" if session.progress.complete else "its worker could not deliver all of it"
                )
        except AccessDeniedError as error:
            self.end = SourceEnd(error.message)
        except UnreachableError as error:
            await self._wait_for_worker(error)
        except StorageFullError as error:
            self._session = None
            await self._wait_for_space(error)
        except WharfError as error:
            self.worker_is_another = isinstance(error, StoreError)
            self.end = SourceEnd(error.message)

    async def _wait_for_sink(self) -> None:
        """A copy that was halted goes on when the sink has caught up halfway."""
        while self.bytes_ahead() > self._settings.ahead_bytes // 2:  # noqa: ASYNC110 - the sink's thread does not tell
            await asyncio.sleep(_LOOK_SECONDS)

    async def _wait_for_space(self, error: StorageFullError) -> None:
        self._journal.warning(f"{error.message}; trying again", hint=error.hint)
        await asyncio.sleep(_FULL_PAUSE)

    async def _wait_for_worker(self, error: UnreachableError) -> None:
        """A worker did not answer: neither when a halted copy was to go on, nor for as long as a session tries."""
        now = time.monotonic()
        self._away_since = self._away_since or now
        give_up = self._settings.give_up_seconds
        if self._session is not None or (give_up is not None and now - self._away_since > give_up):
            self.end = SourceEnd(error.message)
            return
        await asyncio.sleep(_LOOK_SECONDS)

    async def _copy(self, session: AttachSession, turn: Turn) -> None:
        """Copy until the session ends, or until it must be halted for a while."""
        copying = asyncio.create_task(session.run(), name="copy")
        try:
            while not copying.done():
                await asyncio.wait({copying}, timeout=_LOOK_SECONDS)
                too_far = self.bytes_ahead() > self._settings.ahead_bytes
                if (turn.is_over or too_far) and not session.is_legacy and not copying.done():
                    break
        finally:
            if not copying.done():
                copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
            self._changes = None
        if copying.cancelled():
            self._session = None
        else:
            copying.result()
