"""Compares what a database holds with the build that it was copied from: five counters, all of which must be 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wharf_tui.aggregator.rows import to_message
from wharf_tui.aggregator.sinks.choice import database
from wharf_tui.results.build_reader import BuildReader


@dataclass(frozen=True, slots=True)
class Verdict:
    missing: int = 0
    duplicate: int = 0
    unexpected: int = 0
    changed: int = 0
    holes: int = 0


EXACT = Verdict()
Line = tuple[int | None, bytes]


def lines_of_store(path: Path) -> dict[tuple[int, int], Line]:
    """Every line by (step, log ID), read from the files themselves."""
    reader = BuildReader.open(path)
    found = {}
    for step in reader.info.steps:
        log = reader.log(step.info.step_id)
        log.refresh()
        position = 1
        while lines := log.read(position, 1000, 2**62):
            position += len(lines)
            found.update(
                {(int(step.info.step_id), int(line.log_id)): (line.at_ns, line.message) for line in lines}
            )
    reader.close()
    return found


def lines_of_database(url: str, uid: str) -> list[tuple[tuple[int, int], Line]]:
    """Every row of a build."""
    connection = database(url)
    connection.open(read_only=True)
    try:
        rows = connection.execute(
            "SELECT l.step, l.log_id, l.at_ns, l.message, l.raw FROM log_lines AS l JOIN builds AS b ON b.build = l.build "
            "WHERE b.uid = ? ORDER BY l.step, l.log_id",
            (uid,),
        )
    finally:
        connection.close()
    return [((step, log_id), (at_ns, to_message(text, raw))) for step, log_id, at_ns, text, raw in rows]


def judge(url: str, path: Path, uid: str = "") -> Verdict:
    """What the copy has too little, too much, twice, or wrong; and IDs that are not dense where the source's are."""
    source = lines_of_store(path)
    rows = lines_of_database(url, uid or BuildReader.open(path).info.uid)
    copied = dict(rows)
    steps = {step for step, _ in source}
    return Verdict(
        missing=len(source.keys() - copied.keys()),
        duplicate=len(rows) - len(copied),
        unexpected=len(copied.keys() - source.keys()),
        changed=sum(source[key] != line for key, line in copied.items() if key in source),
        holes=sum(
            max((log_id for at, log_id in source if at == step), default=0)
            - max((log_id for at, log_id in copied if at == step), default=0)
            for step in steps
        ),
    )


def query(url: str, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """Rows of a query."""
    connection = database(url)
    connection.open(read_only=True)
    try:
        return connection.execute(statement, parameters)
    finally:
        connection.close()
