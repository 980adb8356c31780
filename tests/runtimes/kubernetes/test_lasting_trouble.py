"""What is told of trouble while a container runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wharf_tui.runtimes.kubernetes.lasting_trouble import LastingTrouble


def test_only_trouble_that_lasts_is_worth_a_word() -> None:
    now = 0.0
    board: Any = SimpleNamespace(trouble="")
    taking: Any = SimpleNamespace(trouble="")
    trouble = LastingTrouble(board, lambda: now)
    told = []
    for second, of_board, of_log in [
        (0, "", ""),
        (1, "", "timed out"),
        (5, "", "timed out"),
        (6, "", "timed out"),
        (7, "refused", "timed out"),
        (8, "", ""),
        (9, "refused", ""),
        (13, "", "no such host"),
        (14, "", "no such host"),
    ]:
        now, board.trouble, taking.trouble = second, of_board, of_log
        told.append(trouble.look(taking))
    assert told == [
        *("", "", ""),
        "its log cannot be read at the moment: timed out",
        "the cluster is away: refused",
        *("", "", ""),
        "its log cannot be read at the moment: no such host",
    ]
