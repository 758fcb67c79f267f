"""Exports of versions of decided sets and of counts: what was frozen, not what people say today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import UsageError
from binscout_tui.operations.dataset_export import FORMATS, export
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import box_labels, frozen_sets, images, labels, sets
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.pictures import parts_library

CROP = (0.25, 0.125, 0.75, 0.5)


@pytest.fixture
def library(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Versions `picks` of eighteen sets and `bins` of thirty-six images, after which everything was changed."""
    parts_library(tmp_path / "in")
    import_paths(workspace, [tmp_path / "in"])
    db, uid = workspace.db, workspace.user.uid
    found = [image.id for image in db.read(images.page, limit=100)]
    disc = db.write(labels.add_class, "disc").id
    pairs = [found[first : first + 2] for first in range(0, 36, 2)]
    for place, image_id in enumerate(found):
        boxes = [LabelBox(box=CROP, class_id=disc)] * (place % 3)
        db.write(box_labels.set_boxes, uid, image_id, boxes)
        if place % 5 == 0:
            db.write(box_labels.set_count, uid, image_id, 4)
    set_ids = [db.write(sets.add, name=f"set {pair[0]}", kind="hand", image_ids=pair)[0] for pair in pairs]
    for set_id, (first, _) in zip(set_ids, pairs, strict=True):
        db.write(sets.choose, uid, set_id, first, crop=CROP)
    allowed = {"allow_leaks": True, "leak_reason": "made up"}
    build(workspace, Wanted(name="picks", task="select", **allowed))  # type: ignore[arg-type]
    build(workspace, Wanted(name="bins", task="count", **allowed))  # type: ignore[arg-type]
    for image_id in found:
        db.write(box_labels.set_boxes, uid, image_id, [])
    for set_id, (_, second) in zip(set_ids, pairs, strict=True):
        db.write(sets.choose, uid, set_id, second)
    return workspace


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_pairs_are_the_frozen_choices_with_their_crops(library: Workspace, tmp_path: Path) -> None:
    done = export(library, "picks", tmp_path / "out", "pairs")
    version = library.db.read(frozen_sets.of, done.dataset)
    truth = {one.members[one.chosen]: one for one in version}
    found = lines(tmp_path / "out" / "pairs.jsonl")
    assert len(found) == len(version) == 18
    for line in found:
        one = truth[line["chosen"]["sha256"]]
        assert (line["split"], line["set"], tuple(line["chosen"]["crop"])) == (one.split, one.key, CROP)
        assert line["rejected"]["sha256"] in one.members
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["choices"] == "as they were frozen"


def test_coco_holds_the_frozen_boxes_of_images_where_they_are_all(library: Workspace, tmp_path: Path) -> None:
    done = export(library, "bins", tmp_path / "out", "coco")
    boxes = pictures = 0
    for split in ("train", "val", "test"):
        found = json.loads((tmp_path / "out" / split / "annotations.json").read_text())
        pictures += len(found["images"])
        boxes += len(found["annotations"])
        assert [one["name"] for one in found["categories"]] == ["object"]
    complete = [place for place in range(36) if place % 5]
    assert (pictures, boxes) == (len(complete), sum(place % 3 for place in complete))
    assert done.left_out == {"images in which not everything has a box": 36 - len(complete)}


@pytest.mark.parametrize(("name", "fits"), [("picks", {"pairs"}), ("bins", {"coco"})])
def test_formats_that_cannot_hold_it_are_refused(library: Workspace, tmp_path: Path, name: str, fits: set[str]) -> None:
    for kind in set(FORMATS) - fits:
        with pytest.raises(UsageError, match=r"for the task (select|count), which the format"):
            export(library, name, tmp_path / "out", kind)
        assert not (tmp_path / "out").exists()
