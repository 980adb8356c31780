"""Escape takes one thing away at a time: prompt, selection, search, filter, zoom; then it leads back."""

from __future__ import annotations

from wharf_tui.model.status import Status
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.search_control import SearchControl

SIZE = (120, 24)


async def test_one_thing_at_a_time_and_nothing_is_lost(sample, run_app, see):
    sample.run(1)
    sample.print(1, *(b"needle %d" % n if n % 10 == 7 else b"hay %d" % n for n in range(1, 301)))
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(None, size=SIZE) as pilot:
        app = pilot.app
        catalogue = app.screen
        assert isinstance(catalogue, CatalogueScreen)
        seen = see(pilot)
        await seen.until(lambda: catalogue.table.current is not None)
        await seen.press("enter")
        await seen.until(lambda: app.screen is not catalogue and bool(seen.messages))
        screen = seen.screen
        await seen.press("z", "ampersand", *"needle", "enter")
        await seen.until(lambda: "30 shown" in seen.status)
        await seen.press("slash", *"7", "enter")
        await seen.until(lambda: "of 57" in seen.title or "of 30" in seen.title)
        await seen.press("v", "k", "colon", *"wra")
        search, filtering = screen.control(SearchControl), screen.control(FilterControl)
        here = screen.here
        for prompt, selecting, searching, filtered, zoomed in (
            (False, True, True, True, True),
            (False, False, True, True, True),
            (False, False, False, True, True),
            (False, False, False, False, True),
            (False, False, False, False, False),
        ):
            await seen.press("escape")
            assert app.screen is screen
            assert screen.prompt.display == prompt
            assert (screen.view.select_from is not None) == selecting
            assert (search.session is not None) == searching
            assert filtering.is_on == filtered
            assert screen.steps.display != zoomed
            assert screen.here == here
        assert screen.view.has_focus
        await seen.press("ctrl+t")
        await seen.until(lambda: "30 shown" in seen.status)  # the filter is off, not forgotten
        await seen.press("escape", "escape")
        await seen.until(lambda: app.screen is catalogue)
        await seen.press("escape")
        assert app.screen is catalogue


async def test_it_never_leaves_the_program(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press(*["escape"] * 5)
        assert pilot.app.is_running
        assert pilot.app.screen is seen.screen
