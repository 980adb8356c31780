"""What a command knows of a build besides the definition's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Options of the commands that load a definition, and the surroundings that they run in."""

    build_id: int
    """Becomes ``BUILD_REF``."""
    environ: Mapping[str, str]
    """The process's environment."""
    user_config_dir: Path
    """As ``~/.config``: the folder that holds ``iver-wharf/wharf-cmd/wharf-vars.yml``, if there is one."""
    system_config_dir: Path | None = None
    """As ``/etc``, likewise; None where the system has none."""
    stage: str | None = None
    """Keep only the stage of this name."""
    environment: str | None = None
    inputs: tuple[tuple[str, str], ...] = ()
    """Names and values; of a name given twice the last one counts."""
    project_id: int = 0
    """Becomes ``PROJECT_ID``, unless it is 0."""
