"""What is copied is exactly what the log has, and what is said about it is true."""

from __future__ import annotations

import re
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.insight.sections import Fold, FoldKind
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.results import layout
from wharf_tui.results.gap_file import write_gaps
from wharf_tui.results.log_reader import LogReader
from wharf_tui.ui import clipboard
from wharf_tui.ui.clipboard import MOST_BYTES, ClipboardTool, clipboard_code, clipboard_tool, hand_to
from wharf_tui.ui.folding import Folding
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.merged_document import MergedDocument
from wharf_tui.ui.row_taker import MOST_AT_ONCE, RowTaker, Taken, TakenGap, TakenLines
from wharf_tui.ui.take_along import Parcel
from wharf_tui.ui.way_back import command_of


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


MESSAGES = st.lists(
    st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r")), min_size=1, max_size=60
)


def document_of(folder: Path, messages: list[bytes], step: int = 1) -> LogDocument:
    step_dir = folder / "steps" / str(step)
    step_dir.mkdir(parents=True)
    stamp = b"2024-01-01T00:00:00.000000000Z "
    (step_dir / layout.LOG).write_bytes(b"".join(stamp + message + b"\n" for message in messages))
    document = LogDocument(LogReader(step_dir), StepId(step))
    document.refresh(2**30, follow=False)
    return document


def taken(document: LogDocument | MergedDocument, rows: range) -> list[bytes]:
    taker = RowTaker(document, rows)
    return [
        b"".join(taker.parts_of(batch, index))
        for batch in taker
        if isinstance(batch, TakenLines)
        for index in range(len(batch.lines))
    ]


def numbers(batches: Iterable[Taken]) -> list[int]:
    """Which lines of the file they are."""
    return [
        batch.first + index
        for batch in batches
        if isinstance(batch, TakenLines)
        for index in range(len(batch.lines))
    ]


@given(MESSAGES, st.data())
def test_what_is_taken_is_exactly_what_the_log_has(messages: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(messages) - 1))
    stop = data.draw(st.integers(first + 1, len(messages)))
    with tempfile.TemporaryDirectory() as name:
        document = document_of(Path(name), messages)
        assert taken(document, range(first, stop)) == messages[first:stop]
        document.log.close()


