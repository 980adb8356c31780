"""What a user may set for Kubernetes, under wharf-cmd's names and a few of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.configuration import Configuration
from wharf_tui.runtimes.step_commands import StepImages

_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_POD_KEYS: Final = {"metadata", "spec"}
_STEPS: Final = ("worker", "steps")


@dataclass(frozen=True, slots=True)
class InitImage:
    """The container that receives the source tree. It needs ``sh``, ``head``, ``tar``, ``cat`` and ``mkfifo``."""

    name: str = "alpine:3"
    pull_policy: str = "IfNotPresent"


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """Settings of the Kubernetes runtime."""

    context: str = ""
    """Of the kubeconfig; empty for its current one."""
    namespace: str = ""
    """Where pods go; empty for the context's own."""
    init: InitImage = field(default_factory=InitImage)
    images: StepImages = field(default_factory=StepImages)
    """Of the step types that bring their own."""
    kaniko: str = "gcr.io/kaniko-project/executor:v1.7.0"
    """What ``docker`` steps build with."""
    pull_policies: Mapping[str, str] = field(default_factory=lambda: {"container": "Always"})
    """By step type, in Kubernetes' words; a type that is not in it gets what the cluster thinks best."""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """Parts of a pod manifest (``metadata``, ``spec``) that are merged into every step's pod: node selectors,
    tolerations, resources of the containers ``step`` and ``init``, and whatever else the cluster knows."""


def kubernetes_settings(configuration: Configuration, images: StepImages) -> KubernetesSettings:
    """What the configuration says.

    Args:
        configuration: wharf-cmd's.
        images: those of it that all runtimes share.

    Raises:
        InputError: a value makes no sense.
    """
    defaults = KubernetesSettings()
    return KubernetesSettings(
        context=configuration.text("k8s", "context"),
        namespace=configuration.text("k8s", "namespace"),
        init=InitImage(
            _image(configuration, "initContainer", defaults.init.name),
            _pull_policy(configuration, "initContainer") or defaults.init.pull_policy,
        ),
        images=images,
        kaniko=_image(configuration, "docker", defaults.kaniko),
        pull_policies=dict(defaults.pull_policies) | _pull_policies(configuration),
        pod=_pod(configuration),
    )


def split_image(image: str) -> tuple[str, str]:
    """An image's name and tag; the tag is empty where it has none."""
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")


def _image(configuration: Configuration, key: str, default: str) -> str:
    name, tag = split_image(default)
    written = configuration.text(*_STEPS, key, "image", default=name)
    if "@" in written or split_image(written)[1]:
        return written
    tag = configuration.text(*_STEPS, key, "imageTag", default=tag)
    return f"{written}:{tag}" if tag else written


def _pull_policies(configuration: Configuration) -> dict[str, str]:
    found = {}
    for step_type in ("container", "docker", "helm", "helm-package", "kubectl", "nuget-package"):
        policy = _pull_policy(configuration, step_type)
        if policy:
            found[step_type] = policy
    return found


def _pull_policy(configuration: Configuration, key: str) -> str:
    word = configuration.text(*_STEPS, key, "imagePullPolicy")
    policy = next((policy for policy in _PULL_POLICIES if policy.lower() == word.lower()), "")
    if word and not policy:
        raise InputError(
            f"worker.steps.{key}.imagePullPolicy is {word!r}", f"Write one of {', '.join(_PULL_POLICIES)}."
        )
    return policy


def _pod(configuration: Configuration) -> Mapping[str, Any]:
    pod = configuration.get(*_STEPS, "pod")
    if pod is None:
        return {}
    if not isinstance(pod, Mapping) or not all(isinstance(pod.get(key, {}), Mapping) for key in _POD_KEYS):
        raise InputError(
            "worker.steps.pod must be a part of a pod manifest",
            "Write `worker: {steps: {pod: {spec: {nodeSelector: {...}}}}}`, for one.",
        )
    unknown = ", ".join(sorted(str(key) for key in pod.keys() - _POD_KEYS))
    if unknown:
        raise InputError(
            f"worker.steps.pod has {unknown}, which no pod has", "It may have `metadata` and `spec`."
        )
    return pod
