"""Finding files: order, links, special files, sidecars, hostile names."""

from __future__ import annotations

import base64
import csv
import os
import socket
import tarfile
from pathlib import Path

import pytest

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Found, Skipped, scan


def found(*paths: Path) -> list[str]:
    return [result.path.name for result in scan(paths) if isinstance(result, Found)]


def rejected(*paths: Path) -> dict[str, Code]:
    return {result.path.name: result.code for result in scan(paths) if isinstance(result, Rejected)}


def skipped(*paths: Path) -> set[str]:
    return {result.path.name for result in scan(paths) if isinstance(result, Skipped)}


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_everything_below_in_byte_order(tmp_path: Path) -> None:
    fill(tmp_path, "b.jpg", "B.jpg", "a/z.png", "a/.hidden.jpg", "é.jpg", "no_extension", "archive.zip")
    assert found(tmp_path) == ["B.jpg", ".hidden.jpg", "z.png", "archive.zip", "b.jpg", "no_extension", "é.jpg"]
    assert {result.root for result in scan([tmp_path]) if isinstance(result, Found)} == {tmp_path}


def test_sidecars_and_system_files_are_skipped_and_counted(tmp_path: Path) -> None:
    names = ["MANIFEST.csv", "a.JSON", "x.txt", ".DS_Store", "Thumbs.db", "._a.jpg", ".~lock", "half.jpg.part", "m.tmp"]
    fill(tmp_path, *names, ".git/config", "@eaDir/a.jpg", "good.jpg")
    assert found(tmp_path) == ["good.jpg"]
    assert skipped(tmp_path) == {*names, ".git", "@eaDir"}


def test_a_named_file_is_always_tried(tmp_path: Path) -> None:
    fill(tmp_path, "x.txt", "a.jpg")
    assert found(tmp_path / "x.txt") == ["x.txt"]


def test_no_file_comes_twice(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "sub/b.jpg", "x.txt")
    paths = (tmp_path / "a.jpg", tmp_path / "sub", tmp_path, tmp_path / "sub/b.jpg", tmp_path / "x.txt", tmp_path)
    assert found(*paths) == ["a.jpg", "b.jpg", "x.txt"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = fill(tmp_path / "root", "a.jpg", "sub/b.jpg")
    outside = fill(tmp_path / "outside", "secret.jpg")
    targets: dict[str, str | Path] = {
        "dangling.jpg": "nowhere.jpg",
        "loop": ".",
        "self": "self",
        "up": "..",
        "out.jpg": outside / "secret.jpg",
        "sub/back": root,
        "twin.jpg": "a.jpg",
        "folder": "sub",
    }
    for name, target in targets.items():
        (root / name).symlink_to(target)
    assert found(root) == ["a.jpg", "b.jpg"]
    assert skipped(root) == {"twin.jpg", "folder"}
    assert rejected(root) == {
        "dangling.jpg": Code.LINK_DANGLING,
        "loop": Code.LINK_LOOP,
        "self": Code.LINK_LOOP,
        "up": Code.LINK_OUTSIDE,
        "out.jpg": Code.LINK_OUTSIDE,
        "back": Code.LINK_LOOP,
    }


def test_a_link_as_argument_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert found(tmp_path / "link") == ["a.jpg"]


def test_what_is_private_is_rejected_as_argument_and_skipped_below(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "own/b.jpg", "sub/own/c.jpg")

    def private(path: Path) -> bool:
        return path.name == "own"

    results = list(scan([tmp_path, tmp_path / "own"], private))
    assert [one.path.name for one in results if isinstance(one, Found)] == ["a.jpg"]
    assert [one.path.name for one in results if isinstance(one, Skipped)] == ["own", "own"]
    assert [(one.path.name, one.code) for one in results if isinstance(one, Rejected)] == [("own", Code.PRIVATE)]


def test_special_files_are_reported_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.jpg"))
        assert rejected(tmp_path) == {"pipe.jpg": Code.NOT_A_FILE, "socket.jpg": Code.NOT_A_FILE}
    assert rejected(tmp_path / "pipe.jpg", Path("/dev/null"), tmp_path / "gone") == {
        "pipe.jpg": Code.NOT_A_FILE,
        "null": Code.NOT_A_FILE,
        "gone": Code.VANISHED,
    }
    assert found(tmp_path) == []


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"x")
    [result] = scan([tmp_path])
    assert os.fsencode(result.path.name) == b"caf\xe9.jpg"


def test_hostile_names_of_real_files(real_photos: Path, tmp_path: Path, pool: DecodePool) -> None:
    odd = real_photos / "odd"
    with tarfile.open(odd / "names.tar") as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    with (odd / "NAMES.csv").open() as table:
        rows = {base64.b64decode(row["name_base64"]): row["sha256"] for row in csv.DictReader(table)}
    [folder] = tmp_path.iterdir()
    results = list(scan([folder]))
    outcomes = {os.fsencode(one.path.name): one for one in pool.run(r.path for r in results if isinstance(r, Found))}
    readable = {name: sha256 for name, sha256 in rows.items() if sha256}
    assert {name: getattr(one, "sha256", one) for name, one in outcomes.items()} == readable
    assert {r.path.name: r.code for r in results if isinstance(r, Rejected)} == {
        "dangling.jpg": Code.LINK_DANGLING,
        "loop": Code.LINK_LOOP,
        "up": Code.LINK_OUTSIDE,
        "pipe.jpg": Code.NOT_A_FILE,
    }
    assert all(display_name(name).isprintable() for name in rows)
    assert all(isinstance(one, Decoded) for one in outcomes.values())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_reported(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert rejected(tmp_path) == {"closed": Code.UNREADABLE}
