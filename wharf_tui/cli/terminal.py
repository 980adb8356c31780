"""Whether there is a person: keys come from a terminal, and what is shown goes to one."""

from __future__ import annotations

import os
import sys


def is_interactive() -> bool:
    """Whether the viewer can run: it reads standard input, and draws on standard error."""
    return os.isatty(0) and sys.stdout.isatty() and sys.stderr.isatty()
