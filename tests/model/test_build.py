"""A step's life, told by its events."""

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status

STEP = StepState(StepInfo(StepId(3), "build", "web"))


def test_the_first_event_starts_the_clock_and_the_last_stops_it():
    scheduled = STEP.with_status(Status.SCHEDULING, 10)
    running = scheduled.with_status(Status.RUNNING, 20)
    failed = running.with_status(Status.FAILED, 30, "exit code 1")
    assert (scheduled.started_ns, running.started_ns, failed.started_ns) == (10, 10, 10)
    assert (scheduled.finished_ns, running.finished_ns, failed.finished_ns) == (None, None, 30)
    assert failed.reason == "exit code 1"


def test_pending_starts_nothing():
    assert STEP.with_status(Status.PENDING, 10).started_ns is None


def test_the_same_status_again_changes_only_the_reason():
    failed = STEP.with_status(Status.RUNNING, 10).with_status(Status.FAILED, 20, "first")
    again = failed.with_status(Status.FAILED, 99, "second")
    assert (again.started_ns, again.finished_ns, again.reason) == (10, 20, "second")
    assert failed.with_status(Status.FAILED, 99).reason == "first"


def test_a_step_that_runs_again_has_not_finished():
    again = STEP.with_status(Status.SUCCESS, 10).with_status(Status.RUNNING, 20)
    assert again.finished_ns is None


def test_addresses():
    assert STEP.info.address == "build/web"
    assert StepInfo(StepId(3), "", "web").address == "web"
    assert StepInfo(StepId(3), "", "").address == "step 3"


def test_a_build_is_frozen_once_it_has_a_result():
    assert not BuildInfo(BuildId(1)).frozen
    assert BuildInfo(BuildId(1), result=Status.FAILED).frozen
