"""Frozen versions for training elsewhere: read by programs that know nothing of this one, and honest of what lacks."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError
from binscout_tui.operations.dataset_export import FORMATS, Exported, Format, export
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.label_import import import_labels
from binscout_tui.store import box_labels, crops, datasets, images, labels, sets
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.crops import Drawn
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace
from tests.pictures import SHAPES, parts_library

BOX = (0.25, 0.125, 0.75, 0.5)
Lines = list[dict[str, Any]]


@pytest.fixture
def library(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Thirty-six pictures of three classes in a version: with boxes, crops and sets of some of them."""
    parts_library(tmp_path / "in")
    import_paths(workspace, [tmp_path / "in"], labels_from="folder")
    db, uid = workspace.db, workspace.user.uid
    found = db.read(images.page, limit=100)
    disc = db.read(labels.find_class, "disc").id
    for place, image in enumerate(found[::3]):
        drawn = [] if place == 0 else [LabelBox(box=BOX, class_id=disc if place % 2 else None)]
        db.write(box_labels.set_boxes, uid, image.id, drawn)
    db.write(box_labels.skip, uid, found[1].id)
    build(workspace, Wanted(name="parts", allow_leaks=True, leak_reason="made up"))
    for first in range(0, 12, 2):
        members = [found[first].id, found[first + 1].id]
        set_id, _ = db.write(sets.add, name=f"set {first}", kind="hand", image_ids=members)
        db.write(sets.choose, uid, set_id, members[0], crop=BOX if first else None)
    return workspace


