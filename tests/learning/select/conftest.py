"""One finished run for all tests that only look at it, and a nursery that starts the others in a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.items import SetItem

from ..nursery import Nursery
from .made_sets import make_sets

QUICK = TrainConfig(task="select", device="cpu", image_size=64, batch_size=6, epochs=3, dataset="made-up")

Train = Callable[[Path, TrainConfig, list[SetItem]], Path]


@pytest.fixture(scope="package")
def nursery() -> Iterator[Nursery]:
    with Nursery() as found:
        yield found


@pytest.fixture(scope="package")
def trained(nursery: Nursery) -> Train:
    """Trains in a folder to the end, and gives the folder back."""

    def run(folder: Path, config: TrainConfig, items: list[SetItem]) -> Path:
        prepare_run(folder, config, items)
        assert nursery.run(folder) == 0, (folder / "log.txt").read_text()
        return folder

    return run


@pytest.fixture(scope="package")
def sets(tmp_path_factory: pytest.TempPathFactory) -> list[SetItem]:
    return make_sets(tmp_path_factory.mktemp("sets"), 30)


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory, trained: Train, sets: list[SetItem]) -> Path:
    """A finished run of the default preset, one picture of a training set damaged before it began."""
    folder = tmp_path_factory.mktemp("choosing")
    broken = folder / "broken.png"
    broken.write_bytes(b"no picture")
    first = sets[0]
    spare = [*first.images, msgspec.structs.replace(first.images[0], sha256="0" * 64, path=str(broken))]
    return trained(folder / "run", QUICK, [msgspec.structs.replace(first, images=spare), *sets[1:]])
