"""A target whose every byte is an enemy's: nothing crashes, grows without bound, or is written elsewhere."""

from __future__ import annotations

import base64
import json
import os
import random
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import igzip

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import FileEntry, Part
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.faults import DamagedError, RemoteError, RepoError
from binscout_tui.backup.restoring import extract
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote
from tests.backup import enemy as enemies
from tests.backup.enemy import OTHER_RUN, RUN, Enemy, Item, entry, forge
from tests.backup.servers import Server

MANIFEST = f"runs/{RUN}/{layout.MANIFEST}"
ODD_NAMES = [
    "../../../etc/passwd",
    "..",
    ".",
    "/etc/passwd",
    "a\x1b]0;title\x07b",
    "a\nb",
    "‮gpj.exe",
    "x" * 5000,
    "",
    "%2e%2e%2fetc",
    "\u0662\u0660\u0662\u0666\u0661\u0661\u0662\u0662T\u0660\u0661\u0660\u0662\u0660\u0663Z-1a2b3c4d",
    "20269999T010203Z-1a2b3c4d",
    "manifest.json.0a0b0c0d.partial",
]


@pytest.fixture
def enemy(tmp_path: Path) -> Iterator[Enemy]:
    folder = tmp_path / "enemy"
    folder.mkdir()
    yield from enemies.serving(Enemy(folder))


@pytest.fixture
def repository(enemy: Enemy, tmp_path: Path) -> Iterator[Repository]:
    """The store on the enemy's server, asked by the real rclone."""
    config = tmp_path / "rclone.conf"
    config.write_text(enemy.section())
    with Rclone(config, quick=True, stall_s=8) as rclone:
        yield Repository(Remote(rclone, "there:", "the NAS"), tmp_path / "cache")


def cached(tmp_path: Path) -> set[str]:
    """All files of the test's folder outside of the enemy's."""
    found = (path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != "enemy"}


def test_an_honest_answer_is_understood(enemy: Enemy, repository: Repository) -> None:
    data = b"bytes"
    one = entry("originals/a.jpg", data)
    forge(enemy.folder, [one], stored={one.blob: data})
    (run,) = repository.listing().runs
    assert (run.state, run.reason, run.verified) == ("committed", "", "sizes")


def test_names_that_lead_elsewhere_stay_words(enemy: Enemy, repository: Repository, tmp_path: Path) -> None:
    forge(enemy.folder)
    before = cached(tmp_path)
    enemy.lists = lambda path, items: items + [Item(name, 5) for name in ODD_NAMES]
    listing = repository.listing()
    assert [run.run for run in listing.runs] == [RUN]
    assert listing.blobs == {}
    new = cached(tmp_path) - before
    assert all(
        name.startswith(f"cache/runs/{RUN}/") or (name.startswith("cache/") and "/" not in name[6:]) for name in new
    )


@pytest.mark.parametrize("size", ["-1", "99999999999999999999", "abc", str(2**62), ""])
def test_sizes_that_are_none_make_a_run_damaged_and_no_crash(enemy: Enemy, repository: Repository, size: str) -> None:
    forge(enemy.folder)
    enemy.lists = lambda path, items: [msgspec_item(item, size) for item in items]
    try:
        states = [run.state for run in repository.listing().runs]
    except (RemoteError, RepoError, DamagedError):
        return
    assert "committed" not in states


def msgspec_item(item: Item, size: str) -> Item:
    return item if item.folder or item.name == layout.REPO_FILE else Item(item.name, size)


def test_a_target_that_lists_other_things_each_time_never_makes_a_run_better(
    enemy: Enemy, repository: Repository
) -> None:
    one = entry("originals/a.jpg", b"bytes")
    forge(enemy.folder, [one])  # the object itself is not there
    forge(enemy.folder, [one], run=OTHER_RUN)
    chance = random.Random(7)

    def other(path: str, items: list[Item]) -> list[Item]:
        kept = [item for item in items if item.folder or chance.random() < 0.7]
        for item in kept:
            if not item.folder and chance.random() < 0.3:
                item.size = chance.randrange(1 << 40)
        return [*kept, *(Item(f"x{chance.random()}", 1) for _ in range(3))]

    enemy.lists = other
    for _ in range(12):
        try:
            listing = repository.listing()
        except (RemoteError, RepoError, DamagedError):
            continue
        assert all(run.verified != "read back" for run in listing.runs)
        assert {run.run for run in listing.runs} <= {RUN, OTHER_RUN}


