"""Ctrl-C, and being asked to end: what the process does with them while an event loop runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def on_stop_signals(call: Callable[[str], None]) -> Iterator[None]:
    """Call back with the signal's name for SIGINT, SIGTERM and SIGHUP, where the system has them."""
    loop = asyncio.get_running_loop()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    installed: list[signal.Signals] = []
    for name in names:
        number = signal.Signals[name]
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C stays a KeyboardInterrupt
            loop.add_signal_handler(number, call, name)
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
