"""Reads the fields of a map by name and type, and says what is wrong with each of them.

Where wharf-cmd is stricter than sense (``tag: 123``, ``tag: ${BUILD_REF}``), the value is taken as it is written: in
silence where a variable brought it, with a warning where the file would not run under wharf-cmd.
"""

from __future__ import annotations

from typing import Final

from wharf_tui.definition.nodes import (
    MappingNode,
    Node,
    Position,
    ScalarKind,
    ScalarNode,
    SequenceNode,
    describe,
    is_null,
    is_unfilled,
)
from wharf_tui.definition.problems import Problems, listing, quote
from wharf_tui.definition.scalars import plain_decimal

_FLAGS: Final = {"true": True, "false": False}


def read_text(node: Node, scope: str, problems: Problems) -> str | None:
    """Text of a scalar; None where it is none, which is then a problem, or where nothing was given."""
    if not isinstance(node, ScalarNode):
        problems.error(f"expected a string, but this is {describe(node)}", scope, node.position)
        return None
    if node.kind is ScalarKind.NULL:
        return None
    if node.kind is not ScalarKind.STRING and not node.origin:
        problems.warn(
            f"{describe(node)} is read as text here, but wharf-cmd does not take it: put it in quotes",
            scope,
            node.position,
        )
    return node.text


def read_flag(node: Node, scope: str, problems: Problems) -> bool | None:
    """Value of a boolean; None where it is none, which is then a problem, or where nothing was given."""
    if is_null(node):
        return None
    flag = _FLAGS.get(node.text.lower()) if isinstance(node, ScalarNode) else None
    if flag is None:
        problems.error(f"expected true or false, but this is {describe(node)}", scope, node.position)
    elif isinstance(node, ScalarNode) and node.kind is not ScalarKind.BOOLEAN and not node.origin:
        problems.warn(
            "wharf-cmd does not take this: write true or false without quotes", scope, node.position
        )
    return flag


