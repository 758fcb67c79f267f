"""What is exported is read by programs that know nothing of this one, with the same boxes and classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.label_exchange import export
from binscout_tui.store import box_labels, images, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.pictures import photo

BOXES = {
    0: [((0.25, 0.125, 0.75, 0.5), "m3"), ((0.0, 0.0, 1.0, 1.0), "a/b 🔩")],
    1: [],
    2: [((0.5, 0.5, 0.625, 1.0), None)],
}


@pytest.fixture
def library(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Four pictures, the third turned by its camera: two with boxes, an empty one, and one that nobody looked at."""
    for number in range(4):
        path = photo(tmp_path / "in" / f"{number}.jpg", number)
        if number == 2:
            exif = Image.Exif()
            exif[0x0112] = 6
            Image.open(path).save(path, exif=exif, quality=90)
    import_paths(workspace, [tmp_path / "in"])
    db, uid = workspace.db, workspace.user.uid
    for name in ("nut", "m3", "a/b 🔩"):
        db.write(labels.add_class, name)
    for number, boxes in BOXES.items():
        drawn = [
            LabelBox(box=box, class_id=db.read(labels.find_class, name).id if name else None) for box, name in boxes
        ]
        db.write(box_labels.set_boxes, uid, number + 1, drawn)
    db.write(labels.set_label, uid, 1, "m3")
    db.write(labels.set_label, uid, 2, "a/b 🔩")
    db.write(labels.set_label, uid, 3, "m3")
    db.write(labels.set_label, uid, 4, None, state="skipped")
    return workspace


def pixels(workspace: Workspace, number: int) -> list[tuple[list[float], str]]:
    """The boxes of a picture in pixels of the upright picture, with the class that formats name."""
    image = workspace.db.read(images.get, number + 1)
    scale = [image.width, image.height] * 2
    return sorted(
        ([value * side for value, side in zip(box, scale, strict=True)], name or "object")
        for box, name in BOXES[number]
    )


def test_coco_tools_read_coco(library: Workspace, tmp_path: Path) -> None:
    faster = pytest.importorskip("faster_coco_eval")
    export(library, tmp_path / "out", "coco")
    coco = faster.COCO(str(tmp_path / "out" / "annotations.json"))
    names = {one["id"]: one["name"] for one in coco.loadCats(coco.getCatIds())}
    assert sorted(names.values()) == sorted(["nut", "m3", "a/b 🔩", "object"])
    read = {one["file_name"]: one for one in coco.loadImgs(coco.getImgIds())}
    assert sorted(read) == ["0.jpg", "1.jpg", "2.jpg"], "an empty picture is there, one that nobody looked at is not"
    assert (read["2.jpg"]["width"], read["2.jpg"]["height"]) == (48, 64), "the upright picture"
    for number in BOXES:
        notes = coco.loadAnns(coco.getAnnIds(imgIds=[read[f"{number}.jpg"]["id"]]))
        found = sorted(
            ([x, y, x + w, y + h], names[one["category_id"]]) for one in notes for x, y, w, h in [one["bbox"]]
        )
        assert found == pixels(library, number)
    result = coco.loadRes([one | {"score": 1.0} for one in coco.loadAnns(coco.getAnnIds())])
    evaluation = faster.COCOeval_faster(coco, result, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["coco", "yolo"])
def test_supervision_reads_coco_and_yolo(library: Workspace, tmp_path: Path, kind: Any) -> None:
    supervision = pytest.importorskip("supervision")
    out = tmp_path / "out"
    export(library, out, kind)
    if kind == "coco":
        read = supervision.DetectionDataset.from_coco(str(out / "images"), str(out / "annotations.json"))
    else:
        read = supervision.DetectionDataset.from_yolo(str(out / "images"), str(out / "labels"), str(out / "data.yaml"))
    assert read.classes == ["nut", "m3", "a/b 🔩", "object"]
    found = {Path(path).stem: notes for path, notes in read.annotations.items()}
    assert sorted(found) == ["0", "1", "2"]
    # The reader of YOLO takes the size of the picture as it lies in the file: the turned one is left to COCO.
    for number in (0, 1) if kind == "yolo" else (0, 1, 2):
        notes = found[str(number)]
        ours = pixels(library, number)
        assert len(notes.xyxy) == len(ours)
        theirs = sorted(
            ([float(v) for v in box], read.classes[c]) for box, c in zip(notes.xyxy, notes.class_id, strict=True)
        )
        for (box, name), (other, other_name) in zip(ours, theirs, strict=True):
            assert name == other_name
            assert np.allclose(box, other, atol=0.01)


def test_scikit_learn_reads_folders_of_pictures(library: Workspace, tmp_path: Path) -> None:
    from sklearn.datasets import load_files

    export(library, tmp_path / "out", "imagefolder")
    read = load_files(tmp_path / "out", shuffle=False)
    assert read.target_names == ["a%2Fb 🔩", "m3"]
    found = {
        Path(path).name: read.target_names[target] for path, target in zip(read.filenames, read.target, strict=True)
    }
    assert found == {"0.jpg": "m3", "1.jpg": "a%2Fb 🔩", "2.jpg": "m3"}
    originals = {library.paths.original(library.db.read(images.get, number)).read_bytes() for number in (1, 2, 3)}
    assert set(read.data) == originals
