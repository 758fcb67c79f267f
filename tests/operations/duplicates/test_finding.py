"""Looking for duplicates among files and in the library."""

from __future__ import annotations

import csv
import itertools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from binscout_tui.imaging.duplicates.comparing import Relation
from binscout_tui.operations.duplicates.cache import Cache, Verdict
from binscout_tui.operations.duplicates.finding import Cluster, Duplicates, Near, find
from binscout_tui.operations.duplicates.library import look
from binscout_tui.operations.duplicates.looking import Stopped
from binscout_tui.operations.importing import import_paths
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


@pytest.mark.parametrize("how", ["RGBA", "I;16", "frames", "CMYK"])
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
        elif how == "frames":
            image.save(folder / f"{number}.tiff", save_all=True, append_images=[scene(number + 1)])
        else:
            image.convert("CMYK").save(folder / f"{number}.jpg", quality=90 + number)
    found = looked(workspace, [folder]).clusters
    assert [(one.kind, one.same, len(one.paths)) for one in found] == [("near", False, 2)]


def test_names_that_are_no_text_are_told_safely(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    scene().save(folder / "a.jpg")
    shutil.copy(folder / "a.jpg", folder / os.fsdecode(b"\xff\x1b[2Jb.jpg"))
    [exact] = looked(workspace, [folder]).clusters
    assert all(path.isprintable() for path in exact.paths)


@pytest.mark.slow
def test_a_messy_folder_of_real_photos(workspace: Workspace, real_photos: Path) -> None:
    with (real_photos / "dups" / "MANIFEST.csv").open() as table:
        rows = {str(real_photos / "dups" / row["path"]): row for row in csv.DictReader(table)}
    found = looked(workspace, [real_photos / "dups"])
    same_shot = {"base", "exact", "renamed_ext", "exif_only", "resized", "recompressed", "png"}

    def pairs(clusters: Sequence[Cluster]) -> set[tuple[str, str]]:
        return {pair for one in clusters for pair in itertools.combinations(sorted(one.paths), 2)}

    def is_same(one: str, other: str) -> bool:
        return (
            rows[one]["cluster"] == rows[other]["cluster"]
            and {
                rows[one]["relation"],
                rows[other]["relation"],
            }
            <= same_shot
        )

    base = {row["cluster"]: path for path, row in rows.items() if row["relation"] == "base"}
    near = [
        (min(path, base[row["cluster"]]), max(path, base[row["cluster"]]))
        for path, row in rows.items()
        if row["expect"] == "near"
    ]
    called_same = pairs([one for one in found.clusters if one.same])
    assert [pair for pair in called_same if not is_same(*pair)] == []
    assert sum(pair in pairs(found.clusters) for pair in near) >= 0.95 * len(near)
    wrong = [pair for pair in pairs(found.clusters) if len({rows[one]["cluster"] for one in pair}) > 1]
    assert len(wrong) <= 1


def test_what_a_killed_look_left_is_removed_by_the_next_one(workspace: Workspace, pile: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        left = workspace.paths.derived / f".duplicates-{pid}-x"
        left.mkdir(parents=True)
        (left / "pixels").write_bytes(b"x")
    looked(workspace, [pile / "a.jpg"])
    assert [path.name for path in workspace.paths.derived.glob(".dup*")] == [f".duplicates-{os.getpid()}-x"]
