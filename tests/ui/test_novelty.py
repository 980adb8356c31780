"""Only what the last green run did not print: found by itself, or named; on and off without losing the place."""

from __future__ import annotations

import pytest

from wharf_tui.model.status import Status

SIZE = (110, 30)


def write(build, *messages: bytes, status: Status) -> None:
    build.run(1)
    build.print(1, *messages)
    build.finish(1, status)
    build.end(status)


@pytest.fixture
def green_and_red(make_sample):
    green, red = make_sample(41), make_sample(42)
    write(green, *(b"case %d ok in %d ms" % (n, n * 7) for n in range(40)), status=Status.SUCCESS)
    lines = [b"case %d ok in %d ms" % (n, n * 3) for n in range(40)]
    lines[20:20] = [b"case 20 failed", b"expected 1, got 2"]
    write(red, *lines, status=Status.FAILED)
    return red


async def test_only_what_the_green_run_did_not_print_is_shown(green_and_red, run_app, see):
    async with run_app(green_and_red.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("D")
        await seen.until(lambda: seen.messages == ["case 20 failed", "expected 1, got 2"])
        assert "new since build 41  2 shown" in seen.status
        await seen.press("plus")
        await seen.until(lambda: len(seen.messages) == 4)
        await seen.press("ctrl+t")
        await seen.until(lambda: len(seen.messages) > 10)
        await seen.press("ctrl+t", "D")
        await seen.until(lambda: len(seen.messages) > 10)
        assert "new since" not in seen.status


async def test_a_build_to_compare_with_can_be_named(green_and_red, run_app, see):
    async with run_app(green_and_red.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("colon", *"new 42", "enter")
        await seen.until(lambda: "No line fits" in "".join(seen.lines))


async def test_without_a_green_run_it_says_so(sample, run_app, see):
    write(sample, b"boom", status=Status.FAILED)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("D")
        told = pilot.app._notifications
        await seen.until(lambda: any("no green build" in each.message for each in told))
        assert seen.messages == ["boom"]
