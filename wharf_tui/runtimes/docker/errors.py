"""Turns what the Docker SDK and the HTTP libraries below it raise into the project's errors, at one place.

A refusal by the engine is a RunError with the engine's own words; an engine that cannot be reached, or that goes away
in the middle, is a RuntimeUnavailableError.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

from wharf_tui.model.errors import RunError, RuntimeUnavailableError

_START_IT = "Start Docker, or point DOCKER_HOST to an engine that runs."
_JOIN_GROUP = "Join the group that may use Docker (mostly `docker`), or point DOCKER_HOST to another engine."
_CHECK_CERTIFICATES = "Check DOCKER_TLS_VERIFY and the files that DOCKER_CERT_PATH names."


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Map what goes wrong inside.

    Args:
        doing: what is being done, as ``start container x``.

    Raises:
        RunError: the engine refused.
        RuntimeUnavailableError: it cannot be reached.
    """
    from docker.errors import DockerException, StreamParseError
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (
        DockerException,
        StreamParseError,
        RequestException,
        HTTPError,
        http.client.HTTPException,
        OSError,
    ) as error:
        raise from_docker(doing, error) from error


def from_docker(doing: str, error: BaseException) -> RunError:
    """The error to raise in place of a foreign one."""
    from docker.errors import APIError, DockerException, StreamParseError
    from requests.exceptions import SSLError, Timeout
    from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

    if isinstance(error, APIError):
        return RunError(f"cannot {doing}: {error.explanation or f'status {error.status_code}'}")
    if isinstance(error, DockerException | StreamParseError):
        if error.__cause__ is not None:
            return from_docker(doing, error.__cause__)
        return RunError(f"cannot {doing}: {error}")
    if isinstance(error, SSLError):
        words = f"Docker's certificate is not accepted: {_innermost_words(error)}"
        return RuntimeUnavailableError(f"cannot {doing}: {words}", _CHECK_CERTIFICATES)
    if isinstance(error, Timeout | Urllib3TimeoutError | TimeoutError):
        return RuntimeUnavailableError(f"cannot {doing}: Docker does not answer", _START_IT)
    hint = _JOIN_GROUP if isinstance(_innermost(error), PermissionError) else _START_IT
    return RuntimeUnavailableError(
        f"cannot {doing}: Docker cannot be reached: {_innermost_words(error)}", hint
    )


def _innermost(error: BaseException) -> BaseException:
    """The error that the libraries have wrapped, one in the other."""
    seen = set()
    while id(error) not in seen:
        seen.add(id(error))
        candidates = (*error.args, getattr(error, "reason", None), error.__cause__)
        error = next((each for each in candidates if isinstance(each, BaseException)), error)
    return error


def _innermost_words(error: BaseException) -> str:
    innermost = _innermost(error)
    words = innermost.strerror if isinstance(innermost, OSError) else None
    return words or str(innermost) or type(innermost).__name__
