"""Names the process that looks after a container or a pod, and tells whether it is gone: killed, or lost with its machine.

A process ID alone is not enough of a name: it is given again, inside of containers soon and often to the same program.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_DEAD = frozenset({"Z", "X"})
"""States of a process that has ended, and that its parent has not noticed yet."""
_STATE, _START = 0, 19
"""Places in ``/proc/PID/stat``, counted behind the program's name."""


def this_worker() -> str:
    """This process: ``host/process id``, and ``/time of its start`` where that can be had."""
    fields = _proc_stat(os.getpid())
    start = f"/{fields[_START]}" if fields else ""
    return f"{socket.gethostname()}/{os.getpid()}{start}"


def is_gone(worker: str) -> bool:
    """Whether a process is gone. Of other machines' processes nothing is known: they count as alive."""
    host, process, start = (*worker.split("/"), "", "")[:3]
    if host != socket.gethostname() or not process.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # it is there, and somebody else's
    fields = _proc_stat(int(process))
    return bool(fields) and (fields[_STATE] in _DEAD or (start != "" and fields[_START] != start))


def _proc_stat(process: int) -> list[str]:
    """What Linux tells of a process; empty where there is nothing to read."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
