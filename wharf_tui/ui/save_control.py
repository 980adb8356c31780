"""Saves what is shown: what is selected, or the whole log as it is filtered, in slices, into a file of the user's choice."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.results.bundle import safe_name
from wharf_tui.results.new_file import NewFile
from wharf_tui.ui import words
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.notice import Notice
from wharf_tui.ui.row_taker import RowTaker, TakenGap
from wharf_tui.ui.save_forms import SaveForm, form_for, form_name
from wharf_tui.ui.screens.confirm import ConfirmScreen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.row_taker import Taken
    from wharf_tui.ui.screens.build import BuildScreen

_SLICE_SECONDS: Final = 0.01
_WRITE_BYTES: Final = 256 * 1024


class _Saving:
    """One file while it is written.

    Args:
        file: where to.
        taker: the rows.
        form: what each becomes.
    """

    def __init__(self, file: NewFile, taker: RowTaker, form: SaveForm) -> None:
        self.file = file
        self.taker = taker
        self._form = form
        self._rows: Iterator[Taken] = iter(taker)
        self._lines = self._folded = self._gaps = 0
        file.write(form.head())

    def step(self) -> bool:
        """Write some more; whether there is more.

        Raises:
            WharfError: it cannot be read or written.
        """
        until = time.monotonic() + _SLICE_SECONDS
        buffer = bytearray()
        for taken in self._rows:
            for part in self._form.rows(self.taker, taken):
                buffer += part
            if len(buffer) > _WRITE_BYTES:
                self.file.write(bytes(buffer))
                buffer.clear()
            if isinstance(taken, TakenGap):
                self._gaps += 1
            else:
                self._lines += len(taken.lines)
                self._folded += len(taken.lines) if taken.is_folded else 0
            if time.monotonic() > until:
                self.file.write(bytes(buffer))
                return True
        self.file.write(bytes(buffer) + self._form.tail())
        self.file.keep()
        return False

    @property
    def told(self) -> str:
        """What has been saved."""
        told = f"Saved {words.lines(self._lines)} ({words.size(self.file.size)}) as {self._form.name}"
        if self._folded:
            told += f", {self._folded:,} of them from folds"
        if self._gaps:
            told += f"; {self._gaps:,} {'place' if self._gaps == 1 else 'places'} where lines are missing are marked"
        if self._form.cut:
            told += f"; {words.lines(self._form.cut)} too long for it and cut"
        return f"{told}: {words.place(self.file.path)}"


class SaveControl(Control):
    """The saving of one screen; one file at a time.

    Args:
        screen: whose lines are saved.
    """

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._saving: _Saving | None = None
        self._rows: tuple[RowDocument, range] | None = None
        """What is to be saved, while its name is asked for."""
        self._notice = Notice(screen)

    def save(self, name: str, *, replace: bool = False) -> None:
        """Save under a name, or ask for one.

        Raises:
            UsageError: something is being saved already, or nothing is shown.
            StoreError: the file cannot be made, or is there already.
        """
        self._rows = self._shown()
        if not name:
            self.screen.ask(
                self, "save as ", "a file; .jsonl and .html choose the form", self._default_name()
            )
            self.prompt_changed(self._default_name())
            return
        path = _path(name)
        if path.is_file() and not replace:
            raise UsageError(f"{path} exists already; `save! {name}` replaces it")
        self._begin(path, replace=replace)

    def prompt_changed(self, text: str) -> None:
        """Tell in which form it will be, and whether something is in the way."""
        path = _path(text)
        there = "exists already" if path.is_file() else ""
        self.screen.prompt.say(
            "  ".join(filter(None, (form_name(path), there))), "$warning" if there else "$muted"
        )

    def prompt_submitted(self, text: str) -> None:
        """Begin; where the file is there already, ask first."""
        if not text.strip():
            return
        self.screen.prompt_done()
        path = _path(text)
        if not path.is_file():
            self._begin_or_complain(path, replace=False)
            return

        def answered(answer: bool | None) -> None:
            if answer:
                self._begin_or_complain(path, replace=True)

        place = words.place(path.absolute())
        self.screen.app.push_screen(
            ConfirmScreen(f"Replace {place}?", "What is in it now will be gone."), answered
        )

    def work(self) -> bool:
        """Write a slice; whether there is more."""
        saving = self._saving
        if saving is None:
            return False
        try:
            if saving.step():
                return True
            self._end()
            self.screen.notify(saving.told, markup=False)
        except WharfError as error:
            self._end()
            self._complain(error)
        return False

    def show(self) -> None:
        """Tell how far it is."""
        if self._saving is not None:
            self._notice.say(f"Saving {self._saving.taker.share:.0%}, esc stops")

    def leave(self) -> bool:
        """Stop; nothing of the file is left."""
        if self._saving is None:
            return False
        self._end()
        self.screen.notify("Saving was stopped; no file was written.", markup=False)
        self.screen.update_view()
        return True

    def close(self) -> None:
        """Leave no half file."""
        self._end()

    def _shown(self) -> tuple[RowDocument, range]:
        """The selection, or all rows that are shown now."""
        view = self.screen.view
        document = view.document
        if self._saving is not None:
            raise UsageError("another file is being saved; esc stops that")
        if document is None or not document.row_count:
            raise UsageError("there are no lines here to save")
        if document.is_counting:
            raise UsageError("the lines are still being counted; try again in a moment")
        return document, view.selection or range(document.row_count)

    def _begin_or_complain(self, path: Path, *, replace: bool) -> None:
        try:
            self._begin(path, replace=replace)
        except WharfError as error:
            self._complain(error)

    def _begin(self, path: Path, *, replace: bool) -> None:
        if self._rows is None:
            return
        (document, rows), self._rows = self._rows, None
        self._require_another(path)
        steps = {step.info.step_id: step.info for step in self.screen.feed.info.steps}
        shown = self.screen.pane.step_id
        if shown is not None and shown != ALL_STEPS:
            steps = {shown: steps[shown]}
        taker = RowTaker(document, rows)
        title, facts = self._title(), f"{len(rows):,} of {words.lines(document.line_count)}"
        file = NewFile(path, replace=replace)
        try:
            self._saving = _Saving(file, taker, form_for(path, steps, title, facts))
        except WharfError:
            file.drop()
            raise
        self.screen.view.select_from = None
        self.show()
        self.screen.update_view()

    def _require_another(self, path: Path) -> None:
        """A log is what happened: it is not replaced by a part of itself."""
        for step in self.screen.feed.info.steps:
            log = self.screen.feed.log(step.info.step_id).path
            with suppress(OSError):  # one of them is not there
                if path.samefile(log):
                    raise UsageError(f"{path} is the log itself", "Give another name.")

    def _end(self) -> None:
        if self._saving is not None:
            self._saving.file.drop()
            self._saving = None
        self._notice.say("")

    def _title(self) -> str:
        step = self.screen.step_state(self.screen.pane.step_id)
        build = self.screen.feed.info
        name = step.info.address if step is not None else "all steps"
        return f"Build {build.build_id}, {name}" if build.build_id else name

    def _default_name(self) -> str:
        step = self.screen.step_state(self.screen.pane.step_id)
        build = self.screen.feed.info
        name = safe_name((step.info.name or f"step-{step.info.step_id}") if step is not None else "all-steps")
        return f"build-{build.build_id}-{name}.log" if build.build_id else f"{Path(name).stem}-saved.log"

    def _complain(self, error: WharfError) -> None:
        text = f"Not saved: {error.message}" + (f". {error.hint}" if error.hint else "")
        self.screen.notify(clean_plain(text), severity="error", markup=False)


def _path(name: str) -> Path:
    """The file that a user means; ``~`` is the home."""
    name = name.strip()
    try:
        return Path(name).expanduser()
    except RuntimeError:  # a user whom nobody knows
        return Path(name)


COMMANDS = (
    Command(
        "save",
        "Save what is shown",
        lambda screen, name: screen.control(SaveControl).save(name),
        "ctrl+s",
        argument="FILE",
        priority=True,
    ),
    Command(
        "save!",
        "Save, and replace a file that is there",
        lambda screen, name: screen.control(SaveControl).save(name, replace=True),
        argument="FILE",
    ),
)
