"""How soon what has changed is on the screen: keys and live lines wait for Textual and Python, which look at throughput."""

from __future__ import annotations

import os
import sys
from typing import Final

from textual import screen

_GATHER_SECONDS: Final = 1 / 200
_SWITCH_SECONDS: Final = 0.001


def draw_soon() -> None:
    """Gather changes for less time than a 60th of a second. What the user's ``TEXTUAL_FPS`` says goes before."""
    if "TEXTUAL_FPS" not in os.environ:
        vars(screen)["UPDATE_PERIOD"] = _GATHER_SECONDS


def write_soon() -> None:
    """Let other threads in more often: a thread writes to the terminal, for which it would wait 5 ms where work goes on."""
    sys.setswitchinterval(_SWITCH_SECONDS)
