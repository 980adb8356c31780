"""``status.json`` and ``artifacts.json``: what wharf-cmd writes is read, what we write wharf-cmd can read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS
from wharf_tui.results.event_files import (
    read_artifact_events,
    read_status_events,
    write_artifact_events,
    write_status_events,
)

IDS = st.integers(0, 2**64 - 1)
TIMES = st.none() | st.integers(EARLIEST_NS, LATEST_NS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(events=st.lists(st.builds(StatusEvent, IDS, st.sampled_from(Status), TIMES)).map(tuple))
def test_statuses_come_back(tmp_path_factory, events):
    path = tmp_path_factory.mktemp("step") / "status.json"
    write_status_events(path, events)
    assert read_status_events(path) == (events, "")
    assert json.loads(path.read_text())["lastId"] == (events[-1].event_id if events else 0)


@given(events=st.lists(st.builds(ArtifactEvent, IDS, TEXTS)).map(tuple), step_id=IDS)
def test_artifacts_come_back(tmp_path_factory, events, step_id):
    path = tmp_path_factory.mktemp("step") / "artifacts.json"
    write_artifact_events(path, step_id, events)
    assert read_artifact_events(path) == (events, "")
    assert all(record["stepId"] == step_id for record in json.loads(path.read_text())["artifactEvents"])


def test_the_contract_s_example(tmp_path):
    path = tmp_path / "status.json"
    path.write_text(
        '{"lastId":2,"statusUpdates":['
        '{"updateId":1,"timestamp":"2024-02-03T10:00:00.5+01:00","status":"Initializing"},'
        '{"updateId":2,"timestamp":"2024-02-03T10:00:07.25+01:00","status":"Running"}]}\n'
    )
    assert read_status_events(path) == (
        (
            StatusEvent(1, Status.INITIALIZING, 1706950800_500000000),
            StatusEvent(2, Status.RUNNING, 1706950807_250000000),
        ),
        "",
    )
    path = tmp_path / "artifacts.json"
    path.write_text('{"lastId":1,"artifactEvents":[{"artifactId":1,"stepId":3,"name":"report.zip"}]}\n')
    assert read_artifact_events(path) == ((ArtifactEvent(1, "report.zip"),), "")


def test_ours_is_in_wharf_cmd_s_form(tmp_path):
    path = tmp_path / "status.json"
    write_status_events(
        path, (StatusEvent(1, Status.PENDING, None), StatusEvent(2, Status.RUNNING, 1706950800_500000000))
    )
    assert path.read_text() == (
        '{"lastId":2,"statusUpdates":['
        '{"updateId":1,"timestamp":"0001-01-01T00:00:00Z","status":"None"},'
        '{"updateId":2,"timestamp":"2024-02-03T09:00:00.500000000Z","status":"Running"}]}\n'
    )


@pytest.mark.parametrize(
    ("record", "event"),
    [
        ('{"updateId":1,"status":"RUNNING"}', StatusEvent(1, Status.RUNNING, None)),
        ('{"updateId":1,"status":"Hovering","timestamp":"x"}', StatusEvent(1, Status.UNKNOWN, None)),
        ('{"updateId":1,"status":"None","timestamp":7}', StatusEvent(1, Status.PENDING, None)),
        ('{"updateId":1}', None),
        ('{"updateId":"1","status":"Running"}', None),
        ('{"updateId":-1,"status":"Running"}', None),
        ('{"updateId":true,"status":"Running"}', None),
        ('{"updateId":1.5,"status":"Running"}', None),
        ('{"updateId":18446744073709551616,"status":"Running"}', None),
        ('{"updateId":1,"status":null}', None),
        ("[]", None),
        ("null", None),
    ],
)
def test_what_makes_no_sense_is_passed_over(tmp_path, record, event):
    path = tmp_path / "status.json"
    path.write_text('{"lastId":1,"statusUpdates":[' + record + "]}")
    assert read_status_events(path) == ((event,) if event else (), "")


@pytest.mark.parametrize(
    "content", ['{"lastId":0}', '{"statusUpdates":null}', '{"statusUpdates":{"a":1}}', "{}"]
)
def test_an_object_without_events(tmp_path, content):
    path = tmp_path / "status.json"
    path.write_text(content)
    assert read_status_events(path) == ((), "")


def test_half_a_surrogate_pair_becomes_text_that_can_be_sent(tmp_path):
    path = tmp_path / "artifacts.json"
    path.write_text('{"artifactEvents":[{"artifactId":1,"name":"\\ud800.zip"}]}')
    (event,), _ = read_artifact_events(path)
    assert event.name.encode() == b"?.zip"
