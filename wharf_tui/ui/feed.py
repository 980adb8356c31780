"""Where a build screen gets its build from: a stored one here, one that is mirrored from a worker elsewhere.

A feed is asked, it never pushes: the screen looks again on its own clock, so that no amount of output can
flood it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wharf_tui.model.build import BuildInfo, Liveness
from wharf_tui.model.text import clean_plain
from wharf_tui.results.layout import default_builds_dir
from wharf_tui.ui import words
from wharf_tui.ui.safe_info import safe_build

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.model.status import Status, StatusEvent
    from wharf_tui.results.build_reader import BuildReader
    from wharf_tui.results.log_reader import LogReader


class Feed(Protocol):
    """A build that may still grow. Between two calls of ``refresh`` everything stays as it is.

    Every text that it gives is safe to show; the messages of log lines are not.
    """

    @property
    def info(self) -> BuildInfo:
        """The build and its steps."""
        ...

    @property
    def status(self) -> Status:
        """State of the whole build."""
        ...

    @property
    def liveness(self) -> Liveness:
        """Whether more can come."""
        ...

    @property
    def place(self) -> str:
        """The folder or address that the build is read from."""
        ...

    @property
    def again(self) -> tuple[str, ...]:
        """What to type behind ``wharf-tui`` to see this build again; nothing where that cannot be."""
        ...

    @property
    def reader(self) -> BuildReader:
        """The files of it that are here."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be read as it should be, a sentence each."""
        ...

    def refresh(self) -> bool:
        """Look at the steps' states again; whether anything is different."""
        ...

    def log(self, step_id: StepId) -> LogReader:
        """A step's log; whoever shows it refreshes it."""
        ...

    def events(self, step_id: StepId) -> tuple[StatusEvent, ...]:
        """How the step's state has changed, in order."""
        ...

    def close(self) -> None:
        """Let go of all files and connections."""
        ...


class StoreFeed:
    """A build on this machine's disk, ended or being written by another process or task.

    Args:
        reader: its files; closed with the feed.
        again: as ``Feed.again``; None works it out from where the build lies.
    """

    def __init__(self, reader: BuildReader, again: tuple[str, ...] | None = None) -> None:
        self._reader = reader
        self._again = ("open", target_of(reader.path)) if again is None else again
        self._info = safe_build(reader.info)

    @property
    def info(self) -> BuildInfo:
        """The build and its steps."""
        return self._info

    @property
    def status(self) -> Status:
        """State of the whole build."""
        return self._reader.status

    @property
    def liveness(self) -> Liveness:
        """Whether more can come."""
        return self._reader.liveness

    @property
    def place(self) -> str:
        """The build's folder."""
        return words.place(self._reader.path)

    @property
    def again(self) -> tuple[str, ...]:
        """As ``Feed.again``."""
        return self._again

    @property
    def reader(self) -> BuildReader:
        """As ``Feed.reader``."""
        return self._reader

    @property
    def problems(self) -> tuple[str, ...]:
        """Files that cannot be read as they should be."""
        return tuple(map(clean_plain, self._reader.problems))

    def refresh(self) -> bool:
        """Look at the folder again; a frozen build is not looked at any more."""
        if self._reader.liveness is Liveness.FROZEN:
            return False
        changed = self._reader.refresh()
        if changed:
            self._info = safe_build(self._reader.info)
        return changed

    def log(self, step_id: StepId) -> LogReader:
        """A step's log."""
        return self._reader.log(step_id)

    def events(self, step_id: StepId) -> tuple[StatusEvent, ...]:
        """How the step's state has changed, in order."""
        return self._reader.statuses(step_id)

    def close(self) -> None:
        """Close the build's files."""
        self._reader.close()


def target_of(path: Path) -> str:
    """What to type for a build's folder: its name where that is enough, else its path."""
    return path.name if path.parent == default_builds_dir() else str(path.absolute())
