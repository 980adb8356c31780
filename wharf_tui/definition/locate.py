"""Finds the definition's file, and helps where it is not found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from wharf_tui.definition.read_file import read_file
from wharf_tui.model.errors import InputError

FILE_NAME: Final = ".wharf-ci.yml"

_MISTAKEN_NAMES: Final = (".wharf-ci.yaml", "wharf-ci.yml", "wharf-ci.yaml")


def read_definition(path: Path) -> tuple[Path, bytes]:
    """Absolute path and bytes of the definition; its folder is free of symbolic links.

    Args:
        path: the file, or the folder that holds ``.wharf-ci.yml``.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    given = path / FILE_NAME if _is_folder(path) else path
    try:
        file = given.parent.resolve() / given.name
    except (OSError, RuntimeError, ValueError) as error:
        # A working folder that was deleted; symbolic links in a circle; a NUL in the path.
        raise InputError(f"cannot find {given}: {error}", "Check the path.") from error
    data = read_file(file)
    if data is None:
        raise InputError(f"{file} does not exist", _hint(file.parent))
    return file, data


def _hint(folder: Path) -> str:
    for name in _MISTAKEN_NAMES:
        if _is_file(folder / name):
            return f"There is {folder / name}: rename it to {FILE_NAME}."
    for near in (folder, *folder.parents):
        if _is_file(near / FILE_NAME):
            return f"There is {near / FILE_NAME}: did you mean that?"
    return f"Name a folder that holds {FILE_NAME}, or the file itself."


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  Path.is_dir() raises where a folder above may not be entered


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  as above
