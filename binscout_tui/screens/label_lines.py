"""The lines around the picture of Label. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.labelling.queue import Candidate, Which
from binscout_tui.store.labels import Label
from binscout_tui.store.predictions import Prediction

NO_IMAGES = (
    "There are no images yet.\n\nbinscout import FOLDER   brings some\nbinscout demo            makes sample pictures"
)
FINDING = "Enter labels · ↓↑ mark · Esc leaves · new: Enter twice"


def status_line(
    candidate: Candidate | None,
    left: int,
    rate: int | None,
    *,
    which: Which = "unlabelled",
    skipped: int = 0,
    key: KeyOf = default_key,
) -> Content:
    """How much is left, how fast it goes, which image it is and what was said of it."""
    over = key("label.skipped")
    words = f"{left:,} left" if which == "unlabelled" else f"the {skipped:,} skipped · {over} leaves them"
    parts: list[tuple[str, str]] = [(words, "bold")]
    if skipped and which == "unlabelled":
        parts.append((f" · {skipped:,} skipped ({over})", "$text-muted"))
    if rate is not None:
        parts.append((f" · {rate}/min", ""))
    if candidate is not None:
        parts.append((f" · #{candidate.image.id} {candidate.image.name}", "$text-muted"))
        if candidate.label is not None:
            parts.append((f" · {label_words(candidate.label)}", "$success"))
    return Content.assemble(*parts)


def label_words(label: Label) -> str:
    """What was said of an image before."""
    return {"class": f"labelled {label.name}", "empty": "labelled: nothing there", "skipped": "skipped"}[label.state]


def suggestion_line(
    prediction: Prediction | None, *, shown: bool, model: str | None, key: KeyOf = default_key
) -> Content:
    """What the model says, with its score and the key that takes it."""
    if model is None:
        return Content("")
    if not shown:
        return Content.styled(f"suggestions hidden · {key('label.suggestions')}", "$text-muted")
    if prediction is None:
        return Content.styled("model: nothing yet", "$text-muted")
    if prediction.label is None:
        return Content.styled("model: failed here", "$warning")
    score = "" if prediction.score is None else f" {prediction.score:.2f}".replace(" 0.", " .")
    unsure = " unsure" if prediction.unknown else ""
    take = (key("label.take"), "bold $accent")
    return Content.assemble(("model: ", "$text-muted"), (prediction.label, "bold $accent"), f"{score}{unsure} ", take)


def last_line(last: Sequence[str], early: int, problem: str = "", *, key: KeyOf = default_key) -> Content:
    """Keys that were not taken and the last decisions, newest last; or what went wrong with the last one.

    The line is cut at its right end, so that what must be read comes first.
    """
    if problem:
        return Content.assemble((f"✗ {problem}", "bold $error"))
    parts: list[tuple[str, str]] = []
    if early:
        parts.append((f"{early} {'key' if early == 1 else 'keys'} too early: not taken  ", "$warning"))
    if last:
        parts.append(("last: ", "$text-muted"))
        parts.append(("  ".join(f"{words} ✓" for words in last), ""))
        parts.append((f"  ({key('label.undo')} undoes)", "$text-muted"))
    return Content.assemble(*parts)


def empty_words(counts: Mapping[str, int], which: Which = "unlabelled", *, key: KeyOf = default_key) -> str:
    """What to do when there is nothing to label."""
    if not any(counts.values()):
        return NO_IMAGES
    left = counts["unlabelled"]
    if which == "skipped":
        rest = f"{counts['skipped']} skipped, {left} unlabelled"
        ways = f"{key('label.skipped')} goes back to the unlabelled ones, {key('label.previous')} over the last ones."
        return f"No further image is skipped ({rest}).\n\n{ways}"
    done = counts["class"] + counts["empty"]
    keys = [f"{key('label.previous')} goes back over them", f"{key('label.undo')} takes the last label back"]
    passed = ""
    if counts["skipped"]:
        passed = f", {counts['skipped']} skipped"
        keys.insert(0, f"{key('label.skipped')} goes over the skipped ones")
    return f"Everything is labelled: {done} images{passed}.\n\n" + "\n".join(keys)
