"""A store of backups on a folder: states of runs, what is kept, what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Blob, Check, FileEntry, Manifest, Part, Tally
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.faults import DamagedError, RepoError
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote

DATA = b"a picture"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    """One rclone for all tests of this file."""
    config = tmp_path_factory.mktemp("config") / "rclone.conf"
    config.touch()
    with Rclone(config, quick=True) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The folder that is the target; not there yet."""
    return tmp_path / "target"


@pytest.fixture
def repository(rclone: Rclone, target: Path, tmp_path: Path) -> Repository:
    """A new store in it."""
    store = Repository(Remote(rclone, str(target), "the disk"), tmp_path / "cache")
    store.create()
    return store


def committed(store: Repository, folder: Path, hour: int = 1) -> Manifest:
    """A run with one object, as a backup leaves it."""
    source = folder / "object"
    source.write_bytes(DATA)
    store.remote.upload(source, layout.object_name(SHA))
    run = layout.new_run_id(datetime(2026, 11, 22, hour, tzinfo=UTC))
    entry = FileEntry(
        path="originals/a.jpg", kind="original", size=len(DATA), sha256=SHA, mtime_ns=1, blob=layout.object_name(SHA)
    )
    files = manifest.write_lines(folder / layout.FILES, [entry])
    blobs = manifest.write_lines(
        folder / layout.BLOBS, [Blob(name=layout.object_name(SHA), size=len(DATA), sha256=SHA, files=1)]
    )
    (folder / layout.RECORDS).write_bytes(b"records")
    records = Part(name=layout.RECORDS, size=7, sha256=hashlib.sha256(b"records").hexdigest())
    for part in (files, blobs, records):
        store.remote.upload(folder / part.name, layout.run_file(run, part.name))
    found = Manifest(
        repo=store.open().id,
        run=run,
        began="2026-11-22T01:00:00.000Z",
        committed="2026-11-22T01:00:01.000Z",
        host="box",
        user="ana",
        app="0.1.0",
        schema=14,
        tz_minutes=0,
        parent=None,
        files=files,
        blobs=blobs,
        records=records,
        members={},
        kinds={"original": Tally(1, len(DATA))},
        rows={"image": 1},
        logical_bytes=len(DATA),
        added_bytes=len(DATA),
        added_files=1,
        stored_bytes=len(DATA),
        read_back="added",
        durations={},
    )
    store.remote.write(layout.run_file(run, layout.MANIFEST), manifest.encode(found))
    return found


def names_of(run: Manifest) -> list[str]:
    """All stored files of a run but its manifest."""
    parts = [layout.run_file(run.run, part.name) for part in (run.files, run.blobs, run.records)]
    return [layout.object_name(SHA), *parts]


def looked(run: Manifest, at: str, good: list[str], bad: dict[str, str] | None = None) -> Check:
    """What somebody found who read these back."""
    return Check(
        at=at,
        by="ana",
        host="box",
        kind="verify",
        run=run.run,
        level="read back",
        good=good,
        bad=bad or {},
        complete=True,
    )


def test_a_store_is_made_once_and_known_again(repository: Repository) -> None:
    assert repository.open_or_create() == repository.open()
    with pytest.raises(RepoError, match="holds other things"):
        repository.create()


def test_a_folder_of_others_is_never_taken(rclone: Rclone, target: Path, tmp_path: Path) -> None:
    target.mkdir()
    (target / "holiday.jpg").write_bytes(b"x")
    store = Repository(Remote(rclone, str(target), "the disk"), tmp_path / "cache")
    with pytest.raises(RepoError) as caught:
        store.open_or_create()
    assert caught.value.code == "foreign"
    assert [path.name for path in target.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"program": "binscout", "format": 2, "id": "0000000000000000", "created": ""}', "newer"),
        ('{"program": "other", "format": 1, "id": "0000000000000000", "created": ""}', "foreign"),
        ("not json", "foreign"),
        ("[" * 50_000, "foreign"),
        ('{"program": "binscout", "format": 1, "id": "../x", "created": ""}', "foreign"),
    ],
)
def test_a_store_of_another_program_or_a_newer_one_is_refused(
    repository: Repository, target: Path, text: str, code: str
) -> None:
    (target / layout.REPO_FILE).write_text(text)
    with pytest.raises(RepoError) as caught:
        repository.listing()
    assert caught.value.code == code


def test_a_committed_run_is_shown_with_what_is_proven(repository: Repository, tmp_path: Path) -> None:
    run = committed(repository, tmp_path)
    found = repository.listing().runs[0]
    assert (found.run, found.state, found.verified) == (run.run, "committed", "sizes")
    repository.add_check(looked(run, "2026-11-23T00:00:00.000Z", names_of(run)[:1]))
    assert repository.listing().runs[0].verified == "sizes"  # its lists were not read back
    repository.add_check(looked(run, "2026-11-24T00:00:00.000Z", names_of(run)[1:]))
    found = repository.listing().runs[0]
    assert (found.verified, found.verified_at) == ("read back", "2026-11-23T00:00:00.000Z")