class Fields:
    """The fields of one map. What is asked for is known; what was never asked for is reported at the end.

    Args:
        node: the map, or nothing, or what stands in its place wrongly.
        scope: path of the map, for messages.
        at: where to report a field that is missing.
        problems: takes what is wrong.
        judges_unfilled: whether a variable that nobody has is wrong where something else than text is needed.
            It is not in a stage that will not run: there the chosen environment need not have it.
    """

    def __init__(
        self, node: Node, scope: str, at: Position, problems: Problems, *, judges_unfilled: bool = True
    ) -> None:
        self.scope = scope
        self.at = at
        self.problems = problems
        self._judges_unfilled = judges_unfilled
        self._known: list[str] = []
        self._entries = (
            {entry.key.text: entry for entry in node.entries} if isinstance(node, MappingNode) else {}
        )
        self.is_usable = isinstance(node, MappingNode) or is_null(node)
        if not self.is_usable:
            problems.error(f"expected a map of fields, but this is {describe(node)}", scope, node.position)

    def has(self, key: str) -> bool:
        """Whether the field is there, be it empty."""
        return key in self._entries

    def optional_text(self, key: str) -> str | None:
        """A string, or None where the field is left out or has no value."""
        node = self._take(key)
        if node is None:
            return None
        if is_null(node):
            self._warn_null(key, node)
        return read_text(node, self._scope(key), self.problems)

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        text = self.optional_text(key)
        return default if text is None else text

    def required_text(self, key: str) -> str:
        """A string that must be there and not be empty."""
        node = self._take(key)
        if node is None:
            self.report_missing(key)
            return ""
        text = read_text(node, self._scope(key), self.problems)
        if text == "" or is_null(node):
            self.error(key, f"must not be empty{_brought_by(node)}")
        return text or ""

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean."""
        node = self._take_typed(key)
        if node is None:
            return default
        if is_null(node):
            self._warn_null(key, node)
        flag = read_flag(node, self._scope(key), self.problems)
        return default if flag is None else flag

    def number(self, key: str, default: str = "0") -> str:
        """A number in plain decimal."""
        node = self._take(key)
        if node is None:
            return default
        if is_null(node):
            self._warn_null(key, node)
            return default
        number = plain_decimal(node.text) if isinstance(node, ScalarNode) else None
        if number is None:
            is_number = isinstance(node, ScalarNode) and node.kind in {ScalarKind.INTEGER, ScalarKind.FLOAT}
            what = "is not finite, or too large" if is_number else f"is {describe(node)}"
            self.error(key, f"expected a number, but this {what}")
        elif isinstance(node, ScalarNode) and node.kind is ScalarKind.STRING:
            self.problems.warn(
                "wharf-cmd does not take this: write numbers without quotes", self._scope(key), node.position
            )
        return number or default

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of strings; a required one must be there and not be empty."""
        node = self._take_typed(key)
        if node is None:
            if required and not self.has(key):
                self.report_missing(key)
            return ()
        if is_null(node) or (isinstance(node, SequenceNode) and not node.items):
            if required:
                self.error(key, f"must not be empty{_brought_by(node)}")
            elif is_null(node):
                self._warn_null(key, node)
            return ()
        if not isinstance(node, SequenceNode):
            self.error(key, f"expected a list, one '- ' for each item, but this is {describe(node)}")
            return ()
        return tuple(
            self._item(item, f"{self._scope(key)}[{index}]") for index, item in enumerate(node.items)
        )

    def text_pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A map of strings, in file order."""
        node = self._take_typed(key)
        if node is None:
            return ()
        if is_null(node):
            self._warn_null(key, node)
            return ()
        if not isinstance(node, MappingNode):
            self.error(key, f"expected a map, but this is {describe(node)}")
            return ()
        return tuple(
            (entry.key.text, self._item(entry.value, f"{self._scope(key)}.{entry.key.text}"))
            for entry in node.entries
        )

    def error(self, key: str, message: str) -> None:
        """Report a field that is there but wrong; one that is not, where a missing one is reported."""
        entry = self._entries.get(key)
        self.problems.error(message, self._scope(key), entry.value.position if entry else self.at)

    def warn(self, key: str, message: str) -> None:
        """The same for what is only doubtful."""
        entry = self._entries.get(key)
        self.problems.warn(message, self._scope(key), entry.value.position if entry else self.at)

    def report_missing(self, *keys: str) -> None:
        """Report that none of these fields is there, though one must be."""
        if self.is_usable:
            names = " or ".join(map(quote, keys))
            self.problems.error(f"missing required field {names}", self.scope, self.at)

    def report_unknown(self) -> None:
        """Warn of every field that nobody asked for: wharf-cmd passes over them in silence."""
        for name, entry in self._entries.items():
            if name not in self._known:
                suggestion = self.problems.suggestion(name, self._known)
                hint = suggestion or f"; known are {listing(sorted(self._known))}"
                self.problems.warn(
                    f"unknown field {quote(name)} is ignored{hint}", self.scope, entry.key.position
                )

    def _take(self, key: str) -> Node | None:
        self._known.append(key)
        entry = self._entries.get(key)
        return entry.value if entry else None

    def _take_typed(self, key: str) -> Node | None:
        node = self._take(key)
        return None if node is not None and is_unfilled(node) and not self._judges_unfilled else node

    def _item(self, node: Node, scope: str) -> str:
        if is_null(node) and not _brought_by(node):
            self.problems.error("expected a string, but there is nothing", scope, node.position)
        return read_text(node, scope, self.problems) or ""

    def _scope(self, key: str) -> str:
        return f"{self.scope}/{key}"

    def _warn_null(self, key: str, node: Node) -> None:
        if not _brought_by(node):
            self.problems.warn(
                "has no value, so its default is used; wharf-cmd does not take this",
                self._scope(key),
                node.position,
            )


def _brought_by(node: Node) -> str:
    return f", but ${{{node.origin}}} is" if node.origin else ""
