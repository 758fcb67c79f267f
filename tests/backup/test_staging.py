"""A staged folder is what the list says: from what is here where that is right, else from the target."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.faults import CancelledWork, DamagedError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import extract, staging
from binscout_tui.backup.restoring.fetching import GAP, stretches
from binscout_tui.backup.restoring.staging import Staging
from binscout_tui.backup.restoring.todo import Piece, State
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import RefusedError

FILES = {
    "models/m/weights": b"w" * 5000,
    "originals/aa/one.jpg": b"first picture",
    "originals/bb/two.jpg": b"second picture",
    "runs/r/events.jsonl": b"{}\n",
}
KINDS = {"models": "model", "originals": "original", "runs": "run", "incoming": "incoming"}


class Target:
    """A local target with one pack of all small files, and objects of the others."""

    def __init__(self, folder: Path, files: dict[str, bytes], objects: tuple[str, ...] = ("models/m/weights",)) -> None:
        self.folder = folder
        packed, places = b"", {}
        for path, data in files.items():
            if path not in objects:
                places[path] = len(packed) + 512
                packed += bytes(512) + data + bytes(-len(data) % 512)
        self.pack = layout.pack_name(hashlib.sha256(packed).hexdigest())
        self.put(self.pack, packed)
        self.entries = []
        for path, data in sorted(files.items()):
            sha256 = hashlib.sha256(data).hexdigest()
            blob = layout.object_name(sha256) if path in objects else self.pack
            if path in objects:
                self.put(blob, data)
            kind = KINDS[path.partition("/")[0]]
            self.entries.append(
                FileEntry(
                    path=path,
                    kind=kind,  # type: ignore[arg-type]
                    size=len(data),
                    sha256=sha256,
                    mtime_ns=1_700_000_000_000_000_000,
                    blob=blob,
                    offset=places.get(path),
                )
            )

    def put(self, name: str, data: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(data)

    def sizes(self) -> dict[str, int]:
        return {str(p.relative_to(self.folder)): p.stat().st_size for p in self.folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    with Rclone(tmp_path_factory.mktemp("rclone") / "rclone.conf", quick=True) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "target", FILES)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A workspace's files, all as they were backed up."""
    for path, data in FILES.items():
        (tmp_path / "live" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "live" / path).write_bytes(data)
    return tmp_path / "live"


def stage(tmp_path: Path, rclone: Rclone, target: Target, live: Path | None = None) -> Staging:
    """Everything up to the proof, which is the caller's."""
    remote = Remote(rclone, str(target.folder), "the target")
    found = Staging(tmp_path / "20261122T010203Z-1a2b3c4d-everything", live)
    progress = Progress(["here", "fetch"])
    found.sort_out(target.entries, extract.place, progress)
    found.fetch(remote, target.sizes(), progress)
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_everything_comes_from_the_target(tmp_path: Path, rclone: Rclone, target: Target) -> None:
    with stage(tmp_path, rclone, target) as found:
        found.verify(Progress([]))
        assert files(found.staged) == FILES
        assert found.todo.tally(State.FETCHED) == (4, sum(map(len, FILES.values())))
        original = (found.staged / "originals/aa/one.jpg").stat()
        assert (original.st_mode & 0o7777, original.st_mtime) == (0o444, 1_700_000_000)


def test_what_is_here_gets_a_second_name_and_no_second_copy(
    tmp_path: Path, rclone: Rclone, target: Target, live: Path
) -> None:
    (target.folder / target.pack).unlink()
    with stage(tmp_path, rclone, target, live) as found:
        found.verify(Progress([]))
        assert files(found.staged) == FILES
        for path in FILES:
            same = (live / path).samefile(found.staged / path)
            assert same == (path != "runs/r/events.jsonl"), path


def test_what_grows_does_not_grow_in_the_copy(tmp_path: Path, rclone: Rclone, target: Target, live: Path) -> None:
    with stage(tmp_path, rclone, target, live) as found:
        with (live / "runs/r/events.jsonl").open("ab") as log:
            log.write(b"more")
        assert (found.staged / "runs/r/events.jsonl").read_bytes() == FILES["runs/r/events.jsonl"]


