"""``wharf-tui builds bundle``: a stored build in one file for somebody else, without the viewer."""

from __future__ import annotations

from pathlib import Path

import click

from wharf_tui.cli.target import open_target
from wharf_tui.insight.build_report import report_on
from wharf_tui.insight.build_summary import build_summary
from wharf_tui.model.text import clean_plain
from wharf_tui.results import bundle
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.ui import words
from wharf_tui.ui.feed import target_of
from wharf_tui.ui.view_state import ViewStates, default_folder
from wharf_tui.ui.way_back import command_of


@click.command("bundle")
@click.argument("build")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Take the place of a FILE that is there.")
def bundle_command(build: str, file: Path | None, *, replace: bool) -> None:
    """Put BUILD into one FILE: logs, statuses, artifacts' names, marks and notes, and how it was looked at.

    `wharf-tui open FILE` shows it as it was, anywhere. FILE is NAME.tar.gz in this folder unless given. The same build gives the
    same bytes.
    """
    reader = open_target(build)
    try:
        if isinstance(reader, FilesReader):
            reader.wait_for_streams()
        target = file or Path(f"{bundle.safe_name(reader.path.name)}{bundle.SUFFIX}")
        size = _write(reader, target, replace=replace)
    finally:
        reader.close()
    click.echo(f"Bundled into {clean_plain(str(target))} ({words.size(size)}).", err=True)
    click.echo(f"{command_of(('open', str(target)))} shows it.", err=True)


def summary_of(reader: BuildReader) -> str:
    """A build as Markdown, with the command that opens it."""
    return build_summary(report_on(reader), command_of(("open", target_of(reader.path))))


def _write(reader: BuildReader, target: Path, *, replace: bool) -> int:
    view = ViewStates(default_folder()).load(reader.info.uid or f"place {words.place(reader.path)}")
    extras = {bundle.VIEW: bundle.view_bytes(view), bundle.EXCERPT: summary_of(reader).encode()}
    return bundle.pack(reader, extras, target, replace=replace) or 0
