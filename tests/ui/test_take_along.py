"""What is copied is exactly what the log has, and what is said about it is true."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.ui import take_along
from wharf_tui.ui.clipboard import MOST_BYTES, clipboard_code


def copied(code: str) -> bytes:
    found = re.search(r"\]52;c;([A-Za-z0-9+/=]*)\x07", code)
    assert found
    return b64decode(found[1])


@given(st.binary(max_size=2000))
def test_the_code_carries_the_bytes_in_every_wrapping(data: bytes) -> None:
    assert copied(clipboard_code(data, {})) == data
    tmux = clipboard_code(data, {"TMUX": "x"})
    assert tmux.startswith("\x1bPtmux;\x1b\x1b]52")
    assert copied(tmux) == data
    screen = clipboard_code(data, {"TERM": "screen-256color"})
    assert copied(screen.replace("\x1b\\\x1bP", "")) == data


@pytest.fixture
def terminal(monkeypatch):
    """Codes that were sent to the terminal."""
    codes: list[str] = []
    monkeypatch.setattr(
        "wharf_tui.ui.screens.build.BuildScreen._write_to_terminal", lambda self, code: codes.append(code)
    )
    for name in ("TMUX", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return codes


async def test_selected_lines_are_copied_as_they_came(terminal, sample, run_app, see):
    sample.run(1)
    lines = [b"plain", b"\x1b[31mred\x1b[0m\tand \xff", b"10%\r20%", b"x" * 9000, b"not this"]
    sample.print(1, *lines)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 5)
        await seen.press("v", "j", "j", "j")
        assert seen.view.selection == range(4)
        await seen.press("y")
        await seen.until(lambda: bool(terminal))
        assert copied(terminal[0]) == b"".join(line + b"\n" for line in lines[:4])
        assert seen.view.select_from is None
        told = next(iter(pilot.app._notifications)).message
        assert told.startswith("Sent 4 lines (9.0 KB) by the terminal's clipboard code (OSC 52).")


async def test_a_line_is_copied_with_its_address(terminal, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("Y")
        await seen.until(lambda: bool(terminal))
        assert copied(terminal[0]).endswith(b" 1:1\nline 1\n")


async def test_nothing_moves_while_selecting_and_escape_ends_it(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("v")
        before = seen.lines
        sample.count_to(1, 150, first=101)
        await seen.until(lambda: "+50 new" in seen.status)
        assert seen.lines == before
        await seen.press("escape")
        assert not seen.view.selection
        assert pilot.app.is_running


def test_what_is_too_much_for_a_clipboard_goes_into_a_file() -> None:
    data = b"x" * (MOST_BYTES + 1)
    sent: list[str] = []
    told = take_along.copy(data, 3, sent.append)
    assert not sent
    name = told.rpartition(" written to ")[2]
    assert Path(name).expanduser().read_bytes() == data
