"""Opens the log of a step in the user's editor, at the line where one is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from wharf_tui.model.errors import UsageError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.editors import editor_command
from wharf_tui.ui.foreground import run_in_foreground
from wharf_tui.ui.merged_document import ALL_STEPS

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


class EditorControl(Control):
    """The editor of one screen.

    Args:
        screen: whose logs are opened.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._executor: ThreadPoolExecutor | None = None

    def edit(self) -> None:
        """Open the log there; the viewer comes back when the editor has ended.

        Raises:
            UsageError: no editor is set, or there is no log.
        """
        screen = self.screen
        here, shown = screen.here, screen.pane.step_id
        step_id = here.step_id if here is not None else shown
        if step_id is None or step_id == ALL_STEPS:
            raise UsageError("there is no log here to open")
        log = screen.feed.log(step_id)
        if not log.path.exists():
            raise UsageError(f"this step has no log yet: {log.path} does not exist")
        line = log.line_of(here.log_id) if here is not None else 1
        command = editor_command(log.path, line)
        screen.run_worker(self._run(command), group="editor", exclusive=True)

    def close(self) -> None:
        """Let go of the thread."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, command: list[str]) -> None:
        """Whatever copies or builds beside the viewer goes on meanwhile; nothing is drawn."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="editor")
        app = self.screen.app
        loop = asyncio.get_running_loop()
        try:
            with app.batch_update(), app.suspend():
                problem = await loop.run_in_executor(self._executor, run_in_foreground, command)
        except SuspendNotSupported:
            problem = "this terminal cannot be lent to an editor"
        if problem:
            self.screen.notify(clean_plain(problem), severity="error", markup=False)


COMMANDS = (
    Command(
        "edit",
        "Open in the editor",
        lambda screen, _: screen.control(EditorControl).edit(),
        "o",
    ),
)
