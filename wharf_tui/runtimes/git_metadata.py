"""Makes a ``.git`` that works inside a step: builds call ``git describe``, also in worktrees and submodules.

In a worktree or a submodule ``.git`` is a file that points elsewhere, to where no step can look. A step gets a real
``.git`` folder in its place, put together from where the file points.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from wharf_tui.runtimes.source_entry import SourceEntry, read_file, walk

_DOT_GIT = ".git"
_POINTS_TO = b"gitdir:"
_OF_THE_MAIN_WORK_TREE = frozenset(
    {"HEAD", "ORIG_HEAD", "FETCH_HEAD", "index", "worktrees", "config.worktree"}
)
"""What a worktree does not share with the repository that it belongs to."""
_POINTERS = frozenset({"commondir", "gitdir", "locked"})
"""What a worktree has to find its repository, and to be found by it."""
_HERE = b"\n[core]\n\tbare = false\n\tworktree = ..\n"
"""Overrides what the configuration says of where the files are."""


def git_entries(root: Path, folder: str) -> Iterator[SourceEntry]:
    """The ``.git`` of one repository of the tree; nothing where there is none that can be used.

    Args:
        root: the tree's top.
        folder: of the repository, relative to the top; empty for the top itself.

    Raises:
        InputError: something of it cannot be read.
    """
    dot_git = root / folder / _DOT_GIT
    name = f"{folder}/{_DOT_GIT}" if folder else _DOT_GIT
    if dot_git.is_dir():
        yield from _without_locks(walk(dot_git.resolve(), name))
    elif dot_git.is_file():
        yield from _entries_of_pointer(root, dot_git, name)


def _entries_of_pointer(root: Path, dot_git: Path, name: str) -> Iterator[SourceEntry]:
    target = _target(dot_git)
    if target is None:
        yield SourceEntry(name, dot_git)
        return
    shipped = os.path.realpath(root / _DOT_GIT)
    inside = os.path.commonpath([shipped, os.path.realpath(dot_git.parent / target)]) == shipped
    if inside and not target.is_absolute() and (root / _DOT_GIT).is_dir():
        yield SourceEntry(name, dot_git)  # as it is: it will find its way inside the step too
        return
    git_dir = dot_git.parent / target
    if git_dir.is_dir():
        yield from _put_together(git_dir, name)


def _put_together(git_dir: Path, name: str) -> Iterator[SourceEntry]:
    common = git_dir
    if (git_dir / "commondir").is_file():
        common = git_dir / os.fsdecode(read_file(git_dir / "commondir").strip())
    entries: dict[str, SourceEntry] = {}
    if common != git_dir:
        for entry in walk(common, name):
            if entry.name.removeprefix(f"{name}/").partition("/")[0] not in _OF_THE_MAIN_WORK_TREE:
                entries[entry.name] = entry
    for entry in walk(git_dir, name):
        if entry.name.removeprefix(f"{name}/") not in _POINTERS:
            entries[entry.name] = entry
    config = common / "config"
    if config.is_file():
        entries[f"{name}/config"] = SourceEntry(f"{name}/config", config, read_file(config) + _HERE)
    yield from _without_locks(entries.values())


def _without_locks(entries: Iterable[SourceEntry]) -> Iterator[SourceEntry]:
    """A lock is some process's here; inside the step it would keep git from working, for ever."""
    return (entry for entry in entries if not entry.name.endswith(".lock"))


def _target(dot_git: Path) -> Path | None:
    """Where the file points; None where it is no such file."""
    content = read_file(dot_git)
    if not content.startswith(_POINTS_TO):
        return None
    return Path(os.fsdecode(content.removeprefix(_POINTS_TO).strip()))
