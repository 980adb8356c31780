"""Lists the builds that lie in a database."""

from __future__ import annotations

import json
from typing import Any

import click

from wharf_tui.aggregator.stored_builds import StoredBuild, list_stored, open_for_reading, parse_target
from wharf_tui.cli.output import echo_table
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import format_duration, format_rfc3339, to_datetime

_HEADING = ("BUILD", "STATE", "STATUS", "STARTED", "TOOK", "STEPS", "LINES", "FAILED STEP", "UID")


def list_database(url: str, *, as_json: bool) -> None:
    """Print the builds of the database at ``url``, newest first.

    Raises:
        UsageError: it is no database's URL.
        InputError: it holds no builds.
        UnreachableError: nobody answers there.
    """
    connection = open_for_reading(parse_target(url).url)
    try:
        builds = list_stored(connection)
    finally:
        connection.close()
    if as_json:
        for build in builds:
            click.echo(json.dumps(_as_json(build), ensure_ascii=False))
    else:
        echo_table([_HEADING, *map(_row, builds)])


def _row(build: StoredBuild) -> tuple[str, ...]:
    started, finished = build.started_ns, build.finished_ns
    return (
        str(build.number),
        build.state.value,
        build.status.label,
        "-" if started is None else f"{to_datetime(started, None):%Y-%m-%d %H:%M}",
        "-" if started is None or finished is None else format_duration(finished - started),
        str(build.step_count),
        f"{build.lines:,}",
        clean_plain(build.failed_step) or "-",
        clean_plain(build.uid),
    )


def _as_json(build: StoredBuild) -> dict[str, Any]:
    return {
        "buildId": build.number,
        "uid": build.uid,
        "state": build.state.value,
        "status": build.status.label,
        "source": build.source,
        "startedAt": None if build.started_ns is None else format_rfc3339(build.started_ns).decode(),
        "finishedAt": None if build.finished_ns is None else format_rfc3339(build.finished_ns).decode(),
        "failedStep": build.failed_step or None,
        "steps": build.step_count,
        "lines": build.lines,
    }
