"""``build.json`` and ``gaps.json``: all of it comes back, and foreign content does no harm."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS
from wharf_tui.results.gap_file import gap_from_json, gap_to_json, read_gaps, write_gaps
from wharf_tui.results.manifest import manifest_from_json, read_manifest, write_manifest

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.none() | st.integers(EARLIEST_NS, LATEST_NS)
STATUSES = st.sampled_from(Status)
STEPS = st.builds(
    StepState,
    info=st.builds(StepInfo, st.integers(1, 2**64 - 1).map(StepId), TEXTS, TEXTS, TEXTS),
    status=STATUSES,
    started_ns=TIMES,
    finished_ns=TIMES,
    exit_code=st.none() | st.integers(-(2**31), 2**31 - 1),
    reason=TEXTS,
    skipped=st.booleans(),
    last_log_id=st.none() | st.integers(0, 2**64 - 1),
)
BUILDS = st.builds(
    BuildInfo,
    build_id=st.integers(0, 2**64 - 1).map(BuildId),
    steps=st.lists(STEPS, max_size=3, unique_by=lambda step: step.info.step_id).map(
        lambda steps: tuple(sorted(steps, key=lambda step: step.info.step_id))
    ),
    source=TEXTS,
    runtime=TEXTS,
    environment=TEXTS,
    started_ns=TIMES,
    finished_ns=TIMES,
    result=st.none() | STATUSES,
    uid=TEXTS,
    epoch=TEXTS,
    problem=TEXTS,
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just("2024-02-03T10:00:01Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "steps",
                    "buildId",
                    "status",
                    "startedAt",
                    "result",
                    "exitCode",
                    "gaps",
                    "kind",
                    "after",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(build=BUILDS, sync=st.booleans())
def test_a_build_comes_back(tmp_path_factory, build, sync):
    path = tmp_path_factory.mktemp("build") / "build.json"
    write_manifest(path, build, sync=sync)
    assert read_manifest(path) == (build, "")


@given(st.dictionaries(st.sampled_from(["steps", "buildId", "result", "startedAt", "source"]), JSON_VALUES))
def test_any_object_is_read(value):
    build = manifest_from_json(value)
    assert 0 <= build.build_id < 2**64
    assert all(1 <= step.info.step_id < 2**64 for step in build.steps)


def test_a_newer_format_is_read_and_told(tmp_path):
    path = tmp_path / "build.json"
    path.write_text('{"format":999,"buildId":7,"unheardOf":[1]}')
    build, problem = read_manifest(path)
    assert build is not None
    assert build.build_id == 7
    assert "newer" in problem


@pytest.mark.parametrize("code", [2**31, -(2**31) - 1, 1.0, "1", True])
def test_an_exit_code_that_no_process_has(code):
    build = manifest_from_json({"steps": [{"id": 1, "exitCode": code}]})
    assert build.steps[0].exit_code is None


GAPS = st.builds(
    Gap,
    kind=st.just(GapKind.HOLE),
    after=st.integers(0, 2**60).map(LogId),
    missing=st.integers(1, 2**60),
    reason=TEXTS,
    from_ns=TIMES,
    to_ns=TIMES,
) | st.builds(
    Gap,
    kind=st.sampled_from([GapKind.LOST_BEFORE_US, GapKind.TORN]),
    after=st.integers(0, 2**60).map(LogId),
    missing=st.just(0),
    reason=TEXTS,
    from_ns=TIMES,
    to_ns=TIMES,
)


@given(GAPS)
def test_a_gap_comes_back(gap):
    assert gap_from_json(json.loads(json.dumps(gap_to_json(gap)))) == gap


@given(st.dictionaries(st.sampled_from(["kind", "after", "missing", "reason", "fromNs"]), JSON_VALUES))
def test_any_record_is_a_gap_or_none(record):
    gap = gap_from_json({"kind": "hole", "after": 1, "missing": 1} | record)
    assert gap is None or (gap.after >= 0 and gap.missing >= 0)


@given(gaps=st.lists(GAPS, max_size=6).map(tuple))
def test_holes_that_are_read_never_overlap(tmp_path_factory, gaps):
    path = tmp_path_factory.mktemp("step") / "gaps.json"
    write_gaps(path, gaps)
    found = read_gaps(path)
    holes = [gap for gap in found if gap.missing]
    assert all(one.last_missing <= other.after for one, other in pairwise(holes))
    assert [gap.after for gap in found] == sorted(gap.after for gap in found)
    assert {gap for gap in gaps if not gap.missing} <= set(found) <= set(gaps)
    write_gaps(path, found)
    assert read_gaps(path) == found
