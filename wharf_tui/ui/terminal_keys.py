"""Reads keys from a POSIX terminal, for Textual's own driver, which lets ``esc`` wait for 100 to 200 ms.

Other keys begin with the byte that ``esc`` sends, so that it must stand alone for a moment. What a terminal sends for one
key comes at once, so that a tenth of that moment is enough. And bytes that are no UTF-8 are no reason to end.
"""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from textual import constants

if TYPE_CHECKING:
    from textual.message import Message

ESCAPE_SECONDS: Final = 0.01
"""How long ``esc`` is held back, unless ``ESCDELAY`` (in ms, as ncurses has it) says otherwise."""
_LOOK_SECONDS: Final = 0.1
"""Between two looks whether to go on."""
_READ_BYTES: Final = 4096


def shorten_escape_delay() -> None:
    """Make Textual's parser wait no longer than this module does."""
    if "ESCDELAY" not in os.environ:
        vars(constants)["ESCAPE_DELAY"] = ESCAPE_SECONDS


def read_keys(terminal: int, stop: Event, process: Callable[[Message], None]) -> None:
    """Hand on what the terminal sends until ``stop`` is set, or until the terminal is gone. It blocks.

    Args:
        terminal: its file descriptor.
        stop: ends it.
        process: takes keys, mouse events and answers.
    """
    from textual._parser import ParseError
    from textual._xterm_parser import XTermParser

    parser: Any = XTermParser(debug=False)
    decode = getincrementaldecoder("utf-8")("replace").decode
    patience = _LOOK_SECONDS
    while not stop.is_set():
        ready, _, _ = select.select([terminal], [], [], patience)
        patience = _LOOK_SECONDS
        if ready:
            try:
                data = os.read(terminal, _READ_BYTES)
            except OSError:
                break
            if not data:
                break
            text = decode(data)
            if text:  # no text is the end for the parser; it may be half a character
                for message in parser.feed(text):
                    process(message)
            if b"\x1b" in data:
                patience = constants.ESCAPE_DELAY + 0.001
        for message in parser.tick():
            process(message)
    with suppress(EOFError, ParseError):
        for _ in parser.feed(""):
            pass
