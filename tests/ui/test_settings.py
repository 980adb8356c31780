"""The configuration file: what it sets, and that whatever is wrong in it is told with its line and stops nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.timestamps import NS
from wharf_tui.ui.keymap import bindings_by_id, check_keys
from wharf_tui.ui.log_look import TimeColumn
from wharf_tui.ui.settings import KeySetting, Settings, load_settings, settings_path
from wharf_tui.ui.themes import DARK, LIGHT


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes) -> Settings:
        path = tmp_path / "viewer.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(path)

    return write


def test_no_file_means_the_defaults(tmp_path):
    assert load_settings(tmp_path / "viewer.toml") == Settings()


def test_everything_can_be_set(write):
    settings = write(
        """
        theme = "mine"
        color_depth = 256
        mouse = false
        wrap = true
        times = "delta"
        ids = false
        timeline = false
        silence = "2m"
        [keys]
        "build.wrap" = "w, f6"
        [themes.mine]
        base = "light"
        primary = "#123456"
        muted = "grey"
        """
    )
    assert settings.problems == ()
    assert (settings.color_depth, settings.mouse, settings.wrap, settings.ids) == ("256", False, True, False)
    assert (settings.times, settings.timeline, settings.silence_ns) == (TimeColumn.DELTA, False, 120 * NS)
    assert settings.keys["build.wrap"].keys == "w,f6"
    (mine,) = settings.themes
    assert (mine.name, mine.primary, mine.dark) == ("mine", "#123456", False)
    assert mine.variables["muted"] == "grey" and mine.variables["faint"] == LIGHT.variables["faint"]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("mouse = true\nmouse = = 1\n", 2, "the whole file is ignored"),
        ("# a\nmouse = 1\n", 2, "mouse must be true or false"),
        ("wrap = true\n\nwrp = true\n", 3, "there is no setting 'wrp'; did you mean wrap?"),
        ('silence = "soon"\n', 1, "silence must be a duration"),
        ('silence = "0s"\n', 1, "silence must be a duration"),
        ('times = "never"\n', 1, "times must be one of 'off', 'clock', 'elapsed', 'delta'"),
        ("color_depth = true\n", 1, "color_depth must be one of"),
        ('theme = "none"\n', 1, "there is no theme 'none'"),
        ("keys = 1\n", 1, "keys must be a table: [keys]"),
        ('[keys]\n\n"build.wrap" = 6\n', 3, "the keys of build.wrap must be text"),
        ('[themes.a]\nbase = "blue"\n', 2, 'base must be "dark" or "light"'),
        ('wrap = true\n[themes.a]\nprimary = "#12"\n', 3, "'#12' is no colour"),
        ('[themes."a"]\nprimry = "red"\n', 2, "there is no colour 'primry'"),
        ('[themes.dark]\nprimary = "red"\n', 1, "dark is taken"),
        ('[themes."[red]"]\nprimary = "red"\n', 0, "a theme's name has letters"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line_and_the_rest_holds(write, tmp_path, text, line, told):
    settings = write(text)
    (problem,) = settings.problems
    assert problem.startswith(f"{tmp_path / 'viewer.toml'}{f':{line}' if line else ''}: ")
    assert told in problem
    if text.startswith("wrap = true"):
        assert settings.wrap


def test_a_file_that_is_no_text_is_told(write):
    (problem,) = write(b"wrap = true\n# \xff\n").problems
    assert ":2: this is no UTF-8" in problem


def test_a_folder_instead_of_a_file_is_told(tmp_path):
    (problem,) = load_settings(tmp_path).problems
    assert "cannot be read" in problem


@given(st.binary(max_size=300))
def test_no_content_whatever_raises(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    load_settings(path)


def test_the_path_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("WHARF_TUI_VIEWER_CONFIG", str(tmp_path / "x.toml"))
    assert settings_path() == tmp_path / "x.toml"


def keys(**wanted: str) -> dict[str, KeySetting]:
    return {name.replace("__", "."): KeySetting(value, "viewer.toml:1") for name, value in wanted.items()}


def test_keys_are_taken_by_the_names_that_people_type():
    keymap, problems = check_keys(keys(build__wrap="?,ctrl+x,f6"))
    assert keymap == {"build.wrap": "question_mark,ctrl+x,f6"}
    assert problems == ("viewer.toml:1: question_mark is the key of app.help (Help), too",)


def test_an_unknown_binding_or_key_is_told_and_left_out():
    keymap, problems = check_keys(keys(build__wrp="w", build__wrap="florp,f6"))
    assert keymap == {"build.wrap": "f6"}
    assert problems == (
        "viewer.toml:1: there is no key binding 'build.wrp'; did you mean build.wrap?",
        "viewer.toml:1: there is no key 'florp'",
    )


def test_two_things_on_one_key_are_told_once_and_only_where_they_act_together():
    _, problems = check_keys(keys(build__wrap="f6", build__times="f6"))
    assert problems == ("viewer.toml:1: f6 is the key of build.times (Times), too",)
    assert check_keys(keys(build__wrap="j"))[1]  # a key of the log, which has the focus
    assert check_keys(keys(catalogue__look="w"))[1] == ()  # the build's screen is another one
    assert check_keys(keys(build__wrap="f6", build__times="w"))[1] == ()  # they changed places


def test_all_default_keys_are_keys():
    wanted = {
        name: KeySetting(binding.key, "")
        for name, bindings in bindings_by_id().items()
        for binding in bindings[:1]
    }
    keymap, problems = check_keys(wanted)
    assert keymap.keys() == wanted.keys()
    assert [problem for problem in problems if "no key" in problem] == []


def test_themes_have_all_the_colours_of_ours():
    assert DARK.variables.keys() == LIGHT.variables.keys()
