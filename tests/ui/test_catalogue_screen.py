"""The list of stored builds: what it shows, how it narrows, how one comes and goes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from textual.widgets import Input

from wharf_tui.model.status import Status
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.widgets.build_table import BuildTable, table_heading


def rows(pilot) -> list[str]:
    table = pilot.app.screen.query_one(BuildTable)
    return [table.row_content(row, pilot.app.size.width).plain.rstrip() for row in range(table.row_count)]


async def until(pilot, condition) -> None:
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(rows(pilot))


async def test_builds_are_listed_opened_and_left_again(make_sample, run_app, see):
    failed = make_sample(7)
    failed.run(1)
    failed.print(1, b"broken")
    failed.finish(1, Status.FAILED)
    failed.end(Status.FAILED)
    running = make_sample(8)
    running.run(2)
    async with run_app(None) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 2)
        running_row, failed_row = rows(pilot)
        assert running_row.split()[0::2][0] == "8"
        assert "Running" in running_row
        assert "1m40s" in running_row
        assert failed_row.startswith("      7  ✗ Failed")
        assert failed_row.endswith("build/compile")
        await pilot.press("j", "enter")
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["broken"])
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, CatalogueScreen)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, BuildScreen)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, CatalogueScreen)
        await pilot.press("q")
    assert pilot.app.return_code == 0


async def test_a_new_build_appears_and_the_cursor_stays_on_its_build(make_sample, run_app):
    make_sample(1).end(Status.SUCCESS)
    async with run_app(None) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 1)
        make_sample(2)
        await pilot.press("r")
        await until(pilot, lambda: len(rows(pilot)) == 2)
        current = pilot.app.screen.query_one(BuildTable).current
        assert current is not None
        assert current.build_id == 1


async def test_narrowing(make_sample, run_app):
    for number, result in ((11, Status.SUCCESS), (12, Status.CANCELLED), (13, Status.SUCCESS)):
        make_sample(number).end(result)
    async with run_app(None) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 3)
        await pilot.press("slash", *"canc q")
        assert rows(pilot) == []
        assert "No build matches 'canc q'" in str(pilot.app.screen.query_one("#catalogue-empty").render())
        await pilot.press("backspace", "backspace")
        assert [row.split()[0] for row in rows(pilot)] == ["12"]
        await pilot.press("enter")
        assert pilot.app.screen.query_one(BuildTable).has_focus
        assert pilot.app.screen.query_one("#narrow", Input).display
        await pilot.press("escape")
        assert len(rows(pilot)) == 3
        assert not pilot.app.screen.query_one("#narrow", Input).display


async def test_no_builds_yet(run_app):
    async with run_app(None) as pilot:
        empty = pilot.app.screen.query_one("#catalogue-empty")
        await until(pilot, lambda: empty.display)
        assert str(empty.render()).startswith("No builds yet")
        await pilot.press("enter", "j", "G")


async def test_builds_of_wharf_cmd_are_found_and_opened(run_app, see):
    step = Path(tempfile.gettempdir()) / "wharf-cmd-build-00099-123" / "steps" / "1"
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"2024-02-03T10:00:01Z from wharf-cmd\n")
    (step / "status.json").write_text(
        '{"lastId":1,"statusUpdates":[{"updateId":1,"timestamp":"2024-02-03T10:00:00Z","status":"Success"}]}'
    )
    async with run_app(None, size=(120, 30)) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 1)
        assert "wharf-cmd" in rows(pilot)[0]
        await pilot.press("enter")
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["from wharf-cmd"])
        assert seen.status == "1 line  END"


def test_columns_give_way_on_narrow_screens():
    assert "SOURCE" in table_heading(160).plain
    assert "SOURCE" not in table_heading(80).plain
    assert all(table_heading(width).cell_length <= width for width in range(1, 200))


async def test_a_build_is_deleted_after_a_question(make_sample, run_app):
    doomed, kept = make_sample(1), make_sample(2)
    doomed.end(Status.SUCCESS)
    kept.end(Status.SUCCESS)
    async with run_app(None) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 2)
        await pilot.press("G", "D", "n")
        assert len(rows(pilot)) == 2
        await pilot.press("D", "y")
        await until(pilot, lambda: len(rows(pilot)) == 1)
        assert rows(pilot)[0].split()[0] == "2"
        assert not doomed.path.exists()
        assert kept.path.exists()


async def test_a_running_build_is_not_deleted_and_says_why(make_sample, run_app):
    running = make_sample(1)
    async with run_app(None) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 1)
        await pilot.press("D", "y")
        await until(pilot, lambda: bool(list(pilot.app._notifications)))
        assert "is running. Stop the build first." in next(iter(pilot.app._notifications)).message
        assert running.path.exists()


async def test_only_the_builds_that_were_asked_for_are_listed(make_sample, run_app):
    builds = [make_sample(number) for number in (1, 2, 3)]
    async with run_app((builds[0].path, builds[2].path)) as pilot:
        await until(pilot, lambda: len(rows(pilot)) == 2)
        assert {row.split()[0] for row in rows(pilot)} == {"1", "3"}
