"""Where things lie in a build's folder: wharf-cmd's own layout, with a few files more.

A reader of wharf-cmd's takes only ``steps/<decimal>/{logs.log,status.json,artifacts.json}`` and ignores the rest.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

import platformdirs

from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.results.os_errors import reading, writing

MANIFEST = "build.json"
BUILD_LOCK = "build.lock"
STEPS = "steps"
LOG = "logs.log"
LOG_LOCK = "logs.lock"
INDEX = "logs.index"
GAPS = "gaps.json"
STATUS = "status.json"
ARTIFACTS = "artifacts.json"

_BUILD_DIR = re.compile(r"wharf-cmd-build-([0-9]{1,20})-([0-9A-Za-z]+)\Z")
_STEP_DIR = re.compile(r"[0-9]{1,20}\Z")
_SUFFIX_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
MAX_UINT64 = 2**64 - 1
"""The largest number that an ID can have, in files and on the wire."""


def default_builds_dir() -> Path:
    """Where this user's builds are kept: WHARF_TUI_BUILDS, or the platform's folder for state."""
    chosen = os.environ.get("WHARF_TUI_BUILDS")
    return (
        Path(chosen) if chosen else Path(platformdirs.user_state_dir("wharf-tui", appauthor=False)) / "builds"
    )


def wharf_cmd_root() -> Path:
    """Where wharf-cmd leaves its builds: the folder for temporary files."""
    return Path(tempfile.gettempdir())


def build_id_of(directory: Path) -> BuildId | None:
    """The build's number as its folder's name tells it; None where the name has another form."""
    match = _BUILD_DIR.match(directory.name)
    return BuildId(int(match[1])) if match and int(match[1]) <= MAX_UINT64 else None


def create_build_dir(builds_dir: Path, build_id: BuildId) -> Path:
    """Make a new folder, for this user only, with a name that no other build has."""
    with writing("create", builds_dir):
        builds_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(4))
        path = builds_dir / f"wharf-cmd-build-{build_id:05d}-{suffix}"
        with writing("create", path):
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                continue
        return path


def step_dir(build_dir: Path, step_id: StepId) -> Path:
    """Folder of one step."""
    return build_dir / STEPS / str(step_id)


def list_step_ids(build_dir: Path) -> list[StepId]:
    """Steps that have a folder, ascending. Entries that are no step folder (links too) are passed over.

    Raises:
        InputError: the folder of the steps cannot be read.
    """
    folder = build_dir / STEPS
    found: list[StepId] = []
    with reading(folder):
        if not is_real_dir(folder):
            return []
        with os.scandir(folder) as entries:
            for entry in entries:
                if _STEP_DIR.match(entry.name) and entry.is_dir(follow_symlinks=False):
                    number = int(entry.name)
                    if number <= MAX_UINT64 and str(number) == entry.name:
                        found.append(StepId(number))
    return sorted(found)


def is_real_dir(path: Path) -> bool:
    """Whether this is a folder and no link to one: a link would lead out of the build.

    Raises:
        OSError: one may not look there.
    """
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_regular_file(path: Path) -> bool:
    """Whether this is a plain file and no link, pipe or device: nothing else is opened inside a build."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def looks_like_build(directory: Path) -> bool:
    """Whether a folder holds a build, of ours or of wharf-cmd's."""
    return (
        is_regular_file(directory / MANIFEST)
        or build_id_of(directory) is not None
        or bool(list_step_ids(directory))
    )
