"""Finds the builds that lie on this machine: ours, and those that wharf-cmd left in the folder for temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import StoreBusyError, UsageError, WharfError
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader, directory_size
from wharf_tui.results.os_errors import writing

ORIGIN_OURS = "wharf-tui"
ORIGIN_WHARF_CMD = "wharf-cmd"


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """One build, as a list shows it."""

    path: Path
    build_id: BuildId
    origin: str
    """``wharf-tui`` or ``wharf-cmd``; the latter's folders are only ever read."""
    source: str
    liveness: Liveness
    status: Status
    started_ns: int | None
    finished_ns: int | None
    failed_step: str
    """``stage/step`` of the step that failed first; empty where none did."""
    step_count: int
    size_bytes: int

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


def list_builds(builds_dir: Path, wharf_cmd_root: Path | None = None) -> list[BuildSummary]:
    """All builds, newest first.

    Args:
        builds_dir: folder of our builds; may not exist.
        wharf_cmd_root: folder of wharf-cmd's builds; None is the system's folder for temporary files.
    """
    root = wharf_cmd_root or layout.wharf_cmd_root()
    found: dict[Path, BuildSummary] = {}
    for folder in (builds_dir, root):
        for path in _build_dirs(folder):
            try:
                found.setdefault(path.resolve(), summarize(path))
            except WharfError:
                continue  # it vanished, or is not ours to read
    return sorted(found.values(), key=_age, reverse=True)


def summarize(path: Path) -> BuildSummary:
    """One build's row.

    Raises:
        InputError: no build lies there.
    """
    reader = BuildReader.open(path)
    failed = [step for step in reader.info.steps if step.status is Status.FAILED]
    failed.sort(key=lambda step: step.finished_ns or 0)
    finished = reader.info.finished_ns
    if finished is None and reader.liveness is not Liveness.RUNNING:
        finished = max((step.finished_ns for step in reader.info.steps if step.finished_ns), default=None)
    return BuildSummary(
        path=path,
        build_id=reader.info.build_id,
        origin=ORIGIN_OURS if reader.is_ours else ORIGIN_WHARF_CMD,
        source=reader.info.source,
        liveness=reader.liveness,
        status=reader.status,
        started_ns=reader.info.started_ns,
        finished_ns=finished,
        failed_step=failed[0].info.address if failed else "",
        step_count=len(reader.info.steps),
        size_bytes=directory_size(path),
    )


def builds_below(folder: Path) -> list[Path]:
    """The builds that lie in a folder of builds, newest first; none where it is no such folder."""
    summaries = []
    for path in _build_dirs(folder):
        with contextlib.suppress(WharfError):  # it vanished, or is not ours to read
            summaries.append(summarize(path))
    return [build.path for build in sorted(summaries, key=_age, reverse=True)]


def find_build(target: str, builds_dir: Path) -> Path:
    """The build that the user means: a path, a folder's name, a build's number (its newest build), or ``latest``.

    Raises:
        UsageError: no build answers to it.
    """
    if os.path.exists(target):  # noqa: PTH110 - unlike Path.exists it takes any text for an answer
        return Path(target)
    builds = list_builds(builds_dir)
    for build in builds:
        if target in (build.name, str(build.build_id), "latest"):
            return build.path
    if os.sep in target:
        raise UsageError(f"{target} does not exist")
    raise UsageError(
        f"no build answers to {target!r}",
        "Name a folder, a build's number or `latest`; `wharf-tui builds` lists what is stored.",
    )


def delete_build(build: BuildSummary) -> None:
    """Remove a build of ours from the disk.

    Raises:
        UsageError: it is wharf-cmd's.
        StoreBusyError: it is running.
        StoreError: it cannot be removed.
    """
    if build.origin != ORIGIN_OURS:
        raise UsageError(f"{build.path} is no build of wharf-tui's own ({build.origin}): it is only read")
    if BuildReader.open(build.path).liveness is Liveness.RUNNING:
        raise StoreBusyError(f"{build.path} is running", "Stop the build first.")
    with writing("delete", build.path):
        shutil.rmtree(build.path)


def _age(build: BuildSummary) -> tuple[int, int]:
    return build.started_ns or 0, build.build_id


def _build_dirs(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if layout.build_id_of(path) is not None and path.is_dir()]
    except OSError:
        return []
