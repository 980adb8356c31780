"""A bundle from the viewer: one key, a file that shows the build as it was, and nothing half-written."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path

import pytest

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.bundle_reader import open_bundle
from wharf_tui.ui.bundle_feed import BundleFeed
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.filter_state import rules_from_json, rules_to_json
from wharf_tui.ui.highlight_control import HighlightControl
from wharf_tui.ui.marks_control import MarksControl
from wharf_tui.ui.rows import Address

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def failed(sample):
    """A build with a step that failed."""
    sample.run(1)
    sample.count_to(1, 200)
    sample.print(1, b"main.c:1:1: error: no such thing")
    sample.finish(1, Status.FAILED, "exit code 1")
    sample.end(Status.FAILED)
    return sample


def said(pilot) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


async def type_line(seen, text: str) -> None:
    """Type a command, and let it be done."""
    await seen.press("colon")
    seen.screen.prompt._input.value = text
    await seen.press("enter")


async def test_a_bundle_shows_marks_filter_and_place(failed, run_app, see, folder):
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        seen.screen.control(MarksControl).marks.set(Address(StepId(1), LogId(42)), "look here")
        await type_line(seen, "highlight line")
        await type_line(seen, "filter 2$")
        await seen.until(lambda: seen.view.document is not None and seen.view.document.row_count == 20)
        await seen.press("w", "g")
        here = seen.screen.here
        await seen.press("B")
        await seen.until(lambda: "Bundled into" in said(pilot))
    target = folder / f"{failed.path.name}.tar.gz"
    opened = open_bundle(target)
    async with run_app(BundleFeed(opened)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.document is not None and seen.view.document.row_count == 20)
        marks = seen.screen.control(MarksControl).marks
        assert marks.to_json() == [["1:42", "look here"]]
        assert seen.screen.control(FilterControl).rules.keep[0].text == "2$"
        assert seen.screen.control(HighlightControl).state() == {"patterns": ["line"]}
        assert seen.view.wrap
        await seen.until(lambda: seen.screen.here == here)
        assert seen.screen.feed.status is Status.FAILED
        assert target.name in seen.screen.feed.place
    opened.close()


async def test_the_next_one_gets_another_name(failed, run_app, see, folder):
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        for count in (1, 2):
            await seen.press("B")
            await seen.until(lambda: said(pilot).count("Bundled into") == count)  # noqa: B023  awaited here
    assert {path.name for path in folder.iterdir()} == {
        f"{failed.path.name}.tar.gz",
        f"{failed.path.name}-2.tar.gz",
    }


async def test_a_file_that_is_there_is_only_replaced_when_told(failed, run_app, see, folder):
    (folder / "x.tar.gz").write_bytes(b"old")
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        await type_line(seen, "bundle x")
        await seen.until(lambda: "bundle! x" in said(pilot))
        assert (folder / "x.tar.gz").read_bytes() == b"old"
        await type_line(seen, "bundle! x")
        await seen.until(lambda: "Bundled into" in said(pilot))
        assert (folder / "x.tar.gz").read_bytes() != b"old"


async def test_escape_stops_it_and_no_file_is_left(failed, run_app, see, folder, monkeypatch):
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)

        def wait_for_escape(members, file, report):
            while report(1):
                control._stop.wait(0.01)
            return False

        from wharf_tui.ui.bundle_control import BundleControl

        control = seen.screen.control(BundleControl)
        monkeypatch.setattr("wharf_tui.results.bundle.write_bundle", wait_for_escape)
        await seen.press("B")
        await seen.until(lambda: "Bundling" in seen.header)
        await type_line(seen, "bundle y")
        await seen.until(lambda: "being written already" in said(pilot))
        await seen.press("escape")
        await seen.until(lambda: "stopped" in said(pilot))
        await seen.until(lambda: "Bundling" not in seen.header)
    assert not list(folder.iterdir())


async def test_what_cannot_be_written_is_said(failed, run_app, see):
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        await type_line(seen, "bundle no/such/folder/x")
        await seen.until(lambda: "No bundle was written" in said(pilot))
        assert pilot.app.is_running


async def test_a_summary_is_copied(failed, run_app, see, monkeypatch):
    codes: list[str] = []
    monkeypatch.setattr(
        "wharf_tui.ui.take_along_control.TakeAlongControl.write_to_terminal",
        lambda self, code: codes.append(code),
    )
    for name in ("TMUX", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    async with run_app(failed.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "complete" in seen.status)
        await type_line(seen, "summary")
        await seen.until(lambda: bool(codes))
    found = re.search(r"\]52;c;([A-Za-z0-9+/=]*)\x07", codes[0])
    assert found
    text = b64decode(found[1]).decode()
    assert "Failed step: `build/compile` (exit code 1)" in text
    assert "1:201  main.c:1:1: error: no such thing" in text
    assert f"wharf-tui open {failed.path} --at 1:201" in text


def test_rules_come_back_and_nonsense_is_passed_over() -> None:
    patterns = [compile_pattern(text, is_regex=is_regex) for text, is_regex in (("a+", True), ("b.", False))]
    keep, drop = (pattern for pattern in patterns if isinstance(pattern, Pattern))
    rules = FilterRules((keep,), (drop,), Level.WARN, 1_000, None, 3, 3)
    assert rules_from_json(json.loads(json.dumps(rules_to_json(rules)))) == rules
    assert rules_to_json(FilterRules()) == {}
    nonsense: list[dict[str, object]] = [
        {"keep": [{"text": "(", "regex": True}, 3]},
        {"level": 7, "from": [], "before": -1},
        {"keep": {}, "until": "soon"},
    ]
    assert [rules_from_json(each) for each in nonsense] == [FilterRules()] * 3
