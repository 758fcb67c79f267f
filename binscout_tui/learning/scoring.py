"""Probabilities of a network for squares of pixels: the one way in which validation, report and engine ask it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.augment import views
from binscout_tui.learning.card import Preprocessing
from binscout_tui.learning.features import Features
from binscout_tui.learning.metrics import Floats
from binscout_tui.learning.pixels import Pixels

BATCH = 32


def probabilities(network: nn.Module, pixels: Pixels, preprocessing: Preprocessing, device: torch.device) -> Floats:
    """(N, C) mean probabilities over the views of `pixels` (N, S, S, 3) uint8; the network is in `eval` mode."""
    with torch.inference_mode():
        scores = [network(view).float().softmax(dim=1) for view in seen(pixels, preprocessing, device)]
        return _mean(scores)


def probabilities_and_features(
    network: Any, pixels: Pixels, preprocessing: Preprocessing, device: torch.device
) -> tuple[Floats, Features]:
    """The same, and what the network sees just before its classifier in the first view, (N, D), in one pass."""
    with torch.inference_mode():
        rows = [_embedded(network, view) for view in seen(pixels, preprocessing, device)]
        classifier = network.get_classifier()
        return _mean([classifier(row).float().softmax(dim=1) for row in rows]), rows[0].float().cpu().numpy()


def embeddings(
    network: Any, pixels: Pixels, preprocessing: Preprocessing, device: torch.device, number: int
) -> list[Features]:
    """What the network sees just before its classifier in each of `number` evenly turned views, each (N, D)."""
    turned = replace(preprocessing, views=number)
    with torch.inference_mode():
        return [_embedded(network, view).float().cpu().numpy() for view in seen(pixels, turned, device)]


def seen(pixels: Pixels, preprocessing: Preprocessing, device: torch.device) -> list[Tensor]:
    """The views of `pixels` (N, S, S, 3) uint8 as the network wants them, each (N, 3, size, size)."""
    batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).to(device)
    mean = torch.tensor(preprocessing.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std, device=device).view(1, 3, 1, 1)
    return [(view - mean) / std for view in views(batch, preprocessing.size, preprocessing.views)]


def _embedded(network: Any, view: Tensor) -> Tensor:
    found: Tensor = network.forward_head(network.forward_features(view), pre_logits=True)
    return found


def _mean(scores: list[Tensor]) -> Floats:
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
