"""Logs side by side, one alone, and text that is wrapped."""

from __future__ import annotations

import asyncio

import pytest
from textual.geometry import Region

from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.widgets.log_pane import LogPane
from wharf_tui.ui.widgets.pane_row import MOST_PANES


@pytest.fixture
def three(sample):
    for step in (1, 2, 3):
        sample.run(step)
        sample.count_to(step, 100 * step)
    return sample


def steps_shown(seen) -> list[int]:
    return [pane.step_id for pane in seen.screen.panes.panes]


async def test_panes_have_their_own_steps_and_scrolls(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("vertical_line")
        await seen.until(lambda: steps_shown(seen) == [1, 2])
        assert seen.view.has_focus
        await seen.until(lambda: seen.messages[-1:] == ["line 200"])
        assert seen.screen.steps.current == 2
        await seen.press("g")
        assert seen.messages[0] == "line 1"
        await seen.press("vertical_line")
        await seen.until(lambda: steps_shown(seen) == [1, 2, 3])
        first, second, third = seen.screen.panes.panes
        await seen.until(lambda: third.view.visible_rows.stop == 300)
        assert first.view.visible_rows.stop == 100
        assert second.view.visible_rows.start == 0
        three.count_to(3, 301, first=301)
        three.count_to(1, 101, first=101)
        await seen.until(lambda: third.view.visible_rows.stop == 301 and first.view.visible_rows.stop == 101)
        assert second.view.visible_rows.start == 0


@pytest.mark.parametrize("prepared", [0, 1, 2, 3, 9])
async def test_panes_stand_where_they_were_asked_for_whether_they_were_prepared_or_not(
    prepared, three, run_app, see
):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        panes = seen.screen.panes
        for _ in range(prepared):
            await panes.prepare()
        assert len(panes.children) == min(1 + prepared, MOST_PANES)
        await seen.press("vertical_line", "3", "1", "shift+tab", "vertical_line")
        await seen.until(lambda: len(steps_shown(seen)) == 3)
        regions = [pane.region for pane in panes.panes]
        assert [region.x for region in regions] == sorted({region.x for region in regions})
        assert all(pane.display for pane in panes.panes)
        assert seen.view.has_focus
        assert seen.view is panes.active.view
        for pane in panes.panes:
            await seen.until(lambda pane=pane: pane.view.visible_rows.stop == pane.step_id * 100)


async def test_a_pane_a_step_and_one_again(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        for _ in range(2):
            await seen.press("P")
            await seen.until(lambda: steps_shown(seen) == [1, 2])
            shown = seen.screen.panes.panes
            await seen.until(
                lambda shown=shown: [each.view.visible_rows.stop for each in shown] == [100, 200]
            )
            await seen.press("P")
            await seen.until(lambda: len(steps_shown(seen)) == 1)


async def test_a_pane_is_closed_and_the_last_one_stays(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "vertical_line", "vertical_line", "vertical_line")
        assert len(steps_shown(seen)) == MOST_PANES
        for left in (3, 2, 1, 1):
            await seen.press("x")
            assert len(steps_shown(seen)) == left
        assert seen.view.has_focus


async def test_panes_that_were_closed_are_used_again_and_know_nothing_of_before(three, run_app, see):
    three.print(1, b"error: one")
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["error: one"])
        for _ in range(3):
            await seen.press("P", "slash", *"error", "enter", "ampersand", *"error", "enter", "w", "l")
            await seen.until(lambda: len(steps_shown(seen)) == 2)
            _, closed = seen.screen.panes.panes
            await seen.press("x", "escape", "escape", "w")
            assert steps_shown(seen) == [1]
            assert not closed.display
            assert closed.view.document is None
            assert closed.step_id is None
        await seen.press("vertical_line")
        second = seen.screen.panes.panes[1]
        assert second is closed
        await seen.until(lambda: second.view.document is not None and second.view.document.line_count == 200)
        assert not (second.view.wrap or second.view.hit_marks)
        assert "error" not in seen.title + seen.status


async def test_a_rule_stands_between_panes_and_nowhere_else(three, run_app, see):
    def with_rule():
        return [pane for pane in seen.screen.panes.panes if pane.styles.border_left[0]]

    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "vertical_line")
        await seen.until(lambda: with_rule() == seen.screen.panes.panes[1:])
        await seen.press("z")
        await seen.until(lambda: seen.screen.pane not in with_rule())
        await seen.press("z", "shift+tab", "shift+tab", "x")  # the first one goes
        await seen.until(lambda: len(steps_shown(seen)) == 2)
        await seen.until(lambda: with_rule() == seen.screen.panes.panes[1:])
        left, right = seen.screen.panes.panes
        assert left.region.right == right.region.x
        drawn = right.render_lines(Region(0, 0, 5, 20))
        assert [strip.text for strip in drawn] == ["▏    "] * 20


