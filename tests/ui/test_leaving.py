"""Quitting, interrupting and cancelling, with and without a build that runs beside the viewer."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from wharf_tui.model.errors import InputError, NotABuildError
from wharf_tui.model.status import Status
from wharf_tui.ui.help_groups import HelpRow, help_groups
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.confirm import ConfirmScreen
from wharf_tui.ui.screens.help import HelpScreen


class Controller:
    """A build that ends when it is cancelled often enough."""

    def __init__(self, ends_after: int = 1) -> None:
        self.running = True
        self.failure = ""
        self.cancelled = 0
        self._ends_after = ends_after

    def cancel(self) -> None:
        self.cancelled += 1
        self.running = self.cancelled < self._ends_after


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_without_a_running_build_one_leaves_at_once(key, sample, run_app):
    async with run_app(sample.path) as pilot:
        await pilot.press(key)
    assert pilot.app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_a_running_build_asks_first(key, sample, run_app):
    controller = Controller()
    async with run_app(sample.path, controller=controller) as pilot:
        await pilot.press(key)
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("n")
        assert isinstance(pilot.app.screen, BuildScreen)
        assert controller.cancelled == 0
        await pilot.press(key, "y")
        assert controller.cancelled == 1
        await _until_left(pilot)
    assert pilot.app.return_code == 0


async def test_leaving_waits_for_the_end_and_can_be_hurried(sample, run_app, see):
    controller = Controller(ends_after=3)
    async with run_app(sample.path, controller=controller) as pilot:
        await pilot.press("q", "y")
        seen = see(pilot)
        await seen.until(lambda: "Cancelling…" in seen.header)
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
        assert controller.cancelled == 2
        await pilot.press("q")
        assert controller.cancelled == 3
        await _until_left(pilot)


async def test_ctrl_c_cancels_the_build_and_stays(sample, run_app, see):
    controller = Controller(ends_after=2)
    async with run_app(sample.path, controller=controller) as pilot:
        seen = see(pilot)
        await pilot.press("ctrl+c")
        assert controller.cancelled == 1
        await seen.until(lambda: "Cancelling…" in seen.header)
        await pilot.press("ctrl+c")
        await seen.until(lambda: "Cancelling…" not in seen.header)
        assert pilot.app.is_running
        await pilot.press("q")
        await _until_left(pilot)


async def test_why_the_build_could_not_go_on_is_told_once(sample, run_app):
    controller = Controller()
    async with run_app(sample.path, controller=controller) as pilot:
        controller.running, controller.failure = False, "no Docker at [/var/run]\x1b]0;x\x07"
        for _ in range(100):
            await pilot.pause(0.02)
            if pilot.app._notifications:
                break
        await pilot.pause(0.5)
        assert [note.message for note in pilot.app._notifications] == ["no Docker at [/var/run]␛]0;x␇"]


async def test_the_question_goes_when_the_build_ends_by_itself(sample, run_app):
    controller = Controller()
    async with run_app(sample.path, controller=controller) as pilot:
        await pilot.press("q")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        controller.running = False
        for _ in range(200):
            await pilot.pause(0.02)
            if isinstance(pilot.app.screen, BuildScreen):
                break
        assert isinstance(pilot.app.screen, BuildScreen)
        assert controller.cancelled == 0
        assert pilot.app.is_running


async def test_escape_at_the_root_does_not_leave(sample, run_app):
    async with run_app(sample.path) as pilot:
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, BuildScreen)


async def test_help_tells_the_keys_of_where_one_is(sample, run_app):
    async with run_app(sample.path) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, BuildScreen)
        groups = {group.title: group.rows for group in help_groups(screen, screen.commands)}
        assert next(iter(groups)) == "Log"
        assert HelpRow("G end", "Last line, follow") in groups["Log"]
        assert HelpRow("/", "Search") in groups["Finding"]
        assert list(groups)[-1] == "Everywhere"
        await pilot.press("tab")
        assert "Steps" in {group.title for group in help_groups(screen)}
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("j", "k", "q")
        assert isinstance(pilot.app.screen, BuildScreen)


async def test_help_has_every_key_and_every_name(sample, run_app):
    async with run_app(sample.path, size=(200, 60)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, BuildScreen)
        keys = {pilot.app.get_key_display(each.binding) for each in screen.active_bindings.values()}
        names = {f":{command.name}" for command in screen.commands if not command.keys}
        await pilot.press("question_mark")
        await pilot.pause(0)
        assert isinstance(pilot.app.screen, HelpScreen)
        shown = set(pilot.app.screen.text.split())
        assert keys - shown == set()
        assert names - shown == set()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50), (300, 100), (30, 10)])
async def test_help_fits_any_screen(size, sample, run_app):
    async with run_app(sample.path, size=size) as pilot:
        await pilot.press("question_mark")
        await pilot.pause(0)
        help_screen = pilot.app.screen
        assert isinstance(help_screen, HelpScreen)
        lines = help_screen.text.splitlines()
        dialog = help_screen.query_one(".dialog")
        assert max(map(len, lines)) <= dialog.scrollable_content_region.width
        await pilot.press("G")
        assert dialog.scroll_offset.y == dialog.max_scroll_y


def test_what_is_no_build_is_refused_before_a_screen_opens(open_app, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        open_app(tmp_path / "nowhere")
    with pytest.raises(NotABuildError):
        open_app(tmp_path)


async def _until_left(pilot) -> None:
    for _ in range(200):
        if not pilot.app.is_running or pilot.app._exit:
            return
        await pilot.pause(0.02)
    raise AssertionError("still here")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_that_goes_away_without_a_signal_ends_the_viewer(sample, builds_dir):
    import pty

    sample.run(1)
    sample.print(1, b"the end")
    sample.finish(1)
    sample.end(Status.SUCCESS)  # nothing is drawn any more: no write tells that nobody is there
    program = (
        "import sys; from pathlib import Path; from wharf_tui.ui.app import WharfApp;"
        "WharfApp(Path(sys.argv[1]), Path(sys.argv[2])).run()"
    )
    master, slave = pty.openpty()
    viewer = subprocess.Popen(
        [sys.executable, "-c", program, str(sample.path), str(builds_dir)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,  # the terminal is not its controlling one: no SIGHUP comes
    )
    os.close(slave)
    try:
        sent = b""
        while b"the end" not in sent:
            sent += os.read(master, 65536)
        while select.select([master], [], [], 1.0)[0]:
            os.read(master, 65536)
        os.close(master)
        viewer.wait(timeout=60)  # whatever Python says of a standard output that is gone
    finally:
        viewer.kill()
        viewer.wait()
