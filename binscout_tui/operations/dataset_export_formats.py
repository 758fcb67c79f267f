"""The four formats of a dataset version: folders of pictures, COCO, ranking pairs, crop samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.interchange import coco, geometry
from binscout_tui.interchange.model import Box, BoxState, ClassInfo, Count, Labels
from binscout_tui.interchange.naming import file_names, folder_names
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.operations.dataset_export import BATCH, Export, Format, Progress
from binscout_tui.store import classes, dataset_exports, images
from binscout_tui.store.boxes import Box as Four
from binscout_tui.store.dataset_exports import Candidate, Choice, Line
from binscout_tui.store.datasets import Counted
from binscout_tui.store.label_rows import ImageWords

PICTURES = "images"
NOW = "as they are at the time of the export; a version freezes labels and splits"
FROZEN = "as they were frozen"
UNBOXED = "images in which not everything has a box"
Record = dict[str, Any]
Put = tuple[Choice, Split]


def imagefolder(export: Export, on_progress: Progress) -> None:
    """`SPLIT/CLASS/picture`, every class in every split, and `images.jsonl` that lists them."""
    export.note_gone()
    folders = folder_names(sorted({line.label for line in export.lines}))
    for split in SPLITS:
        for name in folders.values():
            (export.folder / split / name).mkdir(parents=True)
    groups = _numbered(export.lines)
    export.write_lines("images.jsonl", _pictures_in_folders(export, folders, groups, on_progress))
    told = {name: folder for name, folder in folders.items() if name != folder}
    export.write_about("imagefolder", {"classes": list(folders), "folders": told})


def _pictures_in_folders(
    export: Export, folders: dict[str, str], groups: dict[str, int], on_progress: Progress
) -> Iterator[Record]:
    for name, line, one in export.words(export.named(), on_progress):
        place = f"{line.split}/{folders[line.label]}/{name}"
        if not export.put(one.image, place, line.label, line.split):
            continue
        export.samples[line.split] += 1
        export.note_label(line, one)
        size = {"width": one.image.width, "height": one.image.height}
        about = {"label": line.label, "split": line.split, "group": groups[line.group]}
        yield {"file": place, "sha256": line.sha256, **about, **size}


def _numbered(lines: Sequence[Line]) -> dict[str, int]:
    """Groups by number: what they are called says where somebody keeps their photos."""
    return {group: number for number, group in enumerate(dict.fromkeys(line.group for line in lines), 1)}


def write_coco(export: Export, on_progress: Progress) -> None:
    """A COCO export for each split, `SPLIT/annotations.json` with `SPLIT/images`, all with the same categories."""
    export.note_gone()
    infos, unclassed = _categories(export)
    boxes = NOW if export.dataset.task == "classify" else FROZEN
    named = export.named()
    for split in SPLITS:
        info = {"dataset": export.dataset.id, "split": split, "boxes": boxes}
        writer = coco.Writer(infos, unclassed=unclassed, info=info)
        (export.folder / split / coco.PICTURES).mkdir(parents=True)
        of_split = [pair for pair in named if pair[1].split == split]
        writer.write(export.folder / split, _boxed_pictures(export, of_split, writer, on_progress))
    if not export.pictures and not export.missing:
        raise BinScoutError(
            f"Nobody looked for boxes in the pictures of {export.dataset.name}, so COCO would be empty.",
            hint="Draw boxes in the app, or export the classes with --format imagefolder.",
            code="no_boxes",
        )
    export.write_about("coco", {"classes": [one.name for one in infos], "boxes": boxes})


def _categories(export: Export) -> tuple[list[ClassInfo], bool]:
    """The classes of boxes and of frozen labels in the order of classes, those that are no more at the end."""
    if export.dataset.task == "count":
        return [ClassInfo(name=export.dataset.item)] if export.dataset.item else [], not export.dataset.item
    used, unclassed = dataset_exports.boxed_classes(export.db, export.dataset.id)
    labels = {line.label for line in export.lines}
    rows = [one for one in classes.all_classes(export.db, archived=True) if one.id in used or one.name in labels]
    found = [ClassInfo(name=one.name, colour=one.colour, group=one.group) for one in rows]
    gone = sorted(labels - {one.name for one in rows})
    return [*found, *(ClassInfo(name=name) for name in gone)], unclassed


def _boxed_pictures(
    export: Export, named: Sequence[tuple[str, Line]], writer: coco.Writer, on_progress: Progress
) -> Iterator[Labels]:
    for name, line, one in export.words(named, on_progress):
        labels = _labels(name, line, one, export.classes)
        if line.detail is not None:
            labels = _counted(labels, line.detail, export.dataset.item or None)
        place = writer.picture(labels)
        if place is None:
            export.left_out["images without boxes" if line.detail is None else UNBOXED] += 1
        elif not export.put(one.image, f"{line.split}/{place}", line.label, line.split):
            continue
        export.samples[line.split] += len(labels.boxes)
        export.note_label(line, one)
        yield labels


def _labels(name: str, line: Line, one: ImageWords, names: dict[int, str]) -> Labels:
    boxes = tuple(Box(box, None if class_id is None else names[class_id]) for box, class_id in one.boxes)
    return Labels(
        file=name,
        sha256=line.sha256,
        size=(one.image.width, one.image.height),
        state="class",
        label=line.label,
        boxes_state=one.boxes_state or "unlabelled",
        boxes=boxes,
    )


def _counted(labels: Labels, detail: Counted, item: str | None) -> Labels:
    """What was frozen of an image of `count`; boxes that are not all there are would be taken for that."""
    state: BoxState = "boxes" if detail.boxes else "empty"
    return msgspec.structs.replace(
        labels,
        state="unlabelled",
        label=None,
        boxes_state=state if detail.complete else "unlabelled",
        boxes=tuple(Box(box, item) for box in detail.boxes) if detail.complete else (),
        counts=(Count(item, detail.count),),
    )


def pairs(export: Export, on_progress: Progress) -> None:
    """`pairs.jsonl`: of every decided set the chosen image before each other one, in its split."""
    is_frozen = export.dataset.task == "select"
    placed = _frozen_choices(export) if is_frozen else _choices(export)
    if not placed:
        raise BinScoutError(
            f"No decided set lies in {export.dataset.name}, so there are no pairs.",
            hint="Decide on sets whose pictures, or others of the same photo, are in the dataset.",
            code="no_pairs",
        )
    export.write_lines("pairs.jsonl", _pairs(export, placed, on_progress))
    export.write_about("pairs", {"choices": FROZEN if is_frozen else NOW})


def _frozen_choices(export: Export) -> list[Put]:
    """The sets of a version that has some."""
    export.note_gone()
    placed: list[Put] = []
    for choice, split in dataset_exports.frozen_choices(export.db, export.dataset.id):
        if choice is None or not choice.others:
            export.left_out["sets with purged images"] += 1
        else:
            placed.append((choice, split))
    return placed


def _choices(export: Export) -> list[Put]:
    """The sets of today that lie in a version, in the splits of their images or of the same source."""
    by_hash = {line.sha256: line.split for line in export.lines}
    by_group = {line.group: line.split for line in export.lines}
    placed: list[Put] = []
    for choice in dataset_exports.choices(export.db):
        members = (choice.chosen, *choice.others)
        splits = {found for one in members if (found := by_hash.get(one.sha256) or by_group.get(one.group))}
        if len(splits) != 1:
            export.left_out["sets in two splits" if splits else "sets outside the dataset"] += 1
        elif not choice.others:
            export.left_out["sets without a second image"] += 1
        else:
            placed.append((choice, splits.pop()))
    return placed


def _pairs(export: Export, placed: Sequence[Put], on_progress: Progress) -> Iterator[Record]:
    there = {one.image_id: one for choice, _ in placed for one in (choice.chosen, *choice.others)}
    names = file_names([(one.name, one.sha256, one.format) for one in there.values()])
    files = {image_id: f"{PICTURES}/{name}" for image_id, name in zip(there, names, strict=True)}
    put: dict[int, bool] = {}

    def is_put(one: Candidate, split: Split) -> bool:
        """Each picture once, however many sets it stands in."""
        if one.image_id not in put:
            image = images.get(export.db, one.image_id)
            put[one.image_id] = export.put(image, files[one.image_id], "", split)
        return put[one.image_id]

    for number, (choice, split) in enumerate(placed, 1):
        others = [one for one in choice.others if is_put(one, split)] if is_put(choice.chosen, split) else []
        for other in others:
            export.samples[split] += 1
            chosen = _candidate(choice.chosen, files) | _crop(choice)
            rejected = _candidate(other, files) | {"ruled_out": other.ruled_out}
            yield {"set": choice.key, "split": split, "chosen": chosen, "rejected": rejected}
        on_progress(number, len(placed))


def _candidate(one: Candidate, files: dict[int, str]) -> Record:
    return {"file": files[one.image_id], "sha256": one.sha256, "width": one.size[0], "height": one.size[1]}


def _crop(choice: Choice) -> Record:
    if choice.crop is None:
        return {"crop": None, "crop_pixels": None}
    return {"crop": _normalised(choice.crop), "crop_pixels": list(geometry.to_pixels(choice.crop, choice.chosen.size))}


def _normalised(box: Four) -> list[float]:
    return [round(value, geometry.NORMALISED_DECIMALS) for value in box]


def crops(export: Export, on_progress: Progress) -> None:
    """`crops.jsonl`: every crop of the version's images, with the frozen class, and the item where one was named."""
    export.note_gone()
    export.write_lines("crops.jsonl", _crops(export, on_progress))
    if not sum(export.samples.values()) and not export.missing:
        raise BinScoutError(
            f"No picture of {export.dataset.name} has a crop.",
            hint="Crop pictures in Select or in the crop queue.",
            code="no_crops",
        )
    export.write_about("crops", {"crops": NOW})


