"""Pictures of the list of marks, with nothing behind it. Update them with --snapshot-update."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.screen import Screen

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.rows import Address
from wharf_tui.ui.screens.marks import MarkRow, MarksScreen
from wharf_tui.ui.themes import DARK, LIGHT


def mark(step: int, line: int, note: str, text: str) -> MarkRow:
    names = {1: "build/compile", 4: "test/unit"}
    return MarkRow(Address(StepId(step), LogId(line)), names[step], note, text)


ROWS = [
    mark(1, 7, "", "gcc -O2 -c main.c"),
    mark(1, 1204, "the first warning", "main.c:4:1: warning: unused variable 'x' [/usr/include] " + "x" * 90),
    mark(4, 1841, "日本語 [bold]no markup[/bold]", "FAILED tests/test_add.py::test_add"),
    mark(4, 90210, "a line that is gone", ""),
]


class MarksAlone(WharfApp):
    def get_default_screen(self) -> Screen[None]:
        return Screen()

    def on_mount(self) -> None:
        self.push_screen(MarksScreen(ROWS, Address(StepId(4), LogId(1841)), lambda _address: None))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
def test_marks(theme, size, tmp_path: Path, snap_compare):
    app = MarksAlone(None, tmp_path)
    app.theme = theme
    assert snap_compare(app, terminal_size=size)


def test_a_small_screen(tmp_path: Path, snap_compare):
    assert snap_compare(MarksAlone(None, tmp_path), terminal_size=(40, 10))
