"""What a run says of its model: `report.json` as it is in the run's folder. Nothing in the file is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import NotFoundError, StorageError
from binscout_tui.imaging.names import one_line
from binscout_tui.learning.tasks import REPORT_FILE, TASKS, Task

FORMATS = (1, 2)
MOST_BYTES = 64 << 20


class Figure(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval; None where it could not be had."""

    value: float | None = None
    ci95: tuple[float, float] | None = None


class Recall(msgspec.Struct, frozen=True):
    """How many images of a class there were, and the share that was recognised (None without any)."""

    recall: float | None
    support: int


class Confusion(msgspec.Struct, frozen=True):
    """Square counts: rows are the truth, columns what the model said, both in the order of `labels`."""

    labels: list[str]
    matrix: list[list[int]]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.labels) for row in self.matrix) or len(self.matrix) != len(self.labels):
            raise ValueError("the confusion is not a square of its labels")


class Unreadable(msgspec.Struct, frozen=True):
    """A file that could not be read, and why."""

    path: str
    reason: str = ""


class Mistake(msgspec.Struct, frozen=True):
    """A wrong answer as reports of format 1 keep it."""

    path: str
    sha256: str
    label: str
    predicted: str
    score: float


class Part(msgspec.Struct, frozen=True):
    """The figures of a part of a split, for example of one family."""

    n: int
    figures: dict[str, Figure] = {}


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on one split by the model or by a baseline."""

    n: int = 0
    figures: dict[str, Figure] = {}
    per_class: dict[str, Recall] = {}
    confusion: Confusion | None = None
    by_family: dict[str, Part] = {}
    unreadable: int = 0
    unreadable_images: list[Unreadable] = []
    labels_not_trained: list[str] = []
    worst: list[Mistake] = []

    def figure(self, name: str) -> Figure:
        """The figure called `name`, one without a value where there is none."""
        return self.figures.get(name, Figure())


class Train(msgspec.Struct, frozen=True):
    """How many samples were learned from, and how many could not be read."""

    n: int | None = None
    unreadable: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report of either format in the words of the newer one; `raw` is all of it as it was read."""

    format: int
    task: str
    preset: str = ""
    dataset: str = ""
    seed: int | None = None
    epochs: int | None = None
    train: Train = Train()
    test: Evaluation
    val: Evaluation | None = None
    baselines: dict[str, Evaluation] = {}
    training: dict[str, Any] = {}
    raw: dict[str, Any] = {}

    @property
    def about(self) -> Task:
        """The task and the names of its figures."""
        return TASKS[self.task]


def read_report(folder: Path) -> Report:
    """The report of the run in `folder`.

    Raises NotFoundError (`no_report`), or StorageError (`bad_report`) with one sentence for whatever is wrong with it.
    """
    file = folder / REPORT_FILE
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _bad(file, f"it is larger than {MOST_BYTES >> 20} MB")
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        raise NotFoundError(
            f"{folder.name} has no report.", hint="It is written at the end of a run.", code="no_report"
        ) from None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(file, str(error)) from error
    return report_of(found, file)


def report_of(found: Mapping[str, Any], file: Path) -> Report:
    """The report in a decoded `file`; StorageError (`bad_report`) where it cannot be one."""
    written = found.get("format", 1)
    if written not in FORMATS:
        raise _bad(file, f"it has the format {written!r}, and this program reads 1 and 2")
    task = found.get("task", "classify")
    if not isinstance(task, str) or task not in TASKS:
        raise _bad(file, f"it is of a task {task!r} that this program does not know")
    if not isinstance(found.get("test"), Mapping) or not isinstance(found.get("baselines"), Mapping):
        raise _bad(file, "it lacks its test figures or its baselines")
    plain = {
        **found,
        "format": written,
        "task": task,
        "test": _evaluation(found["test"], task),
        "val": _evaluation(found["val"], task) if isinstance(found.get("val"), Mapping) else None,
        "baselines": {
            name: _evaluation(entry, task) for name, entry in found["baselines"].items() if isinstance(entry, Mapping)
        },
        "raw": dict(found),
    }
    try:
        return msgspec.convert(plain, Report)
    except (msgspec.ValidationError, ValueError) as error:
        raise _bad(file, str(error)) from error


def _evaluation(found: Mapping[str, Any], task: str) -> dict[str, Any]:
    """An evaluation with its figures in one place, wherever its format keeps them."""
    families = found.get("by_family")
    families = families if isinstance(families, Mapping) else {}
    parts = {name: _part(part, task) for name, part in families.items() if isinstance(part, Mapping)}
    return {**found, "figures": _figures(found), "by_family": parts}


def _part(found: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The figures of a part; one that has a single figure means the primary one of its task."""
    alone = {TASKS[task].primary.name: {"value": found["value"], "ci95": found.get("ci95")}} if "value" in found else {}
    return {"n": found.get("n", 0), "figures": alone | _figures(found)}


def _figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """Those under `figures`, and those that stand beside `n`: format 1 has its interval for the accuracy alone."""
    known = {figure.name for task in TASKS.values() for figure in task.figures}
    plain: dict[str, Any] = {name: {"value": found[name]} for name in found.keys() & known}
    if "accuracy" in plain and found.get("ci95") is not None:
        plain["accuracy"]["ci95"] = found["ci95"]
    given = found.get("figures")
    return plain | dict(given) if isinstance(given, Mapping) else plain


def _bad(file: Path, why: str) -> StorageError:
    return StorageError(
        f"The report {file} cannot be read: {one_line(why)}.",
        hint="`binscout evaluate` makes the figures again.",
        code="bad_report",
    )
