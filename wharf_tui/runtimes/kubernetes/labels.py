"""How pods are told apart: by wharf-cmd's labels, with real values, and by one of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.worker_process import this_worker

BUILD: Final = "wharf-tui.build"
"""Name of the build's folder. Only pods that this program made have it."""
BUILD_REF: Final = "wharf.iver.com/build-ref"
PROJECT_ID: Final = "wharf.iver.com/project-id"
INSTANCE: Final = "wharf.iver.com/instance"
_STAGE_ID: Final = "wharf.iver.com/stage-id"
_STEP_ID: Final = "wharf.iver.com/step-id"

OWNER: Final = "wharf-tui.owner"
"""Annotation: who looks after the pod. Once that process is gone, the pod is a leftover."""
BUILD_NAME: Final = "wharf-tui.build-name"
"""Annotation: the build's name as it is, where a label cannot take it."""
STAGE_NAME: Final = "wharf.iver.com/stage-name"
STEP_NAME: Final = "wharf.iver.com/step-name"

_NO_LABEL: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_LABEL: Final = 63


def label_value(text: str) -> str:
    """The text as a label may have it."""
    return _NO_LABEL.sub("-", text)[:_LONGEST_LABEL].strip("-._")


def step_labels(step: Step, build: BuildContext) -> dict[str, str]:
    """Labels of a step's pod."""
    return {
        "app": "wharf-cmd-worker-step",
        "app.kubernetes.io/name": "wharf-cmd-worker-step",
        "app.kubernetes.io/part-of": "wharf",
        "app.kubernetes.io/managed-by": "wharf-cmd-worker",
        "app.kubernetes.io/created-by": "wharf-cmd-worker",
        INSTANCE: label_value(build.instance_id),
        BUILD: label_value(build.build_name),
        **_numbers(step, build),
    }


def step_annotations(step: Step, build: BuildContext) -> dict[str, str]:
    """Annotations of a step's pod: what is no label, being any text."""
    numbers = _numbers(step, build)
    del numbers[BUILD_REF]
    return {
        **numbers,
        STAGE_NAME: step.stage,
        STEP_NAME: step.name,
        BUILD_NAME: build.build_name,
        OWNER: this_worker(),
    }


def project_id(build: BuildContext) -> int:
    """Number of the project; 0 for none."""
    return build.project_id or build.pipeline.project_id


def build_selector(build: BuildContext) -> str:
    """Finds all pods of one build."""
    return f"{BUILD}={label_value(build.build_name)}"


def owner_references(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """The worker's own pod, which the provisioner names to it: when that pod goes, the cluster removes the steps' too."""
    if environ.get("WHARF_KUBERNETES_OWNER_ENABLE", "").strip().lower() not in {"1", "t", "true"}:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": environ.get("WHARF_KUBERNETES_OWNER_NAME", ""),
            "uid": environ.get("WHARF_KUBERNETES_OWNER_UID", ""),
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def _numbers(step: Step, build: BuildContext) -> dict[str, str]:
    stages = [stage.name for stage in build.pipeline.stages]
    return {
        BUILD_REF: str(build.build_id),
        PROJECT_ID: str(project_id(build)),
        _STAGE_ID: str(stages.index(step.stage) + 1),
        _STEP_ID: str(step.step_id),
    }
