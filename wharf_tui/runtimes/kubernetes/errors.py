"""Turns what the Kubernetes package and the libraries below it raise into the project's errors, at one place.

A refusal by the cluster is a RunError with the cluster's own words; a cluster that cannot be reached, or that goes
away in the middle, is a RuntimeUnavailableError: asking again may help.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError

NOT_FOUND: Final = 404
CONFLICT: Final = 409
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _INTERNAL = 401, 403, 429, 500

_LOG_IN: Final = "Log in to the cluster again, or choose another context of the kubeconfig (k8s.context)."
_GET_LEAVE: Final = "Ask whoever runs the cluster for that permission."
_QUOTA: Final = "exceeded quota"
_GET_ROOM: Final = "Wait until other pods have ended, or ask whoever runs the cluster for a larger quota."
_CHECK: Final = "Check that the cluster runs, and that the kubeconfig's context is the one you mean."
_CONFIGURE: Final = (
    "Set KUBECONFIG, or write ~/.kube/config; `kubectl cluster-info` shows whether it is right."
)


@contextmanager
def cluster_errors(doing: str) -> Iterator[None]:
    """Map what goes wrong inside.

    Args:
        doing: what is being done, as ``create pod x``.

    Raises:
        RunError: the cluster refused.
        RuntimeUnavailableError: it cannot be reached.
    """
    from kubernetes.client.exceptions import OpenApiException
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError
    from websocket import WebSocketException
    from yaml import YAMLError

    try:
        yield
    except (
        OpenApiException,
        ConfigException,
        YAMLError,
        HTTPError,
        WebSocketException,
        http.client.HTTPException,
        OSError,
    ) as error:
        raise _mapped(doing, error) from error


def refusal(doing: str, status: int, body: bytes) -> RunError:
    """The error for an answer that is no success.

    Args:
        doing: what was asked for.
        status: of the HTTP answer.
        body: of it: mostly an object of kind Status.
    """
    words = words_of(body) or f"status {status}"
    message = f"cannot {doing}: {words}"
    if status == _TOO_MANY or status >= _INTERNAL:
        return RuntimeUnavailableError(message, _CHECK)
    if status == _UNAUTHORIZED:
        return RunError(f"cannot {doing}: the cluster does not accept the credentials ({words})", _LOG_IN)
    if status == _FORBIDDEN:
        return RunError(message, _GET_ROOM if _QUOTA in words else _GET_LEAVE)
    return RunError(message)


def words_of(body: bytes) -> str:
    """What the cluster says in an answer that is no success."""
    text = body.decode("utf-8", "replace").strip()
    try:
        status = json.loads(text)
    except ValueError:
        return text
    return str(status.get("message") or status.get("reason") or "") if isinstance(status, dict) else text


def _mapped(doing: str, error: BaseException) -> RunError:
    from kubernetes.client.exceptions import ApiException, OpenApiException
    from kubernetes.config import ConfigException
    from websocket import WebSocketBadStatusException
    from yaml import YAMLError

    if isinstance(error, WebSocketBadStatusException):
        return refusal(doing, error.status_code, bytes(error.resp_body or b""))
    if isinstance(error, ConfigException | YAMLError):
        return RuntimeUnavailableError(f"cannot {doing}: {error}", _CONFIGURE)
    if isinstance(error, ApiException) and not error.status:
        return RuntimeUnavailableError(f"cannot {doing}: {error.reason}", _CHECK)
    if isinstance(error, OpenApiException):
        return RunError(f"cannot {doing}: {error}")
    return RuntimeUnavailableError(f"cannot {doing}: {_innermost_words(error)}", _CHECK)


def _innermost_words(error: BaseException) -> str:
    """The words of the error that the libraries have wrapped, one in the other."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        candidates = (*error.args, getattr(error, "reason", None), error.__cause__)
        error = next((each for each in candidates if isinstance(each, BaseException)), error)
    words = error.strerror if isinstance(error, OSError) else None
    return words or str(error) or type(error).__name__
