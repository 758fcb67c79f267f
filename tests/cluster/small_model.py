"""A model folder made in a moment: random weights, three classes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save

from binscout_tui.learning.card import ModelCard, Preprocessing, write_card
from binscout_tui.learning.networks import build_network

ARCH, OPTIONS = "resnet10t", {"channels": [8, 8, 8, 8], "layers": [1, 1, 1, 1], "stem_width": 8}


def make_model(folder: Path, seed: int = 0) -> Path:
    """Write a classifier of 32 pixels into `folder`."""
    torch.manual_seed(seed)
    network = build_network(ARCH, OPTIONS, 3, 32)
    weights = save({f"network.{name}": value.contiguous() for name, value in network.state_dict().items()})
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(weights)
    card = ModelCard(
        arch=ARCH,
        arch_options=OPTIONS,
        preset="tiny",
        classes=["bar", "disc", "frame"],
        preprocessing=Preprocessing(square=36, size=32, mean=(0.5,) * 3, std=(0.25,) * 3, views=1),
        second_opinion=None,
        temperature=1.0,
        unknown_threshold=0.0,
        dataset="made-up",
        seed=seed,
        epochs=1,
        code_version="0",
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        metrics={},
    )
    write_card(folder, card)
    return folder
