"""Looking at what lies on a target, by the command line, on real runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import FileEntry, entry_path
from binscout_tui.backup.target import known
from binscout_tui.backup.target.known import Target
from binscout_tui.operations.backups import detail, listing, running, targets, telling, verifying
from binscout_tui.operations.backups.file_index import FileIndex
from binscout_tui.operations.backups.opening import opened
from binscout_tui.operations.backups.standing import standing
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace
from tests.backup.made import add_pictures, digest, kept_files, made_workspace
from tests.backup.restorable import backed_up
from tests.backup.servers import RCLONE, SmallDisk
from tests.command_line import Answer, answered_here
from tests.conftest import REPOSITORY


@pytest.fixture
def again(root: Path, run: str) -> str:
    """A second run: two pictures more, a model with other bytes, a shot less."""
    with Workspace(root) as ws:
        add_pictures(ws, range(500, 502))
        (ws.paths.model("screws-1") / "model.safetensors").write_bytes(b"others" * 9000)
        (ws.paths.incoming / "shot-of-a-phone.jpg").unlink()
    return backed_up(root)


Said = pytest.CaptureFixture[str]


def backup(root: Path, capsys: Said, *words: object, as_json: bool = True) -> Answer:
    """`binscout backup WORDS`."""
    return answered_here(root, capsys, "backup", *words, as_json=as_json)


def out_of_reach(target: Path) -> None:
    """The disk with the target is not there any more."""
    target.rename(target.with_name("away"))


def test_a_list_comes_from_the_target_itself(root: Path, run: str, again: str, capsys: Said) -> None:
    answer = backup(root, capsys, "list")
    assert answer.code == 0
    found = answer.data
    assert (found["target"], found["live"], found["error"]) == ("nas", True, "")
    assert [(row["run"], row["state"], row["verified"]) for row in found["rows"]] == [
        (again, "committed", "read back"),
        (run, "committed", "read back"),
    ]
    newest = found["rows"][0]
    assert newest["files"] == len([path for path in kept_files(root) if path.name != "settings.toml"])
    assert newest["added_bytes"] > 0
    assert newest["verified_at"] is not None
    text = backup(root, capsys, "list", as_json=False).out
    assert "reachable · listed 0 s ago" in text
    assert again in text


@pytest.mark.parametrize(("hours", "way"), [(2, "ahead of"), (-2, "behind")])
def test_a_clock_that_goes_wrong_is_seen_in_the_newest_run(
    root: Path, target: Path, run: str, capsys: Said, hours: int, way: str
) -> None:
    assert backup(root, capsys, "list").data["skew"] == ""
    for path in (target / "runs" / run).iterdir():
        moment = path.stat().st_mtime + 3600 * hours
        os.utime(path, (moment, moment))
    told = f"The target's clock is 2 h 00 min {way} this machine's."
    assert backup(root, capsys, "list").data["skew"] == told
    assert told in backup(root, capsys, "list", as_json=False).out


def test_a_store_that_was_copied_says_nothing_of_the_clock(root: Path, target: Path, run: str) -> None:
    with Workspace(root) as ws, opened(ws) as on:
        seen = on.repository.listing().skew_s
        assert seen is not None
        assert abs(seen) < 60
        for path in (target / "binscout-repo.json", target / "runs" / run / "manifest.json"):
            path.touch()
        assert on.repository.listing().skew_s is None


def test_another_machine_sees_the_same_runs(root: Path, run: str, tmp_path: Path, capsys: Said) -> None:
    other = made_workspace(tmp_path / "other")
    with Workspace(other) as ws:
        targets.add(ws, "shelf", str(tmp_path / "target"), tested=False)
    assert [row["run"] for row in backup(other, capsys, "list").data["rows"]] == [run]


def test_offline_shows_what_was_seen_last_and_fails(root: Path, target: Path, run: str, capsys: Said) -> None:
    backup(root, capsys, "list")
    out_of_reach(target)
    answer = backup(root, capsys, "list")
    assert (answer.code, answer.data["live"]) == (1, False)
    assert [row["run"] for row in answer.data["rows"]] == [run]
    assert answer.data["listed_at"]
    since = answer.data["unreachable_since"]
    assert since
    assert str(target) in answer.err
    text = backup(root, capsys, "list", as_json=False)
    assert (text.code, "out of reach since" in text.out) == (1, True)
    cached = backup(root, capsys, "list", "--cached")
    assert (cached.code, cached.data["live"], cached.data["unreachable_since"]) == (0, False, since)
    with Workspace(root) as ws:
        assert standing(ws.paths, ws.settings.backup).unreachable_since == since
        assert standing(ws.paths, ws.settings.backup).run == run
    target.with_name("away").rename(target)
    assert backup(root, capsys, "list").data["unreachable_since"] is None


def test_offline_and_never_seen_is_no_empty_list(root: Path, target: Path, capsys: Said) -> None:
    shutil.rmtree(root / "derived", ignore_errors=True)
    out_of_reach(target)
    answer = backup(root, capsys, "list")
    assert (answer.code, answer.data["rows"], answer.data["listed_at"]) == (1, [], None)
    text = backup(root, capsys, "list", as_json=False).out
    assert "never listed" in text
    assert "No runs are known." in text
    shown = backup(root, capsys, "show")
    assert (shown.code != 0, shown.data["error"]["code"] != "no_run") == (True, True)


def test_nothing_there_yet_is_an_empty_list(root: Path, target: Path, tmp_path: Path, capsys: Said) -> None:
    with Workspace(root) as ws:
        (tmp_path / "new").mkdir()
        targets.add(ws, "new", str(tmp_path / "new"), tested=False)
    answer = backup(root, capsys, "list", "--target", "new")
    assert (answer.code, answer.data["live"], answer.data["rows"]) == (0, True, [])
    assert backup(root, capsys, "show", "--target", "new").code == 1


def test_a_run_is_shown_with_what_differs_from_the_one_before(root: Path, run: str, again: str, capsys: Said) -> None:
    answer = backup(root, capsys, "show")
    assert answer.code == 0
    found, differs = answer.data["detail"], answer.data["difference"]
    assert (found["row"]["run"], found["previous"]) == (again, run)
    assert found["manifest"]["kinds"]["original"]["files"] == 14
    assert found["manifest"]["rows"]["image"] == 14
    assert {way: differs["files"][way]["files"] for way in ("added", "changed", "gone", "same")} == {
        "added": 2,
        "changed": 1,
        "gone": 1,
        "same": 16,
    }
    assert differs["files"]["largest"][0]["path"] == "models/screws-1/model.safetensors"
    assert differs["rows"]["image"] == [12, 14]
    look = found["looks"][0]
    assert (look["kind"], look["level"], look["bad"], look["complete"]) == ("run", "read back", {}, True)
    text = backup(root, capsys, "show", as_json=False).out
    for part in ("read back", "models/screws-1/model.safetensors", found["manifest"]["records"]["sha256"], "rclone"):
        assert part in text
    with Workspace(root) as ws:
        known = detail.detail(ws, "nas", again)
    assert known.manifest is not None
    known = replace(known, manifest=replace(known.manifest, added_files=0, added_bytes=62_300))
    told = [line.text for part in telling.sections(known, datetime.now(UTC)) for line in part.lines]
    assert "62.3 kB in no new file, its lists and its records" in told
    first = backup(root, capsys, "show", "latest~1").data
    assert (first["difference"], first["detail"]["previous"]) == (None, None)


def test_two_runs_are_compared_by_page(root: Path, run: str, again: str, capsys: Said) -> None:
    whole = backup(root, capsys, "diff", run, "latest").data["files"]["page"]
    assert [one["way"] for one in whole].count("added") == 2
    assert len(whole) == 4
    paged = [
        one
        for skip in range(5)
        for one in backup(root, capsys, "diff", run, again, "--limit", 1, "--skip", skip).data["files"]["page"]
    ]
    assert paged == whole
    listed = backup(root, capsys, "diff", run, again, as_json=False).out
    assert [listed.count(one["path"]) for one in whole] == [1] * len(whole)
    assert "the largest" in backup(root, capsys, "diff", run, again, "--limit", 1, as_json=False).out
    first = backup(root, capsys, "diff", run, again, "--limit", 1)
    assert first.data["files"]["more"]
    assert "--skip 1" in first.err
    gone = backup(root, capsys, "diff", run, again, "--only", "gone").data["files"]["page"]
    assert [one["path"] for one in gone] == ["incoming/shot-of-a-phone.jpg"]
    back = backup(root, capsys, "diff", again, run).data["files"]
    assert (back["added"]["files"], back["gone"]["files"]) == (1, 2)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("diff", "latest", "latest"), 2),
        (("diff", "latest~7", "latest"), 1),
        (("diff", "nonsense", "latest"), 1),
        (("diff", "latest"), 2),
        (("diff", "latest~1", "latest", "--limit", "-1"), 2),
        (("show", "nonsense"), 1),
        (("show", "2"), 2),
        (("show", "../../etc"), 1),
        (("show", "latest", "--target", "other"), 1),
        (("list", "--target", "../x"), 1),
    ],
)
def test_wrong_words_get_a_sentence(root: Path, again: str, capsys: Said, words: tuple[str, ...], code: int) -> None:
    answer = backup(root, capsys, *words)
    assert answer.code == code
    assert answer.data["error"]["message"]
    assert "Traceback" not in answer.err


def test_what_a_look_proves_is_known_at_once(root: Path, target: Path) -> None:
    shutil.rmtree(target)
    target.mkdir()
    (root / "settings.toml").write_text('[backup]\nread_back = "records"\n')
    known.write(root / "backup", [replace(one, repo="") for one in known.read(root / "backup")])
    run = backed_up(root)
    with Workspace(root) as ws:
        assert [row.verified for row in listing.runs(ws).rows] == ["sizes"]
        before = standing(ws.paths, ws.settings.backup)
        assert (before.run, before.unproven, before.late) == (None, run, True)
        verifying.verify(ws, "nas", run, lambda progress: None)
        assert [row.verified for row in listing.runs(ws).rows] == ["read back"]
        after = standing(ws.paths, ws.settings.backup)
        assert (after.run, after.unproven, after.late) == (run, None, False)


def test_a_full_disk_here_does_not_hide_what_is_there(root: Path, run: str, small_disk: SmallDisk) -> None:
    disk = small_disk("full", 1)
    shutil.rmtree(root / "derived")
    (root / "derived").symlink_to(disk)
    with Workspace(root) as ws:
        assert [row.run for row in listing.runs(ws, "nas", live=True).rows] == [run]
        shutil.rmtree(disk / "backup" / "nas" / layout.RUNS)
        with (disk / "filler").open("wb") as filler, suppress(OSError):
            while True:
                filler.write(bytes(1 << 16))
                filler.flush()
        found = listing.runs(ws, "nas", live=True)
    assert found.live or "on this disk" in found.error
    assert [row.run for row in found.rows] == [run]


def test_damage_on_the_target_shows_at_the_next_look(root: Path, target: Path, run: str, capsys: Said) -> None:
    pack = next((target / layout.PACKS).rglob("*.tar"))
    pack.rename(target / "pack")
    row = backup(root, capsys, "list").data["rows"][0]
    assert (row["state"], row["missing"], row["verified"]) == ("damaged", 1, "")
    assert row["words"] == "1 stored file missing or of another size"
    with Workspace(root) as ws:
        now = standing(ws.paths, ws.settings.backup)
        assert (now.run, now.damaged) == (None, [run])
    (target / "pack").rename(pack)
    assert backup(root, capsys, "list").data["rows"][0]["state"] == "committed"


def test_a_manifest_that_was_written_anew_is_read_anew(root: Path, target: Path, run: str, capsys: Said) -> None:
    assert backup(root, capsys, "list").data["rows"][0]["state"] == "committed"
    path = target / layout.run_file(run, layout.MANIFEST)
    path.write_bytes(path.read_bytes().replace(b'"files"', b'"fi1es"') + b" ")
    row = backup(root, capsys, "list").data["rows"][0]
    assert row["state"] == "damaged"
    assert "manifest" in row["words"].lower()


def test_a_run_that_went_from_the_target_is_here_only(root: Path, target: Path, run: str, capsys: Said) -> None:
    with Workspace(root) as ws:
        job = ws.db.write(jobs.add, ws.user.uid, "backup", {"target": "nas"})
        ws.db.write(jobs.finish, job, "done", result={"run": run})
    assert backup(root, capsys, "list").data["rows"][0]["job"] == job
    shutil.rmtree(target / layout.RUNS / run)
    row = backup(root, capsys, "list").data["rows"][0]
    assert (row["run"], row["state"]) == (run, "here only")
    shown = backup(root, capsys, "show", run).data["detail"]
    assert (shown["manifest"], shown["row"]["state"]) == (None, "here only")


def test_a_job_that_failed_is_shown_with_its_log(root: Path, capsys: Said) -> None:
    with Workspace(root) as ws:
        job = ws.db.write(jobs.add, ws.user.uid, "backup", {"target": "nas"})
        ws.db.write(jobs.finish, job, "failed", error="nas is full.")
        (ws.paths.logs / f"job-{job}.log").write_text("began\nthe \x1b[31mend\n")
    row = backup(root, capsys, "list").data["rows"][0]
    assert (row["key"], row["state"], row["words"]) == (f"job-{job}", "failed", "nas is full.")
    shown = backup(root, capsys, "show", f"job-{job}", as_json=False).out
    assert "nas is full." in shown
    assert "the \\x1b[31mend" in shown


def test_a_run_is_had_by_hand_with_the_commands_and_the_documents(root: Path, run: str, tmp_path: Path) -> None:
    with Workspace(root) as ws:
        commands = detail.detail(ws, "nas", run).by_hand
    place = tmp_path / "by hand"
    place.mkdir()
    path = f"{RCLONE.parent}:{os.environ['PATH']}"
    for command in commands:
        subprocess.run(["sh", "-e", "-c", command], cwd=place, env=os.environ | {"PATH": path}, check=True, timeout=60)
    script = (REPOSITORY / "docs" / "backups.md").read_text().partition("```python\n")[2].partition("```")[0]
    subprocess.run([sys.executable, "-c", script, "store", run, "back"], cwd=place, check=True, timeout=60)
    shutil.copy(place / "store" / layout.RUNS / run / "binscout.db", place / "back")
    shutil.copy(place / "store" / layout.RUNS / run / "settings.toml", place / "back")
    assert digest(place / "back") == digest(root)


def test_settings_that_name_a_target_of_another_machine_do_not_stand_in_the_way(
    root: Path, target: Path, run: str, tmp_path: Path, capsys: Said
) -> None:
    (root / "settings.toml").write_text('[backup]\ntarget = "disk"\n')
    found = backup(root, capsys, "show", "--cached")
    assert (found.code, found.data["detail"]["row"]["run"]) == (0, run)
    assert found.err.count("There is no backup target 'disk', which the settings name; nas is taken.") == 1
    assert backup(root, capsys, "list", "--cached", "--target", "nas").err == ""
    assert "no backup target 'disk'" in backup(root, capsys, "list", "--target", "disk").err
    with Workspace(root) as ws:
        assert standing(ws.paths, ws.settings.backup).target == "nas"
        targets.add(ws, "other", str(tmp_path / "other"), tested=False)
    assert "no backup target 'disk'" in backup(root, capsys, "list").err


@pytest.mark.parametrize(
    ("fs", "inside"),
    [("s3:bucket/bins/", "s3:bucket/bins/runs/"), ("s3:bucket", "s3:bucket/runs/"), ("x.crypt:", "x.crypt:runs/")],
)
def test_the_commands_by_hand_name_the_folder_of_the_run(tmp_path: Path, run: str, fs: str, inside: str) -> None:
    where = Target(name="far", kind="s3", fs=fs, shown="far")
    assert f" copy {inside}{run} store/runs/{run} " in detail.by_hand(tmp_path, where, run)[0]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("restic") is None, reason="no restic here: see docs/backup-restic.md")
def test_the_commands_by_hand_for_restic_bring_the_run(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with Workspace(made_workspace(tmp_path / "ws", 6)) as ws:
        targets.add(ws, "nas", str(tmp_path / "target"), engine="restic", tested=False)
        run = running.run(ws, "nas").run
        commands = detail.detail(ws, "nas", run, live=True).by_hand
    path = f"{RCLONE.parent}:{os.environ['PATH']}"
    for command in commands:
        environment = os.environ | {"PATH": path, "RESTIC_CACHE_DIR": str(tmp_path / "cache")}
        subprocess.run(["sh", "-e", "-c", command], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert list((tmp_path / run).rglob("records.tar.gz"))
    assert list((tmp_path / run).rglob("*.jpg"))


def entries(*names: bytes) -> list[FileEntry]:
    """Files with these paths."""
    made = []
    for name in sorted(names):
        path, raw = entry_path(name)
        made.append(FileEntry(path=path, raw=raw, kind="model", size=len(name), sha256="a" * 64, mtime_ns=0, blob="b"))
    return made


def test_files_are_found_by_parts_of_their_paths(tmp_path: Path) -> None:
    names = (b"models/Big One/a.bin", b"models/big-two/b.bin", "models/äpfel/c.bin".encode(), b"models/x\n[red]/d.bin")
    index = FileIndex(entries(*names), tmp_path)
    assert len(index) == 4

    def found(words: str) -> list[str]:
        return [index[number].path for number in index.find(words)]

    assert found("") == [index[number].path for number in range(4)]
    assert found("BIG") == ["models/Big One/a.bin", "models/big-two/b.bin"]
    assert found("big b.bin") == ["models/big-two/b.bin"]
    assert found("äpf") == ["models/äpfel/c.bin"]
    assert found("[red]") == ["models/x\\n[red]/d.bin"]
    assert found("model .*") == []
    assert index[0].size == len(names[0])
    assert list(tmp_path.iterdir()) == []


def test_an_empty_list_of_files_is_one(tmp_path: Path) -> None:
    index = FileIndex([], tmp_path)
    assert (len(index), list(index.find("x")), list(index.find(""))) == (0, [], [])


def test_a_look_that_is_kept_tells_all_that_the_list_needs(root: Path, run: str) -> None:
    with Workspace(root) as ws:
        live = listing.runs(ws, "nas", live=True)
        kept = listing.runs(ws, "nas")
        assert kept.rows == live.rows
        assert (kept.live, kept.listed_at, kept.space) == (False, live.listed_at, live.space)
        with opened(ws, "nas") as on:
            assert next(manifest.read_files(on.repository.files(run))).path.startswith("datasets/")


def test_broken_caches_are_read_again(root: Path, run: str, again: str, capsys: Said) -> None:
    before: Any = backup(root, capsys, "show").data["difference"]
    for path in (root / "derived" / "backup" / "nas").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x1f\x8bnonsense")
    assert backup(root, capsys, "show").data["difference"] == before
