"""What a user may set for Docker."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from wharf_tui.runtimes.step_commands import StepImages


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
