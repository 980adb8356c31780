"""From a file's bytes to a tree of nodes with positions.

PyYAML gives the event stream only. Its own composer takes duplicate keys silently, resolves types by YAML 1.1, and
recurses: 100,000 nested brackets end the process. Here depth and size are bounded before anything is built, and
aliases, which can make a small file huge, count as what they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import yaml

from wharf_tui.definition.decode import decode
from wharf_tui.definition.mapping_entries import mapping_entries
from wharf_tui.definition.nodes import (
    MAX_DEPTH,
    MappingNode,
    Node,
    Position,
    ScalarKind,
    ScalarNode,
    SequenceNode,
)
from wharf_tui.definition.problems import Problems, listing, quote
from wharf_tui.definition.scalars import kind_of_plain

MAX_NODES: Final = 200_000
"""Values in one file, aliases expanded."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML was built with it: three times as fast."""
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = {
    "!": ScalarKind.STRING,
    f"{_TAG_PREFIX}str": ScalarKind.STRING,
    f"{_TAG_PREFIX}int": ScalarKind.INTEGER,
    f"{_TAG_PREFIX}float": ScalarKind.FLOAT,
    f"{_TAG_PREFIX}bool": ScalarKind.BOOLEAN,
    f"{_TAG_PREFIX}null": ScalarKind.NULL,
    f"{_TAG_PREFIX}timestamp": ScalarKind.TIMESTAMP,
}


def compose_documents(data: bytes, problems: Problems) -> tuple[Node, ...]:
    """The root of each document in the file; what comes after broken syntax is missing.

    Args:
        data: the whole file.
        problems: takes everything that is wrong with the file as YAML.
    """
    text = decode(data, problems)
    if text is None:
        return ()
    composer = _Composer(problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not composer.take(event):
                break
    except yaml.MarkedYAMLError as error:
        _report_syntax_error(error, text, problems)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The pure parser lets some broken escapes and directives through to chr() and int().
        problems.error(f"not valid YAML: {error}")
    return tuple(composer.roots)


def _report_syntax_error(error: yaml.MarkedYAMLError, text: str, problems: Problems) -> None:
    message = error.problem or error.context
    mark = error.problem_mark or error.context_mark
    at = Position(mark.line + 1, mark.column + 1) if mark else None
    if at and "".join(text.split("\n")[at.line - 1 : at.line])[at.column - 1 : at.column] == "\t":
        message = "a tab stands where only spaces may, as in indentation"
    elif error.problem and error.context and error.context_mark:
        message = f"{message}, {error.context} that starts on line {error.context_mark.line + 1}"
    problems.error(f"not valid YAML: {message}", at=at)


@dataclass(slots=True)
class _Frame:
    """A list or map that has begun and not ended."""

    position: Position
    anchor: str | None
    is_mapping: bool
    children: list[Node] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    """For each child, whether it is an unquoted scalar: only such a one is a merge key."""
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Built:
    """A finished node, with what it counts wherever an alias repeats it."""

    node: Node
    size: int = 1
    height: int = 0


class _Composer:
    """Builds the tree from events."""

    def __init__(self, problems: Problems) -> None:
        self.roots: list[Node] = []
        self._problems = problems
        self._open: list[_Frame] = []
        self._anchors: dict[str, _Built] = {}
        self._nodes = 0

    def take(self, event: yaml.Event) -> bool:
        """Add one event; False where the rest must not be read."""
        if isinstance(event, yaml.ScalarEvent):
            return self._take_scalar(event)
        if isinstance(event, yaml.CollectionStartEvent):
            return self._open_collection(event)
        if isinstance(event, yaml.CollectionEndEvent):
            return self._close_collection()
        if isinstance(event, yaml.AliasEvent):
            return self._take_alias(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
        return True

    def _take_scalar(self, event: yaml.ScalarEvent) -> bool:
        position = _position(event)
        plain = not event.style and not event.tag
        kind = kind_of_plain(event.value) if plain else ScalarKind.STRING
        if event.tag and event.tag not in _SCALAR_TAGS:
            self._problems.error(f"unknown tag {quote(_short_tag(event.tag))}", at=position)
        elif event.tag:
            kind = _SCALAR_TAGS[event.tag]
            if not _fits(kind, event.value):
                self._problems.error(
                    f"{quote(event.value)} is not {kind.value}, as its tag {quote(_short_tag(event.tag))} says",
                    at=position,
                )
        text = "" if kind is ScalarKind.NULL else event.value
        node = ScalarNode(position, kind, text)
        return self._attach(_Built(node), event.anchor, plain=plain)

    def _open_collection(self, event: yaml.CollectionStartEvent) -> bool:
        position = _position(event)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        tag = event.tag
        if tag and tag not in {"!", f"{_TAG_PREFIX}{'map' if is_mapping else 'seq'}"}:
            kind = "map" if is_mapping else "list"
            self._problems.error(f"unknown tag {quote(_short_tag(tag))} for a {kind}", at=position)
        if len(self._open) >= MAX_DEPTH:
            return self._too_deep(position)
        self._open.append(_Frame(position, event.anchor, is_mapping))
        return True

    def _close_collection(self) -> bool:
        frame = self._open.pop()
        node: Node
        if frame.is_mapping:
            node = MappingNode(frame.position, mapping_entries(frame.children, frame.plain, self._problems))
        else:
            node = SequenceNode(frame.position, tuple(frame.children))
        return self._attach(_Built(node, frame.size, frame.height), frame.anchor)

    def _take_alias(self, event: yaml.AliasEvent) -> bool:
        position = _position(event)
        name = event.anchor or ""
        target = self._anchors.get(name)
        if target is not None:
            if len(self._open) + target.height > MAX_DEPTH:
                return self._too_deep(position)
            return self._attach(target, added=target.size)
        if any(frame.anchor == name for frame in self._open):
            self._problems.error(f"alias {quote('*' + name)} stands inside what it repeats", at=position)
        else:
            known = listing(f"*{anchor}" for anchor in self._anchors)
            self._problems.error(
                f"alias {quote('*' + name)} has no anchor before it; there are: {known}", at=position
            )
        return self._attach(_Built(ScalarNode(position, ScalarKind.NULL, "")))

    def _attach(
        self, built: _Built, anchor: str | None = None, *, added: int = 1, plain: bool = False
    ) -> bool:
        """Put a finished node into what is open; ``added`` nodes were not counted before."""
        if anchor is not None:
            self._anchors[anchor] = built
        if self._open:
            frame = self._open[-1]
            frame.children.append(built.node)
            frame.plain.append(plain)
            frame.size += built.size
            frame.height = max(frame.height, built.height + 1)
        else:
            self.roots.append(built.node)
        self._nodes += added
        if self._nodes <= MAX_NODES:
            return True
        self._problems.error(f"more than {MAX_NODES:,} values, aliases expanded", at=built.node.position)
        return False

    def _too_deep(self, position: Position) -> bool:
        self._problems.error(f"nested deeper than {MAX_DEPTH} levels", at=position)
        return False


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    assert mark is not None  # only events that a program makes for writing have none
    return Position(mark.line + 1, mark.column + 1)


def _fits(kind: ScalarKind, text: str) -> bool:
    actual = kind_of_plain(text)
    return kind in {ScalarKind.STRING, actual} or (kind is ScalarKind.FLOAT and actual is ScalarKind.INTEGER)


def _short_tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG_PREFIX) if tag.startswith(_TAG_PREFIX) else tag
