"""How a line becomes bytes of a file, and comes back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, GapKind, LogLine, encode_line, split_stamp
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS, ZERO_TIME, format_rfc3339

TIMES = st.none() | st.integers(EARLIEST_NS, LATEST_NS)
STAMP = b"2024-02-03T10:00:01.5Z"
MESSAGES = st.binary(max_size=80) | st.builds(
    b"".join,
    st.lists(st.sampled_from([STAMP, ZERO_TIME, b" ", b"\r", b"\n", b"\\n", b"x", b"\xff"]), max_size=6),
)


def stored(message: bytes) -> bytes:
    """What the store keeps of a message, in the contract's words."""
    message = message.replace(b"\n", b"\\n")
    return message[:-1] if message.endswith(b"\r") else message


@given(TIMES, MESSAGES)
@example(None, STAMP + b" not a time of ours")
@example(None, STAMP)
@example(None, b"")
@example(0, b"\r")
@example(0, b" ")
def test_what_is_encoded_comes_back(at_ns, message):
    line = encode_line(at_ns, message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    back_ns, start = split_stamp(line[:-1])
    assert line[start:-1] == stored(message)
    assert back_ns == at_ns


def test_the_form_of_the_file():
    at_ns = 1706954401_000000007
    assert encode_line(at_ns, b"a  b\r") == b"2024-02-03T10:00:01.000000007Z a  b\n"
    assert encode_line(at_ns, b"one\ntwo\rthree") == b"2024-02-03T10:00:01.000000007Z one\\ntwo\rthree\n"
    assert encode_line(None, b"bare words") == b"bare words\n"
    assert encode_line(None, STAMP + b" x") == ZERO_TIME + b" " + STAMP + b" x\n"


@pytest.mark.parametrize(
    ("line", "start"),
    [
        (b"", 0),
        (b" ", 0),
        (STAMP, 0),
        (STAMP + b" ", len(STAMP) + 1),
        (STAMP + b"  x", len(STAMP) + 1),
        (STAMP + b"\tx", 0),
        (b" " + STAMP + b" x", 0),
        (b"x" * 1000 + b" " + STAMP + b" x", 0),
        (b"2024-02-03T10:00:01+99:99 x", 0),
        (ZERO_TIME + b" x", len(ZERO_TIME) + 1),
    ],
)
def test_where_the_message_starts(line, start):
    assert split_stamp(line)[1] == start


def test_only_a_stamp_gives_a_time():
    assert split_stamp(STAMP + b" x")[0] == 1706954401_500000000
    assert split_stamp(ZERO_TIME + b" x")[0] is None
    assert split_stamp(b"x y")[0] is None


@given(st.integers(EARLIEST_NS, LATEST_NS), st.binary(max_size=20))
def test_split_is_at_the_first_space(at_ns, rest):
    stamp = format_rfc3339(at_ns)
    assert split_stamp(stamp + b" " + rest) == (at_ns, len(stamp) + 1)


def test_a_cut_line_says_so():
    assert LogLine(LogId(1), None, b"abc", 4).is_cut
    assert not LogLine(LogId(1), None, b"abc", 3).is_cut


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (Gap(GapKind.HOLE, LogId(1840), 3, "worker restarted"), "lines 1841-1843 missing: worker restarted"),
        (Gap(GapKind.HOLE, LogId(0), 1, ""), "line 1 missing"),
        (Gap(GapKind.LOST_BEFORE_US, LogId(7), 0, "log rotated"), "lines missing after 7: log rotated"),
        (Gap(GapKind.TORN, LogId(7), 0, "killed"), "line 7 was cut off: killed"),
    ],
)
def test_gaps_speak(gap, text):
    assert gap.describe() == text
