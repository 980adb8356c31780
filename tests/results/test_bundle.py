"""A bundle brings over everything, gives the same bytes each time, and does no harm whoever made it."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import InputError, StorageFullError, StoreError
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import Status
from wharf_tui.results import bundle, bundle_reader, layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.bundle_reader import looks_like_bundle, open_bundle
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.results.gap_file import write_gaps
from wharf_tui.results.new_file import NewFile, new_file


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bundles are unpacked."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def write_build(folder: Path, logs: list[list[bytes]], *, ended: bool = True) -> Path:
    steps = tuple(
        StepState(StepInfo(StepId(number), "stage", f"step-{number}")) for number in range(1, len(logs) + 1)
    )
    store = BuildWriter.create(folder, BuildInfo(BuildId(7), steps, source="here", started_ns=1_000))
    for number, lines in enumerate(logs, 1):
        store.set_status(StepId(number), Status.RUNNING, at_ns=2_000)
        store.log(StepId(number)).append_many(
            [(index * 1_000_000, line) for index, line in enumerate(lines, 1)]
        )
    if ended:
        for number in range(1, len(logs) + 1):
            store.set_status(StepId(number), Status.FAILED, at_ns=3_000, exit_code=3, reason="exit code 3")
            store.close_log(StepId(number))
        store.freeze(Status.FAILED)
    else:
        for number in range(1, len(logs) + 1):
            store.log(StepId(number)).sync()
    store.close()
    return store.path


def pack(reader: BuildReader, target: Path, view: dict[str, object] | None = None) -> Path:
    members = bundle.build_members(reader, {bundle.VIEW: bundle.view_bytes(view or {})})
    with new_file(target) as file:
        assert bundle.write_bundle(members, file)
    return target


def messages(reader: BuildReader, step: int) -> list[tuple[int, int | None, bytes]]:
    log = reader.log(StepId(step))
    log.refresh()
    return [(line.log_id, line.at_ns, line.message) for line in log.read(1, 10_000, 2**30)]


LINES = st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r")), max_size=30)


@given(st.lists(LINES, min_size=1, max_size=4))
def test_what_is_opened_is_what_was_packed(logs: list[list[bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        source = BuildReader.open(write_build(Path(name), logs))
        target = pack(source, Path(name) / "x.tar.gz", {"at": "1:1"})
        assert looks_like_bundle(target)
        opened = open_bundle(target)
        assert opened.view == {"at": "1:1"}
        assert opened.reader.info == source.info
        assert opened.reader.liveness is Liveness.FROZEN
        for number in range(1, len(logs) + 1):
            assert messages(opened.reader, number) == messages(source, number)
            assert opened.reader.statuses(StepId(number)) == source.statuses(StepId(number))
        opened.close()
        source.close()


def test_the_same_build_gives_the_same_bytes(tmp_path: Path) -> None:
    source = BuildReader.open(write_build(tmp_path, [[b"a", b"b"], [b"c"]]))
    first = pack(source, tmp_path / "1.tar.gz").read_bytes()
    os.utime(source.path / "build.json", (1, 1))
    assert pack(source, tmp_path / "2.tar.gz").read_bytes() == first


def test_any_tar_can_unpack_it(tmp_path: Path) -> None:
    source = BuildReader.open(write_build(tmp_path, [[b"a"]]))
    with tarfile.open(pack(source, tmp_path / "x.tar.gz")) as archive:
        assert archive.getnames() == [
            "bundle.json",
            "view.json",
            "build.json",
            "steps/1/status.json",
            "steps/1/logs.log",
        ]


def test_gaps_come_along(tmp_path: Path) -> None:
    path = write_build(tmp_path, [[b"a", b"b"]])
    gaps = (Gap(GapKind.HOLE, LogId(1), 4, "lost"),)
    write_gaps(layout.step_dir(path, StepId(1)) / layout.GAPS, gaps)
    opened = open_bundle(pack(BuildReader.open(path), tmp_path / "x.tar.gz"))
    assert [line[0] for line in messages(opened.reader, 1)] == [1, 6]
    assert opened.reader.log(StepId(1)).gaps == gaps
    opened.close()


def test_a_running_build_is_packed_up_to_its_last_whole_line(tmp_path: Path) -> None:
    store = BuildWriter.create(
        tmp_path, BuildInfo(BuildId(1), (StepState(StepInfo(StepId(1), "s", "t")),), started_ns=1)
    )
    store.set_status(StepId(1), Status.RUNNING, at_ns=2)
    store.log(StepId(1)).append_many([(1, b"whole")])
    log = layout.step_dir(store.path, StepId(1)) / layout.LOG
    with log.open("ab") as file:
        file.write(b"1970-01-01T00:00:00Z ha")
    source = BuildReader.open(store.path)
    assert source.liveness is Liveness.RUNNING
    opened = open_bundle(pack(source, tmp_path / "x.tar.gz"))
    assert [line[2] for line in messages(opened.reader, 1)] == [b"whole"]
    assert opened.reader.liveness is Liveness.UNKNOWN, "nobody here knows how it ended"
    assert opened.reader.info.steps[0].status is Status.RUNNING
    opened.close()
    store.close()


def test_text_files_are_packed_unpacked_and_under_their_names(tmp_path: Path) -> None:
    (tmp_path / "a b.log").write_bytes(b"2020-01-01T00:00:00Z one\ntwo")
    with gzip.open(tmp_path / "z.log.gz", "wb") as file:
        file.write(b"three\n")
    source = FilesReader([tmp_path / "a b.log", tmp_path / "z.log.gz"])
    source.wait_for_streams()
    opened = open_bundle(pack(source, tmp_path / "x.tar.gz"))
    assert [step.info.name for step in opened.reader.info.steps] == ["a_b.log", "z.log.gz"]
    assert [line[2] for line in messages(opened.reader, 1)] == [b"2020-01-01T00:00:00Z one", b"two"]
    assert [line[2] for line in messages(opened.reader, 2)] == [b"three"]
    opened.close()
    source.close()


def test_closing_removes_what_was_unpacked(tmp_path: Path, temporary: Path) -> None:
    opened = open_bundle(pack(BuildReader.open(write_build(tmp_path, [[b"a"]])), tmp_path / "x.tar.gz"))
    assert list(temporary.iterdir())
    opened.close()
    assert not list(temporary.iterdir())


def test_what_killed_viewers_left_is_removed_and_nothing_else(tmp_path: Path, temporary: Path) -> None:
    target = pack(BuildReader.open(write_build(tmp_path, [[b"a"]])), tmp_path / "x.tar.gz")
    open_elsewhere = open_bundle(target)
    left = temporary / "wharf-tui-bundle-left"
    young = temporary / "wharf-tui-bundle-young"
    other = temporary / "other"
    for folder in (left, young, other):
        folder.mkdir()
    for folder in (left, other, open_elsewhere.reader.path.parent):
        os.utime(folder, (1, 1))
    opened = open_bundle(target)
    assert not left.exists()
    assert young.exists()
    assert other.exists()
    assert open_elsewhere.reader.path.exists()
    opened.close()
    open_elsewhere.close()


def archive_of(
    target: Path, *members: tarfile.TarInfo, header: bytes = b'{"format":1,"kind":"build"}'
) -> Path:
    with tarfile.open(target, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        first = tarfile.TarInfo("bundle.json")
        first.size = len(header)
        archive.addfile(first, io.BytesIO(header))
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return target


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size if kind == tarfile.REGTYPE else 0
    info.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return info


HOSTILE = {
    "parent": member("steps/1/../../../evil"),
    "absolute": member("/tmp/evil"),
    "dot": member("./build.json"),
    "symlink": member("steps/1", tarfile.SYMTYPE),
    "hard link": member("steps/1/logs.log", tarfile.LNKTYPE),
    "pipe": member("steps/1/logs.log", tarfile.FIFOTYPE),
    "device": member("steps/1/logs.log", tarfile.CHRTYPE),
    "folder": member("steps", tarfile.DIRTYPE),
    "long name": member("steps/1/" + "x" * 300),
    "control codes": member("steps/1/\x1b[2J"),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=list(HOSTILE))
def test_what_no_bundle_holds_is_refused_and_nothing_is_left(
    hostile: tarfile.TarInfo, tmp_path: Path, temporary: Path
) -> None:
    with pytest.raises(InputError, match=r"is not unpacked|damaged"):
        open_bundle(archive_of(tmp_path / "x.tar.gz", hostile))
    assert not list(temporary.iterdir())


def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="twice"):
        open_bundle(archive_of(tmp_path / "x.tar.gz", member("build.json"), member("build.json")))


def test_members_of_a_later_version_are_passed_over(tmp_path: Path, temporary: Path) -> None:
    opened = open_bundle(
        archive_of(tmp_path / "x.tar.gz", member("steps/1/logs.log"), member("more/later.bin"))
    )
    assert not [path for path in temporary.rglob("*") if path.name == "later.bin"]
    assert messages(opened.reader, 1) == [(1, None, b"x")]
    opened.close()


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="newer"):
        open_bundle(archive_of(tmp_path / "x.tar.gz", header=b'{"format":2,"kind":"build"}'))


def test_a_bomb_is_stopped_before_it_is_unpacked(tmp_path: Path, temporary: Path) -> None:
    bomb = archive_of(tmp_path / "x.tar.gz", member("steps/1/logs.log", size=5_000_000))
    with pytest.raises(StorageFullError, match="room"):
        open_bundle(bomb, most_bytes=1_000_000)
    assert not list(temporary.iterdir())


def test_a_size_that_no_archive_can_keep_fills_nothing(tmp_path: Path, temporary: Path) -> None:
    header = tarfile.TarInfo("bundle.json")
    body = json.dumps({"format": 1, "kind": "build"}).encode()
    header.size = len(body)
    liar = member("steps/1/logs.log")
    liar.size = 2**62
    raw = (
        header.tobuf(tarfile.GNU_FORMAT)
        + body.ljust(512, b"\0")
        + liar.tobuf(tarfile.GNU_FORMAT)
        + b"x" * 512
    )
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(raw))
    with pytest.raises(StorageFullError):
        open_bundle(tmp_path / "x.tar.gz")
    assert not list(temporary.iterdir())


@given(st.integers(0, 2**32), st.integers(1, 255))
def test_damage_is_said_and_nothing_is_left(place: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = BuildReader.open(write_build(folder, [[b"a" * 50] * 20]))
        target = pack(source, folder / "x.tar.gz")
        raw = bytearray(target.read_bytes())
        raw[10 + place % (len(raw) - 10)] ^= (
            change  # the first ten bytes are gzip's own, some of them without meaning
        )
        target.write_bytes(raw)
        try:
            opened = open_bundle(target)
        except InputError:
            pass
        else:  # some bits between the compressed data and its checksum mean nothing
            assert opened.reader.info == source.info
            assert messages(opened.reader, 1) == messages(source, 1)
            opened.close()
        source.close()
        target.write_bytes(raw[: place % len(raw)])
        with pytest.raises(InputError):
            open_bundle(target)
    assert not list(Path(tempfile.gettempdir()).glob("wharf-tui-bundle-*"))


def test_other_archives_and_logs_are_no_bundles(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "log.gz", "wb") as file:
        file.write(b"just a line\n" * 100)
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "log.gz", "log.gz")
    (tmp_path / "empty").touch()
    for name in ("log.gz", "other.tar.gz", "empty", "missing", "."):
        assert not looks_like_bundle(tmp_path / name)
    with pytest.raises(InputError, match="is no bundle"):
        open_bundle(tmp_path / "other.tar.gz")


def test_writing_can_be_stopped(tmp_path: Path) -> None:
    source = BuildReader.open(write_build(tmp_path, [[b"a" * 100] * 10_000]))
    told: list[int] = []

    def report(read: int) -> bool:
        told.append(read)
        return len(told) < 6

    target = tmp_path / "x.tar.gz"
    file = NewFile(target)
    assert not bundle.write_bundle(bundle.build_members(source, {}), file, report)
    file.drop()
    assert told == sorted(told)
    assert not list(tmp_path.glob("*x.tar.gz*"))


def test_nothing_is_replaced_unless_it_is_wanted(tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.write_bytes(b"old")
    with pytest.raises(StoreError, match="exists already"), new_file(target):
        pass
    assert target.read_bytes() == b"old"
    with new_file(target, replace=True) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"
    with pytest.raises(StoreError, match="no plain file"), new_file(tmp_path, replace=True):
        pass


def test_what_comes_in_between_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "there"
    file = NewFile(target)
    file.write(b"mine")
    target.write_bytes(b"somebody else's")
    with pytest.raises(StoreError, match="exists already"):
        file.keep()
    assert target.read_bytes() == b"somebody else's"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["there"]


def test_a_file_that_fails_is_not_there(tmp_path: Path) -> None:
    with suppress(LookupError), new_file(tmp_path / "x") as file:
        file.write(b"half")
        raise LookupError
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with new_file(tmp_path / "link", replace=True) as file:
        file.write(b"new")
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_names_that_file_systems_dislike_are_made_harmless() -> None:
    assert bundle.safe_name("../a\\b\n.log") == "a_b_.log"
    assert bundle.safe_name("...") == "log"
    assert bundle_reader._NAMES.match(f"files/1/{bundle.safe_name('x' * 500)}")
