"""Makes a build whose writer died fit to be served again: under a new epoch, with its torn lines ended and marked."""

from __future__ import annotations

from pathlib import Path

from wharf_tui.model.build import Liveness
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter


def recover_build(path: Path) -> bool:
    """Bring an unfinished build of ours in order; it stays unfinished. Whether there was something to do.

    Raises:
        StoreError: it cannot be written.
    """
    reader = BuildReader.open(path)
    reader.close()
    if not reader.is_ours or reader.liveness is not Liveness.UNFINISHED:
        return False
    store = BuildWriter.reopen(path)
    try:
        for step_id in layout.list_step_ids(path):
            if layout.is_regular_file(layout.step_dir(path, step_id) / layout.LOG):
                store.log(step_id)  # opening it ends and marks a torn last line
    finally:
        store.close()
    return True
