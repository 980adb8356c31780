"""What the viewer may do to a build that runs beside it in a thread of its own: watch it, and cancel it."""

from __future__ import annotations

from typing import Protocol


class BuildController(Protocol):
    """The embedded build, as the viewer sees it."""

    @property
    def running(self) -> bool:
        """Whether steps may still run."""
        ...

    @property
    def failure(self) -> str:
        """Why the build could not go on, where no step failed; empty where nothing is wrong."""
        ...

    def cancel(self) -> None:
        """Ask the build to end: steps may tidy up after the first call, a second one ends them at once."""
        ...
