"""Says what the engine is asked for, step by step: pure functions, so that a dry run shows what a real one does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import (
    ContainerSpec,
    DockerSpec,
    HelmPackageSpec,
    HelmSpec,
    KubectlSpec,
    NugetPackageSpec,
)
from wharf_tui.runtimes.docker.settings import DockerSettings
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.step_commands import WORK_DIR, step_command
from wharf_tui.runtimes.worker_process import this_worker

BUILD_LABEL: Final = "wharf-tui.build"
OWNER_LABEL: Final = "wharf-tui.owner"
"""Host and process that look after a container: once they are gone, it is a leftover."""
STAGE_LABEL: Final = "wharf.iver.com/stage-name"
STEP_LABEL: Final = "wharf.iver.com/step-name"

KUBECONFIG_PATH: Final = "/root/.kube/config"
CERTIFICATES_FILE: Final = "ca-certificates.crt"
_LOG: Final = {"Type": "json-file", "Config": {"max-size": "1t", "mode": "blocking"}}
"""Never rotated, never dropped: what was printed can be read again when a connection breaks. Gone with the container."""
_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_.-]+")
_USE_KUBERNETES: Final = "use --runtime kubernetes"


def container_name(step: Step, build: BuildContext) -> str:
    """Name of a step's container: the build's, which is unique on this machine, and the step's."""
    name = _NO_NAME.sub("-", f"{build.build_name}-{step.step_id}-{step.stage}-{step.name}")
    return name.lstrip("-_.")[:128]


def labels(step: Step, build: BuildContext) -> dict[str, str]:
    """What tells a step's container from others."""
    return {
        "wharf.iver.com/instance": build.instance_id,
        "wharf.iver.com/build-ref": str(build.build_id),
        "wharf.iver.com/project-id": str(build.project_id),
        STAGE_LABEL: step.stage,
        STEP_LABEL: step.name,
        "wharf.iver.com/step-id": str(step.step_id),
        BUILD_LABEL: build.build_name,
        OWNER_LABEL: this_worker(),
    }


def container_config(
    step: Step, build: BuildContext, settings: DockerSettings, *, init: bool = True
) -> dict[str, Any]:
    """The body of the call that creates a step's container.

    Args:
        step: any but a ``docker`` step.
        build: the build that it belongs to.
        settings: the user's.
        init: whether the engine has an init process to give.
    """
    command = step_command(step.spec, settings.images)
    host: dict[str, Any] = {"LogConfig": _LOG, "Init": init and settings.init}
    if settings.memory_bytes:
        host |= {"Memory": settings.memory_bytes, "MemorySwap": settings.memory_bytes}
    return {
        "Image": command.image,
        "Entrypoint": list(command.command),
        "Cmd": [],
        "Env": [f"{name}={value}" for name, value in command.environment.items()],
        "WorkingDir": WORK_DIR,
        "Labels": labels(step, build),
        "Tty": False,
        "OpenStdin": False,
        "HostConfig": host,
    }


def build_params(spec: DockerSpec) -> dict[str, Any]:
    """The query of the call that builds a ``docker`` step's image, but for the name of its Dockerfile."""
    arguments = (argument.partition("=") for argument in spec.args)
    return {
        "t": [f"{spec.destination}:{tag}" for tag in spec.tags],
        "buildargs": {name: value if equals else None for name, equals, value in arguments},
        "rm": True,
        "forcerm": True,
    }


def describe(step: Step, build: BuildContext, settings: DockerSettings) -> Mapping[str, Any]:
    """What a dry run shows of a step."""
    missing = what_is_missing(step, settings)
    shown: dict[str, Any] = {"cannot run": missing} if missing else {}
    if isinstance(step.spec, DockerSpec):
        return shown | {
            "build": {
                "dockerfile": step.spec.file,
                "context": step.spec.context or ".",
                **build_params(step.spec),
            },
            "push": step.spec.push,
        }
    return shown | {"container": container_name(step, build), **container_config(step, build, settings)}


def what_is_missing(step: Step, settings: DockerSettings) -> str:
    """Why Docker cannot run a step: it needs something that only a cluster has. Empty where nothing is missing."""
    match step.spec:
        case ContainerSpec(secret_name=secret) if secret:
            return _needs_secret(secret)
        case ContainerSpec(certificates_mount_path=path) if path and settings.certificates is None:
            return _needs_certificates("certificatesMountPath")
        case DockerSpec(secret_name=secret) if secret:
            return _needs_secret(secret)
        case DockerSpec(append_cert=True) if settings.certificates is None:
            return f"{_needs_certificates('append-cert')}, or set append-cert to false"
        case HelmSpec(secret=secret) | HelmPackageSpec(secret=secret) if secret:
            return _needs_secret(secret)
        case HelmSpec(cluster=cluster) | KubectlSpec(cluster=cluster) if settings.kubeconfig is None:
            return (
                f"it needs the cluster's config map '{cluster}', which Docker does not have: "
                f"set docker.kubeconfig in wharf-cmd-config.yml to a file in its place, or {_USE_KUBERNETES}"
            )
        case NugetPackageSpec():
            return _needs_secret("wharf-nuget-api-token")
    return ""


def _needs_secret(name: str) -> str:
    return f"it needs the cluster's secret '{name}', which Docker does not have: {_USE_KUBERNETES}"


def _needs_certificates(field: str) -> str:
    return (
        f"{field} needs the cluster's certificates, which Docker does not have: "
        f"set docker.certificates in wharf-cmd-config.yml to a file in their place, or {_USE_KUBERNETES}"
    )