def test_a_run_without_a_manifest_does_not_exist(repository: Repository, target: Path, tmp_path: Path) -> None:
    run = committed(repository, tmp_path)
    (target / layout.run_file(run.run, layout.MANIFEST)).unlink()
    found = repository.listing()
    assert [one.state for one in found.runs] == ["abandoned"]
    assert not any(one.is_good for one in found.runs)


def test_a_run_whose_manifest_was_seen_and_is_gone_is_damaged_unless_it_was_given_up(
    repository: Repository, target: Path, tmp_path: Path
) -> None:
    run = committed(repository, tmp_path)
    repository.listing()
    path = target / layout.run_file(run.run, layout.MANIFEST)
    data = path.read_bytes()
    path.unlink()
    found = repository.listing().runs[0]
    assert (found.state, found.manifest, found.reason) == ("damaged", None, "its manifest is gone")
    path.with_name(layout.GIVEN_UP).write_bytes(data)
    assert repository.listing().runs[0].state == "abandoned"


def test_what_is_missing_or_short_makes_a_run_damaged(repository: Repository, target: Path, tmp_path: Path) -> None:
    committed(repository, tmp_path)
    stored = target / layout.object_name(SHA)
    stored.write_bytes(DATA[:-1])
    found = repository.listing().runs[0]
    assert (found.state, found.missing) == ("damaged", 1)
    stored.write_bytes(DATA)
    assert repository.listing().runs[0].state == "committed"


def test_what_was_read_back_wrong_makes_a_run_damaged_until_it_is_right_again(
    repository: Repository, tmp_path: Path
) -> None:
    run = committed(repository, tmp_path)
    name = layout.object_name(SHA)
    repository.add_check(looked(run, "2026-11-23T00:00:00.000Z", [], {name: "other bytes"}))
    found = repository.listing().runs[0]
    assert (found.state, found.bad) == ("damaged", 1)
    repository.add_check(looked(run, "2026-11-24T00:00:00.000Z", names_of(run)))
    assert repository.listing().runs[0].state == "committed"


def test_an_edited_manifest_and_a_changed_list_are_damage(repository: Repository, target: Path, tmp_path: Path) -> None:
    run = committed(repository, tmp_path)
    path = target / layout.run_file(run.run, layout.MANIFEST)
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"rows": {"image": 1_000_000}}))
    assert "own hash" in repository.listing().runs[0].reason
    path.write_bytes(manifest.encode(run))
    lists = target / layout.run_file(run.run, layout.FILES)
    data = bytearray(lists.read_bytes())
    data[-1] ^= 1
    lists.write_bytes(data)
    with pytest.raises(DamagedError, match="hash does not fit"):
        repository.files(run.run)


def test_a_run_of_another_store_is_not_ours(repository: Repository, target: Path, tmp_path: Path) -> None:
    run = committed(repository, tmp_path)
    foreign = manifest.encode(msgspec.structs.replace(run, repo="f" * 16))
    (target / layout.run_file(run.run, layout.MANIFEST)).write_bytes(foreign)
    assert "another store" in repository.listing().runs[0].reason


def test_lists_are_fetched_once_and_a_damaged_cache_is_fetched_again(
    repository: Repository, target: Path, tmp_path: Path
) -> None:
    run = committed(repository, tmp_path)
    kept = repository.files(run.run)
    (target / layout.run_file(run.run, layout.FILES)).unlink()
    assert repository.files(run.run) == kept
    kept.write_bytes(b"rubbish")
    with pytest.raises(DamagedError, match="missing"):
        repository.files(run.run)


def test_what_was_seen_last_is_there_without_the_target(repository: Repository, tmp_path: Path) -> None:
    assert repository.cached() is None
    run = committed(repository, tmp_path)
    repository.listing()
    found = repository.cached()
    assert found is not None
    assert [one.run for one in found.runs] == [run.run]
    (repository.cache / "listing.json").write_text("{")
    assert repository.cached() is None


def test_newest_first(repository: Repository, tmp_path: Path) -> None:
    runs = [committed(repository, tmp_path, hour).run for hour in (3, 1, 2)]
    assert [one.run for one in repository.listing().runs] == sorted(runs, reverse=True)


def test_what_no_run_made_is_stray(repository: Repository, target: Path) -> None:
    (target / "packs").mkdir()
    (target / "packs" / "half.partial").write_bytes(b"x")
    assert repository.listing().stray == ["packs/half.partial"]
