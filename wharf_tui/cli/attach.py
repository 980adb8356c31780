"""``wharf-tui attach``: watches a build that runs elsewhere, and keeps a copy that can be read without it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from wharf_tui.cli.connect_options import ConnectOptions, connect_options
from wharf_tui.cli.listen_options import DEFAULT_ADDRESS
from wharf_tui.cli.terminal import is_interactive


@click.command()
@click.argument("address", default=DEFAULT_ADDRESS)
@click.option("--plain", is_flag=True, help="Print lines instead of opening the viewer.")
@click.option(
    "--definition",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Names of stages and steps, for a worker of wharf-cmd's that does not tell them.",
)
@click.option(
    "-s", "--stage", metavar="NAME", help="With --definition: the stage that the worker was started with."
)
@click.option(
    "-e", "--environment", metavar="NAME", help="With --definition: the environment it was started with."
)
@connect_options
def command(
    address: str,
    *,
    plain: bool,
    definition: Path | None,
    stage: str | None,
    environment: str | None,
    connect: ConnectOptions,
) -> int:
    """Attach to the worker at ADDRESS (HOST:PORT).

    Its lines are copied into a store on this machine: attach again, and it goes on where it stopped; open it, and the
    worker need not be there. Exit status 3 says that lines are missing, 4 that the worker cannot be reached.
    """
    from wharf_tui.cli.attach_build import attach_build, names_from_definition

    names = names_from_definition(definition, stage, environment) if definition is not None else {}
    interactive = not plain and is_interactive()
    return asyncio.run(attach_build(connect.endpoint(address), names, interactive=interactive))
