"""What log text may do to a screen: nothing but carry its words and its colours."""

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wharf_tui.model.ansi import PLAIN, SgrStyle
from wharf_tui.model.text import Span, StyledText, clean, clean_plain, to_ansi

BYTE_PARTS = (
    *(bytes([code]) for code in range(0x20)),
    *b"\x7f|\x80|\x9b|\xff|\xc2\x9b|\xe2\x80\xae|\xed\xa0\x80|\xf0\x9f|\xe2\x80\xa8|\xef\xbb\xbf".split(b"|"),
    *b"\x1b[|\x1b]|\x1bP|\x1b_|\x1b^|\x1bX|\x1b\\|\x07|m|31|;|:|38;5;9|K|2J|?25l|6n|8;;|52;c;QQ==|text".split(
        b"|"
    ),
)
TEXT_PARTS = ("ö", "日本", "e\u0301", "👩\u200d🚀", "⚠\ufe0f", "\u3164", "\U000e0041", " ")
PARTS: tuple[bytes, ...] = BYTE_PARTS + tuple(part.encode() for part in TEXT_PARTS)
HOSTILE = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join))
ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def acts_on_terminal(character: str) -> bool:
    return unicodedata.category(character) in ACTING


@given(HOSTILE)
@example(b"\x1b]52;c;QQ==\x07")
@example(b"\x1b]0;title")
@settings(max_examples=400, deadline=None)
def test_nothing_that_a_terminal_acts_on_comes_out(message: bytes) -> None:
    assert not [c for c in clean(message).text if acts_on_terminal(c)]
    assert not [c for c in clean_plain(message) if acts_on_terminal(c)]
    without_colors = re.sub(r"\x1b\[[0-9;]*m", "", to_ansi(clean(message)))
    assert without_colors == clean(message).text


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_spans_are_sorted_inside_and_apart(message: bytes) -> None:
    styled = clean(message)
    position = 0
    for span in styled.spans:
        assert position <= span.start < span.end <= len(styled.text)
        assert span.style != PLAIN
        position = span.end
    neighbours = zip(styled.spans, styled.spans[1:], strict=False)
    assert not [a for a, b in neighbours if a.end == b.start and a.style == b.style]
    position = 0
    for start, end in styled.escapes:
        assert position <= start < end <= len(styled.text)
        position = end
    assert styled.frames >= 1


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_is_cleaning_once(message: bytes) -> None:
    once = clean(message)
    assert clean(once.text.encode()).text == once.text
    assert clean(to_ansi(once).encode(), limit=1 << 20).text == once.text
    assert clean(to_ansi(once).encode(), limit=1 << 20).spans == once.spans
    assert clean_plain(clean_plain(message)) == clean_plain(message)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_left_alone(text: str) -> None:
    assert clean(text.encode()) == StyledText(text)
    assert clean_plain(text) == text


@given(HOSTILE, st.integers(0, 64))
def test_a_limit_bounds_what_is_read(message: bytes, limit: int) -> None:
    assert len(clean(message, limit=limit).text) <= 8 * limit


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"a\x00b\x07c\x7f", "a␀b␇c␡"),
        (b"a\x1bb", "a␛b"),
        (b"\x1bc reset", "␛c reset"),
        (b"\x1b[6n", "␛[6n"),
        (b"\x1b[>0c", "␛[>0c"),
        (b"a\x1b[K\x1b[2K\x1b[1;5H\x1b[?25l\x1b[10Gb", "ab"),
        (b"\x1b(B\x1b[m\x1b7\x1b8x", "x"),
        (b"\x1b[>4;2mx", "x"),
        (b"\x1b]8;id=1;http://x/\x1b\\link\x1b]8;;\x07", "link"),
        (b"\x1b]52;c;QQ==\x07after", "␛]…after"),
        (b"\x1b]0;unterminated", "␛]0;unterminated"),
        (b"\x1b]0;t\x18x", "␛]0;t␘x"),
        (b"\x1bP+q544e\x1b\\x", "␛P…x"),
        (b"\x1b_G;\x1b\\\x1b^p\x1b\\\x1bXs\x1b\\", "␛_…␛^…␛X…"),
        (b"\x1b[31", "␛[31"),
        (b"\xff\xfe ok \xe2\x82", "<FF><FE> ok <E2><82>"),
        (b"\xed\xa0\x80", "<ED><A0><80>"),
        (b"\xc2\x9b31m", "<U+009B>31m"),
        ("a\u202eb\u2066c\u200fd\u061c".encode(), "a<U+202E>b<U+2066>c<U+200F>d<U+061C>"),
        ("\ufeffa\u200bb\u2028c\u00ad\ue000".encode(), "<U+FEFF>a<U+200B>b<U+2028>c<U+00AD><U+E000>"),
        ("\u3164\u034f\U000e0100\U000e0041".encode(), "<U+3164><U+034F><U+E0100><U+E0041>"),
        ("⚠\ufe0f ✓ größer 日本 e\u0301 🚀".encode(), "⚠ ✓ größer 日本 e\u0301 🚀"),
        (b"a\tb", "a       b"),
        (b"12345678\tb", "12345678        b"),
        ("日本\tb".encode(), "日本    b"),
        (b"\x1b[31mab\x1b[0m\tc", "ab      c"),
        (b"", ""),
    ],
)
def test_what_is_shown(message: bytes, text: str) -> None:
    assert clean(message).text == text


