"""The scroll bar beside a log, drawn from the few pieces it has: it moves with every line that comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.color import Color
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.geometry import Region


class LogScrollBar(ScrollBar):
    """Looks and acts like any other; but its lines, of which most are the same, are not dressed one by one."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the bar."""
        if self.size.height < crop.bottom:  # it has just been hidden, or become shorter
            return super().render_lines(crop)
        bar = cast("ScrollBarRender", self.render())
        own_style, background = self.rich_style, self.background_colors[1]
        style = self.app.console.get_style(bar.style)
        segments = self.renderer.render_bar(
            size=self.size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=self.size.width,
            vertical=self.vertical,
            back_color=style.bgcolor or Color.default(),
            bar_color=style.color or Color.default(),
        ).segments
        pieces: dict[int, Strip] = {}
        for segment in segments:
            if id(segment) not in pieces:
                strip = Strip([segment], self.size.width).apply_style(own_style)
                for each in self.get_line_filters():
                    strip = strip.apply_filter(each, background)
                pieces[id(segment)] = strip
        return [pieces[id(segment)] for segment in segments[crop.y : crop.bottom]]
