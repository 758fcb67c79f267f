"""A trained model for sets in memory, and what it suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import WEIGHTS_FILE, corrupt, verified_weights
from binscout_tui.learning.items import Crop
from binscout_tui.learning.pixels import Source
from binscout_tui.learning.process import choose_device
from binscout_tui.learning.select.advice import Chances, Parts
from binscout_tui.learning.select.answers import PixelInputs, answer, boxes_of
from binscout_tui.learning.select.boxes import as_crop
from binscout_tui.learning.select.card import SelectCard, read_select_card
from binscout_tui.learning.select.crops import CropOpinion
from binscout_tui.learning.select.finish import CHOICE, CROPS, NETWORK
from binscout_tui.learning.select.measures import NAMES
from binscout_tui.learning.select.network import make_network
from binscout_tui.learning.select.opinion import SetOpinion
from binscout_tui.learning.select.reading import Picture, Pictures, empty_pictures, put, read_picture

LEAST = 2  # pictures that make a set


class SetAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """What the model suggests for one set.

    `chosen` counts the pictures of the set from 0, `scores` are their chances (sum 1, 0 for a picture that cannot be
    read). `crop` is where to cut the chosen one, None from a model that never saw a crop. Only a `confident`
    suggestion should be shown. `unreadable` is {place: reason}. With an `error` nothing was suggested.
    """

    chosen: int | None
    scores: list[float]
    crop: Crop | None
    confident: bool
    unreadable: dict[int, str] = {}
    error: str | None = None


class Selector:
    """A network (where it has a say), the opinions beside it, and their card. For one thread at a time."""

    def __init__(self, network: nn.Module | None, parts: Parts, card: SelectCard, device: torch.device) -> None:
        self.card = card
        self._parts, self._device = parts, device
        self._network = None if network is None else network.to(device).eval()

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Selector:
        """Load the model in `folder` strictly.

        Raises BinScoutError: `model_missing`, `model_corrupt` (hash or card wrong), `model_other_task`,
        `model_mismatch` (the weights do not fit the card), `device_missing`.
        """
        card = read_select_card(folder)
        data = verified_weights(folder, card)
        try:
            tensors = load(data)
        except SafetensorError as error:
            raise corrupt(folder / WEIGHTS_FILE, str(error)) from error
        try:
            parts = _parts(tensors, card)
            network = _network(tensors, card) if parts.wants_network else None
        except (RuntimeError, KeyError, ValueError) as error:
            raise BinScoutError(
                f"The weights in {folder} do not fit the model of their card.",
                hint="Train again with this version of the program.",
                code="model_mismatch",
            ) from error
        return cls(network, parts, card, choose_device(device))

    @property
    def device(self) -> str:
        """Where the network runs: `cpu` or `cuda:N`."""
        return str(self._device)

    @property
    def parts(self) -> Parts:
        """The opinions beside the network, and how they are weighed."""
        return self._parts

    def memory_bytes(self) -> int:
        """Bytes of the weights on the device; 0 where the network has no say."""
        state = {} if self._network is None else self._network.state_dict()
        return sum(tensor.numel() * tensor.element_size() for tensor in state.values())

    def warm_up(self) -> None:
        """Ask about one grey picture, so that the first real answer is not slower than the others."""
        side = self.card.image_size
        self.answers(np.full((1, side, side, 3), 128, np.uint8))

    def answers(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """(N, 5) what the network says of (N, S, S, 3) uint8 squares; None where it has no say."""
        if self._network is None:
            return None
        inputs = PixelInputs(pixels, self.card.mean, self.card.std, self._device)
        return answer(self._network, inputs, np.arange(len(pixels)))

    def suggest(self, sets: Sequence[Sequence[Source]]) -> list[SetAdvice]:
        """One piece of advice a set of sources (files, bytes or pictures), in order.

        A set of which fewer than two pictures can be read gives an entry with an error. Raises torch's out-of-memory
        errors.
        """
        return [self._suggest(sources) for sources in sets]

    def _suggest(self, sources: Sequence[Source]) -> SetAdvice:
        read = [_try(source, self.card.image_size) for source in sources]
        good = [place for place, picture in enumerate(read) if isinstance(picture, Picture)]
        unreadable = {place: picture for place, picture in enumerate(read) if isinstance(picture, str)}
        if len(good) < LEAST:
            return _failed(len(sources), unreadable)
        pictures = _together([picture for picture in read if isinstance(picture, Picture)])
        answers = self.answers(pictures.pixels)
        chances = self._chances(pictures, answers)
        if not np.isfinite(chances).all():
            return _failed(len(sources), unreadable, "The model gave no number for this set.")
        best = int(chances.argmax())
        scores = np.zeros(len(sources))
        scores[good] = chances
        return SetAdvice(
            chosen=good[best],
            scores=scores.tolist(),
            crop=self._crop(pictures, answers, best),
            confident=bool(chances[best] >= self.card.confident_from),
            unreadable=unreadable,
        )

    def _chances(self, pictures: Pictures, answers: NDArray[np.float64] | None) -> Chances:
        scores = None if answers is None else [answers[:, 0]]
        return self._parts.chances([pictures.measures], scores)[0]

    def _crop(self, pictures: Pictures, answers: NDArray[np.float64] | None, best: int) -> Crop | None:
        row = slice(best, best + 1)
        network = None if answers is None else boxes_of(answers[row], pictures.sizes[row])
        boxes = self._parts.boxes(pictures.maps[row], network)
        return None if boxes is None else as_crop(boxes[0])


def _parts(tensors: Mapping[str, Tensor], card: SelectCard) -> Parts:
    """Raises KeyError or ValueError for weights of another program."""
    choice = crops = None
    if card.measures:
        weight = tensors[CHOICE + "weight"].numpy()
        if card.measures != list(NAMES) or weight.shape != (len(NAMES),):
            raise ValueError("the measures are of another program")
        choice = SetOpinion(weight)
    if card.maps:
        crops = CropOpinion.from_arrays({name: tensor.numpy() for name, tensor in _within(tensors, CROPS).items()})
    return Parts(choice, crops, card.choice_share, card.crop_share, card.temperature, card.confident_from, card.cuts)


def _network(tensors: Mapping[str, Tensor], card: SelectCard) -> nn.Module:
    network = make_network(card.arch, card.arch_options, card.image_size)
    network.load_state_dict(_within(tensors, NETWORK), strict=True)
    return network


def _within(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _try(source: Source, side: int) -> Picture | str:
    try:
        return read_picture(source, side)
    except BinScoutError as error:
        return error.sentence


def _together(found: Sequence[Picture]) -> Pictures:
    side = found[0].pixels.shape[0]
    pictures = empty_pictures(len(found), np.zeros((len(found), side, side, 3), np.uint8))
    for row, picture in enumerate(found):
        put(pictures, row, picture)
    return pictures


def _failed(count: int, unreadable: dict[int, str], reason: str | None = None) -> SetAdvice:
    if reason is None:
        first = next(iter(unreadable.values()), "")
        reason = f"Fewer than two of the pictures can be read. {first}".strip()
    return SetAdvice(chosen=None, scores=[0.0] * count, crop=None, confident=False, unreadable=unreadable, error=reason)
