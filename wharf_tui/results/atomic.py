"""Small files that are read while they change: written beside, synced, then renamed over the old one."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from wharf_tui.results.os_errors import writing
from wharf_tui.results.plain_file import read_plain

MAX_JSON_BYTES = 64 * 1024 * 1024
"""A file that is larger is none of wharf-cmd's nor of ours."""
_DECODER = json.JSONDecoder()
_RETRIES = 3
_RETRY_PAUSE = 0.004


def write_json(path: Path, value: Any, *, sync: bool = False) -> None:
    """Replace ``path`` by ``value`` in one step: a reader sees the old file or the new one, never a half.

    Args:
        path: file to replace.
        value: anything that JSON knows.
        sync: wait until the file is on the device, for what must survive a power cut.

    Raises:
        StoreError: the file cannot be written; the old one is still there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing("write", path):
        try:
            with temporary.open("w", encoding="ascii") as file:
                file.write(json.dumps(value, separators=(",", ":")) + "\n")
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def sync_dir(path: Path) -> None:
    """Wait until the names of the files in a folder are on the device, where the system lets one.

    Raises:
        StoreError: the device refused.
    """
    if os.name != "posix":
        return
    with writing("sync", path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_json_object(path: Path) -> tuple[dict[str, Any] | None, str]:
    """The first JSON object in a file, and what is wrong with the file (empty where nothing is).

    wharf-cmd rewrites its files in place, so a reader can meet half an object: then it is read again, a few times.
    Bytes behind the first object are ignored, as Go's decoder does.
    """
    problem = ""
    for attempt in range(_RETRIES):
        if attempt:
            time.sleep(_RETRY_PAUSE)
        try:
            raw = read_plain(path, MAX_JSON_BYTES + 1)
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            return None, f"{path} cannot be read: {error.strerror or error}"
        if len(raw) > MAX_JSON_BYTES:
            return None, f"{path} is too large to be what its name says"
        text = raw.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
        if not text:
            problem = f"{path} is empty"
            continue
        try:
            value, _ = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            problem = f"{path} holds no readable JSON (half-written or damaged)"
            continue
        if isinstance(value, dict):
            return value, ""
        problem = f"{path} holds no JSON object"
        break
    return None, problem
