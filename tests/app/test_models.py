"""Models: the card, the gate, activation through it, going back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.operations import gating
from binscout_tui.screens.gate_text import gate_text
from binscout_tui.store import models, users
from binscout_tui.workspace import Workspace

from .driving import press, screen_text, settle, told
from .filling import add_dataset, add_images, add_known_good, add_run, fill, finish_run, judge, label_images


@pytest.fixture
def trained(root: Path) -> Path:
    """A workspace with two models, oldest first: `screws-1`, `screws-2`; neither has stood at the gate."""
    with Workspace(root) as ws:
        ids = add_images(ws, 12)
        label_images(ws, ids)
        add_known_good(ws, ids)
        dataset_id = add_dataset(ws)
        for _ in range(2):
            finish_run(ws, add_run(ws, dataset_id, state="done"))
    return root


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Activation and rollback without the inference process, which has tests of its own."""

    async def activate(ws: Any, model_id: str, *, reason: str = "") -> models.Activation:
        return await ws.db.write(models.activate, ws.user.uid, model_id, ws.settings.gate, reason=reason)

    async def rollback(ws: Any, task: str) -> models.Activation:
        target = await ws.db.read(models.previous, task)
        return await ws.db.write(models.rollback, ws.user.uid, task, target.id)

    monkeypatch.setattr(gating, "activate", activate)
    monkeypatch.setattr(gating, "rollback", rollback)


async def active(app: BinScoutApp) -> str | None:
    """The id of the active model."""
    model = await app.workspace.db.read(models.active, "classify")
    return model.id if model else None


async def until(pilot: Any, words: str) -> None:
    """Wait until the screen shows `words`."""
    while not any(words in row for row in screen_text(pilot.app)):
        await pilot.pause(0.02)


async def test_no_model_says_how_one_is_made(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        assert any("A training run makes one" in row for row in screen_text(app))
        await press(pilot, "G")
        assert told(app)[0].endswith("There is no model yet; a training run makes one.")


async def test_the_card_stands_beside_baselines_gate_and_history(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        await press(pilot, "down")
        text = "\n".join(screen_text(app))
        for words in ("● screws-3", "● active", "this model", "majority", "✓ passed", "by root", "activated screws-3"):
            assert words in text, words


async def test_activation_only_through_the_gate(trained: Path, no_engine: None) -> None:
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "a")
        assert told(app)[0].endswith("screws-2 has not stood at the gate.")
        with Workspace(trained) as other:
            judge(other, "screws-2", passed=False)
        await until(pilot, "✗ failed: overall")
        await press(pilot, "a")
        assert "screws-2 did not pass the gate: overall." in told(app)[0]
        with Workspace(trained) as other:
            judge(other, "screws-2", passed=True)
        await until(pilot, "✓ passed")
        await press(pilot, "a", "enter")
        assert await active(app) is None
        await press(pilot, "a", "y")
        await until(pilot, "● active")
        assert await active(app) == "screws-2"
        await press(pilot, "a")
        assert told(app)[0].endswith("screws-2 is the active model already.")


async def test_rollback_goes_back_and_is_refused_when_there_is_nothing(trained: Path, no_engine: None) -> None:
    with Workspace(trained) as ws:
        judge(ws, "screws-1", passed=True)
        ws.db.write(models.activate, ws.user.uid, "screws-1", ws.settings.gate)
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "b")
        assert told(app)[0].endswith("No model was active before this one.")
        with Workspace(trained) as other:
            judge(other, "screws-2", passed=True)
            other.db.write(models.activate, other.user.uid, "screws-2", other.settings.gate)
        await until(pilot, "● screws-2")
        await press(pilot, "b", "y")
        await until(pilot, "● screws-1")
        assert await active(app) == "screws-1"
        await until(pilot, "rolled back to screws-1")


async def test_only_an_admin_activates(trained: Path) -> None:
    with Workspace(trained) as ws:
        judge(ws, "screws-2", passed=True)
        ws.db.write(users.set_role, ws.user.uid, "operator")
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "a")
        assert "needs the role admin" in told(app)[0]


async def test_while_the_gate_works_other_keys_say_so(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    go_on = asyncio.Event()

    async def gate(ws: Any, model_id: str) -> Any:
        await go_on.wait()
        with Workspace(trained) as other:
            judge(other, model_id, passed=True)
        return await ws.db.read(models.last_gate, model_id)

    monkeypatch.setattr(gating, "gate", gate)
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "G")
        assert any("Gate  ⟳ at the gate…" in row for row in screen_text(app))
        await press(pilot, "G")
        assert told(app)[0].endswith("screws-2 is being tested; wait for its verdict.")
        go_on.set()
        await until(pilot, "12 known-good images")
        await press(pilot, "escape")
        await until(pilot, "✓ passed")


async def test_an_operation_that_fails_is_told_and_the_keys_come_back(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.errors import BinScoutError

    async def gate(ws: Any, model_id: str) -> Any:
        raise BinScoutError("The engine did not start.", hint="`binscout engine status` says why.", code="engine")

    monkeypatch.setattr(gating, "gate", gate)
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "G")
        while "The engine did not start." not in told(app)[0]:
            await pilot.pause(0.02)
        assert app.screen.busy is None


async def test_the_model_under_the_cursor_comes_back(trained: Path) -> None:
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "down")
    again = BinScoutApp(trained)
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        assert any(row.startswith("▸   screws-1") for row in screen_text(again))


