"""restic as the engine of a target: a run, looking, restoring and retention, with the real programs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import read_files
from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError, RepoError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic import target as restic_target
from binscout_tui.backup.restic.engine import Snapshot
from binscout_tui.backup.restic.repository import CHECK_TAG, FILES_TAG, RUN_TAG, ResticRepository, judged, looks, pairs
from binscout_tui.backup.restic.run import modified_ns
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.operations.backups import pruning, repairing, restoring, running, targets, verifying
from binscout_tui.operations.backups.opening import opened
from binscout_tui.workspace import Workspace
from tests.backup.backing_up import begun
from tests.backup.made import add_in_place, add_pictures, digest, made_workspace
from tests.backup.servers import Server
from tests.backup.test_manifest import made as made_manifest

pytestmark = pytest.mark.skipif(shutil.which("restic") is None, reason="no restic here: see docs/backup-restic.md")


def quiet(progress: Progress) -> None:
    """Nobody wants to know."""


@pytest.fixture
def kept(tmp_path: Path, local_target: Server) -> Iterator[Workspace]:
    """A workspace with a target `nas` whose engine is restic."""
    with Workspace(made_workspace(tmp_path / "ws", 6)) as workspace:
        targets.add(workspace, "nas", local_target.url, engine="restic", tested=False)
        yield workspace


def packs(server: Server) -> list[Path]:
    return sorted(path for path in (server.folder / "data").rglob("*") if path.is_file())


def files_of(found: dict[str, str]) -> dict[str, str]:
    """The files of a digest, without the rows."""
    return {name: sha256 for name, sha256 in found.items() if not name.startswith("rows of ")}


def flip(path: Path, at: int = 500) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def test_a_run_is_listed_read_back_and_restored_byte_for_byte(
    kept: Workspace, local_target: Server, tmp_path: Path
) -> None:
    odd = os.fsencode(kept.paths.root) + b"/models/not-\xff-utf8"
    Path(os.fsdecode(odd)).write_bytes(b"odd")
    stages: list[str] = []
    done = running.run(kept, "nas", lambda progress: stages.append(progress.stage))
    assert stages[0] == "check"
    assert "read back" in stages
    assert (done.warnings, done.vanished, done.suspicious) == ([], [], None)
    with opened(kept, "nas") as on:
        (state,) = on.repository.listing().runs
    assert (state.run, state.state, state.verified) == (done.run, "committed", "read back")
    assert state.manifest is not None
    assert state.manifest.rows["image"] == 6
    before = digest(kept.paths.root)
    back = restoring.to_folder(kept, "nas", done.run, tmp_path / "back", quiet)
    assert back.skipped == 0
    after = digest(tmp_path / "back")
    assert {k: v for k, v in after.items() if "rows of" not in k} == {
        k: v for k, v in before.items() if "rows of" not in k
    }
    assert after["rows of image"] == before["rows of image"]


@pytest.mark.slow
def test_a_second_run_adds_little_and_builds_on_the_first(kept: Workspace, local_target: Server) -> None:
    first = running.run(kept, "nas", quiet)
    stored = {path.name for path in packs(local_target)}
    add_pictures(kept, [70])
    second = running.run(kept, "nas", quiet)
    assert second.parent == first.run
    assert second.files == first.files + 1
    assert second.added_files == 1
    assert stored < {path.name for path in packs(local_target)}
    with opened(kept, "nas") as on:
        newest, oldest = on.repository.listing().runs
    assert (newest.verified, oldest.verified) == ("read back", "read back")
    assert newest.verified_at == oldest.verified_at, "the bytes of the first run were read back when that was made"


@pytest.mark.slow
def test_files_outside_come_along(kept: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "photo $(x).jpg"
    outside.parent.mkdir()
    add_in_place(kept, outside, 71)
    data = outside.read_bytes()
    done = running.run(kept, "nas", quiet)
    outside.unlink()
    restoring.to_folder(kept, "nas", done.run, tmp_path / "back", quiet)
    assert data in [path.read_bytes() for path in (tmp_path / "back" / "originals").rglob("*.jpg")]


@pytest.mark.slow
def test_restoring_in_place_brings_back_what_was_deleted(kept: Workspace) -> None:
    done = running.run(kept, "nas", quiet)
    before = digest(kept.paths.root)
    shutil.rmtree(kept.paths.root / "originals")
    restoring.in_place(kept, "nas", done.run, "everything", quiet)
    after = digest(kept.paths.root)
    assert files_of(after) == files_of(before)


@pytest.mark.slow
def test_what_restic_read_is_what_the_list_says(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is written after its hash was taken and before restic reads it, and another one goes away."""
    log = kept.paths.root / "runs" / "screws-1" / "events.jsonl"
    gone = kept.paths.root / "incoming" / "shot-of-a-phone.jpg"

    def at(moment: str) -> None:
        if moment == "send":
            log.write_bytes(log.read_bytes() + b'{"type": "late"}\n')
            gone.unlink()

    done = running.run(kept, "nas", quiet, at=at)
    assert done.vanished == ["incoming/shot-of-a-phone.jpg"]
    assert [word for word in done.warnings if "events.jsonl" in word and "meanwhile" in word]
    with opened(kept, "nas") as on:
        entries = {entry.path: entry for entry in read_files(on.repository.files(done.run))}
    assert entries["runs/screws-1/events.jsonl"].size == log.stat().st_size
    assert "incoming/shot-of-a-phone.jpg" not in entries
    assert verifying.verify(kept, "nas", "latest", quiet).is_good


