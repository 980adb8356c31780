"""``wharf-tui open``: stored builds in the viewer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wharf_tui.model.errors import UsageError
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import find_build
from wharf_tui.results.layout import default_builds_dir


@click.command()
@click.argument("target", required=False)
def command(target: str | None) -> None:
    """Open TARGET in the viewer: a build's folder, number or name, or `latest`. Without it, choose from a list."""
    if target is None:
        open_catalogue()
        return
    path = find_build(target, default_builds_dir())
    BuildReader.open(path).close()  # what is wrong with it is said before the screen is taken
    _show(path)


def open_catalogue() -> None:
    """Show the list of builds."""
    _show(None)


def require_terminal() -> None:
    """The viewer needs a terminal at both ends.

    Raises:
        UsageError: there is none.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the viewer needs a terminal", "Use `wharf-tui logs` to print logs.")


def _show(path: Path | None) -> None:
    require_terminal()
    from wharf_tui.ui.app import WharfApp

    WharfApp(path, default_builds_dir(), None).run()
