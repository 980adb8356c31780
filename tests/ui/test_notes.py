"""Rows between lines: silences, and how a step came to run and to its end."""

from __future__ import annotations

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.notes_control import NotesControl
from wharf_tui.ui.rows import Address

from .conftest import START_NS

SIZE = (120, 24)


def place(line: int) -> Address:
    return Address(StepId(1), LogId(line))


def at(sample, step: int, *lines: tuple[float, bytes]) -> None:
    sample.writer.log(StepId(step)).append_many(
        [(START_NS + int(seconds * NS), message) for seconds, message in lines]
    )


def rules(seen) -> list[str]:
    return [text.strip() for text in seen.lines if text.lstrip().startswith("── ")]


def told(seen) -> list[str]:
    return [note.message for note in seen.pilot.app._notifications]


async def test_a_silence_is_a_row_at_its_place(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (1, b"one"), (2, b"two"), (135, b"three"), (136, b"four"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: rules(seen) == ["── 2m13s without output"])
        assert [text.split()[-1] for text in seen.lines[:5]] == ["one", "two", "output", "three", "four"]
        at(sample, 1, (236, b"five"))
        await seen.until(lambda: len(rules(seen)) == 2)
        assert seen.lines[5].endswith("1m40s without output")


async def test_short_waits_are_no_silences_and_clocks_that_jump_back_are_none(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (100, b"a"), (129.9, b"b"), (10, b"c"), (39, b"d"), (69.0, b"e"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: rules(seen) == ["── 30.0s without output"])
        assert seen.lines[4].strip() == "── 30.0s without output"


async def test_from_silence_to_silence(sample, run_app, see):
    sample.run(1)
    at(sample, 1, *((n * 10 + (n // 40) * 100, b"line %d" % n) for n in range(200)))
    sample.finish(1)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.screen.control(NotesControl).silences(StepId(1))) == 4)
        await seen.press("g")
        for line in (41, 81, 121, 161):
            await seen.press("s")
            assert seen.screen.here == place(line)
            row = seen.view.spot - seen.view.visible_rows[0]
            assert "1m50s without output" in seen.lines[row - 1]
        await seen.press("s")
        assert told(seen) == ["No more silences of 30.0s or longer in this direction."]
        await seen.press("S", "S")
        assert seen.screen.here == place(81)


async def test_the_longest_are_told_and_gone_to(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (0, b"a"), (40, b"b"), (240, b"c"), (300, b"d"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rules(seen)) == 3)
        await seen.press("colon", *"silences", "enter")
        assert told(seen) == ["3m20s before 1:3\n1m00s before 1:4\n40.0s before 1:2"]
        assert seen.screen.here == place(3)


async def test_no_silence_is_told(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (0, b"a"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["a"])
        await seen.press("colon", *"silences", "enter")
        assert told(seen) == ["No silence is long enough to be told."]


async def test_waiting_and_pulling_are_told_before_the_first_line(sample, run_app, see):
    for seconds, status in ((0, Status.SCHEDULING), (5, Status.INITIALIZING), (46, Status.RUNNING)):
        sample.writer.set_status(StepId(1), status, at_ns=START_NS + seconds * NS)
    at(sample, 1, (47, b"first"), (48, b"second"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rules(seen)) == 2)
        assert rules(seen) == ["── Scheduling for 5.0s", "── Initializing for 41.0s"]
        assert [text.split()[-1] for text in seen.lines[2:4]] == ["first", "second"]


async def test_a_failed_step_says_so_at_its_end(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (1, b"first"), (2, b"second"))
    sample.finish(1, Status.FAILED, "killed")
    sample.end(Status.FAILED)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: rules(seen) == ["── Failed after 10.0s: exit code 1: killed"])
        assert seen.lines[2].lstrip().startswith("── Failed")


async def test_hostile_reasons_are_made_safe(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (1, b"first"))
    sample.finish(1, Status.FAILED, "\x1b]52;c;aGk=\x07[red]x\ny")
    sample.end(Status.FAILED)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rules(seen)) == 1)
        assert "[red]x" in rules(seen)[0]
        assert not any(letter in rules(seen)[0] for letter in "\x1b\x07\n")


async def test_a_filter_has_no_notes_and_they_come_back(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (1, b"one"), (135, b"two"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rules(seen)) == 1)
        await seen.press("ampersand", *"two", "enter")
        await seen.until(lambda: seen.messages == ["two"])
        assert rules(seen) == []
        await seen.press("escape")
        await seen.until(lambda: len(rules(seen)) == 1)


async def test_notes_cannot_be_copied_or_gone_to(sample, run_app, see):
    sample.run(1)
    at(sample, 1, (1, b"one"), (135, b"two"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rules(seen)) == 1)
        document = seen.view.document
        assert [line.message for _, line in document.whole_lines(range(3), 100)] == [b"one", b"two"]
        assert document.address_of(1) is None
