from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.aggregator.sinks.port import Run
from wharf_tui.aggregator.sinks.run_lines import lines_of, split_run, sub_runs
from wharf_tui.model.ids import StepId


def run_of(first: int, count: int) -> Run:
    data = b"".join(b"line %d\n" % log_id for log_id in range(first, first + count))
    return Run(StepId(3), first - 1, first, count, data)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(-3, 25))
def test_a_run_is_split_between_lines(first, count, at) -> None:
    run = run_of(first, count)
    head, tail = split_run(run, at)
    parts = [part for part in (head, tail) if part is not None]
    assert [line for part in parts for line in lines_of(part)] == list(lines_of(run))
    assert (head.count if head else 0) == min(max(at, 0), count)
    assert all(part.after == part.first_log_id - 1 for part in parts)


@given(st.integers(1, 30), st.sets(st.integers(1, 30)))
def test_what_is_not_there_is_found_in_whole_runs(count, present) -> None:
    run = run_of(1, count)
    found = [line.log_id for part in sub_runs(run, present) for line in lines_of(part)]
    assert found == [log_id for log_id in range(1, count + 1) if log_id not in present]
