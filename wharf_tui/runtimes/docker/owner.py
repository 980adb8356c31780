"""Finds out who a step runs as, so that its copy of the source tree is its own: images need not run as root."""

from __future__ import annotations

from collections.abc import Callable

from wharf_tui.runtimes.source_archive import ROOT

_PASSWD, _GROUP = "/etc/passwd", "/etc/group"


def owner_of(user: str, read: Callable[[str], bytes | None]) -> tuple[int, int]:
    """User and group number of an image's user.

    Args:
        user: as the image says it: ``name``, ``1000``, ``name:group``; empty for root.
        read: gives a file of the image, None where it is not there.

    Returns:
        The numbers; root's where a name is not known.
    """
    name, _, group = user.partition(":")
    if not name or (name in {"root", "0"} and not group):
        return ROOT
    entry = _find(read(_PASSWD), name)
    if name.isdecimal():
        uid, gid = int(name), _number(entry, 3)
    else:
        uid, gid = _number(entry, 2), _number(entry, 3)
    if group:
        gid = int(group) if group.isdecimal() else _number(_find(read(_GROUP), group), 2)
    return uid, gid


def _find(table: bytes | None, name: str) -> list[str]:
    """Fields of the entry that has this name or number."""
    for line in (table or b"").decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if len(fields) > 2 and name in {fields[0], fields[2]}:
            return fields
    return []


def _number(fields: list[str], index: int) -> int:
    return int(fields[index]) if index < len(fields) and fields[index].isdecimal() else 0
