"""What a build's screen can do by name, and what is typed for it: commands, their controls, and the prompt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from textual.getters import query_one

from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.build_commands import COMMANDS, CONTROLS
from wharf_tui.ui.control import Control
from wharf_tui.ui.screens.live import LiveScreen
from wharf_tui.ui.way_back import Trail
from wharf_tui.ui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wharf_tui.ui.commands import Command
    from wharf_tui.ui.control import PromptUser
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.rows import Address
    from wharf_tui.ui.screens.build import BuildScreen

_FAIR_TURN: Final = 8
_BACKGROUND_SECONDS: Final = 0.1
"""How long background work rests while keys come, one slice after the other."""

AnyControl = TypeVar("AnyControl", bound=Control)


class CommandedScreen(LiveScreen, inherit_bindings=False):
    """The part of a build's screen that commands go through.

    Args:
        feed: what is looked at; closed with the screen.
        clock: nanoseconds since the epoch, for everything that is shown.
    """

    prompt = query_one(Prompt)

    def __init__(self, feed: Feed, clock: Callable[[], int]) -> None:
        super().__init__(feed, clock)
        self.at: Address | None = None
        """The line that was asked for."""
        self.trail = Trail()
        """Where it is noted what is looked at."""
        self._controls = {kind: kind(self._build_screen) for kind in CONTROLS}
        self._turn = 0
        """Whose turn it is to work."""
        self._background_worked = 0.0

    @property
    def _build_screen(self) -> BuildScreen:
        """This very screen, as its controls know it."""
        raise NotImplementedError

    def back_to_log(self) -> None:
        """Let the keys go to the log again."""
        raise NotImplementedError

    @property
    def controls(self) -> tuple[Control, ...]:
        """All concerns, in the order of their turns."""
        return tuple(self._controls.values())

    def give_turn(self) -> bool:
        """Let one control work that has work to do, another one each time: none waits for the end of another's.

        What somebody waits for comes first, but for one turn in eight.
        """
        self._turn += 1
        first = self._turn % len(self.controls)
        order = [*self.controls[first:], *self.controls[:first]]
        now = time.monotonic()
        rests = self.hands_are_busy and now - self._background_worked < _BACKGROUND_SECONDS
        if self._turn % _FAIR_TURN:
            order.sort(key=lambda control: not control.is_waited_for)
        for control in order:
            if (rests and control.is_background) or not control.work():
                continue
            if control.is_background:
                self._background_worked = now
            return True
        return False

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that can be done here by name."""
        return COMMANDS

    def command_named(self, name: str) -> Command | None:
        """The command with a name, if there is one."""
        return next((command for command in COMMANDS if command.name == name), None)

    def control(self, kind: type[AnyControl]) -> AnyControl:
        """The screen's one control of a kind."""
        control = self._controls[kind]
        assert isinstance(control, kind)
        return control

    async def execute(self, command: Command, argument: str = "") -> None:
        """Do something; what goes wrong is said."""
        try:
            running = command.run(self._build_screen, argument)
            if running is not None:
                await running
        except WharfError as error:
            text = f"{error.message}. {error.hint}" if error.hint else error.message
            self.notify(clean_plain(text), severity="error", markup=False)
        except OSError as error:
            self.notify(clean_plain(str(error)), severity="error", markup=False)

    async def action_command(self, name: str) -> None:
        """Do what a key stands for."""
        command = self.command_named(name)
        if command is not None:
            await self.execute(command)

    def ask(
        self, user: PromptUser, sign: str, placeholder: str, text: str = "", words: Sequence[str] = ()
    ) -> None:
        """Open the prompt.

        Args:
            user: who is told what is typed.
            sign: what stands before it.
            placeholder: shown while nothing is typed.
            text: to begin with.
            words: to complete from.
        """
        self.prompt.open(user, sign, placeholder, text, words)

    def prompt_done(self) -> None:
        """Close the prompt, and go back to the log."""
        self.prompt.close()
        self.back_to_log()
        self.update_view()
