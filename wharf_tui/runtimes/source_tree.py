"""The source tree that a build works on: which files belong to it, and what single steps get instead.

Every step gets a fresh copy of its own, so that no step sees what another one left behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.problems import Severity
from wharf_tui.definition.shipped_files import substitute_file
from wharf_tui.definition.step_types import HelmSpec, KubectlSpec
from wharf_tui.definition.variables import Variables
from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.git_files import list_files
from wharf_tui.runtimes.git_metadata import git_entries
from wharf_tui.runtimes.source_entry import SourceEntry, read_file, walk


def list_source(directory: Path, *, gitignore: bool = True) -> tuple[SourceEntry, ...]:
    """Everything that a step gets, in order of names: the work tree with its ``.git``, but nothing that is ignored.

    Where git is not installed nothing is known of what it would ignore: then this is every file there is.

    Args:
        directory: the tree's top.
        gitignore: whether to leave out what ``.gitignore`` files name.

    Raises:
        InputError: a folder cannot be read, or git cannot read the repository.
    """
    names = list_files(directory) if gitignore else None
    found = walk(directory, "") if names is None else _entries(directory, names)
    return tuple(sorted(found, key=lambda entry: entry.name))


def shipped_files(step: Step, directory: Path, variables: Variables) -> tuple[SourceEntry, ...] | None:
    """What a ``helm`` or ``kubectl`` step gets instead of the tree: the files that it names, variables filled in.

    Returns:
        The files; None where the step gets the whole tree.

    Raises:
        InputError: a file is not there, or its variables cannot be filled in.
    """
    if not isinstance(step.spec, HelmSpec | KubectlSpec):
        return None
    return tuple(_filled_in(step, directory, name, variables) for name in dict.fromkeys(step.spec.files))


def _entries(directory: Path, names: list[str]) -> Iterator[SourceEntry]:
    yield from git_entries(directory, "")
    for folder in sorted(_inner_repositories(directory, names)):
        yield from git_entries(directory, folder)
    for name in names:
        if os.path.lexists(directory / name):  # git also names what it tracks, but somebody has removed
            yield SourceEntry(name, directory / name)


def _inner_repositories(directory: Path, names: Iterable[str]) -> set[str]:
    """Folders below the top that have a ``.git`` of their own."""
    folders: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return {folder for folder in folders if os.path.lexists(directory / folder / ".git")}


def _filled_in(step: Step, directory: Path, name: str, variables: Variables) -> SourceEntry:
    what = f"file {name} of step {step.stage}/{step.name}"
    inside = PurePosixPath(os.path.normpath(name))
    if inside.is_absolute() or ".." in inside.parts or inside == PurePosixPath():
        raise InputError(
            f"{what} is outside of {directory}", "Name a file below the folder of the definition."
        )
    path = directory / inside
    if not path.is_file():
        raise InputError(f"{what} is no file in {directory}", "Correct the name, or add the file.")
    content, problems = substitute_file(read_file(path), variables, name)
    errors = [problem.printable().strip() for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise InputError(f"{what} cannot have its variables filled in: {'; '.join(errors)}")
    return SourceEntry(str(inside), path, content)
