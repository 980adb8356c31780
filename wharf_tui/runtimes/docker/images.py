"""Images: whether the engine has them, and how it gets them, with what registries want to know of us."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from io import RawIOBase
from typing import Any

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.errors import engine_errors
from wharf_tui.runtimes.docker.settings import PullPolicy
from wharf_tui.runtimes.docker.stop_sign import StopSign

_LAYER_IS_THERE = frozenset({"Pull complete", "Already exists"})
_LAYER_IS_COMING = frozenset(
    {"Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Extracting"}
)


class Images:
    """The images of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ensure(
        self, name: str, policy: PullPolicy, tell: Callable[[str], None], stop: StopSign
    ) -> dict[str, Any]:
        """Make sure that the engine has an image, and return what is known of it.

        Args:
            name: as in the definition.
            policy: whether to pull it.
            tell: is told how the pull goes on.
            stop: ends the pull.

        Raises:
            RunError: it is not there, and cannot be had.
        """
        image = None if policy is PullPolicy.ALWAYS else self._engine.image(name)
        if image is None and policy is not PullPolicy.NEVER:
            self._pull(name, tell, stop)
            image = self._engine.image(name)
        if image is None:
            raise RunError(
                f"image {name} is not there, and is never pulled",
                "Pull or build it first, or choose another pull policy.",
            )
        return image

    def build(
        self, context: RawIOBase, params: Mapping[str, Any], stop: StopSign
    ) -> Iterator[dict[str, Any]]:
        """Build an image from a packed context; yields what the engine tells of it."""
        query = {
            name: json.dumps(value) if isinstance(value, dict) else value for name, value in params.items()
        }
        headers = {"Content-Type": "application/x-tar", **_all_credentials()}
        doing = "build the image"
        with stop.answer(
            lambda: self._engine.open("POST", "/build", doing, params=query, headers=headers, data=context)
        ) as stream:
            yield from stream.events()

    def push(self, repository: str, tag: str, stop: StopSign) -> Iterator[dict[str, Any]]:
        """Push an image to its registry; yields what the engine tells of it."""
        doing = f"push image {repository}:{tag}"
        # Without any credentials the engine still wants the header.
        headers = _credentials(repository, doing) or {"X-Registry-Auth": "e30="}
        path = f"/images/{repository}/push"
        with stop.answer(
            lambda: self._engine.open("POST", path, doing, params={"tag": tag}, headers=headers)
        ) as stream:
            yield from stream.events()

    def _pull(self, name: str, tell: Callable[[str], None], stop: StopSign) -> None:
        from docker.utils import parse_repository_tag

        doing = f"pull image {name}"
        repository, tag = parse_repository_tag(name)
        params = {"fromImage": repository, "tag": tag or "latest"}
        headers = _credentials(repository, doing)
        tell(f"pulling image {name}")
        progress = PullProgress()
        with stop.answer(
            lambda: self._engine.open("POST", "/images/create", doing, params=params, headers=headers)
        ) as stream:
            for event in stream.events():
                if "error" in event:
                    raise RunError(f"cannot {doing}: {event['error']}")
                if progress.take(event):
                    tell(f"pulling image {name}: {progress}")


class PullProgress:
    """Counts an image's layers while it is pulled."""

    def __init__(self) -> None:
        self._layers: dict[str, bool] = {}

    def __str__(self) -> str:
        there = sum(self._layers.values())
        return f"{there}/{len(self._layers)} layers"

    def take(self, event: Mapping[str, Any]) -> bool:
        """Take what the engine tells; whether the count has changed."""
        layer, status = str(event.get("id", "")), event.get("status")
        if not layer or status not in _LAYER_IS_THERE | _LAYER_IS_COMING:
            return False
        before = self._layers.get(layer)
        self._layers[layer] = status in _LAYER_IS_THERE
        return before is not self._layers[layer]


def _credentials(repository: str, doing: str) -> dict[str, str]:
    """What the user's `docker login` has left for the image's registry."""
    from docker import auth

    with engine_errors(doing):
        registry, _ = auth.resolve_repository_name(repository)
        found = auth.load_config().resolve_authconfig(registry)
        return {"X-Registry-Auth": auth.encode_header(found).decode()} if found else {}


def _all_credentials() -> dict[str, str]:
    """The same for all registries: a build may need any of them."""
    from docker import auth

    with engine_errors("read the credentials of registries"):
        logins = auth.load_config().get_all_credentials()  # type: ignore[no-untyped-call]  # the stubs lack it
        found = {name: login for name, login in logins.items() if login}
        return {"X-Registry-Config": auth.encode_header(found).decode()} if found else {}
