"""What a training leaves behind: weights, card and report, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from binscout_tui import __version__
from binscout_tui.learning.card import ModelCard, SecondOpinion
from binscout_tui.learning.classify.report import cases, evaluation, summary
from binscout_tui.learning.classify.samples import Samples
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.events import finite
from binscout_tui.learning.inference import LINEAR, NETWORK
from binscout_tui.learning.linear import LinearOpinion, fit_linear
from binscout_tui.learning.metrics import (
    Floats,
    Ints,
    expected_calibration_error,
    fit_pool,
    mean_nll,
    pooled,
    tempered,
    unknown_threshold,
)
from binscout_tui.learning.outputs import write_outputs
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan, preprocessing_of
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.scoring import probabilities_of_rows
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

JUDGED: tuple[Split, ...] = ("test", "val")
TURNS = 4  # quarter turns that the second opinion learns from and averages

Scores = dict[Split, Floats]


@dataclass(frozen=True, slots=True)
class Opinions:
    """Probabilities of the network and of the second opinion, and how they become the answer of the model."""

    network: Scores
    second: Scores
    weight: float
    temperature: float
    threshold: float

    def pooled(self, split: Split) -> Floats:
        """Both opinions together, before the temperature."""
        return pooled(self.network[split], self.second[split], self.weight)

    def scores(self, split: Split) -> Floats:
        """What the finished model says."""
        return tempered(self.pooled(split), self.temperature)


def finish(
    run: RunSetup, network: nn.Module, pixels: Pixels, samples: Samples, training: Mapping[str, Any]
) -> dict[str, Any]:
    """Calibrate, judge and write the model; returns the report."""
    plan, rows, classes = run.plan, samples.rows, len(run.plan.classes)
    linear, _ = fit_linear(pixels, samples.labels, rows["train"], rows["val"], classes, TURNS, run.config.seed)
    preprocessing = preprocessing_of(plan, plan.views)
    first: Scores = {
        split: probabilities_of_rows(network, pixels, rows[split], preprocessing, run.place.device, classes)
        for split in JUDGED
    }
    second: Scores = {split: linear.probabilities(pixels[rows[split]]) for split in JUDGED}
    opinions = weigh(first, second, samples.labels[rows["val"]])
    report = {**make_report(run.config, plan, opinions, pixels, samples), "training": dict(training)}
    return write_outputs(
        run.folder,
        _tensors(network, linear if opinions.weight > 0 else None),
        report,
        [case for split in JUDGED for case in cases(opinions.scores(split), samples, split, list(plan.classes))],
        partial(make_card, run.config, plan, opinions, report),
    )


def weigh(network: Scores, second: Scores, truth: Ints) -> Opinions:
    """Weight, temperature and threshold fitted on the validation labels `truth`."""
    weight, temperature = fit_pool(network["val"], second["val"], truth)
    answer = tempered(pooled(network["val"], second["val"], weight), temperature)
    return Opinions(network, second, weight, temperature, unknown_threshold(answer, truth))


def make_report(
    config: TrainConfig, plan: Plan, opinions: Opinions, pixels: Pixels, samples: Samples
) -> dict[str, Any]:
    """The content of `report.json`."""
    classes = list(plan.classes)
    return {
        "task": config.task,
        "preset": find_preset(config.task, config.preset).name,
        "dataset": config.dataset,
        "classes": classes,
        "seed": config.seed,
        "epochs": plan.epochs,
        "train": {"n": len(samples.rows["train"]), "unreadable": len(samples.unreadable_in("train"))},
        **{split: evaluation(opinions.scores(split), samples, split, classes) for split in JUDGED},
        "calibration": {
            "temperature": opinions.temperature,
            "unknown_threshold": opinions.threshold,
            **{split: _calibration(opinions, samples, split) for split in JUDGED},
        },
        "parts": {
            "second_opinion_weight": opinions.weight,
            "network": _brief(opinions.network, samples, classes),
            "second_opinion": _brief(opinions.second, samples, classes),
        },
        "baselines": _baselines(pixels, samples, classes, config.seed),
    }


def make_card(
    config: TrainConfig, plan: Plan, opinions: Opinions, report: dict[str, Any], weights_sha256: str
) -> ModelCard:
    """The card of the model whose weights file has the given hash."""
    preset = find_preset(config.task, config.preset)
    return ModelCard(
        arch=preset.arch,
        arch_options=preset.arch_options,
        preset=preset.name,
        classes=list(plan.classes),
        preprocessing=preprocessing_of(plan, plan.views),
        second_opinion=SecondOpinion(weight=opinions.weight, turns=TURNS) if opinions.weight > 0 else None,
        temperature=opinions.temperature,
        unknown_threshold=opinions.threshold,
        dataset=config.dataset,
        seed=config.seed,
        epochs=plan.epochs,
        code_version=__version__,
        weights_sha256=weights_sha256,
        metrics=finite(_headline(report)),
    )


def _tensors(network: nn.Module, linear: LinearOpinion | None) -> dict[str, Tensor]:
    tensors = {NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    if linear is not None:
        tensors |= {LINEAR + name: torch.from_numpy(array) for name, array in linear.arrays().items()}
    return tensors


def _headline(report: dict[str, Any]) -> dict[str, Any]:
    """The figures for the card, a baseline beside each."""
    baselines = {
        name: {**summary(figures), "val": summary(figures["val"])} for name, figures in report["baselines"].items()
    }
    return {**{split: summary(report[split]) for split in JUDGED}, "baselines": baselines}


def _brief(scores: Scores, samples: Samples, classes: list[str]) -> dict[str, Any]:
    """What one part of the model reaches alone."""
    return {split: summary(evaluation(scores[split], samples, split, classes)) for split in JUDGED}


def _calibration(opinions: Opinions, samples: Samples, split: Split) -> dict[str, float]:
    truth, before, after = samples.labels[samples.rows[split]], opinions.pooled(split), opinions.scores(split)
    return {
        "ece_before": expected_calibration_error(before, truth),
        "ece_after": expected_calibration_error(after, truth),
        "nll_before": mean_nll(before, truth),
        "nll_after": mean_nll(after, truth),
    }


def _baselines(pixels: Pixels, samples: Samples, classes: list[str], seed: int) -> dict[str, Any]:
    """`majority` and `simple_features`: their figures on the test split, and under `val` those on the other.

    Majority gives every image the shares of the classes in training; simple features are HOG and colour with
    logistic regression on the pictures as they are, its regularisation chosen on val.
    """
    train, rows = samples.labels[samples.rows["train"]], samples.rows
    simple, strength = fit_linear(pixels, samples.labels, rows["train"], rows["val"], len(classes), seed=seed)
    shares = np.bincount(train, minlength=len(classes)) / len(train)
    figures: dict[str, Any] = {"majority": {}, "simple_features": {"regularisation": strength}}
    for split in JUDGED:
        guesses = {
            "majority": np.tile(shares, (len(rows[split]), 1)),
            "simple_features": simple.probabilities(pixels[rows[split]]),
        }
        for name, scores in guesses.items():
            judged = evaluation(scores, samples, split, classes)
            del judged["worst"], judged["unreadable_images"]
            figures[name] |= judged if split == "test" else {"val": judged}
    return figures
