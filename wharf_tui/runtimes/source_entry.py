"""One thing of the source tree that steps get a copy of, and the walk that finds them without git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wharf_tui.model.errors import InputError


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A file, a link or an empty folder."""

    name: str
    """Relative to the tree's top, with ``/`` between the parts; bytes that are no UTF-8 are surrogates.
    It ends in ``/`` where the entry is an empty folder."""
    path: Path
    """Where it is. A link is not followed: it stays one."""
    content: bytes | None = None
    """What the step gets instead of what is in the file."""


def walk(folder: Path, name: str) -> Iterator[SourceEntry]:
    """Everything below a folder, under ``name`` instead of the folder's own.

    Raises:
        InputError: a folder cannot be read.
    """
    waiting = [(folder, name)]
    while waiting:
        folder, name = waiting.pop()
        try:
            with os.scandir(folder) as found:
                children = sorted(found, key=lambda child: child.name)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError as error:
            raise unreadable(folder, error) from error
        if not children and name:
            yield SourceEntry(f"{name}/", folder)
        for child in children:
            child_name = f"{name}/{child.name}" if name else child.name
            if child.is_dir(follow_symlinks=False):
                waiting.append((Path(child.path), child_name))
            else:
                yield SourceEntry(child_name, Path(child.path))


def read_file(path: Path) -> bytes:
    """All of a small file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
    """The error to raise where something of the tree cannot be read."""
    return InputError(
        f"cannot read {path}: {error.strerror or error}",
        "Steps get a copy of the source tree: make it readable, or name it in .gitignore.",
    )
