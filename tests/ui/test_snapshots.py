"""Pictures of the screens, so that a change of look is seen and meant. Update them with --snapshot-update."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from wharf_tui.attach.progress import Progress
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.layout import MANIFEST
from wharf_tui.results.manifest import read_manifest, write_manifest
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.themes import DARK, LIGHT

START_NS = 1_707_000_000 * NS


def end(sample, result: Status) -> None:
    """Freeze the build at a time that does not depend on this machine's clock."""
    sample.end(result)
    info, _ = read_manifest(sample.path / MANIFEST)
    assert info is not None
    write_manifest(sample.path / MANIFEST, replace(info, finished_ns=START_NS + 63 * NS), sync=False)


@pytest.fixture
def failed(sample):
    sample.run(1)
    sample.print(1, b"\x1b[32mok\x1b[0m fine", b"done")
    sample.finish(1)
    sample.run(2)
    sample.count_to(2, 30)
    sample.writer.log(StepId(2)).add_gap(GapKind.HOLE, "connection lost", missing=3)
    sample.print(
        2,
        b"\x1b[1;31merror\x1b[0m\x1b[1m: it broke\x1b[0m \x1b[43m here \x1b[0m",
        b"10%\r100%",
        b"bad \xff\x00\x1b]0;t\x07 \xe2\x80\xae",
        b"wide \xe6\x97\xa5\xe6\x9c\xac " + b"0123456789" * 12,
    )
    sample.finish(2, Status.FAILED, "make: *** [all] Error 1")
    sample.skip(3, "An earlier stage failed.")
    end(sample, Status.FAILED)
    return sample


def settled(theme: str = DARK.name, *keys: str):
    """What to do before the picture is taken: wait until everything is there, then press keys."""

    async def run_before(pilot) -> None:
        pilot.app.theme = theme
        for _ in range(200):
            await pilot.pause(0.02)
            screen = pilot.app.screen
            if (
                isinstance(screen, BuildScreen)
                and screen.pane.view.document is not None
                and not screen.pane.view.document.is_behind
            ):
                break
            if isinstance(screen, CatalogueScreen) and screen.table.row_count:
                break
        if keys:
            await worked_off(pilot)
            await pilot.press(*keys)
        await worked_off(pilot)

    return run_before


async def worked_off(pilot) -> None:
    """Let everything be counted and summed up that the screen tells, however busy the machine is."""
    quiet = 0
    while quiet < 40:
        await pilot.pause(0.02)
        screen = pilot.app.screen
        for typing in screen.query(Input):
            typing.cursor_blink, typing._cursor_visible = False, True
        if isinstance(screen, BuildScreen) and screen.give_turn():
            quiet = 0
            screen.update_view()
        quiet += 1


@pytest.mark.parametrize("size", [(80, 24), (120, 30)], ids=["80x24", "120x30"])
@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
def test_failed_build(theme, size, failed, open_app, snap_compare):
    assert snap_compare(open_app(failed.path), terminal_size=size, run_before=settled(theme))


def test_times_and_steps_focused(failed, open_app, snap_compare):
    assert snap_compare(open_app(failed.path), run_before=settled(DARK.name, "t", "k", "k", "tab"))


def test_skipped_step(failed, open_app, snap_compare):
    assert snap_compare(open_app(failed.path), run_before=settled(DARK.name, "3"))


def test_running_build(sample, open_app, snap_compare):
    sample.run(1)
    sample.count_to(1, 40)
    assert snap_compare(open_app(sample.path), run_before=settled())


def test_help(failed, open_app, snap_compare):
    assert snap_compare(
        open_app(failed.path), terminal_size=(100, 36), run_before=settled(DARK.name, "question_mark")
    )


def test_without_color(failed, open_app, snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(open_app(failed.path), run_before=settled())


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
def test_catalogue(theme, failed, make_sample, open_app, snap_compare, monkeypatch):
    monkeypatch.setattr("wharf_tui.ui.words.place", lambda path: "~/builds")
    monkeypatch.setattr("wharf_tui.results.catalogue.directory_size", lambda path: 123_456)
    end(make_sample(43), Status.SUCCESS)
    assert snap_compare(open_app(None), terminal_size=(110, 20), run_before=settled(theme))


def test_question(sample, open_app, snap_compare):
    class Running:
        running = True
        failure = ""

        def cancel(self) -> None:
            raise AssertionError

    assert snap_compare(open_app(sample.path, controller=Running()), run_before=settled(DARK.name, "q"))


def test_search(failed, open_app, snap_compare):
    keys = ("slash", *"line 1", "enter", "n")
    assert snap_compare(open_app(failed.path), run_before=settled(DARK.name, *keys))


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
def test_side_by_side(theme, failed, open_app, snap_compare):
    keys = ("vertical_line", "vertical_line")
    assert snap_compare(open_app(failed.path), terminal_size=(120, 30), run_before=settled(theme, *keys))


def test_wrapped_and_selected(failed, open_app, snap_compare):
    assert snap_compare(open_app(failed.path), run_before=settled(DARK.name, "w", "v", "j", "j"))


def test_held_while_catching_up(sample, open_app, snap_compare, monkeypatch):
    monkeypatch.setattr("wharf_tui.ui.connection_story.pace", lambda progress: "4,512 lines/s   3s left")
    sample.run(1)
    sample.count_to(1, 40)
    sample.finish(1)
    sample.run(2)
    sample.count_to(2, 12)
    progress = Progress()
    progress.begin_stream(29_411)
    progress.received = 18_204
    feed = SessionFeed(BuildReader.open(sample.path), progress, "worker.test:5010")
    assert snap_compare(open_app(feed), run_before=settled())
