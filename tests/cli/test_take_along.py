"""What a user takes along from the command line: bundles, summaries, the way back."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import tarfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import COMMAND
from wharf_tui.cli import verdict
from wharf_tui.model.glyphs import cell_width


@pytest.fixture
def failed(wharf_tui, definition, environment) -> Path:
    """A build with a step that failed."""
    commands = "seq 40; echo 'main.c:4:1: error: x undeclared'; seq 41 50; exit 3"
    wharf_tui("run", str(definition(good="echo fine", bad=commands)), "--runtime", "process", "--plain")
    return next(Path(environment["WHARF_TUI_BUILDS"]).glob("wharf-cmd-build-*"))


def step_of(failed: Path, text: bytes) -> int:
    return next(int(log.parent.name) for log in failed.glob("steps/*/logs.log") if text in log.read_bytes())


def test_a_bundle_is_one_file_that_prints_like_the_build(wharf_tui, failed, tmp_path) -> None:
    made = wharf_tui("builds", "bundle", "latest")
    assert made.returncode == 0
    target = tmp_path / f"{failed.name}.tar.gz"
    assert f"Bundled into {target.name}".encode() in made.stderr
    assert wharf_tui("logs", str(target)).stdout == wharf_tui("logs", "latest").stdout
    with tarfile.open(target) as archive:
        excerpt = archive.extractfile("excerpt.md")
        assert excerpt is not None
        assert b"main.c:4:1: error" in excerpt.read()
    again = wharf_tui("builds", "bundle", "latest", str(tmp_path / "again.tar.gz"))
    assert again.returncode == 0
    assert (tmp_path / "again.tar.gz").read_bytes() == target.read_bytes()


def test_nothing_is_replaced_unasked(wharf_tui, failed, tmp_path) -> None:
    target = tmp_path / "x.tar.gz"
    target.write_bytes(b"old")
    refused = wharf_tui("builds", "bundle", "latest", str(target))
    assert refused.returncode == 1
    assert b"exists already" in refused.stderr
    assert target.read_bytes() == b"old"
    assert wharf_tui("builds", "bundle", "latest", str(target), "--replace").returncode == 0
    assert target.read_bytes()[:2] == b"\x1f\x8b"


def test_nothing_unpacked_is_left(wharf_tui, failed, environment, tmp_path) -> None:
    wharf_tui("builds", "bundle", "latest", str(tmp_path / "x.tar.gz"))
    wharf_tui("logs", str(tmp_path / "x.tar.gz"))
    assert not list(Path(environment["TMPDIR"]).glob("wharf-tui-bundle-*"))


def test_a_damaged_bundle_gets_one_clear_message(wharf_tui, failed, tmp_path) -> None:
    target = tmp_path / "x.tar.gz"
    wharf_tui("builds", "bundle", "latest", str(target))
    target.write_bytes(target.read_bytes()[:-200])
    refused = wharf_tui("logs", str(target))
    assert refused.returncode == 2
    assert b"damaged or was cut off" in refused.stderr


def test_text_files_make_a_bundle_too(wharf_tui, tmp_path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\ntwo")
    assert wharf_tui("builds", "bundle", "a.log").returncode == 0
    assert wharf_tui("logs", "a.log.tar.gz").stdout == b"one\ntwo\n"


def test_the_summary_is_markdown(wharf_tui, failed) -> None:
    text = wharf_tui("builds", "show", "latest", "--markdown").stdout.decode()
    step = step_of(failed, b"undeclared")
    assert text.startswith("**Build 1: Failed in ")
    assert "Failed step: `build/bad` (exit code 3)" in text
    assert f"{step}:41  main.c:4:1: error: x undeclared" in text
    assert f"Open it: `wharf-tui open {failed.name} --at {step}:41`" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["open", "latest", "--at", "x"], "is no address"),
        (["open", "latest", "--at", "0:1"], "is no address"),
        (["open", "--at", "1:1"], "--at needs a build"),
        (["attach", "127.0.0.1:1", "--at", "1:1"], "--at needs the viewer"),
        (["open", "latest", "--at", "1:1"], "the viewer needs a terminal"),
    ],
)
def test_what_cannot_be_shown_is_said(wharf_tui, failed, arguments, said) -> None:
    refused = wharf_tui(*arguments)
    assert refused.returncode == 2
    assert said in refused.stderr.decode()


class Terminal:
    """The viewer in a terminal of its own."""

    def __init__(self, environment: dict[str, str], cwd: Path, *arguments: str) -> None:
        self._handle, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**environment, "TERM": "xterm-256color"},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(terminal)
        self.output = b""

    @property
    def text(self) -> str:
        """All that was drawn so far, without the codes between."""
        return without_codes(self.output.decode("utf-8", "replace"))

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Let it go on until it has drawn this."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, self.text[-3000:]
            self._read(0.1)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._handle, keys.encode())

    def leave(self, keys: str = "q") -> list[str]:
        """Press keys that end it. Returns the rows that are left behind the screen."""
        self.type(keys)
        end = time.monotonic() + 30
        while self._process.poll() is None:
            assert time.monotonic() < end, self.text[-3000:]
            self._read(0.05)
        while self._read(0.05):
            pass
        assert b"Traceback" not in self.output
        return [row for row in without_codes(self.left).split("\n") if row.strip()]

    @property
    def left(self) -> str:
        """What came behind the screen."""
        return self.output.rpartition(b"\x1b[?1049l")[2].decode().replace("\r\n", "\n")

    def close(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.wait()
        os.close(self._handle)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._handle], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._handle, 65536)
        except OSError:  # the other end is closed
            return False
        self.output += data
        return bool(data)


def without_codes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?<>=$]*[a-zA-Z]|\x1b\][^\x07]*\x07", "", text)


@pytest.fixture
def viewer(environment, tmp_path) -> Iterator[Callable[..., Terminal]]:
    """Start the command in a terminal."""
    started: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        started.append(Terminal(environment, tmp_path, *arguments))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


def test_leaving_says_how_it_ended_why_and_the_way_back(viewer, failed) -> None:
    step = step_of(failed, b"undeclared")
    terminal = viewer("open", "latest")
    terminal.wait_for("1-51 complete")
    rows = terminal.leave()
    assert len(rows) <= 16
    assert re.fullmatch(r"Build 1: Failed in \S+", rows[0])
    assert rows[1] == "Failed step: build/bad (exit code 3)"
    assert f"  {step}:41  main.c:4:1: error: x undeclared" in rows
    assert rows[-2] == f"Logs: {failed}"
    assert rows[-1] == f"Look again: wharf-tui open {failed.name} --at {step}:41"
    assert re.search(r"\x1b\[[0-9;]*m", terminal.left)


def test_the_way_back_leads_to_where_one_was(viewer, failed) -> None:
    step = step_of(failed, b"undeclared")
    terminal = viewer("open", "latest", "--at", f"{step}:12")
    terminal.wait_for("12  12")
    assert terminal.leave()[-1] == f"Look again: wharf-tui open {failed.name} --at {step}:12"


def test_without_colours_there_are_none(viewer, failed, environment) -> None:
    environment["NO_COLOR"] = "1"
    terminal = viewer("open", "latest")
    terminal.wait_for("1-51 complete")
    terminal.leave()
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.left[terminal.left.index("Build 1") :])


def test_a_text_file_says_only_the_way_back(viewer, tmp_path) -> None:
    (tmp_path / "a b.log").write_bytes(b"".join(b"line %d\n" % number for number in range(1, 500)))
    terminal = viewer("open", "a b.log", "--at", "1:250")
    terminal.wait_for("line 250")
    assert terminal.leave() == [f"Look again: wharf-tui open '{tmp_path}/a b.log' --at 1:250"]


def test_the_list_of_builds_leaves_nothing_where_none_was_opened(viewer, failed) -> None:
    terminal = viewer("open")
    terminal.wait_for("build/bad")
    assert terminal.leave() == []


def test_a_terminated_viewer_restores_the_terminal(viewer, failed) -> None:
    terminal = viewer("open", "latest")
    terminal.wait_for("1-51 complete")
    terminal._process.terminate()
    assert terminal.leave("")[0].startswith("Build 1: Failed")


def test_a_build_that_ran_in_the_viewer_says_the_same(viewer, definition) -> None:
    folder = definition(bad="echo 'E: oh no'; exit 4")
    terminal = viewer("run", str(folder), "--runtime", "process")
    terminal.wait_for("exit code 4")
    rows = terminal.leave()
    assert re.fullmatch(r"Build 1: Failed in \S+", rows[0])
    assert "  1:1  E: oh no" in rows
    assert rows[-1].endswith(" --at 1:1")


def test_a_bundle_is_shown_as_it_was(viewer, environment, failed, tmp_path) -> None:
    step = step_of(failed, b"undeclared")
    terminal = viewer("open", "latest", "--at", f"{step}:12")
    terminal.wait_for("12  12")
    terminal.type(":note look here\r")
    terminal.wait_for("◈")
    terminal.type(":bundle x\r")
    terminal.wait_for("Bundled into")
    terminal.leave()
    again = viewer("open", "x.tar.gz")
    again.wait_for("◈")
    assert "look here" not in again.text
    again.type("M")
    again.wait_for("look here")
    rows = again.leave("qq")
    assert rows[0].startswith("Build 1: Failed")
    assert rows[-2:] == [
        f"Bundle: {tmp_path}/x.tar.gz",
        f"Look again: wharf-tui open {tmp_path}/x.tar.gz --at {step}:12",
    ]
    assert not list(Path(environment["TMPDIR"]).glob("wharf-tui-bundle-*"))


def test_an_address_holds_live_and_offline(viewer, served, definition, environment, tmp_path) -> None:
    folder = definition(only="seq 100; sleep 600")
    address = served("worker", "run", str(folder), "--runtime", "process", "--address", "127.0.0.1:0")
    environment["WHARF_TUI_BUILDS"] = str(tmp_path / "copies")
    live = viewer("attach", address, "--at", "1:40")
    live.wait_for("40  40")
    rows = live.leave()
    (copy,) = (tmp_path / "copies").glob("wharf-cmd-build-*")
    assert rows[0] == "Build 1: Running, 0 of 1 steps have ended"
    assert rows[1:] == [f"Logs: {copy}", f"Look again: wharf-tui attach {address} --at 1:40"]
    offline = viewer("open", "latest", "--at", "1:40")
    offline.wait_for("40  40")
    rows = offline.leave()
    assert rows[0].startswith("Build 1: unfinished")
    assert rows[-1] == f"Look again: wharf-tui open {copy.name} --at 1:40"


@given(st.text("a日\u0301 x", max_size=60), st.integers(1, 40))
def test_what_is_told_fits_into_a_row(text: str, width: int) -> None:
    clipped = verdict._clipped(text, width)
    assert cell_width(clipped) <= width
    assert clipped == text or (clipped.endswith("…") and text.startswith(clipped[:-1]))
