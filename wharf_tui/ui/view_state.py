"""Where one was in a build and how one looked at it, kept for the next time. Never in the build's own folder."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import platformdirs

from wharf_tui.model.errors import StoreError
from wharf_tui.results.atomic import read_json_object, write_json
from wharf_tui.results.os_errors import writing

MOST_BUILDS: Final = 200
"""Of how many builds it is kept; those that were looked at longest ago go first."""
MOST_BYTES: Final = 4 * 1024 * 1024
_VERSION: Final = 1


def default_folder() -> Path:
    """Where it is kept: a folder of its own below the platform's folder for state."""
    return Path(platformdirs.user_state_dir("wharf-tui", appauthor=False)) / "views"


class ViewStates:
    """What is kept of all builds, a small file each.

    Args:
        folder: made when it is needed; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, uid: str) -> dict[str, Any]:
        """What was saved last for a build; nothing where nothing was, or where the file is damaged."""
        if self._folder is None or not uid:
            return {}
        path = self._path(self._folder, uid)
        with suppress(OSError):
            if path.stat().st_size > MOST_BYTES:
                return {}
        value, _ = read_json_object(path)
        if value is None or value.get("version") != _VERSION or value.get("build") != uid:
            return {}
        state = value.get("state")
        return state if isinstance(state, dict) else {}

    def save(self, uid: str, state: dict[str, Any]) -> None:
        """Keep it, and forget the oldest where there are too many.

        Raises:
            StoreError: it cannot be written.
        """
        if self._folder is None or not uid:
            return
        with writing("create", self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_json(self._path(self._folder, uid), {"version": _VERSION, "build": uid, "state": state})
        self._forget_oldest(self._folder)

    @staticmethod
    def _path(folder: Path, uid: str) -> Path:
        return folder / f"{hashlib.sha256(uid.encode(errors='surrogateescape')).hexdigest()[:32]}.json"

    @staticmethod
    def _forget_oldest(folder: Path) -> None:
        found: list[tuple[int, Path]] = []
        with suppress(OSError):
            for path in folder.glob("*.json"):
                with suppress(OSError):  # another viewer forgot it first
                    found.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(found, reverse=True)[MOST_BUILDS:]:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def load(uid: str) -> dict[str, Any]:
    """What was saved last for a build, from where this user's are kept."""
    return ViewStates(default_folder()).load(uid)


def save(uid: str, state: dict[str, Any]) -> None:
    """Keep it where this user's are kept; where that cannot be, it is forgotten.

    A build must be readable on a full disk, so that this is not worth a complaint.
    """
    with suppress(StoreError):
        ViewStates(default_folder()).save(uid, state)
