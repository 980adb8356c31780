"""Keys of a YAML map: which are allowed, and what a merge (``<<``) brings in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from wharf_tui.definition.nodes import Entry, MappingNode, Node, ScalarKind, ScalarNode, describe
from wharf_tui.definition.problems import Problems, quote

_MERGE_KEY: Final = "<<"


def mapping_entries(children: Sequence[Node], plain: Sequence[bool], problems: Problems) -> tuple[Entry, ...]:
    """Entries in file order; keys that come by a merge stand at the merge's place, and yield to the map's own.

    Args:
        children: keys and values in turn.
        plain: for each child, whether it is an unquoted scalar; only such a one can be a merge key.
        problems: takes keys that are no strings, empty, or there already. Such entries are left out.
    """
    own: dict[str, Entry] = {}
    merged: dict[str, Entry] = {}
    order: dict[str, None] = {}
    for index in range(0, len(children), 2):
        key, value = children[index : index + 2]
        if not isinstance(key, ScalarNode):
            problems.error(f"a key must be a string, but this is {describe(key)}", at=key.position)
        elif plain[index] and key.text == _MERGE_KEY:
            for entry in _merged(value, problems):
                merged[entry.key.text] = entry
                order[entry.key.text] = None
        elif _is_usable(key, own, problems):
            own[key.text] = Entry(key, value)
            order[key.text] = None
    return tuple(own.get(name) or merged[name] for name in order)


def _merged(value: Node, problems: Problems) -> Iterable[Entry]:
    if isinstance(value, MappingNode):
        return value.entries
    problems.error(f"'{_MERGE_KEY}' takes one map, but this is {describe(value)}", at=value.position)
    return ()


def _is_usable(key: ScalarNode, own: dict[str, Entry], problems: Problems) -> bool:
    if key.kind is not ScalarKind.STRING:
        hint = f": put {quote(key.text)} in quotes" if key.text else ""
        problems.error(f"a key must be a string, but this is {key.kind.value}{hint}", at=key.position)
    elif not key.text:
        problems.error("a key must not be empty", at=key.position)
    elif key.text in own:
        first = own[key.text].key.position.line
        problems.error(f"key {quote(key.text)} was already used on line {first}", at=key.position)
    else:
        return True
    return False
