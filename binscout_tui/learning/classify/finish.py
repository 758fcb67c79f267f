"""What a training leaves behind: weights, card and report, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui import __version__
from binscout_tui.learning.card import ModelCard, OpinionPart, UnknownRule
from binscout_tui.learning.circles import describe_circles
from binscout_tui.learning.classify.baselines import baselines
from binscout_tui.learning.classify.opinions import CIRCLES, GRADIENTS, Lesson, Opinion, fit_opinion, some
from binscout_tui.learning.classify.pool import JUDGED, Pool, Scores, weigh
from binscout_tui.learning.classify.report import cases, evaluation, summary
from binscout_tui.learning.classify.samples import Samples
from binscout_tui.learning.classify.unknown import (
    Familiar,
    doubt,
    familiarise,
    fit_rule,
    leave_one_out,
    projected,
    strangeness,
)
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.events import finite
from binscout_tui.learning.features import Features
from binscout_tui.learning.inference import FAMILIAR, NETWORK, OPINION
from binscout_tui.learning.metrics import expected_calibration_error, mean_nll
from binscout_tui.learning.outputs import write_outputs
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan, preprocessing_of
from binscout_tui.learning.presets import NO_NETWORK, find_preset
from binscout_tui.learning.scoring import probabilities_of_rows
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

CHUNK = 256

Seen = Mapping[Split, Features]


@dataclass(frozen=True, slots=True)
class Finished:
    """A model that only has to be judged and written.

    `seen` are the features by which it tells what is familiar, of the kind `seen_kind`; `simple` is what the baseline
    of simple features says, with the strength of its regularisation.
    """

    network: nn.Module | None
    opinions: Sequence[Opinion]
    pool: Pool
    familiar: Familiar
    seen: Seen
    seen_kind: str
    simple: tuple[Scores, float]
    mode: str
    epochs: int


def finish(
    run: RunSetup, network: nn.Module | None, pixels: Pixels, samples: Samples, training: Mapping[str, Any]
) -> dict[str, Any]:
    """Fit the opinions beside the network, calibrate, judge and write the model; returns the report."""
    plan, rows = run.plan, samples.rows
    lesson = Lesson(pixels, samples.labels, rows["train"], rows["val"], len(plan.classes), run.config.seed)
    opinions = [fit_opinion(lesson, kind)[0] for kind in find_preset(run.config.task, run.config.preset).opinions]
    parts: dict[str, Scores] = {} if network is None else {"network": _network_scores(run, network, pixels, samples)}
    parts |= {opinion.kind: _scores(opinion, pixels, samples) for opinion in opinions}
    pool = weigh(parts, samples.labels[rows["val"]])
    simple, strength = fit_opinion(lesson, GRADIENTS, turns=1)
    seen = {
        "train": describe_some(pixels, some(rows["train"], run.config.seed)),
        **{split: describe_some(pixels, rows[split]) for split in JUDGED},
    }
    finished = Finished(
        network=network if "network" in pool.parts else None,
        opinions=[opinion for opinion in opinions if opinion.kind in pool.parts],
        pool=pool,
        familiar=familiarise(seen["train"], run.config.seed),
        seen=seen,
        seen_kind=CIRCLES,
        simple=(_scores(simple, pixels, samples), strength),
        mode="fine-tune" if _pretrained(run.config) else "scratch",
        epochs=0 if network is None else plan.epochs,
    )
    return write(run, finished, samples, training)


def _pretrained(config: TrainConfig) -> bool:
    return config.weights is not None or find_preset(config.task, config.preset).wants_weights


def _network_scores(run: RunSetup, network: nn.Module, pixels: Pixels, samples: Samples) -> Scores:
    plan, wanted = run.plan, preprocessing_of(run.plan, run.plan.views)
    return {
        split: probabilities_of_rows(network, pixels, samples.rows[split], wanted, run.place.device, len(plan.classes))
        for split in JUDGED
    }


def _scores(opinion: Opinion, pixels: Pixels, samples: Samples) -> Scores:
    return {split: opinion.probabilities(pixels[samples.rows[split]]) for split in JUDGED}


def describe_some(pixels: Pixels, rows: NDArray[np.intp]) -> Features:
    """The circles of the pictures `rows`, some at a time."""
    parts = [describe_circles(pixels[rows[start : start + CHUNK]]) for start in range(0, len(rows), CHUNK)]
    return np.concatenate(parts) if parts else describe_circles(pixels[:1])[:0]


def write(run: RunSetup, finished: Finished, samples: Samples, training: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the model on val and test, and write it; returns the report."""
    pool, classes = finished.pool, list(run.plan.classes)
    rule = fit_rule(
        finished.seen_kind,
        finished.familiar.distance(finished.seen["val"], 1),
        doubt(pool.scores("val")),
    )
    report = {
        **make_report(run.config, run.plan, finished, samples),
        "unknown": _unknown(run.config, finished, rule, samples, classes),
        "training": dict(training),
    }
    return write_outputs(
        run.folder,
        _tensors(finished),
        report,
        [case for split in JUDGED for case in cases(pool.scores(split), samples, split, classes)],
        partial(make_card, run.config, run.plan, finished, rule, report),
    )


