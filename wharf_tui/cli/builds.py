"""``wharf-tui builds``: what lies on this machine, how to take it along, and how to be rid of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import click

from wharf_tui.cli import complete
from wharf_tui.cli.build_bundle import bundle_command, summary_of
from wharf_tui.cli.output import echo_table
from wharf_tui.cli.target import find_stored_build
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import UsageError
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import NS, format_duration, format_rfc3339, now_ns, to_datetime
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import ORIGIN_OURS, BuildSummary, delete_build, list_builds
from wharf_tui.results.layout import default_builds_dir

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, show, bundle and prune the builds that are stored on this machine."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@command.command("list")
@click.argument("database", required=False)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_command(database: str | None = None, output: str = "text") -> None:
    """List all builds, newest first; those of wharf-cmd, too. With DATABASE, the builds that `aggregate` copied there."""
    if database is not None:
        from wharf_tui.cli.stored_builds import list_database

        list_database(database, as_json=output == "json")
        return
    builds = list_builds(default_builds_dir())
    if output == "json":
        for build in builds:
            click.echo(json.dumps(_as_json(build), ensure_ascii=False))
        return
    if not builds:
        click.echo(f"No builds in {default_builds_dir()} yet. `wharf-tui run` makes one.", err=True)
        return
    rows = [("BUILD", "STATE", "STARTED", "TOOK", "STEPS", "SIZE", "FAILED STEP", "NAME"), *map(_row, builds)]
    echo_table(rows)


@command.command("show")
@click.argument("build", shell_complete=complete.builds)
@click.option("--markdown", is_flag=True, help="A summary for a pull request, as Markdown.")
def show_command(build: str, *, markdown: bool) -> None:
    """Show the steps of BUILD: a folder, a number, a name, `latest`, or a build in a database (sqlite:///FILE#NUMBER)."""
    reader = BuildReader.open(find_stored_build(build))
    if markdown:
        click.echo(summary_of(reader), nl=False)
        return
    click.echo(f"Build {reader.info.build_id}  {_state(reader.liveness, reader.status)}")
    click.echo(f"Logs   {reader.path}")
    if reader.info.source:
        click.echo(f"Source {clean_plain(reader.info.source)}")
    for step in reader.info.steps:
        log = reader.log(step.info.step_id)
        log.refresh()
        took = _took(step.started_ns, step.finished_ns)
        state = "Skipped" if step.skipped else step.status.label
        reason = clean_plain(step.reason)
        click.echo(
            f"  {step.info.step_id:>3}  {clean_plain(step.info.address):<30} {state:<12} {took:>8} {log.line_count:>10,} lines"
            + (f"  {reason}" if reason else "")
        )
    for problem in reader.problems:
        click.echo(f"wharf-tui: {clean_plain(problem)}", err=True)


command.add_command(bundle_command)


@dataclass(frozen=True, slots=True)
class _Prune:
    keep: int | None
    older_than_ns: int | None


@command.command("prune")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="Keep the N newest builds.")
@click.option("--older-than", metavar="AGE", help="Only builds that started longer ago: 30m, 12h, 7d, 2w.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def prune_command(keep: int | None, older_than: str | None, dry_run: bool, yes: bool) -> None:
    """Delete builds of wharf-tui's. Running builds, and those of wharf-cmd, are never touched."""
    if keep is None and older_than is None:
        raise UsageError(
            "prune needs --keep N or --older-than AGE", "For example: wharf-tui builds prune --keep 20"
        )
    age = None if older_than is None else _parse_age(older_than)
    doomed = _choose(list_builds(default_builds_dir()), _Prune(keep, age))
    if not doomed:
        click.echo("Nothing to delete.")
        return
    total = sum(build.size_bytes for build in doomed)
    for build in doomed:
        click.echo(f"{'would delete' if dry_run else 'delete'} {build.path}  {format_size(build.size_bytes)}")
    if dry_run:
        return
    if not yes:
        click.confirm(f"Delete {len(doomed)} builds ({format_size(total)})?", abort=True)
    for build in doomed:
        delete_build(build)


def _choose(builds: list[BuildSummary], prune: _Prune) -> list[BuildSummary]:
    ours = [
        build for build in builds if build.origin == ORIGIN_OURS and build.liveness is not Liveness.RUNNING
    ]
    if prune.keep is not None:
        ours = ours[prune.keep :]
    if prune.older_than_ns is not None:
        limit = now_ns() - prune.older_than_ns
        ours = [build for build in ours if (build.started_ns or 0) < limit]
    return ours


def _parse_age(text: str) -> int:
    match = re.fullmatch(r"(\d+)([smhdw])", text)
    if match is None:
        raise UsageError(f"{text!r} is no age", "Write a number and s, m, h, d or w: 7d.")
    return int(match[1]) * _UNITS[match[2]] * NS


def _row(build: BuildSummary) -> tuple[str, ...]:
    started = "-" if build.started_ns is None else f"{to_datetime(build.started_ns, None):%Y-%m-%d %H:%M}"
    return (
        str(build.build_id),
        _state(build.liveness, build.status),
        started,
        _took(build.started_ns, build.finished_ns),
        str(build.step_count),
        format_size(build.size_bytes),
        clean_plain(build.failed_step) or "-",
        build.name + ("" if build.origin == ORIGIN_OURS else f" ({build.origin})"),
    )


def _as_json(build: BuildSummary) -> dict[str, Any]:
    return {
        "buildId": build.build_id,
        "path": str(build.path),
        "origin": build.origin,
        "state": build.liveness.value,
        "status": build.status.label,
        "startedAt": None if build.started_ns is None else format_rfc3339(build.started_ns).decode(),
        "finishedAt": None if build.finished_ns is None else format_rfc3339(build.finished_ns).decode(),
        "failedStep": build.failed_step or None,
        "steps": build.step_count,
        "sizeBytes": build.size_bytes,
    }


def _state(liveness: Liveness, status: Status) -> str:
    return "unfinished" if liveness is Liveness.UNFINISHED else status.label


def _took(started_ns: int | None, finished_ns: int | None) -> str:
    if started_ns is None or finished_ns is None:
        return "-"
    return format_duration(finished_ns - started_ns)


def format_size(size: int) -> str:
    """Bytes for people: ``812 B``, ``4.2 kB``, ``1.3 GB``."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"