def lines(path: Path) -> Lines:
    """The objects of a file of lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def about(folder: Path) -> dict[str, Any]:
    """What stands beside an export."""
    found: dict[str, Any] = json.loads((folder / "dataset.json").read_text())
    return found


def frozen(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """{hash: (label, split)} of the version."""
    version = workspace.db.read(datasets.find, "parts").id
    return {item.sha256: (item.label, item.split) for item, _ in workspace.db.read(datasets.items, version)}


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of(workspace: Workspace, number: int) -> Image:
    """The image with this place in the order of arrival."""
    return workspace.db.read(images.page, limit=100)[number]


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_scikit_learn_reads_every_split_with_the_same_classes(library: Workspace, tmp_path: Path) -> None:
    from sklearn.datasets import load_files

    out = tmp_path / "out"
    done = export(library, "parts", out, "imagefolder")
    wanted = frozen(library)
    seen = {}
    for split in ("train", "val", "test"):
        read = load_files(out / split, shuffle=False)
        assert read.target_names == sorted(SHAPES)
        for path, target in zip(read.filenames, read.target, strict=True):
            seen[hash_of(Path(path))] = (read.target_names[target], split)
    assert seen == wanted
    version = library.db.read(datasets.find, "parts")
    assert about(out)["dataset"] == version.id == done.dataset
    assert about(out)["images"] == done.samples == dict(Counter(split for _, split in wanted.values()))
    listed = {one["sha256"]: (one["label"], one["split"]) for one in lines(out / "images.jsonl")}
    assert listed == wanted
    assert {hash_of(out / one["file"]) == one["sha256"] for one in lines(out / "images.jsonl")} == {True}


def test_groups_are_told_by_number_and_lie_in_one_split(library: Workspace, tmp_path: Path) -> None:
    export(library, "parts", tmp_path / "out", "imagefolder")
    splits: dict[int, set[str]] = {}
    for one in lines(tmp_path / "out" / "images.jsonl"):
        splits.setdefault(one["group"], set()).add(one["split"])
    assert len(splits) > 3
    assert all(len(found) == 1 for found in splits.values())


def test_coco_tools_read_every_split_with_the_same_categories(library: Workspace, tmp_path: Path) -> None:
    faster = pytest.importorskip("faster_coco_eval")
    out = tmp_path / "out"
    done = export(library, "parts", out, "coco")
    categories, boxes, pictures = [], 0, 0
    for split in ("train", "val", "test"):
        coco = faster.COCO(str(out / split / "annotations.json"))
        categories.append(coco.loadCats(coco.getCatIds()))
        for image in coco.loadImgs(coco.getImgIds()):
            pictures += 1
            notes = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
            boxes += len(notes)
            for note in notes:
                x, y, width, height = note["bbox"]
                scale = [image["width"], image["height"]] * 2
                assert np.allclose([x, y, x + width, y + height], np.multiply(BOX, scale), atol=0.01)
            sha256 = hash_of(out / split / "images" / image["file_name"])
            assert (image["binscout"]["label"], split) == frozen(library)[sha256]
        said = json.loads((out / split / "annotations.json").read_text())["info"]
        assert (said["dataset"], said["split"]) == (done.dataset, split)
        assert "at the time of the export" in said["boxes"]
    assert categories[0] == categories[1] == categories[2]
    assert (pictures, boxes) == (12, 11), "an empty picture is there, those that nobody looked at are not"
    assert done.left_out == {"images without boxes": 24}


def test_supervision_reads_coco_of_a_split(library: Workspace, tmp_path: Path) -> None:
    supervision = pytest.importorskip("supervision")
    out = tmp_path / "out"
    done = export(library, "parts", out, "coco")
    for split in ("train", "val", "test"):
        read = supervision.DetectionDataset.from_coco(
            str(out / split / "images"), str(out / split / "annotations.json")
        )
        assert read.classes == [*SHAPES, "object"] or sorted(read.classes) == sorted([*SHAPES, "object"])
        assert sum(len(notes.xyxy) for notes in read.annotations.values()) == done.samples[split]


def test_what_coco_says_comes_back_into_a_workspace(library: Workspace, tmp_path: Path) -> None:
    export(library, "parts", tmp_path / "out", "coco")
    for image in library.db.read(images.page, limit=100):
        library.db.write(box_labels.clear, library.user.uid, image.id)
    for split in ("train", "val", "test"):
        assert import_labels(library, tmp_path / "out" / split, "coco").refused == []
    boxed = [library.db.read(box_labels.get, image.id) for image in library.db.read(images.page, limit=100)]
    assert sum(len(one.boxes) for one in boxed) == 11


def test_pairs_hold_every_rejected_image_beside_the_chosen_one_with_its_crop(
    library: Workspace, tmp_path: Path
) -> None:
    db, uid = library.db, library.user.uid
    outside = [one.id for one in _strangers(library, tmp_path)]
    set_id, _ = db.write(sets.add, name="outside", kind="hand", image_ids=outside)
    db.write(sets.choose, uid, set_id, outside[0])
    undecided = [of(library, 20).id, of(library, 21).id]
    db.write(sets.add, name="undecided", kind="hand", image_ids=undecided)
    three = [of(library, 30).id, outside[2], outside[3]]
    set_id, _ = db.write(sets.add, name="three", kind="hand", image_ids=three)
    db.write(sets.rule_out, uid, set_id, three[2])
    db.write(sets.choose, uid, set_id, three[0])
    out = tmp_path / "out"
    done = export(library, "parts", out, "pairs")
    found = lines(out / "pairs.jsonl")
    assert done.left_out == {"sets outside the dataset": 1}
    assert sum(done.samples.values()) == len(found) == 6 + 2
    wanted = frozen(library)
    for one in found:
        assert one["split"] == wanted[one["chosen"]["sha256"]][1]
        for side in ("chosen", "rejected"):
            assert hash_of(out / one[side]["file"]) == one[side]["sha256"]
    crop = next(one["chosen"] for one in found if one["chosen"]["crop"])
    assert crop["crop"] == list(BOX)
    assert crop["crop_pixels"] == list(np.multiply(BOX, [crop["width"], crop["height"]] * 2))
    of_three = [one for one in found if one["chosen"]["sha256"] == of(library, 30).sha256]
    assert sorted(one["rejected"]["ruled_out"] for one in of_three) == [False, True]
    assert about(out)["dataset"] == done.dataset


def _strangers(library: Workspace, tmp_path: Path) -> list[Image]:
    """Four pictures that have no label, of other photos."""
    before = library.db.read(images.count)
    source = parts_library(tmp_path / "more", per_class=2)
    for number, path in enumerate(sorted(source.rglob("*.png"))):
        path.write_bytes(path.read_bytes() + b"x" * (number + 1))
        path.rename(path.with_name(f"other{number}.png"))
    import_paths(library, [source])
    return library.db.read(images.page, limit=200)[before : before + 4]


def test_crop_samples_have_frozen_class_item_and_both_kinds_of_coordinates(library: Workspace, tmp_path: Path) -> None:
    db, uid = library.db, library.user.uid
    free = of(library, 35)
    db.write(crops.keep, uid, free.id, [Drawn(box=(0.0, 0.0, 0.5, 1.0))])
    db.write(labels.set_label, uid, free.id, "disc")
    out = tmp_path / "out"
    done = export(library, "parts", out, "crops")
    found = lines(out / "crops.jsonl")
    assert sum(done.samples.values()) == len(found) == 5 + 1
    assert done.left_out == {"images without a crop": 30}
    assert done.relabelled == 1
    one = next(one for one in found if one["sha256"] == free.sha256)
    assert (one["label"], one["split"]) == frozen(library)[free.sha256], "the frozen class"
    assert (one["crop"], one["crop_pixels"]) == ([0.0, 0.0, 0.5, 1.0], [0.0, 0.0, free.width / 2, free.height])
    assert {bool(one["set"]) for one in found} == {True, False}
    assert {hash_of(out / one["file"]) == one["sha256"] for one in found} == {True}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_version_gives_the_same_bytes(library: Workspace, tmp_path: Path, kind: Format) -> None:
    first = export(library, "parts", tmp_path / "first", kind)
    again = export(library, first.dataset, tmp_path / "again", kind)
    assert tree(tmp_path / "first") == tree(tmp_path / "again")
    assert msgspec.structs.replace(again, path=first.path, name=first.name) == first


@pytest.mark.parametrize("kind", FORMATS)
def test_missing_originals_are_told_and_the_rest_is_there(library: Workspace, tmp_path: Path, kind: Format) -> None:
    whole = export(library, "parts", tmp_path / "whole", kind)
    gone, changed = of(library, 0), of(library, 6)
    library.paths.original(gone).unlink()
    library.paths.original(changed).chmod(0o644)
    library.paths.original(changed).write_bytes(b"other bytes")
    done = export(library, "parts", tmp_path / "out", kind)
    told = {one.sha256: one.code for one in done.missing}
    wanted = {gone.sha256: "unreadable", changed.sha256: "changed_while_reading"}
    assert told == {sha: code for sha, code in wanted.items() if kind != "crops" or sha != gone.sha256}
    assert done.pictures == whole.pictures - len(told) - (2 if kind == "pairs" else 0)
    assert {one["sha256"] for one in about(tmp_path / "out")["missing"]} == told.keys()


def test_a_purged_image_is_told_too(library: Workspace, tmp_path: Path) -> None:
    library.db.connection.execute("PRAGMA foreign_keys=OFF")
    sha256 = of(library, 20).sha256
    library.db.connection.execute("DELETE FROM image WHERE sha256 = ?", (sha256,))
    done = export(library, "parts", tmp_path / "out", "imagefolder")
    assert [(one.sha256, one.code) for one in done.missing] == [(sha256, "purged")]
    assert done.pictures == 35


def test_nothing_is_overwritten_and_nothing_half_stays_behind(library: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("x")
    with pytest.raises(RefusedError, match="is there already"):
        export(library, "parts", out, "imagefolder")
    with pytest.raises(RefusedError, match="belongs to a workspace"):
        export(library, "parts", library.paths.originals / "out", "imagefolder")
    with pytest.raises(NotFoundError):
        export(library, "other", tmp_path / "new", "imagefolder")
    for image in library.db.read(images.page, limit=100):
        library.db.write(box_labels.clear, library.user.uid, image.id)
    with pytest.raises(BinScoutError, match="Nobody looked for boxes"):
        export(library, "parts", tmp_path / "new", "coco")
    assert tree(out) == {"mine": b"x"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "workspace"]


def test_the_command_line_exports_and_says_what_is_missing(library: Workspace, tmp_path: Path) -> None:
    from tests.command_line import binscout, ok

    root = library.paths.root
    done = msgspec.convert(
        ok(root, "dataset", "export", "parts", tmp_path / "out", "--format", "imagefolder"), Exported
    )
    assert done.pictures == 36
    library.paths.original(of(library, 0)).unlink()
    answer = binscout(root, "dataset", "export", "parts", tmp_path / "more", "--format", "imagefolder")
    assert (answer.code, len(answer.data["missing"])) == (1, 1)
    assert binscout(root, "dataset", "export", "parts", tmp_path / "more", "--format", "imagefolder").code == 3
    assert binscout(root, "dataset", "export", "parts", tmp_path / "x", "--format", "yolo").code == 2
