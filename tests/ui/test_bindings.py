"""Keys: each binding can be found by its ID, and no key means two things in one place."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.screens.confirm import ConfirmScreen
from wharf_tui.ui.screens.help import HelpScreen
from wharf_tui.ui.screens.marks import MarksScreen
from wharf_tui.ui.widgets.build_table import BuildTable
from wharf_tui.ui.widgets.hold_pane import HoldPane
from wharf_tui.ui.widgets.log_view import LogView
from wharf_tui.ui.widgets.prompt import Prompt
from wharf_tui.ui.widgets.row_list import RowList
from wharf_tui.ui.widgets.step_list import StepList

PLACES: list[type[DOMNode]] = [
    *(WharfApp, BuildScreen, CatalogueScreen, ConfirmScreen, HelpScreen, MarksScreen),
    *(BuildTable, HoldPane, LogView, Prompt, RowList, StepList),
]


def bindings(place: type[DOMNode]) -> list[Binding]:
    return [binding for binding in place.BINDINGS if isinstance(binding, Binding)]


@pytest.mark.parametrize("place", PLACES)
def test_every_binding_has_an_id_and_a_description(place: type[DOMNode]) -> None:
    assert len(bindings(place)) == len(place.BINDINGS)
    assert all(binding.id and binding.description for binding in bindings(place))
    assert len({binding.id for binding in bindings(place)}) == len(place.BINDINGS)


@pytest.mark.parametrize("place", PLACES)
def test_no_key_is_bound_twice_in_one_place(place: type[DOMNode]) -> None:
    keys = Counter(key for binding in bindings(place) for key in binding.key.split(","))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("widget", [LogView, StepList])
def test_no_key_of_the_build_screen_is_taken_by_its_panes(widget: type[DOMNode]) -> None:
    def keys(place: type[DOMNode]) -> set[str]:
        return {key for binding in bindings(place) for key in binding.key.split(",")}

    assert not keys(BuildScreen) & (keys(widget) | keys(RowList))


def test_ids_name_their_place_and_are_unique() -> None:
    ids = Counter(binding.id for place in PLACES for binding in bindings(place))
    assert {name for name, count in ids.items() if count > 1} <= {"list.choose"}
