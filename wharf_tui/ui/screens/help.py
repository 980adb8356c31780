"""The keys that work where one came from, what is focused first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

_KEY_WIDTH = 24


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """Keys and what they do, grouped by the part of the screen that they belong to.

    Args:
        about: the screen that was asked about.
    """

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,question_mark,f1,enter", "dismiss", "Close", key_display="q", id="help.close"),
        Binding("j,down", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="help.up"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """One block a group."""
        with VerticalScroll(classes="dialog", can_focus=False):
            for title, keys in key_groups(self._about):
                yield Static(Content.styled(title, "bold $primary"), classes="title")
                yield Static(Content("\n").join(_key_row(shown, description) for description, shown in keys))

    def action_scroll(self, rows: int) -> None:
        """Down (positive) or up."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)


def _key_row(keys: str, description: str) -> Content:
    return Content.assemble((keys.rjust(_KEY_WIDTH), "bold"), (f"  {description}", "$muted"))


def key_groups(screen: Screen[object]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each part of the screen that has keys now: its title, and (description, keys) pairs."""
    groups: dict[str, dict[str, list[str]]] = {}
    for active in screen.active_bindings.values():
        binding, title = active.binding, active.node.BINDING_GROUP_TITLE
        if not (binding.description and title and active.enabled):
            continue
        keys = groups.setdefault(title, {}).setdefault(binding.description, [])
        shown = screen.app.get_key_display(binding)
        if shown not in keys:
            keys.append(shown)
    return [
        (title, [(description, " ".join(keys)) for description, keys in rows.items()])
        for title, rows in groups.items()
    ]
