"""The last row of each screen: the keys that matter here, clickable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.screen import Screen


MOUSE_LET_GO: Final = "-mouse-let-go"
"""The app has this class while the mouse is the terminal's."""


def _is_typed(focused: Widget | None, shown: str) -> bool:
    """Whether a key is text where the focus is, and does nothing else."""
    return focused is not None and len(shown) == 1 and focused.check_consume_key(shown, shown)


class KeyHints(Widget):
    """Shows the bindings of the focused widget, the screen and the app that want to be shown."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._hints: list[tuple[str, str, str]] = []

    def on_mount(self) -> None:
        """Listen for changes of focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._look_up)

    def _look_up(self, screen: Screen[object]) -> None:
        if self.app.screen_stack[-1:] != [screen]:
            return  # it is being closed, and may have lost what its keys ask for
        hints: dict[str, tuple[str, str, str]] = {}
        for key, active in screen.active_bindings.items():
            binding = active.binding
            if binding.show and binding.description and active.enabled:
                shown = self.app.get_key_display(binding)
                if _is_typed(screen.focused, shown):
                    shown = key  # the binding's other key, which acts
                if _is_typed(screen.focused, shown) and not binding.priority:
                    continue
                hints.setdefault(binding.action, (shown, binding.description, key))
        if list(hints.values()) != self._hints:
            self._hints = list(hints.values())
            self.refresh()

    def render(self) -> Content:
        """``key description`` after another, as many as fit; before them that the mouse is not ours."""
        parts = [
            Content.assemble((f" {key}", "bold $primary"), (f" {description} ", "$muted"))
            for key, description, _ in self._hints
        ]
        if self.app.has_class(MOUSE_LET_GO):  # nobody clicks then, so that clicks need not know of it
            parts.insert(0, Content.styled(" mouse let go ", "bold $warning"))
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        position = 0
        for shown, description, key in self._hints:
            position += len(shown) + len(description) + 3
            if event.x < position:
                self.app.simulate_key(key)
                return
