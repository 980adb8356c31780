"""One build on its way into a sink: what one turn does, and what is said at the end. Everything here blocks.

A turn reads a bounded piece of the build's folder, commits it, and learns from the sink how far it has come. It leaves
things so that a turn that failed can simply be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wharf_tui.aggregator.sinks.port import (
    Batch,
    BuildState,
    Conclusion,
    Conflict,
    Refusal,
    Registered,
    Sink,
)
from wharf_tui.aggregator.tail import BATCH_BYTES, BuildTail
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId


@dataclass(frozen=True, slots=True)
class SourceEnd:
    """Nothing more will come of a build."""

    problem: str = ""
    """Why it cannot be said that this is all of it; empty where its source ended it cleanly."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did."""

    lines: int
    """Lines that are new in the sink."""
    behind: int
    """Lines that are here and not in the sink."""
    goes_on: bool
    """Whether there was anything to do."""
    conflict: Conflict | None = None
    refusal: Refusal | None = None


class Transfer:
    """Copies one build.

    Args:
        tail: what there is to be copied.
        uid: the build's name in the sink.
        batch_bytes: how much is committed at once.
    """

    def __init__(self, tail: BuildTail, uid: str, batch_bytes: int = BATCH_BYTES) -> None:
        self.tail = tail
        self.uid = uid
        self.lines = 0
        """Lines that this has brought into the sink."""
        self.bytes_settled = 0
        """Bytes of the folder's logs that the sink has answered for."""
        self._batch_bytes = batch_bytes
        self._registered: Registered | None = None
        self._compare_to: Mapping[StepId, int] = {}
        self._epoch = self._epoch_told = ""

    @property
    def is_disputed(self) -> bool:
        """Whether a line came with another text than the one that is stored."""
        return self._registered is not None and self._registered.state is BuildState.DISPUTED

    def turn(self, sink: Sink) -> Turn:
        """Copy the next piece.

        Raises:
            InputError: the folder cannot be read, or the sink cannot take this build.
            WharfError: the sink failed; the same turn can be made again.
        """
        self.tail.refresh()
        registered = self._begun(sink)
        if registered.state is BuildState.DISPUTED or self._has_all(registered):
            return Turn(0, 0, goes_on=False)
        if self._compare_to and self.tail.is_past(self._compare_to):
            self._compare_to, self._epoch = {}, self.tail.header.info.epoch
        batch = self.tail.next_batch(registered.build, self._epoch, self._batch_bytes)
        if batch is None and self._epoch != self._epoch_told:
            batch = Batch(registered.build, self.tail.header, self._epoch)
        if batch is None:
            return Turn(0, 0, goes_on=False)
        try:
            committed = sink.commit(batch)
        except WharfError:
            self.tail.take_back()
            raise
        self.tail.settle(committed.copied_to)
        self._epoch_told = batch.epoch
        self.lines += committed.new_lines
        self.bytes_settled = self.tail.bytes_handed_on
        if committed.conflict is not None or committed.is_disputed:
            self._registered = replace(registered, state=BuildState.DISPUTED)
        return Turn(
            committed.new_lines,
            self.tail.lines_behind,
            goes_on=True,
            conflict=committed.conflict,
            refusal=committed.refusal,
        )

    def conclude(self, sink: Sink, end: SourceEnd) -> tuple[BuildState, str]:
        """Mark the build's end in the sink, and return how it ended there, and why it is not complete.

        Raises:
            WharfError: the sink failed; this can be called again.
        """
        registered = self._begun(sink)
        if registered.state is BuildState.DISPUTED:
            return BuildState.DISPUTED, "a line came with another text than the one that is stored"
        if self._has_all(registered):
            return BuildState.COMPLETE, ""
        problems = [*self._what_is_missing(), *([end.problem] if end.problem else [])]
        header = self.tail.last_header
        conclusion = Conclusion(
            build=registered.build,
            header=header,
            state=BuildState.INCOMPLETE if problems else BuildState.COMPLETE,
            what_is_missing="; ".join(problems),
            last_log_ids=self._last_log_ids(),
        )
        problems += sink.conclude(conclusion)
        return (BuildState.INCOMPLETE, "; ".join(problems)) if problems else (BuildState.COMPLETE, "")

    def _begun(self, sink: Sink) -> Registered:
        """Make the build known at the first call. What is there under another epoch is compared before it is trusted."""
        if self._registered is None:
            header = self.tail.header
            registered = sink.begin(self.uid, header)
            is_trusted = registered.epoch == header.info.epoch
            self._compare_to = {} if is_trusted else registered.copied_to
            self._epoch = self._epoch_told = registered.epoch
            self.tail.begin(registered.copied_to if is_trusted else {})
            self._registered = registered
        return self._registered

    def _has_all(self, registered: Registered) -> bool:
        """Whether the sink had all of it, and said so, before we came."""
        return (
            registered.state is BuildState.COMPLETE
            and not self._compare_to
            and self.tail.reader.liveness is Liveness.FROZEN
            and all(
                registered.copied_to.get(step_id, 0) == last
                for step_id, last in self.tail.last_log_ids.items()
            )
        )

    def _what_is_missing(self) -> list[str]:
        """What the build's own folder lacks, a sentence each."""
        reader = self.tail.reader
        found = []
        for step in reader.info.steps:
            log = reader.log(step.info.step_id)
            found += [f"{step.info.address}: {gap.describe()}" for gap in log.gaps]
            if step.last_log_id is not None and log.last_log_id < step.last_log_id:
                found.append(
                    f"{step.info.address}: lines {log.last_log_id + 1}-{step.last_log_id} missing: the log was cut"
                )
        if reader.liveness in {Liveness.UNFINISHED, Liveness.RUNNING}:
            found.append("its worker never ended it")
        elif reader.liveness is Liveness.UNKNOWN and not all(
            step.status.is_final for step in reader.info.steps
        ):
            found.append("a step has not ended, and the files do not tell whether it still runs")
        return found

    def _last_log_ids(self) -> dict[StepId, int] | None:
        if self.tail.reader.liveness is not Liveness.FROZEN:
            return None
        return self.tail.last_log_ids
