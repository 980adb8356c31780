"""Looks into runs of lines: the slow path, for lines that must be compared or that a database refuses."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import NamedTuple

from wharf_tui.aggregator.rows import stamped_lines
from wharf_tui.aggregator.sinks.port import Run


class RunLine(NamedTuple):
    """One line; two are the same when all of it is equal."""

    log_id: int
    at_ns: int | None
    message: bytes


def lines_of(run: Run) -> Iterator[RunLine]:
    """The run's lines."""
    for log_id, (at_ns, message) in enumerate(stamped_lines(run.data), run.first_log_id):
        yield RunLine(log_id, at_ns, message)


def split_run(run: Run, count: int) -> tuple[Run | None, Run | None]:
    """The run's first ``count`` lines (any number), and the rest; None where nothing is left."""
    if count <= 0:
        return None, run
    if count >= run.count:
        return run, None
    position = 0
    for _ in range(count):
        position = run.data.index(b"\n", position) + 1
    head = replace(run, count=count, data=run.data[:position])
    tail = Run(
        run.step_id, head.last_log_id, run.first_log_id + count, run.count - count, run.data[position:]
    )
    return head, tail


def sub_runs(run: Run, present: Container[int]) -> Iterator[Run]:
    """The parts of a run whose lines are not ``present``."""
    rest: Run | None = run
    while rest is not None:
        absent_from = next(
            (at for at in range(rest.count) if rest.first_log_id + at not in present), rest.count
        )
        _, rest = split_run(rest, absent_from)
        if rest is None or not rest.count:
            return
        length = next((at for at in range(rest.count) if rest.first_log_id + at in present), rest.count)
        part, rest = split_run(rest, length)
        if part is not None:
            yield part
