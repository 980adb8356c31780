"""The store's tests meet many locks that are held; none of them needs to wait long for one."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _little_patience() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wharf_tui.results.lock._PATIENCE_SECONDS", 0.1)
        yield