async def test_the_focus_of_a_pane_that_has_been_closed_since_counts_for_nothing(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line")
        closed = seen.screen.pane
        await seen.press("x")
        closed.post_message(LogPane.Focused(closed))
        await pilot.pause(0)
        assert seen.screen.pane is seen.screen.panes.panes[0]


async def test_a_log_that_has_less_room_is_drawn_for_it_at_once(three, run_app, see):
    three.print(1, b"x" * 300)
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1].startswith("xxx"))
        view = seen.view
        fits = []
        real = view.render_lines

        def render_lines(crop):
            strips = real(crop)
            fits.append({strip.cell_length for strip in strips} == {view.scrollable_content_region.width})
            return strips

        view.render_lines = render_lines
        await seen.press("vertical_line")
        await seen.until(lambda: view.size.width < 80 and len(fits) > 0)
        await pilot.pause(0.2)
        assert all(fits)


async def test_two_panes_may_show_one_step(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("vertical_line", "1", "g")
        assert steps_shown(seen) == [1, 1]
        three.count_to(1, 130, first=101)
        first, second = seen.screen.panes.panes
        await seen.until(lambda: first.view.visible_rows.stop == 130)
        assert second.view.visible_rows.start == 0
        await seen.until(lambda: "+30 new" in seen.status)


@pytest.mark.parametrize(
    ("keys", "shown", "start"),
    [
        (("x", "g"), [1], 0),
        (("P", "g"), [1], 0),
        (("x", "vertical_line", "g"), [1, 2], 0),
        (("vertical_line", "g"), [1, 2, 3], 0),
    ],
)
async def test_a_key_right_behind_is_for_the_log_that_has_the_keys_then(
    keys, shown, start, three, run_app, see
):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("vertical_line")
        await seen.until(lambda: steps_shown(seen) == [1, 2] and seen.view.visible_rows.stop == 200)
        for key in keys:
            pilot.app.simulate_key(key)
        await seen.until(lambda: steps_shown(seen) == shown)
        await seen.until(lambda: seen.view.visible_rows.start == start and not seen.view.follow)
        assert seen.view.has_focus
        assert seen.view is seen.screen.panes.panes[-1].view


async def test_a_pane_that_is_used_again_brings_no_place_with_it(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("vertical_line", "g", "j", "j", "l", "v", "x", "vertical_line", "1")
        await seen.until(lambda: steps_shown(seen) == [1, 1])
        await seen.until(lambda: seen.view.visible_rows.stop == 100)
        assert seen.view.follow
        assert seen.view.select_from is None


async def test_a_place_is_found_again_in_a_pane_that_has_less_room_than_before(three, run_app, see):
    async with run_app(three.path, size=(160, 44)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "x")
        await pilot.resize_terminal(160, 14)
        await seen.until(lambda: 0 < seen.view.size.height < 12)
        await seen.press("2", "G", "k", "k")
        await seen.until(lambda: seen.view.visible_rows.stop == 198)
        before = seen.view.visible_rows
        await seen.press("1", "vertical_line")
        await seen.until(lambda: steps_shown(seen) == [1, 2])
        await seen.until(lambda: seen.view.visible_rows == before)


async def test_wrapped_text_is_followed_in_a_new_pane(three, run_app, see):
    three.print(2, *(b"x" * 300 for _ in range(50)))
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("w", "vertical_line")
        await seen.until(lambda: steps_shown(seen) == [1, 2])
        await pilot.pause(0.2)
        assert seen.view.follow
        await seen.until(lambda: seen.view.visible_rows.stop == 250)


async def test_marks_of_hits_come_back_with_the_pane(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "1", "slash", "5", "enter")
        first, second = seen.screen.panes.panes
        await seen.until(lambda: any(first.view.hit_marks) and any(second.view.hit_marks))
        await seen.press("z")
        await seen.until(lambda: not first.display)
        await seen.press("z")
        await seen.until(lambda: any(first.view.hit_marks) and any(second.view.hit_marks))


async def test_a_pane_a_step_takes_the_screen_from_one_that_had_it(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("z", "P")
        await seen.until(lambda: steps_shown(seen) == [1, 2])
        assert seen.screen.steps.display
        assert all(pane.display for pane in seen.screen.panes.panes)
        await seen.press("z")
        assert [pane.display for pane in seen.screen.panes.panes] == [False, True]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("leave", ["back", "quit"])
async def test_a_screen_may_be_left_while_a_pane_is_made(leave, turns, three, run_app, see):
    async with run_app(None, size=(160, 24)) as pilot:
        async with asyncio.timeout(20):
            while pilot.app.screen.table.current is None:
                await asyncio.sleep(0.01)
            await pilot.press("enter")
            while not isinstance(pilot.app.screen, BuildScreen):
                await asyncio.sleep(0.01)
        seen = see(pilot)
        screen = seen.screen
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        screen.call_next(screen._prepare_panes)
        for _ in range(turns):
            await asyncio.sleep(0)
        if leave == "quit":
            pilot.app.exit()
        else:
            pilot.app.pop_screen()
            async with asyncio.timeout(20):
                while screen.is_attached:
                    await asyncio.sleep(0.01)


async def test_one_log_takes_the_screen_and_gives_it_back(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "z")
        assert [pane.display for pane in seen.screen.panes.panes] == [False, True]
        assert not seen.screen.steps.display
        await seen.press("escape")
        assert [pane.display for pane in seen.screen.panes.panes] == [True, True]
        assert seen.screen.steps.display


async def test_closing_a_log_that_has_the_screen_gives_it_back_to_the_others(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "vertical_line", "z", "x")
        assert [pane.display for pane in seen.screen.panes.panes] == [True, True]
        assert seen.screen.steps.display
        await seen.press("x", "z", "x")  # the last one stays, and as large as it was
        assert [pane.display for pane in seen.screen.panes.panes] == [True]
        assert not seen.screen.steps.display


async def test_focus_tells_which_pane_the_keys_go_to(three, run_app, see):
    async with run_app(three.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.press("vertical_line", "shift+tab")
        assert seen.screen.pane is seen.screen.panes.panes[0]
        await seen.until(lambda: seen.screen.steps.current == 1)


async def test_wrapped_text_is_read_whole_and_the_end_stays_in_sight(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"first", b"0123456789" * 20, b"last")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("w")
        assert "wrap" in seen.status
        text = "".join(line[7:].rstrip() for line in seen.lines)
        assert text == "first" + "0123456789" * 20 + "last"
        await seen.press("w")
        assert len(seen.messages) == 3


async def test_a_wrapped_log_follows_stops_and_scrolls_line_by_line(sample, run_app, see):
    sample.run(1)
    sample.print(1, *(b"%03d " % n + b"x" * 100 for n in range(1, 101)))
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.visible_rows.stop == 100)
        await seen.press("w")
        height = seen.view.size.height
        assert seen.view.visible_rows.stop == 100
        assert seen.lines[-1].strip().startswith("↳ x") or "↳" in seen.lines[-1]
        bottom = seen.lines
        await seen.press("k")
        assert not seen.view.follow
        assert seen.lines[1:] == bottom[:-1]
        held = seen.lines
        sample.print(1, *(b"more" for _ in range(50)))
        await seen.until(lambda: "+50 new" in seen.status)
        assert seen.lines == held
        await seen.press("j", "j")
        assert seen.lines[: height - 2] == held[2:]
        await seen.press("G")
        assert seen.messages[-1] == "more"
        await seen.press("g")
        assert seen.view.visible_rows.start == 0
