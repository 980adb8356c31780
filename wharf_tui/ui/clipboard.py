"""The ways to a clipboard: the code that asks the terminal (OSC 52), and the programs that a desktop has for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 74_994
"""What every terminal takes that takes any: 100,000 characters of base64 with the code around them."""
MOST_TOOL_BYTES: Final = 16 * 1024 * 1024
"""What is handed to a program; more belongs into a file."""
TOOL_SECONDS: Final = 3.0
_SCREEN_PIECE: Final = 250
"""Characters that screen lets through at once."""


def clipboard_code(data: bytes, environment: Mapping[str, str] = os.environ) -> str:
    """The code for some bytes, at most ``MOST_BYTES``, in the wrapping that tmux and screen want."""
    code = f"\x1b]52;c;{b64encode(data).decode()}\x07"
    if "TMUX" in environment:
        return "\x1bPtmux;{}\x1b\\".format(code.replace("\x1b", "\x1b\x1b"))
    if environment.get("TERM", "").startswith("screen"):
        pieces = [code[start : start + _SCREEN_PIECE] for start in range(0, len(code), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return code


def route(environment: Mapping[str, str] = os.environ) -> str:
    """Which way the code takes, in words: nobody can know whether it arrives."""
    if "TMUX" in environment:
        return "the terminal's clipboard code, through tmux (it needs `allow-passthrough on`)"
    if environment.get("TERM", "").startswith("screen"):
        return "the terminal's clipboard code, through screen"
    return "the terminal's clipboard code (OSC 52)"


@dataclass(frozen=True, slots=True)
class ClipboardTool:
    """A program that takes what is on its standard input."""

    command: tuple[str, ...]
    is_tmux: bool = False
    """It fills tmux's own buffer, and tmux asks the terminal."""
    takes_utf16: bool = False

    @property
    def name(self) -> str:
        """For people."""
        return "tmux" if self.is_tmux else self.command[0]

    def claim(self, what: str) -> str:
        """What can be said once it has ended well."""
        if self.is_tmux:
            return f"tmux took {what} (prefix ] pastes), and offers it to the terminal."
        return f"{self.name} took {what}."


def clipboard_tool(
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    find: Callable[[str], str | None] = shutil.which,
) -> ClipboardTool | None:
    """The program for the clipboard of the person who sits here; None where there is none, or where nobody does.

    Over ssh the programs of this machine would fill the clipboard of this machine, which the person does not see.
    """
    for tool in _candidates(environment, platform):
        if find(tool.command[0]):
            return tool
    return None


def _candidates(environment: Mapping[str, str], platform: str) -> list[ClipboardTool]:
    found: list[ClipboardTool] = []
    is_far = any(name in environment for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))
    if not is_far:
        if platform == "darwin":
            found.append(ClipboardTool(("pbcopy",)))
        if platform == "win32" or "WSL_DISTRO_NAME" in environment:
            found.append(ClipboardTool(("clip.exe",), takes_utf16=True))
        if environment.get("WAYLAND_DISPLAY"):
            found.append(ClipboardTool(("wl-copy", "--type", "text/plain")))
        if environment.get("DISPLAY"):
            found.append(ClipboardTool(("xclip", "-selection", "clipboard", "-in")))
            found.append(ClipboardTool(("xsel", "--clipboard", "--input")))
    if environment.get("TMUX"):
        found.append(ClipboardTool(("tmux", "load-buffer", "-w", "-"), is_tmux=True))
    return found


def hand_to(tool: ClipboardTool, data: bytes, seconds: float = TOOL_SECONDS) -> str:
    """Give some bytes to a program, and wait for its end; what went wrong, empty where nothing did.

    The programs of X and Wayland go on in the background, to serve what they took: nothing of ours is left open to them.
    """
    if tool.takes_utf16:
        data = data.decode("utf-8", "replace").encode("utf-16-le")
    try:
        done = subprocess.run(
            tool.command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return f"{tool.name} did not end within {seconds:g} s"
    except OSError as error:
        return f"{tool.name} cannot be run: {error.strerror or error}"
    return f"{tool.name} ended with exit code {done.returncode}" if done.returncode else ""
