"""One question with two answers, for what cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ConfirmScreen(ModalScreen[bool], inherit_bindings=False):
    """Ends with True where the user says yes.

    Args:
        question: what is asked.
        consequence: what yes will do.
    """

    BINDING_GROUP_TITLE = "Question"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", key_display="y", id="confirm.yes"),
        Binding("n,q,escape", "answer(False)", "No", key_display="n", id="confirm.no"),
    ]

    def __init__(self, question: str, consequence: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        """Question, consequence, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._question, "bold"))
            yield Static(Content.styled(self._consequence, "$muted"))
            yield Static(
                Content.assemble(("y", "bold $primary"), " yes    ", ("n", "bold $primary"), " no"),
                classes="answers",
            )

    def action_answer(self, answer: bool) -> None:
        """Give the answer."""
        self.dismiss(answer)
