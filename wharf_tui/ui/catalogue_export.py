"""Writes a stored build into one file for somebody else, from the list of builds."""

from __future__ import annotations

import threading
from pathlib import Path

from wharf_tui.insight.build_report import report_on
from wharf_tui.insight.build_summary import build_summary
from wharf_tui.results import bundle
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.ui.view_state import ViewStates


class Export:
    """One build on its way into a bundle; ``write`` runs in a thread, everything else beside it.

    Args:
        build: the build's folder.
        target: the file; it must not be there.
        views: how the build was looked at goes along.
    """

    def __init__(self, build: Path, target: Path, views: ViewStates) -> None:
        self.target = target
        self._build = build
        self._views = views
        self._stop = threading.Event()
        self._read = self._total = 0

    @property
    def share(self) -> float:
        """How far it is, 0 to 1."""
        return min(self._read / self._total, 1.0) if self._total else 0.0

    def stop(self) -> None:
        """Leave no file."""
        self._stop.set()

    def write(self) -> int | None:
        """Write the bundle. Returns its size; None where it was stopped.

        Raises:
            InputError: the build cannot be read.
            StoreError: the file cannot be written, or is there already.
        """
        reader = BuildReader.open(self._build)
        try:
            excerpt = build_summary(report_on(reader), f"wharf-tui open {self.target.name}").encode()
            extras = {bundle.EXCERPT: excerpt}
            if view := self._views.load(reader.info.uid):
                extras[bundle.VIEW] = bundle.view_bytes(view)
            return bundle.pack(reader, extras, self.target, report=self._report)
        finally:
            reader.close()

    def _report(self, read: int, total: int) -> bool:
        self._read, self._total = read, total
        return not self._stop.is_set()
