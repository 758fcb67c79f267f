"""What a training learns from, one struct a line of `dataset.jsonl`, for each task. No torch here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.splits import Split

DATASET_FILE = "dataset.jsonl"
Crop = tuple[float, float, float, float]
Point = tuple[float, float]


class DatasetItem(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled image. `path` is absolute; bytes that are not UTF-8 are kept as `os.fsdecode` gives them.

    `crop` is `x1, y1, x2, y2`, 0..1 of the upright picture. `family` names the folder above the class folder, if any.
    """

    sha256: str
    path: str
    label: str
    split: Split
    group: str = ""
    crop: Crop | None = None
    family: str | None = None

    @property
    def contents(self) -> list[str]:
        """What must each be in one split only."""
        return [self.sha256 + repr(self.crop)]


class SetImage(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate of a set; `path` as in `DatasetItem`."""

    sha256: str
    path: str


class SetItem(msgspec.Struct, frozen=True, kw_only=True):
    """One decided set: `images[chosen]` was kept, cut to `crop` (0..1 of the upright picture) where a person cut it.

    `key` is a hash of what is in the set.
    """

    key: str
    images: list[SetImage]
    chosen: int
    split: Split
    group: str = ""
    crop: Crop | None = None
    family: str | None = None

    @property
    def contents(self) -> list[str]:
        """What must each be in one split only."""
        return [image.sha256 for image in self.images]


class CountItem(msgspec.Struct, frozen=True, kw_only=True):
    """One image in which `count` things were counted.

    `points` (x, y) and `boxes` are 0..1 of the upright picture; `complete` says that they are all there are. An image
    may have a count alone. `path` and `family` as in `DatasetItem`.
    """

    sha256: str
    path: str
    count: int
    split: Split
    group: str = ""
    points: list[Point] = []
    boxes: list[Crop] = []
    complete: bool = False
    family: str | None = None

    @property
    def contents(self) -> list[str]:
        """What must each be in one split only."""
        return [self.sha256]


Item = DatasetItem | SetItem | CountItem
KINDS: dict[str, type[DatasetItem] | type[SetItem] | type[CountItem]] = {
    "classify": DatasetItem,
    "select": SetItem,
    "count": CountItem,
}


def dataset_text(items: Iterable[Item]) -> str:
    """The lines of `dataset.jsonl`: pure ASCII, so that any file name survives."""
    return "".join(json.dumps(msgspec.to_builtins(item), ensure_ascii=True) + "\n" for item in items)


def read_dataset(path: Path) -> list[DatasetItem]:
    """The images of the `dataset.jsonl` of a classifier; raises as `read_items` does."""
    return [item for item in read_items(path, "classify") if isinstance(item, DatasetItem)]


def read_items(path: Path, task: str) -> Sequence[Item]:
    """The lines of a `dataset.jsonl` for `task`; BinScoutError `run_damaged` names the first bad line."""
    items = []
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error
    for number, line in enumerate(lines, 1):
        try:
            # json and not msgspec: msgspec refuses the lone surrogates that stand for undecodable file names
            items.append(msgspec.convert(json.loads(line), KINDS[task]))
        except ValueError as error:
            raise damaged(path, f"line {number}: {error}") from error
    return items


def damaged(path: Path, reason: str) -> BinScoutError:
    """The error for a file of a run that cannot be read."""
    return BinScoutError(
        f"{path.name} of the run cannot be read: {reason}.", hint="Prepare the run again.", code="run_damaged"
    )
