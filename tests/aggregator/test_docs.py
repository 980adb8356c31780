"""The queries in docs/aggregator.md work as they stand there, on both databases."""

import re
from pathlib import Path

import pytest

from tests.aggregator.conftest import Bench, add_gap, finish
from tests.aggregator.oracle import query
from wharf_tui.aggregator.folder_source import FolderSource
from wharf_tui.aggregator.sinks.choice import database
from wharf_tui.aggregator.turns import Turns
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status

TEXT = (Path(__file__).parents[2] / "docs/aggregator.md").read_text()
QUERIES = re.findall(r"```sql\n-- (.*?)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
async def filled(url, make_build):
    store = make_build(lines=15, frozen=False)
    add_gap(store, StepId(1), GapKind.HOLE, 2)
    finish(store, Status.FAILED)
    async with Bench(url) as bench:
        await FolderSource([store.path], bench.desk, Turns(1)).copy()
    return url


async def test_the_queries_find_what_they_promise(filled) -> None:
    found = {name: query(filled, text.strip().rstrip(";")) for name, text in QUERIES if name != "retention"}
    assert len(found) == 6
    assert found["The builds that one should look at"][0][:3] == (42, "incomplete", "Failed")
    assert [row[0] for row in found["The log of a step, in order"]] == list(range(1, 16))
    assert len(found["All steps of a build by time"]) == 30
    assert len(found["Which step failed first, and its last lines"]) > 10
    assert found["What is missing, and where"] == [(42, 1, "hole", 15, 2, "the log was rotated away")]
    assert found["How long each step takes, over all builds"] == []


async def test_old_builds_can_be_deleted_as_it_says(filled) -> None:
    connection = database(filled)
    connection.open()
    connection.execute("UPDATE builds SET finished_ns = 1")
    for statement in dict(QUERIES)["retention"].split(";\n"):
        if statement.strip():
            connection.execute(statement)
    for table in ("builds", "steps", "log_lines", "gaps", "status_events"):
        assert connection.execute(f"SELECT count(*) FROM {table}") == [(0,)]
    connection.close()


def test_every_table_is_described(filled) -> None:
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        if filled.startswith("sqlite")
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (name,) in query(filled, catalogue):
        assert f"`{name}`" in TEXT
