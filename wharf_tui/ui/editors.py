"""Which editor the user wants, and how it is told to go to a line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from wharf_tui.model.errors import UsageError

_PLUS_LINE: Final = frozenset({
    *("vi", "vim", "nvim", "view", "vimx", "gvim", "elvis", "nano", "pico", "emacs", "emacsclient", "mg", "joe"),
    *("jed", "ne", "kak", "micro", "less", "most", "ed", "gedit", "geany"),
})  # fmt: skip
_GOTO: Final = frozenset({"code", "code-insiders", "codium", "cursor", "windsurf"})
_COLON: Final = frozenset({"hx", "helix", "subl", "zed", "zeditor"})
_READ_ONLY: Final = {**dict.fromkeys(("vi", "vim", "nvim", "vimx", "gvim"), "-R"), "nano": "-v", "pico": "-v"}
"""A log is a proof of what happened: where an editor can protect it, it does."""


def editor_command(path: Path, line: int, environment: Mapping[str, str] = os.environ) -> list[str]:
    """What to run to see a file at a line, counted from 1.

    Raises:
        UsageError: no editor is set.
    """
    for variable in ("VISUAL", "EDITOR"):
        text = environment.get(variable, "").strip()
        if text:
            return _command(variable, text, path, line)
    raise UsageError("no editor is set", "Set VISUAL or EDITOR, for example: export EDITOR=vim")


def _command(variable: str, text: str, path: Path, line: int) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{variable} is {text!r}, which no shell takes: {error}") from error
    name = Path(words[0]).name.lower().removesuffix(".exe")
    if name in _READ_ONLY and not {"-R", "-v"} & {*words}:
        words.append(_READ_ONLY[name])
    if name in _GOTO:
        return [*words, "-g", f"{path}:{line}"]
    if name in _COLON:
        return [*words, f"{path}:{line}"]
    return [*words, f"+{line}", str(path)] if name in _PLUS_LINE else [*words, str(path)]
