"""Probabilities of a network for squares of pixels: the one way in which validation, report and engine ask it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.augment import views
from binscout_tui.learning.card import Preprocessing
from binscout_tui.learning.metrics import Floats
from binscout_tui.learning.pixels import Pixels

BATCH = 32


def probabilities(network: nn.Module, pixels: Pixels, preprocessing: Preprocessing, device: torch.device) -> Floats:
    """(N, C) mean probabilities over the views of `pixels` (N, S, S, 3) uint8; the network is in `eval` mode."""
    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).to(device)
        mean = torch.tensor(preprocessing.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(preprocessing.std, device=device).view(1, 3, 1, 1)
        turned = views(batch, preprocessing.size, preprocessing.views)
        scores: list[Tensor] = [network((view - mean) / std).float().softmax(dim=1) for view in turned]
        return torch.stack(scores).mean(dim=0).double().cpu().numpy()


def probabilities_of_rows(
    network: nn.Module,
    pixels: Pixels,
    rows: NDArray[np.intp],
    preprocessing: Preprocessing,
    device: torch.device,
    classes: int,
) -> Floats:
    """`probabilities` of the given rows of a large array, some at a time."""
    parts = [probabilities(network, pixels[part], preprocessing, device) for part in _chunks(rows)]
    return np.concatenate(parts) if parts else np.zeros((0, classes))


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    starts: Iterable[int] = range(0, len(rows), BATCH)
    return (rows[start : start + BATCH] for start in starts)
