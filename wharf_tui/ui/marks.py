"""Lines that somebody marked, some with a note. They are known by their addresses, so they hold live and offline."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, Final

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.rows import Address

MOST_MARKS: Final = 10_000
LONGEST_NOTE: Final = 2000
_ADDRESS: Final = re.compile(r"([1-9]\d{0,19}):([1-9]\d{0,19})", re.ASCII)


class Marks:
    """The marks of one build, in the order of their steps and lines."""

    def __init__(self) -> None:
        self._notes: dict[Address, str] = {}
        self._order: list[tuple[int, int]] = []
        self.version = 0
        """Another one where a mark has come or gone, or a note is another one."""

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Address]:
        return (Address(StepId(step), LogId(log)) for step, log in self._order)

    def __contains__(self, address: Address) -> bool:
        return address in self._notes

    def note(self, address: Address) -> str:
        """What was noted at a mark, safe to show; empty where nothing was."""
        return self._notes.get(address, "")

    def set(self, address: Address, note: str = "") -> bool:
        """Mark a line, or give the mark another note; False where there are too many already."""
        key = (address.step_id, address.log_id)
        if address not in self._notes:
            if len(self._order) >= MOST_MARKS:
                return False
            self._order.insert(bisect_left(self._order, key), key)
        self._notes[address] = clean_plain(note.strip())[:LONGEST_NOTE]
        self.version += 1
        return True

    def remove(self, address: Address) -> bool:
        """Take a mark away; whether there was one."""
        if self._notes.pop(address, None) is None:
            return False
        self._order.remove((address.step_id, address.log_id))
        self.version += 1
        return True

    def next(self, here: Address | None, direction: int) -> tuple[Address, bool] | None:
        """The next mark behind a line (1) or before it (-1), and whether the end was passed; None where there is none."""
        if not self._order:
            return None
        key = (here.step_id, here.log_id) if here is not None else (0, 0)
        index = bisect_right(self._order, key) if direction > 0 else bisect_left(self._order, key) - 1
        wrapped = not 0 <= index < len(self._order)
        step, log = self._order[index % len(self._order)]
        return Address(StepId(step), LogId(log)), wrapped

    def to_json(self) -> list[list[str]]:
        """As it is kept: address and note of each."""
        return [[str(address), self.note(address)] for address in self]

    def take(self, value: Any) -> None:
        """Take over what was kept; what makes no sense is passed over."""
        if not isinstance(value, list):
            return
        for record in value[:MOST_MARKS]:
            if not (isinstance(record, list) and len(record) == 2):
                continue
            address, note = record
            found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
            if found is not None and isinstance(note, str):
                self.set(Address(StepId(int(found[1])), LogId(int(found[2]))), note)
