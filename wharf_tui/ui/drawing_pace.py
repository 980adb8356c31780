"""How soon what has changed is drawn: Textual gathers changes for a 60th of a second, which keys and live lines wait for."""

from __future__ import annotations

import os
from typing import Final

from textual import screen

_GATHER_SECONDS: Final = 1 / 120


def draw_soon() -> None:
    """Gather changes for less time. What the user's ``TEXTUAL_FPS`` says goes before."""
    if "TEXTUAL_FPS" not in os.environ:
        vars(screen)["UPDATE_PERIOD"] = _GATHER_SECONDS
