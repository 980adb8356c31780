"""Marks and notes on lines of a build: set, shown in the gutter, gone to, listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wharf_tui.model.errors import WharfError
from wharf_tui.model.lines import LogLine
from wharf_tui.model.text import clean
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.marks import MOST_MARKS, Marks
from wharf_tui.ui.screens.marks import MarkRow, MarksScreen

if TYPE_CHECKING:
    from wharf_tui.ui.rows import Address
    from wharf_tui.ui.screens.build import BuildScreen

MARK_SIGN: Final = "◆"
NOTE_SIGN: Final = "◈"
_TEXT_BYTES: Final = 1024


class MarksControl(Control):
    """The marks of one screen.

    Args:
        screen: whose lines are marked.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self.marks = Marks()
        self._signs: dict[Address, str] = {}
        self._signs_of = 0
        self._asked: Address | None = None
        """Where the note goes that is being typed."""

    def toggle(self, note: str = "") -> None:
        """Mark the line that one is at, or take its mark away; with a note always mark it."""
        here = self._here()
        if here is None:
            return
        if not note and here in self.marks:
            lost = self.marks.note(here)
            self.marks.remove(here)
            self._tell(f"{here} is not marked any more" + (f"; its note was: {lost}" if lost else ""))
        elif not self.marks.set(here, note):
            self._tell(f"There are {MOST_MARKS:,} marks already.")
        elif note:
            self._tell(f"Noted at {here}")
        else:
            self._tell(f"Marked {here}; u and U go from mark to mark, M lists them")
        self.screen.update_view()

    def ask_note(self, note: str) -> None:
        """Put a note on the line that one is at, or ask for it."""
        if note:
            self.toggle(note)
            return
        self._asked = here = self._here()
        if here is not None:
            placeholder = "what is to be said about this line"
            self.screen.ask(self, f"note at {here} ", placeholder, self.marks.note(here))

    def prompt_changed(self, text: str) -> None:
        """Nothing depends on it yet."""

    def prompt_submitted(self, text: str) -> None:
        """Keep the note; without words a mark."""
        if self._asked is not None:
            self.marks.set(self._asked, text)
        self.screen.prompt_done()

    def move(self, direction: int) -> None:
        """To the next (1) or previous (-1) mark, in any step."""
        found = self.marks.next(self.screen.here, direction)
        if found is None:
            self._tell("Nothing is marked. m marks the line where you are.")
            return
        address, wrapped = found
        self.go_to(address)
        note = self.marks.note(address)
        if wrapped:
            note = " · ".join(filter(None, ("began again at the other end", note)))
        if note:
            self._tell(f"{address}  {note}")

    def go_to(self, address: Address) -> None:
        """Show a marked line; where its step is not there any more, say so."""
        if self.screen.step_state(address.step_id) is None:
            self._tell(f"{address}: this build has no step {address.step_id}.")
            return
        self.screen.reader_of(address.step_id)
        self.screen.go_to(address.step_id, address.log_id)
        self.screen.view.stand_still()

    def list(self) -> None:
        """Show all marks."""
        if not len(self.marks):
            self._tell(
                "Nothing is marked. m marks the line where you are; :note TEXT says something about it."
            )
            return
        rows = [self._row(address) for address in self.marks]

        def chosen(address: Address | None) -> None:
            if address is not None:
                self.go_to(address)

        self.screen.app.push_screen(MarksScreen(rows, self.screen.here, self._remove), chosen)

    def step_shown(self) -> None:
        """A pane that came later shows them, too."""
        self.show()

    def show(self) -> None:
        """Bring the gutters up to date."""
        if self._signs_of != self.marks.version:
            self._signs_of = self.marks.version
            self._signs = {
                address: NOTE_SIGN if self.marks.note(address) else MARK_SIGN for address in self.marks
            }
        for pane in self.screen.panes.panes:
            if pane.view.signs is not self._signs:
                pane.view.signs = self._signs

    def state(self) -> dict[str, Any]:
        """All marks."""
        return {"marks": self.marks.to_json()} if len(self.marks) else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Those that were kept."""
        self.marks.take(state.get("marks"))

    def _here(self) -> Address | None:
        here = self.screen.here
        if here is None:
            self._tell("There is no line here that can be marked; lines may still be being counted.")
        return here

    def _row(self, address: Address) -> MarkRow:
        step = self.screen.step_state(address.step_id)
        text = ""
        try:
            log = self.screen.reader_of(address.step_id)
            for line in log.read(log.line_of(address.log_id), 1, _TEXT_BYTES):
                text = _shown(line) if line.log_id == address.log_id else ""
        except WharfError:
            text = ""
        name = step.info.address if step is not None else f"step {address.step_id}"
        return MarkRow(address, name, self.marks.note(address), text)

    def _remove(self, address: Address) -> None:
        self.marks.remove(address)
        self.screen.update_view()

    def _tell(self, text: str) -> None:
        self.screen.notify(text, markup=False)


def _shown(line: LogLine) -> str:
    return clean(line.message, is_cut=line.is_cut).text.strip()


COMMANDS = (
    Command(
        "mark",
        "Mark this line, or not",
        lambda screen, text: screen.control(MarksControl).toggle(text),
        "m",
        argument="NOTE",
    ),
    Command(
        "note",
        "Note something at this line",
        lambda screen, text: screen.control(MarksControl).ask_note(text),
        argument="TEXT",
    ),
    Command("next-mark", "Next, previous mark", lambda screen, _: screen.control(MarksControl).move(1), "u"),
    Command(
        "previous-mark",
        "Next, previous mark",
        lambda screen, _: screen.control(MarksControl).move(-1),
        "U",
        "U",
    ),
    Command("marks", "All marks", lambda screen, _: screen.control(MarksControl).list(), "M", "M"),
)
