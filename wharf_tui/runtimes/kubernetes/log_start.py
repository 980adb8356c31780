"""Proves where a log begins.

Kubelets rotate logs, and show the current file only. A container that prints a lot in its first second may have its
beginning rotated away before anybody can ask for it, and what is left looks like a whole log. So where a step's
command is a shell's script, the script first prints one line to each of its streams. The first line of the log is one
of the two, whatever the order in which the runtime takes them. They are not stored; where the first is missing, more is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

FIRST_LINE: Final = "wharf-tui: the step's log begins here"
FIRST_LINES: Final = 2
"""One of each stream."""
_PRINT: Final = f'echo "{FIRST_LINE}"; echo "{FIRST_LINE}" >&2'
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"})


def with_first_line(command: Sequence[str]) -> list[str]:
    """The command, printing the line first where it is a script for a shell that we know."""
    *shell, script = command or [""]
    if len(shell) > 1 and shell[-1] == "-c" and PurePosixPath(shell[0]).name in _SHELLS:
        return [*shell, f"{_PRINT}\n{script}"]
    return list(command)


def prints_first_line(pod: Mapping[str, Any], container: str) -> bool:
    """Whether a container of a pod prints the line."""
    containers = (pod.get("spec") or {}).get("containers") or []
    command = next((one.get("command") for one in containers if one.get("name") == container), None)
    return any(str(word).startswith(_PRINT) for word in command or [])
