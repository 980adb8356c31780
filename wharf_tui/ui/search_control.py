"""Leads a search on a build's screen: prompt, hits in the panes, counts, and the way from hit to hit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from textual.content import Content

from wharf_tui.insight.pattern import BadPattern, compile_pattern
from wharf_tui.insight.search import Hit, Search
from wharf_tui.model.text import clean_plain
from wharf_tui.ui import line_walk
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS, MergedDocument
from wharf_tui.ui.slices import work_on

if TYPE_CHECKING:
    from wharf_tui.insight.line_set import LineSet
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.screens.build import BuildScreen
    from wharf_tui.ui.widgets.log_canvas import ViewPlace


_MOST_HIDDEN: Final = 5000
"""Hits without a row that are passed over before one gives up."""
_MOST_MOVES: Final = 50
"""Keys that are remembered while the hit before them is looked for."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The hit nearest to a line."""

    step_id: StepId
    line: int
    backwards: bool = False
    or_there: bool = False
    """The hit may be on that line itself."""


class SearchControl(Control):
    """The search of one screen.

    Args:
        screen: whose panes, prompt and steps are used.
    """

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._session: Search | None = None
        self._steps: set[StepId] = set()
        """Steps that are searched."""
        self._is_stopped = False
        """No more lines are looked at; what has been found stays."""
        self._is_regex = True
        self._all_steps = False
        self._origin: tuple[StepId, ViewPlace] | None = None
        """Where one was when the prompt was opened; to come back to."""
        self._wanted: _Wanted | None = None
        """The hit to go to as soon as it is known."""
        self._moves: list[int] = []
        """From there, as soon as one is there: directions of keys that came before."""
        self._wrapped = False
        self._complaint = ""
        """What is wrong with the pattern that is being typed."""

    @property
    def session(self) -> Search | None:
        """What is being searched, or has been; None where nothing is."""
        return self._session

    def search(self, text: str) -> None:
        """Ask what to look for, or look for it if it is known."""
        self.open()
        if text:
            self.prompt_changed(text)
            self.prompt_submitted(text)

    def open(self) -> None:
        """Ask what to look for."""
        screen = self.screen
        if screen.pane.step_id is None:
            return
        self._origin = (screen.pane.step_id, screen.view.place())
        before = self._session.pattern.text if self._session is not None else ""
        screen.ask(self, "/", "what to look for", before)
        self._say()

    def prompt_changed(self, text: str) -> None:
        """Begin a search for what has been typed so far."""
        self._end()
        self._complaint = ""
        if not text:
            self._say()
            return
        pattern = compile_pattern(text, is_regex=self._is_regex)
        if isinstance(pattern, BadPattern):
            key = self.screen.prompt.option_key("regex")
            hint = f"{key} takes it as plain text" if self._is_regex else pattern.hint
            self._complaint = f"{pattern.problem}; {hint}"
            self._say()
            return
        self._session = Search(pattern, {})
        self._add_steps()
        for pane in self.screen.panes.panes:
            pane.view.find = self._session.spans
        if self._origin is not None:
            step_id, place = self._origin
            mark = place.marks.top if place.marks is not None and not place.follow else None
            if mark is not None:
                self._go_when_known(_Wanted(mark.step_id, mark.line, or_there=not mark.behind))
            else:
                self._go_when_known(_Wanted(min(self._steps, default=step_id), 0))
        self.show()

    def prompt_submitted(self, text: str) -> None:
        """Keep the search, and go back to the log."""
        if self._complaint and text:
            return  # it is said beside it
        self._close_prompt()

    def prompt_cancelled(self) -> None:
        """Forget the search, and go back to where one was."""
        self._end()
        self._close_prompt()
        if self._origin is not None:
            step_id, place = self._origin
            screen = self.screen
            if screen.pane.step_id == step_id and screen.view.document is not None:
                screen.view.return_to(place)

    def prompt_option(self, option: str) -> None:
        """Take the pattern as text or as a regular expression; search this step or all."""
        if option == "regex":
            self._is_regex = not self._is_regex
        else:
            self._all_steps = not self._all_steps
        self.prompt_changed(self.screen.prompt.text)

    def leave(self) -> bool:
        """Stop a search that goes on, or else forget it; whether there was one."""
        if self._session is None:
            return False
        if self._is_over:
            self._end()
        else:
            self._is_stopped, self._wanted = True, None
            self._moves.clear()
        self.screen.update_view()
        return True

    @property
    def _is_looking(self) -> bool:
        return self._wanted is not None

    @property
    def _is_over(self) -> bool:
        return self._session is None or self._is_stopped or self._session.progress.is_done

    def work(self) -> bool:
        """Look at some more lines; whether there are more."""
        session = self._session
        if session is None or self._is_stopped:
            return False
        if self._all_steps or self.screen.pane.step_id == ALL_STEPS:
            self._add_steps()
        if not session.progress.is_done:
            work_on(session)
        if self._wanted is not None:
            self._go_when_known(self._wanted)
        return not session.progress.is_done

    def move(self, direction: int) -> None:
        """To the next (1) or previous (-1) hit."""
        screen = self.screen
        if self._session is None or screen.pane.step_id is None:
            screen.notify("Nothing is searched. / asks what to look for.", markup=False)
            return
        if self._is_looking:
            self._moves = [*self._moves, direction][:_MOST_MOVES]
            return
        self._add_steps()
        self._is_stopped = False
        wanted = self._from_here(direction)
        if wanted is None:
            return
        self._go_when_known(wanted)
        if self._session.progress.is_done and not self._session.count:
            screen.notify(f"Not found: {self._session.pattern.text}", severity="warning", markup=False)

    def _go_when_known(self, wanted: _Wanted) -> None:
        """Go to a hit, or look on from there until it is known which one it is."""
        session, document = self._session, self.screen.view.document
        if session is None or document is None or wanted.step_id not in self._steps:
            return
        hit = None
        if document.is_counting:  # rows have no numbers yet
            pass
        elif isinstance(document, MergedDocument):
            hit = self._merged_hit(session, document, wanted)
        else:
            hit = self._shown_hit(session, document, wanted)
        if hit is not None:
            self._wanted, self._wrapped = None, hit.wrapped
            self._go_to(hit)
            if self._moves:
                self.move(self._moves.pop(0))
        elif session.progress.is_done and not document.is_counting:
            self._wanted = None
            self._moves.clear()
        elif wanted != self._wanted:
            self._wanted = wanted
            session.aim(wanted.step_id, wanted.line, backwards=wanted.backwards)

    def _shown_hit(self, session: Search, document: RowDocument, wanted: _Wanted) -> Hit | None:
        """The next hit that is not filtered out of the log that is shown; in other logs any hit."""
        step_id, line, wrapped = wanted.step_id, wanted.line, False
        if wanted.or_there:
            line = line + 1 if wanted.backwards else max(line - 1, 0)
        for _ in range(_MOST_HIDDEN):
            hit = session.next(step_id, line, backwards=wanted.backwards)
            if hit is None:
                return None
            wrapped = wrapped or hit.wrapped
            if hit.step_id != self.screen.pane.step_id or document.lets_through(hit.step_id, hit.line):
                return replace(hit, wrapped=wrapped)
            step_id, line = hit.step_id, hit.line
        return None

    def _merged_hit(self, session: Search, document: MergedDocument, wanted: _Wanted) -> Hit | None:
        sets = self._hits(session)
        row = document.rows_before(wanted.step_id, wanted.line) if wanted.line else -1
        is_there = document.is_shown(wanted.step_id, wanted.line)
        if wanted.line and not wanted.backwards and (wanted.or_there or not is_there):
            row -= 1  # of a line that is hidden it is the next row
        elif wanted.backwards and wanted.or_there and is_there:
            row += 1
        found = line_walk.next_row(document, sets, row, backwards=wanted.backwards)
        wrapped = found is None and session.progress.is_done
        if wrapped:
            row = document.row_count if wanted.backwards else -1
            found = line_walk.next_row(document, sets, row, backwards=wanted.backwards)
        mark = document.mark_of(found) if found is not None else None
        return None if mark is None else Hit(mark.step_id, mark.line, 0, wrapped)

    def _hits(self, session: Search) -> dict[StepId, LineSet]:
        return {step_id: session.hits(step_id) for step_id in self._steps}

    def show(self) -> None:
        """Bring counts and marks up to date."""
        session = self._session
        for pane in self.screen.panes.panes:
            pane.search_note = self._note(pane.step_id)
            document, height = pane.view.document, pane.view.size.height
            if session is None or document is None or not height:
                pane.view.hit_marks, pane.marks_state = (), ()
                continue
            state = (id(session), session.count, document.row_count, height)
            if pane.marks_state != state:
                pane.marks_state = state
                pane.view.hit_marks = line_walk.marks(document, self._hits(session), height)
        if self.screen.prompt.display and self.screen.prompt.sign == "/":
            self._say()

    def _note(self, step_id: StepId | None) -> Content:
        """``17 of 1,922``, as far as it is known."""
        session = self._session
        if session is None:
            return Content()
        rank = None
        document, spot = self.screen.view.document, self.screen.view.spot
        if step_id == self.screen.pane.step_id and document is not None and spot is not None:
            if isinstance(document, MergedDocument):
                rank = line_walk.rank_of(document, self._hits(session), spot)
            elif (mark := document.mark_of(spot)) is not None and not mark.behind:
                is_hit = mark.step_id in self._steps and mark.line in session.hits(mark.step_id)
                rank = session.number(mark.step_id, mark.line) if is_hit else None
        in_all = self._all_steps or step_id == ALL_STEPS
        found = f"{session.count:,}{' in all steps' if in_all else ''}"
        counted = f"{rank:,} of {found}" if rank is not None else f"{found} found"
        parts = [f"/{session.pattern.text}  ", counted]
        if self._is_stopped:
            parts.append(f", stopped at {session.progress.share:.0%}")
        elif not session.progress.is_done:
            parts.append(f", searching {session.progress.share:.0%}")
        if self._wrapped:
            parts.append(", began again")
        if session.problem is not None:
            parts.append(f": {clean_plain(session.problem.message)}")
        return Content.styled("".join(parts), "$warning")

    def _say(self) -> None:
        if self._complaint:
            self.screen.prompt.say(self._complaint, "$error")
            return
        found = ""
        if self._session is not None:
            more = "" if self._session.progress.is_done else "…"
            found = f"{self._session.count:,}{more} found"
        options = {
            "regex": "regex" if self._is_regex else "text",
            "scope": "all steps" if self._all_steps else "this step",
        }
        self.screen.prompt.say(found, options=options)

    def _add_steps(self) -> None:
        """Search the step that is shown, or all there are."""
        shown = self.screen.pane.step_id
        for step in self.screen.feed.info.steps:
            step_id = step.info.step_id
            if step_id not in self._steps and (self._all_steps or shown in {step_id, ALL_STEPS}):
                self._add(step_id)

    def _add(self, step_id: StepId) -> None:
        assert self._session is not None
        self._steps.add(step_id)
        self._session.add(step_id, self.screen.reader_of(step_id))

    def _from_here(self, direction: int) -> _Wanted | None:
        """The spot where it is in sight; else the line just outside the screen."""
        view = self.screen.view
        document, visible = view.document, view.visible_rows
        if document is None or not visible:
            return None
        backwards = direction < 0
        if view.spot is not None and view.spot in visible:
            mark = document.mark_of(view.spot)
            is_behind = mark is not None and bool(mark.behind)
            return (
                None if mark is None else _Wanted(mark.step_id, mark.line, backwards, is_behind and backwards)
            )
        mark = document.mark_of(visible[-1] if backwards else visible[0])
        if mark is None:
            return _Wanted(self.screen.pane.step_id or ALL_STEPS, 0, backwards)
        return _Wanted(mark.step_id, mark.line, backwards, or_there=backwards or not mark.behind)

    def _go_to(self, hit: Hit) -> None:
        screen = self.screen
        if screen.pane.step_id not in {hit.step_id, ALL_STEPS}:
            screen.choose_step(hit.step_id)
            if self._session is not None:
                screen.view.find = self._session.spans
        document = screen.view.document
        if document is not None:
            screen.go_to_line(hit.step_id, hit.line)
        screen.update_view()

    def close(self) -> None:
        """Let go of what is needed to look."""
        if self._session is not None:
            self._session.close()

    def _end(self) -> None:
        self.close()
        self._session, self._wanted = None, None
        self._moves.clear()
        self._wrapped = self._is_stopped = False
        self._steps.clear()
        for pane in self.screen.panes.panes:
            pane.view.find = None
            pane.view.hit_marks, pane.marks_state = (), ()

    def _close_prompt(self) -> None:
        self.screen.prompt_done()


COMMANDS = (
    # With priority: what is typed right behind the key must find the prompt there, not the log.
    Command(
        "search",
        "Search",
        lambda screen, text: screen.control(SearchControl).search(text),
        "slash",
        "/",
        argument="PATTERN",
        show=True,
        priority=True,
    ),
    Command("next-hit", "Next, previous hit", lambda screen, _: screen.control(SearchControl).move(1), "n"),
    Command(
        "previous-hit",
        "Next, previous hit",
        lambda screen, _: screen.control(SearchControl).move(-1),
        "N",
        "N",
    ),
)
