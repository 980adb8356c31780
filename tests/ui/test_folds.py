"""Sections and traces that fold: by their markers, by key, and open where somebody goes."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.ui.rows import Address

SIZE = (120, 30)


def place(line: int) -> Address:
    return Address(StepId(1), LogId(line))


def ids(seen) -> list[int]:
    return [int(text.split()[0]) for text in seen.lines if text and text.split()[0].isdigit()]


GITHUB = [b"start", b"##[group]Install", b"a 1", b"a 2", b"a 3", b"##[endgroup]", b"end"]
GITLAB = [
    b"start",
    b"section_start:1700000000:install[collapsed=true]\r\x1b[0KInstall",
    b"a 1",
    b"a 2",
    b"section_end:1700000009:install\r\x1b[0K",
    b"end",
]
BUILDKITE = [b"start", b"--- Install", b"a 1", b"a 2", b"+++ Test", b"b 1", b"b 2"]
TRACE = [
    b"start",
    b"Traceback (most recent call last):",
    b'  File "a.py", line 1, in <module>',
    b"    f()",
    b"ValueError: no",
    b"end",
]


async def shown(sample, run_app, lines, status=Status.SUCCESS):
    sample.run(1)
    sample.print(1, *lines)
    sample.finish(1, status)
    sample.end(status)
    return run_app(sample.path, size=SIZE)


@pytest.mark.parametrize(
    ("lines", "first", "open_ids", "closed_ids"),
    [
        (GITHUB, [1, 2, 7], [1, 2, 3, 4, 5, 6, 7], [1, 2, 7]),
        (GITLAB, [1, 2, 6], [1, 2, 3, 4, 5, 6], [1, 2, 6]),
        (BUILDKITE, [1, 2, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7], [1, 2, 5]),
        (TRACE, None, [1, 2, 3, 4, 5, 6], None),
    ],
    ids=["github", "gitlab", "buildkite", "trace"],
)
async def test_markers_fold_what_they_ask_for_and_a_key_folds_all(
    lines, first, open_ids, closed_ids, sample, run_app, see
):
    async with await shown(sample, run_app, lines) as pilot:
        seen = see(pilot)
        if first is not None and first != open_ids:
            await seen.until(lambda: ids(seen) == first)
            await seen.press("Z")
            await seen.until(lambda: ids(seen) == open_ids)
        else:
            await seen.until(lambda: ids(seen) == open_ids)
        await seen.until(lambda: any("▾" in line for line in seen.lines))
        await seen.press("Z")
        await seen.until(lambda: ids(seen) != open_ids)
        if closed_ids is not None:
            assert ids(seen) == closed_ids
        assert any("▸" in line and "more line" in line for line in seen.lines)
        assert ids(seen)[0] == 1
        await seen.press("Z")
        await seen.until(lambda: ids(seen) == open_ids)


async def test_enter_on_a_head_folds_and_opens(sample, run_app, see):
    async with await shown(sample, run_app, GITHUB) as pilot:
        seen = see(pilot)
        await seen.until(lambda: ids(seen) == [1, 2, 7])
        await seen.press("colon", "2", "enter", "enter")
        await seen.until(lambda: 3 in ids(seen))
        await seen.press("enter")
        await seen.until(lambda: ids(seen)[:2] == [1, 2] and 3 not in ids(seen))
        assert seen.screen.here == place(2)
        await seen.press("enter")
        await seen.until(lambda: 3 in ids(seen))
        assert seen.screen.here == place(2)
        assert pilot.app.screen is seen.screen


async def test_fold_here_folds_the_section_around_a_line(sample, run_app, see):
    async with await shown(sample, run_app, GITHUB) as pilot:
        seen = see(pilot)
        await seen.until(lambda: ids(seen) == [1, 2, 7])
        await seen.press("colon", "4", "enter", "colon", *"fold-here", "enter")
        await seen.until(lambda: 4 not in ids(seen))
        assert seen.screen.here == place(2)


async def test_a_hit_in_a_fold_opens_it(sample, run_app, see):
    async with await shown(sample, run_app, GITLAB) as pilot:
        seen = see(pilot)
        await seen.until(lambda: ids(seen) == [1, 2, 6])
        await seen.press("slash", *"a 2", "enter")
        await seen.until(lambda: ids(seen) == [1, 2, 3, 4, 5, 6])
        assert seen.screen.here == place(4)


async def test_going_to_a_line_in_a_fold_opens_it(sample, run_app, see):
    async with await shown(sample, run_app, GITLAB) as pilot:
        seen = see(pilot)
        await seen.until(lambda: ids(seen) == [1, 2, 6])
        await seen.press("colon", "3", "enter")
        await seen.until(lambda: ids(seen) == [1, 2, 3, 4, 5, 6])
        assert seen.screen.here == place(3)


async def test_an_error_in_a_fold_is_found(sample, run_app, see):
    lines = [*GITLAB[:3], b"ERROR: in the fold", *GITLAB[4:]]
    async with await shown(sample, run_app, lines) as pilot:
        seen = see(pilot)
        await seen.until(lambda: ids(seen) == [1, 2, 6])
        await seen.press("g")
        for _ in range(100):
            await seen.press("e")
            if seen.view.spot is not None:
                break
        assert seen.screen.here == place(4)


async def test_what_failed_is_not_hidden_by_its_marker(sample, run_app, see):
    lines = [b"start", b"--- One", b"a 1", b"--- Two", b"b 1", b"plain words at the end"]
    async with await shown(sample, run_app, lines, Status.FAILED) as pilot:
        seen = see(pilot)
        await seen.until(lambda: 3 not in ids(seen))
        assert 6 in ids(seen)
        assert 5 in ids(seen)


async def test_what_somebody_opened_stays_open_while_lines_come(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"--- One", b"a 1", b"a 2", b"--- Two", b"b 1")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: 2 not in ids(seen) and 4 in ids(seen))
        await seen.press("colon", "1", "enter", "enter")
        await seen.until(lambda: 2 in ids(seen))
        sample.print(1, *(b"b %d" % n for n in range(30)), b"--- Three", b"c", b"c")
        await seen.until(
            lambda: seen.view.document.log.last_log_id == 38 and not seen.view.document.is_behind
        )
        sample.print(1, b"c")
        await seen.until(lambda: seen.view.document.log.last_log_id == 39)
        assert {1, 2, 3} <= set(ids(seen))


async def test_a_fold_that_closes_above_moves_nothing_below(sample, run_app, see):
    lines = [
        b"##[group]One",
        *(b"a %d" % n for n in range(50)),
        b"##[endgroup]",
        *(b"b %d" % n for n in range(200)),
    ]
    async with await shown(sample, run_app, lines) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.until(lambda: seen.view.document.row_count < 220)
        await seen.press("Z")
        await seen.until(lambda: seen.view.document.row_count >= 252)
        await seen.press("colon", *"150", "enter")
        row = seen.view.spot - seen.view.visible_rows[0]
        before = ids(seen)
        await seen.press("Z")
        await seen.until(lambda: seen.view.document.row_count < 220)
        assert ids(seen) == before
        assert seen.view.spot - seen.view.visible_rows[0] == row
        await seen.press("Z")
        await seen.until(lambda: seen.view.document.row_count >= 252)
        assert ids(seen) == before


async def test_nothing_to_fold_is_told(sample, run_app, see):
    async with await shown(sample, run_app, [b"one", b"two"]) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 2)
        await seen.press("Z", "a", "Z")
        told = {note.message for note in pilot.app._notifications}
        assert told == {"There is nothing to fold in this log."}
