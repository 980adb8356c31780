"""Whether a node's kubelet puts times into long lines.

Until 1.23.14, 1.24.8 and 1.25.4 kubelets put a time before every part of a long line, because container runtimes
store long lines in parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Final

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_FIXED_IN: Final = {23: 14, 24: 8, 25: 4}
"""Patch release that mended it, by minor release; all releases from 26 on are right."""


class PartTimes(Enum):
    """Whether the parts of a long line come with times of their own."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Then only a time that is the line's own to the nanosecond is taken for one."""


def part_times_of(kubelet_version: str) -> PartTimes:
    """What a kubelet of this version does; UNKNOWN where the version cannot be read."""
    match = _VERSION.match(kubelet_version)
    if match is None:
        return PartTimes.UNKNOWN
    major, minor, patch = (int(number or 0) for number in match.groups())
    if major != 1:
        return PartTimes.NO
    fixed_in = _FIXED_IN.get(minor, 0 if minor > max(_FIXED_IN) else None)
    return PartTimes.YES if fixed_in is None or patch < fixed_in else PartTimes.NO


class NodePartTimes:
    """Remembers what is known of each node. Threads may ask at once.

    Args:
        version_of: gives the version of a node's kubelet; empty where we may not know it. Blocks.
    """

    def __init__(self, version_of: Callable[[str], str]) -> None:
        self._version_of = version_of
        self._known: dict[str, PartTimes] = {}

    def of(self, node: str) -> PartTimes:
        """What a node's kubelet does; UNKNOWN where we may not know its version. Blocks."""
        if node not in self._known:
            self._known[node] = part_times_of(self._version_of(node) if node else "")
        return self._known[node]
