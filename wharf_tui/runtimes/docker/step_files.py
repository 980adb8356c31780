"""The files that steps find in their containers: a copy of the source tree, or the few files that they ship."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import ContainerSpec, DockerSpec, HelmSpec, KubectlSpec
from wharf_tui.model.ids import StepId
from wharf_tui.runtimes.docker.build_context import build_context, check_context
from wharf_tui.runtimes.docker.settings import DockerSettings
from wharf_tui.runtimes.docker.spec import CERTIFICATES_FILE, KUBECONFIG_PATH
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.source_archive import ROOT, ArchiveReader, SourceArchive
from wharf_tui.runtimes.source_entry import SourceEntry, read_file
from wharf_tui.runtimes.source_tree import list_source, shipped_files
from wharf_tui.runtimes.step_commands import WORK_DIR

_TOP = WORK_DIR.lstrip("/")


class StepFiles:
    """All files of one build, gathered before its first step runs. Threads may use it at once.

    Args:
        build: the build.
        settings: the user's.
        gitignore: whether to leave out what ``.gitignore`` names.

    Raises:
        InputError: something cannot be read, or a step names a file that is not there.
        RunError: there is no space to pack the tree.
    """

    def __init__(self, build: BuildContext, settings: DockerSettings, *, gitignore: bool) -> None:
        self._settings = settings
        self._entries = list_source(build.directory, gitignore=gitignore)
        self._shipped: dict[StepId, tuple[SourceEntry, ...]] = {}
        self._extras: dict[StepId, SourceEntry] = {}
        self._archives: dict[tuple[int, int], SourceArchive] = {}
        self._mutex = threading.Lock()
        steps = tuple(build.pipeline.steps)
        for step in steps:
            shipped = shipped_files(step, build.directory, build.pipeline.variables)
            if shipped is not None:
                self._shipped[step.step_id] = shipped
            extra = _extra(step, settings)
            if extra is not None:
                self._extras[step.step_id] = extra
            if isinstance(step.spec, DockerSpec):
                check_context(step, step.spec, self._entries)
        if any(not isinstance(step.spec, DockerSpec | HelmSpec | KubectlSpec) for step in steps):
            self._tree(ROOT)

    def close(self) -> None:
        """Remove what was packed."""
        for archive in self._archives.values():
            archive.close()

    @contextmanager
    def container_files(
        self, step: Step, owner: tuple[int, int], is_wanted: Callable[[], bool]
    ) -> Iterator[list[ArchiveReader]]:
        """Archives to unpack at the root of a step's container, in order.

        Args:
            step: any but a ``docker`` step.
            owner: user and group whom the files shall belong to.
            is_wanted: asked now and then; where it says no, reading fails.
        """
        shipped = self._shipped.get(step.step_id)
        own = [] if shipped is None else [SourceArchive(shipped, _TOP, owner)]
        if step.step_id in self._extras:
            own.append(SourceArchive([self._extras[step.step_id]], owner=owner, folders=False))
        try:
            readers = [archive.open(is_wanted) for archive in own]
            yield readers if shipped is not None else [self._tree(owner).open(is_wanted), *readers]
        finally:
            for archive in own:
                archive.close()

    @contextmanager
    def build_context(
        self, spec: DockerSpec, is_wanted: Callable[[], bool]
    ) -> Iterator[tuple[ArchiveReader, str]]:
        """The archive that a ``docker`` step builds from, and the name of the Dockerfile in it."""
        entries, dockerfile = build_context(spec, self._entries, self._settings.certificates)
        archive = SourceArchive(entries)
        try:
            yield archive.open(is_wanted), dockerfile
        finally:
            archive.close()

    def _tree(self, owner: tuple[int, int]) -> SourceArchive:
        """The whole tree, packed once for each owner."""
        with self._mutex:
            if owner not in self._archives:
                self._archives[owner] = SourceArchive(self._entries, _TOP, owner)
            return self._archives[owner]


def _extra(step: Step, settings: DockerSettings) -> SourceEntry | None:
    """A file beside the source tree, in place of what a cluster would mount."""
    if isinstance(step.spec, HelmSpec | KubectlSpec) and settings.kubeconfig is not None:
        return _copy_of(settings.kubeconfig, KUBECONFIG_PATH)
    if isinstance(step.spec, ContainerSpec) and step.spec.certificates_mount_path:
        assert settings.certificates is not None
        return _copy_of(settings.certificates, f"{step.spec.certificates_mount_path}/{CERTIFICATES_FILE}")
    return None


def _copy_of(path: Path, place: str) -> SourceEntry:
    return SourceEntry(posixpath.normpath(place).lstrip("/"), path, read_file(path))
