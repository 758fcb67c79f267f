"""A trained model in memory, and what it says about pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import WEIGHTS_FILE, ModelCard, corrupt, read_card, verified_weights
from binscout_tui.learning.items import Crop
from binscout_tui.learning.linear import LinearOpinion
from binscout_tui.learning.metrics import Floats, pooled, tempered
from binscout_tui.learning.networks import build_network
from binscout_tui.learning.pixels import Pixels, Source, read_square
from binscout_tui.learning.process import choose_device
from binscout_tui.learning.scoring import BATCH, probabilities

NETWORK, LINEAR = "network.", "linear."  # how the tensors of the two parts are named in the weights file


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says of one picture.

    `score` is the calibrated probability of `label`; `unknown` means that it is too low to be one of the classes.
    With an `error` there is no label, the score is 0 and `probabilities` is empty.
    """

    label: str | None
    score: float
    probabilities: dict[str, float]
    unknown: bool
    error: str | None = None


class Classifier:
    """A network, the linear opinion beside it, and their card. Made by `load`; for one thread at a time."""

    def __init__(self, network: nn.Module, linear: LinearOpinion | None, card: ModelCard, device: torch.device) -> None:
        self.card = card
        self._device = device
        self._network = network.to(device).eval()
        self._linear = linear

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Classifier:
        """Load the model in `folder` strictly.

        Raises BinScoutError: `model_missing`, `model_corrupt` (hash or card wrong), `model_mismatch` (the weights do
        not fit the network of the card), `device_missing`.
        """
        card = read_card(folder)
        data = verified_weights(folder, card)
        network = build_network(card.arch, card.arch_options, len(card.classes), card.preprocessing.size)
        try:
            tensors = load(data)
        except SafetensorError as error:
            raise corrupt(folder / WEIGHTS_FILE, str(error)) from error
        try:
            network.load_state_dict(_part(tensors, NETWORK), strict=True)
            linear = _linear(_part(tensors, LINEAR), card)
        except (RuntimeError, KeyError, ValueError) as error:
            raise BinScoutError(
                f"The weights in {folder} do not fit the network {card.arch} of their card.",
                hint="Train again with this version of the program.",
                code="model_mismatch",
            ) from error
        return cls(network, linear, card, choose_device(device))

    @property
    def device(self) -> str:
        """Where the network runs: `cpu` or `cuda:N`."""
        return str(self._device)

    @property
    def network(self) -> nn.Module:
        """The network without the linear opinion, in evaluation mode."""
        return self._network

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the logits."""
        return self.card.classes

    def memory_bytes(self) -> int:
        """Bytes of the weights on the device; a batch needs some times the size of its pictures beside them."""
        state = self._network.state_dict().values()
        return sum(tensor.numel() * tensor.element_size() for tensor in state)

    def warm_up(self) -> None:
        """Predict one grey picture, so that the first real answer is not slower than the others."""
        side = self.card.preprocessing.square
        self.score(np.full((1, side, side, 3), 128, np.uint8))

    def score(self, pixels: Pixels) -> Floats:
        """(N, C) calibrated probabilities of (N, S, S, 3) uint8 squares."""
        scores = probabilities(self._network, pixels, self.card.preprocessing, self._device)
        if self._linear is not None and self.card.second_opinion is not None:
            scores = pooled(scores, self._linear.probabilities(pixels), self.card.second_opinion.weight)
        return tempered(scores, self.card.temperature)

    def predict(self, sources: Sequence[Source], crops: Sequence[Crop | None] | None = None) -> list[Prediction]:
        """One prediction a source (file, bytes or picture), in order; a bad source gives an entry with an error.

        Raises ValueError when `crops` has another length, and torch's out-of-memory errors.
        """
        boxes = [None] * len(sources) if crops is None else list(crops)
        if len(boxes) != len(sources):
            raise ValueError("sources and crops differ in length")
        answers: list[Prediction] = []
        for start in range(0, len(sources), BATCH):
            answers += self._predict_batch(sources[start : start + BATCH], boxes[start : start + BATCH])
        return answers

    def _predict_batch(self, sources: Sequence[Source], crops: Sequence[Crop | None]) -> list[Prediction]:
        squares = [self._decode(source, crop) for source, crop in zip(sources, crops, strict=True)]
        good = [square for square in squares if isinstance(square, np.ndarray)]
        scores = iter(self.score(np.stack(good)) if good else ())
        return [self._judge(next(scores)) if isinstance(square, np.ndarray) else _failed(square) for square in squares]

    def _decode(self, source: Source, crop: Crop | None) -> Pixels | str:
        try:
            return read_square(source, crop, self.card.preprocessing.square)
        except BinScoutError as error:
            return error.sentence

    def _judge(self, scores: Floats) -> Prediction:
        if not np.isfinite(scores).all():
            return _failed("The model gave no number for this picture.")
        best = int(scores.argmax())
        score = float(scores[best])
        return Prediction(
            label=self.classes[best],
            score=score,
            probabilities=dict(zip(self.classes, scores.tolist(), strict=True)),
            unknown=score < self.card.unknown_threshold,
        )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _linear(tensors: dict[str, Tensor], card: ModelCard) -> LinearOpinion | None:
    if card.second_opinion is None:
        return None
    return LinearOpinion.from_arrays(
        {name: tensor.numpy() for name, tensor in tensors.items()}, card.second_opinion.turns
    )


def _failed(reason: str) -> Prediction:
    return Prediction(label=None, score=0.0, probabilities={}, unknown=False, error=reason)
