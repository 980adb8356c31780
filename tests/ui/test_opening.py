"""Builds that are opened and attached to from inside, and what is said where nothing comes; export from the list."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from tests.fakes.served_builds import begin_build, finished_build, serving, write_lines
from wharf_tui.cli.viewer import Sessions, open_from_inside
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.results.bundle import HEADER, VIEW
from wharf_tui.results.bundle_reader import open_bundle
from wharf_tui.ui.opening import Doors
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.view_state import ViewStates
from wharf_tui.worker.auth import ListenSettings, Token


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """Where builds are copied to that are attached to."""
    monkeypatch.setenv("WHARF_TUI_BUILDS", str(tmp_path / "copies"))
    return tmp_path / "copies"


@asynccontextmanager
async def real_doors() -> AsyncIterator[Doors]:
    sessions = Sessions()
    try:
        yield Doors(lambda text: open_from_inside(text, sessions), sessions.attach)
    finally:
        await sessions.close()


async def until(pilot, condition) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(pilot.app.screen)


async def type_in(pilot, text: str) -> None:
    """All at once, since keys take their time; then Enter."""
    pilot.app.screen.query_one("#prompt-input", Input).value = text
    await pilot.press("enter")


async def in_catalogue(pilot) -> CatalogueScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, CatalogueScreen))
    screen = pilot.app.screen
    assert isinstance(screen, CatalogueScreen)
    await until(pilot, lambda: screen._builds is not None)
    return screen


@pytest.fixture
def ended(sample):
    sample.run(1)
    sample.count_to(1, 3)
    sample.finish(1)
    sample.end(Status.SUCCESS)
    return sample


async def test_a_folder_is_opened_from_the_list(ended, run_app, see, tmp_path):
    folder, _ = finished_build(tmp_path / "elsewhere", {1: 5})
    async with real_doors() as doors, run_app(None, doors=doors) as pilot:
        await in_catalogue(pilot)
        await pilot.press("o")
        await type_in(pilot, str(folder))
        await until(pilot, lambda: isinstance(pilot.app.screen, BuildScreen))
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 5)
        await pilot.press("q")
        screen = await in_catalogue(pilot)
        assert not screen.prompt.display and screen.table.has_focus


async def test_a_text_file_is_opened_from_a_build(ended, run_app, see, tmp_path):
    (tmp_path / "a.log").write_bytes(b"2026-01-01T10:00:00Z one\n2026-01-01T10:00:09Z two\n")
    async with real_doors() as doors, run_app(ended.path, doors=doors) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await pilot.press("colon")
        await type_in(pilot, f"open {tmp_path / 'a.log'}")
        await seen.until(lambda: "a.log" in seen.title)
        await seen.until(lambda: [message[-3:] for message in seen.messages] == ["one", "two"])
        await pilot.press("q")
        await seen.until(lambda: "build/compile" in seen.title)


async def test_what_is_not_there_is_said_in_the_prompt(ended, run_app, see):
    async with real_doors() as doors, run_app(None, doors=doors, size=(160, 24)) as pilot:
        screen = await in_catalogue(pilot)
        await pilot.press("o")
        await type_in(pilot, "nowhere[b]")
        await until(pilot, lambda: "no build answers to 'nowhere[b]'" in screen.prompt.note)
        assert screen.prompt.display and screen.prompt.text == "nowhere[b]"
        await pilot.press("escape")
        assert not screen.prompt.display
        await pilot.press("o", "enter")
        await until(pilot, lambda: screen.prompt.note.startswith("type a folder"))


async def test_a_worker_is_attached_to_from_the_list_and_its_copying_ends_with_its_screen(
    ended, run_app, see, tmp_path, copies
):
    build = begin_build(tmp_path / "remote")
    build.set_status(StepId(1), Status.RUNNING)
    write_lines(build, 1, 3)
    async with serving(build) as address, real_doors() as doors:
        async with run_app(None, doors=doors) as pilot:
            await in_catalogue(pilot)
            await pilot.press("a")
            await type_in(pilot, address)
            await until(pilot, lambda: isinstance(pilot.app.screen, BuildScreen))
            seen = see(pilot)
            await seen.until(lambda: len(seen.messages) == 3)
            write_lines(build, 1, 2, first=4)
            await seen.until(lambda: len(seen.messages) == 5)
            assert f"{address}  ● live, 0 behind" in seen.header
            (task,) = [each for each in asyncio.all_tasks() if each.get_name() == "attach"]
            await pilot.press("q")
            await in_catalogue(pilot)
            await until(pilot, task.done)
            assert task.cancelled()
    build.close()


async def test_a_worker_that_is_not_there_is_said_in_the_prompt_of_a_build(ended, run_app, see, copies):
    async with real_doors() as doors, run_app(ended.path, doors=doors, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await pilot.press("colon")
        await type_in(pilot, "attach 127.0.0.1:1")
        await seen.until(lambda: "127.0.0.1:1 does not answer" in seen.screen.prompt.note, tries=3000)
        assert seen.screen.prompt.display
        await pilot.press("escape")
        assert seen.view.has_focus


async def test_what_takes_long_can_be_left(ended, run_app, see):
    cancelled = asyncio.Event()

    async def never(_address: str) -> SessionFeed:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise UnreachableError("never")

    async with run_app(None, doors=Doors(attach=never)) as pilot:
        screen = await in_catalogue(pilot)
        await pilot.press("a", *"slow:1", "enter")
        await until(pilot, lambda: screen.prompt.note == "connecting…")
        await pilot.press("escape")
        await until(pilot, cancelled.is_set)
        assert not screen.prompt.display


async def test_a_build_is_exported_and_opens_as_it_was(ended, run_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    views = ViewStates(tmp_path / "views")
    views.save(ended.writer.info.uid, {"looks": {"wrap": True}})
    async with run_app(None, views=views) as pilot:
        screen = await in_catalogue(pilot)
        await until(pilot, lambda: screen.table.row_count == 1)
        await pilot.press("S")
        assert screen.prompt.text == f"{ended.path.name}.tar.gz"
        await pilot.press("enter")
        target = tmp_path / f"{ended.path.name}.tar.gz"
        await until(pilot, target.exists)
        await until(pilot, lambda: not screen.prompt.display)
        await pilot.press("S", "enter")
        await until(pilot, lambda: "exists already" in screen.prompt.note)
    with tarfile.open(target) as archive:
        assert archive.getnames()[0] == HEADER and VIEW in archive.getnames()
    opened = open_bundle(target)
    log = opened.reader.log(StepId(1))
    log.refresh()
    assert (log.line_count, opened.view["looks"]) == (3, {"wrap": True})
    opened.close()


async def test_printable_keys_do_nothing_else_while_one_types(ended, run_app):
    async with run_app(None) as pilot:
        screen = await in_catalogue(pilot)
        await pilot.press("o", *"Dq", "slash", "S")
        assert screen.prompt.text == "Dq/S"
        assert pilot.app.screen is screen


async def test_a_worker_that_wants_a_token_says_so_and_gets_it(ended, run_app, see, tmp_path, copies):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123456789abcdef")
    folder, _ = finished_build(tmp_path / "remote", {1: 4})
    settings = ListenSettings(port=0, token=Token.from_file(token))
    async with serving(folder, settings) as address, real_doors() as doors:
        async with run_app(None, doors=doors, size=(200, 24)) as pilot:
            screen = await in_catalogue(pilot)
            await pilot.press("a")
            await type_in(pilot, address)
            await until(pilot, lambda: "token" in screen.prompt.note)
            await type_in(pilot, f"{address} --token-file {token}")
            await until(pilot, lambda: isinstance(pilot.app.screen, BuildScreen))
            seen = see(pilot)
            await seen.until(lambda: len(seen.messages) >= 4)
