"""What a restore would do to files is found in one pass, and nothing is changed."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.backup.archive.manifest import FileEntry, Tally
from binscout_tui.backup.restoring.compare import LARGEST, Local, Named, compared, walk

NAMES = st.lists(
    st.lists(st.sampled_from(["a", "a-", "a.b", "b", "ä", "A", "a b"]), min_size=1, max_size=3), max_size=12
)


def entry(path: str, size: int = 10, mtime_ns: int = 1, kind: str = "run", sha: str = "a") -> FileEntry:
    return FileEntry(path=path, kind=kind, size=size, sha256=sha * 64, mtime_ns=mtime_ns, blob=f"b/{path}")  # type: ignore[arg-type]


@given(names=NAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_files_come_as_their_paths_are_sorted(tmp_path_factory: object, names: list[list[str]]) -> None:
    root = tmp_path_factory.mktemp("w")  # type: ignore[attr-defined]
    for parts in names:
        path = root / "runs" / Path(*parts)
        if not path.exists() and not any(one.is_file() for one in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    found = [local.name for local in walk(root, [b"runs", b"models"])]
    there = [os.fsencode(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
    assert found == sorted(there)


def test_links_to_files_are_files_and_others_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "a").write_text("four")
    (folder / "b").symlink_to("a")
    (folder / "c").symlink_to("nothing")
    (folder / "d").symlink_to(tmp_path)
    os.mkfifo(folder / "e")
    assert [(one.name, one.size) for one in walk(tmp_path, [b"runs"])] == [(b"runs/a", 4), (b"runs/b", 4)]
    assert [one.name for one in walk(tmp_path, [b"runs"], lambda name: name.endswith(b"b"))] == [b"runs/a"]


def test_every_file_goes_one_way(tmp_path: Path) -> None:
    outside = tmp_path / "there.jpg"
    outside.write_bytes(bytes(10))
    seen = outside.stat()
    sha = "b" * 64
    entries = [
        entry(str(outside), kind="outside", mtime_ns=seen.st_mtime_ns),
        entry(str(tmp_path / "zone.jpg"), kind="outside", size=7),
        entry(f"originals/bb/{sha}.jpg", kind="original", sha="b", mtime_ns=5),
        entry("runs/gone", size=100),
        entry("runs/other", size=20),
        entry("runs/same"),
        entry("runs/touched"),
    ]
    here = [
        Local(f"originals/bb/{sha}.jpg".encode(), 10, 99),
        Local(b"runs/new", 5, 1),
        Local(b"runs/other", 21, 1),
        Local(b"runs/same", 10, 1),
        Local(b"runs/touched", 10, 2),
    ]
    found = compared(entries, here, is_there=lambda one: one.path != "runs/gone")
    assert (found.add, found.replace, found.remove) == (Tally(2, 107), Tally(2, 30), Tally(1, 5))
    assert (found.same, found.outside, found.missing) == (Tally(2, 20), Tally(1, 10), Tally(1, 100))
    assert found.download == 137
    assert found.largest["add"] == [Named("runs/gone", 100), Named(str(tmp_path / "zone.jpg"), 7)]
    assert found.largest["remove"] == [Named("runs/new", 5)]
    assert compared(entries, here, removes=False).remove == Tally()


def test_only_the_largest_are_named() -> None:
    found = compared([entry(f"runs/{n:03}", size=n) for n in range(100)], [])
    assert [one.size for one in found.largest["add"]] == list(range(99, 99 - LARGEST, -1))
