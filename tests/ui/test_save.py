"""What is saved is what is shown; a file is there whole or not at all, and replaces none unasked."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.text import clean
from wharf_tui.results import layout
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.results.gap_file import write_gaps
from wharf_tui.ui.feed import StoreFeed
from wharf_tui.ui.html_log import TAIL, html_gap, html_head, html_line
from wharf_tui.ui.save_control import SaveControl
from wharf_tui.ui.screens.confirm import ConfirmScreen

HOSTILE = (
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert(1)>',
    b"\x1b[31;1mred\x1b[0m \x1b[48;2;1;2;3;7m&amp;\x1b]8;;http://x\x07",
    b"\xff\x00</pre></body>",
)


class Page(HTMLParser):
    """A page as a reader of HTML takes it: text of each line, and every tag with its attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = [""]
        self._skip = 0
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"a", "style", "title", "h1", "p", "b"}:
            self._skip += 1

    def handle_endtag(self, tag):
        if tag in {"a", "style", "title", "h1", "p", "b"}:
            self._skip -= 1

    def handle_data(self, data):
        if not self._skip:
            first, *more = data.split("\n")
            self.lines[-1] += first
            self.lines += more


@given(st.lists(st.binary(max_size=50) | st.sampled_from(HOSTILE), max_size=8))
def test_a_page_shows_what_the_log_says_and_nothing_in_it_acts(messages: list[bytes]) -> None:
    texts = [clean(message.replace(b"\n", b"")) for message in messages]
    body = b"".join(html_line(f"1:{number}", "<b>", text) for number, text in enumerate(texts, 1))
    page = Page(html_head("<title>", "&") + body + TAIL)
    found = page.lines[page.lines.index("", 1) :] if not texts else [line for line in page.lines if line]
    assert "".join(found) == "".join(text.text for text in texts)
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "p", "pre", "a", "b", "span"}
    assert {tag for tag, _ in page.tags} <= allowed
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        if tag == "a":
            assert re.fullmatch(r"#1:\d+", attributes["href"] or "")
        if tag == "span":
            assert re.fullmatch(r"[a-z ]*", attributes.get("class") or "")
            assert re.fullmatch(r"[a-z0-9:;#()-]*", attributes.get("style") or "")


def test_gaps_stand_out_and_are_escaped() -> None:
    assert html_gap("", "lines 1-3 missing: <x>") == b"<em>lines 1-3 missing: &lt;x&gt;</em>\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def said(pilot) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


async def type_line(seen, text: str) -> None:
    """Type a command, and let it be done."""
    await seen.press("colon")
    seen.screen.prompt._input.value = text
    await seen.press("enter")


async def test_a_log_is_saved_as_it_came(sample, run_app, see, folder):
    sample.run(1)
    sample.print(1, *HOSTILE)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 4)
        await type_line(seen, "save out.log")
        await seen.until(lambda: "Saved 4 lines" in said(pilot))
        assert (folder / "out.log").read_bytes() == b"".join(line + b"\n" for line in HOSTILE)


async def test_a_selection_is_saved_as_json_lines(sample, run_app, see, folder):
    sample.run(1)
    sample.print(1, *HOSTILE)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 4)
        await seen.press("g", "j", "v", "j")
        rows = seen.view.selection
        await type_line(seen, "save out.jsonl")
        await seen.until(lambda: "Saved 2 lines" in said(pilot))
        records = [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()]
        assert [record["logId"] for record in records] == [rows[0] + 1, rows[1] + 1]
        assert [record["message"].encode() for record in records] == [
            HOSTILE[row].decode("utf-8", "replace").encode() for row in rows
        ]
        assert {record["step"] for record in records} == {"compile"}
        assert seen.view.select_from is None


async def test_a_page_has_colours_and_anchors(sample, run_app, see, folder):
    sample.run(1)
    sample.print(1, *HOSTILE)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 4)
        await type_line(seen, "save out.html")
        await seen.until(lambda: "Saved 4 lines" in said(pilot))
        page = (folder / "out.html").read_text()
        assert "<script>alert" not in page
        assert '<span class="bold" style="color:var(--c1)">red</span>' in page
        assert 'id="1:3"' in page
        assert "build/compile" in unescape(page)


