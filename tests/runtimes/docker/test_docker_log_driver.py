"""What the options of log drivers mean for who reads along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wharf_tui.runtimes.docker.log_driver import LogDriver, size_in_files

MIB = 1024**2


def driver(name: str, **options: str) -> LogDriver:
    config = {name.replace("_", "-"): value for name, value in options.items()}
    info: dict[str, Any] = {"HostConfig": {"LogConfig": {"Type": name, "Config": config}}}
    return LogDriver.of(info)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (driver("json-file"), LogDriver("json-file", 0, 1, may_drop=False)),
        (driver("json-file", max_size="10m"), LogDriver("json-file", 10 * MIB, 1, may_drop=False)),
        (driver("json-file", max_size="1.5k", max_file="3"), LogDriver("json-file", 1536, 3, may_drop=False)),
        (driver("json-file", max_size="-1"), LogDriver("json-file", 0, 1, may_drop=False)),
        (driver("json-file", max_size="1t", max_file="3"), LogDriver("json-file", 0, 3, may_drop=False)),
        (driver("json-file", mode="non-blocking"), LogDriver("json-file", 0, 1, may_drop=True)),
        (driver("local"), LogDriver("local", 20 * MIB, 5, may_drop=False)),
        (driver("local", max_size="1m", max_file="2"), LogDriver("local", MIB, 2, may_drop=False)),
        (driver("journald"), LogDriver("journald", 20 * MIB, 5, may_drop=False)),
        (LogDriver.of({}), LogDriver("json-file", 0, 1, may_drop=False)),
    ],
)
def test_drivers(found: LogDriver, expected: LogDriver) -> None:
    assert found == expected
    assert found.rotates == (expected.file_bytes > 0)


def test_a_log_that_has_lost_its_beginning_is_at_least_so_large() -> None:
    assert driver("json-file").bytes_until_loss is None
    assert driver("json-file", max_size="10m").bytes_until_loss == 0
    until_loss = driver("json-file", max_size="10m", max_file="3").bytes_until_loss
    assert until_loss is not None
    assert 15 * MIB < until_loss < 20 * MIB


def test_the_size_of_entries_is_about_that_of_their_file() -> None:
    message = 'say "hello" <b>\\ & \t\x1b[31mred'
    entry = {"log": message + "\n", "stream": "stdout", "time": "2026-01-31T12:00:00.123456789Z"}
    written = json.dumps(entry, separators=(",", ":"))
    for mark in "<>&":
        written = written.replace(mark, f"\\u{ord(mark):04x}")
    answer = b"\x01\0\0\0\0\0\0\x40" + f"2026-01-31T12:00:00.123456789Z {message}\n".encode()
    assert 0.95 < size_in_files(answer * 100) / (100 * (len(written) + 1)) < 1.05


def test_in_words() -> None:
    assert driver("json-file", max_size="10m", max_file="3").describe() == "json-file, 10 MiB x 3"
    assert driver("json-file", max_size="100k", max_file="3").describe() == "json-file, 100 KiB x 3"
