"""How many things are in an image, from what people said of it. Pure.

Boxes are all there are, except where somebody counted more. A count without boxes is a label too.
"""

from __future__ import annotations

from collections import Counter

from binscout_tui.store.dataset_sources import CountLabel
from binscout_tui.store.datasets import Counted

BUCKETS = ((0, "0"), (5, "1-5"), (20, "6-20"))
MANY = "over 20"
LEFT_OUT = {
    "unlabelled": "without boxes and without a count",
    "skipped": "passed by",
    "contradicted": "counted as fewer than they have boxes",
    "unclassed": "with boxes that have no class",
    "partly": "with things that have no box, which may be of that class",
    "others": "in which only other classes are counted",
    "unusable": "whose files are lost, or not decoded yet",
}
"""Why an image is not in a version: code and words."""


def bucket(count: int) -> str:
    """About how many: images are split and listed by that."""
    return next((words for most, words in BUCKETS if count <= most), MANY)


def truth(label: CountLabel, class_id: int | None = None) -> Counted | str:
    """How many of a class, or of everything for None, are in the image, else the code of why nobody can say.

    A box without a class is of the class of the whole image, where that has one.
    """
    found = _everything(label) if class_id is None else _of_class(label, class_id)
    return "contradicted" if isinstance(found, Counted) and found.count < len(found.boxes) else found


def _everything(label: CountLabel) -> Counted | str:
    boxes = [box for box, _ in label.boxes]
    total = label.counts.get(None)
    if total is None:
        boxed = Counter(of for _, of in label.boxes)
        by_class = {of: number for of, number in label.counts.items() if of is not None}
        if any(by_class[of] < boxed[of] for of in by_class):
            return "contradicted"
        if not by_class and not _is_boxed(label):
            return _nothing(label)
        total = sum(by_class.values()) + sum(number for of, number in boxed.items() if of not in by_class)
    return _counted(total, boxes)


def _of_class(label: CountLabel, class_id: int) -> Counted | str:
    is_whole = label.class_id == class_id
    own = [box for box, of in label.boxes if of == class_id or (of is None and is_whole)]
    total = label.counts.get(None)
    number = label.counts.get(class_id, total if is_whole or total == 0 else None)
    if number is not None:
        return _counted(number, own)
    if not _is_boxed(label):
        return "others" if label.counts else _nothing(label)
    if total is not None and total != len(label.boxes):
        return "contradicted" if total < len(label.boxes) else "partly"
    return "unclassed" if any(of is None for _, of in label.boxes) and not is_whole else _counted(len(own), own)


def _is_boxed(label: CountLabel) -> bool:
    """Whether somebody looked for boxes and found all or none."""
    return label.state in ("boxes", "empty")


def _nothing(label: CountLabel) -> str:
    return "skipped" if label.state == "skipped" else "unlabelled"


def _counted(count: int, boxes: list[tuple[float, float, float, float]]) -> Counted:
    return Counted(count=count, boxes=tuple(boxes), complete=count == len(boxes))
