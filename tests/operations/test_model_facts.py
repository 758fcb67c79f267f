"""A model's card, notes, and deleting one."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.operations import model_facts
from binscout_tui.reporting.folder import read_run
from binscout_tui.settings import GateSettings
from binscout_tui.store import journal, models, predictions, runs, sets, shadows, suggestions
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.users import User
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here
from tests.conftest import AddImages
from tests.reporting import made

from .using_models import add_model, add_sets


@pytest.fixture
def three(workspace: Workspace) -> Workspace:
    """m-1 was active before m-2, which is active; m-3 was neither."""
    for name in ("m-1", "m-2", "m-3"):
        add_model(workspace, name)
    for name in ("m-1", "m-2"):
        workspace.db.write(models.activate, workspace.user.uid, name, workspace.settings.gate, reason="for a test")
    return workspace


def test_a_deleted_model_is_gone_with_what_it_predicted_and_its_history_stays(
    three: Workspace, add_images: AddImages
) -> None:
    [image_id] = add_images(1)
    said = Prediction(image_id=image_id, model_id="m-3", label="red", score=0.9, unknown=False)
    three.db.write(predictions.keep, [said])
    basis = three.db.read(models.basis, "m-3", GateSettings())
    three.db.write(models.add_gate, three.user.uid, "m-3", passed=False, checks=[], basis=basis)
    size = sum(path.stat().st_size for path in three.paths.model("m-3").iterdir())
    assert model_facts.delete(three, "m-3") == size > 0
    assert not three.paths.model("m-3").exists()
    assert sorted(path.name for path in three.paths.models.iterdir()) == ["m-1", "m-2"]
    assert three.db.read(predictions.get, image_id, "m-3") is None
    assert [model.id for model in three.db.read(models.latest)].count("m-3") == 0
    with pytest.raises(NotFoundError, match="m-3 was deleted on"):
        three.db.read(models.get, "m-3")
    assert three.db.read(models.last_gate, "m-3") is not None
    assert three.db.read(runs.get, "m-3").id == "m-3"
    assert three.db.read(journal.history, area="model")[0].action == "delete"


def test_the_weights_in_the_run_go_too_and_its_report_stays(three: Workspace, tmp_path: Path) -> None:
    run = three.paths.run("m-3")
    made.write_run(run, "classify")
    kept = {path.name for path in run.iterdir()}
    (run / "model.safetensors").write_bytes(bytes(1000))
    (run / "checkpoint.pt").write_bytes(bytes(3000))
    size = sum(path.stat().st_size for path in three.paths.model("m-3").iterdir())
    assert model_facts.delete(three, "m-3") == size + 4000
    assert {path.name for path in run.iterdir()} == kept
    assert read_run(run).report.about.name == "classify"


def test_a_deleted_model_suggests_nothing(three: Workspace, tmp_path: Path) -> None:
    [set_id] = add_sets(three, tmp_path / "sets", 1)
    first, *_ = three.db.read(sets.get, set_id).images
    three.db.write(suggestions.put, set_id, "m-3", first.id, 0.9)
    assert three.db.read(suggestions.get, set_id, "m-3") is not None
    model_facts.delete(three, "m-3")
    assert three.db.read(suggestions.get, set_id, "m-3") is None
    assert three.db.read(suggestions.get, set_id, "sharpest") is not None


@pytest.mark.parametrize(
    ("model", "words"), [("m-2", "is the active model"), ("m-1", "a rollback may come back"), ("m-3", "asked beside")]
)
def test_what_is_needed_stays(three: Workspace, model: str, words: str) -> None:
    three.db.write(shadows.set_shadow, three.user.uid, "m-3")
    with pytest.raises(RefusedError, match=words):
        model_facts.delete(three, model)
    assert three.paths.model(model).is_dir()


def test_only_admins_delete(three: Workspace) -> None:
    three.user = User(three.user.uid, three.user.name, "operator")
    with pytest.raises(RefusedError, match="role admin"):
        model_facts.delete(three, "m-3")
    assert three.paths.model("m-3").is_dir()


def test_a_note_is_one_line(three: Workspace) -> None:
    assert model_facts.write_note(three, "m-3", "  only for drawer A ").note == "only for drawer A"
    for bad in ("two\nlines", "x" * 5000):
        with pytest.raises(UsageError):
            model_facts.write_note(three, "m-3", bad)
    assert three.db.read(models.get, "m-3").note == "only for drawer A"
    assert model_facts.write_note(three, "m-3", "").note == ""


OLD = {"metrics": {"n": 9, "accuracy": 0.9, "ci95": [0.8, 0.95]}, "baselines": {"majority": {"accuracy": 0.3}}}
NEW = {
    "metrics": {"n": 9, "figures": {"mae": {"value": 1.5, "ci95": [1, 2]}, "exact": {"value": None, "ci95": None}}},
    "baselines": {"area": {"n": 9, "figures": {"mae": {"value": 2.5, "ci95": None}}}},
}


def test_figures_are_found_in_reports_of_both_layouts() -> None:
    [accuracy] = model_facts.figures("classify", OLD)
    assert (accuracy.value, accuracy.ci95, accuracy.baselines) == (0.9, (0.8, 0.95), {"majority": 0.3})
    [error] = model_facts.figures("count", NEW)
    assert (error.name, error.value, error.ci95, error.baselines) == ("mae", 1.5, (1.0, 2.0), {"area": 2.5})
    assert not error.higher_is_better
    assert model_facts.figures("select", {}) == []


def test_the_commands(three: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    root = three.paths.root
    three.db.write(runs.set_metrics, "m-2", OLD)
    shown = answered_here(root, capsys, "models", "show", "m-2").data
    assert (shown["model"]["active"], shown["images"], shown["dataset_name"]) == (
        True,
        {"train": 3, "val": 0, "test": 0},
        "parts",
    )
    assert shown["figures"][0]["baselines"] == {"majority": 0.3}
    assert (
        "accuracy           0.900 (95 %: 0.800 to 0.950)  beside: majority 0.300"
        in answered_here(root, capsys, "models", "show", "m-2", as_json=False).out
    )
    answered_here(root, capsys, "models", "note", "m-3", "spare")
    rows = {row["id"]: row for row in answered_here(root, capsys, "models", "list").data}
    assert (rows["m-3"]["note"], rows["m-2"]["active"], rows["m-1"]["gate"]) == ("spare", True, None)
    assert answered_here(root, capsys, "models", "list", "--task", "count").data == []
    unsure = answered_here(root, capsys, "models", "delete", "m-3")
    assert (unsure.code, unsure.data["error"]["code"]) == (2, "confirm")
    assert Path(three.paths.model("m-3")).is_dir()
    size = sum(path.stat().st_size for path in three.paths.model("m-3").iterdir())
    assert answered_here(root, capsys, "models", "delete", "m-3", "--confirm", "delete").data == {
        "deleted": "m-3",
        "bytes": size,
    }
    assert answered_here(root, capsys, "models", "delete", "m-2", "--confirm", "delete").code == 3
    assert answered_here(root, capsys, "models", "show", "m-3").code == 1
    assert [one["model_id"] for one in answered_here(root, capsys, "models", "history", "classify").data] == [
        "m-2",
        "m-1",
    ]
    assert answered_here(root, capsys, "models", "history", "select").data == []
