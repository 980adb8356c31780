"""Brings a build from a database back into a folder, as it was, so that everything that reads builds can read it.

The folder is a cache: it is gone on with when the database has more, and made anew when it is no longer what it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import platformdirs

from wharf_tui.aggregator.rows import stored_line, to_message
from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.stored_builds import (
    StoredBuild,
    StoredStep,
    find_stored,
    open_for_reading,
    parse_target,
    read_info,
    read_steps,
)
from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.lines import GapKind
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.os_errors import writing

_LINES_AT_ONCE = 5000


def fetch_build(target: str, cache: Path | None = None) -> Path:
    """The folder of a build that lies in a database.

    Args:
        target: ``sqlite:///FILE#BUILD`` or ``postgresql://...#BUILD``.
        cache: where folders go; None is this user's cache.

    Raises:
        UsageError: the target is none, or names no build.
        InputError: the database holds no builds.
        UnreachableError: nobody answers there.
        StoreError: the folder cannot be written.
    """
    named = parse_target(target)
    connection = open_for_reading(named.url)
    try:
        build = find_stored(connection, named.build)
        path = build_folder(connection, build, cache)
        materialize(connection, build.build, path)
    finally:
        connection.close()
    return path


def build_folder(connection: SqlConnection, build: StoredBuild, cache: Path | None = None) -> Path:
    """Where a build of a database goes."""
    root = cache or Path(platformdirs.user_cache_dir("wharf-tui", appauthor=False)) / "databases"
    digest = hashlib.sha256(build.uid.encode()).hexdigest()[:12]
    place = hashlib.sha256(connection.name.encode()).hexdigest()[:12]
    return root / place / f"wharf-cmd-build-{build.number:05d}-{digest}"


def materialize(
    connection: SqlConnection, build: int, path: Path, is_unwanted: Callable[[], bool] = lambda: False
) -> None:
    """Make the folder at ``path`` what the database has of a build.

    Args:
        connection: the database.
        build: its key there.
        path: the folder; may be there from before.
        is_unwanted: asked now and then; what has come when nobody wants it any more is gone on with the next time.

    Raises:
        UnreachableError: nobody wants it any more.
        StoreBusyError: another process does so.
        StoreError: it cannot be written.
    """
    info, steps = read_info(connection, build), read_steps(connection, build)
    told = replace(info, steps=tuple(step.state for step in steps), result=None, finished_ns=None)
    if path.exists() and not _can_grow_into(path, info, steps):
        with writing("delete", path):
            shutil.rmtree(path)
    if path.exists():
        if BuildReader.open(path).info.frozen:
            return
        store = BuildWriter.reopen(path, info.epoch, cut_torn_lines=True)
        store.replace_info(told)
    else:
        store = BuildWriter.create_copy(path, told)
    try:
        for step in steps:
            _copy_step(_Rows(connection, build, is_unwanted), step, store)
        if info.result is not None:
            store.freeze(info.result, info.problem, info.finished_ns)
    finally:
        store.close()


def _can_grow_into(path: Path, info: BuildInfo, steps: list[StoredStep]) -> bool:
    """Whether what lies in the folder is the beginning of what the database has, or all of it."""
    if not layout.is_regular_file(path / layout.MANIFEST):
        return False
    reader = BuildReader.open(path)
    try:
        stored = reader.info
        if (stored.uid, stored.epoch) != (info.uid, info.epoch):
            return False
        for step in steps:
            log = reader.log(step.state.info.step_id)
            log.take_unfinished_line = False
            log.refresh()
            if log.last_log_id > step.copied_to or (stored.frozen and log.last_log_id != step.copied_to):
                return False
        return not stored.frozen or (stored.result is info.result and len(stored.steps) == len(steps))
    finally:
        reader.close()


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where a build's lines come from."""

    connection: SqlConnection
    build: int
    is_unwanted: Callable[[], bool]


def _copy_step(source: _Rows, step: StoredStep, store: BuildWriter) -> None:
    step_id = step.state.info.step_id
    if step.copied_to:
        _copy_lines(source, step, store)
    if step.events:
        store.replace_events(step_id, step.events)
    if step.artifacts:
        store.replace_artifacts(step_id, step.artifacts)


def _copy_lines(source: _Rows, step: StoredStep, store: BuildWriter) -> None:
    """Lines and gaps in their order; a hole moves the IDs of what follows it."""
    step_id = step.state.info.step_id
    log = store.log(step_id)
    for gap in step.gaps:
        if gap.kind is GapKind.HOLE and gap.after >= log.last_log_id:
            _append(source, step, store, int(gap.after))
            log.put_gap(gap)
    _append(source, step, store, step.copied_to)
    for gap in step.gaps:
        if gap.kind is not GapKind.HOLE:
            log.put_gap(gap)


def _append(source: _Rows, step: StoredStep, store: BuildWriter, up_to: int) -> None:
    log = store.log(step.state.info.step_id)
    rows = source.connection.stream(
        "SELECT at_ns, message, raw FROM log_lines WHERE build = ? AND step = ? AND log_id > ? AND log_id <= ? "
        "ORDER BY log_id",
        (source.build, step.state.info.step_id, log.last_log_id, up_to),
    )
    with contextlib.closing(rows):
        while part := list(islice(rows, _LINES_AT_ONCE)):
            log.append_stored(
                b"".join([stored_line(at_ns, to_message(text, raw)) for at_ns, text, raw in part])
            )
            if source.is_unwanted():
                raise UnreachableError(f"{source.connection.name} was left before all of the build was here")
