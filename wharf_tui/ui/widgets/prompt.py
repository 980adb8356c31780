"""One row at the bottom in which one types: what to look for, or a command. What is wrong with it is said beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class Prompt(Horizontal):
    """Hidden until it is opened. While it has the focus, printable keys are text and nothing else."""

    BINDING_GROUP_TITLE = "Typing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Close", key_display="esc", id="prompt.cancel"),
        Binding("ctrl+r", "option('regex')", "Regex or text", id="prompt.regex"),
        Binding("ctrl+t", "option('scope')", "This step or all", id="prompt.scope"),
    ]

    _sign = query_one("#prompt-sign", Static)
    _input = query_one(Input)
    _note = query_one("#prompt-note", Static)

    class Changed(Message):
        """The text is another one now."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign, self.text = sign, text

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign, self.text = sign, text

    class Cancelled(Message):
        """Escape was pressed."""

        def __init__(self, sign: str) -> None:
            super().__init__()
            self.sign = sign

    class OptionToggled(Message):
        """``regex`` or ``scope`` is to be the other way."""

        def __init__(self, sign: str, option: str) -> None:
            super().__init__()
            self.sign, self.option = sign, option

    def __init__(self) -> None:
        super().__init__()
        self.sign = ""
        """What the prompt is for: ``/`` or ``:``."""

    def compose(self) -> ComposeResult:
        """Sign, text, note."""
        yield Static(id="prompt-sign", markup=False)
        yield Input(id="prompt-input", compact=True)
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

    def open(self, sign: str, placeholder: str, text: str = "", words: Sequence[str] = ()) -> None:
        """Show the prompt and take the keys.

        Args:
            sign: what stands before the text.
            placeholder: shown while there is no text.
            text: to begin with; all of it is selected.
            words: to complete from.
        """
        self._input.suggester = SuggestFromList(words) if words else None
        self.sign = sign
        self._sign.update(Content.styled(sign, "bold $primary"))
        self._input.placeholder = placeholder
        with self._input.prevent(Input.Changed):
            self._input.value = text
        self._input.select_all()
        self.say("")
        self.display = True
        self.screen.set_focus(self._input)  # at once, unlike focus(): the next key is text already

    def close(self) -> None:
        """Hide the prompt; the caller puts the focus where it belongs."""
        self.display = False

    def say(self, note: str, style: str = "$muted") -> None:
        """Say something beside the text."""
        self._note.update(Content.styled(note, style))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A command has no options."""
        del parameters
        return action != "option" or self.sign in {"/", "&", "&!"}

    def action_cancel(self) -> None:
        """Close without effect."""
        self.post_message(self.Cancelled(self.sign))

    def action_option(self, option: str) -> None:
        """Turn an option."""
        self.post_message(self.OptionToggled(self.sign, option))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass it on."""
        event.stop()
        self.post_message(self.Changed(self.sign, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Pass it on."""
        event.stop()
        self.post_message(self.Submitted(self.sign, event.value))
