"""What the user means by a target: a stored build, text files, or standard input; all are read alike."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from wharf_tui.cli.bundles import is_bundle, unpack
from wharf_tui.insight.time_formats import find_time_format
from wharf_tui.model.errors import UsageError
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import builds_below, find_build
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.results.layout import default_builds_dir

if TYPE_CHECKING:
    from wharf_tui.results.shelf import Shelf

STANDARD_INPUT = "-"
_NAMED_BUILDS = 5


def open_target(target: str) -> BuildReader:
    """A build's folder, number or name, ``latest``, a bundle, a build in a database, a text file, a folder of them, or ``-``.

    Raises:
        UsageError: nothing answers to it.
        InputError: it cannot be read.
    """
    if target == STANDARD_INPUT:
        return open_files([target], sys.stdin.buffer)
    path = find_stored_build(target)
    if is_build(path):
        return BuildReader.open(path)
    if is_bundle(path):
        return unpack(path).reader
    if builds := builds_below(path):
        names = ", ".join(build.name for build in builds[:_NAMED_BUILDS])
        raise UsageError(f"{path} holds builds, it is none", f"Name one of them: {names}.")
    return open_files([str(path)])


def find_paths(target: str) -> list[Path]:
    """What the user means, as paths: one, but for a folder of builds.

    Raises:
        UsageError: nothing answers to it.
        InputError: it cannot be read.
    """
    if target == STANDARD_INPUT:
        return [Path(target)]
    if looks_like_database(target):
        return [_fetch(target)]
    path = find_build(target, default_builds_dir())
    return [path] if is_build(path) else builds_below(path) or [path]


def shelf_of(target: str) -> Shelf | None:
    """The database that the user means, where no build in it is named; None for everything else.

    Raises:
        UsageError: it is no database's URL.
        InputError: it holds no builds.
        UnreachableError: nobody answers there.
    """
    if not looks_like_database(target) or "#" in target:
        return None
    from wharf_tui.aggregator.shelf import DatabaseShelf

    return DatabaseShelf(target)


def find_stored_build(target: str) -> Path:
    """A build's folder; one in a database is brought here first.

    Raises:
        UsageError: nothing answers to it.
        InputError: the database cannot be read.
    """
    return _fetch(target) if looks_like_database(target) else find_build(target, default_builds_dir())


def looks_like_database(target: str) -> bool:
    """Whether the user means a database that an aggregator writes: ``sqlite:///...``, ``postgresql://...``."""
    return "://" in target


def _fetch(target: str) -> Path:
    from wharf_tui.aggregator.source import fetch_build

    return fetch_build(target)


def open_files(targets: Sequence[str], piped: IO[bytes] | None = None) -> FilesReader:
    """Text files, compressed ones too, and a stream, as one build.

    Raises:
        InputError: one of them cannot be read.
    """
    paths = [Path(target) for target in targets if target != STANDARD_INPUT]
    return FilesReader(paths, piped, find_time_format)


def is_build(path: Path) -> bool:
    """Whether a path is a build's folder; text files and folders of them are not."""
    return path.is_dir() and layout.looks_like_build(path)
