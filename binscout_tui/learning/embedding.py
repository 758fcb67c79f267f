"""What a trained model sees in a picture: the numbers just before its classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from binscout_tui.learning.circles import describe_circles
from binscout_tui.learning.features import Features
from binscout_tui.learning.frozen import Kind
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.scoring import embeddings

VIEWS = 4  # evenly turned copies, whose embeddings are averaged


class _Embedder:
    """A loaded network, asked for its last features; a model without one tells its descriptor of circles."""

    def __init__(self, model: Classifier) -> None:
        self._model = model

    def __call__(self, pixels: Pixels) -> Features:
        """(N, S, S, 3) uint8 to (N, width) float32, mean over turned copies."""
        network = self._model.network
        if network is None:
            return describe_circles(pixels)
        device = torch.device(self._model.device)
        found = embeddings(network, pixels, self._model.card.preprocessing, device, VIEWS)
        return np.asarray(np.mean(found, axis=0), np.float32)


def embedding_kind(folder: Path, name: str) -> Kind:
    """The features of the model in `folder`, kept as `model-NAME`. Raises what `Classifier.load` raises."""
    model = Classifier.load(folder)
    embed = _Embedder(model)
    side = model.card.preprocessing.square
    width = embed(np.zeros((1, side, side, 3), np.uint8)).shape[1]
    return Kind(f"model-{name}", side, width, embed)
