"""Names, notes and kept views from strangers: nothing of them acts, crashes, or leaves the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results import bundle
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.bundle_reader import open_bundle
from wharf_tui.ui.bundle_feed import BundleFeed
from wharf_tui.ui.marks_control import MarksControl
from wharf_tui.ui.screens.marks import MarksScreen

NAME = "\x1b[2J[red]/../../\u202ex\n"


@pytest.fixture
def hostile(builds_dir: Path) -> Path:
    """A build whose every text is meant to do harm."""
    step = StepState(StepInfo(StepId(1), NAME, NAME))
    store = BuildWriter.create(builds_dir, BuildInfo(BuildId(3), (step,), source=NAME, started_ns=1))
    store.set_status(StepId(1), Status.RUNNING, at_ns=1)
    store.log(StepId(1)).append_many([(1, b"error: \x1b]0;t\x07[bold]\x00 \xff"), (2, b"")])
    store.set_status(StepId(1), Status.FAILED, at_ns=2, exit_code=1, reason=NAME)
    store.close_log(StepId(1))
    store.freeze(Status.FAILED)
    store.close()
    return store.path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is."""
    here = tmp_path / "a" / "b" / "here"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    return here


def harmless(text: str) -> bool:
    return not any(character in text for character in "\x1b\x07\x00\u202e")


async def test_hostile_names_are_marked_saved_and_bundled(hostile, run_app, see, folder):
    async with run_app(hostile) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        await seen.press("g", "m", "M")
        listed = pilot.app.screen
        assert isinstance(listed, MarksScreen)
        rows = [listed.marks.row_content(row, 200).plain for row in range(listed.marks.row_count)]
        assert len(rows) == 2
        assert all(map(harmless, rows))
        assert "[bold]" in rows[1]
        await seen.press("q", "ctrl+s")
        assert "/" not in seen.screen.prompt.text
        await seen.press("enter", "B")
        await seen.until(lambda: len(list(folder.iterdir())) == 2)
        await seen.until(lambda: any("Bundled" in each.message for each in pilot.app._notifications))
        assert all(harmless(each.message) for each in pilot.app._notifications)


VIEWS: list[object] = [
    {"looks": 3, "controls": {"FilterControl": 5, "MarksControl": {"marks": {"1:1": 2}}}, "place": "x"},
    {"controls": {"FilterControl": {"rules": {"keep": [{"text": "(a+)+$", "regex": True}]}, "on": 1}}},
    {
        "controls": {"FilterControl": {"rules": [], "steps": [[], "1", 99], "on": True}},
        "place": [1, 2**70, -1],
    },
    {"controls": {"HighlightControl": {"patterns": ["(", 3, None, "x" * 9999]}, "SearchControl": []}},
    {"controls": [1], "place": [0, 1, 2**62], "status": "Failed", "looks": {"times": [], "wrap": "yes"}},
    {"controls": {"MarksControl": {"marks": [["1:1", "\x1b[2J[red]"], ["1:99999999999999999999", ""]]}}},
]


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_that_makes_no_sense_is_passed_over(view, hostile, run_app, see, folder):
    reader = BuildReader.open(hostile)
    bundle.pack(reader, {bundle.VIEW: json.dumps(view).encode()}, folder / "x.tar.gz")
    reader.close()
    opened = open_bundle(folder / "x.tar.gz")
    async with run_app(BundleFeed(opened)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        await seen.press("u", "n", "ctrl+t", "k", "j")
        assert pilot.app.is_running
        marks = seen.screen.control(MarksControl).marks
        assert all(harmless(marks.note(address)) for address in marks)
    opened.close()
