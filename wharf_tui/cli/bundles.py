"""Bundles that a user names: unpacked when they are opened, and gone when the process ends."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import TYPE_CHECKING

from wharf_tui.insight.time_formats import find_time_format
from wharf_tui.results.bundle_reader import looks_like_bundle, open_bundle

if TYPE_CHECKING:
    from wharf_tui.results.bundle_reader import OpenedBundle
    from wharf_tui.ui.bundle_feed import BundleFeed


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle; other archives and logs are not."""
    return looks_like_bundle(path)


def unpack(path: Path) -> OpenedBundle:
    """Open a bundle. It is there until the process ends: what is told at the end is read from it.

    Raises:
        InputError: it is damaged, or holds what no bundle holds.
        StoreError: it cannot be unpacked here.
    """
    opened = open_bundle(path, find_time_format)
    atexit.register(opened.close)
    return opened


def feed_of(path: Path) -> BundleFeed:
    """A bundle for the viewer.

    Raises:
        InputError: it is damaged, or holds what no bundle holds.
        StoreError: it cannot be unpacked here.
    """
    from wharf_tui.ui.bundle_feed import BundleFeed

    return BundleFeed(unpack(path))
