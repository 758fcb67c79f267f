"""What a training is given of a version, and what is written down of its settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.learning.config import read_config
from binscout_tui.learning.items import DATASET_FILE, CountItem, SetItem, read_items
from binscout_tui.operations import code_version, training
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.operations.run_items import run_items
from binscout_tui.store import datasets, images, runs, sets
from binscout_tui.workspace import Workspace

from .test_dataset_tasks import CROP, ONE, TWO, boxes_of, count_of, counted_images, decided_sets


def test_a_run_on_sets_reads_members_choice_and_crop(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    version = build(workspace, Wanted(name="picks", task="select"))
    run_id, _ = workspace.db.write(
        training.enqueue, workspace.paths, workspace.user.uid, dataset="picks", seed=3, code_version="1 (abc)"
    )
    folder = workspace.paths.run(run_id)
    items = [item for item in read_items(folder / DATASET_FILE, "select") if isinstance(item, SetItem)]
    assert len(items) == 30
    paths = {workspace.db.read(images.get, one).sha256: one for _, members in made for one in members}
    for item in items:
        members = [paths[image.sha256] for image in item.images]
        place = next(index for index, (_, found) in enumerate(made) if found == members)
        assert (item.chosen, item.crop) == (1, CROP if place % 2 else None)
        assert Path(item.images[0].path).is_absolute()
    config = read_config(folder)
    assert (config.task, config.preset, config.seed) == ("select", "recommended", 3)
    assert (config.dataset, config.code_version) == (version.id, "1 (abc)")
    run = workspace.db.read(runs.get, run_id)
    assert (run.task, run.config) == ("select", msgspec.to_builtins(config))


def test_a_run_on_counts_reads_numbers_boxes_and_their_middles(workspace: Workspace) -> None:
    first, second, *_ = counted_images(workspace)
    boxes_of(workspace, second, ONE)
    count_of(workspace, second, 5)
    build(workspace, Wanted(name="bins", task="count"))
    version = workspace.db.read(datasets.find, "bins")
    found = workspace.db.read(run_items, workspace.paths, version)
    items = {item.sha256: item for item in found if isinstance(item, CountItem)}
    assert len(items) == len(found) == 40
    known = [items[workspace.db.read(images.get, one).sha256] for one in (first, second)]
    assert [(one.count, one.boxes, one.complete) for one in known] == [(2, [ONE, TWO], True), (5, [ONE], False)]
    assert known[0].points == [pytest.approx((0.15, 0.15)), pytest.approx((0.55, 0.55))]


def test_a_set_with_a_purged_image_is_refused(workspace: Workspace) -> None:
    set_id, members = decided_sets(workspace)[0]
    build(workspace, Wanted(name="picks", task="select", fill_known_good=False))
    workspace.db.write(sets.choose, workspace.user.uid, set_id, None)
    workspace.db.connection.execute("DELETE FROM set_member WHERE set_id = ?", (set_id,))
    workspace.db.connection.execute("DELETE FROM image WHERE id = ?", (members[0],))
    with pytest.raises(BinScoutError, match="1 images of the dataset have changed or gone"):
        workspace.db.write(training.enqueue, workspace.paths, workspace.user.uid, dataset="picks")
    assert not list(workspace.paths.runs.glob("*"))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"task": "count"}, "wrong_task"),
        ({"preset": "tiny"}, "preset_unknown"),
        ({"task": "select", "preset": "peaks"}, "preset_unknown"),
        ({"weights": "/nowhere.pt"}, "weights_missing"),
        ({"lr": -1.0}, "config_invalid"),
        ({"mode": "frozen"}, "config_invalid"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_written(
    workspace: Workspace, settings: dict[str, object], code: str
) -> None:
    decided_sets(workspace)
    build(workspace, Wanted(name="picks", task="select"))
    with pytest.raises((UsageError, BinScoutError)) as refused:
        workspace.db.write(training.enqueue, workspace.paths, workspace.user.uid, dataset="picks", **settings)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert workspace.db.read(runs.latest) == []
    assert not list(workspace.paths.runs.glob("*"))


def test_the_code_has_a_version() -> None:
    assert code_version.code_version().startswith("0.")


def test_a_package_outside_a_checkout_has_its_version_alone(tmp_path: Path) -> None:
    assert code_version._described(tmp_path) == ""
