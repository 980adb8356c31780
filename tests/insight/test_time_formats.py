"""Times of foreign logs, as they really look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.time_formats import FORMATS, TimeReader, find_time_format
from wharf_tui.model.timestamps import NS

TODAY = int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp()) * NS


def ns(*calendar: int, fraction: int = 0, zone: timezone = UTC) -> int:
    year, month, day, hour, minute, second = calendar
    return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()) * NS + fraction


OCTOBER = ns(2023, 10, 3, 13, 55, 36)
LINES = [
    ("2023-10-03T13:55:36Z starting", OCTOBER, "ISO 8601"),
    ("2023-10-03 13:55:36,123 [main] INFO x", OCTOBER + 123_000_000, "ISO 8601"),
    ("2023-10-03T15:55:36.123456789+02:00 x", OCTOBER + 123_456_789, "ISO 8601"),
    ("2023/10/03 13:55:36 http: x", OCTOBER, "ISO 8601"),
    ("2023/10/03 13:55:36 [error] 1#1: *1 open() failed", OCTOBER, "ISO 8601"),
    ('{"level":"info","time":"2023-10-03T13:55:36Z","msg":"x"}', OCTOBER, "ISO 8601"),
    ("[2023-10-03 06:55:36 -0700] x", OCTOBER, "ISO 8601"),
    ("INFO:2023-10-03 13:55:36,000:x", OCTOBER, "ISO 8601"),
    ("20231003T135536Z x", OCTOBER, "compact ISO 8601"),
    ("20231003 13:55:36.5 x", OCTOBER + NS // 2, "compact ISO 8601"),
    ('1.2.3.4 - - [03/Oct/2023:13:55:36 +0000] "GET / HTTP/1.1" 200 12', OCTOBER, "Common Log Format"),
    ("I1003 13:55:36.123456    1 main.go:3] x", ns(2025, 10, 3, 13, 55, 36, fraction=123_456_000), "klog"),
    ("Tue, 03 Oct 2023 13:55:36 +0000 x", OCTOBER, "RFC 2822"),
    ("03-Oct-2023 13:55:36.123 INFO [main] org.apache.catalina", OCTOBER + 123_000_000, "RFC 2822"),
    ("[Tue Oct 03 13:55:36.123456 2023] [core:notice] x", OCTOBER + 123_456_000, "ctime"),
    ("Tue Oct  3 13:55:36 UTC 2023", OCTOBER, "ctime"),
    ("Oct 03, 2023 1:55:36 PM org.foo.Bar main", OCTOBER, "java.util.logging"),
    ("Oct 03, 2023 12:00:01 AM org.foo.Bar main", ns(2023, 10, 3, 0, 0, 1), "java.util.logging"),
    ("Oct  3 13:55:36 host sshd[1]: x", ns(2025, 10, 3, 13, 55, 36), "syslog"),
    ("<34>Feb  3 13:55:36 host su: x", ns(2026, 2, 3, 13, 55, 36), "syslog"),
    ("03.10.2023 13:55:36 x", OCTOBER, "day first"),
    ("1696341336 x", OCTOBER, "epoch"),
    ("1696341336.25 x", OCTOBER + NS // 4, "epoch"),
    ("1696341336123 x", OCTOBER + 123_000_000, "epoch"),
    ('{"level":30,"time":1696341336123,"msg":"x"}', OCTOBER + 123_000_000, "epoch"),
    ("ts=1696341336.5 level=info", OCTOBER + NS // 2, "epoch"),
    ("13:55:36.123 [main] x", ns(2026, 3, 5, 13, 55, 36, fraction=123_000_000), "time of day"),
    ("[13:55:36] x", ns(2026, 3, 5, 13, 55, 36), "time of day"),
]


@pytest.mark.parametrize(("line", "at_ns", "name"), LINES)
def test_the_format_is_found_and_read(line: str, at_ns: int, name: str) -> None:
    read = find_time_format(line.encode() + b"\n", UTC, TODAY)
    assert read(line.encode()) == at_ns
    assert isinstance(read, TimeReader)
    assert read.formats[0].name == name


@pytest.mark.parametrize(
    "line",
    [
        "no time at all",
        "took 12:30:45 to finish",
        "2023-13-45T13:55:36Z",
        "2023-02-30 10:00:00 x",
        "Compiling x v1.0.1234567890",
        "169634133 x",
        "sha256:1696341336aaaaaaaaaa",
        "",
        "\x00\xff\xfe",
        "99:99:99 x",
    ],
)
def test_what_only_looks_like_a_time_is_none(line: str) -> None:
    data = line.encode("latin-1")
    assert find_time_format(data + b"\n", UTC, TODAY)(data) is None


def test_lines_that_go_on_have_no_time() -> None:
    sample = b"2023-10-03 13:55:36 ERROR x\n\tat foo (12:00:01)\n\tat bar\n" * 10
    read = find_time_format(sample, UTC, TODAY)
    assert read(b"2023-10-03 13:55:36 ERROR x") == OCTOBER
    assert read(b"\tat foo (12:00:01)") is None


def test_a_log_of_two_formats_is_read_in_both_the_last_one_first() -> None:
    sample = b"2023-10-03 13:55:36 x\n" * 5 + b"Oct  3 13:55:36 host y\n" * 5
    read = find_time_format(sample, UTC, TODAY)
    assert isinstance(read, TimeReader)
    assert {form.name for form in read.formats} == {"ISO 8601", "syslog"}
    assert read(b"Oct  3 13:55:36 host y") == ns(2025, 10, 3, 13, 55, 36)
    assert read.formats[0].name == "syslog"
    assert read(b"2023-10-03 13:55:36 x") == OCTOBER
    assert read.formats[0].name == "ISO 8601"


def test_a_time_without_a_zone_is_in_the_one_that_is_said() -> None:
    zone = timezone(timedelta(hours=2))
    read = find_time_format(b"2023-10-03 15:55:36 x\n", zone, TODAY)
    assert read(b"2023-10-03 15:55:36 x") == OCTOBER
    assert read(b"2023-10-03 15:55:36Z x") == OCTOBER + 7200 * NS


@given(st.binary(max_size=300))
def test_any_bytes_can_be_asked(line: bytes) -> None:
    reader = TimeReader(list(FORMATS), UTC, TODAY)
    assert reader(line) is None or isinstance(reader(line), int)


@given(st.integers(0, 4 * 10**15))
def test_what_python_writes_is_read(microseconds: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    text = at.replace(tzinfo=None).isoformat(timespec="microseconds").encode()
    assert find_time_format(text, UTC, TODAY)(text) == microseconds * 1000