@given(MESSAGES, MESSAGES)
def test_merged_steps_are_taken_line_by_line(one: list[bytes], two: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        documents = {StepId(1): document_of(Path(name), one), StepId(2): document_of(Path(name), two, 2)}
        merged = MergedDocument(documents)
        while merged.is_counting:
            merged.refresh(2**30)
        assert sorted(taken(merged, range(merged.row_count))) == sorted(one + two)
        for document in documents.values():
            document.log.close()


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_folded_lines_come_along(first: int, folded: int, is_closed: bool) -> None:
    messages = [b"line %d" % number for number in range(1, 101)]
    with tempfile.TemporaryDirectory() as name:
        document = document_of(Path(name), messages)
        document.fold(
            Folding([Fold(first, first + folded, "", FoldKind.SECTION, folded=True)], {first: is_closed})
        )
        assert document.row_count == 100 - folded * is_closed
        batches = list(RowTaker(document, range(document.row_count)))
        assert numbers(batches) == list(range(1, 101))
        assert (
            numbers(batch for batch in batches if isinstance(batch, TakenLines) and batch.is_folded)
            == list(range(first + 1, first + folded + 1)) * is_closed
        )
        document.log.close()


def test_only_what_a_filter_shows_is_taken(tmp_path: Path) -> None:
    messages = [b"keep %d" % number if number % 7 == 0 else b"drop" for number in range(2000)]
    document = document_of(tmp_path, messages)
    document.show_only(filter_for(document, "keep"))
    assert taken(document, range(document.row_count)) == [line for line in messages if line != b"drop"]


def filter_for(document: LogDocument, pattern: str) -> LineFilter:
    compiled = compile_pattern(pattern, is_regex=False)
    assert isinstance(compiled, Pattern)
    found = LineFilter(document.log, FilterRules(keep=(compiled,)))
    while not found.progress.is_done:
        found.step(2**20)
    return found


def test_rows_that_come_and_go_while_it_is_taken_change_nothing(tmp_path: Path) -> None:
    messages = [b"line %d" % number for number in range(1, 2001)]
    document = document_of(tmp_path, messages)
    document.fold(Folding([Fold(1, 300, "", FoldKind.SECTION, folded=True)], {}))
    batches = iter(RowTaker(document, range(1, document.row_count)))  # from line 301 on
    found = [next(batches)]
    document.fold(Folding([Fold(1, 300, "", FoldKind.SECTION, folded=True)], {1: False}))
    found += batches
    assert len(found) > 2
    assert numbers(found) == list(range(301, 2001))


def test_gaps_are_told_and_have_no_bytes(tmp_path: Path) -> None:
    document = document_of(tmp_path, [b"a", b"b"])
    write_gaps(tmp_path / "steps/1" / layout.GAPS, (Gap(GapKind.HOLE, LogId(1), 3, "lost"),))
    document.refresh(2**20, follow=False)
    batches = list(RowTaker(document, range(document.row_count)))
    assert [isinstance(batch, TakenGap) for batch in batches] == [False, True, False]
    assert taken(document, range(3)) == [b"a", b"b"]


def test_a_line_of_any_length_is_taken_whole(tmp_path: Path) -> None:
    long = b"x" * (3 * MOST_AT_ONCE + 5)
    document = document_of(tmp_path, [b"a", long, b"b"])
    assert taken(document, range(3)) == [b"a", long, b"b"]


@pytest.fixture
def terminal(monkeypatch):
    """Codes that were sent to the terminal, which has no program beside it."""
    codes: list[str] = []
    monkeypatch.setattr(
        "wharf_tui.ui.take_along_control.TakeAlongControl.write_to_terminal",
        lambda self, code: codes.append(code),
    )
    for name in ("TMUX", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    return codes


def told(pilot) -> str:
    """What was said last."""
    return str([notification.message for notification in pilot.app._notifications][-1])


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
        await seen.until(lambda: bool(pilot.app._notifications))
        assert told(pilot).startswith("Sent 4 lines (9.0 KB) by the terminal's clipboard code (OSC 52).")


async def test_c_copies_too(terminal, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("c")
        await seen.until(lambda: bool(terminal))
        assert copied(terminal[0]) == b"line 1\n"


async def test_a_line_is_copied_with_a_command_that_opens_it(terminal, sample, run_app, see, monkeypatch):
    monkeypatch.setenv("WHARF_TUI_BUILDS", str(sample.path.parent))
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("v", "j", "Y")
        await seen.until(lambda: bool(terminal))
        command = f"wharf-tui open {sample.path.name} --at 1:1\n".encode()
        assert copied(terminal[0]) == command + b"line 1\nline 2\n"


async def test_what_a_program_took_is_said_and_what_it_refused_goes_to_the_terminal(
    terminal, sample, run_app, see, monkeypatch, tmp_path
):
    sample.run(1)
    sample.count_to(1, 3)
    taken_by = tmp_path / "taken"
    program = f"import sys; open({str(taken_by)!r}, 'wb').write(sys.stdin.buffer.read())"
    tools = [
        ClipboardTool((sys.executable, "-c", program)),
        ClipboardTool((sys.executable, "-c", "raise SystemExit(3)")),
    ]
    monkeypatch.setattr("wharf_tui.ui.take_along_control.clipboard_tool", lambda: tools.pop(0))
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("y")
        await seen.until(lambda: bool(pilot.app._notifications))
        assert told(pilot) == f"{sys.executable} took 1 line (7 B)."
        assert taken_by.read_bytes() == b"line 1\n"
        assert not terminal
        await seen.press("y")
        await seen.until(lambda: bool(terminal))
        await seen.until(lambda: len(pilot.app._notifications) == 2)
        assert told(pilot).startswith(f"{sys.executable} ended with exit code 3. Sent 1 line (7 B) by")


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
    parcel = Parcel(None)
    sent: list[str] = []
    parcel.add(b"x" * MOST_BYTES)
    parcel.add(b"y")
    said = parcel.send("3 lines", sent.append)
    assert not sent
    name = said.rpartition(" written to ")[2]
    path = Path(name).expanduser()
    assert path.read_bytes() == b"x" * MOST_BYTES + b"y"
    path.unlink()


def test_what_is_dropped_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    parcel = Parcel(None)
    parcel.add(b"x" * (MOST_BYTES + 1))
    assert list(folder.iterdir())
    parcel.drop()
    assert not list(folder.iterdir())


def test_what_a_program_refuses_and_no_terminal_takes_goes_into_a_file() -> None:
    parcel = Parcel(ClipboardTool((sys.executable, "-c", "raise SystemExit(1)")))
    parcel.add(b"x" * (MOST_BYTES + 1))
    sent: list[str] = []
    said = parcel.send("1 line", sent.append)
    assert not sent
    path = Path(said.rpartition(" written to ")[2]).expanduser()
    assert path.stat().st_size == MOST_BYTES + 1
    path.unlink()


def find(*names: str):
    return lambda name: name if name in names else None


@pytest.mark.parametrize(
    ("environment", "platform", "there", "expected"),
    [
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, "linux", ("wl-copy", "xclip"), "wl-copy"),
        ({"DISPLAY": ":0"}, "linux", ("wl-copy", "xclip"), "xclip"),
        ({"DISPLAY": ":0"}, "linux", ("xsel",), "xsel"),
        ({}, "linux", ("wl-copy", "xclip", "xsel", "pbcopy"), None),
        ({}, "darwin", ("pbcopy",), "pbcopy"),
        ({}, "win32", ("clip.exe",), "clip.exe"),
        ({"WSL_DISTRO_NAME": "d"}, "linux", ("clip.exe",), "clip.exe"),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", ("xclip",), None),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", ("pbcopy",), None),
        ({"TMUX": "x", "SSH_TTY": "y", "DISPLAY": ":0"}, "linux", ("tmux", "xclip"), "tmux"),
        ({"TMUX": "x", "DISPLAY": ":0"}, "linux", ("tmux", "xclip"), "xclip"),
    ],
)
def test_the_program_is_that_of_the_screen_where_one_sits(environment, platform, there, expected) -> None:
    tool = clipboard_tool(environment, platform, find(*there))
    assert (tool.name if tool else None) == expected


def test_a_program_that_does_not_end_is_not_waited_for() -> None:
    tool = ClipboardTool((sys.executable, "-c", "import signal; signal.pause()"))
    assert hand_to(tool, b"x", 0.2).endswith("did not end within 0.2 s")
    assert "cannot be run" in hand_to(ClipboardTool(("/no/such/program",)), b"x")


def test_windows_gets_utf_16(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    program = f"import sys; open({str(target)!r}, 'wb').write(sys.stdin.buffer.read())"
    assert not hand_to(ClipboardTool((sys.executable, "-c", program), takes_utf16=True), "grün ✓".encode())
    assert target.read_bytes().decode("utf-16-le") == "grün ✓"


def test_only_what_is_known_is_claimed() -> None:
    assert "cannot be known" not in ClipboardTool(("xclip",)).claim("1 line")
    assert "offers it to" in ClipboardTool(("tmux", "x"), is_tmux=True).claim("1 line")
    assert "allow-passthrough" in clipboard.route({"TMUX": "x"})


def test_the_command_is_one_that_a_shell_takes() -> None:
    assert command_of(("open", "a b"), "4:1841") == "wharf-tui open 'a b' --at 4:1841"
    assert command_of(("attach", "host:5010")) == "wharf-tui attach host:5010"
    assert command_of((), "4:1841") == ""
    assert "\x1b" not in command_of(("open", "\x1b[2J"))


async def test_a_long_copy_tells_how_far_it_is_and_escape_stops_it(
    terminal, sample, run_app, see, monkeypatch, tmp_path
):
    folder = tmp_path / "parcels"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr("wharf_tui.ui.row_taker._ROWS", 8)
    monkeypatch.setattr("wharf_tui.ui.take_along_control._SLICE_SECONDS", 0.0)
    monkeypatch.setattr("wharf_tui.ui.take_along_control._LONG_SECONDS", 0.0)
    sample.run(1)
    sample.count_to(1, 50_000)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 50000"])
        await seen.press("g", "v", "G", "y")
        await seen.until(lambda: "Copying" in seen.header)
        await seen.until(lambda: bool(list(folder.glob("wharf-tui-*.log"))))
        await seen.press("escape")
        await seen.until(lambda: bool(pilot.app._notifications))
        assert told(pilot) == "Nothing was copied."
        await seen.until(lambda: "Copying" not in seen.header)
        await seen.until(lambda: not list(folder.glob("wharf-tui-*.log")))
    assert not terminal
