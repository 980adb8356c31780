"""Variables from ``.wharf-vars.yml`` files: beside the definition, in each folder above it, and of user and system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wharf_tui.definition.compose import compose_documents
from wharf_tui.definition.nodes import MappingNode, Node, describe, is_null
from wharf_tui.definition.problems import Problems, listing
from wharf_tui.definition.read_file import read_file
from wharf_tui.definition.variables import Variable, VariableTable
from wharf_tui.model.errors import InputError

FILE_IN_TREE: Final = ".wharf-vars.yml"
FILE_IN_CONFIG: Final = Path("iver-wharf", "wharf-cmd", "wharf-vars.yml")
"""Below the user's or the system's folder for configuration; shared with wharf-cmd."""

_ROOT_KEY: Final = "vars"


def vars_file_paths(directory: Path, user_config_dir: Path, system_config_dir: Path | None) -> Iterator[Path]:
    """Where variables files may be, nearest first.

    Args:
        directory: the folder of the definition; absolute.
        user_config_dir: as ``~/.config``.
        system_config_dir: as ``/etc``; None where the system has no such place.
    """
    for folder in (directory, *directory.parents):
        yield folder / FILE_IN_TREE
    yield user_config_dir / FILE_IN_CONFIG
    if system_config_dir is not None:
        yield system_config_dir / FILE_IN_CONFIG


def read_vars_file(path: Path, problems: Problems) -> VariableTable | None:
    """The variables of one file; None where there is no such file, or none that can be read."""
    found = Problems(file=str(path))
    try:
        data = read_file(path)
    except InputError as error:
        problems.warn(f"variables file is left out: {error.message}")
        return None
    if data is None:
        return None
    table: dict[str, Variable] = {}
    roots = compose_documents(data, found)
    for root in roots:
        _collect(root, table, found)
    problems.extend(found.all)
    return VariableTable(str(path), table)


def _collect(root: Node, table: dict[str, Variable], problems: Problems) -> None:
    if is_null(root):
        return
    if not isinstance(root, MappingNode):
        problems.error(
            f"expected a map with the key '{_ROOT_KEY}', but this is {describe(root)}", at=root.position
        )
        return
    holder = next((entry for entry in root.entries if entry.key.text == _ROOT_KEY), None)
    if holder is None:
        keys = listing(entry.key.text for entry in root.entries)
        problems.warn(
            f"no variable is read: they belong below the key '{_ROOT_KEY}'; keys here: {keys}",
            at=root.position,
        )
    elif isinstance(holder.value, MappingNode):
        table.update(
            (entry.key.text, Variable(entry.key.text, entry.value)) for entry in holder.value.entries
        )
    elif not is_null(holder.value):
        problems.error(
            f"expected a map of variables, but this is {describe(holder.value)}",
            _ROOT_KEY,
            holder.value.position,
        )
