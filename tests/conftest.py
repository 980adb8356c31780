"""What every suite needs: examples that are the same in each run, and no build of the user's own within reach."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

NOISY = [HealthCheck.too_slow]  # how long an example takes says more of the machine than of the test
settings.register_profile(
    "suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=NOISY
)
settings.register_profile("hunt", deadline=None, max_examples=3000)  # pytest --hypothesis-profile=hunt
settings.load_profile("suite")


@pytest.fixture(autouse=True, scope="session")
def _builds_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHARF_TUI_BUILDS", str(tmp_path_factory.mktemp("builds")))
        yield
