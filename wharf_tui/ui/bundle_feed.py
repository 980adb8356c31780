"""The feed of a build that came in a bundle: it is shown as it was, and nothing of that is kept elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wharf_tui.ui import words
from wharf_tui.ui.feed import StoreFeed
from wharf_tui.ui.view_state import ViewStates

if TYPE_CHECKING:
    from wharf_tui.results.bundle_reader import OpenedBundle


class BundledView(ViewStates):
    """How the build was looked at by whoever made the bundle.

    Args:
        view: as the bundle has it; may be damaged.
    """

    def __init__(self, view: dict[str, Any]) -> None:
        super().__init__(None)
        self._view = view

    def load(self, uid: str) -> dict[str, Any]:  # noqa: ARG002  a bundle has one build
        """As it was, or as it was left since."""
        return self._view

    def save(self, uid: str, state: dict[str, Any]) -> None:  # noqa: ARG002
        """For as long as the viewer is open: the bundle itself stays what it is."""
        self._view = state


class BundleFeed(StoreFeed):
    """A bundle that was unpacked; whoever opened it removes it.

    Args:
        opened: the bundle.
    """

    def __init__(self, opened: OpenedBundle) -> None:
        super().__init__(opened.reader, ("open", str(opened.path.absolute())))
        self._opened = opened
        self.views = BundledView(opened.view)
        """For the screen that shows it."""

    @property
    def place(self) -> str:
        """The bundle."""
        return words.place(self._opened.path.absolute())
