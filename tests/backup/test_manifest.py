"""What a run holds is read with mistrust: whatever is odd is told, nothing leads out of the folder."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Blob, Check, FileEntry, Manifest, Part, Tally
from binscout_tui.backup.faults import DamagedError, RepoError

RUN = "20261122T010203Z-1a2b3c4d"
SHA = hashlib.sha256(b"hello").hexdigest()
PACK = layout.pack_name("ab" * 32)


def entry(path: str = "originals/a.jpg", **changes: Any) -> FileEntry:
    values = {
        "path": path,
        "kind": "original",
        "size": 5,
        "sha256": SHA,
        "mtime_ns": 1,
        "blob": layout.object_name(SHA),
    }
    return FileEntry(**(values | changes))


def made(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "repo": "0" * 16,
        "run": RUN,
        "began": "2026-11-22T01:02:03.000Z",
        "committed": "2026-11-22T01:03:03.000Z",
        "host": "box",
        "user": "ana",
        "app": "0.1.0",
        "schema": 14,
        "tz_minutes": 60,
        "parent": None,
        "files": Part(name=layout.FILES, size=1, sha256=SHA, count=1),
        "blobs": Part(name=layout.BLOBS, size=1, sha256=SHA, count=1),
        "records": Part(name=layout.RECORDS, size=1, sha256=SHA),
        "members": {"binscout.db": Part(name="binscout.db", size=1, sha256=SHA)},
        "kinds": {"original": Tally(1, 5)},
        "rows": {"image": 1},
        "logical_bytes": 5,
        "added_bytes": 5,
        "added_files": 1,
        "stored_bytes": 5,
        "read_back": "added",
        "durations": {"send": 1.25},
    }
    return Manifest(**(values | changes))


def changed(**changes: Any) -> bytes:
    """A manifest with other values, whose own hash fits them as far as it can."""
    told = json.loads(manifest.encode(made())) | changes
    return json.dumps(told).encode()


def test_a_manifest_comes_back_as_it_was() -> None:
    found = manifest.decode(manifest.encode(made()), RUN)
    assert msgspec.structs.replace(found, sha256="") == made()


def test_every_changed_value_is_noticed() -> None:
    for name, value in {"added_bytes": 6, "host": "other", "rows": {"image": 2}, "warnings": ["x"]}.items():
        with pytest.raises(DamagedError, match="own hash"):
            manifest.decode(changed(**{name: value}), RUN)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"not json",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"format": 1}',
        changed(logical_bytes=-1),
        changed(logical_bytes=1 << 70),
        changed(durations={"send": "NaN"}),
        changed(files={"name": "files.jsonl.gz", "size": 1, "sha256": "x", "count": 1}),
        b" " * (manifest.LONGEST_MANIFEST + 1),
    ],
    ids=range(11),
)
def test_what_is_no_manifest_is_told(data: bytes) -> None:
    with pytest.raises(DamagedError):
        manifest.decode(data, RUN)


def test_a_manifest_of_another_run_or_with_other_parts_is_damaged() -> None:
    with pytest.raises(DamagedError, match="that of run"):
        manifest.decode(manifest.encode(made()), "20261122T010203Z-00000000")
    other = Part(name="../../etc/passwd", size=1, sha256=SHA)
    with pytest.raises(DamagedError, match="instead of"):
        manifest.decode(manifest.encode(made(records=other)), RUN)


def test_a_newer_format_asks_for_an_update() -> None:
    with pytest.raises(RepoError) as caught:
        manifest.decode(changed(format=2), RUN)
    assert caught.value.code == "newer"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4000), st.integers(1, 255))
def test_no_changed_byte_passes_unless_it_says_the_same(at: int, by: int) -> None:
    data = bytearray(manifest.encode(made()))
    at %= len(data)
    data[at] ^= by
    try:
        found = manifest.decode(bytes(data), RUN)
    except (DamagedError, RepoError):
        return
    assert msgspec.structs.replace(found, sha256="") == made()


def test_a_check_comes_back_and_a_changed_one_does_not() -> None:
    check = Check(
        at="2026-11-22T01:02:03.000Z",
        by="ana",
        host="box",
        kind="verify",
        run=RUN,
        level="read back",
        good=[PACK],
        bad={layout.object_name(SHA): "other bytes"},
        complete=True,
    )
    data = manifest.encode(check)
    assert manifest.decode_check(data, "checks/x").good == [PACK]
    with pytest.raises(DamagedError):
        manifest.decode_check(data.replace(b"other bytes", b"no problems"), "checks/x")


def test_lists_come_back_in_order(tmp_path: Path) -> None:
    files = [entry("a"), entry("b/c", blob=PACK, offset=512), entry("b/\ufffd", raw="Yi//")]
    part = manifest.write_lines(tmp_path / layout.FILES, files)
    assert list(manifest.read_files(tmp_path / layout.FILES, part)) == files
    assert part.count == 3
    assert part.sha256 == hashlib.sha256((tmp_path / layout.FILES).read_bytes()).hexdigest()


def test_a_list_can_be_read_with_plain_tools(tmp_path: Path) -> None:
    manifest.write_lines(tmp_path / layout.FILES, [entry()])
    line = gzip.decompress((tmp_path / layout.FILES).read_bytes()).decode()
    assert json.loads(line)["path"] == "originals/a.jpg"


@pytest.mark.parametrize(
    "bad",
    [
        entry("/etc/passwd"),
        entry("../x"),
        entry("a/../b"),
        entry("a//b"),
        entry("./a"),
        entry("a\0b"),
        entry("a/"),
        entry("a", raw="Li4veA=="),
        entry("a", raw="%%%"),
        entry("originals/a.jpg", raw="YmluLmRi"),
        entry("b/d", raw="Yi//"),
        entry("relative", kind="outside"),
        entry("a", blob="objects/ab/" + "cd" * 32),
        entry("a", blob="objects/zz"),
        entry("a", blob="../../x"),
        entry("a", blob=layout.object_name("cd" * 32)),
        entry("a", offset=3),
    ],
    ids=range(17),
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, bad: FileEntry) -> None:
    with pytest.raises(DamagedError):
        manifest.write_lines(tmp_path / layout.FILES, [bad])
    part = manifest.write_lines(tmp_path / layout.FILES, [bad], checked=False)
    with pytest.raises(DamagedError):
        list(manifest.read_files(tmp_path / layout.FILES, part))


@pytest.mark.parametrize("names", [["a", "a"], ["b", "a"]])
def test_a_list_with_doubles_or_out_of_order_is_refused(tmp_path: Path, names: list[str]) -> None:
    part = manifest.write_lines(tmp_path / layout.FILES, map(entry, names))
    with pytest.raises(DamagedError, match="twice or out of order"):
        list(manifest.read_files(tmp_path / layout.FILES, part))


def test_a_list_that_is_cut_off_or_longer_than_said_is_refused(tmp_path: Path) -> None:
    path = tmp_path / layout.FILES
    part = manifest.write_lines(path, [entry(f"{number:04}") for number in range(100)])
    fewer = msgspec.structs.replace(part, count=99)
    more = msgspec.structs.replace(part, count=101)
    for told in (fewer, more):
        with pytest.raises(DamagedError):
            list(manifest.read_files(path, told))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedError):
        list(manifest.read_files(path, part))


def test_a_list_that_swells_without_end_is_stopped_early(tmp_path: Path) -> None:
    path = tmp_path / layout.FILES
    path.write_bytes(gzip.compress(b'{"path": "' + b"a" * (64 << 20)))
    part = Part(name=layout.FILES, size=path.stat().st_size, sha256=SHA, count=1)
    with pytest.raises(DamagedError, match="too long"):
        list(manifest.read_files(path, part))


def test_blobs_must_have_names_of_their_own_kind(tmp_path: Path) -> None:
    good = Blob(name=layout.object_name(SHA), size=5, sha256=SHA, files=1)
    path = tmp_path / layout.BLOBS
    assert list(manifest.read_blobs(path, manifest.write_lines(path, [good]))) == [good]
    for name in ("objects/x", "runs/a", layout.object_name("cd" * 32), f"objects/00/{SHA}"):
        part = manifest.write_lines(path, [msgspec.structs.replace(good, name=name)])
        with pytest.raises(DamagedError):
            list(manifest.read_blobs(path, part))


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name))
def test_any_name_of_a_file_system_is_kept(name: bytes) -> None:
    path, raw = manifest.entry_path(name)
    assert entry(path or "?", raw=raw).name() == name if raw is not None else path.encode() == name
