"""Live tests need a Docker Engine; where none answers they are skipped, and say why."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE, Build, Recorder, containers_of, context_of, pipeline_of
from tests.live.docker_following import Followed, Foreign
from wharf_tui.runtimes.docker.container_source import Match
from wharf_tui.runtimes.docker.container_taker import TakingLimits
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.runtime import DockerRuntime, probe
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits
from wharf_tui.runtimes.sources import History


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


@pytest.fixture
def foreign(engine: Engine) -> Iterator[Foreign]:
    """Starts containers as others do."""
    foreign = Foreign(engine)
    yield foreign
    foreign.remove_all()


@pytest.fixture
async def follow(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Followed]]]:
    """Begins to follow containers; ends it at the end."""
    started: list[Followed] = []

    async def begin(
        *names: str, label: str = "", history: History | None = None, limits: TakingLimits | None = None
    ) -> Followed:
        followed = Followed(tmp_path / "builds", Match(names, (label,) if label else ()), history, limits)
        started.append(followed)
        await followed.start()
        return followed

    yield begin
    for followed in started:
        if followed.running is not None:
            await followed.stop()
        else:
            await followed.source.stop()
            followed.store.close()
