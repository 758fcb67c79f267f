"""Weights from local files: taken when they fit, refused when they do not, and never run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.networks import build_network, load_pretrained, parameter_groups
from binscout_tui.learning.presets import PRESETS

SMALL_VIT = {"depth": 2, "embed_dim": 32, "num_heads": 2, "patch_size": 8}


def vit(classes: int, image_size: int = 32) -> nn.Module:
    return build_network("vit_tiny_patch16_224", SMALL_VIT, classes, image_size)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt"])
@pytest.mark.parametrize("wrapper", [None, "model", "state_dict"])
def test_a_checkpoint_of_another_head_fills_all_but_the_head(name: str, wrapper: str | None, tmp_path: Path) -> None:
    source, target = vit(1000), vit(3)
    file = tmp_path / name
    if file.suffix == ".safetensors":
        save_file(source.state_dict(), file)
    else:
        state = {f"module.{key}": value for key, value in source.state_dict().items()}
        torch.save(state if wrapper is None else {wrapper: state, "epoch": 3}, file)
    assert load_pretrained(target, file) == ["head.bias", "head.weight"]
    for key, value in source.state_dict().items():
        if not key.startswith("head."):
            assert torch.equal(target.state_dict()[key], value)


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.target}",)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"model": Bomb(tmp_path / "ran")}, tmp_path / "bad.pt")
    with pytest.raises(BinScoutError) as caught:
        load_pretrained(vit(3), tmp_path / "bad.pt")
    assert caught.value.code == "weights_unreadable"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"nonsense" * 40])
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt"])
def test_damaged_files_are_refused(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BinScoutError) as caught:
        load_pretrained(vit(3), tmp_path / name)
    assert caught.value.code == "weights_unreadable"


@pytest.mark.parametrize("text", ["hello\n", "these are no weights\n", "0.5 0.25\n", "\x80\x02."])
@pytest.mark.parametrize("name", ["weights.txt", "weights.pt", "weights.safetensors"])
def test_any_text_is_refused_in_one_sentence(text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(BinScoutError) as caught:
        load_pretrained(vit(3), tmp_path / name)
    assert caught.value.code == "weights_unreadable"
    said = caught.value.sentence
    assert said.startswith(f"The weights file {tmp_path / name} cannot be read: ")
    assert said.endswith(".")
    assert "\n" not in said
    assert ".." not in said.removeprefix(f"The weights file {tmp_path / name}")


def test_tensors_without_names_are_no_weights(tmp_path: Path) -> None:
    torch.save({0: torch.zeros(3)}, tmp_path / "w.pt")
    with pytest.raises(BinScoutError) as caught:
        load_pretrained(vit(3), tmp_path / "w.pt")
    assert caught.value.code == "weights_mismatch"


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file(vit(3, image_size=64).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(BinScoutError, match="pos_embed") as caught:
        load_pretrained(vit(3), tmp_path / "w.safetensors")
    assert caught.value.code == "weights_mismatch"


def test_fine_tuning_takes_smaller_steps_in_early_layers() -> None:
    groups = parameter_groups(vit(3), 0.05, 1.0, 0.5)
    rates = sorted({group["lr"] for group in groups})
    assert rates[-1] == 1.0
    assert rates[0] <= 0.25
    assert sum(len(group["params"]) for group in groups) == len(list(vit(3).parameters()))


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(BinScoutError, match="no_such_net"):
        build_network("no_such_net", {}, 2, 32)


@pytest.mark.slow
def test_vit_b16_takes_a_full_checkpoint(tmp_path: Path) -> None:
    preset = PRESETS["classify"]["vit-b16"]
    source = build_network(preset.arch, preset.arch_options, 1000, preset.image_size)
    save_file(source.state_dict(), tmp_path / "vit.safetensors")
    target = build_network(preset.arch, preset.arch_options, 5, preset.image_size)
    assert load_pretrained(target, tmp_path / "vit.safetensors") == ["head.bias", "head.weight"]
    assert target(torch.zeros(1, 3, preset.image_size, preset.image_size)).shape == (1, 5)
