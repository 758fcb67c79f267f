"""What only reports of one task have, as tables: parts of a classifier, unknown things, sureness, points. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.rows import Row, Table, shown


def extras(raw: Mapping[str, Any]) -> Iterator[Table]:
    """The tables for what `raw`, a whole decoded report, has of these; entries of another form are left out."""
    yield _parts(_mapping(raw.get("parts")))
    yield _opinions(_mapping(raw.get("parts")))
    yield _unknown(_mapping(raw.get("unknown")))
    test = _mapping(raw.get("test"))
    yield _confident(_mapping(test.get("confident")))
    yield _points(_mapping(test.get("points")), _mapping(test.get("empty")), test.get("doubtful"))


def _parts(found: Mapping[str, Any]) -> Table:
    rows = []
    for name, part in found.items():
        alone = _number(_mapping(_mapping(part).get("test")).get("accuracy"))
        if alone is not None:
            weight = _number(_mapping(part).get("weight"))
            cells = (shown(weight, share=True), shown(alone, share=True))
            rows.append(Row(display_name(name).replace("_", " "), cells, alone))
    return Table("Its parts alone", ("part", "share", "accuracy"), tuple(rows))


def _opinions(found: Mapping[str, Any]) -> Table:
    """The network and the measures of a model for sets: their share of the choice and of the crop, and each alone."""
    shares = [_number(found.get(name)) for name in ("choice_share", "crop_share")]
    rows = []
    for name in ("network", "measures"):
        test = _mapping(_mapping(found.get(name)).get("test"))
        top1, overlap = (_number(_mapping(test.get(figure)).get("value")) for figure in ("top1", "mean_iou"))
        if top1 is not None:
            choice, crop = (one if one is None or name == "network" else 1 - one for one in shares)
            crop = crop if overlap is not None else None
            cells = (_say(choice), shown(top1, share=True), _say(crop), shown(overlap, share=True))
            rows.append(Row(name, cells))
    return Table("Its parts alone", ("part", "of choice", "top-1", "of crop", "mean IoU"), tuple(rows))


def _say(share: float | None) -> str:
    """A share of what the model says; no share at all is a word."""
    return "none" if share == 0 else shown(share, share=True)


def _unknown(found: Mapping[str, Any]) -> Table:
    left_out = _mapping(found.get("leave_one_class_out"))
    named = {
        "told apart, AUROC": left_out.get("auroc"),
        "of unknown caught": left_out.get("caught"),
        "of known kept": left_out.get("kept"),
        "FPR at 95 % TPR": left_out.get("fpr95"),
    }
    rows = tuple(Row(row.name, row.cells) for row in _shares(named))
    return Table("Things that it never learned, by leaving one class out", ("", "value"), rows)


def _confident(found: Mapping[str, Any]) -> Table:
    number, right = found.get("n"), _number(found.get("right"))
    if not isinstance(number, int) or right is None:
        return Table("", (), ())
    row = Row("sure enough", (f"{number:,}", shown(right, share=True)), right)
    return Table("Where it is sure enough to suggest", ("", "sets", "top-1"), (row,))


def _points(found: Mapping[str, Any], empty: Mapping[str, Any], doubtful: Any) -> Table:
    rows = list(_shares({f"point {name}": found.get(name) for name in ("precision", "recall", "f1")}))
    without, seen = empty.get("n"), empty.get("seen_some")
    if isinstance(without, int) and isinstance(seen, int) and without:
        rows.append(Row("empty, seen some", (f"{seen} of {without}",)))
    if isinstance(doubtful, int) and doubtful:
        rows.append(Row("in doubt", (f"{doubtful:,} images",)))
    return Table("Where it counts", ("", "value"), tuple(rows))


def _shares(named: Mapping[str, Any]) -> tuple[Row, ...]:
    values = {name: _number(value) for name, value in named.items()}
    return tuple(Row(name, (shown(value, share=True),), value) for name, value in values.items() if value is not None)


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _number(found: Any) -> float | None:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
