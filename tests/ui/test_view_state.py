"""How one looked at a build is kept for the next time: within bounds, beside the build, and never in the way."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.errors import StoreError
from wharf_tui.model.status import Status
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.ui import view_state
from wharf_tui.ui.feed import StoreFeed
from wharf_tui.ui.log_look import TimeColumn
from wharf_tui.ui.view_state import MOST_BUILDS, ViewStates


@pytest.fixture
def views(tmp_path):
    return ViewStates(tmp_path / "state" / "views")


def files(tmp_path):
    return sorted((tmp_path / "state" / "views").iterdir())


def test_what_was_saved_is_loaded(views):
    assert views.load("a") == {}
    views.save("a", {"wrap": True, "text": "\udcff ü"})
    views.save("b", {})
    assert views.load("a") == {"wrap": True, "text": "\udcff ü"}
    assert views.load("b") == {}


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=4))
def test_any_state_comes_back(tmp_path_factory, state):
    views = ViewStates(tmp_path_factory.getbasetemp() / "any-state")
    views.save("uid", state)
    assert views.load("uid") == state


def test_nothing_is_kept_without_a_name_or_a_folder(views, tmp_path):
    views.save("", {"a": 1})
    ViewStates(None).save("a", {"a": 1})
    assert not (tmp_path / "state").exists()
    assert views.load("") == ViewStates(None).load("a") == {}


def test_the_oldest_go(views, tmp_path):
    for number in range(MOST_BUILDS + 3):
        views.save(f"build {number}", {"n": number})
        newest = max(files(tmp_path), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, ns=(number, number))
    assert len(files(tmp_path)) == MOST_BUILDS
    assert views.load("build 2") == {} and views.load("build 3") == {"n": 3}
    assert views.load(f"build {MOST_BUILDS + 2}") == {"n": MOST_BUILDS + 2}


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b'{"version": 1}',
            b'{"version": 1, "build": "a", "state": []}',
        ),
        *(
            b'{"version": 2, "build": "a", "state": {"n": 1}}',
            b'{"version": 1, "build": "b", "state": {"n": 1}}',
        ),
    ],
)
def test_damaged_files_are_ignored(views, tmp_path, content):
    views.save("a", {"n": 1})
    (path,) = files(tmp_path)
    path.write_bytes(content)
    assert views.load("a") == {}
    views.save("a", {"n": 2})
    assert views.load("a") == {"n": 2}


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        ViewStates(tmp_path / "file" / "views").save("a", {"n": 1})


def test_the_default_place_is_the_users_folder_for_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    view_state.save("a", {"n": 1})
    assert view_state.load("a") == {"n": 1}
    assert list(tmp_path.rglob("*.json"))


@pytest.fixture
def long(sample):
    sample.run(1)
    sample.count_to(1, 500)
    sample.finish(1)
    sample.run(2)
    sample.count_to(2, 400)
    sample.finish(2, Status.FAILED)
    sample.end(Status.FAILED)
    return sample


async def test_one_comes_back_to_where_one_was_and_as_one_looked(long, run_app, see, views):
    before = sorted(long.path.rglob("*"))
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) > 0)
        await seen.press("1", "g", "w", "t", "number_sign", *["space"] * 3)
        await seen.until(lambda: seen.view.visible_rows[0] > 0)
        top = seen.view.visible_rows[0]
    assert sorted(long.path.rglob("*")) == before
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(
            lambda: "build/compile" in seen.title and seen.view.visible_rows[:1] == range(top, top + 1)
        )
        assert not seen.view.follow and seen.view.spot is None
        assert (seen.view.wrap, seen.view.times, seen.view.show_ids) == (True, TimeColumn.CLOCK, False)


async def test_who_left_at_the_end_comes_to_the_step_that_matters(long, run_app, see, views):
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.press("1", "G")
        await seen.until(lambda: "build/compile" in seen.title)
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "build/lint" in seen.title and bool(seen.messages))


async def test_a_build_that_has_failed_meanwhile_opens_on_its_failure(sample, run_app, see, views):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) > 0)
        await seen.press("g")
    sample.finish(1)
    sample.run(2)
    sample.finish(2, Status.FAILED)
    sample.end(Status.FAILED)
    async with run_app(sample.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "build/lint" in seen.title)
        await pilot.pause(0)
        assert "build/lint" in seen.title


@pytest.mark.parametrize(
    "state",
    [
        {"looks": 3, "place": "x", "controls": [], "status": "Failed"},
        {
            "looks": {"wrap": "yes", "times": 3, "ids": None},
            "place": {"shown": 1, "top": [2, 3]},
            "status": "Failed",
        },
        {"place": {"shown": 9, "top": [9, 9]}, "status": "Failed"},
        {
            "place": {"shown": 2, "top": [2, 10**30]},
            "status": "Failed",
            "controls": {"SearchControl": {"x": []}},
        },
        {"place": {"shown": 1, "top": [1, 5], "column": -3, "spot": [1]}, "status": "Running"},
        {"place": {"shown": True, "top": [True, True]}, "status": "Failed"},
        {"place": {"shown": 2, "top": [[2], 1]}, "status": "Failed"},
    ],
)
async def test_a_state_that_makes_no_sense_is_no_state(long, run_app, see, views, state):
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        key = seen.screen.feed.info.uid
    views.save(key, json.loads(json.dumps(state)))
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "build/lint" in seen.title and bool(seen.messages))
        await seen.press("j")
        assert not seen.view.wrap


async def test_the_spot_and_the_column_come_back_too(long, run_app, see, views):
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) > 0)
        await seen.press("slash", *"line 123", "enter")
        await seen.until(lambda: seen.screen.here is not None and seen.screen.here.log_id == 123)
        top, spot = seen.view.visible_rows[0], seen.view.spot
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.spot == spot)
        await seen.until(lambda: seen.view.visible_rows[:1] == range(top, top + 1))


async def test_all_steps_merged_come_back(long, run_app, see, views):
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.press("a")
        await seen.until(lambda: "all steps" in seen.title and len(seen.messages) > 0)
        await seen.press("g", "space")
        await seen.until(lambda: seen.view.visible_rows[0] > 0)
        top = seen.view.visible_rows[0]
    async with run_app(long.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(
            lambda: "all steps" in seen.title and seen.view.visible_rows[:1] == range(top, top + 1)
        )


async def test_one_comes_back_also_where_a_cause_would_be_shown(sample, run_app, see, views):
    sample.run(1)
    sample.count_to(1, 200)
    sample.print(1, b"error: it broke", *[b"and more"] * 30)
    sample.finish(1, Status.FAILED)
    sample.end(Status.FAILED)
    async with run_app(sample.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.spot == 200)
        await seen.press("g")
        await seen.until(lambda: seen.view.visible_rows[:1] == range(1))
    async with run_app(sample.path, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.visible_rows[:1] == range(1))
        for _ in range(20):
            await pilot.pause(0.01)
            assert seen.view.visible_rows[:1] == range(1)


async def test_text_files_are_known_by_where_they_lie(run_app, see, views, tmp_path, monkeypatch):
    async def is_wrapped_in(folder: str, *keys: str) -> bool:
        monkeypatch.chdir(tmp_path / folder)
        async with run_app(StoreFeed(FilesReader([Path("a.log")])), views=views) as pilot:
            seen = see(pilot)
            await seen.until(lambda: seen.messages == ["line"])
            await seen.press(*keys)
            return bool(seen.view.wrap)

    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.log").write_bytes(b"line\n")
    assert await is_wrapped_in("one", "w")
    assert not await is_wrapped_in("two", "j")
    assert await is_wrapped_in("one", "j")


async def test_nothing_is_kept_of_standard_input(run_app, see, views, tmp_path):
    feed = StoreFeed(FilesReader([], io.BytesIO(b"line\n")))
    async with run_app(feed, views=views) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["line"])
        await seen.press("w")
    assert not (tmp_path / "state").exists()
