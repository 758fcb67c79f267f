"""The demo: a workspace with made-up pictures, and the whole loop on it without a screen.

Each step of the loop looks at what is really in the store afterwards and fails loudly when it did not happen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui import workspace as workspaces
from binscout_tui.errors import BinScoutError
from binscout_tui.jobs.control import reconcile
from binscout_tui.jobs.launch import launch
from binscout_tui.operations import gating, predicting
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.operations.engines import engine
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.training import enqueue
from binscout_tui.store import images, labels, predictions, runs, sets
from binscout_tui.workspace import LiveWorkspace, Workspace

LIBRARY = "synthetic"
DATASET = "synthetic-parts"
# Every third photo of a tray is kept from training: what the model says of it can be compared with the truth.
UNSEEN_EVERY = 3
EPOCHS = 100
LABELLED_BY_HAND = 8

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


class DemoError(BinScoutError):
    """A step of the loop did not happen."""

    code = "demo_step"


class Truth(msgspec.Struct):
    """What is certain of the made-up pictures: path → class of parts, and the best path of each set."""

    unseen: dict[Path, str]
    seen: dict[Path, str]
    best: set[Path]
    sets: list[Path]


def prepare(root: Path, on_progress: Progress, *, per_class: int = 40, number_of_sets: int = 12) -> Truth:
    """Make the workspace with sample pictures: most labelled, some not, sets to choose from; again is harmless."""
    from binscout_tui.synthetic.library import write_library

    workspaces.create(root)
    library = root / LIBRARY
    write_library(library, per_class=per_class, sets=number_of_sets, on_progress=on_progress)
    truth = read_truth(library)
    with Workspace(root) as workspace:
        import_paths(workspace, sorted(truth.seen), labels_from="folder")
        import_paths(workspace, sorted(truth.unseen))
        import_paths(workspace, truth.sets, sets="folder")
    return truth


def read_truth(library: Path) -> Truth:
    """The truth beside the made-up pictures, with absolute paths."""
    data = msgspec.json.decode((library / "truth.json").read_bytes())
    unseen = {library / p["path"]: p["class"] for p in data["parts"] if p["photo"] % UNSEEN_EVERY == 0}
    seen = {library / p["path"]: p["class"] for p in data["parts"] if p["photo"] % UNSEEN_EVERY}
    best = {library / s["best"] for s in data["sets"]}
    return Truth(unseen, seen, best, [library / s["path"] for s in data["sets"]])


def run_loop(root: Path, say: Say) -> dict[str, Any]:
    """Import → choose → label → dataset → train → gate → activate → predict; returns the figures of every step.

    Raises DemoError when a step did not happen, and what the steps themselves raise.
    """
    begun = time.monotonic()
    if (root / workspaces.DATABASE).exists():
        with Workspace(root) as workspace:
            _must(not workspace.db.read(runs.latest), f"{root} has been used before; name a new folder")
    say(f"making sample pictures in {root}")
    truth = prepare(root, lambda done, total: None)
    report: dict[str, Any] = {"workspace": str(root)}
    with Workspace(root) as workspace:
        report["import"] = _imported(workspace, truth)
        say("choosing and labelling")
        report["choose"] = _choose(workspace, truth)
        report["label"] = _label(workspace, truth)
        report["dataset"] = _dataset(workspace)
        say("training in a process of its own")
        report["train"] = _train(workspace, say)
    say("gate, activation, prediction")
    report |= asyncio.run(_use(root, report["train"]["model"], truth))
    report["seconds"] = round(time.monotonic() - begun, 1)
    return report


def _imported(workspace: Workspace, truth: Truth) -> dict[str, int]:
    number = workspace.db.read(images.count)
    waiting = workspace.db.read(sets.counts)["pending"]
    _must(number >= len(truth.seen) + len(truth.unseen), "the sample pictures were not imported")
    _must(waiting == len(truth.sets), "the sample sets were not made")
    return {"images": number, "sets": waiting}


def _choose(workspace: Workspace, truth: Truth) -> dict[str, int]:
    """Choose the sharpest picture of each set; how often that is the good one is told, not hidden."""
    right = 0
    for set_id in workspace.db.read(sets.ids, "pending"):
        candidates = workspace.db.read(sets.get, set_id).images
        sharpest = max(candidates, key=lambda image: image.sharpness or 0)
        workspace.db.write(sets.choose, workspace.user.uid, set_id, sharpest.id, crop=(0.05, 0.05, 0.95, 0.95))
        right += Path(sharpest.source) in truth.best
    done = workspace.db.read(sets.counts)["done"]
    _must(done == len(truth.sets), "not every set has a chosen picture")
    return {"chosen": done, "good_ones": right}


def _label(workspace: Workspace, truth: Truth) -> dict[str, int]:
    before = workspace.db.read(labels.counts)["class"]
    for image_id in workspace.db.read(labels.queue, limit=LABELLED_BY_HAND):
        name = truth.unseen.get(Path(workspace.db.read(images.get, image_id).source))
        _must(name is not None, "the label queue does not begin with the unlabelled parts")
        workspace.db.write(labels.set_label, workspace.user.uid, image_id, name)
    after = workspace.db.read(labels.counts)["class"]
    _must(after == before + LABELLED_BY_HAND, "the labels were not written")
    return {"from_folders": before, "by_hand": LABELLED_BY_HAND}


def _dataset(workspace: Workspace) -> dict[str, Any]:
    report = build(workspace, Wanted(name=DATASET))
    _must(Path(report.manifest).is_file(), "the dataset's manifest is not there")
    return {"id": report.id, "images": report.images, "splits": report.splits, "known_good": report.known_good}


def _train(workspace: Workspace, say: Say) -> dict[str, Any]:
    run_id, job_id = workspace.db.write(enqueue, workspace.paths, workspace.user.uid, dataset=DATASET, epochs=EPOCHS)
    launch(workspace.paths.root, job_id)
    told = ""
    while (run := workspace.db.read(runs.get, run_id)).job.is_open:
        if run.job.message != told:
            told = run.job.message
            say(f"  {told}")
        time.sleep(0.5)
        workspace.db.write(reconcile, workspace.paths.root)
    _must(run.job.state == "done" and bool(run.metrics), f"training ended as {run.job.state}: {run.job.error}")
    figures: dict[str, Any] = run.metrics or {}
    return {"run": run_id, "model": run_id, **figures}


async def _use(root: Path, model_id: str, truth: Truth) -> dict[str, Any]:
    workspace = await LiveWorkspace.open(root)
    try:
        verdict = await gating.gate(workspace, model_id)
        failed = [f"{check['name']} ({check['detail']})" for check in verdict.checks if not check["passed"]]
        _must(verdict.passed, f"the model did not pass the gate: {', '.join(failed)}")
        await gating.activate(workspace, model_id)
        predicted = await predicting.predict_unlabelled(workspace)
        right, judged = await _judge(workspace, model_id, truth)
        _must(judged > 0, "no prediction was written for the unlabelled parts")
    finally:
        async with engine(workspace) as client:
            await client.stop()
        await workspace.close()
    return {
        "gate": {"passed": True, "checks": len(verdict.checks)},
        "activate": {"active": model_id},
        "predict": {"images": predicted.predicted, "unseen_parts": judged, "right": right},
    }


async def _judge(workspace: LiveWorkspace, model_id: str, truth: Truth) -> tuple[int, int]:
    """(right, judged): the model's words on parts that were never in a dataset, against the truth."""
    right = judged = 0
    for image_id in await workspace.db.read(labels.queue, limit=100_000):
        image = await workspace.db.read(images.get, image_id)
        said = await workspace.db.read(predictions.get, image_id, model_id)
        expected = truth.unseen.get(Path(image.source))
        if expected is not None and said is not None:
            judged += 1
            right += said.label == expected
    return right, judged


