"""``wharf-tui run``: runs a build here, keeps its logs, shows them, and serves them where that is wanted."""

from __future__ import annotations

import click

from wharf_tui.cli.build_options import BuildOptions, build_options
from wharf_tui.cli.listen_options import DEFAULT_ADDRESS, ListenOptions, listen_options
from wharf_tui.cli.terminal import is_interactive
from wharf_tui.results.layout import default_builds_dir


class _HelpThatNamesTheFolder(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        formatter.write_paragraph()
        formatter.write_text(
            f"Logs are kept in {default_builds_dir()} (WHARF_TUI_BUILDS chooses another folder)."
        )


@click.command(cls=_HelpThatNamesTheFolder)
@build_options
@click.option("--plain", is_flag=True, help="Print lines instead of opening the viewer.")
@click.option(
    "--serve",
    metavar="[ADDRESS]",
    is_flag=False,
    flag_value=DEFAULT_ADDRESS,
    help=f"Serve the build ({DEFAULT_ADDRESS} unless given) while it runs and after, until stopped.",
)
@click.option(
    "--dry-run",
    type=click.Choice(["none", "client", "server"]),
    default="none",
    help="Only show each step's container or pod; with `server` the cluster completes and checks it.",
)
@listen_options
def command(
    build: BuildOptions, *, plain: bool, serve: str | None, dry_run: str, listen: ListenOptions
) -> int:
    """Run the build that PATH defines: a folder with .wharf-ci.yml, or such a file.

    In a terminal the viewer opens; elsewhere, and with --plain, lines are printed as `stage/step | line`.
    The exit status is the build's: 0 success, 1 failed, 130 cancelled.
    """
    if dry_run != "none":
        from wharf_tui.cli.dry_run import dry_run as show_steps

        return show_steps(build, ask_server=dry_run == "server")
    from wharf_tui.cli.run_build import Presentation, run_build

    interactive = not plain and is_interactive()
    settings = listen.settings(serve) if serve is not None else None
    return run_build(build, Presentation.VIEWER if interactive else Presentation.LINES, settings)
