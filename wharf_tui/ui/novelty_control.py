"""Shows only the lines that the last green run did not have: what is new is where a failure is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from wharf_tui.insight.novelty import KnownShapes
from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import find_build, list_builds
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.slices import work_on

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen


class NoveltyControl(Control):
    """The comparison of one screen's build with another one.

    Args:
        screen: whose build is compared.
    """

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._executor: ThreadPoolExecutor | None = None
        self._other: BuildReader | None = None
        self._shapes: dict[StepId, KnownShapes] = {}
        self._to_count: list[StepId] = []

    def toggle(self, target: str) -> None:
        """Show only what is new, or all again.

        Args:
            target: the build to compare with: a folder, number or name; empty for the newest green one of the same definition.
        """
        filters = self.screen.control(FilterControl)
        if filters.unlike is not None and not target:
            filters.show_unlike(None, "")
            return
        self.screen.run_worker(self._compare(target), group="novelty", exclusive=True)

    def work(self) -> bool:
        """Learn the other build's lines; then show what is new."""
        if self._other is None or not self._to_count:
            return False
        step_id = self._to_count[0]
        shapes = self._shapes[step_id]
        try:
            is_done = work_on(shapes).is_done
        except WharfError:  # what cannot be read is not known
            is_done = True
        if is_done:
            self._to_count.pop(0)
        if not self._to_count:
            name = (
                f"build {self._other.info.build_id}" if self._other.info.build_id else self._other.path.name
            )
            self.screen.control(FilterControl).show_unlike(self._shapes, name)
        return True

    def close(self) -> None:
        """Let go of the other build."""
        if self._other is not None:
            self._other.close()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def _compare(self, target: str) -> None:
        screen = self.screen
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="novelty")
        place, source = screen.feed.place, screen.feed.info.source
        try:
            other = await asyncio.get_running_loop().run_in_executor(
                self._executor, _open_other, target, place, source
            )
        except WharfError as error:
            text = " ".join(filter(None, (f"{error.message}.", error.hint)))
            screen.notify(clean_plain(text), severity="warning", markup=False)
            return
        if self._other is not None:
            self._other.close()
        self._other = other
        self._shapes = {}
        by_address = {step.info.address: step.info.step_id for step in other.info.steps}
        for step in screen.feed.info.steps:
            twin = by_address.get(step.info.address)
            if twin is not None:
                log = other.log(twin)
                log.refresh()
                self._shapes[step.info.step_id] = KnownShapes(log)
        self._to_count = list(self._shapes)
        if not self._to_count:
            screen.notify("The two builds have no step of the same name.", severity="warning", markup=False)


def _open_other(target: str, shown: str, source: str) -> BuildReader:
    """The build to compare with. Runs in a thread.

    Args:
        target: as the user named it; empty for the newest green one.
        shown: the place of the build that is shown.
        source: of the build that is shown.

    Raises:
        UsageError: there is none.
        InputError: it cannot be read.
    """
    place = Path(shown).expanduser()
    if target:
        return BuildReader.open(find_build(target, place.parent))
    for build in list_builds(place.parent):
        is_other = build.path.resolve() != place.resolve() and build.source == source
        if is_other and build.status is Status.SUCCESS:
            return BuildReader.open(build.path)
    raise UsageError(
        "no green build of the same definition is stored here", "Name one to compare with: :new 41"
    )


COMMANDS = (
    Command(
        "new",
        "Only what the last green run did not print",
        lambda screen, text: screen.control(NoveltyControl).toggle(text),
        "D",
        "D",
        argument="[BUILD]",
    ),
)
