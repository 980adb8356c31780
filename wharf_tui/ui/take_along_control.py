"""Copies lines of a build's screen: what is selected, or the line where one is, alone or with its address."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import InputError, WharfError
from wharf_tui.model.lines import LogLine
from wharf_tui.model.text import clean_plain
from wharf_tui.ui import words
from wharf_tui.ui.clipboard import clipboard_tool
from wharf_tui.ui.control import Control
from wharf_tui.ui.notice import Notice
from wharf_tui.ui.row_taker import RowTaker, TakenGap
from wharf_tui.ui.take_along import Parcel
from wharf_tui.ui.way_back import command_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.screens.build import BuildScreen

_SLICE_SECONDS: Final = 0.006
_PAUSE_SECONDS: Final = 0.004
_LONG_SECONDS: Final = 0.3
"""What takes longer than this is told."""


class TakeAlongControl(Control):
    """What a screen puts on the clipboard.

    Args:
        screen: whose lines are copied.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._executor: ThreadPoolExecutor | None = None
        self._taking: RowTaker | None = None
        """What is being copied, as long as that can be stopped."""
        self._since = 0.0
        self._notice = Notice(screen)

    def copy_rows(self, document: RowDocument, rows: range, *, with_address: bool) -> None:
        """Copy some rows of a log, and say how."""
        at = next((found for row in rows if (found := document.address_of(row)) is not None), None)
        head = b""
        if with_address:
            head = (command_of(self.screen.feed.again, at) or str(at)).encode() + b"\n"
        if document.is_counting:
            self._copy_uncounted(document, rows, with_address=with_address)
            return
        self._taking, self._since = RowTaker(document, rows), time.monotonic()
        self.screen.run_worker(self._copy(self._taking, head), group="copy", exclusive=True)

    def copy_text(self, make: Callable[[], str], what: str) -> None:
        """Copy a text that takes a while to be made.

        Args:
            make: makes it, in a thread.
            what: what it is, for people.
        """
        self.screen.run_worker(self._copy_made(make, what), group="copy", exclusive=True)

    def show(self) -> None:
        """Tell how far it is, where it takes a while."""
        taking = self._taking
        is_long = taking is not None and time.monotonic() - self._since > _LONG_SECONDS
        self._notice.say(f"Copying {taking.share:.0%}, esc stops" if taking is not None and is_long else "")

    def leave(self) -> bool:
        """Copy no further; whether something was being copied."""
        if self._taking is None:
            return False
        self.screen.workers.cancel_group(self.screen, "copy")
        self._taking = None
        self.screen.notify("Nothing was copied.", markup=False)
        return True

    def close(self) -> None:
        """Let go of the thread."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, call: Callable[[], str]) -> str:
        """Run something that takes a while beside the event loop."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="take-along")
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def write_to_terminal(self, code: str) -> None:
        """Send a code that Textual knows nothing of: its own way to the clipboard knows neither tmux nor screen."""
        driver = self.screen.app._driver  # noqa: SLF001 - as above
        if driver is not None:
            driver.write(code)

    def _copy_uncounted(self, document: RowDocument, rows: range, *, with_address: bool) -> None:
        """Lines at the end of a log whose lines are still being counted have no addresses yet."""
        shown = [row for number in rows if isinstance(row := document.row(number), LogLine)]
        if with_address or any(line.is_cut for line in shown):
            self._complain("the lines are still being counted; try again in a moment")
            return
        parcel = Parcel(clipboard_tool())
        for line in shown:
            parcel.add(line.message + b"\n")
        self.screen.run_worker(self._send(parcel, _told(len(shown), parcel.size)), group="copy")

    async def _copy(self, taker: RowTaker, head: bytes) -> None:
        parcel = Parcel(clipboard_tool())
        try:
            what = await self._collect(taker, parcel, head)
            self._taking = None  # from here on it cannot be stopped
            await self._send(parcel, what)
        except WharfError as error:
            parcel.drop()
            self._complain(error.message)
        except asyncio.CancelledError:
            parcel.drop()
            raise
        finally:
            if self._taking is taker:
                self._taking = None

    async def _collect(self, taker: RowTaker, parcel: Parcel, head: bytes) -> str:
        lines = folded = gaps = 0
        parcel.add(head)
        until = time.monotonic() + _SLICE_SECONDS
        for taken in taker:
            if isinstance(taken, TakenGap):
                gaps += 1
                continue
            lines += len(taken.lines)
            folded += len(taken.lines) if taken.is_folded else 0
            for index in range(len(taken.lines)):
                for part in taker.parts_of(taken, index):
                    parcel.add(part)
                parcel.add(b"\n")
            if time.monotonic() > until:
                await asyncio.sleep(_PAUSE_SECONDS)
                until = time.monotonic() + _SLICE_SECONDS
        if not lines:
            raise InputError("there is no line here, only a place where lines are missing")
        return _told(lines, parcel.size - len(head), folded, gaps)

    async def _copy_made(self, make: Callable[[], str], what: str) -> None:
        parcel = Parcel(clipboard_tool())
        try:
            parcel.add((await self.in_thread(make)).encode())
            await self._send(parcel, f"{what} ({words.size(parcel.size)})")
        except WharfError as error:
            self._complain(error.message)

    async def _send(self, parcel: Parcel, what: str) -> None:
        codes: list[str] = []
        told = await self.in_thread(lambda: parcel.send(what, codes.append))
        for code in codes:
            self.write_to_terminal(code)
        self.screen.notify(clean_plain(told), markup=False)

    def _complain(self, problem: str) -> None:
        self.screen.notify(clean_plain(f"Not copied: {problem}"), severity="error", markup=False)


def _told(lines: int, size: int, folded: int = 0, gaps: int = 0) -> str:
    """``412 lines (3.4 KB), 37 of them from folds, without what is missing in 1 place``."""
    told = f"{words.lines(lines)} ({words.size(size)})"
    if folded:
        told += f", {folded:,} of them from folds"
    if gaps:
        told += f", without what is missing in {gaps:,} {'place' if gaps == 1 else 'places'}"
    return told
