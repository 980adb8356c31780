"""The levels that loggers have, in all their spellings."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """How serious a line is; higher is worse."""

    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6

    @classmethod
    def from_word(cls, word: str) -> Level | None:
        """Read a level's name, in any case and in any of the forms that loggers have."""
        return _WORDS.get(word.lower())

    @classmethod
    def from_number(cls, number: int) -> Level | None:
        """Read a number as bunyan and pino have it (10 to 60), or else as syslog does (7 to 0)."""
        if number >= 10:
            return cls(min(number // 10, cls.FATAL))
        return _SYSLOG[number] if number < len(_SYSLOG) else None


_WORDS: Final[dict[str, Level]] = {
    word: level
    for level, words in {
        Level.TRACE: "trace trac trc finest finer verbose silly",
        Level.DEBUG: "debug debu dbg dbug fine config",
        Level.INFO: "info inf information informational notice note log",
        Level.WARN: "warn warning wrn caution",
        Level.ERROR: "error err erro eror severe fail failed failure alert",
        Level.FATAL: "fatal fata ftl critical crit panic pani emerg emergency dpanic",
    }.items()
    for word in words.split()
}
_SYSLOG: Final = (*[Level.FATAL] * 3, Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG)
