"""The files that steps find in their pods: a copy of the source tree, or the few files that they ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.model.ids import StepId
from wharf_tui.runtimes.docker.build_context import check_context
from wharf_tui.runtimes.kubernetes.source_upload import last_entry
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.source_archive import ArchiveReader, SourceArchive
from wharf_tui.runtimes.source_entry import SourceEntry
from wharf_tui.runtimes.source_tree import list_source, shipped_files


class StepFiles:
    """All files of one build, gathered before its first step runs. Threads may use it at once.

    Args:
        build: the build.
        gitignore: whether to leave out what ``.gitignore`` names.

    Raises:
        InputError: something cannot be read, or a step names a file that is not there.
        RunError: there is no space to pack the tree.
    """

    def __init__(self, build: BuildContext, *, gitignore: bool) -> None:
        self._last = last_entry(build.directory)
        self._shipped: dict[StepId, tuple[SourceEntry, ...]] = {}
        self._tree: SourceArchive | None = None
        steps = tuple(build.pipeline.steps)
        for step in steps:
            shipped = shipped_files(step, build.directory, build.pipeline.variables)
            if shipped is not None:
                self._shipped[step.step_id] = shipped
        if len(self._shipped) < len(steps):
            entries = list_source(build.directory, gitignore=gitignore)
            for step in steps:
                if isinstance(step.spec, DockerSpec):
                    check_context(step, step.spec, entries)
            self._tree = SourceArchive([*entries, self._last])

    def close(self) -> None:
        """Remove what was packed."""
        if self._tree is not None:
            self._tree.close()

    @contextmanager
    def archive(self, step: Step, is_wanted: Callable[[], bool]) -> Iterator[ArchiveReader]:
        """The archive to unpack in a step's pod.

        Args:
            step: the step.
            is_wanted: asked now and then; where it says no, reading fails.
        """
        shipped = self._shipped.get(step.step_id)
        if shipped is None:
            assert self._tree is not None
            yield self._tree.open(is_wanted)
            return
        own = SourceArchive([*shipped, self._last])
        try:
            yield own.open(is_wanted)
        finally:
            own.close()