def test_what_is_here_is_read_and_never_believed(tmp_path: Path, rclone: Rclone, target: Target, live: Path) -> None:
    one = live / "originals/aa/one.jpg"
    before = one.stat()
    one.write_bytes(b"First picture")
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    (live / "originals/bb/two.jpg").unlink()
    (live / "originals/bb/two.jpg").symlink_to("../aa/one.jpg")
    with stage(tmp_path, rclone, target, live) as found:
        found.verify(Progress([]))
        assert files(found.staged) == FILES
        assert found.todo.tally(State.FETCHED)[0] == 2
    assert one.read_bytes() == b"First picture"


def test_another_attempt_goes_on_and_reads_what_it_finds(tmp_path: Path, rclone: Rclone, target: Target) -> None:
    with stage(tmp_path, rclone, target) as found:
        (found.staged / "originals/aa/one.jpg").unlink()
        (found.staged / "originals/bb/two.jpg").chmod(0o644)
        (found.staged / "originals/bb/two.jpg").write_bytes(b"Second picture")
        (found.staged / "originals/bb/.part-0123").write_bytes(b"half")
        (found.staged / "models/other").write_bytes(b"of another run")
    with stage(tmp_path, rclone, target) as found:
        assert found.todo.tally(State.HERE, State.WANTED)[0] == 2
        found.verify(Progress([]))
        assert files(found.staged) == FILES


def test_two_at_once_are_one_too_many(tmp_path: Path, rclone: Rclone, target: Target) -> None:
    with stage(tmp_path, rclone, target) as found, pytest.raises(RefusedError, match="another process"):
        Staging(found.folder)


@pytest.mark.parametrize("damage", ["flipped", "short", "gone", "empty"])
def test_a_damaged_pack_costs_what_is_in_it_and_is_named(
    tmp_path: Path, rclone: Rclone, target: Target, damage: str
) -> None:
    pack = target.folder / target.pack
    data = bytearray(pack.read_bytes())
    place = next(one.offset for one in target.entries if one.path == "originals/bb/two.jpg") or 0
    data[place] ^= 1
    if damage == "gone":
        pack.unlink()
    else:
        pack.write_bytes({"flipped": bytes(data), "short": bytes(data[:place]), "empty": b""}[damage])
    with stage(tmp_path, rclone, target) as found:
        lost = {one.path for one in found.missing()}
        assert "originals/bb/two.jpg" in lost
        assert "models/m/weights" not in lost
        assert damage != "flipped" or lost == {"originals/bb/two.jpg"}
        with pytest.raises(DamagedError, match=r"two\.jpg") as told:
            found.refuse_missing("20261122T010203Z-1a2b3c4d")
        assert "--skip-damaged" in told.value.hint
        found.verify(Progress([]))
        assert set(files(found.staged)) == set(FILES) - lost


def test_a_disk_that_gives_back_other_bytes_is_noticed(tmp_path: Path, rclone: Rclone, target: Target) -> None:
    with stage(tmp_path, rclone, target) as found:
        (found.staged / "models/m/weights").write_bytes(b"W" + b"w" * 4999)
        with pytest.raises(DamagedError, match="models/m/weights"):
            found.verify(Progress([]))


def test_a_file_that_vanished_from_the_staging_is_noticed(
    tmp_path: Path, rclone: Rclone, target: Target, live: Path
) -> None:
    with stage(tmp_path, rclone, target, live) as found:
        (found.staged / "models/m/weights").unlink()
        with pytest.raises(DamagedError, match="3 of 4"):
            found.verify(Progress([]))


def test_the_same_bytes_under_several_names(tmp_path: Path, rclone: Rclone) -> None:
    same = {"originals/aa/one.jpg": b"same", "originals/bb/two.jpg": b"other"}
    target = Target(tmp_path / "target", same)
    first = target.entries[0]
    double = FileEntry(
        path="incoming/x.jpg",
        kind="incoming",
        size=4,
        sha256=first.sha256,
        mtime_ns=0,
        blob=first.blob,
        offset=first.offset,
    )
    target.entries.insert(0, double)
    with stage(tmp_path, rclone, target) as found:
        found.verify(Progress([]))
        assert files(found.staged) == same | {"incoming/x.jpg": b"same"}


