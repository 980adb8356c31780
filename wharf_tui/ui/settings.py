"""What a user has set in the viewer's configuration file. What is wrong in it is told, and stops nothing."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import platformdirs
from textual.theme import Theme

from wharf_tui.model.timestamps import NS
from wharf_tui.ui import words
from wharf_tui.ui.log_look import TimeColumn
from wharf_tui.ui.themes import DARK, LIGHT, custom_theme

_FILE_NAME: Final = "viewer.toml"
_MOST_BYTES: Final = 1024 * 1024
_DEPTHS: Final = ("auto", "16", "256", "truecolor")
_TIMES: Final = {
    "off": TimeColumn.OFF,
    "clock": TimeColumn.CLOCK,
    "elapsed": TimeColumn.ELAPSED,
    "delta": TimeColumn.DELTA,
}
_DURATION: Final = re.compile(r"(\d{1,6})(ms|s|m|h)", re.ASCII)
_UNITS: Final = {"ms": NS // 1000, "s": NS, "m": 60 * NS, "h": 3600 * NS}
_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class KeySetting:
    """Other keys for a binding."""

    keys: str
    """As Textual names them, with commas between."""
    place: str
    """Where it is set: ``viewer.toml:12``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the viewer looks and what its keys are."""

    keys: Mapping[str, KeySetting] = field(default_factory=dict)
    """By the ID of a key binding."""
    theme: str = "auto"
    """``auto``, ``dark``, ``light``, or the name of one of ``themes``."""
    themes: tuple[Theme, ...] = ()
    """The user's own."""
    color_depth: str = "auto"
    """``auto`` (as the terminal says), ``16``, ``256`` or ``truecolor``."""
    mouse: bool = True
    """Whether the mouse is the viewer's to begin with."""
    wrap: bool = False
    """Whether long lines are wrapped to begin with."""
    times: TimeColumn = TimeColumn.OFF
    """The time column to begin with."""
    ids: bool = True
    """Whether log IDs are shown to begin with."""
    timeline: bool = True
    """Whether the timeline is shown where there is room for it."""
    silence_ns: int = 30 * NS
    """A stretch without output that is longer than this is told in the log."""
    problems: tuple[str, ...] = ()
    """What is wrong in the file, a sentence each, with file and line."""


def settings_path() -> Path:
    """Where the file lies: WHARF_TUI_VIEWER_CONFIG, or the platform's folder for configuration."""
    chosen = os.environ.get("WHARF_TUI_VIEWER_CONFIG")
    return (
        Path(chosen)
        if chosen
        else Path(platformdirs.user_config_dir("wharf-tui", appauthor=False)) / _FILE_NAME
    )


