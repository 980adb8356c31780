"""A shell in a step's container: in the running one, or in a copy of what one that has ended has left."""

from __future__ import annotations

from typing import Any

from wharf_tui.model.build import StepInfo
from wharf_tui.model.errors import UsageError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.spec import BUILD_LABEL, STAGE_LABEL, STEP_LABEL
from wharf_tui.runtimes.step_shell import StepShell


def docker_shell(build_name: str, step: StepInfo) -> StepShell:
    """As ``open_step_shell``. A container that has ended cannot be entered: its files become an image, which can.

    Raises:
        UsageError: the container is gone.
        RunError: Docker cannot be asked.
    """
    engine = Engine()
    try:
        found = _find(engine, build_name, step)
        name = str(found["Name"]).lstrip("/")
        if (found.get("State") or {}).get("Running"):
            return StepShell(("docker", "exec", "-it", name, "sh"), f"the running container {name}")
        image = engine.commit(name)
    finally:
        engine.close()
    directory = str((found.get("Config") or {}).get("WorkingDir") or "/")
    options = ("--rm", "-it", "--entrypoint", "sh", "--workdir", directory)
    return StepShell(
        ("docker", "run", *options, image), f"a copy of what {name} has left", lambda: _remove_image(image)
    )


def _find(engine: Engine, build_name: str, step: StepInfo) -> dict[str, Any]:
    labels = {BUILD_LABEL: build_name, STAGE_LABEL: step.stage, STEP_LABEL: step.name}
    ours = sorted(engine.containers(labels), key=lambda one: int(one.get("Created") or 0))
    found = engine.inspect(str(ours[-1]["Id"])) if ours else None
    if found is None and not step.stage:  # a container that is followed has the step's name
        found = engine.inspect(step.name)
    if found is None:
        raise UsageError(
            f"the container of {step.address} is gone",
            "Run the build with --keep failed, and those of failed steps stay.",
        )
    return found


def _remove_image(image: str) -> None:
    engine = Engine()
    try:
        engine.remove_image(image)
    finally:
        engine.close()
