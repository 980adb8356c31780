"""The regular expression engine RE2, where it can be imported: linear time, whatever the pattern and the text.

It works on bytes and lets other threads run meanwhile. Not every platform has it, so whoever uses it has another way.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final


class Re2Finder:
    """A compiled pattern; see ``compile_re2``."""

    def __init__(self, compiled: Any) -> None:
        self._search = compiled.search
        # The wrapper's own objects take longer than most searches; where it is built otherwise, they will do.
        self._match = (
            getattr(getattr(compiled, "_regexp", None), "Match", None) if _anywhere is not None else None
        )

    def find(self, data: bytes, start: int) -> tuple[int, int]:
        """Start and end of the first match at or behind ``start``; (-1, -1) where there is none."""
        if self._match is not None:
            native: tuple[int, int] = self._match(_anywhere, data, start, len(data))[0]
            return native
        found = self._search(data, start)
        span: tuple[int, int] = found.span() if found else (-1, -1)
        return span

    def is_in(self, data: bytes) -> bool:
        """Whether there is a match."""
        return self.find(data, 0)[0] >= 0


def compile_re2(pattern: bytes, *, ignore_case: bool = False, latin1: bool = False) -> Re2Finder | None:
    """Compile a pattern; None where RE2 is not there, or cannot do it.

    No match goes over a line's end; ``^`` and ``$`` are the ends of a line.

    Args:
        pattern: in RE2's syntax; UTF-8 unless ``latin1``.
        ignore_case: fold letters.
        latin1: a character is a byte.
    """
    if _re2 is None:
        return None
    options = _re2.Options()
    options.never_nl = True
    options.log_errors = False  # it would write over the screen
    options.never_capture = True
    options.case_sensitive = not ignore_case
    if latin1:
        options.encoding = _re2.Options.Encoding.LATIN1
    try:
        return Re2Finder(_re2.compile(b"(?m)" + pattern, options))
    except _re2.error:
        return None


def _import() -> Any:
    try:
        return import_module("re2")
    except ImportError:
        return None


_re2: Final = _import()
_anywhere: Final = getattr(getattr(_re2, "_Anchor", None), "UNANCHORED", None)
