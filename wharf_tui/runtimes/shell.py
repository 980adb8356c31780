"""The command line of a ``container`` step: its commands as one script that ends at the first one that fails.

wharf-cmd joins the commands and lets only the last one's exit code count; that hides failures, so here the shell is told
to stop. A shell that does not know how gets the commands as wharf-cmd would give them.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from wharf_tui.definition.step_types import ContainerSpec

_STOPS_WITH_E = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"})
_POWERSHELL = "powershell.exe"
_DEFAULT_SHELL = "/bin/sh"


def shell_command(spec: ContainerSpec) -> list[str]:
    """Program and arguments."""
    script = "\n".join(spec.cmds)
    if spec.os == "windows" and spec.shell == _DEFAULT_SHELL:
        return [_POWERSHELL, "-C", f"$ErrorActionPreference = 'Stop'\n{script}"]
    if PurePosixPath(spec.shell).name in _STOPS_WITH_E:
        return [spec.shell, "-e", "-c", script]
    return [spec.shell, "-c", script]
