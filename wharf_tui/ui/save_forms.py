"""The forms in which lines are saved: text as it came, JSON lines, a page of HTML. The file's name tells which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from wharf_tui.insight.json_lines import json_line
from wharf_tui.insight.merge import StepLine
from wharf_tui.model.build import StepInfo
from wharf_tui.model.lines import LogLine
from wharf_tui.model.text import clean, clean_plain
from wharf_tui.ui import words
from wharf_tui.ui.html_log import TAIL, html_gap, html_head, html_line
from wharf_tui.ui.row_taker import TakenGap

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.row_taker import RowTaker, Taken, TakenLines

_MOST_JSON: Final = 64 * 1024 * 1024
_MOST_HTML: Final = 256 * 1024


class SaveForm(Protocol):
    """Turns rows into what stands in the file."""

    name: str
    """For people."""
    cut: int
    """Lines of which only the beginning was written."""

    def head(self) -> bytes:
        """What comes first."""
        ...

    def rows(self, taker: RowTaker, taken: Taken) -> Iterable[bytes]:
        """Some rows, in parts."""
        ...

    def tail(self) -> bytes:
        """What comes last."""
        ...


def form_for(path: Path, steps: Mapping[StepId, StepInfo], title: str, facts: str) -> SaveForm:
    """The form that a file's name asks for.

    Args:
        path: the file.
        steps: names of the steps whose lines are saved.
        title: what it is, for a page; safe to show, as is ``facts``.
        facts: more about it.
    """
    kind = form_name(path)
    if kind == "JSON lines":
        return _Json(steps)
    return _Html(steps, title, facts) if kind == "HTML" else _Text(steps)


def form_name(path: Path) -> str:
    """``text``, ``JSON lines`` or ``HTML``."""
    suffix = path.suffix.lower()
    if suffix in {".json", ".jsonl", ".ndjson"}:
        return "JSON lines"
    return "HTML" if suffix in {".html", ".htm"} else "text"


class _Text:
    name = "text"

    def __init__(self, steps: Mapping[StepId, StepInfo]) -> None:
        self.cut = 0
        self._prefixes = (
            {step_id: f"{clean_plain(step.address)} | ".encode() for step_id, step in steps.items()}
            if len(steps) > 1
            else {}
        )

    def head(self) -> bytes:
        return b""

    def rows(self, taker: RowTaker, taken: Taken) -> Iterator[bytes]:
        prefix = self._prefixes.get(taken.step_id, b"")
        if isinstance(taken, TakenGap):
            yield b"%s[%s]\n" % (prefix, clean_plain(taken.gap.describe()).encode())
        elif any(line.is_cut for line in taken.lines):
            for index in range(len(taken.lines)):
                yield prefix
                yield from taker.parts_of(taken, index)
                yield b"\n"
        else:
            yield b"".join([b"%s%s\n" % (prefix, line.message) for line in taken.lines])

    def tail(self) -> bytes:
        return b""


class _Json:
    name = "JSON lines"

    def __init__(self, steps: Mapping[StepId, StepInfo]) -> None:
        self.cut = 0
        self._steps = steps

    def head(self) -> bytes:
        return b""

    def rows(self, taker: RowTaker, taken: Taken) -> Iterator[bytes]:
        step = self._steps.get(taken.step_id) or StepInfo(taken.step_id, "", "")
        if isinstance(taken, TakenGap):
            yield json_line(StepLine(step, None, taken.gap))
            return
        for index, line in enumerate(taken.lines):
            whole = line
            if line.is_cut:
                message, is_cut = _beginning(taker, taken, index, _MOST_JSON)
                self.cut += is_cut
                whole = LogLine(line.log_id, line.at_ns, message, len(message))
            yield json_line(StepLine(step, whole))

    def tail(self) -> bytes:
        return b""


class _Html:
    name = "HTML"

    def __init__(self, steps: Mapping[StepId, StepInfo], title: str, facts: str) -> None:
        self.cut = 0
        self._title, self._facts = title, facts
        self._names = (
            {step_id: clean_plain(step.address) for step_id, step in steps.items()} if len(steps) > 1 else {}
        )

    def head(self) -> bytes:
        return html_head(self._title, self._facts)

    def rows(self, taker: RowTaker, taken: Taken) -> Iterator[bytes]:
        step = self._names.get(taken.step_id, "")
        if isinstance(taken, TakenGap):
            yield html_gap(step, clean_plain(taken.gap.describe()))
            return
        for index, line in enumerate(taken.lines):
            message, is_cut = line.message, False
            if line.size > _MOST_HTML:
                message, is_cut = _beginning(taker, taken, index, _MOST_HTML)
                self.cut += is_cut
            note = f" … {words.size(line.size - len(message))} more" if is_cut else ""
            text = clean(message, limit=_MOST_HTML, is_cut=is_cut)
            yield html_line(f"{taken.step_id}:{line.log_id}", step, text, note)

    def tail(self) -> bytes:
        return TAIL


def _beginning(taker: RowTaker, taken: TakenLines, index: int, most: int) -> tuple[bytes, bool]:
    """The first bytes of a line, and whether there are more."""
    parts: list[bytes] = []
    size = 0
    for part in taker.parts_of(taken, index):
        parts.append(part[: most - size])
        size += len(parts[-1])
        if size >= most:
            break
    return b"".join(parts), size < taken.lines[index].size