@pytest.mark.parametrize("stage", ["snapshot", "scan", "hash", "send", "compare", "records", "lists", "before commit"])
@pytest.mark.slow
def test_a_run_that_is_stopped_leaves_no_run_and_the_next_commits(kept: Workspace, stage: str) -> None:
    def at(moment: str) -> None:
        if moment == stage:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        running.run(kept, "nas", quiet, at=at)
    with opened(kept, "nas") as on:
        assert all(run.state == "abandoned" for run in on.repository.listing().runs)
    if stage == "before commit":
        done = running.run(kept, "nas", quiet)
        assert verifying.verify(kept, "nas", done.run, quiet, "sizes").is_good


@pytest.mark.slow
def test_a_flipped_byte_is_named_and_the_rest_is_restored(
    kept: Workspace, local_target: Server, tmp_path: Path
) -> None:
    done = running.run(kept, "nas", quiet)
    flip(max(packs(local_target), key=lambda path: path.stat().st_size), 1000)
    assert verifying.verify(kept, "nas", done.run, quiet, "sizes").is_good, "sizes alone cannot see it"
    found = verifying.verify(kept, "nas", done.run, quiet)
    assert not found.is_good
    assert any(one.paths for one in found.bad)
    with opened(kept, "nas") as on:
        (state,) = on.repository.listing().runs
    assert state.state == "damaged"
    with pytest.raises(RefusedError, match="damaged"):
        restoring.in_place(kept, "nas", done.run, "everything", quiet)
    back = restoring.to_folder(kept, "nas", done.run, tmp_path / "back", quiet, skip_damaged=True)
    assert 0 < back.skipped < done.files
    with pytest.raises(RefusedError, match="rebuild-index"):
        repairing.repair(kept, "nas", quiet)


@pytest.mark.slow
def test_a_scrub_reads_another_part_each_time(kept: Workspace, local_target: Server) -> None:
    running.run(kept, "nas", quiet)
    flip(max(packs(local_target), key=lambda path: path.stat().st_size), 1000)
    found = [verifying.scrub(kept, "nas", quiet, 0.5).is_good for _ in range(2)]
    assert sorted(found) == [False, True]


@pytest.mark.slow
def test_pruning_keeps_what_the_rules_keep_and_restic_has_no_rule_of_its_own(
    kept: Workspace, local_target: Server
) -> None:
    runs = [running.run(kept, "nas", quiet).run for _ in range(3)]
    wanted = msgspec.structs.replace(kept.settings.backup, keep_last=1, weekly=1)
    kept.settings = msgspec.structs.replace(kept.settings, backup=wanted)
    plan = pruning.plan(kept, "nas")
    assert plan.drop == [runs[1], runs[0]]
    with pytest.raises(ConflictError):
        pruning.prune(kept, "nas", "0" * 16, quiet)
    done = pruning.prune(kept, "nas", plan.hash, quiet)
    assert sorted(done.dropped) == sorted(runs[:2])
    with opened(kept, "nas") as on:
        assert [run.run for run in on.repository.listing().runs] == [runs[2]]
    assert verifying.verify(kept, "nas", runs[2], quiet).is_good


