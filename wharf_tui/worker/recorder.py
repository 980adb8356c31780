"""What a runtime learns of a step goes through here into the store."""

from __future__ import annotations

from collections.abc import Iterable

from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter


class StoreRecorder:
    """The recorder of one step. The log is made at its first line, as wharf-cmd does."""

    def __init__(self, store: BuildWriter, step_id: StepId) -> None:
        self._store = store
        self._step_id = step_id

    def output(self, at_ns: int, data: bytes) -> None:
        """Raw output of one ordered stream, cut anywhere."""
        self._store.log(self._step_id).append_output(at_ns, data)

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        """Whole lines with their times, in order."""
        self._store.log(self._step_id).append_many(lines)

    def end_line(self) -> None:
        """End a line that came without LF."""
        self._store.log(self._step_id).end_line()

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        """Lines were lost here before they reached us."""
        self._store.log(self._step_id).add_gap(GapKind.LOST_BEFORE_US, reason, from_ns=from_ns, to_ns=to_ns)

    def status(self, status: Status, reason: str = "") -> None:
        """The step came to a state that is not its end, or waits in it."""
        self._store.set_status(self._step_id, status, reason)
