"""Looking for duplicates among files and in the library."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from binscout_tui.imaging.duplicates.comparing import Relation
from binscout_tui.operations.duplicates import looking
from binscout_tui.operations.duplicates.cache import Cache, Verdict, forget
from binscout_tui.operations.duplicates.finding import Cluster, Duplicates, Near, find
from binscout_tui.operations.duplicates.library import look
from binscout_tui.operations.duplicates.looking import Stopped
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.originals import hash_of
from binscout_tui.store import duplicates, images, named
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace

ORIENTATION = 0x0112


def scene(seed: int = 0, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Parts on a bench; other seeds are other benches."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(60, 160, (8, 10, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(50):
        x, y, r = (int(random.integers(*ends)) for ends in ((0, size[0]), (0, size[1]), (5, 20)))
        draw.ellipse((x - r, y - r, x + r, y + r // 2), fill=tuple(int(v) for v in random.integers(20, 240, 3)))
    return image


def without_a_screw(image: Image.Image) -> Image.Image:
    """One part less."""
    made = image.copy()
    ImageDraw.Draw(made).ellipse((226, 166, 254, 194), fill=(20, 20, 20))
    return made


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """A messy folder."""
    folder = tmp_path / "pile [1]"
    (folder / "old").mkdir(parents=True)
    base = scene()
    base.save(folder / "a.jpg", quality=92)
    shutil.copy(folder / "a.jpg", folder / "old" / "copy of a.JPEG")
    with Image.open(folder / "a.jpg") as decoded:
        pixels = decoded.convert("RGB")
    pixels.save(folder / "a.png")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pixels.rotate(90, expand=True).save(folder / "turned.png", exif=exif)
    pixels.resize((240, 180), Image.Resampling.LANCZOS).save(folder / "old" / "small.jpg", quality=88)
    ImageOps.mirror(pixels).save(folder / "mirror.jpg", quality=90)
    without_a_screw(pixels).save(folder / "gone.jpg", quality=92)
    scene(5).save(folder / "b.jpg")
    (folder / "page.jpg").write_text("<html>not a picture</html>")
    return folder


def names(cluster: Cluster) -> set[str]:
    """The names of a cluster's files."""
    return {Path(path).name for path in cluster.paths}


def looked(ws: Workspace, paths: Sequence[Path], near: Near = "strict", *, in_library: bool = False) -> Duplicates:
    """A look."""
    return find(ws, paths, near=near, in_library=in_library)


SAME_BYTES = {"a.jpg", "copy of a.JPEG"}
SAME_PIXELS = SAME_BYTES | {"a.png", "turned.png"}
SAME = SAME_PIXELS | {"small.jpg"}


def test_kinds_lie_in_each_other_and_one_screw_less_is_near_only(workspace: Workspace, pile: Path) -> None:
    found = looked(workspace, [pile])
    assert [(one.kind, one.same, names(one)) for one in found.clusters] == [
        ("exact", True, SAME_BYTES),
        ("pixels", True, SAME_PIXELS),
        ("near", True, SAME),
        ("near", False, SAME | {"mirror.jpg", "gone.jpg"}),
    ]
    whole = {Path(one.path).name: one for one in found.clusters[-1].members}
    assert whole["mirror.jpg"].relation == Relation.MIRRORED
    assert whole["gone.jpg"].relation == Relation.CHANGED
    assert whole["small.jpg"].relation == Relation.RESIZED
    assert (whole["turned.png"].relation == Relation.PIXELS) or whole["turned.png"].relation == "first"
    assert {one.id for one in whole.values()} == {None}
    assert found.pictures == 7
    assert [Path(one.path).name for one in found.rejected] == ["page.jpg"]


def test_without_near_only_what_is_equal_is_told(workspace: Workspace, pile: Path) -> None:
    found = looked(workspace, [pile], "none")
    assert [(one.kind, names(one)) for one in found.clusters] == [("exact", SAME_BYTES), ("pixels", SAME_PIXELS)]


