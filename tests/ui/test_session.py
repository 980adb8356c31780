"""A build that is copied from a worker: the display is held, released, and the connection is always in sight."""

from __future__ import annotations

import pytest

from wharf_tui.attach.progress import Progress
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.ui.session_feed import SessionFeed

ADDRESS = "worker.test:5010"


class Session:
    """A session whose progress the test writes."""

    def __init__(self, path) -> None:
        self.progress = Progress()
        self.failure: UnreachableError | None = None
        self.feed = SessionFeed(BuildReader.open(path), self.progress, ADDRESS, lambda: self.failure)


@pytest.fixture
def session(sample):
    sample.run(1)
    return Session(sample.path)


async def held(seen) -> None:
    await seen.until(lambda: seen.screen.hold.display and "Catching up" in seen.screen.hold.text)


async def test_the_display_is_held_until_caught_up_and_then_all_is_there(session, sample, run_app, see):
    session.progress.begin_stream(29_411)
    sample.count_to(1, 300)
    session.progress.received = 18_204
    async with run_app(session.feed, size=(100, 30)) as pilot:
        seen = see(pilot)
        await held(seen)
        assert not seen.screen.panes.display
        await seen.until(lambda: "18,204 of 29,411 lines" in seen.screen.hold.text)
        assert f"Catching up with {ADDRESS}" in seen.screen.hold.text
        assert "62%" in seen.screen.hold.text
        assert "lines/s" in seen.screen.hold.text
        assert " left" in seen.screen.hold.text
        assert "300 lines so far" in seen.screen.hold.text
        assert "catching up 62%" in seen.header
        sample.count_to(1, 500, first=301)
        session.progress.caught_up_now(inferred=False)
        await seen.until(lambda: seen.messages[-1:] == ["line 500"])
        assert not seen.screen.hold.display
        assert seen.view.has_focus
        assert "● live, 11,207 behind" in seen.header
        session.progress.received = 29_411
        await seen.until(lambda: "● live, 0 behind" in seen.header)


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_key_shows_what_is_here_already_and_it_grows(key, session, sample, run_app, see):
    session.progress.begin_stream(1000)
    sample.count_to(1, 10)
    async with run_app(session.feed) as pilot:
        seen = see(pilot)
        await held(seen)
        await seen.press(key)
        await seen.until(lambda: seen.messages[-1:] == ["line 10"])
        sample.count_to(1, 20, first=11)
        await seen.until(lambda: seen.messages[-1:] == ["line 20"])
        assert "catching up 0%" in seen.header


async def test_a_finished_step_tells_how_many_lines_it_has(session, sample, run_app, see):
    session.progress.begin_stream(0)
    sample.count_to(1, 40)
    sample.finish(1)
    async with run_app(session.feed, size=(100, 30)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "40 of 40" in seen.screen.hold.text)


async def test_who_comes_to_a_copy_that_is_whole_sees_no_hold_screen(session, sample, run_app, see):
    sample.print(1, b"only")
    sample.finish(1)
    sample.end(Status.SUCCESS)
    session.progress.caught_up_now(inferred=False)
    session.progress.ended(complete=True)
    async with run_app(session.feed, size=(120, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["only"])
        assert "● ended, complete" in seen.header


async def test_a_reconnect_moves_nothing_and_is_told(session, sample, run_app, see):
    session.progress.begin_stream(300)
    sample.count_to(1, 300)
    session.progress.received = 300
    session.progress.caught_up_now(inferred=False)
    async with run_app(session.feed, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await seen.press("pageup", "k")
        before = seen.lines
        session.progress.connection_broke("worker.test:5010 does not answer")
        session.progress.connection_broke("worker.test:5010 does not answer")
        await seen.until(lambda: "attempt 2: worker.test:5010 does not answer" in seen.header)
        assert "reconnecting for 0s" in seen.header
        session.progress.connected()
        session.progress.begin_stream(57)
        sample.count_to(1, 357, first=301)
        session.progress.received = 57
        session.progress.caught_up_now(inferred=False)
        await seen.until(lambda: "live, 0 behind" in seen.header)
        assert seen.lines == before
        assert [note.message for note in pilot.app._notifications] == [session.progress.note]
        assert "57 lines recovered" in session.progress.note


async def test_a_session_that_fails_says_so_and_shows_what_it_has(session, sample, run_app, see):
    session.progress.begin_stream(1000)
    sample.count_to(1, 7)
    async with run_app(session.feed, size=(120, 24)) as pilot:
        seen = see(pilot)
        await held(seen)
        session.failure = UnreachableError("worker.test:5010 is gone\x1b[2J", "Attach again.")
        await seen.until(lambda: seen.messages[-1:] == ["line 7"])
        assert "● stopped: worker.test:5010 is gone␛[2J" in seen.header
        assert any("Attach again." in note.message for note in pilot.app._notifications)


async def test_caught_up_that_was_only_inferred_is_shown_as_such(session, run_app, see):
    session.progress.begin_stream(0)
    session.progress.caught_up_now(inferred=True)
    async with run_app(session.feed) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "live (inferred), 0 behind" in seen.header)


async def test_the_hold_screen_fits_any_size(session, sample, run_app, see):
    session.progress.begin_stream(10)
    for size in ((40, 10), (80, 24), (300, 100)):
        async with run_app(session.feed, size=size) as pilot:
            seen = see(pilot)
            await held(seen)
            assert len(seen.screen.hold.text.splitlines()) <= max(seen.screen.hold.size.height, 1)
