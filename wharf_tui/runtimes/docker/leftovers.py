"""Finds containers whose worker is gone: killed, or lost with its machine. Whoever looks after one says so in a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.spec import BUILD_LABEL, OWNER_LABEL, STAGE_LABEL, STEP_LABEL
from wharf_tui.runtimes.worker_process import is_gone

_OF_A_POD = "io.kubernetes."


@dataclass(frozen=True, slots=True)
class Leftover:
    """A container that nobody looks after."""

    container: str
    """Its name."""
    build_name: str
    step: str
    """``stage/step``."""
    state: str
    """``running``, ``exited``, ``created``, ..."""


def find_leftovers() -> list[Leftover]:
    """Containers of builds of this machine whose worker does not run any more, those that were kept among them.

    Raises:
        RunError: Docker cannot be asked.
    """
    engine = Engine()
    try:
        found = engine.containers({BUILD_LABEL: "", OWNER_LABEL: ""})
    finally:
        engine.close()
    return [_leftover(one) for one in found if _is_left_over(one["Labels"])]


def remove_leftovers(leftovers: list[Leftover]) -> list[str]:
    """Remove containers, whatever they do, with their volumes.

    Returns:
        What went wrong, a sentence for each container that is still there.

    Raises:
        RunError: Docker cannot be reached at all.
    """
    failures = []
    engine = Engine()
    try:
        for leftover in leftovers:
            try:
                engine.remove(leftover.container)
            except RunError as error:
                failures.append(error.message)
    finally:
        engine.close()
    return failures


def _leftover(container: dict[str, object]) -> Leftover:
    labels = container["Labels"]
    names = container["Names"]
    assert isinstance(labels, dict)
    assert isinstance(names, list)
    return Leftover(
        container=str(names[0]).lstrip("/") if names else str(container["Id"]),
        build_name=labels[BUILD_LABEL],
        step=f"{labels.get(STAGE_LABEL, '?')}/{labels.get(STEP_LABEL, '?')}",
        state=str(container["State"]),
    )


def _is_left_over(labels: Mapping[str, str]) -> bool:
    """Whether nobody looks after a container. A pod's containers bear our labels too, but they are their kubelet's."""
    return is_gone(labels[OWNER_LABEL]) and not any(name.startswith(_OF_A_POD) for name in labels)