def test_a_file_that_is_listed_and_not_there_harms_its_own_run_alone(enemy: Enemy, repository: Repository) -> None:
    forge(enemy.folder)
    forge(enemy.folder, run=OTHER_RUN)
    (enemy.folder / "checks").mkdir()
    (enemy.folder / "checks" / f"{RUN}.json").write_text("{}")
    enemy.sends = lambda name, data: 404 if name == MANIFEST or name.startswith("checks") else data
    found = {run.run: run.state for run in repository.listing().runs}
    assert found == {RUN: "damaged", OTHER_RUN: "committed"}


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * (1 << 20)


def test_a_manifest_without_end_is_left_early(enemy: Enemy, repository: Repository) -> None:
    forge(enemy.folder)
    enemy.sends = lambda name, data: endless() if name == MANIFEST else data
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((DamagedError, RemoteError)):
        repository.manifest(RUN)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB


def test_a_list_without_end_does_not_fill_the_disk(enemy: Enemy, repository: Repository, tmp_path: Path) -> None:
    forge(enemy.folder)
    enemy.sends = lambda name, data: endless() if name.endswith(layout.FILES) else data
    with pytest.raises((DamagedError, RemoteError)):
        repository.files(RUN)
    assert sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file()) < 64 << 10


def test_other_bytes_at_the_second_look_are_told(enemy: Enemy, repository: Repository) -> None:
    forge(enemy.folder)
    repository.listing()
    enemy.sends = lambda name, data: data[:-1] + b"!" if name.endswith(layout.RECORDS) else data
    target = repository.cache / "records"
    with pytest.raises(DamagedError, match="hash"):
        repository.records(RUN, target)
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "foreign"),
        ("[]", "foreign"),
        ("null", "foreign"),
        ("\x00\xff", "foreign"),
        ("[" * 60_000, "foreign"),
        ('{"program": "borg", "id": 7}', "foreign"),
        ('{"program": "binscout", "format": 1, "id": "../../x", "created": ""}', "foreign"),
        ('{"program": "binscout", "format": 1e400, "id": "0123456789abcdef", "created": ""}', "foreign"),
        ('{"program": "binscout", "format": 99, "id": 5}', "newer"),
        ('{"program": "binscout", "format": true, "id": "0123456789abcdef", "created": ""}', "foreign"),
    ],
)
def test_the_store_file_of_another_program_is_left_alone(
    enemy: Enemy, repository: Repository, text: str, code: str
) -> None:
    (enemy.folder / layout.REPO_FILE).write_bytes(text.encode("latin-1"))
    for action in (repository.open, repository.open_or_create, repository.listing):
        with pytest.raises(RepoError) as error:
            action()
        assert error.value.code == code
    assert (enemy.folder / layout.REPO_FILE).read_bytes() == text.encode("latin-1")
    assert not [line for line in enemy.asked if line.startswith(("PUT", "DELETE", "MOVE"))]


def test_a_store_file_of_gigabytes_is_left_early(enemy: Enemy, repository: Repository) -> None:
    (enemy.folder / layout.REPO_FILE).write_text("{}")
    enemy.sends = lambda name, data: endless()
    with pytest.raises((DamagedError, RepoError, RemoteError)):
        repository.open()


