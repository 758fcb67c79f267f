"""A trained model in memory, and what it says about pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import WEIGHTS_FILE, ModelCard, corrupt, read_card, verified_weights
from binscout_tui.learning.circles import describe_circles
from binscout_tui.learning.classify.opinions import Opinion
from binscout_tui.learning.classify.unknown import Familiar, doubt, strangeness
from binscout_tui.learning.features import Features
from binscout_tui.learning.items import Crop
from binscout_tui.learning.metrics import Floats, pooled, tempered
from binscout_tui.learning.networks import build_network
from binscout_tui.learning.pixels import Pixels, Source, read_square
from binscout_tui.learning.presets import NO_NETWORK
from binscout_tui.learning.process import choose_device
from binscout_tui.learning.scoring import BATCH, probabilities, probabilities_and_features

# how the tensors of the parts are named in the weights file; LINEAR is that of models of earlier versions
NETWORK, OPINION, FAMILIAR, LINEAR = "network.", "opinion.", "familiar.", "linear."


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says of one picture.

    `score` is the calibrated probability of `label`; `unknown` means that the picture is probably none of the classes.
    With an `error` there is no label, the score is 0 and `probabilities` is empty.
    """

    label: str | None
    score: float
    probabilities: dict[str, float]
    unknown: bool
    error: str | None = None


class Classifier:
    """A network, the opinions beside it or instead of it, and their card. Made by `load`; for one thread at a time."""

    def __init__(
        self,
        network: nn.Module | None,
        opinions: Sequence[Opinion],
        familiar: Familiar | None,
        card: ModelCard,
        device: torch.device,
    ) -> None:
        self.card = card
        self._device = device
        self._network = None if network is None else network.to(device).eval()
        self._opinions = list(opinions)
        self._familiar = familiar
        shares = [part.weight for part in card.parts]
        self._weights = shares if network is None else [1 - sum(shares), *shares]

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Classifier:
        """Load the model in `folder` strictly.

        Raises BinScoutError: `model_missing`, `model_corrupt` (hash or card wrong), `model_mismatch` (the weights do
        not fit the network of the card), `device_missing`.
        """
        card = read_card(folder)
        data = verified_weights(folder, card)
        network = _network(card)
        try:
            tensors = load(data)
        except SafetensorError as error:
            raise corrupt(folder / WEIGHTS_FILE, str(error)) from error
        try:
            if network is not None:
                network.load_state_dict(_part(tensors, NETWORK), strict=True)
            opinions, familiar = _opinions(tensors, card), _familiar(tensors, card)
        except (RuntimeError, KeyError, ValueError) as error:
            raise BinScoutError(
                f"The weights in {folder} do not fit the network {card.arch} of their card.",
                hint="Train again with this version of the program.",
                code="model_mismatch",
            ) from error
        return cls(network, opinions, familiar, card, choose_device(device))

    @property
    def device(self) -> str:
        """Where the network runs: `cpu` or `cuda:N`."""
        return str(self._device)

    @property
    def network(self) -> nn.Module | None:
        """The network without the opinions beside it, in evaluation mode; None when the model has none."""
        return self._network

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the logits."""
        return self.card.classes

    def memory_bytes(self) -> int:
        """Bytes of all weights; a batch needs some times the size of its pictures beside them."""
        arrays = [array for opinion in self._opinions for array in opinion.arrays().values()]
        arrays += [] if self._familiar is None else self._familiar.arrays().values()
        state = {} if self._network is None else self._network.state_dict()
        tensors: int = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
        return tensors + sum(array.nbytes for array in arrays)

    def warm_up(self) -> None:
        """Predict one grey picture, so that the first real answer is not slower than the others."""
        side = self.card.preprocessing.square
        self.score(np.full((1, side, side, 3), 128, np.uint8))

    def score(self, pixels: Pixels) -> Floats:
        """(N, C) calibrated probabilities of (N, S, S, 3) uint8 squares."""
        return self.judge(pixels)[0]

    def judge(self, pixels: Pixels) -> tuple[Floats, NDArray[np.bool_]]:
        """The same, and (N,) whether each picture is none of the classes."""
        said, features = self._network_says(pixels)
        opinions = [*said, *(opinion.probabilities(pixels) for opinion in self._opinions)]
        scores = tempered(pooled(opinions, self._weights), self.card.temperature)
        return scores, self._unknown(pixels, scores, features)

    def _network_says(self, pixels: Pixels) -> tuple[list[Floats], Features | None]:
        if self._network is None:
            return [], None
        wanted = self.card.preprocessing
        if self.card.unknown is not None and self.card.unknown.features == "network":
            scores, features = probabilities_and_features(self._network, pixels, wanted, self._device)
            return [scores], features
        return [probabilities(self._network, pixels, wanted, self._device)], None

    def _unknown(self, pixels: Pixels, scores: Floats, features: Features | None) -> NDArray[np.bool_]:
        rule = self.card.unknown
        if rule is None or self._familiar is None:
            return np.asarray(scores.max(axis=1) < self.card.unknown_threshold)
        seen = describe_circles(pixels) if features is None else features
        distance = self._familiar.distance(seen, rule.neighbour)
        return np.asarray(strangeness(rule, distance, doubt(scores)) > rule.threshold)

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
        answers = iter(zip(*self.judge(np.stack(good)), strict=True) if good else ())
        return [
            self._answer(*next(answers)) if isinstance(square, np.ndarray) else _failed(square) for square in squares
        ]

    def _decode(self, source: Source, crop: Crop | None) -> Pixels | str:
        try:
            return read_square(source, crop, self.card.preprocessing.square)
        except BinScoutError as error:
            return error.sentence

    def _answer(self, scores: Floats, unknown: np.bool_) -> Prediction:
        if not np.isfinite(scores).all():
            return _failed("The model gave no number for this picture.")
        best = int(scores.argmax())
        score = float(scores[best])
        return Prediction(
            label=self.classes[best],
            score=score,
            probabilities=dict(zip(self.classes, scores.tolist(), strict=True)),
            unknown=bool(unknown),
        )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _network(card: ModelCard) -> nn.Module | None:
    if card.arch == NO_NETWORK:
        return None
    return build_network(card.arch, card.arch_options, len(card.classes), card.preprocessing.size)


def _opinions(tensors: dict[str, Tensor], card: ModelCard) -> list[Opinion]:
    prefixes = [LINEAR if card.second_opinion else f"{OPINION}{part.kind}." for part in card.parts]
    return [
        Opinion.from_arrays(part.kind, part.turns, _arrays(_part(tensors, prefix)))
        for part, prefix in zip(card.parts, prefixes, strict=True)
    ]


def _familiar(tensors: dict[str, Tensor], card: ModelCard) -> Familiar | None:
    return None if card.unknown is None else Familiar.from_arrays(_arrays(_part(tensors, FAMILIAR)))


def _arrays(tensors: dict[str, Tensor]) -> dict[str, Features]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _failed(reason: str) -> Prediction:
    return Prediction(label=None, score=0.0, probabilities={}, unknown=False, error=reason)
