"""One step's log with what belongs to it: a title, the lines or why there are none, and how complete it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.getters import query_one
from textual.message import Message

from wharf_tui.model.build import Liveness
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui import status_look, step_story, words
from wharf_tui.ui.widgets.log_view import LogView
from wharf_tui.ui.widgets.split_line import SplitLine

if TYPE_CHECKING:
    from datetime import timezone

    from textual.app import ComposeResult
    from textual.strip import Strip

    from wharf_tui.model.build import BuildInfo, StepState
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.log_document import LogDocument
    from wharf_tui.ui.merged_document import MergedDocument
    from wharf_tui.ui.row_document import RowDocument

_LONG_SILENCE_NS: Final = 120 * NS
"""After so long without output one wonders whether a step still does anything."""


class LogPane(Vertical):
    """Attributes go down: the screen calls ``show_step`` whenever anything may have changed."""

    class Focused(Message):
        """The keys go to this pane now."""

        def __init__(self, pane: LogPane) -> None:
            super().__init__()
            self.pane = pane

    view = query_one(LogView)
    _title = query_one("#log-title", SplitLine)
    _status = query_one("#log-status", SplitLine)

    def __init__(self, *, zone: timezone | None = None, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._zone = zone
        self.step_id: StepId | None = None
        """Whose log is shown."""
        self.marks_state: tuple[int, ...] = ()
        """What the marks beside the scroll bar were worked out from."""
        self.filter_note = Content()
        """What is hidden in this pane."""
        self.why_filtered: tuple[str, str] | None = None
        """A headline and an explanation for when a filter lets nothing through."""
        self.cause_note = Content()
        """Which cause of the failure one is at."""
        self.search_note = Content()
        """How the search stands in this pane."""

    def compose(self) -> ComposeResult:
        """Title, log or explanation, status."""
        yield SplitLine(id="log-title")
        yield LogView(zone=self._zone, id="log-view")
        yield SplitLine(id="log-status")

    def make_ready(self) -> None:
        """Make what would be made when the pane is shown first."""
        _ = self.view.vertical_scrollbar

    def forget(self) -> None:
        """The pane is not shown any more: let go of its log, so that the next one finds nothing of this."""
        self.step_id, self.marks_state = None, ()
        self.view.forget()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rule at the left, and what no log covers: the same all the way down."""
        return super().render_lines(Region(crop.x, 0, crop.width, 1)) * crop.height

    def show_step(
        self, step: StepState, document: LogDocument, build: BuildInfo, liveness: Liveness, now_ns: int
    ) -> None:
        """Bring everything around the lines up to date."""
        grows = step_story.may_grow(step, document, liveness)
        self._title.show(self._title_left(step, now_ns, live=grows), self._title_right())
        modes = Content.styled("wrap  " if self.view.wrap else "", "$muted")
        self._status.show(
            self._completeness(step, document, liveness),
            Content.assemble(
                self._silent(step, document, now_ns, live=grows and liveness is Liveness.RUNNING),
                self.filter_note,
                modes,
                self._badge(document, grows=grows),
            ),
        )
        if self.why_filtered is not None and document.line_count:
            self.view.why_empty = self.why_filtered
            return
        self.view.why_empty = (
            ("This log cannot be read", document.problem)
            if document.problem
            else step_story.why_empty(step, build, liveness, now_ns)
        )

    def show_merged(self, document: MergedDocument, build: BuildInfo, liveness: Liveness) -> None:
        """Bring everything around the merged lines up to date."""
        grows = liveness is Liveness.RUNNING
        steps = f"{len(build.steps)} steps" if len(build.steps) != 1 else "1 step"
        title = Content.assemble(("≡", "$primary"), (" all steps", "bold"), (f"  {steps} by time", "$muted"))
        self._title.show(title, self._title_right())
        modes = Content.styled("wrap  " if self.view.wrap else "", "$muted")
        if document.is_counting:
            left = f"merging… {document.counted_share:.0%}"
        else:
            left = f"{document.line_count:,} lines{' so far' if grows else ''}"
        self._status.show(
            Content.styled(document.problem or left, "$warning" if document.problem else "$muted"),
            Content.assemble(self.filter_note, modes, self._badge(document, grows=grows)),
        )
        if document.is_counting:
            self.view.why_empty = ("Merging the steps by time", f"{document.counted_share:.0%}")
        elif self.why_filtered is not None and document.line_count:
            self.view.why_empty = self.why_filtered
        else:
            self.view.why_empty = ("Nothing was printed", "No step has a line yet.")

    def show_nothing(self, headline: str, explanation: str) -> None:
        """There is no step to show."""
        self._title.show(Content())
        self._status.show(Content())
        self.view.why_empty = (headline, explanation)

    def _title_left(self, step: StepState, now_ns: int, *, live: bool) -> Content:
        look = status_look.step_color(step)
        took = step_story.duration(step, now_ns, live=live)
        outcome = step_story.outcome(step)
        return Content.assemble(
            (status_look.step_glyph(step, now_ns if live else None), look),
            (f" {step.info.address}", "bold"),
            (f"  {status_look.label(step)}", look),
            (f" {took}" if took else "", "$muted"),
            (f"  {outcome}" if outcome else "", "$muted"),
        )

    def _title_right(self) -> Content:
        """How the search stands, and how far the text is scrolled to the right."""
        column = self.view.column
        scrolled = Content.styled(f"  column {column + 1}" if column else "", "$muted")
        return Content.assemble(self.cause_note, self.search_note, scrolled)

    def _completeness(self, step: StepState, document: LogDocument, liveness: Liveness) -> Content:
        text, is_missing = step_story.completeness(step, document, liveness)
        return Content.styled(text, "$warning" if is_missing else "$muted")

    def _silent(self, step: StepState, document: LogDocument, now_ns: int, *, live: bool) -> Content:
        """For how long a running step has printed nothing, where that is worth a word."""
        if not live or document.is_counting or step.status is not Status.RUNNING:
            return Content()
        last = document.line(document.line_count) if document.line_count else None
        since = last.at_ns if last is not None else step.started_ns
        if since is None or now_ns - since < _LONG_SILENCE_NS:
            return Content()
        return Content.styled(f"silent for {words.elapsed(now_ns - since)}  ", "$warning")

    def _badge(self, document: RowDocument, *, grows: bool) -> Content:
        view = self.view
        if grows and view.follow:
            return Content.styled("FOLLOW ", "bold $success")
        if view.new_lines:
            return Content.styled(f" +{view.new_lines:,} new — G ", "bold $background on $warning")
        rows, visible = document.row_count, view.visible_rows
        if not rows:
            return Content()
        if grows:
            return Content.styled("paused — G ", "$muted")
        if visible.stop >= rows:
            return Content.styled("END ", "$muted")
        if visible.start == 0:
            return Content.styled("TOP ", "$muted")
        return Content.styled(f"{visible.stop / rows:.0%} ", "$muted")

    def on_descendant_focus(self) -> None:
        """The title shows where the keys go."""
        self._title.add_class("-focused")
        self.post_message(self.Focused(self))

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere."""
        self._title.remove_class("-focused")

    def on_click(self) -> None:
        """A click anywhere in the pane means its lines."""
        self.view.focus()
