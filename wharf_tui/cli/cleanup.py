"""``wharf-tui cleanup``: removes what builds have left when their worker was killed, or have kept on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import click

from wharf_tui.model.errors import ExitStatus, RuntimeUnavailableError
from wharf_tui.model.text import clean_plain

_PLACES = {"docker": "Docker", "kubernetes": "Kubernetes"}


@dataclass(frozen=True, slots=True)
class FoundLeftovers:
    """What was left in one place."""

    noun: str
    """``container`` or ``pod``."""
    lines: tuple[str, ...]
    """One for each container or pod."""
    remove: Callable[[], list[str]]
    """Gives a sentence for each that is still there."""


@click.command()
@click.option(
    "--runtime",
    type=click.Choice(list(_PLACES)),
    help="Look there only; else in both, as far as they can be reached.",
)
@click.option(
    "-n",
    "--namespace",
    metavar="NAME",
    default="",
    help="Where pods are; else where the configuration puts them.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(runtime: str | None, namespace: str, *, dry_run: bool, yes: bool) -> int:
    """Remove containers and pods of builds whose worker is gone, those that were kept with --keep among them."""
    if runtime is not None:
        found = [look(runtime, namespace)]
    else:
        found = _look_everywhere(namespace)
        if not found:
            return ExitStatus.UNREACHABLE
    found = [one for one in found if one.lines]
    if not found:
        click.echo("Nothing is left over.")
        return ExitStatus.SUCCESS
    for one in found:
        for line in one.lines:
            click.echo(clean_plain(line))
    if dry_run:
        return ExitStatus.SUCCESS
    if not yes:
        counts = " and ".join(f"{len(one.lines)} {one.noun}{'s' * (len(one.lines) > 1)}" for one in found)
        click.confirm(f"Remove {counts}?", abort=True)
    failures = [failure for one in found for failure in one.remove()]
    for failure in failures:
        click.echo(f"wharf-tui: {clean_plain(failure)}", err=True)
    return ExitStatus.FAILED if failures else ExitStatus.SUCCESS


def _look_everywhere(namespace: str) -> list[FoundLeftovers]:
    """Look in every place that can be reached, and say which cannot."""
    found = []
    for place, name in _PLACES.items():
        try:
            found.append(look(place, namespace))
        except RuntimeUnavailableError as error:
            click.echo(f"wharf-tui: {name} is left out: {clean_plain(error.message)}", err=True)
    return found


def look(place: str, namespace: str = "") -> FoundLeftovers:
    """What is left in a place.

    Raises:
        RuntimeUnavailableError: it cannot be reached.
        RunError: it does not let us look.
    """
    return _look_in_docker() if place == "docker" else _look_in_kubernetes(namespace)


def _look_in_docker() -> FoundLeftovers:
    from wharf_tui.runtimes.docker.leftovers import find_leftovers, remove_leftovers

    found = find_leftovers()
    lines = (f"{one.container}  {one.build_name}  {one.step}  {one.state}" for one in found)
    return FoundLeftovers("container", tuple(lines), lambda: remove_leftovers(found))


def _look_in_kubernetes(namespace: str) -> FoundLeftovers:
    from wharf_tui.cli.build_options import user_configuration
    from wharf_tui.runtimes.kubernetes.leftovers import find_leftovers, remove_leftovers
    from wharf_tui.runtimes.kubernetes.settings import kubernetes_settings
    from wharf_tui.runtimes.step_commands import StepImages

    settings = kubernetes_settings(user_configuration(), StepImages())
    settings = replace(settings, namespace=namespace or settings.namespace)
    found = find_leftovers(settings)
    lines = (f"{one.namespace}/{one.pod}  {one.build_name}  {one.step}  {one.state}" for one in found)
    return FoundLeftovers("pod", tuple(lines), lambda: remove_leftovers(found, settings))
