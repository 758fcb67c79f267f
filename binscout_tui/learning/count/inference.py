"""A counting model in memory, and how many it sees in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import WEIGHTS_FILE, corrupt, verified_weights
from binscout_tui.learning.count.area import covered_shares
from binscout_tui.learning.count.card import AREA, CountCard, read_count_card
from binscout_tui.learning.count.heat import Look
from binscout_tui.learning.count.network import STRIDE, build_counter
from binscout_tui.learning.count.pictures import read_scaled
from binscout_tui.learning.count.rules import Decision, decide
from binscout_tui.learning.items import Crop
from binscout_tui.learning.pixels import Pixels, Source, unreadable
from binscout_tui.learning.process import choose_device

WARM_UP = 128  # pixels


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are in one picture. With an `error` nothing was counted: `count` and `raw` are None, never 0.

    `raw` is the count with a fraction. `points` are (x, y, score), x and y 0..1 of the upright picture; a model without
    a network has none. `by_area` is what the covered area alone would say, `doubt` that the two are far apart.
    """

    count: int | None
    raw: float | None
    points: list[tuple[float, float, float]] = []
    by_area: float | None = None
    doubt: bool = False
    error: str | None = None


class Counter:
    """A network, if the model has one, and its card. Made by `load`; for one thread at a time."""

    def __init__(self, network: nn.Module | None, card: CountCard, device: torch.device) -> None:
        self.card = card
        self._device = device
        self._network = None if network is None else network.to(device).eval()
        self._look = None if self._network is None else Look(self._network, device, card.mean, card.std, card.views)

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Counter:
        """Load the model in `folder` strictly.

        Raises BinScoutError: `model_missing`, `model_corrupt` (hash or card wrong), `model_other_task`,
        `model_mismatch` (the weights do not fit the network of the card), `device_missing`.
        """
        card = read_count_card(folder)
        data = verified_weights(folder, card)
        try:
            tensors = load(data)
        except SafetensorError as error:
            raise corrupt(folder / WEIGHTS_FILE, str(error)) from error
        network = None
        if card.arch != AREA:
            network = build_counter(card.arch, card.arch_options, card.rules.width / STRIDE)
            try:
                network.load_state_dict(tensors, strict=True)
            except RuntimeError as error:
                raise BinScoutError(
                    f"The weights in {folder} do not fit the network {card.arch} of their card.",
                    hint="Train again with this version of the program.",
                    code="model_mismatch",
                ) from error
        return cls(network, card, choose_device(device))

    @property
    def device(self) -> str:
        """Where the network runs: `cpu` or `cuda:N`."""
        return str(self._device)

    def memory_bytes(self) -> int:
        """Bytes of the weights on the device; a picture needs some times its size beside them."""
        if self._network is None:
            return 0
        state = self._network.state_dict().values()
        return sum(tensor.numel() * tensor.element_size() for tensor in state)

    def warm_up(self) -> None:
        """Count in one grey picture, so that the first real answer is not slower than the others."""
        self.look(np.full((WARM_UP, WARM_UP, 3), 128, np.uint8))

    def look(self, picture: Pixels) -> Decision:
        """What is in `picture` (h, w, 3) uint8, already at the size of the card; points in its pixels.

        Raises BinScoutError `model_no_number`.
        """
        peaks = None if self._look is None else self._look.peaks(picture)
        return decide(self.card.rules, peaks, covered_shares(picture))

    def count(self, sources: Sequence[Source], crops: Sequence[Crop | None] | None = None) -> list[Counted]:
        """One answer a source (file, bytes or picture), in order; a bad source gives an entry with an error.

        With a crop only what lies in it is counted. Raises ValueError when `crops` has another length, and torch's
        out-of-memory errors.
        """
        boxes = [None] * len(sources) if crops is None else list(crops)
        if len(boxes) != len(sources):
            raise ValueError("sources and crops differ in length")
        return [self._count_one(source, crop) for source, crop in zip(sources, boxes, strict=True)]

    def _count_one(self, source: Source, crop: Crop | None) -> Counted:
        try:
            picture = read_scaled(source, self.card.rules.side)
            left, top, right, bottom = _pixels_of(crop, picture)
            decision = self.look(picture[top:bottom, left:right])
        except BinScoutError as error:
            return Counted(count=None, raw=None, error=error.sentence)
        height, width = picture.shape[:2]
        points = [
            (min(1.0, (x + left) / width), min(1.0, (y + top) / height), float(score))
            for (x, y), score in zip(decision.points.tolist(), decision.scores, strict=True)
        ]
        return Counted(
            count=decision.count, raw=decision.raw, points=points, by_area=decision.by_area, doubt=decision.doubt
        )


def _pixels_of(crop: Crop | None, picture: Pixels) -> tuple[int, int, int, int]:
    """`crop` (0..1) in pixels of `picture`, at least one pixel; BinScoutError `unreadable` for an impossible box."""
    height, width = picture.shape[:2]
    if crop is None:
        return 0, 0, width, height
    x1, y1, x2, y2 = crop
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise unreadable(f"The crop {crop} is not inside the picture.")
    left, top = min(int(x1 * width), width - 1), min(int(y1 * height), height - 1)
    return left, top, max(left + 1, round(x2 * width)), max(top + 1, round(y2 * height))
