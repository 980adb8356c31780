"""Lines shown at length."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.structured import LONGEST, expanded, frames

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('abc"\\{}[]:, é', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab{"', max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_json_has_a_row_for_each_field() -> None:
    assert expanded(b'{"level":"info","n":1.10,"list":[1,2],"empty":{},"o":{"k":null}}') == [
        "{",
        '  "level": "info",',
        '  "n": 1.10,',
        '  "list": [',
        "    1,",
        "    2",
        "  ],",
        '  "empty": {},',
        '  "o": {',
        '    "k": null',
        "  }",
        "}",
    ]


def test_text_before_json_is_kept() -> None:
    assert expanded(b'2024 INFO [x] got {"a": [1]}') == [
        "2024 INFO [x] got",
        "{",
        '  "a": [',
        "    1",
        "  ]",
        "}",
    ]


@given(st.dictionaries(st.text("ab", min_size=1, max_size=3), values, min_size=1, max_size=4))
def test_nothing_is_changed_but_white_space(value: dict[str, object]) -> None:
    rows = expanded(json.dumps(value, ensure_ascii=False).encode())
    assert rows is not None
    assert json.loads("\n".join(rows)) == value


def test_logfmt_has_a_row_for_each_pair() -> None:
    assert expanded(b'time=2024-01-01T00:00:00Z level=info msg="two \\"words\\"" n=') == [
        "time   2024-01-01T00:00:00Z",
        "level  info",
        'msg    two "words"',
        "n      ",
    ]


@pytest.mark.parametrize(
    "line",
    [b"", b"plain text", b"{", b"{not json}", b"a=1 b=2", b"x" * (LONGEST + 1), b"[]", b"{}", b"3", b'"a"'],
)
def test_other_lines_stay_as_they_are(line: bytes) -> None:
    assert expanded(line) is None


def test_what_comes_out_is_safe() -> None:
    rows = expanded('{"a":"\x1b]0;x\x07","b":"\u202e","c":"\x9b1m"}'.encode())
    assert rows is None or not any(character in "".join(rows) for character in "\x1b\x07\u202e\x9b")
    rows = expanded('{"a":"\\u001b[31m","b":"\u202e"}'.encode())
    assert rows is not None
    assert not any(character in "".join(rows) for character in "\x1b\u202e")


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"a":' * 50_000, b"{" * 5000 + b"}" * 5000, b'a="' * 100_000, b"a=b " * 100_000],
)
def test_hostile_lines_take_little_time(line: bytes) -> None:
    started = time.process_time()
    expanded(line)
    assert time.process_time() - started < 3


def test_frames_of_a_progress_bar() -> None:
    assert frames(b"10%\r50%\r\r100%\r") == [b"10%", b"50%", b"100%"]
    assert frames(b"plain") == [b"plain"]
    assert frames(b"\r\r") == [b""]
