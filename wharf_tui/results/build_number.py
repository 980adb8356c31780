"""The number of the next build: one more than the last, ours or wharf-cmd's, so that numbers stay unique for a user."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from wharf_tui.model.ids import BuildId
from wharf_tui.results import layout
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.os_errors import writing

_COUNTER = "last-build-id.txt"
_LOCK = ".last-build-id.lock"


def wharf_cmd_counter() -> Path:
    """Where wharf-cmd keeps the number of its last build; only read here."""
    return Path(platformdirs.user_cache_dir(appname=None)) / "iver-wharf" / "wharf-cmd" / _COUNTER


def next_build_id(builds_dir: Path, others_counter: Path | None = None) -> BuildId:
    """Take the next number.

    Args:
        builds_dir: folder of our builds; made when missing.
        others_counter: wharf-cmd's counter; None is its usual place.

    Raises:
        StoreError: the counter cannot be written.
    """
    with writing("create", builds_dir):
        builds_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = WriterLock(builds_dir / _LOCK)
    lock.acquire()
    try:
        counter = builds_dir / _COUNTER
        number = peek_build_id(builds_dir, others_counter)
        with writing("write", counter):
            counter.write_text(f"{number}\n", encoding="ascii")
    finally:
        lock.release()
    return number


def peek_build_id(builds_dir: Path, others_counter: Path | None = None) -> BuildId:
    """The number that the next build will get, without taking it."""
    counters = (builds_dir / _COUNTER, others_counter or wharf_cmd_counter())
    return BuildId(max(*map(_read, counters), _highest(builds_dir)) + 1)


def _read(counter: Path) -> int:
    try:
        text = counter.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def _highest(builds_dir: Path) -> int:
    if not builds_dir.is_dir():
        return 0
    return max((layout.build_id_of(path) or 0 for path in builds_dir.iterdir()), default=0)
