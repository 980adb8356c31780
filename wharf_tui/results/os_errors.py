"""Turns errors of the operating system into the project's own, at the one door where files are touched."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wharf_tui.model.errors import InputError, StorageFullError, StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def store_error(doing: str, path: Path, error: OSError) -> StoreError:
    """The error to raise where ``doing`` (``write``, ``create``, ...) something to ``path`` failed."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StorageFullError(
            f"cannot {doing} {path}: {reason}",
            "Free some space there, or point WHARF_TUI_BUILDS to a larger disk. What was stored so far is kept.",
        )
    return StoreError(
        f"cannot {doing} {path}: {reason}", "Check that the folder exists and that you may write there."
    )


@contextmanager
def writing(doing: str, path: Path) -> Iterator[None]:
    """Map what goes wrong inside to a StoreError."""
    try:
        yield
    except OSError as error:
        raise store_error(doing, path, error) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Map what goes wrong while reading what the user named to an InputError."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist", "Check the path; `wharf-tui builds` lists what is stored."
        ) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
