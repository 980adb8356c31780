"""``wharf-tui attach``: watches a build that runs elsewhere, and keeps a copy that can be read without it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharf_tui.cli.at_option import at_option
from wharf_tui.cli.connect_options import ConnectOptions, connect_options
from wharf_tui.cli.listen_options import DEFAULT_ADDRESS
from wharf_tui.cli.terminal import is_interactive
from wharf_tui.model.errors import UsageError

if TYPE_CHECKING:
    from wharf_tui.ui.rows import Address


@click.command()
@click.argument("address", required=False)
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
@click.option(
    "--kubernetes", is_flag=True, help="ADDRESS is a pod's name; without one, the worker's pod is found."
)
@click.option("-l", "--selector", metavar="LABELS", help="With --kubernetes: find the pod by these labels.")
@click.option("-n", "--namespace", metavar="NAME", default="", help="With --kubernetes: where the pod is.")
@at_option
@connect_options
def command(
    address: str | None,
    *,
    kubernetes: bool,
    selector: str | None,
    namespace: str,
    plain: bool,
    definition: Path | None,
    stage: str | None,
    environment: str | None,
    at: Address | None,
    connect: ConnectOptions,
) -> int:
    """Attach to the worker at ADDRESS (HOST:PORT), or in a pod of a Kubernetes cluster.

    Its lines are copied into a store on this machine: attach again, and it goes on where it stopped; open it, and the
    worker need not be there. Exit status 3 says that lines are missing, 4 that the worker cannot be reached.
    """
    from wharf_tui.cli.attach_build import Looking, attach_build, names_from_definition

    names = names_from_definition(definition, stage, environment) if definition is not None else {}
    interactive = not plain and is_interactive()
    if at is not None and not interactive:
        raise UsageError("--at needs the viewer, and that a terminal", "Use `wharf-tui logs` to print logs.")
    if not kubernetes:
        if selector or namespace:
            raise UsageError("--selector and --namespace go with --kubernetes")
        endpoint = connect.endpoint(address or DEFAULT_ADDRESS)
        looking = Looking(("attach", endpoint.address), at) if interactive else None
        return asyncio.run(attach_build(endpoint, names, connect, looking))
    from wharf_tui.cli.attach_pod import WORKER_LABELS, PodChoice, pod_address

    with pod_address(PodChoice(address or "", selector or WORKER_LABELS, namespace)) as forwarded:
        endpoint = replace(connect.endpoint(DEFAULT_ADDRESS), address=forwarded)
        looking = Looking(_pod_again(address, selector, namespace), at) if interactive else None
        return asyncio.run(attach_build(endpoint, names, connect, looking))


def _pod_again(address: str | None, selector: str | None, namespace: str) -> tuple[str, ...]:
    """What leads to the pod again: the port that is forwarded now will be another one."""
    words = ["attach", "--kubernetes"]
    for option, value in (("--selector", selector), ("--namespace", namespace)):
        if value:
            words += [option, value]
    return (*words, address) if address else tuple(words)
