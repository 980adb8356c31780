"""Builds written through the real store, and the app over them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
import pytest_textual_snapshot  # type: ignore[import-untyped]  # it ships no types
from textual.pilot import Pilot

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.widgets.log_view import LogView
from wharf_tui.ui.widgets.split_line import SplitLine

pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"

START_NS = 1_707_000_000 * NS
NOW_NS = START_NS + 100 * NS


class SampleBuild:
    """A build being written: stage ``build`` with steps 1 and 2, stage ``test`` with step 3."""

    def __init__(self, builds_dir: Path, number: int = 42) -> None:
        names = (("build", "compile"), ("build", "lint"), ("test", "unit"))
        steps = tuple(
            StepState(StepInfo(StepId(index), stage, name)) for index, (stage, name) in enumerate(names, 1)
        )
        self.writer = BuildWriter.create(
            builds_dir, BuildInfo(BuildId(number), steps, source="a/.wharf-ci.yml", started_ns=START_NS)
        )
        self.path = self.writer.path

    def run(self, step: int) -> None:
        self.writer.set_status(StepId(step), Status.RUNNING, at_ns=START_NS + step * NS)

    def print(self, step: int, *messages: bytes) -> None:
        lines = [
            (START_NS + (step * 1000 + index) * 1_000_000, message) for index, message in enumerate(messages)
        ]
        self.writer.log(StepId(step)).append_many(lines)

    def count_to(self, step: int, last: int, first: int = 1) -> None:
        self.print(step, *(b"line %d" % number for number in range(first, last + 1)))

    def finish(self, step: int, status: Status = Status.SUCCESS, reason: str = "") -> None:
        exit_code = 1 if status is Status.FAILED else 0
        self.writer.set_status(
            StepId(step), status, at_ns=START_NS + (step + 10) * NS, exit_code=exit_code, reason=reason
        )
        self.writer.close_log(StepId(step))

    def end(self, result: Status) -> None:
        self.writer.freeze(result)

    def skip(self, step: int, reason: str) -> None:
        self.writer.update_step(StepId(step), lambda state: replace(state, skipped=True, reason=reason))


@pytest.fixture(autouse=True)
def _no_foreign_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """wharf-cmd's builds on this machine, its colours and its terminal must not matter."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    for name in ("NO_COLOR", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
def builds_dir(tmp_path: Path) -> Path:
    return tmp_path / "builds"


@pytest.fixture
def sample(builds_dir: Path) -> Iterator[SampleBuild]:
    build = SampleBuild(builds_dir)
    yield build
    with suppress(StoreError):  # a test may have deleted the build
        build.writer.close()


@pytest.fixture
def make_sample(builds_dir: Path) -> Iterator[Callable[[int], SampleBuild]]:
    made: list[SampleBuild] = []

    def make(number: int) -> SampleBuild:
        made.append(SampleBuild(builds_dir, number))
        return made[-1]

    yield make
    for build in made:
        build.writer.close()


@pytest.fixture
def open_app(builds_dir: Path) -> Callable[..., WharfApp]:
    def make(target: Path | None, **options: object) -> WharfApp:
        return WharfApp(target, builds_dir, clock=lambda: NOW_NS, zone=UTC, **options)  # type: ignore[arg-type]  # by name

    return make


RunApp = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def run_app(open_app: Callable[..., WharfApp]) -> RunApp:
    def run(
        target: Path | None, *, size: tuple[int, int] = (80, 24), **options: object
    ) -> AbstractAsyncContextManager[Pilot[None]]:
        return open_app(target, **options).run_test(size=size)

    return run


class Seen:
    """What a user sees, read from the widgets of a running app."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def screen(self) -> BuildScreen:
        screen = self.pilot.app.screen
        assert isinstance(screen, BuildScreen)
        return screen

    @property
    def view(self) -> LogView:
        return self.screen.pane.view

    @property
    def lines(self) -> list[str]:
        """The log pane, row by row, without trailing blanks."""
        return [self.view.render_line(row).text.rstrip() for row in range(self.view.size.height)]

    @property
    def messages(self) -> list[str]:
        """The log pane's lines of the log, without the gutter."""
        texts = [line.split(maxsplit=1) for line in self.lines if not line.lstrip().startswith("── ")]
        return [parts[1] if len(parts) > 1 else "" for parts in texts if parts]

    @property
    def title(self) -> str:
        return self.screen.pane.query_one("#log-title", SplitLine).text

    @property
    def status(self) -> str:
        return self.screen.pane.query_one("#log-status", SplitLine).text

    @property
    def header(self) -> str:
        return self.screen.header.text

    async def until(self, condition: Callable[[], bool], tries: int = 1000) -> None:
        """Let the app go on until the condition holds."""
        for _ in range(tries):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never happened; the log shows {self.lines!r}, {self.title!r}, {self.status!r}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause(0)


@pytest.fixture
def see() -> Callable[[Pilot[None]], Seen]:
    return Seen
