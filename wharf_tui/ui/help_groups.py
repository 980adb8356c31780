"""All that can be done where one is, in the groups in which the help shows it: each key, and what has a name only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import Binding
    from textual.screen import Screen

    from wharf_tui.ui.commands import Command

_STEPS, _LOOKS, _FIND, _CHOOSE, _TIME, _TAKE, _MORE = (
    *("Steps and panes", "Looks", "Finding", "Choosing lines", "Time", "Taking along", "More"),
)
_BY_MODULE: Final = {
    "search_control": _FIND,
    "goto_control": _FIND,
    "error_control": _FIND,
    "detail_control": _LOOKS,
    "view_commands": _LOOKS,
    "filter_commands": _CHOOSE,
    "novelty_control": _CHOOSE,
    "highlight_control": _CHOOSE,
    "fold_control": _CHOOSE,
    "notes_control": _TIME,
    "timeline_control": _TIME,
    "marks_control": _TAKE,
    "save_control": _TAKE,
    "bundle_control": _TAKE,
    "editor_control": _TAKE,
    "shell_control": _STEPS,
}
"""By the module of the command."""
_BY_ID: Final = {
    **dict.fromkeys(
        (
            *("next-pane", "previous-pane", "next-step", "previous-step", "all-steps", "follow"),
            *("split", "close-pane", "zoom", *(f"step-{number}" for number in range(1, 10))),
        ),
        _STEPS,
    ),
    **dict.fromkeys(("wrap", "times", "ids"), _LOOKS),
    **dict.fromkeys(("select", "yank", "yank-address"), _TAKE),
    **dict.fromkeys(("back", "escape", "help", "interrupt", "quit", "commands", "mouse"), "Everywhere"),
}
"""By the last part of the ID of a key binding."""
_LAST: Final = (_MORE, "Everywhere")


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One thing that can be done."""

    keys: str
    description: str


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """Things that belong together."""

    title: str
    rows: tuple[HelpRow, ...]


def help_groups(screen: Screen[Any], commands: Iterable[Command] = ()) -> list[HelpGroup]:
    """All that can be done on a screen now; what the focused widget does comes first.

    Args:
        screen: the screen that is asked about.
        commands: what can be done there by name.
    """
    by_name = {command.name: command for command in commands}
    found: dict[str, dict[str, list[str]]] = {}

    def add(title: str, description: str, keys: str) -> None:
        shown = found.setdefault(title, {}).setdefault(description, [])
        if keys not in shown:
            shown.append(keys)

    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and active.enabled:
            title = active.node.BINDING_GROUP_TITLE or _MORE
            add(_group(binding, by_name, title), binding.description, screen.app.get_key_display(binding))
    for command in by_name.values():
        if not command.keys:
            words = f":{command.name} {command.argument}".strip()
            add(_BY_MODULE.get(_module(command), _MORE), command.description, words)
    groups = [
        HelpGroup(title, tuple(HelpRow(" ".join(keys), description) for description, keys in rows.items()))
        for title, rows in found.items()
    ]
    return sorted(groups, key=lambda group: _LAST.index(group.title) if group.title in _LAST else -1)


def _group(binding: Binding, by_name: dict[str, Command], title: str) -> str:
    place, _, name = (binding.id or "").partition(".")
    if binding.action.startswith("command("):
        return _BY_MODULE.get(_module(by_name[name]), _MORE) if name in by_name else _MORE
    return _BY_ID.get(name, title) if place in {"build", "app", "log"} else title


def _module(command: Command) -> str:
    return command.run.__module__.rpartition(".")[2]
