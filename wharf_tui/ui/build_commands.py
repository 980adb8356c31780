"""All concerns of a build's screen and all that can be done there."""

from __future__ import annotations

from typing import Final

from wharf_tui.ui import (
    bundle_control,
    command_line,
    detail_control,
    editor_control,
    error_control,
    filter_commands,
    fold_control,
    goto_control,
    highlight_control,
    marks_control,
    notes_control,
    novelty_control,
    open_control,
    save_control,
    search_control,
    shell_control,
    timeline_control,
    view_commands,
)
from wharf_tui.ui.bundle_control import BundleControl
from wharf_tui.ui.command_line import CommandLine
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.editor_control import EditorControl
from wharf_tui.ui.error_control import ErrorControl
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.fold_control import FoldControl
from wharf_tui.ui.goto_control import GotoControl
from wharf_tui.ui.highlight_control import HighlightControl
from wharf_tui.ui.marks_control import MarksControl
from wharf_tui.ui.notes_control import NotesControl
from wharf_tui.ui.novelty_control import NoveltyControl
from wharf_tui.ui.open_control import OpenControl
from wharf_tui.ui.place_control import PlaceControl
from wharf_tui.ui.save_control import SaveControl
from wharf_tui.ui.search_control import SearchControl
from wharf_tui.ui.shell_control import ShellControl
from wharf_tui.ui.step_counts_control import StepCountsControl
from wharf_tui.ui.take_along_control import TakeAlongControl
from wharf_tui.ui.timeline_control import TimelineControl
from wharf_tui.ui.view_state_control import ViewStateControl

CONTROLS: Final[tuple[type[Control], ...]] = (
    ViewStateControl,
    SearchControl,
    FilterControl,
    NoveltyControl,
    GotoControl,
    FoldControl,
    NotesControl,
    ErrorControl,
    HighlightControl,
    TakeAlongControl,
    MarksControl,
    SaveControl,
    BundleControl,
    EditorControl,
    ShellControl,
    PlaceControl,
    CommandLine,
    OpenControl,
    TimelineControl,
    StepCountsControl,
)
"""In the order in which they get their turns to work, and to be left by Escape."""

COMMANDS: Final[tuple[Command, ...]] = (
    *search_control.COMMANDS,
    *filter_commands.COMMANDS,
    *novelty_control.COMMANDS,
    *error_control.COMMANDS,
    *goto_control.COMMANDS,
    *detail_control.COMMANDS,
    *highlight_control.COMMANDS,
    *fold_control.COMMANDS,
    *notes_control.COMMANDS,
    *marks_control.COMMANDS,
    *save_control.COMMANDS,
    *bundle_control.COMMANDS,
    *editor_control.COMMANDS,
    *shell_control.COMMANDS,
    *open_control.COMMANDS,
    *view_commands.COMMANDS,
    *command_line.COMMANDS,
    *timeline_control.COMMANDS,
)
