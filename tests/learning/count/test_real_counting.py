"""On real photos a model from scratch must count better than the mean count and the covered area."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.count.inference import Counter

from ..shapes import read_json, train

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "count_model.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The benchmark, which knows how the photos are read and dealt."""
    spec = importlib.util.spec_from_file_location("count_model", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("family", "how", "fold", "share"), [("screws", "blocks", "0", 0.5), ("coins", "sessions", "coins/wood-cloth", 0.7)]
)
def test_photos_not_seen_are_counted_better_than_by_the_baselines(
    real_photos: Path, tmp_path: Path, benchmark: ModuleType, family: str, how: str, fold: str, share: float
) -> None:
    """`share` of the error of the better baseline is the most that passes."""
    photos = benchmark.read_photos(real_photos / "counting", family)
    items = dict(benchmark.folds(photos, how))[fold]
    prepare_run(tmp_path / "run", TrainConfig(task="count", device="cpu"), items)
    answer = train(tmp_path / "run", timeout=1700)
    assert answer.returncode == 0, answer.stderr
    report = read_json(tmp_path / "run" / "report.json")
    baselines = [report["baselines"][name]["figures"]["mae"]["value"] for name in ("mean_count", "area")]
    assert report["test"]["figures"]["mae"]["value"] < share * min(baselines)
    model = Counter.load(tmp_path / "run", "cpu")
    answers = model.count([Path(item.path) for item in items if item.split == "test"])
    assert all(answer.error is None and answer.count == len(answer.points) for answer in answers)
