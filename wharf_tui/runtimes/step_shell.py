"""A shell where a step runs, or where it failed and was kept: as a command of Docker's or Kubernetes' own client."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from wharf_tui.model.build import StepInfo
from wharf_tui.model.errors import UsageError


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class StepShell:
    """How to come in."""

    command: tuple[str, ...]
    """To be run in a terminal."""
    note: str
    """What one is in, for people."""
    close: Callable[[], None] = _nothing
    """Removes what was made for it; to be called when the shell has ended."""


def open_step_shell(
    runtime: str, build_name: str, step: StepInfo, context: str = "", namespace: str = ""
) -> StepShell:
    """Find a step's container or pod, and how to come into it. Asks the engine or the cluster: it takes a while.

    Args:
        runtime: where the build runs, as its store tells.
        build_name: name of the build's folder.
        step: the step.
        context: of Kubernetes' configuration; empty for its own choice.
        namespace: of pods; empty for the context's own.

    Raises:
        UsageError: there is nothing to come into, or no client to do it with.
        RunError: the engine or the cluster cannot be asked.
    """
    if runtime == "docker":
        from wharf_tui.runtimes.docker.shell import docker_shell

        _need("docker")
        return docker_shell(build_name, step)
    if runtime == "kubernetes":
        from wharf_tui.runtimes.kubernetes.shell import pod_shell

        _need("kubectl")
        return pod_shell(build_name, step, context, namespace)
    raise UsageError(
        "this step runs in no container" if runtime == "process" else "it is not known where this step runs",
        "A shell can be opened in containers of Docker and pods of Kubernetes, in builds of this machine.",
    )


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise UsageError(
            f"{program} is not installed here", f"The shell is opened with {program}; install it."
        )
