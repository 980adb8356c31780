"""Says what the cluster is asked for, step by step: pure functions, so that a dry run shows what a real one does."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.runtimes.kubernetes.labels import owner_references, step_annotations, step_labels
from wharf_tui.runtimes.kubernetes.overrides import merge
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings
from wharf_tui.runtimes.kubernetes.source_upload import (
    CERTIFICATES_FOLDER,
    RELEASE_FOLDER,
    WAIT_COMMAND,
)
from wharf_tui.runtimes.kubernetes.step_container import (
    CERTIFICATES,
    STEP_CONTAINER,
    StepContainer,
    certificates_volume,
    step_container,
)
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.step_commands import WORK_DIR

INIT_CONTAINER: Final = "init"
_REPO: Final = {"name": "repo", "mountPath": WORK_DIR}
_RELEASE: Final = {"name": "release", "mountPath": RELEASE_FOLDER}
_LONGEST_PREFIX: Final = 42
_NO_NAME: Final = re.compile(r"[^a-z0-9-]")
_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


def name_prefix(step: Step) -> str:
    """What the name of a step's pod begins with."""
    parts = (_NO_NAME.sub("-", part.lower()).strip("-") for part in (step.type, step.name))
    prefix = f"wharf-build-{'-'.join(parts)}-"
    return prefix if len(prefix) <= _LONGEST_PREFIX else f"{prefix[: _LONGEST_PREFIX - 1]}-"


def new_name(step: Step) -> str:
    """A name for a step's pod, as the cluster would make it. Made here, so that asking twice makes no two pods."""
    return name_prefix(step) + "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))


def pod_manifest(
    step: Step,
    build: BuildContext,
    settings: KubernetesSettings,
    environ: Mapping[str, str],
    *,
    grace_s: float,
    name: str = "",
) -> dict[str, Any]:
    """The pod of a step.

    Args:
        step: the step.
        build: the build that it belongs to.
        settings: the user's; what they say of the pod is merged over everything but what finds and ends it.
        environ: the worker's environment, which may name the worker's own pod.
        grace_s: how long the step may take to end when it is asked to.
        name: of the pod; empty lets the cluster complete it.
    """
    container = step_container(step, build, settings)
    ours = {"metadata": {}, "spec": _spec(step, container, settings)}
    pod = merge(ours, settings.pod)
    metadata = dict(pod["metadata"])
    metadata |= {"name": name} if name else {"generateName": name_prefix(step)}
    metadata["labels"] = {**(metadata.get("labels") or {}), **step_labels(step, build)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **step_annotations(step, build)}
    owners = owner_references(environ)
    if owners:
        metadata["ownerReferences"] = owners
    spec = {
        **pod["spec"],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": max(math.ceil(grace_s), 1),
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _spec(step: Step, container: StepContainer, settings: KubernetesSettings) -> dict[str, Any]:
    volumes = [{"name": "repo", "emptyDir": {}}, {"name": "release", "emptyDir": {}}, *container.volumes]
    init_mounts = [_REPO, _RELEASE]
    if isinstance(step.spec, DockerSpec) and step.spec.append_cert:
        volumes.append({"name": CERTIFICATES, **certificates_volume()})
        init_mounts.append({"name": CERTIFICATES, "mountPath": CERTIFICATES_FOLDER})
    init = {
        "name": INIT_CONTAINER,
        "image": settings.init.name,
        "imagePullPolicy": settings.init.pull_policy,
        "command": list(WAIT_COMMAND),
        "volumeMounts": init_mounts,
    }
    return {
        "serviceAccountName": container.service_account,
        "initContainers": [init],
        "containers": [_app_container(container)],
        "volumes": volumes,
    }


def _app_container(container: StepContainer) -> dict[str, Any]:
    app: dict[str, Any] = {
        "name": STEP_CONTAINER,
        "image": container.image,
        "workingDir": WORK_DIR,
        "volumeMounts": [_REPO, *container.mounts],
    }
    if container.pull_policy:
        app["imagePullPolicy"] = container.pull_policy
    if container.command:
        app["command"] = container.command
    if container.args:
        app["args"] = container.args
    if container.environment:
        app["env"] = container.environment
    if container.environment_secret:
        app["envFrom"] = [{"secretRef": {"name": container.environment_secret}}]
    return app