def load_settings(path: Path) -> Settings:
    """Read the file. Where there is none, or where it says nothing, the defaults hold."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        return Settings(problems=(f"{words.place(path)} cannot be read: {error.strerror or error}",))
    if len(raw) > _MOST_BYTES:
        return Settings(problems=(f"{words.place(path)} is too large to be a configuration file",))
    try:
        text = raw.decode()
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Settings(
            problems=(f"{words.place(path)}:{line}: this is no UTF-8; the whole file is ignored",)
        )
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = _AT_LINE.search(str(error))
        reason = _AT_LINE.sub("", str(error)).replace(" (at end of document)", " at the end")
        where = f"{words.place(path)}:{at[1]}" if at else words.place(path)
        return Settings(problems=(f"{where}: {reason}; the whole file is ignored",))
    return _Reader(path, text).read(values)


class _Reader:
    """Takes the values one by one, and notes what is wrong with each."""

    def __init__(self, path: Path, text: str) -> None:
        self._shown = words.place(path)
        self._lines = text.splitlines()
        self._problems: list[str] = []

    def read(self, values: Mapping[str, Any]) -> Settings:
        """All settings that are right."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            take = _SINGLE.get(name)
            if name == "keys":
                found[name] = self._keys(value)
            elif name == "themes":
                found[name] = self._themes(value)
            elif take is None:
                self._complain(
                    "",
                    name,
                    f"there is no setting {name!r}; {words.instead(name, (*_SINGLE, 'keys', 'themes'))}",
                )
            else:
                field_name, wanted, read = take
                taken = read(value)
                if taken is None:
                    self._complain("", name, f"{name} must be {wanted}")
                else:
                    found[field_name] = taken
        settings = Settings(**found)
        own = {theme.name for theme in settings.themes}
        if settings.theme not in {"auto", "dark", "light", *own}:
            known = words.instead(settings.theme, ("auto", "dark", "light", *own))
            self._complain("", "theme", f"there is no theme {settings.theme!r}; {known}")
            settings = replace(settings, theme="auto")
        return replace(settings, problems=tuple(self._problems))

    def _keys(self, table: object) -> dict[str, KeySetting]:
        found = {}
        for name, keys in self._table("keys", table):
            if isinstance(keys, str) and keys.strip(" ,"):
                joined = ",".join(key.strip() or "," for key in keys.split(",")) if keys != "," else ","
                found[name] = KeySetting(joined, self._place("keys", name))
            else:
                self._complain("keys", name, f'the keys of {name} must be text, such as "w,f6"')
        return found

    def _themes(self, table: object) -> tuple[Theme, ...]:
        found = []
        for name, colors in self._table("themes", table):
            where = f"themes.{name}"
            if not re.fullmatch(r"[\w-]{1,40}", name):
                self._complain(
                    "themes", name, f"a theme's name has letters, digits, - and _, unlike {name!r}"
                )
                continue
            if name in {"auto", "dark", "light"}:
                self._complain("themes", name, f"{name} is taken; give your theme another name")
                continue
            base, chosen = DARK, {}
            for variable, value in self._table(where, colors):
                if variable == "base" and value in {"dark", "light"}:
                    base = LIGHT if value == "light" else DARK
                elif variable == "base" or not isinstance(value, str):
                    what = (
                        'base must be "dark" or "light"'
                        if variable == "base"
                        else f"{variable} must be a colour"
                    )
                    self._complain(where, variable, what)
                else:
                    chosen[variable] = value
            theme, wrong = custom_theme(name, base, chosen)
            for variable, problem in wrong:
                self._complain(where, variable, problem)
            found.append(theme)
        return tuple(found)

    def _table(self, name: str, value: object) -> list[tuple[str, object]]:
        if isinstance(value, dict):
            return list(value.items())
        self._complain("", name, f"{name} must be a table: [{name}]")
        return []

    def _complain(self, table: str, key: str, problem: str) -> None:
        self._problems.append(f"{self._place(table, key)}: {problem}")

    def _place(self, table: str, key: str) -> str:
        """File and line of a setting; where it cannot be found by its name, the line of its table, or the file alone."""
        within, fallback = "", 0
        name = re.compile(rf"\s*([\"']?){re.escape(key)}\1\s*=")
        for number, line in enumerate(self._lines, 1):
            header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
            if header:
                within = re.sub(r"[\"'\s]", "", header[1])
                if within in {table, key, f"{table}.{key}"} and not fallback:
                    fallback = number
            elif within == table and name.match(line):
                return f"{self._shown}:{number}"
        return f"{self._shown}:{fallback}" if fallback else self._shown


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _depth(value: object) -> str | None:
    return str(value) if not isinstance(value, bool) and str(value) in _DEPTHS else None


def _times(value: object) -> TimeColumn | None:
    return _TIMES.get(value) if isinstance(value, str) else None


def _duration(value: object) -> int | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * _UNITS[found[2]] if found and int(found[1]) else None


_SINGLE: Final[dict[str, tuple[str, str, Callable[[object], Any]]]] = {
    "theme": ("theme", "text: the name of a theme", _text),
    "color_depth": ("color_depth", "one of " + ", ".join(map(repr, _DEPTHS)), _depth),
    "mouse": ("mouse", "true or false", _truth),
    "wrap": ("wrap", "true or false", _truth),
    "times": ("times", "one of " + ", ".join(map(repr, _TIMES)), _times),
    "ids": ("ids", "true or false", _truth),
    "timeline": ("timeline", "true or false", _truth),
    "silence": ("silence_ns", "a duration, such as '30s', '500ms' or '2m'", _duration),
}
"""What can be set by name: the field that it is, what is wanted there, and what reads it (None where it is wrong)."""