def test_a_second_look_decodes_nothing_and_a_changed_file_is_looked_at_again(
    workspace: Workspace, pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = looked(workspace, [pile])
    (pile / "page.jpg").unlink()
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONHOME", "/nowhere")  # no worker process comes up
        assert looked(workspace, [pile]).clusters == first.clusters
    scene(9).save(pile / "small.jpg")
    shutil.copy(pile / "small.jpg", pile / "mirror.jpg")
    assert {"small.jpg", "mirror.jpg"} in [names(one) for one in looked(workspace, [pile]).clusters]


def test_a_damaged_cache_is_made_again(workspace: Workspace, pile: Path) -> None:
    workspace.paths.derived.mkdir(exist_ok=True)
    (workspace.paths.derived / "duplicates.db").write_bytes(b"no database" * 1000)
    assert [one.kind for one in looked(workspace, [pile / "a.jpg", pile / "old" / "copy of a.JPEG"]).clusters] == [
        "exact"
    ]


def test_two_looks_may_write_beside_each_other(tmp_path: Path) -> None:
    with Cache(tmp_path) as one, Cache(tmp_path) as other:
        one.put_verdict("a", "b", Verdict("cropped", 0.99))
        other.put_verdict("c", "b", Verdict())
        assert other.verdict("b", "a") == Verdict("cropped", 0.99)
        assert one.verdict("b", "c") == Verdict()
        assert one.verdict("a", "c") is None


def test_what_was_looked_at_before_a_stop_is_kept(workspace: Workspace, pile: Path) -> None:
    seen = 0

    def step(done: int, total: int, what: str) -> bool:
        nonlocal seen
        seen = done
        return done == 4

    with pytest.raises(Stopped):
        find(workspace, [pile], near="strict", in_library=False, step=step)
    assert seen == 4
    assert [path.name for path in workspace.paths.derived.iterdir() if path.name.startswith(".")] == []


def test_files_beside_the_library(workspace: Workspace, pile: Path, tmp_path: Path) -> None:
    import_paths(workspace, [pile / "a.jpg", pile / "b.jpg"])
    others = tmp_path / "others"
    others.mkdir()
    shutil.copy(pile / "a.jpg", others / "again.jpg")
    shutil.copy(pile / "mirror.jpg", others / "mirror.jpg")
    assert looked(workspace, [others]).clusters[0].kind == "near"
    [exact, near] = looked(workspace, [others], in_library=True).clusters
    assert (exact.kind, sorted(one.id or 0 for one in exact.members)) == ("exact", [0, 1])
    assert {one.id for one in near.members} == {None, 1}
    workspace.db.write(images.trash, workspace.user.uid, [1])
    assert [one.kind for one in looked(workspace, [others], in_library=True).clusters] == ["near"]


def test_the_library_leaves_out_what_is_hidden_in_the_trash_or_no_duplicate(workspace: Workspace, pile: Path) -> None:
    import_paths(workspace, [pile])
    uid = workspace.user.uid
    result = look(workspace, "strict", lambda *_: False)
    assert (result.exact, result.pixels, result.same, result.near) == (0, 1, 1, 1)
    groups = workspace.db.read(duplicates.groups)
    assert [(one.kind, one.same, len(one.images)) for one in groups] == [
        ("pixels", True, 3),
        ("near", True, 4),
        ("near", False, 6),
    ]
    by_name = {one.name: one.id for one in workspace.db.read(images.page)}
    workspace.db.write(duplicates.set_apart, uid, [by_name["mirror.jpg"], groups[0].images[0]])
    tag = workspace.db.write(named.add, uid, TAG, "private")
    workspace.db.write(named.put, uid, TAG, tag, [by_name["gone.jpg"]])
    workspace.db.write(named.hide, uid, TAG, tag)
    workspace.db.write(images.trash, uid, [by_name["small.jpg"]])
    for group in workspace.db.read(duplicates.groups):
        assert {by_name["gone.jpg"], by_name["small.jpg"]}.isdisjoint(group.images)
    assert look(workspace, "strict", lambda *_: False).near == 0
    assert [one.kind for one in workspace.db.read(duplicates.groups)] == ["pixels"]


def deep_png(picture: np.ndarray, path: Path) -> None:
    """A PNG with 16 bits a colour, which Pillow reads and does not write."""
    height, width = picture.shape[:2]
    rows = np.concatenate(
        [np.zeros((height, 1), np.uint8), picture.astype(">u2").view(np.uint8).reshape(height, -1)], 1
    )
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in chunks:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


DEEP = ["RGB 16 PNG", "RGB 16 PPM", "RGB with a transparent colour"]


@pytest.mark.parametrize("how", ["RGBA", "I;16", "frames", "CMYK", *DEEP])
def test_what_eight_bits_of_three_colours_do_not_hold_is_not_called_the_same(
    workspace: Workspace, tmp_path: Path, how: str
) -> None:
    folder = tmp_path / "pair"
    folder.mkdir()
    for number in range(2):
        image = scene()
        if how == "RGBA":
            image.putalpha(255 - number)
            image.save(folder / f"{number}.png")
        elif how == "I;16":
            deep = np.asarray(image.convert("L"), dtype=np.uint16) * 257 + number
            Image.fromarray(np.minimum(deep, 65535)).save(folder / f"{number}.png")
        elif how == "RGB 16 PNG":
            deep_png(np.asarray(image, dtype=np.uint16) * 257 // 2 + number, folder / f"{number}.png")
        elif how == "RGB 16 PPM":
            deep = np.asarray(image, dtype=">u2") * 257 // 2 + number
            (folder / f"{number}.ppm").write_bytes(b"P6 # a comment\n480 360 65535\n" + deep.astype(">u2").tobytes())
        elif how == "RGB with a transparent colour":
            image.paste((128, 128, 128), (0, 0, 40, 40))  # grey is what stands in for what is transparent
            image.save(folder / f"{number}.png", **({"transparency": (128, 128, 128)} if number else {}))
        elif how == "frames":
            image.save(folder / f"{number}.tiff", save_all=True, append_images=[scene(number + 1)])
        else:
            image.convert("CMYK").save(folder / f"{number}.jpg", quality=90 + number)
    found = looked(workspace, [folder]).clusters
    assert [(one.kind, one.same, len(one.paths)) for one in found] == [("near", False, 2)]


def test_what_cannot_be_proved_now_is_told_and_tried_again(workspace: Workspace, pile: Path) -> None:
    files = [pile / "a.jpg", pile / "old" / "small.jpg"]
    for file in files:
        looked(workspace, [file])
    moved = files[0].rename(files[0].with_name("a.away"))

    def step(done: int, total: int, what: str) -> bool:
        if what == "pairs compared" and not moved.exists():
            files[0].rename(moved)
        return False

    moved.rename(files[0])
    found = find(workspace, files, near="strict", in_library=False, step=step)
    [near] = found.clusters
    assert (near.kind, near.same, {one.relation for one in near.members}) == ("near", False, {"first", "unproved"})
    assert [(Path(one.path).name, one.code) for one in found.rejected] == [("a.jpg", "vanished")]
    shutil.copy(moved, files[0])
    [near] = looked(workspace, files).clusters
    assert (near.kind, near.same) == ("near", True)


def test_another_copy_proves_it_where_one_is_away(workspace: Workspace, pile: Path) -> None:
    files = [pile / "a.jpg", pile / "old" / "copy of a.JPEG", pile / "a.png"]

    def step(done: int, total: int, what: str) -> bool:
        if what == "pairs compared":
            files[0].unlink(missing_ok=True)
        return False

    found = find(workspace, files, near="none", in_library=False, step=step)
    assert [one.kind for one in found.clusters] == ["exact", "pixels"]


@pytest.mark.parametrize("how", ["hard link", "link"])
def test_one_file_with_two_names_is_no_copy(workspace: Workspace, pile: Path, tmp_path: Path, how: str) -> None:
    other = tmp_path / "other"
    if how == "link":
        other.symlink_to(pile / "old", target_is_directory=True)
        import_paths(workspace, [other], keep_in_place=True)
        found = looked(workspace, [pile / "old"], in_library=True)
    else:
        other.mkdir()
        (other / "b.jpg").hardlink_to(pile / "b.jpg")
        found = looked(workspace, [pile / "b.jpg", other])
    assert [one for one in found.clusters if one.kind == "exact"] == []
    assert {one.code for one in found.rejected} == {"same_file"}
    assert "This is the same file as " in found.rejected[0].reason


@pytest.mark.parametrize("how", ["copy", "in-place"])
def test_an_original_that_is_gone_or_another_is_told_and_not_compared(
    workspace: Workspace, pile: Path, tmp_path: Path, how: str
) -> None:
    import_paths(workspace, [pile / "a.jpg", pile / "b.jpg"], keep_in_place=how == "in-place")
    a, b = (workspace.paths.original(image) for image in reversed(workspace.db.read(images.page)))
    others = tmp_path / "others"
    others.mkdir()
    for number, original in enumerate((a, b)):
        shutil.copy(original, others / f"{number}.jpg")
    a.chmod(0o600)
    b.chmod(0o600)
    os.utime(a)
    assert len(looked(workspace, [others], in_library=True).clusters) == 2, "another time of the same bytes"
    a.unlink()
    b.write_bytes(b"x" * b.stat().st_size if how == "in-place" else b"x")
    found = looked(workspace, [others], in_library=True)
    assert found.clusters == []
    assert sorted(one.code for one in found.rejected) == ["changed", "vanished"]
    assert look(workspace, "strict", lambda *_: False).rejected == 2


def test_a_file_that_is_replaced_while_it_is_hashed_is_not_remembered(
    workspace: Workspace, pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [pile / "a.jpg", pile / "old" / "copy of a.JPEG"]

    def replacing(path: Path) -> str:
        sha256 = hash_of(path)
        (pile / "new").write_bytes((pile / "b.jpg").read_bytes())
        (pile / "new").replace(path)
        return sha256

    with monkeypatch.context() as patched:
        patched.setattr(looking, "hash_of", replacing)
        looked(workspace, files)
    with Cache(workspace.paths.derived) as cache:
        for file in files:
            assert cache.hash_of(file, file.stat()) in (None, hash_of(file))


def test_a_file_spoiled_behind_its_beginning_is_made_again(workspace: Workspace, pile: Path) -> None:
    first = looked(workspace, [pile])
    kept = workspace.paths.derived / "duplicates.db"
    with kept.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(kept.stat().st_size - 4096))
    assert looked(workspace, [pile]).clusters == first.clusters


def test_what_is_forgotten_is_in_no_byte_of_the_file(workspace: Workspace, pile: Path) -> None:
    looked(workspace, [pile])
    gone, stays = hash_of(pile / "a.jpg"), hash_of(pile / "b.jpg")
    forget(workspace.paths.derived, [gone])
    with Cache(workspace.paths.derived) as cache:
        assert (cache.has(gone), cache.has(stays)) == (False, True)
        assert cache.verdict(gone, hash_of(pile / "a.png")) is None
        assert cache.hash_of(pile / "a.jpg", (pile / "a.jpg").stat()) is None
    assert gone.encode() not in (workspace.paths.derived / "duplicates.db").read_bytes()
    forget(pile, [stays])
    assert not (pile / "duplicates.db").exists()


def test_what_is_deleted_for_ever_meanwhile_ends_no_look(workspace: Workspace, pile: Path) -> None:
    gone = [hash_of(next(pile.rglob("small.jpg"))), hash_of(pile / "b.jpg")]

    def step(done: int, total: int, what: str) -> bool:
        if what == "pairs compared":
            forget(workspace.paths.derived, gone)
        return False

    found = find(workspace, [pile], near="strict", in_library=False, step=step)
    assert SAME_PIXELS in [names(cluster) for cluster in found.clusters]
    with Cache(workspace.paths.derived) as cache:
        assert not [sha256 for sha256 in gone if cache.has(sha256)]


def test_flat_pictures_with_the_same_pixels_are_found(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for name in ("a.png", "b.bmp"):
        Image.new("RGB", (300, 200), (90, 120, 40)).save(folder / name)
    assert [one.kind for one in looked(workspace, [folder]).clusters] == ["pixels"]


def test_names_that_are_no_text_are_told_safely(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    scene().save(folder / "a.jpg")
    shutil.copy(folder / "a.jpg", folder / os.fsdecode(b"\xff\x1b[2Jb.jpg"))
    [exact] = looked(workspace, [folder]).clusters
    assert all(path.isprintable() for path in exact.paths)


def test_what_a_killed_look_left_is_removed_by_the_next_one(workspace: Workspace, pile: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        left = workspace.paths.derived / f".duplicates-{pid}-x"
        left.mkdir(parents=True)
        (left / "pixels").write_bytes(b"x")
    looked(workspace, [pile / "a.jpg"])
    assert [path.name for path in workspace.paths.derived.glob(".dup*")] == [f".duplicates-{os.getpid()}-x"]
