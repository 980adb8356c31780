"""What a build may hold against a terminal, a markup parser or a screen's layout does nothing."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.ui.screens.catalogue import CatalogueScreen

ATTACKS = [
    b"\x1b]52;c;QUJD\x07",
    b"\x1b]0;OWNED\x07",
    b"\x1b]0;OWNED",
    b"\x1bP$q q\x1b\\",
    b"\x1b[6n\x1b[c\x1b[21t",
    b"\x1bc\x1b[2J\x1b[1;1HHOME",
    b"\xc2\x9b2J\xc2\x9d0;OWNED\xc2\x9c",
    "\u202eevil\u2066\u200b\u2028".encode(),
    b"\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\",
    b"\x07\x08\x0e\x7f\x00",
    b"[/bold] [red]x[/] [link=http://evil]y [@click=app.quit]z[/]",
    "👩\u200d👩\u200d👧 ⚠\ufe0f e\u0301\u0301\u0301 日本".encode(),
    b"\xff\xfe\x80",
]
NAMES = "[/red]\x1b]0;OWNED\x07\u202e\nname"


KEYS = (
    *("a", "g", "\r", "\t", "q"),  # all steps merged, a line at length, as it came
    *("j", "j", "m", ":note \x07 [red]\r", "M", "q"),  # marks, and their list
    *("&e\r", "+", "\x14", "He\r", "/e\r", "n", "t", "w", "#", "P", "e", "!", "s", "Z"),
    *(":no\x07such\r", "?", "q", "T"),
)
"""Whatever shows a line, a name or what was typed, one after the other."""


@pytest.fixture
def hostile(builds_dir):
    steps = (StepState(StepInfo(StepId(1), f"stage {NAMES}", f"step {NAMES}")),)
    info = BuildInfo(BuildId(1), steps, source=NAMES, runtime=NAMES, environment=NAMES, problem=NAMES)
    writer = BuildWriter.create(builds_dir, info)
    writer.set_status(StepId(1), Status.RUNNING)
    log = writer.log(StepId(1))
    log.append_many([(None, attack) for attack in ATTACKS])
    log.add_gap(GapKind.LOST_BEFORE_US, NAMES)
    log.append(None, b"the end")
    writer.set_status(StepId(1), Status.FAILED, reason=NAMES, exit_code=1)
    writer.freeze(Status.FAILED)
    return writer.path


async def test_every_widget_shows_hostile_text_as_text(hostile, run_app, see):
    async with run_app(hostile, size=(200, 40)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["the end"])
        await seen.press("question_mark")
        await seen.press("q", "tab", "t", "number_sign")
        picture = pilot.app.export_screenshot()
        assert "&#160;[/red]" in picture or "[/red]" in picture
        for row in range(pilot.app.size.height):
            text = "".join(segment.text for segment in pilot.app.screen._compositor.render_strips()[row])
            assert not [
                c for c in text if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200b\u2028"
            ]


async def test_the_catalogue_shows_hostile_names_as_text(hostile, run_app):
    async with run_app(None, size=(200, 20)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, CatalogueScreen)
        for _ in range(100):
            await pilot.pause(0.02)
            if screen.table.row_count:
                break
        assert "[/red]␛]0;OWNED␇<U+202E>␊name" in screen.table.row_content(0, 200).plain


async def test_a_build_that_is_deleted_while_it_is_shown(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 50)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 50"])
        for path in sorted(sample.path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        sample.path.rmdir()
        await pilot.pause(0.6)
        await seen.press("k", "g", "G", "1", "2", "tab", "j")
        assert pilot.app.is_running


async def test_a_log_of_one_huge_line(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"x" * 5_000_000, b"after")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["after"])
        assert seen.messages[0].startswith("xxxx")
        assert seen.view.render_line(0).cell_length == seen.view.scrollable_content_region.width


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("keys", [(), KEYS], ids=["the log", "all that shows lines"])
def test_no_code_of_a_log_reaches_a_real_terminal(keys, hostile, builds_dir):
    sent = _run_on_a_terminal(hostile, builds_dir, until=b"the end", keys=keys)
    strings = re.findall(rb"\x1b[\]PX^_][^\x07\x1b]*", sent)
    assert {
        string for string in strings if not string.startswith(b"\x1b]22;")
    } == set()  # Textual's mouse pointer
    sequences = set(re.findall(rb"\x1b\[([0-?]*[ -/]*[@-~])", sent))
    assert not sequences & {b"6n", b"c", b"21t", b"2J"}
    assert not set(sent.decode("utf-8")) & set("\x00\x08\x0e\x7f\x9b\x9d\u202e\u2066\u200b\u2028\u200d")
    for payload in (b"52;c;", b"http://evil/"):
        assert payload not in sent
    assert "␛[6n␛[c␛[21t".encode() in sent


def _run_on_a_terminal(build: Path, builds_dir: Path, until: bytes, keys: tuple[str, ...] = ()) -> bytes:
    """All bytes that the viewer sends from its start to its end; each key is pressed once it has drawn what it had to."""
    import fcntl
    import pty
    import struct
    import termios

    program = (
        "import sys; from pathlib import Path; from wharf_tui.ui.app import WharfApp;"
        "WharfApp(Path(sys.argv[1]), Path(sys.argv[2])).run()"
    )
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    viewer = subprocess.Popen(
        [sys.executable, "-c", program, str(build), str(builds_dir)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    sent, deadline = b"", time.monotonic() + 100
    waiting = [*keys, "q"]
    try:
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.3)[0]:
                if until in sent and waiting:
                    os.write(master, waiting.pop(0).encode())
                continue
            try:
                data = os.read(master, 65536)
            except OSError:  # the other end has closed: the viewer has left
                break
            if not data:
                break
            sent += data
        assert viewer.wait(timeout=20) == 0
    finally:
        if viewer.poll() is None:
            viewer.kill()
            viewer.wait()
        os.close(master)
    assert until in sent
    assert not waiting, "it has left before its time"
    return sent


def test_the_sample_is_hostile(hostile):
    raw = (hostile / "steps" / "1" / "logs.log").read_bytes()
    assert all(attack in raw for attack in ATTACKS)
    assert replace(StepState(StepInfo(StepId(1), "", NAMES))).info.name == NAMES
