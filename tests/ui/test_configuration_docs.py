"""docs/configuration.md tells what there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from wharf_tui.ui.build_commands import COMMANDS
from wharf_tui.ui.keymap import bindings_by_id
from wharf_tui.ui.settings import Settings, load_settings
from wharf_tui.ui.themes import DARK, custom_theme

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_example_is_right(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "viewer.toml").write_text(example)
    settings = load_settings(tmp_path / "viewer.toml")
    assert settings.problems == ()
    defaults = Settings(keys=settings.keys, themes=settings.themes)
    assert settings == defaults  # what it shows are the defaults


def test_every_binding_that_is_no_command_is_listed_and_every_listed_one_exists():
    listed = set(re.findall(r"`([a-z]+\.[a-z0-9-]+)`", DOCUMENT.read_text()))
    listed |= {f"build.step-{number}" for number in range(1, 10)}
    known = bindings_by_id()
    commands = {f"build.{command.name}" for command in COMMANDS}
    places = {"app", "build", "log", "list", "catalogue", "prompt", "hold", "help", "confirm"}
    wanted = {name for name in known if name not in commands and name.partition(".")[0] in places}
    assert wanted - listed == set(), "list them in docs/configuration.md"
    assert listed - {"viewer.toml"} <= set(known) | commands


def test_every_colour_is_listed_and_every_listed_one_can_be_set():
    section = DOCUMENT.read_text().partition("## Colours")[2]
    listed = {
        name
        for row in section.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z-]+)`", row)
    }
    _, wrong = custom_theme("mine", DARK, dict.fromkeys(listed, "#123456"))
    assert wrong == ()
    settable = {name for name, value in DARK.variables.items() if value.startswith("#")}
    assert settable <= listed