@pytest.mark.slow
def test_a_wrong_password_never_begins_a_new_repository(kept: Workspace, local_target: Server) -> None:
    running.run(kept, "nas", quiet)
    before = local_target.files()
    folder = kept.paths.root / "backup"
    restic_target.keep_key(folder, "nas", "another one")
    with pytest.raises(RepoError) as error:
        running.run(kept, "nas", quiet)
    assert error.value.code == "wrong_key"
    restic_target.forget_key(folder, "nas")
    with pytest.raises(RemoteError, match="not here any more"):
        running.run(kept, "nas", quiet)
    assert local_target.files() == before


@pytest.mark.parametrize("name", ["holiday.jpg", "data/aa/half", layout.REPO_FILE])
def test_a_folder_of_other_things_is_left_alone(kept: Workspace, local_target: Server, name: str) -> None:
    (local_target.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (local_target.folder / name).write_bytes(b"mine")
    with pytest.raises(RepoError) as error:
        running.run(kept, "nas", quiet)
    assert error.value.code == "foreign"
    assert local_target.files() == {name: b"mine"}


@pytest.mark.slow
def test_the_native_engine_does_not_begin_a_store_in_a_restic_repository(kept: Workspace, local_target: Server) -> None:
    running.run(kept, "nas", quiet)
    before = set(local_target.files())
    targets.add(kept, "other", local_target.url, tested=False)
    with pytest.raises(RepoError) as error:
        running.run(kept, "other", quiet)
    assert error.value.code == "foreign"
    assert {name for name in local_target.files() if not name.startswith("locks/")} == before


@pytest.mark.slow
def test_the_password_is_in_one_file_alone(kept: Workspace, local_target: Server) -> None:
    running.run(kept, "nas", quiet)
    path = restic_target.key_path(kept.paths.root / "backup", "nas")
    key = path.read_text().strip()
    assert path.stat().st_mode & 0o077 == 0
    holding = [one for one in kept.paths.root.rglob("*") if one.is_file() and key.encode() in one.read_bytes()]
    assert holding == [path]
    assert not [name for name, data in local_target.files().items() if key.encode() in data]
    assert key not in "\n".join(targets.sheet(kept, "nas"))
    assert key in "\n".join(targets.sheet(kept, "nas", secrets=True))


@pytest.mark.slow
def test_a_fresh_machine_needs_the_place_and_the_password(
    kept: Workspace, local_target: Server, tmp_path: Path
) -> None:
    running.run(kept, "nas", quiet)
    key = restic_target.key_of(kept.paths.root / "backup", "nas")
    fresh = made_workspace(tmp_path / "fresh", 4)
    with Workspace(fresh) as workspace:
        targets.add(workspace, "nas", local_target.url, crypt=key, engine="restic", tested=False)
        restoring.in_place(workspace, "nas", "latest", "everything", quiet)
    before, after = digest(kept.paths.root), digest(fresh)
    assert after["rows of image"] == before["rows of image"]
    assert {k: v for k, v in after.items() if "rows of" not in k} == {
        k: v for k, v in before.items() if "rows of" not in k
    }


@pytest.mark.slow
def test_on_every_server(any_remote_server: Server, tmp_path: Path) -> None:
    with Workspace(made_workspace(tmp_path / "ws", 6)) as workspace:
        targets.add(workspace, "nas", any_remote_server.url, secret=any_remote_server.secret, engine="restic")
        done = running.run(workspace, "nas", quiet)
        before = digest(workspace.paths.root)
        for name in ("originals", "models", "runs", "datasets", "incoming"):
            shutil.rmtree(workspace.paths.root / name)
        restoring.in_place(workspace, "nas", done.run, "everything", quiet)
        after = digest(workspace.paths.root)
        assert files_of(after) == files_of(before)
        assert verifying.verify(workspace, "nas", "latest", quiet).is_good


RUN = "20261122T010203Z-1a2b3c4d"
OLD = "20261115T010203Z-00000001"
AT = datetime(2026, 11, 22, tzinfo=UTC)


def snapshot(hours: float, *tags: str) -> Snapshot:
    at = (AT + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Snapshot(f"{int(hours * 10):08x}", at, "box", tags)


def test_snapshots_become_runs() -> None:
    found = pairs([
        snapshot(1, FILES_TAG, RUN),
        snapshot(2, RUN_TAG, RUN),
        snapshot(3, FILES_TAG, OLD),
        snapshot(4, FILES_TAG, "../x"),
        snapshot(5, RUN),
        snapshot(6, "holiday"),
    ])  # fmt: skip
    assert set(found) == {RUN, OLD}
    assert found[RUN].commit is not None
    assert found[OLD].commit is None


@pytest.mark.parametrize(
    ("tags", "state", "verified"),
    [
        ([], "committed", ""),
        ([("sizes", "good", RUN)], "committed", "sizes"),
        ([("added", "good", RUN)], "committed", "read back"),
        ([("all", "good", RUN)], "committed", "read back"),
        ([("all", "good")], "committed", "read back"),
        ([("all", "good", OLD)], "committed", ""),
        ([("sizes", "bad", RUN)], "damaged", ""),
        ([("sizes", "bad")], "damaged", ""),
        ([("all", "good", RUN), ("sizes", "bad", "part")], "damaged", ""),
        ([("all", "bad", RUN), ("sizes", "good", "part")], "damaged", ""),
        ([("all", "bad", RUN), ("all", "good", RUN)], "committed", "read back"),
    ],
)
def test_looks_judge_a_run(tags: list[tuple[str, ...]], state: str, verified: str) -> None:
    looked = looks(snapshot(10 + number, CHECK_TAG, *words) for number, words in enumerate(tags))
    found = judged(made_manifest(run=RUN), snapshot(1).time, looked, [])
    assert (found.state, found.verified) == (state, verified)


def test_what_a_run_added_is_not_enough_when_the_one_before_was_never_read() -> None:
    looked = looks([snapshot(10, CHECK_TAG, "added", "good", RUN)])
    old = judged(made_manifest(run=OLD), snapshot(0).time, [], [])
    assert judged(made_manifest(run=RUN, parent=OLD), snapshot(1).time, looked, [old]).verified == "sizes"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("2026-11-22T01:11:11.522727906Z", 1_795_309_871_522_727_906),
        ("", 0),
        ("yesterday", 0),
        ("1970-01-01T00:00:00.xZ", 0),
    ],
)
def test_times_of_restic(text: str, wanted: int) -> None:
    assert modified_ns(text) == wanted


