"""The gate, activation and rollback with the real engine process and files that change behind its back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from binscout_tui.engine.client import EngineClient
from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.operations.gating import activate, gate, rollback
from binscout_tui.settings import GateSettings, load
from binscout_tui.store import images, models, named
from binscout_tui.store.users import User
from binscout_tui.workspace import LiveWorkspace, Workspace

from .using_models import TASK, add_model, add_pictures, live


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a known-good list of ten, the good models m-1 and m-2, and m-bad."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    for number, image_id in enumerate(add_pictures(workspace, tmp_path / "photos", labelled=True)):
        name = ("blue", "red")[number // 5]
        workspace.db.write(models.add_known_good, workspace.user.uid, TASK, image_id, name)
    add_model(workspace, "m-1")
    add_model(workspace, "m-2")
    add_model(workspace, "m-bad", swap=True)
    return workspace.paths.root


async def active(workspace: LiveWorkspace) -> str | None:
    model = await workspace.db.read(models.active, TASK)
    return model.id if model else None


def failed(verdict: models.Gate) -> list[str]:
    return [check["name"] for check in verdict.checks if not check["passed"]]


async def changed(work: object) -> str:
    """The sentence with which `work` refuses files that changed."""
    with pytest.raises(BinScoutError) as caught:
        await work  # type: ignore[misc]
    assert caught.value.code in ("model_changed", "model_corrupt", "model_missing"), caught.value.sentence
    return caught.value.sentence


async def test_a_good_model_goes_through_and_a_bad_one_does_not(root: Path) -> None:
    async with live(root) as workspace:
        assert failed(await gate(workspace, "m-1")) == []
        await activate(workspace, "m-1")
        assert {"overall", "per_class", "regression"} <= set(failed(await gate(workspace, "m-bad")))
        with pytest.raises(RefusedError, match="did not pass the gate"):
            await activate(workspace, "m-bad")
        with pytest.raises(UsageError, match="no words"):
            await activate(workspace, "m-bad", reason=" \t")
        assert await active(workspace) == "m-1"


async def test_what_is_hidden_is_judged_and_not_named(root: Path, workspace: Workspace) -> None:
    uid, ids = workspace.user.uid, [one.image_id for one in workspace.db.read(models.known_good, TASK)]
    tag = workspace.db.write(named.ensure, uid, named.TAG, "private")
    workspace.db.write(named.put, uid, named.TAG, tag, ids[:7])
    hashes = [workspace.db.read(images.get, one).sha256 for one in ids]
    async with live(root) as gallery:
        assert (await gate(gallery, "m-1")).passed
        workspace.db.write(models.add_known_good, uid, TASK, ids[0], "blue", must_pass=True)
        await gate(gallery, "m-1")
        await activate(gallery, "m-1")
        workspace.db.write(named.hide, uid, named.TAG, tag)
        verdict = await gate(gallery, "m-bad")
        [size] = [check["value"] for check in verdict.checks if check["name"] == "images"]
        assert (verdict.passed, size) == (False, len(ids))
        assert {"must_pass", "overall", "regression"} <= set(failed(verdict))
        assert verdict.broken == [f"image {one}" for one in ids[7:]]
        told = " ".join(check["detail"] for check in verdict.checks)
        assert "a hidden one" in told
        assert not [one for one in hashes[:7] if one[:8] in told]
        assert (await gate(gallery, "m-2")).passed
        workspace.db.write(named.hide, uid, named.TAG, tag, on=False)
        await activate(gallery, "m-2")
        verdict = await gallery.db.read(models.last_gate, "m-bad")
        assert verdict is not None
        assert len(verdict.broken) == len(ids)
        # Words that were written down before something was hidden do not name it either.
        words = " ".join(check["detail"] for check in (await gate(gallery, "m-bad")).checks)
        assert [one for one in hashes[:7] if one[:8] in words]
        workspace.db.write(named.hide, uid, named.TAG, tag)
        verdict = await gallery.db.read(models.last_gate, "m-bad")
        assert verdict is not None
        words = " ".join(check["detail"] for check in verdict.checks)
        assert not [one for one in hashes[:7] if one[:8] in words]


async def test_the_active_model_cannot_be_judged_again_to_come_back_unseen(root: Path) -> None:
    async with live(root) as workspace:
        await gate(workspace, "m-1")
        await activate(workspace, "m-1")
        assert "regression" not in [check["name"] for check in (await gate(workspace, "m-1")).checks]
        await gate(workspace, "m-2")
        await activate(workspace, "m-2")
        with pytest.raises(RefusedError, match="Another model became active"):
            await activate(workspace, "m-1")
        assert await active(workspace) == "m-2"


async def test_other_files_in_the_place_of_a_judged_model_are_refused(root: Path) -> None:
    async with live(root) as workspace:
        await gate(workspace, "m-1")
        await activate(workspace, "m-1")
        assert (await gate(workspace, "m-2")).passed
        for name in ("card.json", "model.safetensors"):
            shutil.copy(workspace.paths.model("m-bad") / name, workspace.paths.model("m-2") / name)
        assert "m-2 changed" in await changed(activate(workspace, "m-2"))
        assert await active(workspace) == "m-1"


async def test_weights_are_compared_with_the_store_by_the_engine(root: Path) -> None:
    """The card alone is as it was; the predictor is asked to believe a card that fits the wrong weights."""
    async with live(root) as workspace:
        assert (await gate(workspace, "m-1")).passed
        weights = workspace.paths.model("m-1") / "model.safetensors"
        before = weights.stat()
        weights.write_bytes(weights.read_bytes().replace(b'"swap": false', b'"swap": true '))
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
        await changed(activate(workspace, "m-1"))
        verdict = await gate(workspace, "m-1")
        assert (verdict.state, failed(verdict)) == ("fail", ["loads"])
        async with EngineClient(root, workspace.settings.engine) as client:
            assert "SHA-256" in await changed(client.load("m-2", sha256="0" * 64))
        assert await active(workspace) is None


async def test_a_model_in_memory_is_not_believed_when_its_folder_is_damaged(root: Path) -> None:
    async with live(root) as workspace:
        assert (await gate(workspace, "m-1")).passed
        folder = workspace.paths.model("m-1")
        card = (folder / "card.json").read_text()
        (folder / "card.json").write_text("garbage")
        assert failed(await gate(workspace, "m-1")) == ["loads"]
        await changed(activate(workspace, "m-1", reason="for a test"))
        (folder / "card.json").write_text(card.replace('["red", "blue"]', '["blue", "red"]'))
        await changed(activate(workspace, "m-1", reason="for a test"))
        (folder / "card.json").write_text(card)
        folder.rename(aside := folder.with_name("aside"))
        await changed(activate(workspace, "m-1", reason="for a test"))
        aside.rename(folder)
        with pytest.raises(RefusedError, match="did not pass the gate: loads"):
            await activate(workspace, "m-1")
        assert failed(await gate(workspace, "m-1")) == []
        await activate(workspace, "m-1")
        assert await active(workspace) == "m-1"


async def test_floors_that_rose_after_the_verdict_keep_the_model_out(root: Path) -> None:
    (root / "settings.toml").write_text("[gate]\noverall = 0.0\nper_class = 0\nmax_ece = 1\n")
    async with live(root) as workspace:
        assert (await gate(workspace, "m-bad")).passed
    (root / "settings.toml").write_text("[gate]\noverall = 1.0\n")
    async with live(root) as workspace:
        with pytest.raises(RefusedError, match="floors changed"):
            await activate(workspace, "m-bad")


async def test_a_rollback_that_cannot_be_loaded_leaves_the_active_model(root: Path) -> None:
    async with live(root) as workspace:
        for model in ("m-1", "m-2"):
            await activate(workspace, model, reason="for a test")
        workspace.paths.model("m-1").rename(aside := workspace.paths.models / "aside")
        await changed(rollback(workspace))
        assert await active(workspace) == "m-2"
        assert [one.action for one in await workspace.db.read(models.activations)] == ["activate", "activate"]
        aside.rename(workspace.paths.model("m-1"))
        assert (await rollback(workspace)).model_id == "m-1"
        assert await active(workspace) == "m-1"


async def test_a_known_good_image_with_other_bytes_fails_the_gate(root: Path) -> None:
    async with live(root) as workspace:
        first, second, *_ = await workspace.db.read(images.page)
        target = workspace.paths.original(first)
        target.unlink()
        shutil.copy(workspace.paths.original(second), target)
        verdict = await gate(workspace, "m-1")
        assert "readable" in failed(verdict)
        assert any("other bytes" in check["detail"] for check in verdict.checks)


async def test_a_viewer_writes_no_verdict(root: Path) -> None:
    workspace = await LiveWorkspace.open(root)
    try:
        workspace.user = User(workspace.user.uid, workspace.user.name, "viewer")
        with pytest.raises(RefusedError, match="role operator"):
            await gate(workspace, "m-1")
        assert await workspace.db.read(models.last_gate, "m-1") is None
    finally:
        await workspace.close()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("per_class = nan", "per_class"),
        ("overall = 1.5", "overall"),
        ("max_drop = -0.1", "max_drop"),
        ("min_images = 0", "min_images"),
        ("max_seconds_per_image = inf", "max_seconds_per_image"),
        ("max_memory_mb = -1", "max_memory_mb"),
        ("top1 = 2", "top1"),
        ("max_mae = -1", "max_mae"),
        ("max_ece = nan", "max_ece"),
    ],
)
def test_floors_that_are_none_are_refused_by_name(tmp_path: Path, line: str, key: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[gate]\n{line}\n")
    with pytest.raises(UsageError, match=key):
        load(tmp_path / "settings.toml")


def test_every_floor_is_part_of_what_a_verdict_stands_on(workspace: Workspace) -> None:
    add_model(workspace, "m-1")
    seen = {workspace.db.read(models.basis, "m-1", GateSettings()).floors_hash}
    for field in GateSettings.__struct_fields__:
        other = msgspec.structs.replace(GateSettings(), **{field: getattr(GateSettings(), field) / 2 or 1})
        seen.add(workspace.db.read(models.basis, "m-1", other).floors_hash)
    assert len(seen) == 1 + len(GateSettings.__struct_fields__)
