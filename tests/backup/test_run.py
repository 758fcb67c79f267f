"""A run: what it keeps, what it sends, and what it says of what was odd."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui.backup.archive.manifest import read_files
from binscout_tui.backup.archive.records import LOG_BYTES
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.faults import CancelledWork
from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.operations.backups import comparing
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.backup.backing_up import (
    NAME,
    back_up,
    committed,
    files_of,
    get_back,
    manifest_of,
    name_of,
    point_at,
    set_backup,
)
from tests.backup.made import add_in_place, add_pictures, digest, kept_files, made_workspace, sha256
from tests.backup.servers import RCLONE, SECRET, Server, obscured


@pytest.fixture
def root(tmp_path: Path, local_target: Server) -> Path:
    """A workspace whose target is a folder of this machine."""
    made = made_workspace(tmp_path / "workspace")
    point_at(made, local_target)
    return made


def blobs(store: Path) -> set[str]:
    return {
        str(path.relative_to(store)) for folder in ("packs", "objects") for path in (store / folder).rglob("*.*")
    } | {str(path.relative_to(store)) for path in (store / "objects").rglob("*") if path.is_file()}


def test_all_comes_back_byte_for_byte_from_every_kind_of_target(tmp_path: Path, any_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, any_server)
    before = digest(root)
    done = back_up(root)
    assert done.files == len([name for name in before if not name.startswith("rows of ")]) - 1  # settings are a record
    assert done.warnings == []
    assert digest(get_back(any_server.folder, done.run, tmp_path / "back")) == before
    assert not [name for name in any_server.files() if "partial" in name or "running" in name]
    assert digest(root) == before


def test_what_can_be_made_again_is_not_kept(root: Path, local_target: Server) -> None:
    done = back_up(root)
    paths = [entry["path"] for entry in files_of(local_target.folder, done.run)]
    assert not [path for path in paths if path.startswith(("previews", "derived", "backup", "logs"))]
    assert [path for path in paths if path.startswith("runs/")] == [
        "runs/screws-1/config.json",
        "runs/screws-1/events.jsonl",
    ]
    set_backup(root, checkpoints=True)
    done = back_up(root)
    paths = [entry["path"] for entry in files_of(local_target.folder, done.run)]
    assert [path for path in paths if path.startswith("runs/")] == [
        "runs/screws-1/checkpoint.pt",
        "runs/screws-1/config.json",
        "runs/screws-1/events.jsonl",
    ]


def test_a_second_run_sends_what_is_new_alone(root: Path, local_target: Server) -> None:
    first = back_up(root)
    before = blobs(local_target.folder)
    second = back_up(root)
    assert (second.added_files, second.parent) == (0, first.run)
    assert blobs(local_target.folder) == before
    with Workspace(root) as workspace:
        add_pictures(workspace, [500, 501])
    third = back_up(root)
    assert third.added_files == 2
    assert len(blobs(local_target.folder) - before) == 1
    assert digest(get_back(local_target.folder, third.run, root.parent / "back")) == digest(root)


def test_the_same_bytes_are_stored_once(root: Path, local_target: Server) -> None:
    for name in ("one.bin", "two.bin", "deep/three.bin"):
        (root / "models" / name).parent.mkdir(exist_ok=True)
        (root / "models" / name).write_bytes(b"the same" * 2000)
    done = back_up(root)
    places = {(one["blob"], one["offset"]) for one in files_of(local_target.folder, done.run) if one["size"] == 16_000}
    assert len(places) == 1
    assert digest(get_back(local_target.folder, done.run, root.parent / "back")) == digest(root)


def test_larger_files_are_stored_by_themselves_and_packs_have_their_size(root: Path, local_target: Server) -> None:
    set_backup(root, object_mb=1, pack_mb=1)
    for number in range(6):
        (root / "models" / f"{number}.bin").write_bytes(os.urandom(400_000))
    (root / "models" / "large.bin").write_bytes(os.urandom(3_000_000))
    done = back_up(root)
    large = next(one for one in files_of(local_target.folder, done.run) if one["path"] == "models/large.bin")
    assert large["blob"] == f"objects/{large['sha256'][:2]}/{large['sha256']}"
    packs = [path.stat().st_size for path in local_target.folder.glob("packs/*/*.tar")]
    assert len(packs) > 2
    assert max(packs) < (1 << 20) + 400_000 + 4096
    assert digest(get_back(local_target.folder, done.run, root.parent / "back")) == digest(root)


def test_a_pack_is_a_plain_tar_with_the_paths_of_the_workspace(root: Path, local_target: Server) -> None:
    back_up(root)
    (pack,) = local_target.folder.glob("packs/*/*.tar")
    with tarfile.open(pack) as archive:
        for member in archive.getmembers():
            assert archive.extractfile(member).read() == (root / member.name).read_bytes()  # type: ignore[union-attr]


HOSTILE = [
    b"$(touch PWNED)",
    b"quote'and\"quote",
    b"new\nline",
    b"-rf",
    b"*?[a]",
    b"not-utf8-\xff\xfe",
    b"x" * 255,
    b"trailing space ",
    b"trailing dot.",
    b"\\back\\slash",
    b"UPPER",
    b"upper",
    "\u202eright-to-left".encode(),
    b"\x1b[31mred",
]


def test_names_may_be_anything(tmp_path: Path, any_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace", 4)
    point_at(root, any_server)
    elsewhere = tmp_path / "elsewhere"
    with Workspace(root) as workspace:
        for number, name in enumerate(HOSTILE):
            (root / "models" / os.fsdecode(name)).write_bytes(b"weights %d" % number)
            add_in_place(workspace, elsewhere / os.fsdecode(name), 700 + number)
    done = back_up(root)
    found = {name_of(one): one for one in files_of(any_server.folder, done.run)}
    for name in HOSTILE:
        assert b"models/" + name in found
        assert found[os.fsencode(elsewhere) + b"/" + name]["kind"] == "outside"
    back = get_back(any_server.folder, done.run, tmp_path / "back")
    assert digest(back) == digest(root)
    for path in elsewhere.iterdir():
        assert (back / "outside" / str(path)[1:]).read_bytes() == path.read_bytes()
    assert not list(Path.cwd().glob("PWNED")) + list(root.rglob("PWNED"))
    assert back_up(root).added_files == 0


def test_a_picture_in_place_that_lies_in_the_workspace_is_kept_under_its_path(root: Path, local_target: Server) -> None:
    with Workspace(root) as workspace:
        add_in_place(workspace, root / "photos" / "here.jpg", 800)
    done = back_up(root)
    (entry,) = [one for one in files_of(local_target.folder, done.run) if one["path"] == "photos/here.jpg"]
    assert entry["kind"] == "other"


def test_pictures_in_place_named_by_paths_that_lead_up_are_kept_where_they_are(
    root: Path, local_target: Server, tmp_path: Path
) -> None:
    (root / "notes").mkdir()
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "far" / "deep")
    with Workspace(root) as workspace:
        add_in_place(workspace, root / "notes" / ".." / "pics" / "inside.jpg", 801)
        add_in_place(workspace, root / ".." / "photos" / "outside.jpg", 802)
        add_in_place(workspace, root / "link" / ".." / "linked.jpg", 803)
    done = back_up(root)
    assert done.warnings == []
    kept = {one["path"]: one["kind"] for one in files_of(local_target.folder, done.run)}
    assert kept["pics/inside.jpg"] == "other"
    assert kept[str(tmp_path / "photos" / "outside.jpg")] == "outside"
    assert kept[str(tmp_path / "far" / "linked.jpg")] == "outside"
    with Workspace(root) as workspace:
        assert comparing.compare(workspace, NAME, done.run).refused == ""


@pytest.mark.parametrize("path", [b"../secret", b"/etc/hostname", b"originals/../../secret", b"originals/a\0b"])
def test_a_row_whose_path_leads_out_is_told_and_never_listed(
    root: Path, local_target: Server, tmp_path: Path, path: bytes
) -> None:
    (tmp_path / "secret").write_bytes(b"private")
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("UPDATE image SET path = ? WHERE id = 1", (path,))
    done = back_up(root)
    assert [one for one in done.warnings if "left out, it is named by a path that leads out of the workspace" in one]
    read = list(read_files(local_target.folder / "runs" / done.run / "files.jsonl.gz"))
    assert not [one for one in read if one.name() == path]


def test_originals_that_the_database_names_and_the_disk_lacks_are_told(root: Path, local_target: Server) -> None:
    gone = next((root / "originals").rglob("*.jpg"))
    gone.unlink()
    done = back_up(root)
    assert done.suspicious is None
    assert [one for one in done.warnings if "missing at the time of the backup" in one and gone.name in one]
    assert manifest_of(local_target.folder, done.run)["warnings"] == done.warnings


def test_links_and_pipes_are_told_and_a_linked_file_is_kept(root: Path, local_target: Server, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"linked")
    (root / "models" / "link.bin").symlink_to(tmp_path / "weights")
    (root / "models" / "folder").symlink_to(tmp_path)
    (root / "models" / "nothing").symlink_to(tmp_path / "nothing")
    os.mkfifo(root / "models" / "pipe")
    done = back_up(root)
    kept = {one["path"] for one in files_of(local_target.folder, done.run)}
    assert "models/link.bin" in kept
    assert not {"models/folder", "models/pipe", "models/nothing"} & kept
    assert sorted(one.split(":")[0] for one in done.warnings) == ["models/folder", "models/nothing", "models/pipe"]


def test_nothing_at_all_is_a_failure(tmp_path: Path, local_target: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, local_target)
    for folder in ("originals", "models", "runs", "datasets", "incoming"):
        shutil.rmtree(root / folder)
    with pytest.raises(BinScoutError, match="nothing to back up") as caught:
        back_up(root)
    assert caught.value.code == "nothing"
    assert committed(local_target.folder) == []


def test_a_loss_is_suspicious_until_somebody_says_that_it_is_right(root: Path, local_target: Server) -> None:
    first = back_up(root)
    shutil.rmtree(root / "originals")
    second = back_up(root)
    assert second.suspicious
    assert f"12 of 18 files of the run {first.run}" in second.suspicious
    assert manifest_of(local_target.folder, second.run)["suspicious"] == second.suspicious
    assert back_up(root).suspicious, "a loss does not become right by itself"
    assert back_up(root, accept_loss=True).suspicious is None
    assert back_up(root).suspicious is None


def test_rows_that_went_are_suspicious(root: Path) -> None:
    back_up(root)
    with sqlite3.connect(root / "binscout.db") as db:
        db.execute("DELETE FROM label")
    db.close()
    assert "rows of the table label" in (back_up(root).suspicious or "")


def test_a_file_that_changes_is_kept_as_it_is_then_and_one_that_goes_is_told(root: Path, local_target: Server) -> None:
    """At the first file that was packed, others are changed, grow and go."""
    (root / "runs" / "a").mkdir()
    for name in ("changes", "goes", "grows", "shrinks"):
        (root / "runs" / "a" / name).write_bytes(name.encode() * 100)

    def at(moment: str) -> None:
        if moment == "pack" and (root / "runs" / "a" / "goes").exists():
            (root / "runs" / "a" / "changes").write_bytes(b"CHANGED" * 100)
            (root / "runs" / "a" / "goes").unlink()
            with (root / "runs" / "a" / "grows").open("ab") as log:
                log.write(b"more")
            (root / "runs" / "a" / "shrinks").write_bytes(b"less")

    done = back_up(root, at=at)
    assert done.vanished == ["runs/a/goes"]
    assert "runs/a/goes" not in {one["path"] for one in files_of(local_target.folder, done.run)}
    back = get_back(local_target.folder, done.run, root.parent / "back")
    assert (back / "runs" / "a" / "changes").read_bytes() == b"CHANGED" * 100
    assert digest(back) == digest(root)


def test_packs_of_which_little_is_needed_are_packed_anew(root: Path, local_target: Server) -> None:
    (root / "models" / "large.bin").write_bytes(os.urandom(200_000))
    first = back_up(root)
    (old,) = {one["blob"] for one in files_of(local_target.folder, first.run)}
    (root / "models" / "large.bin").unlink()
    second = back_up(root)
    assert old not in {one["blob"] for one in files_of(local_target.folder, second.run)}
    assert digest(get_back(local_target.folder, second.run, root.parent / "back")) == digest(root)


def test_a_stored_file_that_is_gone_is_sent_anew(root: Path, local_target: Server) -> None:
    first = back_up(root)
    (pack,) = local_target.folder.glob("packs/*/*.tar")
    pack.unlink()
    second = back_up(root)
    assert second.added_files == first.files
    assert digest(get_back(local_target.folder, first.run, root.parent / "back")) == digest(root)


def test_reading_all_back_finds_a_flipped_bit_and_sends_it_anew(root: Path, local_target: Server) -> None:
    set_backup(root, read_back="all", object_mb=1)
    (root / "models" / "large.bin").write_bytes(os.urandom(2_000_000))
    back_up(root)
    for stored in [*local_target.folder.glob("packs/*/*.tar"), *local_target.folder.glob("objects/*/*")]:
        data = bytearray(stored.read_bytes())
        data[len(data) // 2] ^= 1
        stored.write_bytes(data)
    second = back_up(root)
    assert len([one for one in second.warnings if "read back wrong" in one]) == 2
    assert digest(get_back(local_target.folder, second.run, root.parent / "back")) == digest(root)


def test_the_records_hold_the_database_its_tables_settings_and_logs(root: Path, local_target: Server) -> None:
    (root / "logs" / "long.log").write_bytes(b"old\n" * LOG_BYTES)
    done = back_up(root)
    said = manifest_of(local_target.folder, done.run)
    with tarfile.open(local_target.folder / "runs" / done.run / "records.tar.gz") as archive:
        names = archive.getnames()
        assert archive.getmember("logs/long.log").size <= LOG_BYTES
        table = archive.extractfile("csv/image.csv")
        assert table is not None
        lines = table.read().decode().splitlines()
    assert {"binscout.db", "settings.toml", "logs/binscout.log", "csv/label.csv"} <= set(names)
    assert lines[0].startswith("id,sha256,origin,storage,path")
    assert len(lines) - 1 == said["rows"]["image"] == said["members"]["csv/image.csv"]["count"] == 12


def test_secrets_are_in_nothing_that_leaves(tmp_path: Path, sftp_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, sftp_server)
    back_up(root)
    hidden = [SECRET.encode(), obscured(SECRET).encode()]
    assert not [one for one in hidden if one in (root / "backup" / "targets.json").read_bytes()]
    for path in [*sftp_server.folder.rglob("*"), *(root / "derived").rglob("*"), *(root / "logs").rglob("*")]:
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                data = b"".join(archive.extractfile(one).read() for one in archive)  # type: ignore[union-attr]
        assert SECRET.encode() not in data
        assert b"rclone.conf" not in data


def test_what_is_told_of_a_run_is_in_its_check(root: Path, local_target: Server) -> None:
    done = back_up(root)
    (path,) = local_target.folder.glob("checks/*.json")
    check = json.loads(path.read_bytes())
    named = {one["blob"] for one in files_of(local_target.folder, done.run)}
    records = {f"runs/{done.run}/{name}" for name in ("records.tar.gz", "files.jsonl.gz", "blobs.jsonl.gz")}
    assert set(check["good"]) == named | records
    assert (check["kind"], check["level"], check["run"]) == ("run", "read back", done.run)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("runs of the cache", "could not be kept here"),
        ("checks", "that it was read back could not be written down"),
        ("repo", "the list of runs could not be looked at again"),
    ],
)
def test_what_fails_after_the_commit_is_told_and_the_run_is_good(
    root: Path, local_target: Server, broken: str, words: str
) -> None:
    store = local_target.folder

    def at(moment: str) -> None:
        if moment != "after commit":
            return
        if broken == "repo":
            (store / "binscout-repo.json").write_bytes(b"not ours")
            return
        folder = store / "checks" if broken == "checks" else root / "derived" / "backup" / NAME / "runs"
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_bytes(b"no folder")

    done = back_up(root, at=at)
    assert committed(store) == [done.run]
    assert [one for one in done.warnings if words in one]


def test_what_a_run_that_was_cut_off_read_back_keeps_its_own_time(root: Path, local_target: Server) -> None:
    def stop(moment: str) -> None:
        if moment == "before commit":
            raise CancelledWork

    with pytest.raises(CancelledWork):
        back_up(root, at=stop)
    journal = root / "derived" / "backup" / NAME / "sent.jsonl"
    long_ago = "2026-01-02T03:04:05.000Z"
    lines = [json.loads(line) | {"at": long_ago} for line in journal.read_text().splitlines()]
    assert lines
    assert all(line["read"] for line in lines)
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = back_up(root)
    checks = [json.loads(path.read_bytes()) for path in local_target.folder.glob("checks/*.json")]
    times = {name: check["at"] for check in checks for name in check["good"]}
    assert {line["name"]: long_ago for line in lines}.items() <= times.items()
    assert times[f"runs/{done.run}/records.tar.gz"] > done.run[:4]
    seen = Repository.kept_in(root / "derived" / "backup" / NAME)
    assert seen is not None
    assert [(one.verified, one.verified_at) for one in seen.runs] == [("read back", long_ago)]


def test_a_viewer_makes_none_and_an_operator_accepts_no_loss(root: Path, local_target: Server) -> None:
    for role, options in (("viewer", {}), ("operator", {"accept_loss": True})):
        with sqlite3.connect(root / "binscout.db") as db:
            db.execute("UPDATE user SET role = ?", (role,))
        db.close()
        with pytest.raises(RefusedError):
            back_up(root, **options)
    assert local_target.files() == {}


def test_images_known_to_be_missing_are_not_told_again(root: Path, tmp_path: Path) -> None:
    with Workspace(root) as workspace:
        image_id = add_in_place(workspace, tmp_path / "usb" / "one.jpg", 900)
        workspace.db.write(images.set_health, image_id, "missing", None)
    (tmp_path / "usb" / "one.jpg").unlink()
    assert back_up(root).warnings == []


def test_what_the_manual_says_gets_all_files_back_without_this_program(root: Path, local_target: Server) -> None:
    with Workspace(root) as workspace:
        add_in_place(workspace, root.parent / os.fsdecode(b"not utf-8 \xff") / "one.jpg", 901)
    done = back_up(root)
    page = (Path(__file__).parents[2] / "docs" / "backups.md").read_text()
    script = page.split("```python\n")[1].split("```")[0]
    back = root.parent / "back"
    subprocess.run(
        [sys.executable, "-c", script, str(local_target.folder), done.run, str(back)], check=True, timeout=60
    )
    back.joinpath("settings.toml").write_bytes((root / "settings.toml").read_bytes())
    kept = {name: value for name, value in digest(root).items() if not name.startswith("rows of ")}
    assert {str(path.relative_to(back)): sha256(path) for path in kept_files(back)} == kept
    assert [path.name for path in (back / "outside").rglob("*.jpg")] == ["one.jpg"]


def test_the_commands_of_the_manual_fetch_what_a_run_needs(tmp_path: Path, sftp_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, sftp_server)
    run = back_up(root).run
    here = tmp_path / "by hand"
    here.mkdir()
    page = (Path(__file__).parents[2] / "docs" / "backups.md").read_text()
    commands = next(block for block in page.split("```") if block.lstrip().startswith("rclone copy"))
    commands = commands.replace("TARGET:", f"{NAME}:{sftp_server.path}/").replace("RUN", run)
    environment = os.environ | {
        "PATH": f"{RCLONE.parent}:{os.environ['PATH']}",
        "RCLONE_CONFIG": str(root / "backup" / "rclone.conf"),
    }
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=here, env=environment, check=True, timeout=60)
    fetched = {str(path.relative_to(here / "store")) for path in (here / "store").rglob("*") if path.is_file()}
    assert {f"runs/{run}/manifest.json", *(one["blob"] for one in files_of(sftp_server.folder, run))} <= fetched
    assert sha256(here / "binscout.db") == manifest_of(here / "store", run)["members"]["binscout.db"]["sha256"]