@pytest.mark.parametrize(
    ("message", "text", "frames"),
    [
        (b"10%\r50%\r100%", "100%", 3),
        (b"10%\r100%\r", "100%", 2),
        (b"100%\r\x1b[K", "100%", 1),
        (b"100%\r      \r", "100%", 1),
        (b"\rready", "ready", 1),
        (b"\r\r", "", 1),
        (b"  ", "  ", 1),
        (b"long\ta\r\tb", "        b", 2),
    ],
)
def test_the_last_frame_is_shown(message: bytes, text: str, frames: int) -> None:
    styled = clean(message)
    assert (styled.text, styled.frames) == (text, frames)


def test_a_style_goes_on_in_the_next_frame_and_ends_with_the_line() -> None:
    assert clean(b"\x1b[32m10%\r20%").spans == (Span(0, 3, SgrStyle(fg=2)),)
    assert clean(b"20%").spans == ()


def test_escapes_tell_stand_ins_from_text() -> None:
    styled = clean(b"<FF>\xff\xfe<FF>")
    assert styled.text == "<FF><FF><FE><FF>"
    assert styled.escapes == ((4, 12),)


@pytest.mark.parametrize("end", [b"\xe2", b"\xe2\x82", b"\xf0\x9f\x9a", b"\x1b", b"\x1b[", b"\x1b[38;5"])
def test_what_a_cut_left_at_the_end_is_not_shown(end: bytes) -> None:
    assert clean(b"text" + end, is_cut=True).text == "text"
    assert clean(b"text" + end + b"more", limit=4 + len(end)).text == "text"
    assert clean(b"text" + end).text != "text"


@pytest.mark.parametrize("whole", ["ö", "€", "🚀"])
def test_a_whole_character_before_a_cut_stays(whole: str) -> None:
    assert clean(f"text{whole}".encode(), is_cut=True).text == f"text{whole}"
    assert clean(b"text\x80\x80\x80\x80", is_cut=True).text == "text<80><80><80><80>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("evil\rgood", "evil␍good"),
        ("two\nlines\tand a tab", "two␊lines␉and a tab"),
        (b"\x1b[8mhidden", "␛[8mhidden"),
        ("gpj.\u202eexe", "gpj.<U+202E>exe"),
        ("\udcff\ud800", "<FF><U+D800>"),
        ("größe", "größe"),
    ],
)
def test_names_keep_every_control_visible(text: str | bytes, shown: str) -> None:
    assert clean_plain(text) == shown


def test_colors_are_sent_to_a_terminal_in_our_own_codes() -> None:
    styled = clean(b"a \x1b[01;31mred\x1b[K\x1b[0m \x1b[48;2;1;2;3mx\x1b]0;t\x07")
    assert to_ansi(styled) == "a \x1b[1;38;5;1mred\x1b[0m \x1b[48;2;1;2;3mx␛]…\x1b[0m"
    assert to_ansi(clean(b"plain")) == "plain"


@pytest.mark.parametrize(
    "unit",
    [
        b"\x1b[",
        b"\x1b]",
        b"\x1b]x",
        b"\x1b[1;",
        b"\x1b[31m",
        b"a\r",
        b"\t",
        b"\xff",
        "\u202e日".encode(),
        b"\x1b[1;\x1b",
    ],
)
def test_time_grows_with_length_only(unit: bytes) -> None:
    def seconds(size: int) -> float:
        message = unit * (size // len(unit))
        started = time.perf_counter()
        clean(message, limit=size)
        return time.perf_counter() - started

    seconds(20_000)
    small = min(seconds(20_000) for _ in range(3))
    large = min(seconds(200_000) for _ in range(3))
    assert large < 40 * small + 0.05  # ten times the bytes; a square would make it a hundred
