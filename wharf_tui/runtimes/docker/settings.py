"""What a user may set for Docker."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.configuration import Configuration
from wharf_tui.runtimes.step_commands import StepImages

_SIZE = re.compile(r"(\d+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SWITCH = {"": True, "true": True, "false": False}


class PullPolicy(Enum):
    """When a step's image is fetched from its registry. The value is the word that configuration has for it."""

    ALWAYS = "always"
    MISSING = "missing"
    """Only where the engine does not have it, as ``docker run`` does."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """Settings of the Docker runtime."""

    pull_policy: PullPolicy = PullPolicy.MISSING
    images: StepImages = field(default_factory=StepImages)
    """Of the step types that bring their own."""
    kubeconfig: Path | None = None
    """What ``helm`` and ``kubectl`` steps get in place of the cluster's config map."""
    certificates: Path | None = None
    """PEM file of root certificates, in place of the cluster's config map of them."""
    memory_bytes: int = 0
    """What a step may use; 0 for no limit."""
    init: bool = True
    """Whether a small init process passes signals on and reaps what a step leaves behind: without one most shells
    do not notice that they should end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and what is kept."""

    grace_s: float = 10.0
    """Between asking a step to end and killing it."""
    start_s: float | None = None
    """Until a step runs, its image pulled and its files copied; None for ever."""
    step_s: float | None = None
    """From then until it ends; None for ever."""
    away_s: float = 300.0
    """How long the engine may be away before the steps that it runs are given up."""
    silence_s: float = 20.0
    """How long a step may be silent before it is looked whether the connection to its container still lives."""
    keep_failed: bool = False
    """Whether the containers of failed steps stay, stopped, for somebody to look into."""


def docker_settings(configuration: Configuration, images: StepImages) -> DockerSettings:
    """What the configuration says: wharf-cmd's pull policy, and keys of ours below ``docker``.

    Args:
        configuration: wharf-cmd's.
        images: those of it that all runtimes share.

    Raises:
        InputError: a value makes no sense.
    """
    return DockerSettings(
        pull_policy=_pull_policy(configuration.text("worker", "steps", "container", "imagePullPolicy")),
        images=images,
        kubeconfig=_file(configuration, "kubeconfig"),
        certificates=_file(configuration, "certificates"),
        memory_bytes=_memory(configuration.text("docker", "memory")),
        init=_switch(configuration.text("docker", "init")),
    )


def _pull_policy(word: str) -> PullPolicy:
    """Kubernetes' words and Docker's own, in any letter case."""
    known = {
        "": PullPolicy.MISSING,
        "ifnotpresent": PullPolicy.MISSING,
        **{policy.value: policy for policy in PullPolicy},
    }
    try:
        return known[word.lower()]
    except KeyError as error:
        raise InputError(
            f"worker.steps.container.imagePullPolicy is {word!r}", "Write Always, IfNotPresent or Never."
        ) from error


def _file(configuration: Configuration, key: str) -> Path | None:
    text = configuration.text("docker", key)
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise InputError(f"docker.{key} names {path}, which is no file", "Correct the configuration.")
    return path


def _memory(text: str) -> int:
    match = _SIZE.fullmatch(text) if text else None
    if text and match is None:
        raise InputError(f"docker.memory is {text!r}", "Write a size such as 512m or 2g.")
    return int(match[1]) * _UNITS[match[2].lower()] if match else 0


def _switch(text: str) -> bool:
    try:
        return _SWITCH[text.lower()]
    except KeyError as error:
        raise InputError(f"docker.init is {text!r}", "Write true or false.") from error
