"""Opens a shell in the container of the step one is at; the viewer comes back when it has ended."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.foreground import run_in_foreground
from wharf_tui.ui.opening import Opener

if TYPE_CHECKING:
    from wharf_tui.model.build import StepInfo
    from wharf_tui.runtimes.step_shell import StepShell
    from wharf_tui.ui.screens.build import BuildScreen


class ShellControl(Control):
    """The shell of one screen.

    Args:
        screen: whose steps are entered.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._executor: ThreadPoolExecutor | None = None

    def enter(self) -> None:
        """Come into the container of the step that is shown.

        Raises:
            UsageError: there is no step.
        """
        screen = self.screen
        here = screen.here
        step = screen.step_state(here.step_id if here is not None else screen.pane.step_id)
        if step is None:
            raise UsageError("there is no step here")
        screen.notify(f"Looking for the container of {step.info.address}…", markup=False)
        screen.run_worker(self._enter(step.info), group="shell", exclusive=True)

    def close(self) -> None:
        """Let go of the thread."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def _enter(self, step: StepInfo) -> None:
        """Whatever copies or builds beside the viewer goes on meanwhile; nothing is drawn."""
        screen, loop = self.screen, asyncio.get_running_loop()
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shell")
        executor, app = self._executor, screen.app
        assert isinstance(app, Opener)
        name = PurePath(screen.feed.place).name
        problem = ""
        try:
            shell = await loop.run_in_executor(
                executor, app.doors.shell, screen.feed.info.runtime, name, step
            )
            with app.batch_update(), app.suspend():
                problem = await loop.run_in_executor(executor, _run, shell)
        except SuspendNotSupported:
            problem = "this terminal cannot be lent to a shell"
        except WharfError as error:
            problem = " ".join(filter(None, (f"{error.message}.", error.hint)))
        if problem:
            screen.notify(clean_plain(problem), severity="error", markup=False)


def _run(shell: StepShell) -> str:
    print(clean_plain(f"A shell in {shell.note}; `exit` comes back to the viewer."))
    try:
        problem = run_in_foreground(shell.command)
    finally:
        shell.close()
    # What a shell ends with is what its last command ended with: nothing that went wrong here.
    return "" if "exit code" in problem else problem


COMMANDS = (
    Command(
        "shell", "A shell in the step's container", lambda screen, _: screen.control(ShellControl).enter()
    ),
)