def _crops(export: Export, on_progress: Progress) -> Iterator[Record]:
    named = export.named()
    for begin in range(0, len(named), BATCH):
        batch = named[begin : begin + BATCH]
        cuts = dataset_exports.cuts(export.db, [line.image_id for _, line in batch if line.image_id is not None])
        cropped = [pair for pair in batch if pair[1].image_id in cuts]
        export.left_out["images without a crop"] += len(batch) - len(cropped)
        for name, line, one in export.words(cropped, lambda done, total: None):
            place, size = f"{PICTURES}/{name}", (one.image.width, one.image.height)
            if not export.put(one.image, place, line.label, line.split):
                continue
            export.note_label(line, one)
            for cut in cuts[one.image.id]:
                export.samples[line.split] += 1
                yield {
                    "file": place,
                    "sha256": line.sha256,
                    "width": size[0],
                    "height": size[1],
                    "crop": _normalised(cut.box),
                    "crop_pixels": list(geometry.to_pixels(cut.box, size)),
                    "label": line.label,
                    "item": cut.item,
                    "set": cut.set_key,
                    "split": line.split,
                }
        on_progress(begin + len(batch), len(named))


WRITERS: dict[Format, Callable[[Export, Progress], None]] = {
    "imagefolder": imagefolder,
    "coco": write_coco,
    "pairs": pairs,
    "crops": crops,
}
