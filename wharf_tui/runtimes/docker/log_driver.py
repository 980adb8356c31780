"""What a container's log driver does to its log: whether it throws the oldest lines away, or new ones under load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?")
_JSON_FILE: Final = "json-file"
_LOCAL: Final = "local"
_LOCAL_DEFAULTS: Final = (20 * 1024**2, 5)
"""Also of drivers that cannot read what they wrote: the engine keeps a copy for us with the local one."""
_NEVER_REACHED: Final = 64 * 1024**3
"""Files this large are a way to ask for no limit."""
_ENTRY_OVERHEAD: Final = 32
"""What an entry takes in a file of json-file's, more than in the engine's answer."""
_SLACK: Final = 0.9
_MORE_IN_FILE: Final = (b'"', b"\\", b"\t", b"\r")
_FAR_MORE_IN_FILE: Final = (b"<", b">", b"&", b"\x1b")


@dataclass(frozen=True, slots=True)
class LogDriver:
    """As ``docker inspect`` shows it."""

    name: str
    file_bytes: int
    """How large a file gets before the next one is begun; 0 for no limit."""
    files: int
    """How many there are at most; the oldest is thrown away."""
    may_drop: bool
    """Whether new lines are dropped without a word when the driver is slower than the container."""

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Self:
        """The driver of a container.

        Args:
            info: what ``docker inspect`` shows of it.
        """
        config = (info.get("HostConfig") or {}).get("LogConfig") or {}
        name = str(config.get("Type") or _JSON_FILE)
        options = config.get("Config") or {}
        size, files = (0, 1) if name == _JSON_FILE else _LOCAL_DEFAULTS
        if name in {_JSON_FILE, _LOCAL}:
            size = _bytes(options.get("max-size"), size)
            files = int(options["max-file"]) if str(options.get("max-file", "")).isdecimal() else files
        return cls(name, size if size < _NEVER_REACHED else 0, files, options.get("mode") == "non-blocking")

    @property
    def rotates(self) -> bool:
        """Whether the log loses its oldest lines, and may do so while it is read."""
        return self.file_bytes > 0

    @property
    def bytes_until_loss(self) -> int | None:
        """A log of this size may have lost its beginning, a smaller one has not; None where it never loses any."""
        if not self.rotates:
            return None
        return int((self.files - 1) * self.file_bytes * (_SLACK if self.name == _JSON_FILE else 0.5))

    def describe(self) -> str:
        """For people: ``json-file, 10 MiB x 3``."""
        size, unit = self.file_bytes / 1024, "KiB"
        if size >= 1024:
            size, unit = size / 1024, "MiB"
        return f"{self.name}, {size:.3g} {unit} x {self.files}"


def size_in_files(answer: bytes) -> int:
    """What a block of the engine's answer takes in the files of json-file, nearly."""
    more = answer.count(b"\n") * _ENTRY_OVERHEAD
    more += sum(answer.count(mark) for mark in _MORE_IN_FILE)
    more += 5 * sum(answer.count(mark) for mark in _FAR_MORE_IN_FILE)
    return len(answer) + more


def _bytes(text: object, default: int) -> int:
    """A size as Docker's options have it: ``10m``. What makes no sense is no limit, as ``-1`` is."""
    if text is None:
        return default
    match = _SIZE.fullmatch(str(text).strip().lower())
    return int(float(match[1]) * _UNITS[match[2]]) if match else 0
