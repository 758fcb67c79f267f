"""Single things come back without anything else being touched."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui.backup.faults import DamagedError
from binscout_tui.errors import NotFoundError
from binscout_tui.operations.backups.restoring_items import items
from binscout_tui.store import images, journal, labels, models
from binscout_tui.store.database import Database
from binscout_tui.workspace import Workspace
from tests.backup import rewriting
from tests.backup.made import add_in_place
from tests.backup.restorable import backed_up, quiet
from tests.backup.rewriting import everything_outside


@pytest.fixture
def ws(root: Path, run: str) -> Iterator[Workspace]:
    """The workspace, backed up and open."""
    with Workspace(root) as opened:
        yield opened


def test_a_file_that_is_gone_or_damaged_is_put_back(ws: Workspace, run: str) -> None:
    first, second, third = ws.db.read(images.page, limit=3)
    whole = ws.paths.original(first).read_bytes()
    ws.paths.original(first).unlink()
    path = ws.paths.original(second)
    path.chmod(0o644)
    path.write_bytes(b"\0" * second.bytes)
    ws.db.write(images.set_health, first.id, "missing")
    before = everything_outside(ws.paths.root, ws.paths.root / "backup", ws.paths.root / "derived")
    done = items(ws, "nas", run, [str(first.id), second.sha256[:12], str(third.path)], quiet)
    assert [(one.what, one.id) for one in done.done] == [
        ("put back", str(first.id)),
        ("put back", str(second.id)),
        ("was there", str(third.id)),
    ]
    assert ws.paths.original(first).read_bytes() == whole
    assert ws.db.read(images.get, first.id).health == "ok"
    assert path.read_bytes()[:2] == b"\xff\xd8"
    after = everything_outside(ws.paths.root, ws.paths.root / "backup", ws.paths.root / "derived")
    changed = {path for path in before | after if before.get(path) != after.get(path) and path.suffix == ".jpg"}
    assert changed == {ws.paths.original(first), path}
    assert not (ws.paths.root / "backup" / "restore" / f"{run}-items").exists()


def purge(ws: Workspace, image_id: int) -> None:
    ws.paths.original(ws.db.read(images.get, image_id)).unlink()
    with closing(sqlite3.connect(ws.paths.database)) as db, db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM set_member WHERE image_id = ?", (image_id,))
        db.execute("DELETE FROM image WHERE id = ?", (image_id,))


def forge(root: Path, run: str, target: Path, folder: Path, image_id: int, path: bytes) -> None:
    """Give the run a database that says of an image that it lies at `path`."""
    forged = folder / "forged.db"
    with closing(sqlite3.connect(root / "binscout.db")) as live:
        live.execute("VACUUM INTO ?", (str(forged),))
    with closing(sqlite3.connect(forged)) as db, db:
        db.execute("UPDATE image SET path = ? WHERE id = ?", (path, image_id))
    rewriting.put_database(target, run, forged)
    rewriting.forget_cache(root)


def test_an_image_that_was_purged_is_imported_again_with_its_label(ws: Workspace, run: str) -> None:
    image = ws.db.read(images.page, after=4, limit=1)[0]
    label = ws.db.read(labels.get, image.id)
    assert label is not None
    purge(ws, image.id)
    done = items(ws, "nas", run, [str(image.id)], quiet)
    again = ws.db.read(images.by_hash, image.sha256)
    assert again is not None
    assert done.done[0].what == "imported"
    assert done.done[0].id == str(again.id) != str(image.id)
    assert (again.name, again.source_group, again.width) == (image.name, image.source_group, image.width)
    assert ws.paths.original(again).is_file()
    found = ws.db.read(labels.get, again.id)
    assert found is not None
    assert (found.state, found.name) == (label.state, label.name)
    assert ws.db.write(journal.undo, ws.user.uid, "label").target == again.id
    assert ws.db.read(labels.get, again.id) is None


def test_a_model_comes_back_with_its_files(ws: Workspace, run: str) -> None:
    weights = (ws.paths.model("screws-1") / "model.safetensors").read_bytes()
    shutil.rmtree(ws.paths.model("screws-1"))
    ws.db.write(models.delete, ws.user.uid, "screws-1")
    done = items(ws, "nas", run, ["screws-1"], quiet)
    assert (done.done[0].what, done.done[0].files) == ("model put back", 2)
    assert ws.db.read(models.get, "screws-1").id == "screws-1"
    assert (ws.paths.model("screws-1") / "model.safetensors").read_bytes() == weights
    assert items(ws, "nas", run, ["screws-1"], quiet).done[0].what == "was there"


def test_an_image_in_place_whose_file_went_is_a_copy_then(root: Path, tmp_path: Path) -> None:
    with Workspace(root) as ws:
        number = add_in_place(ws, tmp_path / "photos" / "lost.jpg", 81)
    run = backed_up(root)
    data = (tmp_path / "photos" / "lost.jpg").read_bytes()
    (tmp_path / "photos" / "lost.jpg").unlink()
    with Workspace(root) as ws:
        assert items(ws, "nas", run, [str(tmp_path / "photos" / "lost.jpg")], quiet).done[0].id == str(number)
        image = ws.db.read(images.get, number)
        assert (image.storage, ws.paths.original(image).read_bytes()) == ("copy", data)


def test_a_thing_asked_for_by_several_names_comes_back_once(ws: Workspace, run: str) -> None:
    first, second = ws.db.read(images.page, limit=2)
    for image in (first, second):
        ws.paths.original(image).unlink()
    names = [str(first.id), str(first.path), first.sha256, str(ws.paths.original(first)), str(second.id)]
    done = items(ws, "nas", run, names, quiet)
    assert [(one.name, one.what) for one in done.done] == [(str(first.id), "put back"), (str(second.id), "put back")]
    assert done.missing == []
    assert all(ws.paths.original(image).is_file() for image in (first, second))


@pytest.mark.parametrize("path", [b"../secret", b"backup/targets.json"])
def test_a_row_that_leads_out_is_never_entered(root: Path, run: str, target: Path, tmp_path: Path, path: bytes) -> None:
    (tmp_path / "place" / "secret").write_bytes(b"private")
    with Workspace(root) as ws:
        image = ws.db.read(images.page, after=4, limit=1)[0]
        forge(root, run, target, tmp_path, image.id, path)
        purge(ws, image.id)
        with pytest.raises(DamagedError, match="never writes"):
            items(ws, "nas", run, [image.sha256], quiet)
        assert ws.db.read(images.by_hash, image.sha256) is None
        assert not ws.paths.original(image).exists()


def test_a_row_names_the_file_that_came(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    with Workspace(root) as ws:
        image = ws.db.read(images.page, after=4, limit=1)[0]
        forge(root, run, target, tmp_path, image.id, f"originals/00/{'0' * 64}.jpg".encode())
        purge(ws, image.id)
        assert items(ws, "nas", run, [image.sha256], quiet).done[0].what == "imported"
        again = ws.db.read(images.by_hash, image.sha256)
        assert again is not None
        assert again.path == image.path
        assert ws.paths.original(again).is_file()


@pytest.mark.parametrize("name", ["4711", "f" * 64, "originals/none.jpg", "no-model", "", "\0", "../x", "9" * 30])
def test_an_unknown_item_is_told_and_nothing_is_done(ws: Workspace, run: str, name: str) -> None:
    first = ws.db.read(images.page, limit=1)[0]
    ws.paths.original(first).unlink()
    with pytest.raises(NotFoundError):
        items(ws, "nas", run, [str(first.id), name], quiet)
    assert not ws.paths.original(first).exists()


def test_an_item_that_cannot_be_had_does_not_keep_the_others(ws: Workspace, run: str, target: Path) -> None:
    entry = rewriting.damaged(target, run)
    bad = ws.db.read(images.by_hash, entry.sha256)
    other = next(one for one in ws.db.read(images.page, limit=5) if one.sha256 != entry.sha256)
    assert bad is not None
    for image in (bad, other):
        ws.paths.original(image).unlink()
    done = items(ws, "nas", run, [str(bad.id), str(other.id)], quiet)
    assert [one.id for one in done.done] == [str(other.id)]
    assert [one.path for one in done.missing] == [str(bad.id)]
    assert not ws.paths.original(bad).exists()
    assert ws.paths.original(other).is_file()


def test_a_capture_that_nobody_accepted_is_no_image(ws: Workspace, run: str) -> None:
    with closing(sqlite3.connect(ws.paths.database)) as db, db:
        row = db.execute("SELECT id FROM image WHERE withheld = 'staged'").fetchone()
        db.execute("DELETE FROM capture")
    purge(ws, row[0])
    done = items(ws, "nas", run, [str(row[0])], quiet)
    assert done.done == []
    assert "capture" in done.missing[0].reason


def test_another_model_of_the_name_is_left_alone(ws: Workspace, run: str) -> None:
    with closing(sqlite3.connect(ws.paths.database)) as db, db:
        db.execute("UPDATE model SET sha256 = ?", ("0" * 64,))
    weights = ws.paths.model("screws-1") / "model.safetensors"
    weights.write_bytes(b"of another")
    done = items(ws, "nas", run, ["screws-1"], quiet)
    assert "Another model" in done.missing[0].reason
    assert weights.read_bytes() == b"of another"


def test_the_database_opens_after_all_that(ws: Workspace) -> None:
    with closing(Database(ws.paths.database)) as db:
        assert db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
