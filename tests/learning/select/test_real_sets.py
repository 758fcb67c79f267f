"""On real photos, each session judged by a model of the others: better than the sharpest photo and the mean crop."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.select.baselines import choice_baselines, crop_baselines
from binscout_tui.learning.select.boxes import overlap
from binscout_tui.learning.select.finish import learn_opinions
from binscout_tui.learning.select.judging import judge
from binscout_tui.learning.select.reading import read_pictures
from binscout_tui.learning.select.samples import arrange, distinct


def certain_sets(folder: Path) -> list[SetItem]:
    """The sets of which somebody knows the best photo."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    items = []
    for key in dict.fromkeys(row["set_id"] for row in rows if row["is_best"] == "1"):
        own = [row for row in rows if row["set_id"] == key]
        chosen = [row["is_best"] for row in own].index("1")
        with Image.open(folder / own[chosen]["path"]) as image:
            size = np.array([*image.size, *image.size])
        crop = np.clip(np.array(json.loads(own[chosen]["crop_box"])) / size, 0, 1)
        images = [SetImage(sha256=row["sha256"], path=str(folder / row["path"])) for row in own]
        group = own[chosen]["group"]
        items.append(
            SetItem(key=key, images=images, chosen=chosen, split="train", group=group, crop=tuple(crop.tolist()))
        )
    return items


def test_better_than_the_sharpest_and_the_mean_crop(real_photos: Path) -> None:
    items = certain_sets(real_photos / "sets")
    images = distinct(items)
    pictures, failures = read_pictures(images, 64)
    assert not failures
    sets = arrange(items, images, failures).sets["train"]
    right, iou, mean = [], [], []
    for group in sorted({item.group for item in items}):
        train = [one for one in sets if one.item.group != group]
        test = [one for one in sets if one.item.group == group]
        judged = judge(learn_opinions(train, pictures), test, pictures, None)
        truth = np.array([one.item.crop for one in test])
        assert judged.boxes is not None
        right += judged.right
        iou += overlap(judged.boxes, truth).tolist()
        crops = [one.item.crop for one in train if one.item.crop is not None]
        mean += overlap(crop_baselines(len(test), crops)["mean_crop"], truth).tolist()
    rules = choice_baselines(sets, pictures)
    assert len(right) == 27
    assert np.mean(right) > max(np.mean(rules["sharpest"]), np.mean(rules["laplacian"]))
    assert np.mean(iou) > np.mean(mean)
