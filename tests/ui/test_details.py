"""Enter on a line shows it at length: fields, states of a progress bar, long lines part by part; all of it made safe."""

from __future__ import annotations

import json

import pytest
from textual.widgets import Static

from wharf_tui.model.status import Status
from wharf_tui.ui.screens.detail import DetailScreen

SIZE = (100, 30)


class Detail:
    """What the dialog shows."""

    def __init__(self, seen) -> None:
        self._app = seen.pilot.app

    @property
    def is_open(self) -> bool:
        return isinstance(self._app.screen, DetailScreen)

    @property
    def text(self) -> str:
        return str(self._app.screen.query_one("#detail-text", Static).content)

    @property
    def keys(self) -> str:
        return str(self._app.screen.query_one("#detail-keys", Static).content)

    @property
    def title(self) -> str:
        return str(self._app.screen.query_one("#detail-title", Static).content)


async def opened(sample, seen, line: int = 1) -> Detail:
    await seen.until(lambda: bool(seen.messages))
    await seen.press("colon", *str(line), "enter", "enter")
    detail = Detail(seen)
    await seen.until(lambda: detail.is_open and bool(detail.title))
    return detail


@pytest.fixture
def ended(sample):
    def write(*messages: bytes):
        sample.run(1)
        sample.print(1, *messages)
        sample.finish(1, Status.SUCCESS)
        sample.end(Status.SUCCESS)
        return sample.path

    return write


async def test_json_is_taken_apart_and_comes_as_it_is_with_a_key(ended, sample, run_app, see):
    message = b'{"level":"error","msg":"no\\u001b[31m","list":[1,{"a":null}]}'
    async with run_app(ended(b"first", message), size=SIZE) as pilot:
        seen = see(pilot)
        detail = await opened(sample, seen, 2)
        assert detail.title.startswith("1:2  build/compile")
        assert "fields" in detail.title
        assert "error" in detail.title
        assert len(detail.text.splitlines()) > 3
        assert "\x1b" not in detail.text
        await seen.press("tab")
        assert detail.text == message.decode()
        await seen.press("tab")
        assert len(detail.text.splitlines()) > 3
        await seen.press("q")
        assert pilot.app.screen is seen.screen
        assert seen.view.has_focus


async def test_logfmt_is_taken_apart(ended, sample, run_app, see):
    async with run_app(ended(b'level=warn msg="two words" took=3s'), size=SIZE) as pilot:
        detail = await opened(sample, see(pilot))
        rows = [row.split() for row in detail.text.splitlines()]
        assert [row[0] for row in rows] == ["level", "msg", "took"]
        assert "warn" in detail.title


async def test_the_states_of_a_progress_bar(ended, sample, run_app, see):
    async with run_app(ended(b"10%\r55%\r100% done"), size=SIZE) as pilot:
        seen = see(pilot)
        detail = await opened(sample, seen)
        assert detail.text.splitlines() == ["10%", "55%", "100% done"]
        assert "3 states" in detail.title
        await seen.press("tab")
        assert "states" not in detail.title
        assert detail.text == "10%␍55%␍100% done"


async def test_what_is_not_shown_of_a_line_is_there_as_it_came(ended, sample, run_app, see):
    async with run_app(ended(b"\x1b[31mred\x1b[0m \x1b[2Jx", b"plain"), size=SIZE) as pilot:
        seen = see(pilot)
        detail = await opened(sample, seen)
        assert detail.text == "red x"
        assert "tab as it came" in detail.keys
        await seen.press("tab")
        assert detail.text == "␛[31mred␛[0m ␛[2Jx"
        assert "tab taken apart" in detail.keys
        await seen.press("escape")
        detail = await opened(sample, seen, 2)
        assert detail.text == "plain"
        assert "tab" not in detail.keys


async def test_a_long_line_comes_part_by_part(ended, sample, run_app, see):
    message = b"".join(b"<%07d>" % number for number in range(1_200_000))  # 10.8 MB
    async with run_app(ended(b"short", message), size=SIZE) as pilot:
        seen = see(pilot)
        detail = await opened(sample, seen, 2)
        part = 32 * 1024
        parts = -(-len(message) // part)
        assert f"part 1 of {parts:,}" in detail.title
        assert detail.text.startswith("<0000000><0000001>")
        assert message[:1000].decode() in detail.text
        await seen.press("greater_than_sign")
        assert f"part 2 of {parts:,}" in detail.title
        assert detail.text.startswith(message[part : part + 100].decode())
        await seen.press("less_than_sign", "less_than_sign", "less_than_sign")
        assert f"part 1 of {parts:,}" in detail.title
        detail._app.screen.action_part(10_000)
        assert f"part {parts:,} of {parts:,}" in detail.title
        assert detail.text.startswith(message[(parts - 1) * part :].decode()[:50])
        await seen.press("greater_than_sign")
        assert f"part {parts:,} of {parts:,}" in detail.title


async def test_all_parts_together_are_the_line(ended, sample, run_app, see):
    message = ("ä日\u0301" * 40_000).encode()  # parts end within characters
    async with run_app(ended(message), size=SIZE) as pilot:
        seen = see(pilot)
        detail = await opened(sample, seen)
        parts = []
        for _ in range(-(-len(message) // (32 * 1024))):
            parts.append(detail.text)
            await seen.press("n")
        assert "".join(parts) == message.decode()


HOSTILE = b"\x1b]52;c;aGk=\x07\x1b[2J\x9b31m[red]x[/red] \xff\xfe\x00 \xe2\x80\xae evil"


async def test_hostile_text_is_made_safe(ended, sample, run_app, see):
    async with run_app(
        ended(HOSTILE, json.dumps({"a": HOSTILE.decode("latin-1")}).encode()), size=SIZE
    ) as pilot:
        seen = see(pilot)
        for line in (1, 2):
            detail = await opened(sample, seen, line)
            for _ in range(2):
                assert "[red]x[/red]" in detail.text
                assert not set(detail.text) & {"\x1b", "\x07", "\x9b", "\x00", "\u202e"}
                await seen.press("tab")
            await seen.press("escape")


async def test_a_line_that_is_gone_says_so(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 50)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        log = seen.screen.feed.log(1)
        detail = await opened(sample, seen, 40)
        (sample.path / "steps" / "1" / "logs.log").write_bytes(b"2024-02-03T22:40:00Z other\n")
        log.refresh(1 << 30)
        await seen.press("tab")
        assert detail.text == "This line is not there any more."


async def test_keys_scroll_it(ended, sample, run_app, see):
    message = json.dumps({f"key{n}": n for n in range(100)}).encode()
    async with run_app(ended(message), size=SIZE) as pilot:
        seen = see(pilot)
        await opened(sample, seen)
        scroll = pilot.app.screen._scroll
        await seen.press("j", "j")
        await seen.until(lambda: scroll.scroll_offset.y == 2)
        await seen.press("k")
        await seen.until(lambda: scroll.scroll_offset.y == 1)
        await seen.press("space")
        await seen.until(lambda: scroll.scroll_offset.y > 10)


async def test_a_row_that_is_no_line_has_no_details(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.press("enter")
        assert pilot.app.screen is seen.screen
