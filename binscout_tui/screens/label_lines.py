"""The lines around the picture of Label. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from binscout_tui.labelling.queue import Candidate
from binscout_tui.store.labels import Label
from binscout_tui.store.predictions import Prediction


def status_line(candidate: Candidate | None, left: int, rate: int | None) -> Content:
    """How much is left, how fast it goes, which image it is and what was said of it."""
    parts: list[tuple[str, str]] = [(f"{left:,} left", "bold")]
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


def suggestion_line(prediction: Prediction | None, *, shown: bool, model: str | None) -> Content:
    """What the model says, with its score and the key that takes it."""
    if model is None:
        return Content("")
    if not shown:
        return Content.styled("suggestions hidden · t", "$text-muted")
    if prediction is None:
        return Content.styled("model: nothing yet", "$text-muted")
    if prediction.label is None:
        return Content.styled("model: failed here", "$warning")
    score = "" if prediction.score is None else f" {prediction.score:.2f}".replace(" 0.", " .")
    unsure = " unsure" if prediction.unknown else ""
    return Content.assemble(
        ("model: ", "$text-muted"), (prediction.label, "bold $accent"), f"{score}{unsure} ", ("y", "bold $accent")
    )


def last_line(last: Sequence[str], early: int, problem: str = "") -> Content:
    """The last decisions, newest last, and keys that were not taken; or what went wrong with the last one."""
    if problem:
        return Content.assemble((f"✗ {problem}", "bold $error"))
    parts: list[tuple[str, str]] = []
    if last:
        parts.append(("last: ", "$text-muted"))
        parts.append(("  ".join(f"{words} ✓" for words in last), ""))
        parts.append(("  (z undoes)", "$text-muted"))
    if early:
        keys = "1 key" if early == 1 else f"{early} keys"
        parts.append((f"  {keys} came before the picture: not taken", "$warning"))
    return Content.assemble(*parts)
