"""A place from which builds can be taken: they are listed there, and one is brought here only when somebody opens it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from wharf_tui.results.catalogue import BuildSummary


class Shelf(ABC):
    """Builds that lie elsewhere. Calls block, and may come from any thread."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The place, for people."""

    @abstractmethod
    def list_builds(self) -> list[BuildSummary]:
        """All builds, newest first. A summary's path is where the build goes when it is fetched.

        Raises:
            WharfError: the place cannot be asked.
        """

    @abstractmethod
    def fetch(self, build: BuildSummary) -> Path:
        """Bring a build here, as it stands now, and return its folder.

        Raises:
            WharfError: it does not come.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the place; a call that is under way fails soon. May be called twice."""
