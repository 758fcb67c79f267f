"""What a training on sets leaves behind: the opinions beside the network, how they are weighed, report and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from binscout_tui import __version__
from binscout_tui.learning.events import finite
from binscout_tui.learning.outputs import write_outputs
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.select.advice import Parts, choice_nll, fit_crop_share, fit_shares
from binscout_tui.learning.select.answers import boxes_of
from binscout_tui.learning.select.baselines import baseline_figures
from binscout_tui.learning.select.card import SelectCard
from binscout_tui.learning.select.crops import fit_crops
from binscout_tui.learning.select.judging import Answers, Judged, cases, evaluation, figures, judge
from binscout_tui.learning.select.measures import NAMES, relative
from binscout_tui.learning.select.network import SetNetwork
from binscout_tui.learning.select.opinion import fit_choices
from binscout_tui.learning.select.reading import Pictures
from binscout_tui.learning.select.recipes import RECIPES
from binscout_tui.learning.select.saliency import NAMES as MAP_NAMES
from binscout_tui.learning.select.samples import ChoiceSet, Samples, cropped
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

JUDGED: tuple[Split, ...] = ("test", "val")
NETWORK, CHOICE, CROPS = "network.", "choice.", "crops."  # how the tensors of the parts are named in the weights file


@dataclass(frozen=True, slots=True)
class Finished:
    """A trained network, its architecture (name, options), and what it says of all N pictures (N, 5)."""

    network: SetNetwork
    arch: tuple[str, Mapping[str, Any]]
    answers: Answers


def finish(
    run: RunSetup, done: Finished, pictures: Pictures, samples: Samples, training: Mapping[str, Any]
) -> dict[str, Any]:
    """Fit the opinions on train, weigh them on val, judge on test and val, and write the model; returns the report."""
    preset = find_preset("select", run.config.preset)
    parts = weigh(
        learn_opinions(samples.sets["train"], pictures, opinions=RECIPES[preset.name].opinions),
        samples.sets["val"],
        pictures,
        done.answers,
    )
    judged = {split: judge(parts, samples.sets[split], pictures, done.answers) for split in JUDGED}
    report = {**make_report(run, parts, judged, pictures, samples, done.answers), "training": dict(training)}
    return write_outputs(
        run.folder,
        model_tensors(parts, done.network),
        report,
        [case for split in JUDGED for case in cases(judged[split], parts, split)],
        partial(make_card, run, done.arch, parts, report),
    )


def learn_opinions(sets: Sequence[ChoiceSet], pictures: Pictures, *, opinions: bool = True) -> Parts:
    """The opinions from measures and saliency, learned from `sets`; without `opinions` the network speaks alone."""
    found, rows, boxes = cropped(sets)
    if not opinions:
        return Parts(None, None, choice_share=1.0, crop_share=1.0, cuts=bool(found))
    choice = fit_choices([relative(list(pictures.measures[one.rows])) for one in sets], [one.chosen for one in sets])
    crops = fit_crops(pictures.maps[rows], boxes, [one.item.group or one.item.key for one in found])
    return Parts(choice, crops, choice_share=0.0, crop_share=0.0, cuts=bool(found))


def weigh(parts: Parts, val: Sequence[ChoiceSet], pictures: Pictures, answers: Answers) -> Parts:
    """Shares, temperature and confidence fitted on the validation sets."""
    measures = [pictures.measures[one.rows] for one in val]
    parts = fit_shares(parts, measures, [answers[one.rows, 0] for one in val], [one.chosen for one in val])
    if not parts.cuts:
        return replace(parts, crop_share=0.0)
    _, rows, truth = cropped(val)
    return fit_crop_share(parts, pictures.maps[rows], boxes_of(answers[rows], pictures.sizes[rows]), truth)


def make_report(
    run: RunSetup,
    parts: Parts,
    judged: Mapping[Split, Judged],
    pictures: Pictures,
    samples: Samples,
    answers: Answers,
) -> dict[str, Any]:
    """The content of `report.json`."""
    config = run.config
    return {
        "task": "select",
        "preset": find_preset("select", config.preset).name,
        "dataset": config.dataset,
        "seed": config.seed,
        "epochs": run.plan.epochs,
        "train": {
            "n": len(samples.sets["train"]),
            "unreadable": len(samples.unreadable["train"]),
            "crops": len(cropped(samples.sets["train"])[0]),
        },
        **{split: evaluation(judged[split], parts, samples, split) for split in JUDGED},
        "left_out": dict(samples.left_out),
        "calibration": {
            "temperature": parts.temperature,
            "confident_from": parts.confident_from,
            **{split: _calibration(parts, judged[split], pictures, answers) for split in JUDGED},
        },
        "parts": _parts(parts, pictures, samples, answers),
        "baselines": _baselines(pictures, samples),
    }


def _calibration(parts: Parts, judged: Judged, pictures: Pictures, answers: Answers) -> dict[str, float]:
    before = judge(replace(parts, temperature=1.0), judged.sets, pictures, answers)
    return {
        "nll_before": choice_nll(before.chances, before.chosen),
        "nll_after": choice_nll(judged.chances, judged.chosen),
    }


def _parts(parts: Parts, pictures: Pictures, samples: Samples, answers: Answers) -> dict[str, Any]:
    """What each part of the model reaches alone, and its share."""
    alone = {"network": replace(parts, choice=None, crops=None, choice_share=1.0, crop_share=1.0)}
    if parts.choice is not None:
        alone["measures"] = replace(parts, choice_share=0.0, crop_share=0.0)
    return {
        "choice_share": parts.choice_share,
        "crop_share": parts.crop_share,
        **{
            name: {split: figures(judge(own, samples.sets[split], pictures, answers)) for split in JUDGED}
            for name, own in alone.items()
        },
    }


def _baselines(pictures: Pictures, samples: Samples) -> dict[str, Any]:
    """Figures of each baseline on the test split, and under `val` those on the other."""
    crops = [one.item.crop for one in samples.sets["train"] if one.item.crop is not None]
    test, val = (baseline_figures(samples.sets[split], crops, pictures) for split in JUDGED)
    return {name: {**figures, "val": val[name]} for name, figures in test.items()}


def make_card(
    run: RunSetup, arch: tuple[str, Mapping[str, Any]], parts: Parts, report: Mapping[str, Any], weights_sha256: str
) -> SelectCard:
    """The card of the model whose weights file has the given hash."""
    return SelectCard(
        arch=arch[0],
        arch_options=dict(arch[1]),
        preset=report["preset"],
        image_size=run.plan.image_size,
        mean=run.plan.mean,
        std=run.plan.std,
        choice_share=parts.choice_share,
        crop_share=parts.crop_share,
        temperature=parts.temperature,
        confident_from=parts.confident_from,
        cuts=parts.cuts,
        measures=[] if parts.choice is None else list(NAMES),
        maps=[] if parts.crops is None else list(MAP_NAMES),
        dataset=run.config.dataset,
        seed=run.config.seed,
        epochs=run.plan.epochs,
        code_version=run.config.code_version or __version__,
        weights_sha256=weights_sha256,
        metrics=finite(_headline(report)),
    )


def _headline(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures for the card, the baselines beside them."""
    baselines = {
        name: {**_brief(figures), "val": _brief(figures["val"])} for name, figures in report["baselines"].items()
    }
    return {**{split: _brief(report[split]) for split in JUDGED}, "baselines": baselines}


def _brief(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"n": found["n"], "figures": found["figures"]}


def model_tensors(parts: Parts, network: SetNetwork) -> dict[str, Tensor]:
    """Everything that the finished model needs; a network without a say is left out."""
    tensors: dict[str, Tensor] = {}
    if parts.wants_network:
        tensors |= {NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    if parts.choice is not None:
        tensors[CHOICE + "weight"] = torch.from_numpy(parts.choice.weight)
    if parts.crops is not None:
        tensors |= {CROPS + name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in parts.crops.arrays().items()}
    return tensors
