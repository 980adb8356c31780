"""Times: nanoseconds, and the RFC 3339 text of log files."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.timestamps import (
    EARLIEST_NS,
    LATEST_NS,
    LONGEST_STAMP,
    NS,
    ZERO_TIME,
    format_duration,
    format_rfc3339,
    is_stamp,
    now_ns,
    parse_rfc3339,
    to_datetime,
)

TIMES = st.integers(EARLIEST_NS, LATEST_NS)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BASE = 1706954401 * NS
"""2024-02-03T10:00:01Z"""


@given(TIMES)
def test_what_is_written_is_read(at_ns):
    text = format_rfc3339(at_ns)
    assert parse_rfc3339(text) == at_ns
    assert is_stamp(text)
    assert len(text) == 30
    assert text.endswith(b"Z")


@given(TIMES, TIMES)
def test_text_sorts_as_time_does(one, other):
    assert (one < other) == (format_rfc3339(one) < format_rfc3339(other))


@given(
    st.integers(EARLIEST_NS // NS + 86400, LATEST_NS // NS - 86400),
    st.integers(0, 9),
    st.integers(0, NS - 1),
    st.sampled_from(["Z", "+00:00", "-00:00", "+01:00", "-05:30", "+14:00", "+23:59", "-23:59"]),
    st.sampled_from(".,"),
)
def test_reads_what_go_writes(seconds, digits, fraction, zone, mark):
    fraction_text = f"{fraction:09d}"[:digits]
    text = (EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
    text += mark + fraction_text if digits else ""
    offset = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 3600 + int(zone[4:]) * 60)
    expected = (seconds - offset) * NS + int(fraction_text.ljust(9, "0"))
    assert parse_rfc3339((text + zone).encode()) == expected
    assert len(text + zone) <= LONGEST_STAMP


@pytest.mark.parametrize(
    ("text", "after_base"),
    [
        (b"2024-02-03T10:00:01Z", 0),
        (b"2024-02-03T10:00:01.5Z", NS // 2),
        (b"2024-02-03T10:00:01.000000001Z", 1),
        (b"2024-02-03T11:00:01.25+01:00", NS // 4),
        (b"2024-02-03T04:30:01-05:30", 0),
    ],
)
def test_known_texts(text, after_base):
    assert parse_rfc3339(text) == BASE + after_base


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"2024-02-03",
        b"2024-02-03 10:00:01Z",
        b"2024-02-03T10:00:01",
        b"2024-02-03T10:00Z",
        b"2024-02-03T10:00:01.Z",
        b"2024-02-03T10:00:01.1234567890Z",
        b"2024-02-03T10:00:01z",
        b"2024-02-03T10:00:01+0100",
        b"2024-02-03T10:00:01+24:00",
        b"2024-02-03T10:00:01+01:60",
        b"2024-02-03T24:00:00Z",
        b"2024-02-03T10:00:60Z",
        b"2024-02-30T10:00:01Z",
        b"2024-13-03T10:00:01Z",
        b"0000-02-03T10:00:01Z",
        b"2024-02-03T10:00:01Z\n",
        b" 2024-02-03T10:00:01Z",
        "\N{FULLWIDTH DIGIT TWO}024-02-03T10:00:01Z".encode(),
    ],
)
def test_what_is_no_stamp(text):
    assert not is_stamp(text)
    assert parse_rfc3339(text) is None


@pytest.mark.parametrize(
    "text",
    [
        ZERO_TIME,
        b"0001-01-01T00:00:00.000000000Z",
        b"0001-01-01T23:59:59.999999999Z",
        b"0001-01-01T00:00:00+23:59",
        b"9999-12-31T23:59:59-23:59",
    ],
)
def test_a_stamp_that_stands_for_no_time(text):
    assert is_stamp(text)
    assert parse_rfc3339(text) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_a_stamp_or_none(text):
    if parse_rfc3339(text) is not None:
        assert is_stamp(text)


@pytest.mark.parametrize("at_ns", [None, EARLIEST_NS - 1, LATEST_NS + 1, 10**300, -(10**300)])
def test_what_no_calendar_has_is_written_as_no_time(at_ns):
    assert format_rfc3339(at_ns) == ZERO_TIME


@pytest.mark.parametrize("zone", [UTC, None, timezone(timedelta(hours=14)), timezone(-timedelta(hours=23))])
@pytest.mark.parametrize("at_ns", [0, EARLIEST_NS, LATEST_NS, 10**300, -(10**300)])
def test_any_number_can_be_displayed(at_ns, zone):
    assert 1 <= to_datetime(at_ns, zone).year <= 9999


def test_display_is_cut_to_microseconds():
    assert to_datetime(BASE + 123456789) == datetime(2024, 2, 3, 10, 0, 1, 123456, tzinfo=UTC)


def test_now_is_now():
    assert abs(now_ns() - datetime.now(UTC).timestamp() * NS) < 60 * NS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0s"),
        (0, "0.0s"),
        (0.449, "0.4s"),
        (59.99, "59.9s"),
        (60, "1m00s"),
        (125, "2m05s"),
        (3599.9, "59m59s"),
        (3720, "1h02m"),
        (86400 * 3 + 4 * 3600 + 59, "3d04h"),
    ],
)
def test_durations(seconds, text):
    assert format_duration(int(seconds * NS)) == text
