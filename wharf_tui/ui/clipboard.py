"""The code that asks a terminal to put text on the clipboard (OSC 52), in the wrapping that tmux and screen want."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 74_994
"""What every terminal takes that takes any: 100,000 characters of base64 with the code around them."""
_SCREEN_PIECE: Final = 250
"""Characters that screen lets through at once."""


def clipboard_code(data: bytes, environment: Mapping[str, str] = os.environ) -> str:
    """The code for some bytes, at most ``MOST_BYTES``."""
    code = f"\x1b]52;c;{b64encode(data).decode()}\x07"
    if "TMUX" in environment:
        return "\x1bPtmux;{}\x1b\\".format(code.replace("\x1b", "\x1b\x1b"))
    if environment.get("TERM", "").startswith("screen"):
        pieces = [code[start : start + _SCREEN_PIECE] for start in range(0, len(code), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return code


def route(environment: Mapping[str, str] = os.environ) -> str:
    """Which way the text takes, in words: nobody can know whether it arrives."""
    if "TMUX" in environment:
        return "the terminal's clipboard code, through tmux (it needs `allow-passthrough on`)"
    if environment.get("TERM", "").startswith("screen"):
        return "the terminal's clipboard code, through screen"
    return "the terminal's clipboard code (OSC 52)"
