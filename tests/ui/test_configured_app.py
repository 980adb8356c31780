"""The app under a user's configuration: keys, themes, looks, the mouse."""

from __future__ import annotations

import pytest

from wharf_tui.model.status import Status
from wharf_tui.ui.log_look import TimeColumn
from wharf_tui.ui.screens.help import HelpScreen
from wharf_tui.ui.settings import KeySetting, Settings, load_settings
from wharf_tui.ui.themes import DARK, DARK_16, LIGHT_16
from wharf_tui.ui.widgets.key_hints import KeyHints


@pytest.fixture
def ended(sample):
    sample.run(1)
    sample.count_to(1, 3)
    sample.finish(1)
    sample.end(Status.SUCCESS)
    return sample


def notices(pilot) -> list[str]:
    return [str(notice.message) for notice in pilot.app._notifications]


async def test_other_keys_act_and_are_shown(ended, run_app, see):
    settings = Settings(keys={"build.wrap": KeySetting("f6,W", "viewer.toml:3")})
    async with run_app(ended.path, settings=settings) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("w")
        assert not seen.view.wrap
        await seen.press("f6")
        assert seen.view.wrap
        await seen.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.pause(0)
        assert "f6 W  Wrap" in pilot.app.screen.text


async def test_what_is_wrong_is_said_in_one_notice(ended, run_app, see, tmp_path):
    path = tmp_path / "viewer.toml"
    path.write_text('wrp = 1\n[keys]\n"build.wrap" = "t"\n"[red]" = "x"\n')
    async with run_app(ended.path, settings=load_settings(path)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(notices(pilot)) == 1)
        (notice,) = notices(pilot)
        assert f"{path}:1: there is no setting 'wrp'" in notice
        assert f"{path}:3: t is the key of build.times" in notice
        assert f"{path}:4: there is no key binding '[red]'" in notice
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("t")
        assert seen.view.wrap  # whoever set it wants it


async def test_looks_begin_as_they_were_set(ended, run_app, see):
    settings = Settings(wrap=True, ids=False, times=TimeColumn.CLOCK)
    async with run_app(ended.path, settings=settings) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.view.wrap)
        assert (seen.view.show_ids, seen.view.times) == (False, TimeColumn.CLOCK)


@pytest.mark.parametrize(
    ("settings", "theme"),
    [
        (Settings(), DARK.name),
        (Settings(theme="dark", color_depth="16"), DARK_16.name),
        (Settings(theme="light", color_depth="16"), LIGHT_16.name),
    ],
)
async def test_the_theme_fits_the_terminal(ended, run_app, see, settings, theme):
    async with run_app(ended.path, settings=settings) as pilot:
        assert pilot.app.theme == theme


async def test_an_own_theme_is_used(ended, run_app, tmp_path):
    path = tmp_path / "viewer.toml"
    path.write_text('theme = "mine"\n[themes.mine]\nbackground = "#010203"\n')
    async with run_app(ended.path, settings=load_settings(path)) as pilot:
        assert pilot.app.current_theme.background == "#010203"
        assert pilot.app.screen.styles.background.hex == "#010203"


async def test_the_mouse_is_let_go_and_taken_back(ended, run_app, see, monkeypatch):
    async with run_app(ended.path) as pilot:
        seen = see(pilot)
        written: list[str] = []
        assert pilot.app._driver is not None
        monkeypatch.setattr(pilot.app._driver, "write", written.append)
        await seen.press("f2")
        assert written == ["\x1b[?1000l\x1b[?1003l"]
        assert "F2 takes it back" in notices(pilot)[-1].replace("f2", "F2")
        assert seen.screen.query_one(KeyHints).render().plain.startswith(" mouse let go ")
        await seen.press("f2")
        assert not seen.screen.query_one(KeyHints).render().plain.startswith(" mouse let go ")
        assert written[-1] == "\x1b[?1000h\x1b[?1003h"


async def test_the_mouse_can_be_the_terminals_from_the_start(ended, open_app):
    app = open_app(ended.path, settings=Settings(mouse=False))
    async with app.run_test() as pilot:
        await pilot.pause(0)
        assert not app._mouse.is_ours
