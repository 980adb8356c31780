"""What a pod's object tells of its step, and how it ended. The objects are as clusters give them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.outcome import outcome_of
from wharf_tui.runtimes.kubernetes.overrides import merge
from wharf_tui.runtimes.kubernetes.pod_state import PodStage, PodState, Trouble, read_state

RUNNING = {"running": {"startedAt": "2026-11-23T23:22:45Z"}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
WAITS = {"waiting": {"reason": "PodInitializing"}}


def pod(
    step: dict[str, Any] | None = None, init: dict[str, Any] | None = None, **status: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metadata": {},
        "spec": {"nodeName": "n"},
        "status": {"phase": "Pending", **status},
    }
    if init is not None:
        found["status"]["initContainerStatuses"] = [{"name": "init", "state": init}]
    if step is not None:
        found["status"]["containerStatuses"] = [{"name": "step", "state": step}]
    return found


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def test_a_pod_without_a_node() -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available:\n1 node(s) didn't match.",
    }
    found = {"metadata": {}, "spec": {}, "status": {"phase": "Pending", "conditions": [condition]}}
    assert read_state(found) == PodState(
        PodStage.SCHEDULING, "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match."
    )
    assert read_state({}) == PodState(PodStage.SCHEDULING)


@pytest.mark.parametrize(
    ("found", "stage"),
    [
        (pod(), PodStage.PREPARING),
        (pod(WAITS, waiting("ContainerCreating")), PodStage.PREPARING),
        (pod(WAITS, RUNNING), PodStage.WAITS_FOR_FILES),
        (pod(WAITS, DONE), PodStage.STARTING),
        (pod(RUNNING, DONE), PodStage.RUNNING),
        (pod(DONE, DONE), PodStage.ENDED),
        (pod(RUNNING, DONE, phase="Failed", reason="DeadlineExceeded"), PodStage.ENDED),
        (pod(WAITS, {"terminated": {"exitCode": 1}}, phase="Failed"), PodStage.ENDED),
        (pod(phase="Failed", reason="Evicted"), PodStage.ENDED),
    ],
)
def test_how_far_it_has_come(found: dict[str, Any], stage: PodStage) -> None:
    assert read_state(found) == PodState(stage)


@pytest.mark.parametrize(
    ("reason", "trouble"),
    [
        ("ErrImagePull", Trouble.IMAGE),
        ("ImagePullBackOff", Trouble.IMAGE),
        ("InvalidImageName", Trouble.HOPELESS),
        ("ErrImageNeverPull", Trouble.HOPELESS),
        ("CreateContainerConfigError", Trouble.HOPELESS),
        ("CreateContainerError", Trouble.HOPELESS),
        ("SomethingNew", Trouble.NONE),
    ],
)
def test_what_it_waits_for(reason: str, trouble: Trouble) -> None:
    assert read_state(pod(waiting(reason, "why\nso"), DONE)) == PodState(
        PodStage.STARTING, f"{reason}: why so", trouble
    )
    assert read_state(pod(WAITS, waiting(reason))) == PodState(PodStage.PREPARING, reason, trouble)


def test_a_secret_that_the_node_has_not_got_yet_is_waited_for() -> None:
    words = "failed to sync secret cache: timed out waiting for the condition"
    state = read_state(pod(waiting("CreateContainerConfigError", words), DONE))
    assert state.trouble is Trouble.NONE


def test_a_pod_that_is_being_deleted() -> None:
    found = pod(RUNNING, DONE)
    found["metadata"]["deletionTimestamp"] = "2026-11-23T23:22:45Z"
    assert read_state(found) == PodState(PodStage.RUNNING, is_deleted=True)


@pytest.mark.parametrize(
    ("ended", "status", "exit_code", "reason"),
    [
        ({"exitCode": 0, "reason": "Completed"}, Status.SUCCESS, 0, ""),
        ({"exitCode": 3, "reason": "Error"}, Status.FAILED, 3, "exit code 3"),
        ({"exitCode": 137, "reason": "Error"}, Status.FAILED, 137, "killed by signal 9 (SIGKILL)"),
        ({"exitCode": 0, "signal": 15}, Status.FAILED, 143, "killed by signal 15 (SIGTERM)"),
        (
            {"exitCode": 137, "reason": "OOMKilled"},
            Status.FAILED,
            137,
            "out of memory (OOMKilled): killed by signal 9 (SIGKILL)",
        ),
        (
            {"exitCode": 127, "reason": "ContainerCannotRun", "message": "no\nsuch file"},
            Status.FAILED,
            127,
            "ContainerCannotRun: exit code 127: no such file",
        ),
        ({"exitCode": 255}, Status.FAILED, 255, "exit code 255"),
    ],
)
def test_how_a_container_ended(ended: dict[str, Any], status: Status, exit_code: int, reason: str) -> None:
    outcome = outcome_of(pod({"terminated": ended}, DONE))
    assert (outcome.status, outcome.exit_code, outcome.reason) == (status, exit_code, reason)


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        (
            {"exitCode": 137, "reason": "Error"},
            "killed by signal 9 (SIGKILL); its memory limit is 8Mi, which it may have passed",
        ),
        ({"exitCode": 137, "reason": "OOMKilled"}, "out of memory (OOMKilled): killed by signal 9 (SIGKILL)"),
        ({"exitCode": 1, "reason": "Error"}, "exit code 1"),
    ],
)
def test_who_is_killed_may_have_had_too_little_memory(ended: dict[str, Any], reason: str) -> None:
    found = pod({"terminated": ended}, DONE)
    other = {"name": "other", "resources": {"limits": {"memory": "1Mi"}}}
    found["spec"]["containers"] = [other, {"name": "step", "resources": {"limits": {"memory": "8Mi"}}}]
    assert outcome_of(found).reason == reason


def test_how_a_pod_ended() -> None:
    evicted: dict[str, Any] = {
        "phase": "Failed",
        "reason": "Evicted",
        "message": "The node was low on resource: memory.",
    }
    outcome = outcome_of(pod(**evicted))
    assert (outcome.status, outcome.exit_code) == (Status.FAILED, None)
    assert outcome.reason == "Evicted: The node was low on resource: memory."
    outcome = outcome_of(pod({"terminated": {"exitCode": 0}}, DONE, **evicted))
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("Evicted: ")
    outcome = outcome_of(pod(WAITS, {"terminated": {"exitCode": 1, "reason": "Error"}}, phase="Failed"))
    assert outcome.reason == "its init container failed: exit code 1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("metadata", "spec", "status", "state", "name", "waiting", "terminated", "running"),
                    *("conditions", "containerStatuses", "initContainerStatuses", "phase", "reason"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), JSON))
def test_odd_objects_break_nothing(found: dict[str, Any]) -> None:
    assert isinstance(read_state(found), PodState)
    outcome_of(found)


def test_merging_keeps_what_is_not_said() -> None:
    ours = {
        "a": 1,
        "b": {"c": 1, "d": 2},
        "containers": [{"name": "x", "image": "i"}, {"name": "y"}],
        "l": [1],
    }
    theirs = {
        "b": {"c": 3},
        "containers": [{"name": "z"}, {"name": "x", "tty": True}],
        "l": [2, 3],
        "a": None,
    }
    assert merge(ours, theirs) == {
        "b": {"c": 3, "d": 2},
        "containers": [{"name": "x", "image": "i", "tty": True}, {"name": "y"}, {"name": "z"}],
        "l": [2, 3],
    }
    assert ours["b"] == {"c": 1, "d": 2}
