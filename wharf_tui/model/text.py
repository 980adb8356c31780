"""The one door through which text of unknown origin reaches a screen.

Whatever a log line, a name or an error message holds, what comes out of here is text that no terminal acts
on, and the colours it asked for as plain data. Colours (SGR) are kept. Codes that build tools print all the
time and that mean nothing in a log (cursor movement, erasing, modes, hyperlinks) go silently. Every other
control stays visible as a picture of itself. Any input takes time in proportion to its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wharf_tui.model.ansi import PLAIN, SgrStyle, apply_sgr, sgr_codes
from wharf_tui.model.glyphs import ESCAPE_PICTURE, SUSPECT, cell_width, shown

TAB_STOP: Final = 8
"""Cells between tab stops."""

DEFAULT_LIMIT: Final = 64 * 1024
"""Bytes of a message that are read unless the caller says otherwise."""

_PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))
_SILENT_CSI: Final = frozenset("@ABCDEFGHIJKLMPSTXZ`abdefghlrsu")
"""Final bytes of the control sequences that move, erase, scroll or set modes."""

_TOKEN: Final = re.compile(
    # Control sequence: parameters, intermediates, final byte.
    r"\x1b\[(?P<parameters>[0-?]*+)(?P<middle>[ -/]*+)(?P<final>[@-~])"
    # Control string (OSC, DCS, SOS, PM, APC) up to its terminator; one without an end is no string.
    r"|\x1b(?P<string>[\]PX^_])(?P<payload>[^\x07\x18\x1a\x1b\x9c]*+)(?:\x07|\x1b\\|\x9c)"
    # Character sets, saved cursors, keypad modes, line movements.
    r"|\x1b(?P<silent>[()*+][ -~]|[78=>DEM])"
    rf"|(?P<character>{SUSPECT})"
)
_CUT_SEQUENCE: Final = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+)?\Z")
_LONGEST_CUT_SEQUENCE: Final = 64


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters of one style."""

    start: int
    end: int
    style: SgrStyle


@dataclass(frozen=True, slots=True)
class StyledText:
    """Text that is safe to show, and how it asked to look."""

    text: str
    spans: tuple[Span, ...] = ()
    """Sorted, not overlapping, inside the text, never empty and never plain; what lies between is plain."""
    escapes: tuple[tuple[int, int], ...] = ()
    """Sorted ranges (start, end) that stand for something that could not be shown as it is."""
    frames: int = 1
    """How often the line was written: carriage returns make later frames overwrite earlier ones, and
    ``text`` is the last one that is not blank."""


def clean(message: bytes, *, limit: int = DEFAULT_LIMIT, is_cut: bool = False) -> StyledText:
    """Make a log message safe.

    Args:
        message: any bytes of one line.
        limit: bytes that are read at most; the text can be eight times as long, for stand-ins.
        is_cut: the message was already cut by the reader, so that half a character or half an escape code
            at its end means nothing.
    """
    if len(message) > limit:
        message, is_cut = message[:limit], True
    if message.isascii() and not message.translate(None, _PRINTABLE_ASCII):
        return StyledText(message.decode("ascii"))
    if is_cut:
        message = _without_cut_end(message)
    return _Line().read(message.decode("utf-8", "surrogateescape"))


def clean_plain(text: str | bytes) -> str:
    """Make a name, a path or an error message safe: no colours, and every control visible, CR and LF too."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(shown, text))


def to_ansi(styled: StyledText) -> str:
    """The text with its colours for a terminal, from our own codes; it ends in the plain style."""
    if not styled.spans:
        return styled.text
    pieces: list[str] = []
    position = 0
    for span in styled.spans:
        pieces.append(styled.text[position : span.start])
        pieces.append(f"\x1b[{sgr_codes(span.style)}m{styled.text[span.start : span.end]}\x1b[0m")
        position = span.end
    pieces.append(styled.text[position:])
    return "".join(pieces)


def _without_cut_end(message: bytes) -> bytes:
    """Drop the half of a character or of a control sequence that a cut has left at the end."""
    for back in range(1, min(4, len(message)) + 1):
        lead = message[-back]
        if lead >= 0xC0:
            if back < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4):
                message = message[:-back]
            break
        if lead < 0x80:
            break
    start = max(len(message) - _LONGEST_CUT_SEQUENCE, 0)
    sequence = _CUT_SEQUENCE.search(message, start)
    return message[: sequence.start()] if sequence else message


class _Line:
    """A line while it is read: pieces of text, and the style that the next one gets."""

    def __init__(self) -> None:
        self._style = PLAIN
        self._frames = 0
        self._best = StyledText("")
        self._start_frame()

    def read(self, text: str) -> StyledText:
        position = 0
        for token in _TOKEN.finditer(text):
            start = token.start()
            if start > position:
                self._write(text[position:start])
            position = token.end()
            if token["character"] is not None:
                self._read_character(token["character"])
            elif token["final"] is not None:
                self._read_sequence(token["parameters"], token["middle"], token["final"])
            elif token["string"] is not None:
                self._read_string(token["string"], token["payload"])
        if position < len(text):
            self._write(text[position:])
        self._end_frame()
        return self._best

    def _start_frame(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._column = 0
        self._measured = 0
        self._styled_from = 0
        self._spans: list[Span] = []
        self._escapes: list[tuple[int, int]] = []

    def _end_frame(self) -> None:
        """Keep the frame unless it is blank: a bar that is wiped at its end still said something."""
        self._end_span()
        text = "".join(self._pieces)
        if text and not text.isspace():
            self._frames += 1
        elif self._frames:
            return
        self._best = StyledText(text, tuple(self._spans), tuple(self._escapes), max(self._frames, 1))

    def _write(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    def _write_escape(self, piece: str) -> None:
        start = self._length
        self._write(piece)
        if self._escapes and self._escapes[-1][1] == start:
            start = self._escapes.pop()[0]
        self._escapes.append((start, self._length))

    def _read_character(self, character: str) -> None:
        if character == "\t":
            self._write(" " * (TAB_STOP - self._measure() % TAB_STOP))
        elif character == "\r":
            self._end_frame()
            self._start_frame()
        else:
            stand_in = shown(character)
            if stand_in == character:
                self._write(character)
            elif stand_in:
                self._write_escape(stand_in)

    def _measure(self) -> int:
        """The column of the next cell; each piece is measured once."""
        self._column += sum(map(cell_width, self._pieces[self._measured :]))
        self._measured = len(self._pieces)
        return self._column

    def _read_sequence(self, parameters: str, middle: str, final: str) -> None:
        if final == "m" and not middle:
            if not parameters or parameters[0] not in "<=>?":
                self._set_style(apply_sgr(self._style, parameters))
        elif middle or final not in _SILENT_CSI:
            self._write_escape(f"{ESCAPE_PICTURE}[{parameters}{middle}{final}")

    def _read_string(self, kind: str, payload: str) -> None:
        if kind != "]" or not payload.startswith("8;"):  # OSC 8 is a hyperlink: its text follows
            self._write_escape(f"{ESCAPE_PICTURE}{kind}…")

    def _set_style(self, style: SgrStyle) -> None:
        if style != self._style:
            self._end_span()
            self._style = style

    def _end_span(self) -> None:
        if self._length > self._styled_from and self._style != PLAIN:
            start = self._styled_from
            if self._spans and self._spans[-1].end == start and self._spans[-1].style == self._style:
                start = self._spans.pop().start
            self._spans.append(Span(start, self._length, self._style))
        self._styled_from = self._length
