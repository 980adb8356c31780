"""The keys of a build's screen that move between steps and panes, and change how logs look."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

BUILD_KEYS: Final = [
    Binding("tab", "app.focus_next", "Steps/Log", id="build.next-pane"),
    Binding("shift+tab", "app.focus_previous", "Steps/Log", show=False, id="build.previous-pane"),
    *(
        Binding(key, action, "Next, previous step", key_display=shown, show=False, id=name)
        for key, action, shown, name in (
            ("right_curly_bracket", "step(1)", "}", "build.next-step"),
            ("left_curly_bracket", "step(-1)", "{", "build.previous-step"),
        )
    ),
    *(
        Binding(
            str(number),
            f"nth_step({number})",
            "The n-th step",
            show=False,
            key_display="1-9",
            id=f"build.step-{number}",
        )
        for number in range(1, 10)
    ),
    Binding("a", "all_steps", "All steps merged", show=False, id="build.all-steps"),
    Binding("F", "follow", "Follow the running step", key_display="F", show=False, id="build.follow"),
    Binding("w", "wrap", "Wrap", id="build.wrap"),
    Binding("t", "times", "Times", id="build.times"),
    Binding("number_sign", "ids", "Log IDs", key_display="#", show=False, id="build.ids"),
    Binding("vertical_line", "split", "Side by side", key_display="|", id="build.split"),
    Binding("x", "close_pane", "Close this pane", show=False, id="build.close-pane"),
    Binding("z,f", "zoom", "This log alone", show=False, id="build.zoom"),
    Binding("q", "app.back", "Back", id="build.back"),
    Binding("escape", "escape", "Back to the list", show=False, id="build.escape"),
]
