"""``wharf-tui completion SHELL``: prints what a shell needs to complete our commands."""

from __future__ import annotations

import click

_WHERE = {
    "bash": 'eval "$(wharf-tui completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(wharf-tui completion zsh)"   # in ~/.zshrc',
    "fish": "wharf-tui completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command(epilog="\b\n" + "\n".join(_WHERE.values()))
@click.argument("shell", type=click.Choice(list(_WHERE)))
def command(shell: str) -> None:
    """Print the completion script of SHELL. Put one of these lines into your shell's start file."""
    from click.shell_completion import get_completion_class

    from wharf_tui.cli.main import cli

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(cli, {}, "wharf-tui", "_WHARF_TUI_COMPLETE").source())
