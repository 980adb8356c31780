"""Live tests need a Docker Engine; where none answers they are skipped, and say why."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE, Build, Recorder, containers_of, context_of, pipeline_of
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.runtime import DockerRuntime, probe
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits


@pytest.fixture(scope="session")
def _docker_answers() -> None:
    why_not = probe()
    if why_not is not None:
        pytest.skip(f"no Docker Engine: {why_not}")
    engine = Engine()
    has_image = engine.image(IMAGE) is not None
    engine.close()
    if not has_image:
        pytest.skip(f"no image {IMAGE} in the Docker Engine")


@pytest.fixture
def engine(_docker_answers: None) -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
async def start(tmp_path: Path, engine: Engine) -> AsyncIterator[Callable[..., Awaitable[Build]]]:
    """Starts a build of one stage; at the end nothing of it may be left in the engine."""
    builds: list[Build] = []

    async def run(
        steps: dict[str, object],
        settings: DockerSettings | None = None,
        limits: Limits | None = None,
        environ: dict[str, str] | None = None,
    ) -> Build:
        folder = tmp_path / f"repo{len(builds)}"
        folder.mkdir(exist_ok=True)
        context = context_of(pipeline_of(folder, steps, environ), f"wharf-test-{secrets.token_hex(6)}")
        build = Build(context, DockerRuntime(settings, limits), tmp_path / f"steps{len(builds)}")
        builds.append(build)
        await build.runtime.start(context)
        return build

    yield run
    left = []
    for build in builds:
        await build.runtime.stop()
        for recorder in build.recorders.values():
            recorder.writer.close()
        left += containers_of(engine, build.context.build_name)
    for name in left:
        engine.remove(name)
    assert not left


@pytest.fixture
async def run_one(
    start: Callable[..., Awaitable[Build]],
) -> Callable[..., Awaitable[tuple[object, Recorder]]]:
    """Runs one container step with these commands, and returns its outcome and its recorder."""

    async def run(*cmds: str, **options: object) -> tuple[object, Recorder]:
        build = await start({"step": list(cmds)}, **options)
        return await build.run("step"), build.recorder("step")

    return run
