from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.aggregator.rows import stamped_lines, storable, stored_line, to_message, to_text
from wharf_tui.model.lines import encode_line, split_stamp
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS

messages = st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"n"))
times = (
    st.none()
    | st.integers(EARLIEST_NS, LATEST_NS)
    | st.integers(1_706_954_401 * 10**9, 1_706_954_403 * 10**9)
)
odd_lines = st.sampled_from(
    [
        b"2024-02-03T10:00:01.5Z short fraction",
        b"2024-02-03T10:00:01.123456789+01:00 a zone",
        b"2024-02-03T10:00:01,123456789Z a comma",
        b"2024-02-03T10:00:01.12345678\xc2\xb2Z no digit",
        b"2024-02-03T10:00:01.123456789Zno space",
        b"2024-02-03T10:00:01.123456789Z",
        b"0001-01-01T00:00:00.000000000Z zero",
        b"0001-01-01T00:00:00.000000001Z zero",
        b"2024-02-30T10:00:01.123456789Z no such day",
        b"1969-12-31T23:59:59.999999999Z before the epoch",
        b"",
        b" ",
    ]
)


@given(
    st.lists(st.builds(encode_line, times, messages) | odd_lines.map(lambda line: line + b"\n"), max_size=30)
)
def test_a_run_is_read_as_its_lines_are_one_by_one(lines) -> None:
    expected = []
    for line in lines:
        at_ns, skip = split_stamp(line[:-1])
        expected.append((at_ns, line[skip:-1]))
    assert list(stamped_lines(b"".join(lines))) == expected


@given(times, messages)
def test_a_stored_line_is_read_back_as_it_was(at_ns, message) -> None:
    assert list(stamped_lines(stored_line(at_ns, message))) == [(at_ns, message)]


@given(messages)
def test_text_and_bytes_together_lose_nothing(message) -> None:
    text, raw = to_text(message)
    assert "\0" not in text
    text.encode()
    assert to_message(text, raw) == message


def test_bytes_are_kept_only_where_the_text_does_not_tell_them() -> None:
    assert to_text(b"plain \xc3\xa9") == ("plain \xe9", None)
    assert to_text(b"a\0b") == ("a\N{SYMBOL FOR NULL}b", b"a\0b")
    assert to_text(b"\xff") == ("\N{REPLACEMENT CHARACTER}", b"\xff")
    assert storable("a\0") == "a\N{SYMBOL FOR NULL}"