def test_a_folder_of_other_things_is_never_made_a_store(enemy: Enemy, repository: Repository) -> None:
    (enemy.folder / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(RepoError) as error:
        repository.open_or_create()
    assert error.value.code == "foreign"
    assert [path.name for path in enemy.folder.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize(
    "changes",
    [
        {"began": "yesterday"},
        {"committed": "2026-11-22T01:02:03"},
        {"committed": "2026-11-22T01:02:03Z\x1b[2J"},
        {"parent": "../../x"},
        {"parent": RUN + "\n"},
        {"files": Part(name="../x", size=1, sha256="0" * 64)},
        {"records": Part(name="manifest.json", size=1, sha256="0" * 64)},
        {"repo": "f" * 16},
        {"run": OTHER_RUN},
    ],
    ids=str,
)
def test_a_sealed_manifest_with_odd_values_is_damaged(
    enemy: Enemy, repository: Repository, changes: dict[str, Any]
) -> None:
    forge(enemy.folder, **({"run": RUN} | {key: value for key, value in changes.items() if key != "run"}))
    if "run" in changes:
        other = msgspec.structs.replace(forge(enemy.folder), run=changes["run"])
        (enemy.folder / MANIFEST).write_bytes(manifest.encode(other))
    (run,) = repository.listing().runs
    assert run.state == "damaged"
    assert run.reason


def test_memory_stays_small_whatever_the_json(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in (b'{"a": [' + b"{}," * 2_700_000 + b"{}]}", b"[" * 8_000_000, b'{"a":' * 1_000_000, b"9" * 8_000_000):
        with pytest.raises((DamagedError, RepoError)):
            manifest.decode(data, RUN)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000  # KiB


def test_a_list_of_ten_gigabytes_in_little_is_read_in_little(tmp_path: Path) -> None:
    """It is one line without end, then a million lines more than said, then bytes that are no line."""
    path = tmp_path / layout.FILES
    line = json.dumps({"path": "a", "kind": "original"}).encode() + b"\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for block, count in ((b"a" * (1 << 20), 64), (line * 1000, 2000), (b"\n" * (1 << 20), 4)):
        with igzip.open(path, "wb", compresslevel=1) as out:
            for _ in range(count):
                out.write(block)
        part = Part(name=layout.FILES, size=path.stat().st_size, sha256="0" * 64, count=5)
        with pytest.raises(DamagedError):
            for _ in manifest.read_files(path, part):
                pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KiB


ANYWHERE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(ODD_NAMES),
    st.builds("/".join, st.lists(st.sampled_from(["originals", "..", ".", "", "models", "a", "backup"]), max_size=6)),
)
KINDS = st.sampled_from(["original", "model", "run", "dataset", "incoming", "outside", "other"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYWHERE.filter(bool), KINDS, st.one_of(st.none(), st.binary(max_size=40)))
def test_no_list_can_name_a_place_outside_of_its_own_folder(
    tmp_path: Path, path: str, kind: str, raw: bytes | None
) -> None:
    """Whatever the list says: it is refused, or lies below the one folder of its kind."""
    text = None if raw is None else base64.b64encode(raw).decode()
    try:
        one = entry(path, kind=kind, raw=text)
        line = msgspec.json.encode(one) + b"\n"
    except (msgspec.MsgspecError, UnicodeEncodeError, ValueError):
        return  # cannot even be written
    (tmp_path / layout.FILES).write_bytes(igzip.compress(line))
    try:
        (found,) = manifest.read_files(tmp_path / layout.FILES)
        place = extract.place(found)
    except DamagedError:
        return
    folder = os.fsencode(tmp_path / "staged")
    whole = os.path.normpath(os.path.join(folder, place))  # noqa: PTH118  bytes
    assert whole.startswith(folder + b"/" + extract.FOLDERS[found.kind] + b"/")
    assert b"\0" not in whole


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_as_a_list_crash(tmp_path: Path, data: bytes) -> None:
    for packed in (data, igzip.compress(data)):
        (tmp_path / layout.FILES).write_bytes(packed)
        for read in (manifest.read_files, manifest.read_blobs):
            try:
                for one in read(tmp_path / layout.FILES):
                    assert not isinstance(one, FileEntry) or one.path
            except DamagedError:
                pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(manifest.Manifest.__struct_fields__), JSON, max_size=4))
def test_no_value_in_a_manifest_crashes(changes: dict[str, Any]) -> None:
    told = json.loads(_sealed()) | changes
    try:
        found = manifest.decode(json.dumps(told).encode(), RUN)
    except (DamagedError, RepoError):
        return
    assert found == manifest.decode(_sealed(), RUN)


def _sealed(made: list[bytes] = []) -> bytes:  # noqa: B006  made once
    if not made:
        with tempfile.TemporaryDirectory() as folder:
            made.append(manifest.encode(forge(Path(folder))))
    return made[0]


def test_links_on_a_local_target_are_neither_read_nor_written_through(local_target: Server, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"not yours")
    forge(local_target.folder)
    (local_target.folder / "packs").symlink_to(outside, target_is_directory=True)
    (local_target.folder / "objects").mkdir()
    (local_target.folder / "objects" / "ab").symlink_to("/etc", target_is_directory=True)
    (local_target.folder / "runs" / RUN / layout.RECORDS).unlink()
    (local_target.folder / "runs" / RUN / layout.RECORDS).symlink_to(outside / "secret")
    (tmp_path / "rclone.conf").touch()
    with Rclone(tmp_path / "rclone.conf", quick=True) as rclone:
        repository = Repository(Remote(rclone, str(local_target.folder), "the NAS"), tmp_path / "cache")
        (run,) = repository.listing().runs
        assert run.state == "damaged"
        assert layout.RECORDS in run.reason
        with pytest.raises((DamagedError, RemoteError)):
            repository.records(RUN, tmp_path / "records")
        with pytest.raises(RemoteError, match="is a link"):
            repository.remote.write(layout.pack_name("ab" * 32), b"bytes")
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert not (tmp_path / "records").exists()
