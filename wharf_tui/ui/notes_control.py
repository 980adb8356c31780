"""Puts rows between lines: how long nothing was printed, and how the step came to run and to its end."""

from __future__ import annotations

import heapq
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.silences import Silence, Silences
from wharf_tui.insight.time_map import TimeMap
from wharf_tui.model.build import StepState
from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, format_duration
from wharf_tui.ui import step_story
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.rows import Note, NoteKind
from wharf_tui.ui.slices import work_on

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.log_document import LogDocument
    from wharf_tui.ui.screens.build import BuildScreen

DEFAULT_SILENCE_NS: Final = 30 * NS
_SHORTEST_WAIT_NS: Final = NS // 2
"""A shorter wait for a place to run is not worth a row."""
_LOOK_SECONDS: Final = 0.5


class NotesControl(Control):
    """The rows between the lines of one screen's logs."""

    is_background = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self.threshold_ns = DEFAULT_SILENCE_NS
        """The shortest silence that has a row."""
        self._silences: dict[StepId, Silences] = {}
        self._told: dict[StepId, tuple[int, int]] = {}
        self._next_look = 0.0
        self._looked_on: set[StepId] = set()
        """Steps whose newest lines have been looked at since the last look at all of them."""

    def opened(self) -> None:
        """Take over what the user has set."""
        self.set_threshold(self.screen.settings.silence_ns)

    def work(self) -> bool:
        """Look for silences in the logs in sight, and put rows where there are some."""
        now = time.monotonic()
        is_look = now >= self._next_look
        if is_look:
            self._next_look = now + _LOOK_SECONDS
            self._looked_on.clear()
        for pane in self.screen.panes.panes:
            step_id = pane.step_id
            if step_id is None or step_id == ALL_STEPS:
                continue
            document = self.screen.documents.of(step_id)
            if document.is_counting or step_id in self._looked_on:
                continue
            is_done = self._look_on(step_id, document)
            self._put_rows(step_id, document)
            if not is_done:
                return True
            self._looked_on.add(step_id)
        return False

    def silences(self, step_id: StepId) -> list[Silence]:
        """The silences of a step that are known, in their order."""
        known = self._silences.get(step_id)
        return known.found if known is not None else []

    def move(self, direction: int) -> None:
        """To the next (1) or previous (-1) silence."""
        screen = self.screen
        here = screen.here
        if here is None:
            return
        line = screen.reader_of(here.step_id).line_of(here.log_id)
        lines = [each.before_line for each in self.silences(here.step_id)]
        behind = [each for each in lines if (each > line if direction > 0 else each < line)]
        if not behind:
            seconds = format_duration(self.threshold_ns)
            screen.notify(f"No more silences of {seconds} or longer in this direction.", markup=False)
            return
        screen.go_to_line(here.step_id, min(behind) if direction > 0 else max(behind))

    def longest(self) -> None:
        """Say where the time went: the longest silences, and go to the longest."""
        screen = self.screen
        here = screen.here
        found = heapq.nlargest(
            5, self.silences(here.step_id) if here else [], key=lambda each: each.duration_ns
        )
        if here is None or not found:
            screen.notify("No silence is long enough to be told.", markup=False)
            return
        log = screen.reader_of(here.step_id)
        rows = [
            f"{format_duration(each.duration_ns)} before {here.step_id}:{log.log_id_of(each.before_line)}"
            for each in found
        ]
        screen.notify("\n".join(rows), title="The longest silences", markup=False, timeout=12)
        screen.go_to_line(here.step_id, found[0].before_line)

    def set_threshold(self, threshold_ns: int) -> None:
        """Let shorter or longer silences have rows."""
        self.threshold_ns = threshold_ns
        self._silences.clear()
        self._told.clear()
        self._looked_on.clear()

    def _look_on(self, step_id: StepId, document: LogDocument) -> bool:
        """Look for silences in a slice; whether that is all for now."""
        known = self._silences.get(step_id)
        if known is None:
            known = self._silences[step_id] = Silences(TimeMap(document.log), self.threshold_ns)
        if known.progress.is_done:
            return True
        try:
            work_on(known)
        except WharfError:  # the log itself tells what is wrong with it
            return True
        return known.progress.is_done

    def _put_rows(self, step_id: StepId, document: LogDocument) -> None:
        found = self.silences(step_id)
        state = (len(found), found[-1].to_ns if found else 0)
        with self.screen.rows_may_change():
            if self._told.get(step_id) != state:
                self._told[step_id] = state
                document.set_notes(NoteKind.SILENCE, tuple(map(_silence_note, found)))
            step = self.screen.step_state(step_id)
            if step is not None:
                document.set_notes(NoteKind.STATUS, self._status_notes(step, document))

    def _status_notes(self, step: StepState, document: LogDocument) -> tuple[Note, ...]:
        """How the step came to run, and why it ended badly; nothing of what goes without saying."""
        if not document.line_count or not document.log.is_indexed:
            return ()
        notes: list[Note] = []
        for event, following in pairwise(self.screen.feed.events(step.info.step_id)):
            if event.status not in {Status.SCHEDULING, Status.INITIALIZING}:
                continue
            took = (following.at_ns or 0) - (event.at_ns or 0)
            if event.at_ns is not None and took >= _SHORTEST_WAIT_NS:
                after = min(document.log.first_line_at(event.at_ns) - 1, document.line_count)
                notes.append(
                    Note(
                        after,
                        NoteKind.STATUS,
                        f"{event.status.label} for {format_duration(took)}",
                        event.at_ns,
                    )
                )
        if step.status in {Status.FAILED, Status.CANCELLED} and not step_story.may_grow(
            step, document, self.screen.feed.liveness
        ):
            took_ns = (step.finished_ns or 0) - (step.started_ns or 0)
            after_text = f" after {format_duration(took_ns)}" if step.started_ns and step.finished_ns else ""
            why = step_story.outcome(step)
            text = f"{step.status.label}{after_text}" + (f": {why}" if why else "")
            notes.append(Note(document.line_count, NoteKind.STATUS, text, step.finished_ns))
        return tuple(notes)


def _silence_note(silence: Silence) -> Note:
    return Note(
        silence.before_line - 1,
        NoteKind.SILENCE,
        f"{format_duration(silence.duration_ns)} without output",
        silence.from_ns,
    )


def _of(screen: BuildScreen) -> NotesControl:
    return screen.control(NotesControl)


COMMANDS = (
    Command("next-silence", "Next, previous silence", lambda screen, _: _of(screen).move(1), "s", "s"),
    Command("previous-silence", "Next, previous silence", lambda screen, _: _of(screen).move(-1), "S", "S"),
    Command("silences", "The longest silences", lambda screen, _: _of(screen).longest()),
)
