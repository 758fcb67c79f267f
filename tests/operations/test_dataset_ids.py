"""The id of a version goes with everything that is made from it."""

from __future__ import annotations

import json
from pathlib import Path

from binscout_tui.operations import training
from binscout_tui.operations.dataset_export import export
from binscout_tui.store import models, runs
from binscout_tui.workspace import Workspace
from tests.app.filling import add_known_good, finish_run, judge

from .test_datasets import build_parts, fill


def test_run_gate_and_export_carry_the_id(workspace: Workspace, tmp_path: Path) -> None:
    fill(workspace, 0, 60)
    version = build_parts(workspace, "parts").id
    run_id, _ = workspace.db.write(training.enqueue, workspace.paths, workspace.user.uid, dataset="parts")
    folder = workspace.paths.run(run_id)
    assert workspace.db.read(runs.get, run_id).dataset_id == version
    assert json.loads((folder / "config.json").read_text())["dataset"] == version
    finish_run(workspace, run_id)
    add_known_good(workspace, [1])
    judge(workspace, run_id, passed=True)
    verdict = workspace.db.read(models.last_gate, run_id)
    assert verdict is not None
    assert verdict.dataset == version
    done = export(workspace, "parts", tmp_path / "out", "imagefolder")
    assert done.dataset == version
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["dataset"] == version
