"""``wharf-tui cleanup``: removes what builds have left in Docker when their worker was killed, or kept on purpose."""

from __future__ import annotations

import click

from wharf_tui.model.errors import ExitStatus
from wharf_tui.model.text import clean_plain


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(dry_run: bool, yes: bool) -> int:
    """Remove containers of builds whose worker is gone, those that were kept with --keep among them."""
    from wharf_tui.runtimes.docker.leftovers import find_leftovers, remove_leftovers

    found = find_leftovers()
    if not found:
        click.echo("Nothing is left over.")
        return ExitStatus.SUCCESS
    for leftover in found:
        line = f"{leftover.container}  {leftover.build_name}  {leftover.step}  {leftover.state}"
        click.echo(clean_plain(line))
    if dry_run:
        return ExitStatus.SUCCESS
    if not yes:
        click.confirm(f"Remove {len(found)} containers?", abort=True)
    failures = remove_leftovers(found)
    for failure in failures:
        click.echo(f"wharf-tui: {clean_plain(failure)}", err=True)
    return ExitStatus.FAILED if failures else ExitStatus.SUCCESS
