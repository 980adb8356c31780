"""The user's editor gets the right file at the right line, in a terminal of its own group."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from wharf_tui.model.errors import UsageError
from wharf_tui.ui.editors import editor_command
from wharf_tui.ui.foreground import run_in_foreground

LOG = Path("/builds/a b/logs.log")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"EDITOR": "vim"}, ["vim", "-R", "+7", str(LOG)]),
        ({"EDITOR": "vim -R"}, ["vim", "-R", "+7", str(LOG)]),
        ({"VISUAL": "/usr/bin/nvim", "EDITOR": "nano"}, ["/usr/bin/nvim", "-R", "+7", str(LOG)]),
        ({"VISUAL": " ", "EDITOR": "nano"}, ["nano", "-v", "+7", str(LOG)]),
        ({"EDITOR": "emacs -nw"}, ["emacs", "-nw", "+7", str(LOG)]),
        ({"EDITOR": "code --wait"}, ["code", "--wait", "-g", f"{LOG}:7"]),
        ({"EDITOR": "hx"}, ["hx", f"{LOG}:7"]),
        ({"EDITOR": "'/my tools/ed it' -x"}, ["/my tools/ed it", "-x", str(LOG)]),
    ],
)
def test_each_editor_is_told_its_own_way(environment: dict[str, str], expected: list[str]) -> None:
    assert editor_command(LOG, 7, environment) == expected


@pytest.mark.parametrize(
    ("environment", "said"), [({}, "no editor"), ({"EDITOR": "vim '"}, "no shell takes")]
)
def test_what_is_wrong_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        editor_command(LOG, 7, environment)


def test_a_program_that_is_not_there_is_said() -> None:
    assert "cannot be run" in run_in_foreground(["/no/such/editor"])


async def test_without_an_editor_the_key_says_what_to_set(sample, run_app, see, monkeypatch):
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("o")
        await seen.until(
            lambda: any("export EDITOR=vim" in each.message for each in pilot.app._notifications)
        )


EDITOR = """
import os, signal, sys
with open(sys.argv[1], "w") as file:
    file.write(f"{os.getpgrp() == os.tcgetpgrp(0)}")
print("READY", flush=True)
for line in sys.stdin:
    print(f"GOT {line.strip()}", flush=True)
    if line.strip() == "quit":
        break
"""
LENDER = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from wharf_tui.ui.foreground import run_in_foreground
import threading
told = []
signal.signal(signal.SIGINT, lambda *_: print("INTERRUPTED", flush=True))
thread = threading.Thread(target=lambda: told.append(run_in_foreground(sys.argv[1:])))
thread.start()
thread.join()
print(f"ENDED {told[0]!r}", flush=True)
print(f"BACK {input()}", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are the terminal's")
def test_the_terminal_is_lent_and_taken_back(tmp_path: Path) -> None:
    handle, terminal = pty.openpty()
    attributes = termios.tcgetattr(terminal)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    (tmp_path / "editor.py").write_text(EDITOR)
    (tmp_path / "lender.py").write_text(LENDER)
    process = subprocess.Popen(
        [
            sys.executable,
            str(tmp_path / "lender.py"),
            sys.executable,
            str(tmp_path / "editor.py"),
            str(tmp_path / "seen"),
        ],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    os.close(terminal)
    output = b""

    def wait_for(text: bytes) -> None:
        nonlocal output
        end = time.monotonic() + 30
        while text not in output:
            assert time.monotonic() < end, output
            if select.select([handle], [], [], 0.1)[0]:
                output += os.read(handle, 4096)

    try:
        wait_for(b"READY")
        assert (tmp_path / "seen").read_text() == "True"
        os.write(handle, b"one\n")
        wait_for(b"GOT one")
        os.write(handle, b"\x1a")  # ctrl-z: nobody could wake it, so it goes on
        os.write(handle, b"two\n")
        wait_for(b"GOT two")
        os.write(handle, b"\x03")  # ctrl-c ends the editor, and says nothing to us
        wait_for(b"ENDED")
        os.write(handle, b"keys\n")
        wait_for(b"BACK keys")
        assert b"INTERRUPTED" not in output
        assert f"exit code {-signal.SIGINT}".encode() in output
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(handle)
