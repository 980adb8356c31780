"""Leaves out what a container printed before the time from which it is wanted, where its log is taken from further back."""

from __future__ import annotations

from collections.abc import Iterable

from wharf_tui.model.status import Status
from wharf_tui.runtimes.port import StepRecorder


class LateRecorder:
    """Passes on everything from the first line of a time on; what follows it is wanted, whatever its time.

    Args:
        recorder: where to.
        since_ns: the time.
    """

    def __init__(self, recorder: StepRecorder, since_ns: int) -> None:
        self._recorder = recorder
        self._since_ns = since_ns
        self._has_begun = False

    def output(self, at_ns: int, data: bytes) -> None:
        """Raw output of one ordered stream, cut anywhere."""
        if self._has_begun or at_ns >= self._since_ns:
            self._has_begun = True
            self._recorder.output(at_ns, data)

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        """Whole lines with their times, in order."""
        wanted = list(lines)
        if not self._has_begun:
            times = (at_ns for at_ns, _ in wanted)
            first = next(
                (i for i, at in enumerate(times) if at is not None and at >= self._since_ns), len(wanted)
            )
            wanted = wanted[first:]
            self._has_begun = bool(wanted)
        if wanted:
            self._recorder.lines(wanted)

    def end_line(self) -> None:
        """End a line that came without LF."""
        if self._has_begun:
            self._recorder.end_line()

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        """Lines were lost here. Before the first wanted one that matters only where it may have been among them."""
        if self._has_begun or to_ns is None or to_ns > self._since_ns:
            self._recorder.lost(reason, from_ns, to_ns)

    def status(self, status: Status, reason: str = "") -> None:
        """The step came to a state that is not its end."""
        self._recorder.status(status, reason)
