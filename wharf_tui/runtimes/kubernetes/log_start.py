"""What is put around a step's script, so that its log and its processes can be looked after.

Kubelets rotate logs, and show the current file only. A container that prints a lot in its first second may have its
beginning rotated away before anybody can ask for it, and what is left looks like a whole log. So where a step's
command is a shell's script, the script prints one line first. It is not stored; where it is missing, more is. It need
not be the log's first line: what is printed to the other stream may overtake it.

Many shells become the last command of a script instead of waiting for it. Then that command is the container's first
process, which the kernel shields from signals that it does not handle: it could not be asked to end. So the script
does not end with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

_FIRST_LINE: Final = "wharf-tui: the step's log begins here"
_PRINT: Final = f'echo "{_FIRST_LINE}"'
_MARK: Final = _FIRST_LINE.encode()
_MOST_AHEAD: Final = 2000
"""So many lines do not overtake it."""
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh"})
"""Those that begin a script before they have read all of it: else a mistake in the script would hide the line."""


def looked_after(command: Sequence[str]) -> list[str]:
    """The command; with these lines around it where it is a script for a shell that we know."""
    *shell, script = command or [""]
    if len(shell) > 1 and shell[-1] == "-c" and PurePosixPath(shell[0]).name in _SHELLS:
        end = "" if script.endswith("\\") else "\nexit"
        return [*shell, f"{_PRINT}\n{script}{end}"]
    return list(command)


def prints_first_line(pod: Mapping[str, Any], container: str) -> bool:
    """Whether a container of a pod prints the line."""
    containers = (pod.get("spec") or {}).get("containers") or []
    command = next((one.get("command") for one in containers if one.get("name") == container), None)
    return any(str(word).startswith(_PRINT) for word in command or [])


class LogStart:
    """Takes the line out of a log again, and tells where it is missing."""

    def __init__(self) -> None:
        self.is_settled = False
        """Whether there is nothing more to look for."""
        self._seen = 0

    def take_out(self, lines: list[tuple[int | None, bytes]]) -> tuple[list[tuple[int | None, bytes]], str]:
        """Look through the next lines of the log.

        Returns:
            The lines that are the step's; and why others are missing, empty where none are.
        """
        for place, (_, message) in enumerate(lines):
            if message.rstrip(b"\r") == _MARK:
                self.is_settled = True
                return [*lines[:place], *lines[place + 1 :]], ""
        self._seen += len(lines)
        return lines, self.end() if self._seen > _MOST_AHEAD else ""

    def end(self) -> str:
        """No more lines are looked at: why lines are missing, empty where none are."""
        if self.is_settled:
            return ""
        self.is_settled = True
        return "the beginning of the container's log was rotated away before it could be read"
