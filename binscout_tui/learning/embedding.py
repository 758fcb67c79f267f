"""What a trained network sees in a picture: the numbers just before its classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from binscout_tui.learning.augment import views
from binscout_tui.learning.features import Features
from binscout_tui.learning.frozen import Kind
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.pixels import Pixels

VIEWS = 4  # evenly turned copies, whose embeddings are averaged


class _Embedder:
    """A loaded network, asked for its last features."""

    def __init__(self, model: Classifier) -> None:
        self._model = model

    def __call__(self, pixels: Pixels) -> Features:
        """(N, S, S, 3) uint8 to (N, width) float32, mean over turned copies."""
        network: Any = self._model.network
        wanted = self._model.card.preprocessing
        device = torch.device(self._model.device)
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).to(device)
            mean = torch.tensor(wanted.mean, device=device).view(1, 3, 1, 1)
            std = torch.tensor(wanted.std, device=device).view(1, 3, 1, 1)
            found: list[Tensor] = [
                network.forward_head(network.forward_features((view - mean) / std), pre_logits=True)
                for view in views(batch, wanted.size, VIEWS)
            ]
            return torch.stack(found).mean(dim=0).float().cpu().numpy()


def embedding_kind(folder: Path, name: str) -> Kind:
    """The features of the model in `folder`, kept as `model-NAME`. Raises what `Classifier.load` raises."""
    model = Classifier.load(folder)
    embed = _Embedder(model)
    side = model.card.preprocessing.square
    width = embed(np.zeros((1, side, side, 3), np.uint8)).shape[1]
    return Kind(f"model-{name}", side, width, embed)
