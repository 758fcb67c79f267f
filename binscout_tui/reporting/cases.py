"""The single cases that a model was judged on: `cases.jsonl` beside the report. Nothing in the file is trusted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from binscout_tui.errors import NotFoundError, StorageError
from binscout_tui.imaging.names import one_line
from binscout_tui.learning.items import DATASET_FILE
from binscout_tui.learning.tasks import CASES_FILE
from binscout_tui.reporting.report import Report

MOST_BYTES = 512 << 20
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Crop = tuple[float, float, float, float]
Answer = str | int | float | None


class CaseImage(msgspec.Struct, frozen=True):
    """A picture of a case; `path` as it was when the run was prepared, `crop` the part that was looked at."""

    sha256: Sha256
    path: str = ""
    crop: Crop | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was asked of the model, what is true, and what it said.

    `truth` and `said` are a class, the place of an image in its set, or a count. Crops and points are 0..1 of the
    upright picture; a point may have a score; both crops of a set are of the image that a person kept. `loss` orders
    cases from good to bad, `group` is the source.
    """

    split: Literal["test", "val"]
    id: str
    images: list[CaseImage]
    truth: Answer = None
    said: Answer = None
    score: float | None = None
    right: bool
    loss: float | None = None
    crop_truth: Crop | None = None
    crop_said: Crop | None = None
    iou: float | None = None
    points: list[list[float]] = []
    points_truth: list[list[float]] = []
    group: str = ""

    @property
    def image(self) -> CaseImage | None:
        """The picture that stands for the case: that of the truth in a set."""
        place = self.truth if isinstance(self.truth, int) and len(self.images) > 1 else 0
        return self.images[place] if 0 <= place < len(self.images) else None

    @property
    def error(self) -> float | None:
        """What was said less what is true, of counts."""
        if isinstance(self.said, int | float) and isinstance(self.truth, int | float):
            return float(self.said) - float(self.truth)
        return None


def read_cases(folder: Path) -> list[Case]:
    """The cases of the run in `folder`.

    Raises NotFoundError (`no_cases`: runs of older versions have none) or StorageError (`bad_cases`), which names the
    first line that cannot be one.
    """
    file = folder / CASES_FILE
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _bad(file, f"it is larger than {MOST_BYTES >> 20} MB")
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        raise NotFoundError(
            f"{folder.name} has no list of cases.", hint="Runs of this version write one; train again.", code="no_cases"
        ) from None
    except OSError as error:
        raise _bad(file, str(error)) from error
    return [_case(file, number, line) for number, line in enumerate(lines, 1)]


def _case(file: Path, number: int, line: bytes) -> Case:
    try:
        # json and not msgspec: msgspec refuses the lone surrogates that stand for undecodable file names
        return msgspec.convert(json.loads(line, parse_constant=_no_number), Case)
    except (ValueError, RecursionError) as error:
        raise _bad(file, f"line {number}: {error}") from error


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _bad(file: Path, why: str) -> StorageError:
    return StorageError(
        f"The cases {file} cannot be read: {one_line(why)}.", hint="Restore the file, or train again.", code="bad_cases"
    )


def of_split(cases: Iterable[Case], split: str = "test") -> list[Case]:
    """The cases of one split."""
    return [case for case in cases if case.split == split]


def without(cases: Iterable[Case], hidden: Collection[str]) -> list[Case]:
    """The cases of which no picture has one of these hashes."""
    return [case for case in cases if not any(image.sha256 in hidden for image in case.images)]


def worst(cases: Sequence[Case], task: str, most: int | None = None) -> list[Case]:
    """What went wrong, the worst first: wrong answers, or of sets those whose crop missed, by their loss."""
    bad = [case for case in cases if not case.right or (task == "select" and case.iou is not None and case.iou < 0.5)]
    return sorted(bad, key=lambda case: -(case.loss if case.loss is not None else 0.0))[:most]


def mistakes(report: Report) -> list[Case]:
    """The worst cases of a report that has no list of cases."""
    found = []
    for one in report.test.worst:
        image: dict[str, Any] = {"sha256": one.sha256, "path": one.path}
        try:
            picture = msgspec.convert(image, CaseImage)
        except msgspec.ValidationError:
            continue
        found.append(
            Case(
                split="test",
                id=one.sha256,
                images=[picture],
                truth=one.label,
                said=one.predicted,
                score=one.score,
                right=False,
            )
        )
    return found


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    split: str = ""
    group: str = ""
    label: str = ""
    sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""
    key: str = ""

    @property
    def id(self) -> str:
        return self.key or self.sha256


class Sources(msgspec.Struct, frozen=True):
    """From the run's data set: {case id: source}, {class: pictures to learn from}, {split: how many sources}."""

    groups: dict[str, str] = {}
    examples: dict[str, list[str]] = {}
    splits: dict[str, int] = {}


EXAMPLES = 12
"""So many pictures of each class are kept in mind."""


def read_sources(folder: Path) -> Sources:
    """What the run's `dataset.jsonl` tells of its cases; nothing where the file is missing or damaged."""
    try:
        lines = [msgspec.convert(json.loads(line), _Line) for line in (folder / DATASET_FILE).read_bytes().splitlines()]
    except (OSError, ValueError, RecursionError):
        return Sources()
    examples: dict[str, list[str]] = {}
    for line in lines:
        if line.split == "train" and line.label and line.sha256:
            known = examples.setdefault(line.label, [])
            if len(known) < EXAMPLES:
                known.append(line.sha256)
    splits = {
        split: len({line.group for line in lines if line.split == split and line.group})
        for split in ("train", "val", "test")
    }
    groups = {line.id: line.group for line in lines if line.group and line.split in ("test", "val")}
    return Sources(groups, examples, splits)
