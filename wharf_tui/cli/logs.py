"""``wharf-tui logs``: prints what a build's steps have printed, for people, pipes and tools."""

from __future__ import annotations

import asyncio

import click

from wharf_tui.cli import complete
from wharf_tui.cli.completeness import report_what_is_missing
from wharf_tui.cli.connect_options import ConnectOptions, connect_options, looks_like_address
from wharf_tui.cli.plain import print_as_it_comes
from wharf_tui.cli.print_logs import LogsRequest, print_stored
from wharf_tui.cli.target import open_target
from wharf_tui.results.files_reader import FilesReader


@click.command()
@click.argument("target", shell_complete=complete.builds)
@click.option(
    "--step",
    "step_name",
    metavar="ID|NAME",
    help="One step only: its number, name, or stage/name.",
    shell_complete=complete.steps,
)
@click.option("--timestamps", is_flag=True, help="Print each line's time (UTC).")
@click.option("--ids", is_flag=True, help="Print each line's number in its step.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the build ends.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@connect_options
def command(
    target: str,
    *,
    step_name: str | None,
    timestamps: bool,
    ids: bool,
    follow: bool,
    output: str,
    connect: ConnectOptions,
) -> int:
    """Print the logs of TARGET.

    TARGET is a build's folder, number or name, `latest`, a worker's HOST:PORT, a build in a database that `aggregate`
    writes (sqlite:///FILE#NUMBER, postgresql://USER@HOST/NAME#NUMBER), a text file (also a compressed one), a folder of
    them, or `-` for standard input.

    Several steps are merged by time. With `--output json` each line is an object with stepId, logId, timestamp,
    message, step and stage; bytes that are no UTF-8 come as messageBase64, too. Exit status 3 says that lines
    are missing.
    """
    request = LogsRequest(step_name, timestamps, ids, follow, output == "json")
    if looks_like_address(target):
        from wharf_tui.cli.attach_build import print_remote_logs

        return asyncio.run(print_remote_logs(connect.endpoint(target), request))
    reader = open_target(target)
    try:
        if isinstance(reader, FilesReader):
            reader.wait_for_streams()
            reader.refresh()
        if follow:
            asyncio.run(print_as_it_comes(reader, request.style(reader), request.only(reader)))
        else:
            print_stored(reader, request.steps(reader), request.style(reader))
        return report_what_is_missing(reader, request.steps(reader))
    finally:
        reader.close()
