"""What each task tells the loop of its pictures, and what a model tells of the code that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import torch

from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.items import Item, SetImage, SetItem
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.process import Place
from binscout_tui.learning.task import Learner, RunSetup
from binscout_tui.learning.train import find_learner

from .count.bins import make_bins
from .select.made_sets import make_sets
from .shapes import make_items, read_json

QUICK = TrainConfig(device="cpu", image_size=32, batch_size=4, epochs=1, code_version="0.9 (made-up)")


def made(task: str, folder: Path) -> tuple[list[Item], str]:
    """A small dataset, and the path of a picture of it that cannot be read. A set is as good without it."""
    if task == "select":
        first, *others = make_sets(folder, 10)
        broken = str(folder / "broken.png")
        spare = SetImage(sha256="0" * 64, path=broken)
        items: list[Item] = [msgspec.structs.replace(first, images=[*first.images, spare]), *others]
    else:
        items = [*(make_bins(folder, 10) if task == "count" else make_items(folder, 6))]
        lost = next(item for item in items if not isinstance(item, SetItem) and item.split == "train")
        broken = lost.path
    Path(broken).write_bytes(b"no picture")
    return items, broken


def learner_of(folder: Path, config: TrainConfig, items: Sequence[Item]) -> Learner:
    """As a training process has it."""
    torch.set_num_threads(1)
    prepare_run(folder, config, items)
    place, plan = Place(0, 1, torch.device("cpu")), make_plan(config, items, 1)
    return find_learner(RunSetup(folder, config, items, plan, place, EventWriter(None), lambda: None))


@pytest.mark.parametrize(("task", "preset"), [("classify", ""), ("select", ""), ("count", ""), ("count", "area")])
def test_it_is_known_which_pictures_are_lost_and_which_code_made_the_model(
    tmp_path: Path, task: str, preset: str
) -> None:
    items, broken = made(task, tmp_path / "pictures")
    config = msgspec.structs.replace(QUICK, task=task, preset=preset)
    learner = learner_of(tmp_path / "run", config, items)
    assert list(learner.unreadable) == [broken]
    learner.finish(learner.network.eval(), {})
    assert read_json(tmp_path / "run" / "card.json")["code_version"] == "0.9 (made-up)"
