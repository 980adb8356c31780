"""Runs another program in our terminal, and waits for its end without stopping the event loop beside it.

The program gets a process group of its own, so that ctrl-c there does not cancel the build here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

_KEYBOARD = 0
"""Standard input: where the viewer reads its keys from."""


def run_in_foreground(command: Sequence[str]) -> str:
    """Run a program to its end; what went wrong, empty where nothing did. To be called in a thread.

    Args:
        command: the program and its arguments.
    """
    try:
        if sys.platform == "win32" or not os.isatty(_KEYBOARD):
            code = subprocess.run(command, check=False).returncode
        else:
            code = _run_in_own_group(command)
    except OSError as error:
        return f"{command[0]} cannot be run: {error.strerror or error}"
    return f"{command[0]} ended with exit code {code}" if code else ""


if sys.platform != "win32":

    def _run_in_own_group(command: Sequence[str]) -> int:
        ours = os.tcgetpgrp(_KEYBOARD)
        program = subprocess.Popen(command, process_group=0)
        # Who gives the terminal away is in the background from then on, and must not be stopped for taking it back.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            while True:
                _give_terminal_to(program.pid)
                _, status = os.waitpid(program.pid, os.WUNTRACED)
                if not os.WIFSTOPPED(
                    status
                ):  # who stops it with ctrl-z finds it going on: no shell could wake it
                    program.returncode = os.waitstatus_to_exitcode(status)
                    return program.returncode
        finally:
            os.tcsetpgrp(_KEYBOARD, ours)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _give_terminal_to(group: int) -> None:
        try:
            os.tcsetpgrp(_KEYBOARD, group)
            os.killpg(
                group, signal.SIGCONT
            )  # it may have been stopped for reading before the terminal was its own
        except (ProcessLookupError, PermissionError):
            return  # it has ended already
