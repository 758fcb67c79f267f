"""What a training to count leaves behind: weights, cases, report and card, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from binscout_tui import __version__
from binscout_tui.learning.count.area import MOST_PHOTOS, AreaFit, Method, covered_shares, fit_area
from binscout_tui.learning.count.card import CountCard
from binscout_tui.learning.count.heat import Look
from binscout_tui.learning.count.peaks import Peaks, choose_threshold
from binscout_tui.learning.count.pictures import remove_pictures
from binscout_tui.learning.count.report import cases, evaluation, judged, summary
from binscout_tui.learning.count.rules import LEAST_DOUBT, CountRules, Decision, decide, usual_gap, whole
from binscout_tui.learning.count.samples import SCALE_FILE, Samples
from binscout_tui.learning.events import finite
from binscout_tui.learning.outputs import write_outputs
from binscout_tui.learning.presets import find_preset, recipe
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

JUDGED: tuple[Split, ...] = ("test", "val")

Shares = Mapping[Split, Sequence[dict[Method, float]]]
Decisions = Mapping[Split, Sequence[Decision]]


def finish(run: RunSetup, samples: Samples, network: nn.Module | None, training: Mapping[str, Any]) -> dict[str, Any]:
    """Fit areas, choose the threshold on val, judge, and write the model; returns the report.

    The card is written last: with it the run is finished.
    """
    area = _fitted_area(samples, run.plan.seed)
    shares = {split: [covered_shares(samples.pictures[row]) for row in samples.rows(split)] for split in JUDGED}
    rules, decisions = _judge(run, samples, network, shares, area)
    report = {**make_report(run, samples, rules, decisions, shares), "training": dict(training)}
    written = write_outputs(
        run.folder,
        _tensors(network, area),
        report,
        [case for split in JUDGED for case in cases(decisions[split], samples, split)],
        lambda weights_sha256: make_card(run, rules, weights_sha256, finite(report)),
    )
    remove_pictures(run.folder)
    (run.folder / SCALE_FILE).unlink(missing_ok=True)
    return written


def _fitted_area(samples: Samples, seed: int) -> AreaFit:
    """The line through some of the training photos: more of them would only take time."""
    rows = samples.rows("train")
    rows = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_PHOTOS])
    return fit_area(
        [covered_shares(samples.pictures[row]) for row in rows], [samples.items[row].count for row in rows], seed
    )


def _counts(samples: Samples, split: Split) -> list[int]:
    return [samples.items[row].count for row in samples.rows(split)]


def _judge(
    run: RunSetup, samples: Samples, network: nn.Module | None, shares: Shares, area: AreaFit
) -> tuple[CountRules, Decisions]:
    """The rules of the model, their threshold and doubt from val, and what they decide for both splits."""
    found: dict[Split, list[Peaks | None]] = {split: [None] * len(shares[split]) for split in JUDGED}
    threshold, doubt = None, LEAST_DOUBT
    if network is not None:
        look = Look(network, run.place.device, run.plan.mean, run.plan.std, run.plan.views)
        peaks = {split: [look.peaks(samples.pictures[row]) for row in samples.rows(split)] for split in JUDGED}
        threshold = choose_threshold(peaks["val"], _counts(samples, "val"))
        by_area = [area.raw(share[area.method]) for share in shares["val"]]
        doubt = usual_gap([one.count(threshold) for one in peaks["val"]], by_area)
        found = {split: list(peaks[split]) for split in JUDGED}
    rules = CountRules(
        side=samples.side, width=samples.side * samples.usual, threshold=threshold, area=area, doubt=doubt
    )
    return rules, {
        split: [decide(rules, one, share) for one, share in zip(found[split], shares[split], strict=True)]
        for split in JUDGED
    }


def make_report(
    run: RunSetup, samples: Samples, rules: CountRules, decisions: Decisions, shares: Shares
) -> dict[str, Any]:
    """The content of `report.json` but for how the training went."""
    return {
        "task": "count",
        "preset": find_preset("count", run.config.preset).name,
        "dataset": run.config.dataset,
        "seed": run.config.seed,
        "epochs": run.plan.epochs if rules.threshold is not None else 0,
        "train": {
            "n": len(samples.rows("train")),
            "marked": len(samples.marked()),
            "unreadable": len(samples.unreadable("train")),
        },
        **{split: judged(decisions[split], samples, split) for split in JUDGED},
        "baselines": _baselines(samples, rules.area, shares),
        "rules": {
            "side": rules.side,
            "width": rules.width,
            "threshold": rules.threshold,
            "doubt": rules.doubt,
            "area": {"method": rules.area.method, "held_out_mae": rules.area.error},
        },
    }


def _baselines(samples: Samples, area: AreaFit, shares: Shares) -> dict[str, Any]:
    """`mean_count` and `area`: their figures on the test split, and under `val` those on the other."""
    mean = whole(float(np.mean(_counts(samples, "train"))))
    said: dict[str, dict[Split, list[int]]] = {
        "mean_count": {split: [mean] * len(shares[split]) for split in JUDGED},
        "area": {split: [whole(area.raw(share[area.method])) for share in shares[split]] for split in JUDGED},
    }
    return {
        name: {**evaluation(counts["test"], samples, "test"), "val": evaluation(counts["val"], samples, "val")}
        for name, counts in said.items()
    }


def make_card(run: RunSetup, rules: CountRules, weights_sha256: str, report: dict[str, Any]) -> CountCard:
    """The card of the model whose weights file has the given hash."""
    preset = recipe("count", run.config.preset, run.config.weights)
    baselines = {
        name: {**summary(figures), "val": summary(figures["val"])} for name, figures in report["baselines"].items()
    }
    return CountCard(
        arch=preset.arch,
        arch_options=preset.arch_options,
        preset=preset.name,
        rules=rules,
        mean=run.plan.mean,
        std=run.plan.std,
        views=run.plan.views,
        dataset=run.config.dataset,
        seed=run.config.seed,
        epochs=report["epochs"],
        code_version=run.config.code_version or __version__,
        weights_sha256=weights_sha256,
        metrics={**{split: summary(report[split]) for split in JUDGED}, "baselines": baselines},
    )


def _tensors(network: nn.Module | None, area: AreaFit) -> dict[str, Tensor]:
    """The tensors of the network; those of the area fit where there is none, so that a model has always its file."""
    if network is None:
        return {"area": torch.tensor([area.intercept, area.slope], dtype=torch.float64)}
    return dict(network.state_dict())
