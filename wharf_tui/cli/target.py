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


def open_target(target: str) -> BuildReader:
    """A build's folder, number or name, ``latest``, a text file, a folder of them, or ``-``.

    Raises:
        UsageError: nothing answers to it.
        InputError: it cannot be read.
    """
    if target == STANDARD_INPUT:
        return open_files([target], sys.stdin.buffer)
    path = find_build(target, default_builds_dir())
    if is_build(path):
        return BuildReader.open(path)
    return open_files([str(path)])


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