async def test_missing_lines_are_marked(sample, run_app, see, folder):
    sample.run(1)
    sample.count_to(1, 4)
    write_gaps(
        layout.step_dir(sample.path, StepId(1)) / layout.GAPS, (Gap(GapKind.HOLE, LogId(2), 3, "lost"),)
    )
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 5)
        await type_line(seen, "save out.log")
        await seen.until(lambda: "Saved 4 lines" in said(pilot))
        assert "1 place where lines are missing" in said(pilot)
        assert (folder / "out.log").read_text().splitlines()[2] == "[lines 3-5 missing: lost]"


async def test_only_what_a_filter_shows_is_saved(sample, run_app, see, folder):
    sample.run(1)
    sample.count_to(1, 500)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 500"])
        await type_line(seen, "filter 99$")
        await seen.until(lambda: seen.view.document is not None and seen.view.document.row_count == 5)
        await type_line(seen, "save out.log")
        await seen.until(lambda: "Saved 5 lines" in said(pilot))
        assert (folder / "out.log").read_text().split("\n") == [
            "line 99",
            "line 199",
            "line 299",
            "line 399",
            "line 499",
            "",
        ]


async def test_nothing_is_replaced_unasked(sample, run_app, see, folder):
    sample.run(1)
    sample.count_to(1, 3)
    (folder / "out.log").write_text("old")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await type_line(seen, "save out.log")
        await seen.until(lambda: "save! out.log" in said(pilot))
        assert (folder / "out.log").read_text() == "old"
        await type_line(seen, "save! out.log")
        await seen.until(lambda: "Saved 3 lines" in said(pilot))
        assert (folder / "out.log").read_text() == "line 1\nline 2\nline 3\n"
        assert [path.name for path in folder.iterdir()] == ["out.log"]


async def test_the_key_asks_for_a_name_and_whether_to_replace(sample, run_app, see, folder):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("ctrl+s")
        assert seen.screen.prompt.text == "build-42-compile.log"
        assert seen.screen.prompt.note == "text"
        await seen.press("enter")
        await seen.until(lambda: "Saved 3 lines" in said(pilot))
        (folder / "build-42-compile.log").write_text("old")
        await seen.press("ctrl+s")
        await seen.until(lambda: "exists already" in seen.screen.prompt.note)
        await seen.press("enter")
        await seen.until(lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await seen.press("n")
        assert (folder / "build-42-compile.log").read_text() == "old"
        await seen.press("ctrl+s", "enter")
        await seen.until(lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await seen.press("y")
        await seen.until(lambda: (folder / "build-42-compile.log").read_text().startswith("line 1\n"))


async def test_escape_stops_it_and_no_file_is_left(sample, run_app, see, folder, monkeypatch):
    sample.run(1)
    sample.count_to(1, 50_000)
    monkeypatch.setattr("wharf_tui.ui.save_control._SLICE_SECONDS", 0.0)
    monkeypatch.setattr("wharf_tui.ui.row_taker._ROWS", 8)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 50000"])
        await type_line(seen, "save out.log")
        await seen.until(lambda: "Saving" in seen.header)
        await seen.press("escape")
        await seen.until(lambda: "stopped" in said(pilot))
        assert not list(folder.iterdir())
        await seen.until(lambda: "Saving" not in seen.header)


async def test_leaving_while_it_is_written_leaves_no_file(sample, run_app, see, folder, monkeypatch):
    sample.run(1)
    sample.count_to(1, 50_000)
    monkeypatch.setattr("wharf_tui.ui.save_control._SLICE_SECONDS", 0.0)
    monkeypatch.setattr("wharf_tui.ui.row_taker._ROWS", 8)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 50000"])
        await type_line(seen, "save out.log")
        await seen.until(lambda: "Saving" in seen.header)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["no/such/folder/x.log", "."])
async def test_what_cannot_be_written_is_said(name, sample, run_app, see, folder):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        with pytest.raises(StoreError):
            seen.screen.control(SaveControl).save(name)
        await type_line(seen, f"save {name}")
        await seen.until(lambda: name in said(pilot))
        await seen.press("k")
        assert pilot.app.is_running


async def test_a_log_is_not_replaced_by_itself(sample, run_app, see, folder):
    log = folder / "a.log"
    log.write_text("one\ntwo\n")
    (folder / "link").symlink_to(log)
    async with run_app(StoreFeed(FilesReader([log]))) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 2)
        for name in ("a.log", "link"):
            await type_line(seen, f"save! {name}")
            await seen.until(lambda: f"{name} is the log itself" in said(pilot))  # noqa: B023  awaited here
    assert log.read_text() == "one\ntwo\n"
    assert (folder / "link").is_symlink()
