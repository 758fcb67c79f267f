"""On real photos a model from scratch must beat the linear baseline in every family of parts."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.gate import GateCase, judge
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.items import DatasetItem
from binscout_tui.operations.splitting import assign
from binscout_tui.settings import GateSettings

from .shapes import events, read_json, train

LAST_QUARTER = 0.75


def natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def parts_items(folder: Path) -> list[DatasetItem]:
    """Split by source photo: in each family the last quarter, in the order they were taken, is for testing."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    groups = [f"{row['group']}/{row['source_photo']}" for row in rows]
    held: set[str] = set()
    for family in {row["family"] for row in rows}:
        own = sorted({g for g, row in zip(groups, rows, strict=True) if row["family"] == family}, key=natural)
        held |= set(own[int(len(own) * LAST_QUARTER) :])
    rest = [i for i, group in enumerate(groups) if group not in held]
    labels = [f"{row['family']}/{row['label']}" for row in rows]
    dealt = assign([groups[i] for i in rest], [labels[i] for i in rest], {}, (80, 10, 10))
    split = {i: "val" if part == "val" else "train" for i, part in zip(rest, dealt, strict=True)}
    return [
        DatasetItem(
            sha256=row["sha256"],
            path=str(folder / row["path"]),
            label=labels[i],
            split=split.get(i, "test"),
            group=groups[i],
            family=row["family"],
        )
        for i, row in enumerate(rows)
    ]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_family_beats_the_baseline_and_passes_the_gate(real_photos: Path, tmp_path: Path) -> None:
    items = parts_items(real_photos / "parts")
    prepare_run(tmp_path / "run", TrainConfig(device="cpu"), items)
    answer = train(tmp_path / "run", timeout=3000)
    assert answer.returncode == 0, answer.stderr
    report = read_json(tmp_path / "run" / "report.json")
    baseline = report["baselines"]["simple_features"]
    for family, figures in report["test"]["by_family"].items():
        assert figures["accuracy"] > baseline["by_family"][family]["accuracy"], family
    assert report["test"]["ci95"][0] > baseline["ci95"][1]
    assert events(tmp_path / "run", "state")[-1]["state"] == "done"

    model = Classifier.load(tmp_path / "run", "cpu")
    known_good = [item for item in items if item.split == "test"]
    answers = model.predict([Path(item.path) for item in known_good])
    cases = [
        GateCase(image=item.sha256, expected=item.label, predicted=answer.label, score=answer.score)
        for item, answer in zip(known_good, answers, strict=True)
    ]
    covered = sorted({item.label for item in known_good})
    assert judge(cases, GateSettings(), classes=covered).passed
    shuffled = [
        GateCase(image=case.image, expected=case.expected, predicted=other.predicted, score=other.score)
        for case, other in zip(cases, cases[len(cases) // 2 :] + cases[: len(cases) // 2], strict=True)
    ]
    assert not judge(shuffled, GateSettings(), classes=covered).passed
