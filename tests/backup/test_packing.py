"""Packs: plain tars that are the same for the same files, and files that change while they are read."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import FileEntry, entry_path
from binscout_tui.backup.archive.packing import PackWriter, ShortError, member_name, repack
from binscout_tui.backup.making.reading import SourceError, hashed, into_pack
from binscout_tui.backup.making.scan import Folder, HashCache, walk

NAMES = st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name and b"/" not in name)
FILES = st.dictionaries(NAMES.map(lambda name: b"models/" + name), st.binary(max_size=3000), min_size=1, max_size=8)


def packed(path: Path, files: dict[bytes, bytes]) -> tuple[str, list[FileEntry]]:
    """A pack of these files; its hash, and where each lies."""
    pack = PackWriter(path)
    found = []
    for name, data in files.items():
        found.append((name, pack.add(member_name(name), io.BytesIO(data), len(data), lambda got: None)))  # type: ignore[arg-type]
    sha256 = pack.close()
    entries = []
    for name, taken in found:
        shown, raw = entry_path(name)
        place = {"blob": layout.pack_name(sha256), "offset": taken.offset, "size": taken.size, "sha256": taken.sha256}
        entries.append(FileEntry(path=shown, raw=raw, kind="model", mtime_ns=0, **place))  # type: ignore[arg-type]
    return sha256, entries


@settings(max_examples=40, deadline=None)
@given(files=FILES)
def test_a_pack_is_a_tar_with_known_places_and_can_be_made_again(
    tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, bytes]
) -> None:
    path = tmp_path_factory.mktemp("packs") / "one.tar"
    sha256, entries = packed(path, files)
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == sha256
    for entry in entries:
        assert data[entry.offset : entry.offset + entry.size] == files[entry.name()]  # type: ignore[operator]
    with tarfile.open(path, errors="surrogateescape") as archive:
        assert {one.name.encode("utf-8", "surrogateescape"): one.size for one in archive} == {
            name: len(content) for name, content in files.items()
        }

    @contextmanager
    def member(entry: FileEntry) -> Iterator[io.BytesIO]:
        yield io.BytesIO(files[entry.name()])

    assert b"".join(repack(reversed(entries), member)) == data


def test_gnu_tar_takes_it_out(tmp_path: Path) -> None:
    files = {b"models/" + b"x" * 250: b"long", b"originals/ab/c.jpg": b"picture" * 500, b"/else where/\xff": b"outside"}
    packed(tmp_path / "one.tar", files)
    subprocess.run(["tar", "xf", "one.tar"], cwd=tmp_path, check=True)
    for name, data in files.items():
        assert (tmp_path / member_name(name).decode("utf-8", "surrogateescape")).read_bytes() == data


def test_what_was_taken_back_leaves_no_trace(tmp_path: Path) -> None:
    wanted, _ = packed(tmp_path / "plain.tar", {b"a": b"1" * 700, b"b": b"2" * 9})
    pack = PackWriter(tmp_path / "other.tar")
    pack.add(b"a", io.BytesIO(b"1" * 700), 700, lambda got: None)  # type: ignore[arg-type]
    pack.add(b"not wanted", io.BytesIO(b"3" * 5000), 5000, lambda got: None)  # type: ignore[arg-type]
    pack.undo()
    with pytest.raises(ShortError):
        pack.add(b"short", io.BytesIO(b"3" * 5000), 5001, lambda got: None)  # type: ignore[arg-type]
    pack.add(b"b", io.BytesIO(b"2" * 9), 9, lambda got: None)  # type: ignore[arg-type]
    assert pack.close() == wanted
    assert (tmp_path / "other.tar").read_bytes() == (tmp_path / "plain.tar").read_bytes()


def test_a_file_that_is_written_at_every_try_is_kept_in_one_state(tmp_path: Path) -> None:
    log = tmp_path / "runs" / "log"
    log.parent.mkdir()
    log.write_bytes(b"line\n" * 100)
    (found,) = walk(tmp_path, [Folder("runs", "run")], lambda path, why: None)

    def written(got: int) -> None:
        with log.open("ab") as out:
            out.write(b"more\n")

    pack = PackWriter(tmp_path / "one.tar")
    kept = into_pack(pack, tmp_path, found, written)
    pack.close()
    assert kept.restless
    stored = (tmp_path / "one.tar").read_bytes()[kept.taken.offset : kept.taken.offset + kept.taken.size]
    assert hashlib.sha256(stored).hexdigest() == kept.taken.sha256
    assert log.read_bytes().startswith(stored)
    assert pack.members == 1


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a").write_bytes(b"1")
    (found,) = walk(tmp_path, [Folder("runs", "run")], lambda path, why: None)
    (tmp_path / "runs" / "a").unlink()
    with pytest.raises(FileNotFoundError):
        hashed(tmp_path, found, lambda got: None)
    (tmp_path / "runs" / "a").symlink_to("a")
    with pytest.raises(SourceError):
        hashed(tmp_path, found, lambda got: None)


def test_hashes_are_remembered_only_while_a_file_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    path = tmp_path / "runs" / "a"
    path.write_bytes(b"1")
    cache = HashCache(tmp_path / "hashes.db")

    def look() -> bytes | None:
        (found,) = walk(tmp_path, [Folder("runs", "run")], lambda path, why: None)
        return cache.hash_of(found)

    (found,) = walk(tmp_path, [Folder("runs", "run")], lambda path, why: None)
    cache.remember([(found, b"h" * 32)])
    assert look() is None, "it was written a moment ago, and may be again within the same tick"
    cache.close()


def test_a_cache_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "hashes.db").write_bytes(b"no database" * 1000)
    cache = HashCache(tmp_path / "hashes.db")
    cache.forget_others([])
    cache.close()