@pytest.mark.parametrize(
    "names",
    [("runs/a", "runs/a/b"), ("runs/" + "x" * 300, "runs/y")],
    ids=["a file that is a folder too", "a name that is too long"],
)
def test_a_name_that_cannot_be_had_here_is_named(tmp_path: Path, rclone: Rclone, names: tuple[str, str]) -> None:
    target = Target(tmp_path / "target", dict.fromkeys(names, b"x"))
    with stage(tmp_path, rclone, target) as found:
        assert len(list(found.missing())) == 1
        with pytest.raises(DamagedError, match="cannot be written here"):
            found.refuse_missing("20261122T010203Z-1a2b3c4d")


def test_two_files_cannot_have_one_place(tmp_path: Path) -> None:
    target = Target(tmp_path / "target", {"runs/a": b"1", "runs/b": b"2"})
    with Staging(tmp_path / "s") as found, pytest.raises(DamagedError, match="Two files"):
        found.sort_out(target.entries, lambda entry: b"runs/a", Progress([]))


def test_a_wish_to_stop_is_heard_amid_the_bytes(tmp_path: Path, rclone: Rclone) -> None:
    files = {f"models/m/{number:02}": os.urandom(1 << 20) * 4 for number in range(30)}
    target = Target(tmp_path / "target", files, tuple(files))
    heard = list[str]()

    def report(progress: Progress) -> None:
        if heard:
            raise CancelledWork
        heard.append(progress.stage)

    remote = Remote(rclone, str(target.folder), "the target")
    with Staging(tmp_path / "s") as found:
        found.sort_out(target.entries, extract.place, Progress([]))
        progress = Progress(["fetch"], report, clock=count().__next__)
        progress.start("fetch", 120 << 20, 30)
        with pytest.raises(CancelledWork):
            found.fetch(remote, target.sizes(), progress, 1)
        staged = {str(p.relative_to(found.staged)) for p in found.staged.rglob("*") if p.is_file()}
        assert staged < set(files)


def test_what_nobody_came_back_for_is_swept(tmp_path: Path, rclone: Rclone, target: Target) -> None:
    restores = tmp_path / "restore"
    names = [f"20261122T01020{n}Z-1a2b3c4d-everything" for n in range(3)]
    for name in (*names, "undo-20261122T010203Z-1a2b"):
        (restores / name).mkdir(parents=True)
    (restores / "journal.json").write_text("{}")
    os.utime(restores / names[1], (1, 1))
    with Staging(restores / names[0]):
        assert staging.sweep(restores, older_than=1000.0) == [names[1]]
        assert staging.sweep(restores, keep=names[2]) == []
    assert staging.sweep(restores, keep=names[2]) == [names[0]]
    assert {p.name for p in restores.iterdir()} == {names[2], "undo-20261122T010203Z-1a2b", "journal.json"}
    assert staging.sweep(tmp_path / "nothing") == []


def pieces(spans: list[tuple[int, int]]) -> list[Piece]:
    found, at = [], 0
    for number, (gap, size) in enumerate(spans):
        found.append(Piece(b"%d" % number, size, "", 0, "b", at + gap))
        at += gap + size
    return found


@given(st.lists(st.tuples(st.integers(0, 3 * GAP), st.integers(0, GAP)), min_size=1, max_size=30))
def test_stretches_hold_every_piece_and_little_else(spans: list[tuple[int, int]]) -> None:
    wanted = pieces(spans)
    found = list(stretches(wanted))
    assert [piece for one in found for piece in one.pieces] == wanted
    for one in found:
        assert one.start == one.pieces[0].offset
        assert all(one.start <= p.offset and p.offset + p.size <= one.start + one.length for p in one.pieces)
    useful, read = sum(p.size for p in wanted), sum(one.length for one in found)
    assert read <= max(2 * useful, useful + GAP * len(wanted))


def test_of_a_pack_of_which_little_is_needed_little_is_read() -> None:
    few = [Piece(b"a", 100, "", 0, "b", 512), Piece(b"b", 100, "", 0, "b", 100 << 20)]
    assert [(one.start, one.length) for one in stretches(few)] == [(512, 100), (100 << 20, 100)]
