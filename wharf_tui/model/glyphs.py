"""What stands for a character that must not reach a terminal.

Controls become their Unicode pictures, a byte that is no UTF-8 becomes ``<FF>``, and everything else that
is invisible, reorders text or has no meaning becomes ``<U+202E>``: nothing vanishes, nothing acts.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

ESCAPE_PICTURE: Final = "\u241b"
"""Stands for ESC."""

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks by category, but drawn as nothing: fillers and joiners."""
_PRESENTATION: Final = frozenset("\ufe0e\ufe0f")
"""Ask for the text or the emoji look of the character before; terminals disagree about the width that
this gives, so the asking is dropped and the character kept."""
_WIDE: Final = frozenset("WF")
_COMBINING: Final = frozenset({"Mn", "Me"})

SUSPECT: Final = (  # a pattern, so that it can be a branch of a larger one
    r"[^ -~\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03a1\u03a3-\u03ff\u0400-\u0482\u048a-\u052f"
    r"\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u23ff\u2500-\u2b73\u3041-\u3096\u30a0-\u30ff"
    r"\u4e00-\u9ffc\uac00-\ud7a3]"
)
"""Pattern for one character that needs a look. It may name harmless ones, it must not miss a harmful one."""


@lru_cache(maxsize=2048)
def shown(character: str) -> str:
    """What to show for one character: itself, a visible stand-in, or nothing (presentation selectors)."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xDC80 <= code <= 0xDCFF:  # how Python spells a byte that is no UTF-8
        return f"<{code - 0xDC00:02X}>"
    if character in _PRESENTATION:
        return ""
    if (
        unicodedata.category(character) in _HIDDEN_CATEGORIES
        or character in _BLANK_LETTERS
        or _is_variation_selector(code)
    ):
        return f"<U+{code:04X}>"
    return character


def _is_variation_selector(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0x180B <= code <= 0x180F or 0xE0100 <= code <= 0xE01EF


def cell_width(text: str) -> int:
    """Cells that shown text takes, near enough to place a tab stop; a screen measures for itself."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


@lru_cache(maxsize=2048)
def _character_width(character: str) -> int:
    if unicodedata.category(character) in _COMBINING:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
