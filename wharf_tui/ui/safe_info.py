"""Names, reasons and paths of a build may hold anything: they are made safe here, once, before a widget sees them."""

from __future__ import annotations

from dataclasses import replace

from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.text import clean_plain
from wharf_tui.results.catalogue import BuildSummary


def safe_build(info: BuildInfo) -> BuildInfo:
    """The build with every text of it safe to show."""
    return replace(
        info,
        steps=tuple(_safe_step(step) for step in info.steps),
        source=clean_plain(info.source),
        runtime=clean_plain(info.runtime),
        environment=clean_plain(info.environment),
        problem=clean_plain(info.problem),
    )


def _safe_step(step: StepState) -> StepState:
    names = step.info
    safe_names = replace(
        names, stage=clean_plain(names.stage), name=clean_plain(names.name), type=clean_plain(names.type)
    )
    return replace(step, info=safe_names, reason=clean_plain(step.reason))


def safe_summary(build: BuildSummary) -> BuildSummary:
    """The catalogue's row with every text of it safe to show; the path stays what it is."""
    return replace(build, source=clean_plain(build.source), failed_step=clean_plain(build.failed_step))
