"""Finds containers whose worker is gone: killed, or lost with its machine. Whoever looks after one says so in a label."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.spec import BUILD_LABEL, OWNER_LABEL, STAGE_LABEL, STEP_LABEL


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
    return [_leftover(one) for one in found if _is_left_over(one["Labels"][OWNER_LABEL])]


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


def _is_left_over(owner: str) -> bool:
    """Whether the process is gone. Of other machines' processes nothing is known: they are let be."""
    host, _, process = owner.rpartition("/")
    return host == socket.gethostname() and process.isdecimal() and not _is_alive(int(process))


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # no harmless way to ask
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
