"""The user's own keys: which bindings there are, whether keys are keys, and whether two things are on one key."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key, key_to_character

if TYPE_CHECKING:
    from textual.app import App

    from wharf_tui.ui.settings import KeySetting

_TOGETHER: Final = (
    *({"app", "build", pane} for pane in ("log", "list", "hold", "timeline")),
    {"app", "catalogue", "list"},
)
"""Groups of bindings, by the first part of their IDs, that can act at the same time."""
_NAMED: Final = {key.value for key in Keys} | {*KEY_NAME_REPLACEMENTS, *KEY_NAME_REPLACEMENTS.values()}


def bindings_by_id() -> dict[str, list[Binding]]:
    """All bindings of ours that there are, by their IDs."""
    found: dict[str, list[Binding]] = defaultdict(list)
    for place in _places(DOMNode):
        for binding in place.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found[binding.id].append(binding)
    return dict(found)


def check_keys(wanted: Mapping[str, KeySetting]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The keymap that a user's keys make, and what is wrong with them, a sentence each.

    Keys that clash are taken all the same: what was typed last in the file is what its writer wants.
    """
    known = bindings_by_id()
    keymap: dict[str, str] = {}
    problems: list[str] = []
    for name, setting in wanted.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"{setting.place}: there is no key binding {name!r}{meant}")
            continue
        keys = [_long_name(key) for key in _split(setting.keys)]
        bad = [key for key in keys if not _is_key(key)]
        if bad:
            problems.append(f"{setting.place}: there is no key {bad[0]!r}")
        if len(bad) < len(keys):
            keymap[name] = ",".join(key for key in keys if key not in bad)
    keys_of = {
        name: _split(keymap[name])
        if name in keymap
        else [key for each in bindings for key in _split(each.key)]
        for name, bindings in known.items()
    }
    for name in keymap:
        for other in sorted(keys_of):
            shared = [key for key in keys_of[name] if key in keys_of[other]]
            is_first = other not in keymap or list(keymap).index(other) > list(keymap).index(name)
            if other != name and shared and is_first and _act_together(name, other):
                what = known[other][0].description
                problems.append(f"{wanted[name].place}: {shared[0]} is the key of {other} ({what}), too")
    return keymap, tuple(problems)


def shown_key(app: App[Any], name: str, key: str) -> str:
    """The key of a binding as one reads it: the first of the user's own, or ``key``."""
    keymap = app._keymap  # noqa: SLF001  nothing public tells it
    return app.get_key_display(Binding(keymap.get(name, key).split(",")[0], name))


def _places(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("wharf_tui."):
            yield each
        yield from _places(each)


def _act_together(name: str, other: str) -> bool:
    groups = {name.partition(".")[0], other.partition(".")[0]}
    return len(groups) == 1 or any(groups <= together for together in _TOGETHER) or "app" in groups


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]


def _long_name(key: str) -> str:
    """``question_mark`` for ``?``, also behind ``ctrl+``."""
    modifiers, plus, last = key.rpartition("+") if len(key) > 1 else ("", "", key)
    return modifiers + plus + (_character_to_key(last) if len(last) == 1 else last)


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    if not set(modifiers) <= {"ctrl", "alt", "shift", "super", "meta", "hyper"}:
        return False
    return last in _NAMED or key in _NAMED or key_to_character(last) is not None
