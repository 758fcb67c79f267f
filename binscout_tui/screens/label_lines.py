"""The lines around the picture of Label. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from binscout_tui.commands.table import PLACEHOLDER, KeyOf, default_key
from binscout_tui.labelling.orders import MIXED, ORDERS
from binscout_tui.labelling.queue import Candidate
from binscout_tui.store.label_queue import Order
from binscout_tui.store.labels import Label
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.suspects import Suspect

NO_IMAGES = (
    "There are no images yet.\n\nbinscout import FOLDER   brings some\nbinscout demo            makes sample pictures"
)
FINDING = "Enter labels · ↓↑ mark · Esc leaves · new: Enter twice"
FEW = 10
"""Of fewer suggestions no share is told."""
NOTHING: Mapping[Order, str] = {
    "arrival": "That was the last image.",
    "uncertain": "The model has said nothing of further images without a label.\n\n{label.predict} asks it",
    "disagreement": "The model says the same as people of all further images.",
    "diverse": "Everything in this order is labelled.\n\n{label.order} works it out anew",
    "suspects": "No further label is suspect.\n\nbinscout mistakes find   looks for those that are probably wrong",
    "review": "No further image needs review.",
    "filter": "The filter finds no further image.",
}


def status_line(
    candidate: Candidate | None,
    left: int,
    rate: int | None,
    *,
    order: Order = "unlabelled",
    filter_text: str = "",
    skipped: int = 0,
    taken: Sequence[bool] = (),
    key: KeyOf = default_key,
) -> Content:
    """How much is left, how fast it goes, which image it is and what was said of it."""
    parts = [*_head(left, order, filter_text, skipped, key)]
    if rate is not None:
        parts.append((f" · {rate}/min", ""))
    if len(taken) >= FEW:
        parts.append((f" · {sum(taken) / len(taken):.0%} taken", "$text-muted"))
    if candidate is not None:
        parts += _about(candidate)
    return Content.assemble(*parts)


def _head(left: int, order: Order, filter_text: str, skipped: int, key: KeyOf) -> list[tuple[str, str]]:
    """What is gone over, and how much of it there is."""
    if order == "skipped":
        return [(f"the {skipped:,} skipped · {key('label.skipped')} leaves them", "bold")]
    title = f"/ {filter_text}" if order == "filter" else ORDERS[order].title
    if order not in MIXED:
        return [(title, "bold"), (f" · {key('label.order')}", "$text-muted")]
    parts = [(f"{left:,} left", "bold")]
    if order != "unlabelled":
        parts.append((f" · {title} ({key('label.order')})", "$text-muted"))
    if skipped:
        parts.append((f" · {skipped:,} skipped ({key('label.skipped')})", "$text-muted"))
    return parts


def _about(candidate: Candidate) -> list[tuple[str, str]]:
    parts = [(" · ⚑ review", "$warning")] if candidate.remarks.review else []
    parts.append((f" · #{candidate.image.id} {candidate.image.name}", "$text-muted"))
    if candidate.label is not None:
        parts.append((f" · {label_words(candidate.label)}", "$success"))
    if candidate.remarks.note:
        parts.append((f" · ✎ {candidate.remarks.note}", "$warning"))
    return parts


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
    score = "" if prediction.score is None else _score(prediction.score)
    unsure = " unsure" if prediction.unknown else ""
    take = (key("label.take"), "bold $accent")
    return Content.assemble(("model: ", "$text-muted"), (prediction.label, "bold $accent"), f"{score}{unsure} ", take)


def suspect_line(suspect: Suspect, *, key: KeyOf = default_key) -> Content:
    """The label that was given and the one that is more likely, with the keys that keep and take them."""
    take, right = (key("label.take"), "bold $accent"), (key("label.right"), "bold $accent")
    return Content.assemble(
        ("rather ", "$text-muted"),
        (suspect.likely, "bold $accent"),
        f"{_score(suspect.likely_probability)} ",
        take,
        ("\ngiven ", "$text-muted"),
        (suspect.label, "bold"),
        f"{_score(suspect.probability)} ",
        right,
    )


def _score(score: float) -> str:
    return f" {score:.2f}".replace(" 0.", " .")


def last_line(
    last: Sequence[str], early: int, problem: str = "", *, width: int | None = None, key: KeyOf = default_key
) -> Content:
    """Keys that were not taken and the last decisions, newest last; or what went wrong with the last one.

    Of what does not fit in `width` cells the oldest decisions go first. The line is cut at its right end, so that what
    must be read comes first.
    """
    made = _last_line(last, early, problem, key)
    while width is not None and len(last) > 1 and not problem and made.cell_length > width:
        last = list(last)[1:]
        made = _last_line(last, early, problem, key)
    return made


def _last_line(last: Sequence[str], early: int, problem: str, key: KeyOf) -> Content:
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


def turned(what: str, images: int, word: str) -> str:
    """What undo or redo turned; one image is shown, several are counted."""
    return f"{what} of {images:,} images {word}" if images > 1 else f"{what} {word}"


def empty_words(
    counts: Mapping[str, int], order: Order = "unlabelled", trouble: str = "", *, key: KeyOf = default_key
) -> str:
    """What to do when there is nothing to label."""
    if not any(counts.values()):
        return NO_IMAGES
    if trouble:
        return f"{trouble}\n\n{key('label.order')} goes over something else"
    left = counts["unlabelled"]
    if order == "skipped":
        rest = f"{counts['skipped']} skipped, {left} unlabelled"
        ways = f"{key('label.skipped')} goes back to the unlabelled ones, {key('label.previous')} over the last ones."
        return f"No further image is skipped ({rest}).\n\n{ways}"
    if order in NOTHING and (left or order not in MIXED):
        said = PLACEHOLDER.sub(lambda found: key(found[1]), NOTHING[order])
        way = f"{key('label.order')} goes over something else, {key('label.previous')} goes back"
        return f"{said}\n\n{way} ({left} unlabelled)."
    done = counts["class"] + counts["empty"]
    keys = [f"{key('label.previous')} goes back over them", f"{key('label.undo')} takes the last label back"]
    passed = ""
    if counts["skipped"]:
        passed = f", {counts['skipped']} skipped"
        keys.insert(0, f"{key('label.skipped')} goes over the skipped ones")
    return f"Everything is labelled: {done} images{passed}.\n\n" + "\n".join(keys)
