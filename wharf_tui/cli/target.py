"""What the user means by a target: a stored build, text files, or standard input; all are read alike."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import find_build
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.results.layout import default_builds_dir

STANDARD_INPUT = "-"
NEWEST_BUILDS = 20
"""How many builds of a database are shown where none is named."""


def open_target(target: str) -> BuildReader:
    """A build's folder, number or name, ``latest``, a build in a database, a text file, a folder of them, or ``-``.

    Raises:
        UsageError: nothing answers to it.
        InputError: it cannot be read.
    """
    if target == STANDARD_INPUT:
        return open_files([target], sys.stdin.buffer)
    path = _fetch(target) if looks_like_database(target) else find_build(target, default_builds_dir())
    if is_build(path):
        return BuildReader.open(path)
    return open_files([str(path)])


def find_paths(target: str) -> list[Path]:
    """What the user means, as paths: one, but for a database of which no build is named.

    Raises:
        UsageError: nothing answers to it.
        InputError: it cannot be read.
    """
    if target == STANDARD_INPUT:
        return [Path(target)]
    if not looks_like_database(target):
        return [find_build(target, default_builds_dir())]
    if "#" in target:
        return [_fetch(target)]
    from wharf_tui.aggregator.source import fetch_newest

    return fetch_newest(target, NEWEST_BUILDS)


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
    return FilesReader(paths, piped)


def is_build(path: Path) -> bool:
    """Whether a path is a build's folder; text files and folders of them are not."""
    return path.is_dir() and layout.looks_like_build(path)
