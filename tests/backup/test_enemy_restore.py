"""Restoring from a target that an enemy may write to: every hash fits, and still nothing acts or leads elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import FileEntry, Part
from binscout_tui.backup.faults import DamagedError
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.backups import running
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.backup import rewriting
from tests.backup.made import add_in_place, digest
from tests.backup.restorable import backed_up, restored, same, to_folder


def forged(root: Path, target: Path, run: str, tmp_path: Path, *statements: str) -> None:
    """Give the run a database in which somebody wrote."""
    copy = tmp_path / "forged.db"
    with closing(sqlite3.connect(root / "binscout.db")) as live:
        live.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counted = {
            name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in names
            if not name.startswith("sqlite_")
        }
    rewriting.put_database(target, run, copy, rows=counted)
    rewriting.forget_cache(root)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE TRIGGER later AFTER INSERT ON journal BEGIN DELETE FROM image; END", "later"),
        ("CREATE TRIGGER soon AFTER UPDATE ON job BEGIN DELETE FROM label; END", "soon"),
        ("CREATE VIEW everything AS SELECT * FROM user", "everything"),
        ("UPDATE image SET path = CAST('../../../precious' AS BLOB) WHERE id = 1", "image"),
        ("UPDATE image SET path = CAST('/etc/hostname' AS BLOB) WHERE id = 1", "image"),
        ("UPDATE image SET path = CAST('binscout.db' AS BLOB) WHERE id = 1", "image"),
        ("UPDATE dataset SET manifest = '../../x'", "dataset"),
    ],
)
def test_a_database_with_what_nobody_wrote_is_refused(
    root: Path, run: str, target: Path, tmp_path: Path, statement: str, named: str
) -> None:
    forged(root, target, run, tmp_path, statement)
    before = digest(root)
    with pytest.raises(DamagedError, match=named):
        restored(root, run)
    with pytest.raises(DamagedError, match=named):
        to_folder(root, run, tmp_path / "new")
    same(digest(root), before)
    assert not list(tmp_path.glob("new*"))


def test_an_honest_database_passes(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    before = digest(root)
    forged(root, target, run, tmp_path)
    to_folder(root, run, tmp_path / "new")
    same({k: v for k, v in digest(tmp_path / "new").items() if k.startswith("originals")},
         {k: v for k, v in before.items() if k.startswith("originals")})  # fmt: skip


@pytest.mark.parametrize("path", ["binscout.db", "settings.toml", "backup/rclone.conf", "logs/x", "in-use.lock"])
@pytest.mark.parametrize("kind", ["original", "model", "other"])
def test_a_list_cannot_put_a_file_beside_its_folders(
    root: Path, run: str, target: Path, tmp_path: Path, path: str, kind: str
) -> None:
    def change(entries: list[FileEntry]) -> list[FileEntry]:
        first = next(entry for entry in entries if entry.kind == "original")
        made = msgspec.structs.replace(first, path=path, kind=kind)
        return sorted([*entries, made], key=lambda entry: entry.name())

    rewriting.rewrite(target, run, change)
    rewriting.forget_cache(root)
    secrets = {one: one.read_bytes() for one in (root / "backup").iterdir() if one.is_file()}
    try:
        to_folder(root, run, tmp_path / "new")
    except BinScoutError:
        assert not list(tmp_path.glob("new*"))
    else:
        with closing(sqlite3.connect(tmp_path / "new" / "binscout.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not (tmp_path / "new" / "backup").exists()
        assert not (tmp_path / "new" / "logs" / "x").exists()
    assert {one: one.read_bytes() for one in secrets} == secrets


def test_members_that_are_not_named_or_lead_out_are_refused(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    made = rewriting.read(target, run)
    for name in ("../evil", "/tmp/evil", "a/../../evil", "csv/\0x"):
        members = dict(made.members) | {name: Part(name=name, size=1, sha256="0" * 64)}
        rewriting.rewrite(target, run, members=members)
        rewriting.forget_cache(root)
        with pytest.raises(DamagedError):
            to_folder(root, run, tmp_path / "new")
    assert not list(tmp_path.glob("**/evil"))


@pytest.mark.parametrize("name", ['x"; DROP TABLE image; --', "sqlite_schema", "image--", ""])
def test_names_of_tables_in_a_manifest_are_words(root: Path, run: str, target: Path, tmp_path: Path, name: str) -> None:
    made = rewriting.read(target, run)
    rewriting.rewrite(target, run, rows=dict(made.rows) | {name: 7})
    rewriting.forget_cache(root)
    before = digest(root)
    with pytest.raises(DamagedError):
        restored(root, run)
    same(digest(root), before)


def test_a_database_that_says_it_is_small_and_is_not_stops_there(
    root: Path, run: str, target: Path, tmp_path: Path
) -> None:
    made = rewriting.read(target, run)
    data = rewriting.packed({"binscout.db": bytes(200 << 20)})
    members = {"binscout.db": msgspec.structs.replace(made.members["binscout.db"], size=4096)}
    rewriting.put_records(target, run, data, members=members)
    rewriting.forget_cache(root)
    with pytest.raises(DamagedError):
        restored(root, run)
    assert sum(path.stat().st_size for path in (root / "backup").rglob("*") if path.is_file()) < 8 << 20


def test_an_image_in_place_inside_of_the_workspace_comes_back(root: Path, tmp_path: Path) -> None:
    with Workspace(root) as ws:
        (root / "photos").mkdir()
        image_id = add_in_place(ws, root / "photos" / "mine.jpg", 77)
        sha256 = ws.db.read(images.get, image_id).sha256
    data = (root / "photos" / "mine.jpg").read_bytes()
    run = backed_up(root)
    (root / "photos" / "mine.jpg").unlink()
    restored(root, run)
    with Workspace(root) as ws:
        back = ws.db.read(images.by_hash, sha256)
        assert back is not None
        assert ws.paths.original(back).read_bytes() == data


def test_a_target_whose_folders_are_links_takes_no_run(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    """A link would take the bytes out of the target, where no listing shows them."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in (layout.PACKS, layout.RUNS):
        (target / name).rename(target / f"old-{name}")
        (target / name).symlink_to(outside, target_is_directory=True)
    with Workspace(root) as ws, pytest.raises(BinScoutError):
        running.run(ws, "nas")
    assert list(outside.iterdir()) == []
