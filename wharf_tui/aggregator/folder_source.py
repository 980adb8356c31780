"""Copies builds that lie on this machine: stored ones, and those that are being written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from wharf_tui.aggregator.pump import BuildOutcome, Desk, Pump
from wharf_tui.aggregator.tail import BuildTail
from wharf_tui.aggregator.tasks import run_together
from wharf_tui.aggregator.transfer import SourceEnd, Transfer
from wharf_tui.aggregator.turns import Turns
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError
from wharf_tui.results import layout

_LOOK_SECONDS = 0.5
"""How often a build that is being written is looked at."""
_SEARCH_SECONDS = 2.0
"""How often new builds are searched for."""

_Stamp = tuple[int, int]


class FolderSource:
    """The builds below some folders.

    Args:
        folders: each a build, or a folder with builds in it.
        desk: where to, and whom to tell.
        turns: bounds how many builds are copied at once.
    """

    def __init__(self, folders: Sequence[Path], desk: Desk, turns: Turns) -> None:
        self._folders = tuple(folders)
        self._desk = desk
        self._turns = turns
        self._seen: dict[Path, _Stamp] = {}

    async def copy(self) -> list[BuildOutcome]:
        """Copy what is new or has changed since the last call, each build to its end.

        Raises:
            WharfError: the sink cannot be used.
        """
        due = [(path, stamp) for path in self._builds() if (stamp := _stamp(path)) != self._seen.get(path)]
        self._seen.update(due)
        outcomes = await run_together(self._copy_build(path) for path, _ in due)
        return [outcome for outcome in outcomes if outcome is not None]

    async def follow(self, outcomes: list[BuildOutcome]) -> None:
        """Copy for ever: builds that are there, and those that come. Outcomes are added to the list."""
        running: dict[Path, asyncio.Task[BuildOutcome | None]] = {}
        try:
            while True:
                for path in [path for path, task in running.items() if task.done()]:
                    outcome = running.pop(path).result()
                    outcomes += [outcome] if outcome is not None else []
                for path in self._builds():
                    stamp = _stamp(path)
                    if path not in running and stamp != self._seen.get(path):
                        self._seen[path] = stamp
                        running[path] = asyncio.create_task(self._copy_build(path), name=f"copy {path.name}")
                await asyncio.sleep(_SEARCH_SECONDS)
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    async def _copy_build(self, path: Path) -> BuildOutcome | None:
        async with self._turns.one():
            try:
                tail = BuildTail(path, f"folder {path}", takes_unfinished_lines=True)
            except InputError:
                return None  # it vanished, or is not ours to read
            try:
                transfer = Transfer(tail, tail.reader.info.uid or path.name)
                return await Pump(transfer, self._desk, lambda: _end_of(tail), _look_again).run()
            finally:
                tail.close()

    def _builds(self) -> Iterator[Path]:
        for folder in self._folders:
            if layout.looks_like_build(folder):
                yield folder
            else:
                yield from _builds_in(folder)


def _builds_in(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if layout.build_id_of(path) is not None and path.is_dir()]
    except OSError:
        return []
    return sorted(found)


def _stamp(path: Path) -> _Stamp:
    """Changes whenever the build's files do."""
    newest = size = 0
    for file in (path / layout.MANIFEST, *path.glob(f"{layout.STEPS}/*/*")):
        try:
            info = file.lstat()
        except OSError:
            continue
        newest, size = max(newest, info.st_mtime_ns), size + info.st_size
    return newest, size


def _end_of(tail: BuildTail) -> SourceEnd | None:
    tail.reader.refresh()
    return None if tail.reader.liveness is Liveness.RUNNING else SourceEnd()


async def _look_again() -> None:
    await asyncio.sleep(_LOOK_SECONDS)
