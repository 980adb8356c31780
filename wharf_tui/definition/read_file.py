"""Reads the small text files that make up a definition, and says in the user's words why one cannot be read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from wharf_tui.model.errors import InputError

MAX_BYTES: Final = 1024 * 1024
"""Of one file. A definition has some kilobytes; what is larger was not meant to be one."""


def read_file(path: Path) -> bytes | None:
    """The whole file; None where there is none.

    Raises:
        InputError: it is there, but cannot be read, is no regular file, or is larger than MAX_BYTES.
    """
    try:
        # A named pipe would block the reading for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is not a regular file", "Name a file, or the folder that holds it.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"cannot read {path}: {reason}", "Check the path, and that you may read it."
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{path} is larger than {MAX_BYTES // 1024} KiB", "That is no build definition: check the path."
        )
    return data
