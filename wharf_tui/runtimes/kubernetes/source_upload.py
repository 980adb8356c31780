"""How the source tree gets into a pod: the init container waits, unpacks what is sent to it, and lets the step start.

The archive comes through a command that is executed in the waiting container. Its input never ends for older API
servers, so the command is told how many bytes to take. ``tar`` takes an archive that broke off between two files for
a whole one, so the archive ends with a file that must be there afterwards.
"""

from __future__ import annotations

import posixpath
import shlex
from pathlib import Path
from typing import Final

from wharf_tui.definition.step_types import DockerSpec, StepSpec
from wharf_tui.runtimes.source_entry import SourceEntry
from wharf_tui.runtimes.step_commands import WORK_DIR

CERTIFICATES_FOLDER: Final = "/mnt/wharf-certificates"
RELEASE_FOLDER: Final = "/mnt/wharf-release"
_RELEASE: Final = f"{RELEASE_FOLDER}/go"
_LAST_FILE: Final = ".wharf-end-of-archive"
_CERTIFICATES_IN_IMAGE: Final = "/etc/ssl/certs/ca-certificates.crt"
_CERTIFICATES_IN_CONTEXT: Final = ".wharf-certificates.crt"

WAIT_COMMAND: Final = (
    "sh",
    "-c",
    f"trap 'exit 143' TERM; mkfifo {_RELEASE} && cat {_RELEASE} & wait $!",
)
"""Waits until the tree is there. Where it is asked to end, it does so at once."""


def last_entry(any_file: Path) -> SourceEntry:
    """The entry that every archive ends with."""
    return SourceEntry(_LAST_FILE, any_file, b"")


def upload_command(spec: StepSpec, size: int) -> list[str]:
    """The command that unpacks an archive of so many bytes from its input, and lets the step start."""
    lines = [
        "set -e",
        f"cd {WORK_DIR}",
        f"head -c {size} | tar -x -f -",
        f"rm {_LAST_FILE}",
        *(_append_certificates(spec) if isinstance(spec, DockerSpec) and spec.append_cert else []),
        f"until [ -p {_RELEASE} ]; do sleep 0.1; done",
        f"echo go >{_RELEASE}",
    ]
    return ["sh", "-c", "\n".join(lines)]


def _append_certificates(spec: DockerSpec) -> list[str]:
    """Kaniko has no shell, so the Dockerfile is told to take the certificates before kaniko sees it."""
    context = posixpath.normpath(spec.context or ".")
    certificates = shlex.quote(posixpath.join(context, _CERTIFICATES_IN_CONTEXT))
    ignore = shlex.quote(posixpath.join(context, ".dockerignore"))
    copy = f"COPY {_CERTIFICATES_IN_CONTEXT} {_CERTIFICATES_IN_IMAGE}"
    return [
        f"cat {CERTIFICATES_FOLDER}/* >{certificates}",
        f"printf '\\n%s\\n' {shlex.quote(copy)} >>{shlex.quote(posixpath.normpath(spec.file))}",
        f"[ ! -e {ignore} ] || printf '\\n!%s\\n' {_CERTIFICATES_IN_CONTEXT} >>{ignore}",
    ]
