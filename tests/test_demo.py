"""The demo runs the whole loop headless, and its exit code tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.demo import prepare
from binscout_tui.store import images, labels, sets
from binscout_tui.workspace import Workspace
from tests.command_line import binscout


def test_the_sample_workspace_has_work_to_do_and_again_is_harmless(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    truth = prepare(root, lambda done, total: None, per_class=8, number_of_sets=3)
    assert prepare(root, lambda done, total: None, per_class=8, number_of_sets=3) == truth
    with Workspace(root) as workspace:
        counts = workspace.db.read(labels.counts)
        assert counts["class"] == len(truth.seen)
        assert counts["unlabelled"] >= len(truth.unseen) > 0
        assert workspace.db.read(sets.counts)["pending"] == len(truth.sets) > 0
        assert workspace.db.read(images.count) == counts["class"] + counts["unlabelled"]


def test_a_step_that_did_not_happen_ends_the_demo(tmp_path: Path) -> None:
    workspaces.create(tmp_path / "demo")
    (tmp_path / "demo" / "synthetic").mkdir()
    (tmp_path / "demo" / "synthetic" / "mine.txt").write_text("not made by the demo")
    answer = binscout(tmp_path / "demo", "demo", "--headless")
    assert answer.code != 0
    assert answer.data["error"]["message"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_loop_without_a_terminal(tmp_path: Path) -> None:
    answer = binscout(tmp_path / "demo", "demo", "--headless", timeout=1700)
    assert answer.code == 0, answer.err
    report = answer.data
    assert report["gate"]["passed"]
    assert report["predict"]["right"] > report["predict"]["unseen_parts"] / 2
    assert report["train"]["metrics"]["accuracy"] > report["train"]["baselines"]["majority"]["accuracy"]
