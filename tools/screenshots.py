"""Makes screenshots/*.svg from the real app over real stored builds. Run it after a change of the viewer's look."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import sample_builds

from wharf_tui.attach.progress import Progress
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.themes import DARK, LIGHT


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str
    target: Path | None
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 34)
    theme: str = DARK.name
    meanwhile: Callable[[], None] | None = None
    """What happens to the build once the keys have been pressed."""
    catching_up: bool = False
    """The build is being copied from a worker."""


def shots(folders: dict[str, Path], running: BuildWriter) -> list[Shot]:
    """All pictures."""
    return [
        Shot("failed-build", folders["failed"]),
        Shot("failed-build-light", folders["failed"], theme=LIGHT.name),
        Shot("failed-build-80x24", folders["failed"], size=(80, 24)),
        Shot("running-build", folders["running"], size=(160, 45)),
        Shot(
            "new-lines",
            folders["running"],
            ("pageup", "pageup", "t", "t"),
            meanwhile=lambda: sample_builds.print_more(running, 1204),
        ),
        Shot("missing-lines", folders["torn"], ("t",)),
        Shot("nothing-printed", folders["failed"], ("5",)),
        Shot("search", folders["failed"], ("slash", *"survives_kill_12", "enter", "n")),
        Shot("merged", folders["failed"], ("a", "slash", *"surviv", "enter", "t"), size=(140, 38)),
        Shot("filtered", folders["failed"], ("ampersand", *"warn|error", "enter", "plus"), size=(120, 34)),
        Shot("marks", folders["failed"], ("m", "colon", *"note asked upstream", "enter", "E", "m", "M")),
        Shot("line-at-length", folders["failed"], ("enter",)),
        Shot("timeline", folders["failed"], ("a", "colon", *"50%", "enter", "t"), size=(140, 38)),
        Shot("side-by-side", folders["running"], ("vertical_line", "3", "vertical_line"), size=(160, 45)),
        Shot("side-by-side-light", folders["failed"], ("vertical_line",), theme=LIGHT.name),
        Shot("wrapped-and-selected", folders["failed"], ("w", "v", *"jjjj"), size=(80, 24)),
        Shot("catching-up", folders["running"], catching_up=True),
        Shot("help", folders["failed"], ("question_mark",)),
        Shot("catalogue", None),
        Shot("catalogue-light", None, theme=LIGHT.name),
        Shot("catalogue-80x24", None, size=(80, 24)),
        Shot("catalogue-narrowed", None, ("slash", *"failed")),
    ]


def _feed(shot: Shot) -> Path | SessionFeed | None:
    if not shot.catching_up or shot.target is None:
        return shot.target
    progress = Progress()
    progress.begin_stream(29_411)
    progress.received = 18_204
    return SessionFeed(BuildReader.open(shot.target), progress, "worker.build.svc:5010")


async def take(shot: Shot, builds_dir: Path, into: Path) -> None:
    """Run the app, press the keys, save the picture."""
    app = WharfApp(_feed(shot), builds_dir, clock=lambda: sample_builds.NOW_NS, zone=UTC)
    async with app.run_test(size=shot.size) as pilot:
        app.theme = shot.theme
        await pilot.pause(0.3)
        await pilot.press(*shot.keys)
        if shot.meanwhile is not None:
            shot.meanwhile()
        await pilot.pause(0.5)
        (into / f"{shot.name}.svg").write_text(app.export_screenshot(title="wharf-tui"), encoding="utf-8")


def main() -> None:
    """Parse the command line and make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pictures to make; all of them by default")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent.parent / "screenshots")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch  # builds of wharf-cmd that lie on this machine must not show
        os.environ["HOME"] = scratch
        builds_dir = Path(scratch) / ".local/state/wharf-tui/builds"
        sample_builds.many_builds(builds_dir)
        writer = sample_builds.running_build(builds_dir)
        try:
            folders = {
                "failed": next(builds_dir.glob("*01284-*")),
                "running": writer.path,
                "torn": next(builds_dir.glob("*01279-*")),
            }
            for shot in shots(folders, writer):
                if not options.names or shot.name in options.names:
                    asyncio.run(take(shot, builds_dir, options.into))
        finally:
            writer.close()


if __name__ == "__main__":
    main()
