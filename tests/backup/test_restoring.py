"""Everything that was backed up comes back; what a restore would do is told before, and refused where it must be."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError
from binscout_tui.jobs.control import reconcile
from binscout_tui.operations.backups import restoring, targets
from binscout_tui.operations.backups.restoring import Order, Scope
from binscout_tui.store import images, jobs, journal, labels
from binscout_tui.store.migrate import migrations, newest_schema, statements
from binscout_tui.workspace import Workspace
from tests.backup import rewriting
from tests.backup.made import add_in_place, add_pictures, digest
from tests.backup.restorable import backed_up, quiet, restored, same, to_folder
from tests.backup.rewriting import everything_outside


def wreck(root: Path) -> None:
    """Delete what matters: all originals and models, labels and images."""
    shutil.rmtree(root / "originals")
    shutil.rmtree(root / "models")
    (root / "settings.toml").unlink()
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("DELETE FROM label")
        db.execute("DELETE FROM capture")


# Everything comes back.


def test_everything_comes_back_byte_for_byte(root: Path, run: str) -> None:
    before = digest(root)
    wreck(root)
    done = restored(root, run)
    same(digest(root), before)
    assert done.fetched > 0
    assert done.undo.startswith("undo-")
    with Workspace(root) as ws:
        entry = ws.db.read(journal.history, area="backup")[0]
        assert (entry.action, entry.after["run"], entry.uid) == ("restore", run, ws.user.uid)


def test_a_second_restore_fetches_nothing_and_takes_no_room(root: Path, run: str) -> None:
    done = restored(root, run)
    assert done.fetched == 0
    assert done.kept == done.files
    copy = root / "backup" / "restore" / done.undo
    originals = [path for path in (root / "originals").rglob("*") if path.is_file()]
    assert originals
    assert all(path.samefile(copy / path.relative_to(root)) for path in originals)
    assert [path.name for path in (root / "backup" / "restore").iterdir() if path.is_dir()] == [done.undo]


def test_the_database_alone(root: Path, run: str) -> None:
    before = digest(root)
    with Workspace(root) as ws:
        add_pictures(ws, [50])
    (root / "models" / "screws-1" / "card.json").write_text("changed since")
    files = {name: value for name, value in digest(root).items() if not name.startswith("rows of")}
    restored(root, run, "database")
    now = digest(root)
    assert {name: value for name, value in now.items() if not name.startswith("rows of")} == files
    same({k: v for k, v in now.items() if k not in files}, {k: v for k, v in before.items() if k not in files})


def test_a_folder_of_its_own_is_a_workspace(root: Path, run: str, tmp_path: Path) -> None:
    before = digest(root)
    there = tmp_path / "elsewhere" / "new"
    with Workspace(root) as ws:
        done = restoring.to_folder(ws, "nas", run, there, quiet)
    same(digest(there), before)
    same(digest(root), before)
    assert done.fetched == done.bytes > 0
    assert (there / "logs" / "binscout.log").read_text().endswith("began\n")
    assert {path.name for path in there.parent.iterdir()} == {"new"}
    with Workspace(there) as ws:
        assert ws.user.role == "admin"
        assert ws.settings.capture.target == 7


def test_a_new_machine_needs_only_the_target(root: Path, run: str, tmp_path: Path, target: Path) -> None:
    before = digest(root)
    shutil.rmtree(root)
    fresh = tmp_path / "fresh"
    workspaces.create(fresh)
    with Workspace(fresh) as ws:
        targets.add(ws, "there", str(target), tested=False)
    with Workspace(fresh) as ws:
        restoring.in_place(ws, "there", "latest", "everything", quiet)
    same(digest(fresh), before)


def test_who_restores_is_an_admin_of_what_is_restored(root: Path, run: str) -> None:
    with Workspace(root) as ws:
        uid = ws.user.uid
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("UPDATE user SET role = 'operator'")
    second = backed_up(root)
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("UPDATE user SET role = 'admin'")
    restored(root, second)
    with Workspace(root) as ws:
        assert (ws.user.uid, ws.user.role) == (uid, "admin")


def test_no_id_is_given_twice_and_no_old_job_begins_again(root: Path) -> None:
    with Workspace(root) as ws:
        ws.db.write(jobs.add, ws.user.uid, "suspects", {})
    run = backed_up(root)
    with Workspace(root) as ws:
        newest = add_pictures(ws, [60, 61])[-1]
        for job in ws.db.read(jobs.open_jobs):
            ws.db.write(jobs.finish, job.id, "done")
    restored(root, run)
    with Workspace(root) as ws:
        assert ws.db.read(jobs.open_jobs) == []
        assert ws.db.write(reconcile, root) == []
        assert add_pictures(ws, [70]) == [newest + 1]


def test_images_in_place_stay_where_they_are_or_become_copies(root: Path, tmp_path: Path) -> None:
    with Workspace(root) as ws:
        kept = add_in_place(ws, tmp_path / "photos" / "kept.jpg", 80)
        lost = add_in_place(ws, tmp_path / "photos" / "lost.jpg", 81)
        inside = add_in_place(ws, root / "photos" / "inside.jpg", 82)
    run = backed_up(root)
    data = (tmp_path / "photos" / "lost.jpg").read_bytes()
    (tmp_path / "photos" / "lost.jpg").write_bytes(bytes(len(data)))
    (root / "photos" / "inside.jpg").unlink()
    restored(root, run)
    with Workspace(root) as ws:
        rows = {number: ws.db.read(images.get, number) for number in (kept, lost, inside)}
        assert {number: row.storage for number, row in rows.items()} == {kept: "in_place", lost: "copy", inside: "copy"}
        assert ws.paths.original(rows[lost]).read_bytes() == data
        assert ws.paths.original(rows[inside]).is_relative_to(root / "originals")
    assert (tmp_path / "photos" / "lost.jpg").read_bytes() == bytes(len(data))


# What is told before.


def test_the_comparison_says_what_would_happen_and_changes_nothing(root: Path, run: str) -> None:
    with Workspace(root) as ws:
        picture = ws.db.read(images.page, limit=1)[0]
        ws.db.write(labels.clear, ws.user.uid, picture.id)
        add_pictures(ws, [50])
        (root / "models" / "screws-1" / "card.json").unlink()
        (root / "runs" / "screws-1" / "config.json").write_text("{}")
        before = everything_outside(root, root / "derived", root / "backup" / "rclone.conf")
        told = restoring.compare(ws, "nas", run)
        after = everything_outside(root, root / "derived", root / "backup" / "rclone.conf")
    assert (told.add.files, told.replace.files, told.remove.files) == (1, 1, 1)
    assert told.add.largest[0].path == "models/screws-1/card.json"
    assert told.remove.largest[0].path.startswith("originals/")
    assert told.rows["label"] == (told.rows["label"][1] - 1, told.rows["label"][1])
    assert told.lost == {"label": 1}
    assert told.refused == ""
    assert told.free_bytes > told.needed_bytes > told.download_bytes > 0
    assert {path for path in before | after if before.get(path) != after.get(path)} <= {root / "backup", root}


def test_the_comparison_says_why_it_cannot_be_put_in_place(root: Path, run: str, target: Path) -> None:
    with Workspace(root) as ws:
        ws.db.write(jobs.add, ws.user.uid, "train", {"run": "screws-1"})
        next((target / "packs").rglob("*.tar")).unlink()
        told = restoring.compare(ws, "nas", run)
        assert "train" in told.refused
        assert "damaged" in told.refused
        shutil.rmtree(root / "originals")
        assert restoring.compare(ws, "nas", run).missing.files > 0


@pytest.mark.parametrize("name", ["4711", "f" * 64, "originals/none.jpg", "no-model"])
def test_the_comparison_refuses_items_that_the_run_does_not_know(root: Path, run: str, name: str) -> None:
    with Workspace(root) as ws:
        first = ws.db.read(images.page, limit=1)[0]
        ws.paths.original(first).unlink()
        before = everything_outside(root, root / "backup")
        told = restoring.compare(ws, "nas", run, Scope(kind="items", items=(str(first.id), name)))
        assert name in told.refused
        assert "holds nothing" in told.refused
        names = (str(first.id), first.sha256, first.sha256[:12], str(first.path), "screws-1")
        assert restoring.compare(ws, "nas", run, Scope(kind="items", items=names)).refused == ""
        with closing(sqlite3.connect(root / "binscout.db")) as db, db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("DELETE FROM set_member WHERE image_id = ?", (first.id,))
            db.execute("DELETE FROM image WHERE id = ?", (first.id,))
        told = restoring.compare(ws, "nas", run, Scope(kind="items", items=(str(first.id),)))
        assert told.refused == "", "an id that only the run knows can be had"
        after = everything_outside(root, root / "backup")
        assert not [path for path in before if path not in after]
        assert not list(root.rglob(".tmp-*"))


# What is refused.


def orders(root: Path, order: Order) -> Order:
    with Workspace(root) as ws:
        return restoring.checked(ws, order)


@pytest.mark.parametrize("word", ["", "Restore", "yes", "restore "])
def test_the_word_has_to_be_right(root: Path, word: str) -> None:
    with pytest.raises(RefusedError) as told:
        orders(root, Order(target="nas", run="latest", confirm=word))
    assert told.value.code == "not_confirmed"


@pytest.mark.parametrize("kind", ["everything", "database", "items", "folder"])
def test_only_admins_and_it_says_who_they_are(root: Path, kind: str) -> None:
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("UPDATE user SET role = 'operator'")
        db.execute("INSERT INTO user VALUES (4242, 'petra', 'admin', '2026-01-01T00:00:00.000Z')")
    scope = Scope(kind=kind, folder="/tmp/x", items=("1",))  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="needs the role admin") as told:
        orders(root, Order(target="nas", run="latest", scope=scope, confirm="restore"))
    assert "petra" in told.value.hint


def test_jobs_that_run_are_listed(root: Path, run: str) -> None:
    before = digest(root)
    with Workspace(root) as ws:
        job = ws.db.write(jobs.add, ws.user.uid, "train", {"run": "screws-1"})
    with pytest.raises(RefusedError, match=f"train {job}") as told:
        restored(root, run)
    assert told.value.code == "jobs_running"
    same(digest(root), before)


def test_a_job_that_begins_meanwhile_is_seen_at_the_last_look(root: Path, run: str) -> None:
    before = digest(root)

    def report(progress: Progress) -> None:
        if progress.stage == "putting in place":
            with Workspace(root) as other:
                other.db.write(jobs.add, other.user.uid, "train", {"run": "screws-1"})

    with pytest.raises(RefusedError, match="train"):
        restored(root, run, report=report)
    same(digest(root), before)


def test_a_newer_schema_is_refused_with_both_numbers(root: Path, run: str, target: Path) -> None:
    rewriting.rewrite(target, run, schema=newest_schema() + 1)
    rewriting.forget_cache(root)
    for act in (lambda: restored(root, run), lambda: to_folder(root, run, root.parent / "new")):
        with pytest.raises(RefusedError, match=f"{newest_schema() + 1}.*{newest_schema()}") as told:
            act()
        assert told.value.code == "newer_schema"


def test_a_run_of_an_older_program_is_brought_up_to_date(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        for number, script in migrations()[:5]:
            for statement in statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version={number}")
        db.execute(f"PRAGMA application_id={0x42534354}")
        db.execute("INSERT INTO user VALUES (77, 'old', 'admin', '2025-01-01T00:00:00.000Z')")
    rewriting.put_database(target, run, old, schema=5, rows={"user": 1, "image": 0})
    rewriting.forget_cache(root)
    restored(root, run)
    with Workspace(root) as ws:
        assert ws.db.connection.execute("PRAGMA user_version").fetchone()[0] == newest_schema()
        assert ws.db.connection.execute("SELECT name FROM user WHERE uid = 77").fetchone()[0] == "old"
    assert not (root / "backups").exists()


def test_a_folder_must_be_empty_and_elsewhere(root: Path, run: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for place in (tmp_path / "full", tmp_path / "file", tmp_path / "link", root / "inside", root):
        with pytest.raises(RefusedError):
            to_folder(root, run, place)
    with pytest.raises(BinScoutError):
        to_folder(root, run, tmp_path / "file" / "below")
    (tmp_path / "empty").mkdir()
    to_folder(root, run, tmp_path / "empty")
    assert (tmp_path / "empty" / "binscout.db").is_file()


def test_a_run_that_is_none(root: Path, run: str, target: Path) -> None:
    with pytest.raises(NotFoundError):
        restored(root, "20200101T000000Z-00000000")
    (target / layout.run_file(run, layout.MANIFEST)).unlink()
    with pytest.raises(DamagedError, match="its manifest is gone"):
        restored(root, run)
    shutil.rmtree(root / "derived" / "backup")  # nobody knows any more that it was there
    with pytest.raises(NotFoundError, match="never finished"):
        restored(root, run)
