"""The tasks that can be learned, and what their figures are called. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from binscout_tui.errors import UsageError

REPORT_FILE = "report.json"
CHECKPOINT_FILE = "checkpoint.pt"
CACHE_FILE = "pixels.npy"
PIXELS_FILE = "pictures.bin"
FACTS_FILE = "measures.npz"
REMADE_FILES = frozenset({CACHE_FILE, PIXELS_FILE, FACTS_FILE})
"""What a training makes of its pictures each time it starts, written over in place."""
CASES_FILE = "cases.jsonl"
TaskName = Literal["classify", "select", "count"]


@dataclass(frozen=True, slots=True)
class Figure:
    """How a figure is called in a list, and whether more of it is better. `share` figures are 0..1."""

    name: str
    words: str
    higher_is_better: bool = True
    share: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """`figures` are those of a report, the primary one first; `baselines` are {name: words}, the best known last."""

    name: TaskName
    words: str
    sample: str
    figures: tuple[Figure, ...]
    baselines: dict[str, str]

    @property
    def primary(self) -> Figure:
        """The figure that lists show."""
        return self.figures[0]

    def figure(self, name: str) -> Figure | None:
        """The figure called `name`, None when this task has none of that name."""
        return next((figure for figure in self.figures if figure.name == name), None)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "classify",
            "which part it is",
            "image",
            (
                Figure("accuracy", "accuracy"),
                Figure("macro_recall", "mean recall"),
                Figure("ece", "calibration error", higher_is_better=False),
                Figure("nll", "log loss", higher_is_better=False, share=False),
            ),
            {"majority": "majority", "simple_features": "simple features"},
        ),
        Task(
            "select",
            "which image of a set to keep, and where to cut it",
            "set",
            (
                Figure("top1", "top-1"),
                Figure("mean_iou", "mean IoU"),
                Figure("iou50", "IoU above 0.5"),
                Figure("iou75", "IoU above 0.75"),
                Figure("crop_mae", "crop error", higher_is_better=False),
            ),
            {
                "random": "random",
                "first": "always first",
                "last": "always last",
                "largest_file": "largest file",
                "laplacian": "Laplacian",
                "full_frame": "full frame",
                "centre80": "middle 80 %",
                "mean_crop": "mean crop",
                "sharpest": "sharpest",
            },
        ),
        Task(
            "count",
            "how many there are",
            "image",
            (
                Figure("mae", "mean error", higher_is_better=False, share=False),
                Figure("rmse", "RMSE", higher_is_better=False, share=False),
                Figure("exact", "exact"),
                Figure("within1", "within 1"),
                Figure("bias", "bias", higher_is_better=False, share=False),
            ),
            {"mean_count": "mean count", "area": "area"},
        ),
    )
}


def find_task(name: str) -> Task:
    """The task called `name`; UsageError (`task_unknown`) when there is none."""
    try:
        return TASKS[name]
    except KeyError:
        known = ", ".join(TASKS)
        raise UsageError(
            f"There is no training task {name!r}.", hint=f"Use one of: {known}.", code="task_unknown"
        ) from None
