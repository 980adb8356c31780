"""What each step type needs of its pod: the container that runs it, and what the cluster mounts into it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
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
from wharf_tui.runtimes.kubernetes.labels import project_id
from wharf_tui.runtimes.kubernetes.log_start import looked_after
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.step_commands import WORK_DIR, step_command

STEP_CONTAINER: Final = "step"
CERTIFICATES: Final = "certificates"
"""Volume of the cluster's root certificates."""

_SPECIAL_DOLLAR: Final = re.compile(r"\$(?=[$(])")
_SERVICE_ACCOUNT: Final = "wharf-cmd"
_CERTIFICATES_CONFIG_MAP: Final = "ca-certificates-config"
_KUBE_FOLDER: Final = "/root/.kube"
_HELM_FOLDER: Final = "/etc/helm/registry"
_HELM_FILE: Final = "config.json"
_KANIKO_FOLDER: Final = "/kaniko/.docker"
_NUGET_SECRET: Final = "wharf-nuget-api-token"  # noqa: S105  the name of a secret, not the secret


@dataclass(slots=True)
class StepContainer:
    """The container, while it is put together."""

    image: str
    pull_policy: str = ""
    command: list[str] = field(default_factory=list)
    """Empty for the image's own entry point."""
    args: list[str] = field(default_factory=list)
    environment: list[dict[str, Any]] = field(default_factory=list)
    environment_secret: str = ""
    """Every key of this secret becomes a variable; empty for none."""
    mounts: list[dict[str, Any]] = field(default_factory=list)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    service_account: str = _SERVICE_ACCOUNT

    def mount(self, volume: str, path: str, source: dict[str, Any]) -> None:
        """Add a volume, and mount it for reading."""
        self.volumes.append({"name": volume, **source})
        self.mounts.append({"name": volume, "mountPath": path, "readOnly": True})

    def mount_certificates(self, path: str) -> None:
        """Mount the cluster's root certificates."""
        self.mount(CERTIFICATES, path, certificates_volume())


def step_container(step: Step, build: BuildContext, settings: KubernetesSettings) -> StepContainer:
    """The container of a step."""
    if isinstance(step.spec, DockerSpec):
        container = _kaniko(step.spec, build, settings)
    else:
        command = step_command(step.spec, settings.images)
        container = StepContainer(
            command.image,
            command=[_literal(word) for word in looked_after(command.command)],
            environment=[
                {"name": name, "value": _literal(value)} for name, value in command.environment.items()
            ],
        )
    container.pull_policy = settings.pull_policies.get(step.type, "")
    match step.spec:
        case ContainerSpec(service_account=account, secret_name=secret, certificates_mount_path=path):
            container.service_account = account
            container.environment_secret = project_secret(secret, build) if secret else ""
            if path:
                container.mount_certificates(path)
        case HelmSpec(cluster=cluster, secret=secret):
            _mount_kubeconfig(container, cluster)
            _mount_helm_registry(container, secret)
        case HelmPackageSpec(secret=secret):
            _mount_helm_registry(container, secret)
        case KubectlSpec(cluster=cluster):
            _mount_kubeconfig(container, cluster)
        case NugetPackageSpec(certificates_mount_path=path):
            container.environment.append(_from_secret("NUGET_TOKEN", _NUGET_SECRET, "token"))
            if path:
                container.mount_certificates(path)
        case DockerSpec():
            pass
    return container


def project_secret(name: str, build: BuildContext) -> str:
    """The cluster's name for a secret of a project."""
    return f"wharf-{build.instance_id}-project-{project_id(build)}-secretname-{name}"


def certificates_volume() -> dict[str, Any]:
    """Where the cluster's root certificates come from."""
    return {"configMap": {"name": _CERTIFICATES_CONFIG_MAP}}


def _kaniko(spec: DockerSpec, build: BuildContext, settings: KubernetesSettings) -> StepContainer:
    args = ["--dockerfile", posixpath.normpath(f"{WORK_DIR}/{spec.file}")]
    args += ["--context", posixpath.normpath(f"{WORK_DIR}/{spec.context}"), "--skip-tls-verify"]
    if spec.insecure:
        args.append("--insecure")
    for argument in spec.args:
        args += ["--build-arg", argument]
    for secret_argument in spec.secret_args:
        args += ["--build-arg", secret_argument.name]  # without a value kaniko takes it from the environment
    for tag in spec.tags:
        args += ["--destination", f"{spec.destination}:{tag}"]
    if not spec.push:
        args.append("--no-push")
    container = StepContainer(settings.kaniko, args=[_literal(word) for word in args])
    for secret_argument in spec.secret_args:
        secret = project_secret(spec.secret_name, build)
        container.environment.append(_from_secret(secret_argument.name, secret, secret_argument.secret_key))
    if spec.secret:
        items = [{"key": ".dockerconfigjson", "path": "config.json"}]
        container.mount(
            "registry", _KANIKO_FOLDER, {"projected": {"sources": [_projected(spec.secret, items)]}}
        )
    return container


def _literal(text: str) -> str:
    """The text, so that the cluster hands it on as it is: it would make one of two dollars, and fill in ``$(NAME)``."""
    return _SPECIAL_DOLLAR.sub("$$", text)


def _mount_kubeconfig(container: StepContainer, config_map: str) -> None:
    container.mount("cluster", _KUBE_FOLDER, {"configMap": {"name": config_map}})


def _mount_helm_registry(container: StepContainer, secret: str) -> None:
    if not secret:
        return
    items = [{"key": _HELM_FILE, "path": _HELM_FILE}]
    container.mount("registry", _HELM_FOLDER, {"secret": {"secretName": secret, "items": items}})
    path = f"{_HELM_FOLDER}/{_HELM_FILE}"
    container.environment.append({"name": "HELM_REGISTRY_CONFIG", "value": path})


def _projected(secret: str, items: list[dict[str, str]]) -> dict[str, Any]:
    return {"secret": {"name": secret, "items": items}}


def _from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
