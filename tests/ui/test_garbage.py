"""What was drawn goes when it is not shown any more, without a look for garbage."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from rich.segment import Segment
from textual.strip import Strip

from wharf_tui.ui.garbage import let_strips_go, make_caches_late


class WatchedStrip(Strip):
    """A strip that can be waited for to go."""

    __slots__ = ("__weakref__",)


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    let_strips_go()
    let_strips_go()  # once more does no harm
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("cuts", [[4], [4, 9], [2, 4], [1], []])
def test_a_strip_that_was_drawn_goes_with_its_last_user(cuts: list[int]) -> None:
    strip = WatchedStrip([Segment("ab"), Segment("cd")])
    pieces = [piece.text for piece in strip.divide(iter(cuts))]
    assert pieces == [piece.text for piece in strip.divide(cuts)]
    gone = weakref.ref(strip)
    del strip
    assert gone() is None


@pytest.mark.parametrize(
    ("cuts", "pieces"), [([4], ["abcd"]), ([4, 9], ["abcd"]), ([1, 3, 4], ["a", "bc", "d"]), ([3], ["abc"])]
)
def test_a_strip_is_cut_as_before(cuts: list[int], pieces: list[str]) -> None:
    assert [piece.text for piece in Strip([Segment("ab"), Segment("cd")]).divide(cuts)] == pieces


def has(strip: Strip, name: str) -> bool:
    try:
        object.__getattribute__(strip, name)
    except AttributeError:
        return False
    return True


def test_a_strip_has_caches_when_it_needs_them() -> None:
    make_caches_late()
    make_caches_late()  # once more does no harm
    caches = [name for name in Strip.__slots__ if name.endswith("_cache") and name != "_render_cache"]
    strip = Strip([Segment("ab"), Segment("cd")])
    assert not any(has(strip, name) for name in caches)
    assert strip.crop(1, 3).text == "bc"
    assert strip.crop(1, 3) is strip.crop(1, 3)
    assert [name for name in caches if has(strip, name)] == ["_crop_cache"]
    with pytest.raises(AttributeError, match="no_such_cache"):
        getattr(strip, "no_such_cache")  # noqa: B009  no such attribute for the checker, either
    with pytest.raises(AttributeError, match="_segments"):
        _ = Strip.__new__(Strip)._segments