async def test_the_card_opens_in_full_and_the_report_has_its_own_key(trained: Path) -> None:
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "enter")
        text = "\n".join(screen_text(app))
        for words in ("Card of screws-2", "this model", "majority"):
            assert words in text, words
        await press(pilot, "G")
        text = "\n".join(screen_text(app))
        for words in ("4 train, 4 val, 4 test", "tiny · resnet10t · seed 0", "by root", "What was active for classify"):
            assert words in text, words


async def test_a_note_is_asked_for_and_shown(trained: Path) -> None:
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "n", *"spare", "enter")
        await until(pilot, "spare")
        assert (await app.workspace.db.read(models.get, "screws-2")).note == "spare"


async def test_deleting_wants_a_word_and_refuses_what_is_needed(trained: Path) -> None:
    with Workspace(trained) as ws:
        judge(ws, "screws-1", passed=True)
        ws.db.write(models.activate, ws.user.uid, "screws-1", ws.settings.gate)
        for folder in (ws.paths.model("screws-2"), ws.paths.run("screws-2")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "model.safetensors").write_bytes(bytes(1 << 19))
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "D", "enter", *"delet", "enter")
        assert app.workspace.paths.model("screws-2").is_dir()
        await press(pilot, "e", "enter")
        while not told(app)[0].endswith("screws-2 is deleted; 1 MB are free again."):
            await pilot.pause(0.02)
        assert not app.workspace.paths.model("screws-2").exists()
        await press(pilot, "D")
        assert told(app)[0].endswith("screws-1 is the active model of classify.")


async def test_a_typed_reason_stands_for_the_gate(trained: Path, no_engine: None) -> None:
    app = BinScoutApp(trained)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "A", "enter", *"camera", "enter")
        await until(pilot, "● active")
        assert (await app.workspace.db.read(models.activations))[0].reason == "camera"
        await press(pilot, "A")
        assert told(app)[0].endswith("screws-2 is the active model already.")


async def test_a_shadow_is_set_told_of_and_ended(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from binscout_tui.operations import shadowing
    from binscout_tui.store import images, predictions, shadows
    from binscout_tui.store.predictions import Prediction

    async def set_shadow(ws: Any, model_id: str) -> Any:
        return await ws.db.write(shadows.set_shadow, ws.user.uid, model_id)

    monkeypatch.setattr(shadowing, "set_shadow", set_shadow)
    with Workspace(trained) as ws:
        judge(ws, "screws-1", passed=True)
        ws.db.write(models.activate, ws.user.uid, "screws-1", ws.settings.gate)
        ids = [image.id for image in ws.db.read(images.page)]

        def said(model: str, image_id: int, label: str) -> Prediction:
            return Prediction(image_id=image_id, model_id=model, label=label, score=0.8, unknown=False)

        ws.db.write(predictions.keep, [said("screws-1", image_id, "washer") for image_id in ids])
        found = [said("screws-2", image_id, "washer" if image_id % 2 else "M2 screw") for image_id in ids]
    app = BinScoutApp(trained)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "S")
        assert "No model is asked beside the active one; s begins." in told(app)[0]
        await press(pilot, "s")
        await until(pilot, "◐ beside the active one")
        with Workspace(trained) as other:
            other.db.write(shadows.keep, found, "screws-1")
        await until(pilot, "the same word of 6 of 12")
        await press(pilot, "S")
        text = "\n".join(screen_text(app))
        for words in ("screws-2 beside screws-1", "Where they differ", "washer .80 | M2 screw .80", "right"):
            assert words in text, words
        await press(pilot, "escape", "down", "s")
        assert told(app)[0].endswith("screws-1 is the active model; another one can be asked beside it.")
        await press(pilot, "up", "s")
        await until(pilot, "not active")
        assert await app.workspace.db.read(shadows.shadow) is None


CHECKS = [
    {"name": "images", "passed": True, "detail": "12 known-good images, 10 needed", "value": 12, "limit": 10},
    {"name": "unseen", "passed": True, "detail": "none seen in training", "value": 0, "limit": 0},
    {"name": "per_class", "passed": False, "detail": "1 classes below the floor: M2 0.10", "value": 0.1, "limit": 0.2},
    {"name": "memory", "passed": True, "detail": "5010076 bytes", "value": 5_010_076, "limit": 4 << 30},
]


def a_gate() -> models.Gate:
    """A verdict with every kind of figure."""
    fields = dict.fromkeys(models.Gate.__struct_fields__)
    return models.Gate(**(fields | {"model_id": "screws-1", "passed": False, "checks": CHECKS}))


@pytest.mark.parametrize("width", [34, 48, 66, 100])
def test_the_gates_figures_are_words_at_any_width(width: int) -> None:
    text = gate_text(a_gate(), width).plain
    lines = text.splitlines()
    assert all(len(line.rstrip()) <= max(width, 39) for line in lines[1:])
    words = " ".join(text.split())
    for expected in ("✓ images 12 at least 10", "✓ not seen 0 none allowed", "✗ each class .10 at least .20"):
        assert expected in words
    assert "✓ memory 4.78 MB of 4 GB" in words
    assert "below the floor" in words
    assert "_" not in text.replace("5_", "")


def test_what_passed_is_explained_where_there_is_room() -> None:
    assert "12 known-good images" in gate_text(a_gate(), 100).plain
    assert "12 known-good images" not in gate_text(a_gate(), 48).plain


async def test_a_small_screen_breaks_no_line(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(60, 18)) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        rows = screen_text(app)
        for name, value in (("this model", ".87"), ("majority", ".33"), ("simple", ".64")):
            assert any(name in row and "▓" in row and value in row for row in rows), name
