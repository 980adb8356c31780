"""Names the process that looks after a pod, and tells whether it is gone: killed, or lost with its machine."""

from __future__ import annotations

import os
import socket


def this_worker() -> str:
    """This process: ``host/process id``."""
    return f"{socket.gethostname()}/{os.getpid()}"


def is_gone(worker: str) -> bool:
    """Whether a process is gone. Of other machines' processes nothing is known: they count as alive."""
    host, _, process = worker.rpartition("/")
    if host != socket.gethostname() or not process.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
