"""A terminal that goes away (a closed window, a lost ssh) must end the viewer, and must not hold the build beside it.

Textual's driver writes through a thread with a bounded queue. When the terminal is gone that thread dies of its first
error, the queue fills, and the event loop waits for it for ever. Here such errors are taken as the hang-up that they are.
Who has no hang-up signal (a session of its own, ``nohup``) must find out by looking.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any, Final, cast

from textual.driver import Driver

from wharf_tui.ui.terminal_keys import read_keys, shorten_escape_delay

_LOOK_SECONDS: Final = 1.0
"""Between two looks whether the terminal is still there."""


class _TerminalFile:
    """The terminal's file; once writing has failed, everything goes nowhere."""

    def __init__(self, file: IO[str], on_gone: Callable[[], None]) -> None:
        self._file = file
        self._on_gone = on_gone
        self._gone = False

    def write(self, text: str) -> int:
        """Write, or find out that nobody is there."""
        if not self._gone:
            self._try(lambda: self._file.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, or find out that nobody is there."""
        if not self._gone:
            self._try(self._file.flush)

    def isatty(self) -> bool:
        """As the file says."""
        return self._file.isatty()

    def fileno(self) -> int:
        """As the file says."""
        return self._file.fileno()

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError:
            self._gone = True
            self._on_gone()


def hangup_safe(driver_class: type[Driver]) -> type[Driver]:
    """The same driver, which survives the end of its terminal and tells the app to leave."""

    class HangupSafeDriver(driver_class):  # type: ignore[valid-type, misc]  # the base is chosen by the platform
        def __init__(self, app: Any, **options: Any) -> None:
            super().__init__(app, **options)
            terminal: IO[str] = self._file  # type: ignore[has-type]  # Textual sets it without a type
            self._file = cast("IO[str]", _TerminalFile(terminal, lambda: app.call_later(app.exit)))
            shorten_escape_delay()
            self._had_keyboard = os.isatty(self.fileno)
            self._is_watched = False

        def start_application_mode(self) -> None:
            super().start_application_mode()
            if not self._is_watched:  # it starts again after each editor and shell
                self._is_watched = True
                self._app.set_interval(_LOOK_SECONDS, self._leave_if_gone)

        def run_input_thread(self) -> None:
            read_keys(self.fileno, self.exit_event, self.process_message)

        def _leave_if_gone(self) -> None:
            if self._had_keyboard and not os.isatty(self.fileno):
                self._app.exit()

    return HangupSafeDriver
