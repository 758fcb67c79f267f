"""What is damaged or hostile on a target is named, and what is here stays as it is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.faults import DamagedError
from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.backup import rewriting
from tests.backup.made import digest
from tests.backup.restorable import backed_up, restored, same, to_folder
from tests.backup.rewriting import everything_outside


def test_a_flipped_bit_is_named_and_nothing_changes(root: Path, run: str, target: Path) -> None:
    entry = rewriting.damaged(target, run)
    shutil.rmtree(root / "originals")
    before = digest(root)
    with pytest.raises(DamagedError, match=Path(entry.path).name):
        restored(root, run)
    same(digest(root), before)


def test_what_can_be_had_of_a_damaged_run_goes_to_a_folder(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    before, entry = digest(root), rewriting.damaged(target, run)
    with pytest.raises(DamagedError, match=Path(entry.path).name):
        to_folder(root, run, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))
    done = to_folder(root, run, tmp_path / "new", skip=True)
    assert (done.skipped, [one.path for one in done.missing]) == (1, [entry.path])
    now = digest(tmp_path / "new")
    assert {name for name in before if name not in now} == {entry.path}
    with Workspace(tmp_path / "new") as ws:
        lost = ws.db.read(images.by_hash, entry.sha256)
        assert lost is not None
        assert lost.health == "missing"


def test_a_run_with_missing_packs_is_not_put_in_place(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    before = digest(root)
    good = backed_up(root)
    for pack in (target / "packs").rglob("*.tar"):
        pack.unlink()
    with pytest.raises(RefusedError, match="damaged") as told:
        restored(root, run)
    assert told.value.code == "damaged_run"
    same(digest(root), before)
    assert good != run


RECORDS = {
    "half": lambda data: data[: len(data) // 2],
    "without the last KiB": lambda data: data[:-1024],
    "flipped": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("damage", RECORDS.values(), ids=RECORDS.keys())
def test_damaged_records_are_refused_before_they_are_unpacked(
    root: Path, run: str, target: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    first = backed_up(root)
    path = target / layout.run_file(run, layout.RECORDS)
    path.write_bytes(damage(path.read_bytes()))
    before = digest(root)
    for act in (lambda: restored(root, run), lambda: to_folder(root, run, tmp_path / "new", skip=True)):
        with pytest.raises(BinScoutError) as told:
            act()
        assert isinstance(told.value, DamagedError | RefusedError)
        assert "records" in told.value.sentence
        assert first in told.value.hint
    same(digest(root), before)
    assert not list(root.rglob("records"))


def test_records_cut_at_a_member_with_a_hash_that_fits(root: Path, run: str, target: Path) -> None:
    made = rewriting.read(target, run)
    data = rewriting.packed({"binscout.db": b"not all"})
    rewriting.put_records(target, run, data, members=made.members)
    rewriting.forget_cache(root)
    before = digest(root)
    with pytest.raises(DamagedError, match="records"):
        restored(root, run)
    same(digest(root), before)


def test_a_database_that_is_not_whole_is_refused(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    before = digest(root)
    good = tmp_path / "good.db"
    with closing(sqlite3.connect(root / "binscout.db")) as db:
        db.execute("VACUUM INTO ?", (str(good),))
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    made = rewriting.read(target, run)
    bad = tmp_path / "bad.db"
    data = bytearray(good.read_bytes())
    for page in range(10, pages - 1, 3):
        data[page * 4096 : page * 4096 + 2000] = bytes(2000)
    bad.write_bytes(data)
    for path, rows, words in (
        (bad, made.rows, "damaged"),
        (good, made.rows | {"label": made.rows["label"] + 1}, "label"),
        (target / "binscout-repo.json", made.rows, "database"),
    ):
        rewriting.put_database(target, run, path, rows=rows)
        rewriting.forget_cache(root)
        with pytest.raises(BinScoutError, match=words):
            restored(root, run)
        same(digest(root), before)


HOSTILE: dict[str, dict[str, object]] = {
    "dots": {"path": "originals/../../../evil"},
    "absolute": {"path": "/tmp/binscout-evil"},
    "the targets": {"path": "backup/targets.json"},
    "the database": {"path": "binscout.db"},
    "another kind": {"kind": "model"},
    "a name that is none": {"path": "originals/a\0b"},
    "bytes that lead out": {"raw": "b3JpZ2luYWxzLy4uLy4uL2V2aWw="},
    "a huge size": {"size": 1 << 50},
    "an offset behind the end": {"offset": 1 << 40},
    "an unknown pack": {"blob": layout.pack_name("0" * 64)},
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_list_touches_nothing_outside(
    root: Path, run: str, target: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    def change(entries: list[FileEntry]) -> list[FileEntry]:
        place = next(n for n, one in enumerate(entries) if one.kind == "original")
        entries[place] = msgspec.structs.replace(entries[place], **changes)
        return sorted(entries, key=lambda one: one.path)

    rewriting.rewrite(target, run, change)
    rewriting.forget_cache(root)
    shutil.rmtree(root / "originals")
    (tmp_path / "evil").write_text("mine")
    before, files = digest(root), everything_outside(tmp_path, root, target)
    with pytest.raises(BinScoutError):
        restored(root, run)
    with pytest.raises(BinScoutError):
        to_folder(root, run, tmp_path / "new")
    same(digest(root), before)
    assert everything_outside(tmp_path, root, target) == files
    assert not Path("/tmp/binscout-evil").exists()


def test_a_list_that_names_a_file_twice_is_refused(root: Path, run: str, target: Path) -> None:
    rewriting.rewrite(target, run, lambda entries: [entries[0], *entries])
    rewriting.forget_cache(root)
    before = digest(root)
    with pytest.raises(DamagedError, match="twice"):
        restored(root, run)
    same(digest(root), before)
