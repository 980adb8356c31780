"""Builds that lie elsewhere: listed like others, brought here when one is opened, and what goes wrong is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.ui.test_catalogue_screen import rows, until
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.status import Status
from wharf_tui.results.catalogue import BuildSummary, summarize
from wharf_tui.results.shelf import Shelf
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen


class FarShelf(Shelf):
    """Builds of this machine, told as if they lay elsewhere."""

    name = "sqlite:///far.db"

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.fetched: list[Path] = []
        self.is_away = False
        self.is_closed = False

    def list_builds(self) -> list[BuildSummary]:
        if self.is_away:
            raise UnreachableError("far.db does not answer", "Wait for it.")
        return [replace(summarize(path), origin="database", size_bytes=0) for path in self.paths]

    def fetch(self, build: BuildSummary) -> Path:
        if self.is_away:
            raise UnreachableError("far.db does not answer")
        self.fetched.append(build.path)
        return build.path

    def close(self) -> None:
        self.is_closed = True


async def test_only_the_build_that_is_opened_is_brought_here(make_sample, run_app, see):
    builds = [make_sample(number) for number in (5, 6)]
    for build in builds:
        build.print(1, b"from build %d" % build.writer.build_id)
        build.end(Status.SUCCESS)
    shelf = FarShelf([build.path for build in builds])
    async with run_app(shelf, size=(120, 30)) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 2)
        assert "0 B" not in rows(pilot)[0]
        assert "far.db" in str(pilot.app.screen.query_one("#header").render())
        assert shelf.fetched == []
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, BuildScreen))
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["from build 6"])
        assert shelf.fetched == [builds[1].path]
        await pilot.press("q", "q")
    assert shelf.is_closed


async def test_a_shelf_that_is_away_is_told_and_what_it_had_stays(make_sample, run_app):
    build = make_sample(5)
    build.end(Status.SUCCESS)
    shelf = FarShelf([build.path])
    async with run_app(shelf, size=(120, 30)) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 1)
        shelf.is_away = True
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app._notifications) == 1)
        assert len(rows(pilot)) == 1
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app._notifications) == 3)
        told = [notification.message for notification in pilot.app._notifications]
        assert told == [
            "far.db does not answer. Wait for it.",
            "Bringing build 5 here…",
            "far.db does not answer.",
        ]
        assert isinstance(pilot.app.screen, CatalogueScreen)
