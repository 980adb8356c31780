"""The command ``wharf-tui``: knows its verbs by name, and loads a verb's module only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from wharf_tui import __version__
from wharf_tui.model.errors import DefinitionError, ExitStatus, WharfError

_VERBS = {
    "run": ("wharf_tui.cli.run", "Run a build and watch it."),
    "attach": ("wharf_tui.cli.attach", "Watch a build that runs elsewhere, and keep a copy."),
    "follow": ("wharf_tui.cli.follow", "Watch containers that run already, and keep their logs."),
    "open": ("wharf_tui.cli.open", "Open stored builds in the viewer."),
    "logs": ("wharf_tui.cli.logs", "Print a build's logs."),
    "builds": ("wharf_tui.cli.builds", "List, show, bundle and prune stored builds."),
    "cleanup": ("wharf_tui.cli.cleanup", "Remove what killed builds have left behind."),
    "worker": ("wharf_tui.cli.worker", "Run or serve builds without a screen."),
    "aggregate": ("wharf_tui.cli.aggregate", "Copy builds into a database, exactly once."),
    "completion": ("wharf_tui.cli.completion", "Print the completion script of a shell."),
}


class _LazyGroup(click.Group):
    """Help for all verbs without importing one of them: ``--help`` must answer at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(_VERBS[cmd_name][0])
        command = getattr(module, "command")  # noqa: B009 - the name is the contract with the verbs' modules
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _VERBS.items()])


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 success, 1 the build failed, 2 bad usage or input, 3 logs incomplete, "
    "4 source not reachable, 130 interrupted.",
)
@click.version_option(__version__, "-V", "--version", prog_name="wharf-tui")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """The logs of your builds: complete, in order, now and later.

    Without a command, in a terminal, it shows the builds that are stored on this machine.
    """
    if ctx.invoked_subcommand is not None:
        return
    from wharf_tui.cli.terminal import is_interactive

    if is_interactive():
        from wharf_tui.cli.open import open_catalogue

        open_catalogue()
    else:
        click.echo(ctx.get_help())


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its status. No traceback ever reaches the user."""
    try:
        result: Any = cli.main(args=args, prog_name="wharf-tui", standalone_mode=False)
    except click.exceptions.Abort:
        _exit(ExitStatus.INTERRUPTED)
    except click.exceptions.Exit as exit_:
        _exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        _exit(error.exit_code)
    except KeyboardInterrupt:
        _exit(ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        _exit(ExitStatus.SUCCESS)
    except WharfError as error:
        tell(error)
        _exit(error.exit_status)
    _exit(result if isinstance(result, int) else ExitStatus.SUCCESS)


def tell(error: WharfError) -> None:
    """Say what happened, and what to do next, on standard error."""
    from wharf_tui.model.text import clean_plain

    click.echo(f"wharf-tui: {clean_plain(error.message)}", err=True)
    if isinstance(error, DefinitionError):
        for problem in error.problems:
            click.echo(clean_plain(problem), err=True)
    if error.hint:
        click.echo(f"  {clean_plain(error.hint)}", err=True)


def _exit(status: int) -> NoReturn:
    """Leave with this status, whoever has stopped listening: a reader (``| head``), or the whole terminal."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if any(thread.name.startswith("textual-") for thread in threading.enumerate()):
        os._exit(
            status
        )  # a terminal that went away while the viewer started leaves its threads waiting for keys
    sys.exit(status)
