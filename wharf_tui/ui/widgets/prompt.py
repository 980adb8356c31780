"""The last row while one types: what to look for, or a command. What is wrong with it is said beside it.

It lies over the key hints, so that nothing moves when it opens, and so that it opens at once: to make room for it is to draw
the whole screen. The keys that matter while one types stand in it.

Whoever opens it is told at once of all that is typed, without messages in between: the next key may be there already,
and it is for the log when Enter has closed the prompt.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.style import Style
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from wharf_tui.ui.keymap import shown_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult

    from wharf_tui.ui.control import PromptUser

_MOST_KEPT: Final = 100
"""Lines that can be called back, for each sign."""
_OPTION_KEYS: Final = {"regex": "ctrl+r", "scope": "ctrl+t"}
_OPTION: Final = "prompt_option"
"""What is written behind a word that can be clicked."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Prompt(Horizontal):
    """Hidden until it is opened. While it has the focus, printable keys are text and nothing else."""

    BINDING_GROUP_TITLE = "Typing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", priority=True, id="prompt.submit"),
        Binding("escape", "cancel", "Close", priority=True, key_display="esc", id="prompt.cancel"),
        Binding("tab", "complete(1)", "Complete", priority=True, show=False, id="prompt.complete"),
        Binding(
            "shift+tab", "complete(-1)", "Complete", priority=True, show=False, id="prompt.complete-back"
        ),
        Binding("up", "recall(-1)", "What was typed before", priority=True, show=False, id="prompt.up"),
        Binding("down", "recall(1)", "What was typed before", priority=True, show=False, id="prompt.down"),
        Binding(_OPTION_KEYS["regex"], "option('regex')", "Regex or text", priority=True, id="prompt.regex"),
        Binding(
            _OPTION_KEYS["scope"], "option('scope')", "This step or all", priority=True, id="prompt.scope"
        ),
    ]

    _sign = query_one("#prompt-sign", Static)
    _input = query_one(Input)
    _note = query_one("#prompt-note", Static)

    def __init__(self) -> None:
        super().__init__()
        self.sign = ""
        """What the prompt is for: ``/`` or ``:``."""
        self._user: PromptUser | None = None
        self._told = ""
        """The text that the user of the prompt knows."""
        self._words: tuple[str, ...] = ()
        self._fitting: list[str] = []
        """What is gone through while completing."""
        self._kept: dict[str, list[str]] = {}
        self._recalled = 0
        """How far back one has gone; 0 is what is being typed."""
        self._draft = ""

    def compose(self) -> ComposeResult:
        """Sign, text, note."""
        yield Static(id="prompt-sign", markup=False)
        yield Input(id="prompt-input", compact=True, select_on_focus=False)
        yield Static(id="prompt-note", markup=False)

    def on_mount(self) -> None:
        """Wait to be opened."""
        self.display = False

    @property
    def text(self) -> str:
        """What has been typed."""
        return self._input.value

    @property
    def note(self) -> str:
        """What is said beside the text."""
        return str(self._note.content)

    def open(
        self, user: PromptUser, sign: str, placeholder: str, text: str = "", words: Sequence[str] = ()
    ) -> None:
        """Show the prompt and take the keys.

        Args:
            user: who is told what is typed.
            sign: what stands before the text.
            placeholder: shown while there is no text.
            text: to begin with; all of it is selected.
            words: to complete from.
        """
        self._user = user
        self._words, self._fitting = tuple(words), []
        self._recalled = 0
        self._input.suggester = SuggestFromList(words) if words else None
        self.sign = sign
        self._sign.update(Content.styled(sign, "bold $primary"))
        self._input.placeholder = placeholder
        self._told = self._input.value = text
        self._input.select_all()
        self.say("")
        self.display = True
        self.screen.set_focus(self._input)  # at once, unlike focus(): the next key is text already

    def close(self) -> None:
        """Hide the prompt; the caller puts the focus where it belongs."""
        self.display = False
        self._user = None

    def say(self, note: str, style: str = "$muted", options: Mapping[str, str] = _NONE) -> None:
        """Say something beside the text.

        Args:
            note: what to say.
            style: how it looks.
            options: how they stand, by their names; the keys that turn them are said, too.
        """
        parts = [Content.styled(note, style)] if note else []
        for option, state in options.items():
            key = Content.styled(self.option_key(option), "bold $primary")
            turns = Style.from_meta({_OPTION: option})
            parts.append(Content.assemble(key, (f" {state}", "$muted")).stylize(turns))
        content = Content("  ").join(parts)
        if content != self._note.content:
            is_other_width = content.cell_length != Content(self.note).cell_length
            self._note.update(content, layout=is_other_width)

    def option_key(self, option: str) -> str:
        """The key that turns an option, as one reads it."""
        return shown_key(self.app, f"prompt.{option}", _OPTION_KEYS[option])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A command has no options."""
        del parameters
        return action != "option" or self.sign in {"/", "&"}

    def on_click(self, event: events.Click) -> None:
        """Turn the option that was clicked."""
        option = event.style.meta.get(_OPTION)
        if option is not None:
            self.action_option(option)

    async def action_submit(self) -> None:
        """Take what was typed."""
        user, text = self._user, self.text
        if user is None:
            return
        self._keep(text)
        self._tell()
        taking = user.prompt_submitted(text)
        if taking is not None:
            await taking

    def action_cancel(self) -> None:
        """Close without effect."""
        if self._user is not None:
            self._user.prompt_cancelled()

    def action_option(self, option: str) -> None:
        """Turn an option."""
        self._tell()
        if self._user is not None:
            self._user.prompt_option(option)

    def action_complete(self, direction: int) -> None:
        """Complete as far as it is clear; again, go through all that fits."""
        text = self.text
        if text in self._fitting:
            at = self._fitting.index(text) + direction
            self._put(self._fitting[at % len(self._fitting)])
            return
        fitting = [word for word in self._words if word.startswith(text)]
        if not fitting:
            return
        common = _common_start(fitting)
        if len(common) > len(text) or len(fitting) == 1:
            self._put(common)
            return
        self._fitting = fitting
        self._put(fitting[0 if direction > 0 else -1])

    def action_recall(self, direction: int) -> None:
        """Back (-1) to what was typed before behind this sign, or on (1) to what was being typed."""
        kept = self._kept.get(self.sign, [])
        if not self._recalled:
            self._draft = self.text
        self._recalled = min(max(self._recalled - direction, 0), len(kept))
        self._put(kept[-self._recalled] if self._recalled else self._draft)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell it; several changes may have come together."""
        event.stop()
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """It has been taken already."""
        event.stop()

    def _put(self, text: str) -> None:
        self._input.value = text
        self._input.cursor_position = len(text)

    def _tell(self) -> None:
        text = self.text
        if text != self._told and self._user is not None:
            self._told = text
            self._user.prompt_changed(text)

    def _keep(self, text: str) -> None:
        if text.strip():
            kept = self._kept.setdefault(self.sign, [])
            if text in kept:
                kept.remove(text)
            kept.append(text)
            del kept[:-_MOST_KEPT]


def _common_start(words: list[str]) -> str:
    """What all words begin with; the first and the last in order differ most."""
    first, last = min(words), max(words)
    same = next(
        (index for index, letter in enumerate(first) if last[index : index + 1] != letter), len(first)
    )
    return first[:same]
