"""States, their words, and the state of a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.status import Status, combined_status

STATUSES = st.sampled_from(Status)


def test_words_are_those_of_wharf_cmd():
    assert [status.value for status in Status] == [
        "None",
        "Scheduling",
        "Initializing",
        "Running",
        "Success",
        "Failed",
        "Cancelled",
        "Unknown",
    ]


@given(STATUSES, st.sampled_from([str.lower, str.upper, str.swapcase, str.title]))
def test_words_are_read_in_any_case(status, case):
    assert Status.from_word(case(status.value)) is status


@pytest.mark.parametrize("word", ["", "Done", " Running", "İnitializing", "\x00"])
def test_a_word_that_is_not_known(word):
    assert Status.from_word(word) is Status.UNKNOWN


def test_pending_has_a_word_for_people():
    assert Status.PENDING.label == "Pending"
    assert Status.from_word("pending") is Status.PENDING
    assert Status.RUNNING.label == "Running"


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ("", "PENDING"),
        ("PENDING PENDING", "PENDING"),
        ("PENDING SCHEDULING", "SCHEDULING"),
        ("SCHEDULING INITIALIZING", "INITIALIZING"),
        ("PENDING RUNNING", "RUNNING"),
        ("SUCCESS PENDING", "RUNNING"),
        ("FAILED RUNNING", "RUNNING"),
        ("SUCCESS SUCCESS", "SUCCESS"),
        ("SUCCESS CANCELLED", "CANCELLED"),
        ("CANCELLED FAILED SUCCESS", "FAILED"),
        ("UNKNOWN", "UNKNOWN"),
        ("UNKNOWN SUCCESS", "RUNNING"),
    ],
)
def test_state_of_a_whole(parts, whole):
    assert combined_status(Status[part] for part in parts.split()) is Status[whole]


@given(st.lists(STATUSES, max_size=6))
def test_no_end_before_all_parts_have_ended(parts):
    assert combined_status(parts).is_final == (bool(parts) and all(part.is_final for part in parts))


@given(st.lists(STATUSES, max_size=6))
def test_order_and_number_of_parts_do_not_matter(parts):
    assert combined_status(parts) is combined_status([*reversed(parts), *parts])
