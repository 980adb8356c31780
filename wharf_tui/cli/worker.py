"""``wharf-tui worker``: runs or serves builds without a screen, for machines that others attach to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from wharf_tui.cli import complete
from wharf_tui.cli.build_options import BuildOptions, build_options
from wharf_tui.cli.listen_options import DEFAULT_ADDRESS, ListenOptions, listen_options
from wharf_tui.model.errors import ExitStatus

if TYPE_CHECKING:
    from wharf_tui.results.build_reader import BuildReader
    from wharf_tui.worker.auth import ListenSettings

_ADDRESS = click.option(
    "--address", metavar="HOST:PORT", default=DEFAULT_ADDRESS, show_default=True, help="Where to listen."
)


@click.group()
def command() -> None:
    """Run or serve builds without a screen."""


@command.command("run")
@build_options
@_ADDRESS
@listen_options
def run_command(build: BuildOptions, *, address: str, listen: ListenOptions) -> int:
    """Run the build that PATH defines, and serve it while it runs and after, until stopped."""
    from wharf_tui.cli.run_build import Presentation, run_build

    return run_build(build, Presentation.NOTHING, listen.settings(address))


@command.command("serve")
@click.argument("target", shell_complete=complete.builds)
@_ADDRESS
@listen_options
def serve_command(target: str, *, address: str, listen: ListenOptions) -> int:
    """Serve the stored build TARGET (a folder, number, name or `latest`), also one that another process is writing."""
    from wharf_tui.results.build_reader import BuildReader
    from wharf_tui.results.catalogue import find_build
    from wharf_tui.results.layout import default_builds_dir
    from wharf_tui.results.recovery import recover_build

    settings = listen.settings(address)
    path = find_build(target, default_builds_dir())
    reader = BuildReader.open(path)
    if recover_build(path):
        reader.refresh()
    try:
        asyncio.run(_serve_until_stopped(reader, settings))
    finally:
        reader.close()
    return ExitStatus.SUCCESS


async def _serve_until_stopped(reader: BuildReader, settings: ListenSettings) -> None:
    from wharf_tui.cli.signals import on_stop_signals
    from wharf_tui.results.follow import poll_often
    from wharf_tui.worker.server import serve_build

    stop = asyncio.Event()
    async with serve_build(reader, poll_often(reader), settings) as port:
        click.echo(f"Serving {reader.path} on {settings.host}:{port}", err=True)
        with on_stop_signals(lambda _name: stop.set()):
            await stop.wait()
