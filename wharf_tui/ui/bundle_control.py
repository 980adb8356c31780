"""Puts the build that is shown, and how it is looked at, into one file for somebody else; and a summary on the clipboard."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wharf_tui.insight.build_report import report_on
from wharf_tui.insight.build_summary import build_summary
from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.results import bundle
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.ui import words
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.notice import Notice
from wharf_tui.ui.take_along_control import TakeAlongControl
from wharf_tui.ui.view_state_control import ViewStateControl
from wharf_tui.ui.way_back import command_of

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


class BundleControl(Control):
    """The bundling of one screen; one bundle at a time, in a thread of its own.

    Args:
        screen: whose build is taken.
    """

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._executor: ThreadPoolExecutor | None = None
        self._stop = threading.Event()
        self._is_busy = False
        self._read = self._total = 0
        self._notice = Notice(screen)

    def bundle(self, name: str, *, replace: bool = False) -> None:
        """Write a bundle; without a name under the build's own.

        Raises:
            UsageError: a bundle is being written already, or the file is there.
            InputError: the build's files cannot be looked at.
        """
        if self._is_busy:
            raise UsageError("a bundle is being written already; esc stops that")
        path = _path(name) if name.strip() else _free_name(self.screen.feed.reader)
        if path.is_file() and not replace:
            raise UsageError(f"{path} exists already; `bundle! {name}` replaces it")
        self._stop.clear()
        self._is_busy, self._read, self._total = True, 0, 0
        self.show()
        view = self.screen.control(ViewStateControl).kept()
        self.screen.run_worker(self._bundle(path, view, replace=replace), group="bundle")

    def summary(self) -> None:
        """Copy what a pull request wants to know."""
        reader, again = self.screen.feed.reader, self.screen.feed.again
        self.screen.control(TakeAlongControl).copy_text(
            lambda: summary_of(reader, command_of(again)), "a summary"
        )

    def show(self) -> None:
        """Tell how far it is."""
        if self._is_busy:
            share = f" {self._read / self._total:.0%}" if self._total else ""
            self._notice.say(f"Bundling{share}, esc stops")

    def leave(self) -> bool:
        """Stop; nothing of the file is left."""
        if not self._is_busy or self._stop.is_set():
            return False
        self._stop.set()
        return True

    def close(self) -> None:
        """Leave no half file."""
        self._stop.set()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def _bundle(self, path: Path, view: dict[str, Any], *, replace: bool) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bundle")
        reader, again = self.screen.feed.reader, self.screen.feed.again
        try:
            told = await asyncio.get_running_loop().run_in_executor(
                self._executor, lambda: self._write(reader, path, view, again, replace)
            )
            self.screen.notify(clean_plain(told), markup=False)
        except WharfError as error:
            text = f"No bundle was written: {error.message}" + (f". {error.hint}" if error.hint else "")
            self.screen.notify(clean_plain(text), severity="error", markup=False)
        finally:
            self._is_busy = False
            self._notice.say("")
            self.screen.update_view()

    def _write(
        self, reader: BuildReader, path: Path, view: dict[str, Any], again: tuple[str, ...], replace: bool
    ) -> str:
        """In the thread."""
        excerpt = summary_of(reader, command_of(again)).encode()
        extras = {bundle.VIEW: bundle.view_bytes(view), bundle.EXCERPT: excerpt}
        size = bundle.pack(reader, extras, path, replace=replace, report=self._report)
        if size is None:
            return "Bundling was stopped; no file was written."
        return f"Bundled into {path} ({words.size(size)}); wharf-tui open shows it as it is."

    def _report(self, read: int, total: int) -> bool:
        self._read, self._total = read, total
        return not self._stop.is_set()


def summary_of(reader: BuildReader, command: str) -> str:
    """A build as Markdown. May take a while, and may run in a thread: the reader itself is only asked what it is.

    Raises:
        InputError: the build cannot be read.
    """
    if isinstance(reader, FilesReader):
        return build_summary(report_on(reader), command)
    own = type(reader)(reader.path)
    try:
        own.refresh()
        return build_summary(report_on(own), command)
    finally:
        own.close()


def _free_name(reader: BuildReader) -> Path:
    """The build's name in the current folder, with a number behind it where that is taken."""
    stem = (
        bundle.safe_name(reader.info.steps[0].info.name)
        if isinstance(reader, FilesReader) and reader.info.steps
        else bundle.safe_name(reader.path.name)
    )
    names = (f"{stem}{number}{bundle.SUFFIX}" for number in ("", *(f"-{each}" for each in range(2, 1000))))
    return next((path for name in names if not (path := Path(name)).exists()), Path(f"{stem}{bundle.SUFFIX}"))


def _path(name: str) -> Path:
    """The file that a user means, with the ending by which others know what it is."""
    try:
        path = Path(name.strip()).expanduser()
    except RuntimeError:  # a user whom nobody knows
        path = Path(name.strip())
    return path if path.name.endswith((".tar.gz", ".tgz")) else path.with_name(path.name + bundle.SUFFIX)


COMMANDS = (
    Command(
        "bundle",
        "Bundle: all of it in one file",
        lambda screen, name: screen.control(BundleControl).bundle(name),
        "B",
        "B",
        argument="FILE",
    ),
    Command(
        "bundle!",
        "Bundle, and replace a file that is there",
        lambda screen, name: screen.control(BundleControl).bundle(name, replace=True),
        argument="FILE",
    ),
    Command(
        "summary",
        "Copy a summary for a pull request",
        lambda screen, _: screen.control(BundleControl).summary(),
    ),
)
