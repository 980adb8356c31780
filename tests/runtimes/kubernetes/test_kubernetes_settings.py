"""What the configuration says of the cluster, images and pods."""

from __future__ import annotations

from typing import Any

import pytest

from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.configuration import Configuration
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings, kubernetes_settings, split_image
from wharf_tui.runtimes.step_commands import StepImages


def settings(tree: dict[str, Any]) -> KubernetesSettings:
    return kubernetes_settings(Configuration(tree), StepImages())


def test_defaults() -> None:
    assert settings({}) == KubernetesSettings()


def test_everything_that_can_be_set() -> None:
    pod = {"spec": {"nodeSelector": {"a": "b"}}}
    tree = {
        "K8s": {"context": "c", "Namespace": "n"},
        "worker": {
            "steps": {
                "initContainer": {
                    "image": "mirror:5000/busybox",
                    "imagetag": "1",
                    "imagePullPolicy": "never",
                },
                "docker": {"image": "kaniko", "imageTag": "v9"},
                "container": {"imagePullPolicy": "IfNotPresent"},
                "helm": {"imagePullPolicy": "Always"},
                "pod": pod,
            }
        },
    }
    found = settings(tree)
    assert (found.context, found.namespace) == ("c", "n")
    assert (found.init.name, found.init.pull_policy) == ("mirror:5000/busybox:1", "Never")
    assert found.kaniko == "kaniko:v9"
    assert found.pull_policies == {"container": "IfNotPresent", "helm": "Always"}
    assert found.pod == pod


def test_an_image_may_have_its_tag_or_digest_already() -> None:
    assert settings({"worker": {"steps": {"docker": {"image": "k:v2"}}}}).kaniko == "k:v2"
    assert settings({"worker": {"steps": {"docker": {"image": "k@sha256:0"}}}}).kaniko == "k@sha256:0"
    assert split_image("host:5000/a") == ("host:5000/a", "")
    assert split_image("host:5000/a:b") == ("host:5000/a", "b")


@pytest.mark.parametrize(
    "steps",
    [
        {"container": {"imagePullPolicy": "Sometimes"}},
        {"pod": "text"},
        {"pod": {"spec": []}},
        {"pod": {"nodeSelector": {}}},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(steps: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        settings({"worker": {"steps": steps}})
    assert "worker.steps" in caught.value.message
    assert caught.value.hint