@pytest.mark.slow
def test_a_manifest_that_is_no_manifest_is_damage(kept: Workspace, tmp_path: Path) -> None:
    """Whoever has the password could store anything: it is read with the same mistrust."""
    done = running.run(kept, "nas", quiet)
    with opened(kept, "nas") as on:
        store = on.repository
        assert isinstance(store, ResticRepository)
        folder = tmp_path / "forged" / "backup" / "run"
        folder.mkdir(parents=True)
        (folder / layout.MANIFEST).write_text(json.dumps({"run": done.run, "format": 1}))
        names = tmp_path / "names"
        names.write_bytes(b"backup\0")
        store.restic.backup(names, tmp_path / "forged", [RUN_TAG, done.run], lambda _: None, host="x")
        shutil.rmtree(store.cache / layout.RUNS)
        (state,) = store.listing().runs
        assert state.state == "damaged"
        with pytest.raises(DamagedError):
            store.files(done.run)


@pytest.mark.slow
def test_links_to_files_are_told(kept: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "weights").write_bytes(b"weights")
    (kept.paths.root / "models" / "linked").symlink_to(elsewhere / "weights")
    done = running.run(kept, "nas", quiet)
    assert [word for word in done.warnings if "models/linked" in word and "link" in word]
    assert verifying.verify(kept, "nas", done.run, quiet).is_good


@pytest.mark.slow
def test_a_folder_of_the_workspace_on_another_disk_is_kept(kept: Workspace, tmp_path: Path) -> None:
    originals = kept.paths.root / "originals"
    originals.rename(tmp_path / "originals-elsewhere")
    originals.symlink_to(tmp_path / "originals-elsewhere", target_is_directory=True)
    done = running.run(kept, "nas", quiet)
    with opened(kept, "nas") as on:
        names = [entry.path for entry in read_files(on.repository.files(done.run))]
    assert len([name for name in names if name.startswith("originals/")]) == 6
    assert verifying.verify(kept, "nas", done.run, quiet).is_good


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["send", "compare", "before commit", "after commit"])
def test_a_run_that_is_killed_leaves_what_the_next_one_goes_on_with(
    kept: Workspace, local_target: Server, moment: str
) -> None:
    child = begun(kept.paths.root, moment)
    child.kill()
    child.communicate()
    with opened(kept, "nas") as on:
        before = [run.state for run in on.repository.listing().runs]
    assert before == (["committed"] if moment == "after commit" else ["abandoned"] if moment != "send" else [])
    done = running.run(kept, "nas", quiet)
    assert verifying.verify(kept, "nas", done.run, quiet).is_good
