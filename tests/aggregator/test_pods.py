from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.aggregator.discovery.pods import event_line, pod_from_json, selector

POD: dict[str, Any] = {
    "metadata": {
        "uid": "u",
        "name": "wharf-cmd-worker-x",
        "namespace": "ci",
        "labels": {"wharf.iver.com/build-ref": "123"},
    },
    "spec": {"initContainers": [{"name": "init"}], "containers": [{"name": "app"}]},
    "status": {"phase": "Pending"},
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list("abc") + list(POD)), inner, max_size=3)
    ),
    max_leaves=10,
)


def with_status(**status):
    return pod_from_json({**POD, "status": {"phase": "Pending", **status}})


def test_a_pod_tells_its_build_and_whether_it_can_be_reached() -> None:
    pod = with_status(phase="Running")
    assert (pod.uid, pod.number, pod.origin) == ("u", 123, "pod ci/wharf-cmd-worker-x")
    assert pod.can_be_reached
    assert pod.containers == ("init", "app")
    assert not with_status().can_be_reached
    assert with_status(phase="Failed").has_ended
    assert with_status(phase="Succeeded").has_ended


def test_a_container_that_will_not_start_makes_it_stuck() -> None:
    waiting = [
        {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    ]
    pod = with_status(containerStatuses=waiting)
    assert (pod.stuck_reason, pod.message) == ("ImagePullBackOff", "no such image")
    creating = [{"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}]
    assert with_status(containerStatuses=creating).stuck_reason == ""
    assert with_status(initContainerStatuses=waiting).stuck_reason == "ImagePullBackOff"


def test_a_label_that_is_no_number_is_none() -> None:
    for label in ("", "latest", "-1", "\u0661", "9" * 30):
        odd = {**POD, "metadata": {**POD["metadata"], "labels": {"wharf.iver.com/build-ref": label}}}
        pod = pod_from_json(odd)
        assert pod is not None
        assert pod.number == 0


@given(json_values, json_values, json_values)
def test_odd_objects_give_less_and_never_an_error(meta, spec, status) -> None:
    for value in (
        meta,
        {"metadata": meta, "spec": spec, "status": status},
        {**POD, "spec": spec, "status": status},
        {**POD, "status": {"containerStatuses": status, "initContainerStatuses": [status]}},
    ):
        pod_from_json(value)
        event_line(value)


def test_an_event_is_a_line() -> None:
    event = {
        "lastTimestamp": "2024-02-03T10:00:00Z",
        "type": "Warning",
        "reason": "BackOff",
        "message": "no",
        "count": 3,
    }
    assert event_line(event) == "2024-02-03T10:00:00Z Warning BackOff: no (x3)"


def test_wharf_cmds_labels_select() -> None:
    assert selector("test") == (
        "app.kubernetes.io/name=wharf-cmd-worker,app.kubernetes.io/managed-by=wharf-cmd-provisioner,"
        "wharf.iver.com/instance=test"
    )
