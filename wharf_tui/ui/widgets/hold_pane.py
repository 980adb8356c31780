"""Stands in for the log while the lines that a worker has stored are still coming: how far they are, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from wharf_tui.ui import connection_story, status_look, words
from wharf_tui.ui.widgets.split_line import join_ends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wharf_tui.model.build import StepState
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.session_feed import SessionFeed

_BAR_CELLS: Final = 12
_WIDEST: Final = 76
_AROUND_STEPS: Final = 7
"""Rows that are not steps."""


class HoldPane(Widget, can_focus=True, inherit_bindings=False):
    """Attributes go down: the screen calls ``show`` whenever anything may have changed."""

    ALLOW_SELECT = False
    BINDING_GROUP_TITLE = "Catching up"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "peek", "Show what is here", key_display="enter", id="hold.peek")
    ]

    class Peeked(Message):
        """What is here already is to be shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._text = Content()

    @property
    def text(self) -> str:
        """All of it, for tests and for screen readers."""
        return self._text.plain

    def count(self, feed: SessionFeed, budget_bytes: int) -> bool:
        """Look how many lines of each step are here, and show it; whether there are more than before.

        Raises:
            InputError: a log cannot be read.
        """
        logs = {step.info.step_id: feed.log(step.info.step_id) for step in feed.info.steps}
        changes = [log.refresh(budget_bytes) for log in logs.values()]
        self.show(feed, {step_id: log.last_log_id for step_id, log in logs.items()})
        return any(changes)

    def show(self, feed: SessionFeed, lines: Mapping[StepId, int]) -> None:
        """Bring the pane up to date.

        Args:
            feed: the build that is coming.
            lines: how many lines of each step are here.
        """
        width = max(min(self.size.width - 2, _WIDEST), 1)
        text = Content("\n").join(self._rows(feed, lines, width, max(self.size.height, 1)))
        if not text.is_same(self._text):
            self._text = text
            self.refresh()

    def render(self) -> Content:
        """Everything in the middle of the pane."""
        return self._text

    def action_peek(self) -> None:
        """Show what is here already."""
        self.post_message(self.Peeked())

    def _rows(self, feed: SessionFeed, lines: Mapping[StepId, int], width: int, height: int) -> list[Content]:
        progress = feed.progress
        share = connection_story.share(progress)
        state, color = connection_story.connection(feed)
        percent = "" if share is None else f" {share:.0%}"
        rows = [
            Content.styled(f"Catching up with {feed.address or 'the worker'}", "bold"),
            Content.assemble(_bar(share or 0.0, width - len(percent)), percent),
            join_ends(
                Content(connection_story.amount(progress)),
                Content.styled(connection_story.pace(progress), "$muted"),
                width,
            ),
            Content.styled(state if progress.problem else "", color).truncate(width, ellipsis=True),
        ]
        steps = feed.info.steps
        room = max(height - _AROUND_STEPS, 0)
        if len(steps) > room:  # what is not complete matters more
            missing = [step for step in steps if not _is_all_here(step, lines)]
            steps = tuple(missing)[: max(room - 1, 0)]
        rows += [_step_row(step, lines.get(step.info.step_id, 0), width) for step in steps]
        hidden = len(feed.info.steps) - len(steps)
        if hidden and room:
            rows.append(join_ends(Content.styled(f"  and {hidden} more", "$muted"), Content(), width))
        rows += [Content(), Content.assemble(("enter", "bold $primary"), (" shows what is here", "$muted"))]
        return [row.truncate(width, ellipsis=True) for row in rows[:height]]


def _is_all_here(step: StepState, lines: Mapping[StepId, int]) -> bool:
    return step.last_log_id is not None and lines.get(step.info.step_id, 0) >= step.last_log_id


def _step_row(step: StepState, here: int, width: int) -> Content:
    """A step: of how many lines, where that is known, how many are here."""
    left = Content.assemble(
        (status_look.glyph(step.status, skipped=step.skipped), status_look.color(step.status)),
        f" {step.info.address}",
    )
    if step.last_log_id is None:
        right = Content.styled(f"{words.lines(here)} so far".rjust(_BAR_CELLS), "$muted")
    else:
        count = Content.styled(f"{here:,} of {step.last_log_id:,}  ", "$muted")
        whole = step.last_log_id or 1
        right = Content.assemble(count, _bar(min(here / whole, 1.0) if step.last_log_id else 1.0, _BAR_CELLS))
    return join_ends(left, right, width)


def _bar(share: float, cells: int) -> Content:
    done = int(share * cells)
    return Content.assemble(("━" * done, "$primary"), ("━" * max(cells - done, 0), "$rule"))