def _must(happened: bool, otherwise: str) -> None:
    if not happened:
        raise DemoError(f"The demo stopped: {otherwise}.")


def describe(report: dict[str, Any]) -> list[str]:
    """The report for people."""
    test, chosen = report["train"]["metrics"], report["choose"]
    low, high = test["ci95"]
    lines = [
        f"import    {report['import']['images']} pictures, {report['import']['sets']} sets",
        f"choose    {chosen['chosen']} sets by sharpness, {chosen['good_ones']} of them the good one",
        f"label     {report['label']['from_folders']} from folders, {report['label']['by_hand']} one by one",
        f"dataset   {report['dataset']['id']}: {report['dataset']['splits']}",
        f"train     {report['train']['run']}: test accuracy {test['accuracy']:.3f} (95 %: {low:.3f} to {high:.3f})",
    ]
    for name, figures in report["train"]["baselines"].items():
        lines.append(f"          {name.replace('_', ' ')} {figures['accuracy']:.3f}")
    unseen = report["predict"]
    lines += [
        f"gate      passed, {report['gate']['checks']} checks on {report['dataset']['known_good']} known-good images",
        f"activate  {report['activate']['active']}",
        f"predict   {unseen['right']} of {unseen['unseen_parts']} parts right that no training saw",
        f"The whole loop took {report['seconds']:.0f} s.",
    ]
    return lines
