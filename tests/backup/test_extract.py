"""Nothing but what a list names is written, and only with the right bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive.manifest import FileEntry, Part
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.restoring.extract import Cutter, extract_records, place, write_exact
from tests.backup.rewriting import everything_outside

SHA = hashlib.sha256(b"bytes").hexdigest()


def entry(path: str, kind: str = "original", raw: bytes | None = None) -> FileEntry:
    packed = None if raw is None else base64.b64encode(raw).decode()
    return FileEntry(path=path, kind=kind, size=5, sha256=SHA, mtime_ns=0, blob="x", raw=packed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bad",
    [
        entry("binscout.db"),
        entry("originals"),
        entry("originals/"),
        entry("originals/../binscout.db"),
        entry("originals/./a"),
        entry("originals//a"),
        entry("/originals/a"),
        entry("../originals/a"),
        entry("models/a"),
        entry("backup/targets.json"),
        entry("logs/a", "other"),
        entry("/etc/passwd", "outside"),
        entry("originals/a", "model"),
        entry("originals/a", raw=b"originals/../../a"),
    ],
    ids=lambda one: f"{one.kind} {one.path}",
)
def test_a_path_that_leads_elsewhere_is_refused(bad: FileEntry) -> None:
    with pytest.raises(DamagedError, match="where no"):
        place(bad)


def test_a_path_is_what_its_bytes_say() -> None:
    assert place(entry("runs/a/b.txt", "run")) == b"runs/a/b.txt"
    assert place(entry("models/?", "model", raw=b"models/\xff\n")) == b"models/\xff\n"


def write(target: Path, data: bytes, size: int, sha256: str = "") -> None:
    told = sha256 or hashlib.sha256(data).hexdigest()
    blocks = iter([data[:3], data[3:]])
    write_exact(blocks, target, size=size, sha256=told, mode=0o444, mtime_ns=7_000_000_000, watch=lambda moved: None)


def test_a_file_has_exactly_the_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a", b"bytes", 5)
    seen = (tmp_path / "a").stat()
    assert ((tmp_path / "a").read_bytes(), seen.st_mode & 0o7777, seen.st_mtime) == (b"bytes", 0o444, 7)


@pytest.mark.parametrize(
    ("size", "sha256", "words"), [(4, "", "more than"), (6, "", "5 of its 6"), (5, "0" * 64, "not those")]
)
def test_other_bytes_leave_nothing(tmp_path: Path, size: int, sha256: str, words: str) -> None:
    with pytest.raises(DamagedError, match=words):
        write(tmp_path / "a", b"bytes", size, sha256)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"mine")
    (tmp_path / "a").symlink_to(tmp_path / "outside")
    write(tmp_path / "a", b"bytes", 5)
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert not (tmp_path / "a").is_symlink()


@given(st.binary(max_size=400), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60))), st.integers(1, 50))
def test_parts_of_a_stream_are_those_of_the_whole(data: bytes, wanted: list[tuple[int, int]], block: int) -> None:
    cutter = Cutter((data[i : i + block] for i in range(0, len(data), block)), 0)
    for start, size in sorted(wanted):
        if start >= cutter.at:
            assert b"".join(cutter.take(start, size)) == data[start : start + size]


def archive(*members: tuple[tarfile.TarInfo, bytes], end: bool = True) -> bytes:
    out = io.BytesIO()
    for info, data in members:
        out.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
    return gzip.compress(out.getvalue() + bytes(1024) * end, 1)


def member(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    return info, data


def part(data: bytes) -> Part:
    return Part(name="x", size=len(data), sha256=hashlib.sha256(data).hexdigest())


GOOD = member("a", b"bytes"), member("csv/b", b"more")
MEMBERS = {"a": part(b"bytes"), "csv/b": part(b"more")}


def extracted(folder: Path, data: bytes, members: dict[str, Part] | None = None) -> Path:
    (folder / "records.tar.gz").write_bytes(data)
    extract_records(folder / "records.tar.gz", members or MEMBERS, folder / "out", lambda moved: None)
    return folder / "out"


def test_records_are_unpacked(tmp_path: Path) -> None:
    out = extracted(tmp_path, archive(*GOOD))
    assert {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()} == {
        "a": b"bytes",
        "csv/b": b"more",
    }


def test_a_long_name_is_a_name(tmp_path: Path) -> None:
    name = "logs/" + "x" * 200
    out = extracted(tmp_path, archive(member(name, b"log")), {name: part(b"log")})
    assert (out / name).read_bytes() == b"log"


HOSTILE = {
    "absolute": archive(member("/tmp/evil", b"x")),
    "dots": archive(member("../evil", b"x")),
    "link": archive(member("a", b"", tarfile.SYMTYPE, "/etc")),
    "hard link": archive(member("a", b"", tarfile.LNKTYPE, "../../evil")),
    "device": archive(member("a", b"", tarfile.CHRTYPE)),
    "pipe": archive(member("a", b"", tarfile.FIFOTYPE)),
    "folder": archive(member("csv", b"", tarfile.DIRTYPE)),
    "pax header": archive(member("a", b"30 path=/tmp/evil\n", tarfile.XHDTYPE)),
    "sparse": archive(member("a", b"", tarfile.GNUTYPE_SPARSE)),
    "twice": archive(GOOD[0], GOOD[0], GOOD[1]),
    "unknown": archive(*GOOD, member("c", b"x")),
    "larger": archive(member("a", b"bytes and more"), GOOD[1]),
    "other bytes": archive(member("a", b"bYtes"), GOOD[1]),
    "cut at a member": archive(GOOD[0], end=False),
    "ends early": archive(GOOD[0]),
    "cut": archive(*GOOD)[:-30],
    "no gzip": b"nonsense" * 100,
    "empty": b"",
    "bad header": gzip.compress(b"\1" * 2048),
    "name too long": archive(member("././@LongLink", b"x" * 5000, tarfile.GNUTYPE_LONGNAME)),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_records_write_nothing_elsewhere(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "evil").write_bytes(b"mine")
    inside = tmp_path / "inside"
    inside.mkdir()
    before = everything_outside(tmp_path, inside)
    with pytest.raises(DamagedError):
        extracted(inside, data)
    assert everything_outside(tmp_path, inside) == before
    assert all(p.is_file() or p.is_dir() for p in inside.rglob("*"))


def test_a_name_in_the_manifest_is_not_trusted_either(tmp_path: Path) -> None:
    for name in ("../evil", "/evil", "a/../../evil"):
        folder = tmp_path / hashlib.md5(name.encode()).hexdigest()
        folder.mkdir()
        with pytest.raises(DamagedError):
            extracted(folder, archive(member(name, b"x")), {name: part(b"x")})
    assert not (tmp_path / "evil").exists()


def test_a_bomb_stops_at_its_declared_size(tmp_path: Path) -> None:
    """10 GB of zeroes weigh 10 MB: no more than what is declared is ever unpacked."""

    class Zeroes(io.RawIOBase):
        left = 64 << 20

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left)
            buffer[:size] = bytes(size)
            self.left -= size
            return size

    info = tarfile.TarInfo("a")
    info.size = 5
    with gzip.open(tmp_path / "records.tar.gz", "wb", 1) as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        zeroes = Zeroes()
        while block := zeroes.read(1 << 20):
            out.write(block)
    moved = list[int]()
    with pytest.raises(DamagedError):
        extract_records(tmp_path / "records.tar.gz", {"a": part(b"bytes")}, tmp_path / "out", moved.append)
    assert sum(moved) <= 5
    assert list((tmp_path / "out").iterdir()) == []


def blocks() -> Iterator[bytes]:
    yield b"by"
    raise OSError("the line broke")


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="broke"):
        write_exact(blocks(), tmp_path / "a", size=5, sha256=SHA, mode=0o644, mtime_ns=0, watch=lambda moved: None)
    assert list(tmp_path.iterdir()) == []
