"""Reads the marks by which CI systems tell where a section of a log begins and ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

MARKER_HINTS: Final = (
    rb"##\[(?:end)?group\]|::(?:end)?group::|section_(?:start|end):\d|^(?:%s)?(?:---|\+\+\+|~~~|\^\^\^) \S"
)
"""A pattern, in RE2's syntax, that every line with a marker has; ``%s`` is what stands before messages."""


class MarkerKind(Enum):
    """What a marker does."""

    OPEN = "open"
    CLOSE = "close"
    HEADER = "header"
    """Begins a section and ends the one before it."""
    UNFOLD = "unfold"
    """Unfolds the section that one is in."""


class Dialect(Enum):
    """Whose marker it is; each only ends sections of its own."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BUILDKITE = "buildkite"


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker."""

    kind: MarkerKind
    dialect: Dialect
    name: bytes = b""
    """By which GitLab's ends find their beginnings."""
    title: bytes = b""
    folded: bool = False


def markers_in(message: bytes) -> list[Marker]:
    """The markers in a message without escape codes; GitLab may put two in one line."""
    github = _GITHUB.match(message)
    if github:
        if github[1]:
            return [Marker(MarkerKind.CLOSE, Dialect.GITHUB)]
        return [Marker(MarkerKind.OPEN, Dialect.GITHUB, title=github[2], folded=True)]
    header = _BUILDKITE.match(message)
    if header and not _NO_HEADER.match(message):
        if header[1] == b"^^^":
            return [Marker(MarkerKind.UNFOLD, Dialect.BUILDKITE)]
        return [Marker(MarkerKind.HEADER, Dialect.BUILDKITE, title=header[2], folded=header[1] != b"+++")]
    return [_gitlab(found) for found in _GITLAB.finditer(message)]


def is_diff_pair(message: bytes, following: bytes) -> bool:
    """Whether two lines are the head of a patch, which looks like Buildkite's headers."""
    return message.startswith(b"--- ") and following.startswith(b"+++ ")


def _gitlab(found: re.Match[bytes]) -> Marker:
    if found[1] == b"end":
        return Marker(MarkerKind.CLOSE, Dialect.GITLAB, found[2])
    title = found[4] or found[2].replace(b"_", b" ")
    return Marker(MarkerKind.OPEN, Dialect.GITLAB, found[2], title, b"collapsed=true" in (found[3] or b""))


_GITHUB: Final = re.compile(rb"(?:##\[|::)(?:(endgroup)|group)(?:\]|::)(.*)", re.DOTALL)
_BUILDKITE: Final = re.compile(rb"(---|\+\+\+|~~~|\^\^\^) +(\S.*)", re.DOTALL)
_NO_HEADER: Final = re.compile(rb"--- (?:FAIL|PASS|SKIP|BENCH): ")
_GITLAB: Final = re.compile(
    rb"section_(start|end):\d{1,20}:([\w.-]{1,200})(\[[^\]\r]{0,200}\])?\r?((?:(?!section_(?:start|end):)[^\r])*)",
    re.DOTALL,
)
