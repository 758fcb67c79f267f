"""How the opinions about a set become one: who has which share, how sure the answer is, and where to cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.select.boxes import Boxes, blended, overlap
from binscout_tui.learning.select.crops import CropOpinion, Maps
from binscout_tui.learning.select.measures import Measured, relative
from binscout_tui.learning.select.opinion import SetOpinion, softmax

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)  # that the network may have beside the measures
USUAL_SHARE = 0.0  # where the validation sets have no view: a small network from scratch knows less than the measures
SHARE_DOUBT = 0.15
CROP_DOUBT = 0.1  # of mean overlap that the network must gain to speak alone, and less for less
MOST_TEMPERATURE = 4.0
TEMPERATURE_DOUBT = 0.5  # in log units
RIGHT = 0.9  # of the confident suggestions should be right
IMAGINED = 2.0  # sets by which the validation sets are drawn towards `RIGHT`
LEAST_CONFIDENCE = 0.5

Chances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model for sets is made of, beside its network.

    `choice` and `crops` are None where only the network speaks. The shares are those of the network, 0..1; a model that
    never saw a crop does not `cut`. Chances are those of log-odds divided by `temperature`; a suggestion is confident
    from `confident_from` on.
    """

    choice: SetOpinion | None
    crops: CropOpinion | None
    choice_share: float
    crop_share: float
    temperature: float = 1.0
    confident_from: float = LEAST_CONFIDENCE
    cuts: bool = True

    @property
    def wants_network(self) -> bool:
        """Whether the network has a say at all."""
        return self.choice_share > 0 or (self.cuts and self.crop_share > 0)

    def chances(self, measures: Sequence[Measured], scores: Sequence[Chances] | None) -> list[Chances]:
        """(n,) chances of the candidates of each set, from measures (n, M) and scores (n,) of the network."""
        return [softmax(odds / self.temperature) for odds in self._odds(measures, scores)]

    def _odds(self, measures: Sequence[Measured], scores: Sequence[Chances] | None) -> list[Chances]:
        if self.choice is None or self.choice_share >= 1:
            if scores is None:
                raise ValueError("this model needs its network")
            return [own - own.mean() for own in scores]
        first = self.choice.scores([relative(list(own)) for own in measures])
        if scores is None or self.choice_share == 0:
            return first
        share = self.choice_share
        return [(1 - share) * one + share * (two - two.mean()) for one, two in zip(first, scores, strict=True)]

    def boxes(self, maps: Maps, network: Boxes | None) -> Boxes | None:
        """(N, 4) where to cut N pictures; `network` are its boxes of the same pictures. None when it does not cut."""
        if not self.cuts:
            return None
        if self.crops is None or self.crop_share >= 1:
            return network
        own = self.crops.boxes(maps)
        return own if network is None or self.crop_share == 0 else blended(own, network, self.crop_share)


def fit_shares(parts: Parts, measures: Sequence[Measured], scores: Sequence[Chances], chosen: Sequence[int]) -> Parts:
    """The share of the network in the choice and the temperature that fit the choices of the validation sets best.

    Posterior mode under weak normal priors: a handful of sets, all right by luck or by being easy, must neither hand
    the choice to the network nor make the model certain of everything.
    """
    shares = (1.0,) if parts.choice is None else SHARES
    fits = []
    for share in shares:
        odds = replace(parts, choice_share=share)._odds(measures, scores)
        for log_temperature in np.linspace(-math.log(MOST_TEMPERATURE), math.log(MOST_TEMPERATURE), 57):
            temperature = math.exp(log_temperature)
            misfit = choice_nll([softmax(own / temperature) for own in odds], chosen) * len(chosen)
            doubt = (log_temperature / TEMPERATURE_DOUBT) ** 2 / 2
            if len(shares) > 1:
                doubt += ((share - USUAL_SHARE) / SHARE_DOUBT) ** 2 / 2
            fits.append((misfit + doubt, share, temperature))
    _, share, temperature = min(fits)
    found = replace(parts, choice_share=share, temperature=temperature)
    return replace(found, confident_from=confidence_threshold(found.chances(measures, scores), chosen))


def fit_crop_share(parts: Parts, maps: Maps, network: Boxes, truth: Boxes) -> Parts:
    """The share of the network in the box: what it gains on the validation crops must be worth its share."""
    if parts.crops is None:
        return replace(parts, crop_share=1.0)
    if not len(truth):
        return replace(parts, crop_share=0.0)
    own = parts.crops.boxes(maps)
    gains = [overlap(blended(own, network, share), truth).mean() - CROP_DOUBT * share for share in SHARES]
    return replace(parts, crop_share=SHARES[int(np.argmax(gains))])


def choice_nll(chances: Sequence[Chances], chosen: Sequence[int]) -> float:
    """Mean negative log likelihood of the choices in nats; NaN without sets."""
    if not len(chosen):
        return math.nan
    return float(np.mean([-math.log(own[place] + 1e-12) for own, place in zip(chances, chosen, strict=True)]))


def confidence_threshold(chances: Sequence[Chances], chosen: Sequence[int]) -> float:
    """The least chance of the best candidate from which on a share `RIGHT` of the validation sets are right.

    Never below a half. Counts are drawn towards `RIGHT` by a few imagined sets, so that one miss among many does not
    raise the level; 1 (never confident) when none is good enough.
    """
    best = np.array([own.max() for own in chances])
    right = np.array([own.argmax() == place for own, place in zip(chances, chosen, strict=True)], bool)
    for level in sorted({LEAST_CONFIDENCE, *best[best > LEAST_CONFIDENCE]}):
        above = best >= level
        if above.any() and (right[above].sum() + IMAGINED * RIGHT) / (above.sum() + IMAGINED) >= RIGHT:
            return float(level)
    return 1.0
