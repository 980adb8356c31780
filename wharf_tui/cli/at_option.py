"""``--at 4:1841``: the line of a build that the viewer shows first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wharf_tui.insight.goto import BadTarget, parse_address
from wharf_tui.model.errors import UsageError
from wharf_tui.ui.rows import Address

if TYPE_CHECKING:
    from collections.abc import Callable


def _read(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Address | None:
    if text is None:
        return None
    found = parse_address(text)
    if isinstance(found, BadTarget):
        raise UsageError(f"--at: {found.problem}", found.hint)
    return Address(found.step_id, found.log_id)


def at_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the option, as its argument ``at``."""
    option = click.option(
        "--at",
        metavar="STEP:LINE",
        callback=_read,
        help="Show this line first, such as 4:1841; it is waited for where it has not come yet.",
    )
    return option(verb)