def make_report(config: TrainConfig, plan: Plan, finished: Finished, samples: Samples) -> dict[str, Any]:
    """The content of `report.json` but for what is unknown and how the training went."""
    classes, pool = list(plan.classes), finished.pool
    return {
        "task": config.task,
        "preset": find_preset(config.task, config.preset).name,
        "dataset": config.dataset,
        "classes": classes,
        "seed": config.seed,
        "epochs": finished.epochs,
        "mode": finished.mode,
        "train": {"n": len(samples.rows["train"]), "unreadable": len(samples.unreadable_in("train"))},
        **{split: evaluation(pool.scores(split), samples, split, classes) for split in JUDGED},
        "calibration": {
            "temperature": pool.temperature,
            "unknown_threshold": pool.threshold,
            **{split: _calibration(pool, samples, split) for split in JUDGED},
        },
        "parts": {
            name: {"weight": pool.weights[name], **_brief(scores, samples, classes)}
            for name, scores in pool.parts.items()
        },
        "baselines": baselines(*finished.simple, samples, classes),
    }


def make_card(
    config: TrainConfig,
    plan: Plan,
    finished: Finished,
    rule: UnknownRule | None,
    report: dict[str, Any],
    weights_sha256: str,
) -> ModelCard:
    """The card of the model whose weights file has the given hash."""
    preset, pool = find_preset(config.task, config.preset), finished.pool
    return ModelCard(
        arch=NO_NETWORK if finished.network is None else preset.arch,
        arch_options=preset.arch_options,
        preset=preset.name,
        classes=list(plan.classes),
        preprocessing=preprocessing_of(plan, plan.views),
        opinions=[
            OpinionPart(kind=opinion.kind, weight=pool.weights[opinion.kind], turns=opinion.turns)
            for opinion in finished.opinions
        ],
        unknown=rule,
        mode=finished.mode,
        temperature=pool.temperature,
        unknown_threshold=pool.threshold,
        dataset=config.dataset,
        seed=config.seed,
        epochs=finished.epochs,
        code_version=config.code_version or __version__,
        weights_sha256=weights_sha256,
        metrics=finite(_headline(report)),
    )


def _tensors(finished: Finished) -> dict[str, Tensor]:
    state = {} if finished.network is None else finished.network.state_dict()
    tensors = {NETWORK + name: tensor for name, tensor in state.items()}
    arrays = {FAMILIAR + name: array for name, array in finished.familiar.arrays().items()}
    for opinion in finished.opinions:
        arrays |= {f"{OPINION}{opinion.kind}.{name}": array for name, array in opinion.arrays().items()}
    return tensors | {name: torch.from_numpy(array) for name, array in arrays.items()}


def _unknown(
    config: TrainConfig, finished: Finished, rule: UnknownRule | None, samples: Samples, classes: list[str]
) -> dict[str, Any]:
    """How unknown pictures are recognised, and what that is worth where each class is left out in turn."""
    if rule is None:
        return {"rule": None, "leave_one_class_out": None}
    labels = {split: samples.labels[samples.rows[split]] for split in JUDGED}
    train = samples.labels[some(samples.rows["train"], config.seed)]
    shown = {split: projected(finished.familiar, finished.seen[split], labels[split]) for split in JUDGED}
    distance = finished.familiar.distance(finished.seen["test"], rule.neighbour)
    strange = strangeness(rule, distance, doubt(finished.pool.scores("test"))) > rule.threshold
    return {
        "features": rule.features,
        "neighbour": rule.neighbour,
        "threshold": rule.threshold,
        "known_kept_on_test": float(1 - strange.mean()) if len(strange) else None,
        "leave_one_class_out": leave_one_out(
            projected(finished.familiar, finished.seen["train"], train), shown["val"], shown["test"], classes
        ),
    }


def _headline(report: dict[str, Any]) -> dict[str, Any]:
    """The figures for the card, a baseline beside each."""
    beside = {
        name: {**summary(figures), "val": summary(figures["val"])} for name, figures in report["baselines"].items()
    }
    return {**{split: summary(report[split]) for split in JUDGED}, "baselines": beside}


def _brief(scores: Scores, samples: Samples, classes: list[str]) -> dict[str, Any]:
    """What one part of the model reaches alone."""
    return {split: summary(evaluation(scores[split], samples, split, classes)) for split in JUDGED}


def _calibration(pool: Pool, samples: Samples, split: Split) -> dict[str, float]:
    truth, before, after = samples.labels[samples.rows[split]], pool.pooled(split), pool.scores(split)
    return {
        "ece_before": expected_calibration_error(before, truth),
        "ece_after": expected_calibration_error(after, truth),
        "nll_before": mean_nll(before, truth),
        "nll_after": mean_nll(after, truth),
    }
