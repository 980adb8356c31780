"""The first row of a build's screen: which build, how it stands, how long it has been going."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from wharf_tui.model.build import Liveness
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import format_duration
from wharf_tui.ui import connection_story, status_look, words
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.widgets.split_line import SplitLine

if TYPE_CHECKING:
    from wharf_tui.ui.feed import Feed

_UNFINISHED = "Unfinished"


class BuildHeader(SplitLine):
    """Number, state, time and progress on the left; where the build comes from on the right."""

    def show_build(self, feed: Feed, now_ns: int, notice: str = "") -> None:
        """Bring the row up to date.

        Args:
            feed: the build.
            now_ns: this machine's clock.
            notice: something that is going on, such as a cancellation.
        """
        build, status = feed.info, feed.status
        if build.steps and all(map(status_look.is_text, build.steps)):
            self._show_files(feed, notice)
            return
        live = feed.liveness is Liveness.RUNNING and not feed.status.is_final
        label = _UNFINISHED if feed.liveness is Liveness.UNFINISHED else status.label
        ended = sum(step.status.is_final or step.skipped for step in build.steps)
        left = Content.assemble(
            (" wharf ", "$faint"),
            (f"build {build.build_id}" if build.build_id else "build", "bold"),
            "  ",
            (status_look.glyph(status, at_ns=now_ns if live else None), status_look.color(status)),
            (f" {label}", f"bold {status_look.color(status)}"),
            (f" {self._elapsed(feed, now_ns, live=live)}", ""),
            (f"  {ended}/{len(build.steps)} steps", "$muted"),
            (f"  {build.problem}" if build.problem else "", "$error"),
            (f"  {notice}" if notice else "", "bold $warning"),
        )
        self.show(left, self._right_end(feed))

    def _show_files(self, feed: Feed, notice: str) -> None:
        """Text files have no number, no state and no end."""
        steps = feed.info.steps
        coming = sum(step.status is Status.RUNNING for step in steps)
        left = Content.assemble(
            (" wharf ", "$faint"),
            (f"{len(steps)} files" if len(steps) > 1 else steps[0].info.name, "bold"),
            (f"  {coming} still coming" if coming and len(steps) > 1 else "", "$muted"),
            (f"  {notice}" if notice else "", "bold $warning"),
        )
        self.show(left, self._right_end(feed))

    def _right_end(self, feed: Feed) -> Content:
        """Where the build comes from; of one that is being copied, how the connection stands."""
        build = feed.info
        if isinstance(feed, SessionFeed):
            state, color = connection_story.connection(feed)
            shown = Content.assemble((feed.address, "$muted"), "  ", (f"● {state} ", color))
            room = max(self.size.width * 3 // 5, 10)
            return shown if shown.cell_length <= room else Content.styled(f"● {state} ", color).truncate(room)
        origin = self._fitting(build.environment, build.runtime, build.source or feed.place)
        return Content.styled(f"{origin} ", "$muted")

    def _elapsed(self, feed: Feed, now_ns: int, *, live: bool) -> str:
        build = feed.info
        if build.started_ns is None:
            return ""
        if build.finished_ns is not None:
            return format_duration(build.finished_ns - build.started_ns)
        if live:
            return words.elapsed(now_ns - build.started_ns)
        ends = [step.finished_ns for step in build.steps if step.finished_ns is not None]
        is_over = feed.status.is_final and ends
        return format_duration(max(ends) - build.started_ns) if is_over else ""

    def _fitting(self, *parts: str) -> str:
        """As many of the parts as there is room for, the last first; of a long path its end, which tells most."""
        room = max(self.size.width * 2 // 5, 10)
        for first in range(len(parts)):
            origin = "  ".join(filter(None, parts[first:]))
            if len(origin) <= room:
                return origin
        return f"…{parts[-1][-room + 1 :]}"
