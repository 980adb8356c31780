"""The configuration of wharf-cmd, read from its places and under its names, so that both programs share one.

Later sources win: the system's file, the user's, ``.wharf-cmd-config.yml`` in the working directory, the file that
``WHARF_CONFIG`` names, then environment variables: ``WHARF_`` and the key's path in capitals, joined by ``_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wharf_tui.model.errors import InputError

FILE_NAME = "wharf-cmd-config.yml"
_PREFIX = "WHARF_"
_OTHER_VARIABLES = ("WHARF_VAR_", "WHARF_TUI_", "WHARF_KUBERNETES_OWNER_", "WHARF_CONFIG", "WHARF_LIVE_")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings as one tree of maps; letter case does not count when a setting is looked up."""

    tree: Mapping[str, Any]
    """As written, later sources merged over earlier ones."""
    sources: tuple[Path, ...] = ()
    """Files that were read, the winning one last."""

    def get(self, *path: str) -> Any:
        """What stands at a path of keys; None where nothing does."""
        value: Any = self.tree
        for key in path:
            if not isinstance(value, Mapping):
                return None
            value = next((item for name, item in value.items() if name.lower() == key.lower()), None)
        return value

    def text(self, *path: str, default: str = "") -> str:
        """A single setting as text; ``default`` where it is not set.

        Raises:
            InputError: a map or a list stands there.
        """
        value = self.get(*path)
        if isinstance(value, dict | list):
            raise InputError(
                f"the setting {'.'.join(path)} must be a single value", "It is set in " + self._where()
            )
        return default if value is None else str(value)

    def _where(self) -> str:
        return ", ".join(map(str, self.sources)) or "the environment"


def load_configuration(
    environ: Mapping[str, str], working_directory: Path, user_config_dir: Path, system_config_dir: Path | None
) -> Configuration:
    """Read all sources. A file that is not there is passed over, unless ``WHARF_CONFIG`` names it.

    Raises:
        InputError: a file is there but cannot be used.
    """
    below = Path("iver-wharf") / "wharf-cmd" / FILE_NAME
    places = [system_config_dir / below] if system_config_dir is not None else []
    places += [user_config_dir / below, working_directory / f".{FILE_NAME}"]
    named = environ.get("WHARF_CONFIG")
    tree: dict[str, Any] = {}
    sources: list[Path] = []
    for path in [*places, *([Path(named)] if named else [])]:
        if path.is_file():
            _merge(tree, _read(path))
            sources.append(path)
        elif named and path == Path(named):
            raise InputError(f"{path} does not exist", "WHARF_CONFIG names it.")
    for name, value in environ.items():
        if name.startswith(_PREFIX) and not name.startswith(_OTHER_VARIABLES):
            _set(tree, name.removeprefix(_PREFIX).split("_"), value)
    return Configuration(tree, tuple(sources))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise InputError(f"{path}{place} is no YAML: {getattr(error, 'problem', None) or error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold a map of settings")
    return content


def _merge(tree: dict[str, Any], later: Mapping[Any, Any]) -> None:
    """Put the later settings over the earlier ones, map by map."""
    for written, value in later.items():
        key = _same_key(tree, str(written))
        if isinstance(value, dict):
            branch = tree.get(key)
            tree[key] = branch if isinstance(branch, dict) else {}
            _merge(tree[key], value)
        else:
            tree[key] = value


def _set(tree: dict[str, Any], path: list[str], value: str) -> None:
    for word in path[:-1]:
        key = _same_key(tree, word)
        branch = tree.get(key)
        if not isinstance(branch, dict):
            branch = tree[key] = {}
        tree = branch
    tree[_same_key(tree, path[-1])] = value


def _same_key(tree: Mapping[str, Any], word: str) -> str:
    """The key under which the tree has this word already, in whatever letter case."""
    return next((key for key in tree if key.lower() == word.lower()), word)
