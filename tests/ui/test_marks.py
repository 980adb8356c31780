"""Marks and notes: on the line where one is, in the gutter, gone to across steps, listed, kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.ui.marks import Marks
from wharf_tui.ui.marks_control import MARK_SIGN, NOTE_SIGN, MarksControl
from wharf_tui.ui.rows import Address
from wharf_tui.ui.screens.marks import MarksScreen

ADDRESSES = st.builds(Address, st.integers(1, 4).map(StepId), st.integers(1, 30).map(LogId))


def key(address: Address) -> tuple[int, int]:
    return address.step_id, address.log_id


@given(st.lists(st.tuples(ADDRESSES, st.sampled_from(["set", "remove"]))), ADDRESSES)
def test_marks_are_a_sorted_set_that_one_can_walk_round(
    changes: list[tuple[Address, str]], here: Address
) -> None:
    marks, expected = Marks(), set()
    for address, change in changes:
        if change == "set":
            marks.set(address)
            expected.add(address)
        else:
            assert marks.remove(address) is (address in expected)
            expected.discard(address)
    ordered = sorted(expected, key=key)
    assert list(marks) == ordered
    if not ordered:
        assert marks.next(here, 1) is None
        return
    behind = [each for each in ordered if key(each) > key(here)]
    before = [each for each in ordered if key(each) < key(here)]
    assert marks.next(here, 1) == ((behind or ordered)[0], not behind)
    assert marks.next(here, -1) == ((before or ordered)[-1], not before)


@given(st.dictionaries(ADDRESSES, st.text(max_size=20), max_size=8))
def test_what_is_kept_comes_back(notes: dict[Address, str]) -> None:
    marks, again = Marks(), Marks()
    for address, note in notes.items():
        marks.set(address, note)
    again.take(marks.to_json())
    assert again.to_json() == marks.to_json()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda each: st.lists(each, max_size=4),
    )
)
def test_what_is_damaged_is_passed_over(value: object) -> None:
    marks = Marks()
    marks.take(value)
    marks.take([value, ["2:7", "x"], ["0:1", ""], ["1:0", ""], ["1:-1", ""], ["1:1", 3]])
    assert Address(StepId(2), LogId(7)) in marks
    assert Address(StepId(1), LogId(1)) not in marks or value is not None


def test_notes_cannot_draw_on_the_screen() -> None:
    marks = Marks()
    address = Address(StepId(1), LogId(1))
    marks.set(address, "\x1b[2J\x00[red]")
    assert "\x1b" not in marks.note(address)


async def test_a_mark_shows_goes_and_comes_back_by_the_same_key(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("g", "m")
        await seen.until(lambda: seen.lines[0].startswith(MARK_SIGN))
        assert seen.messages[0] == "1  line 1"
        await seen.press("m")
        await seen.until(lambda: not seen.lines[0].startswith(MARK_SIGN))


async def test_u_goes_from_mark_to_mark_across_steps(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.count_to(step, 300)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        marks = seen.screen.control(MarksControl).marks
        for step, line in ((1, 5), (1, 250), (2, 100)):
            marks.set(Address(StepId(step), LogId(line)))
        await seen.press("1", "g")
        found = []
        for key_ in ("u", "u", "u", "u", "U"):
            await seen.press(key_)
            found.append(str(seen.screen.here))
        assert found == ["1:5", "1:250", "2:100", "1:5", "2:100"]


async def test_a_note_is_typed_and_told_on_the_way(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("g", "colon", *"note", "space", *"why", "enter")
        await seen.until(lambda: seen.lines[0].startswith(NOTE_SIGN))
        await seen.press("G", "u")
        await seen.until(
            lambda: any("1:1" in each.message and "why" in each.message for each in pilot.app._notifications)
        )
        await seen.press("colon", *"note", "enter")
        assert seen.screen.prompt.text == "why"
        await seen.press("escape")
        await seen.until(lambda: not seen.screen.prompt.display)


async def test_the_list_goes_there_and_deletes(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.print(step, *(b"line \x1b[31m%d" % number for number in range(1, 301)))
    async with run_app(sample.path, size=(80, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        control = seen.screen.control(MarksControl)
        for step, line in ((1, 5), (1, 250), (2, 100)):
            control.marks.set(Address(StepId(step), LogId(line)))
        await seen.press("1", "g", "M")
        listed = pilot.app.screen
        assert isinstance(listed, MarksScreen)
        shown = [listed.marks.row_content(row, 60).plain.rstrip() for row in range(listed.marks.row_count)]
        assert shown == [
            " 1  build/compile",
            "    5  line 5",
            "  250  line 250",
            " 2  build/lint",
            "  100  line 100",
        ]
        await seen.press("j", "D")
        assert [str(each) for each in control.marks] == ["1:5", "2:100"]
        await seen.press("G", "enter")
        await seen.until(lambda: str(seen.screen.here) == "2:100")
        await seen.press("M", "D", "D")
        await seen.until(lambda: not isinstance(pilot.app.screen, MarksScreen))
        assert not len(control.marks)


async def test_marks_are_kept_with_the_view(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 10)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 10)
        control = seen.screen.control(MarksControl)
        await seen.press("m")
        state = control.state()
        assert state == {"marks": [["1:1", ""]]}
        control.marks.remove(Address(StepId(1), LogId(1)))
        control.restore(state)
        assert [str(each) for each in control.marks] == ["1:1"]
