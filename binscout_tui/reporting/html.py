"""A report as one web page that needs nothing from elsewhere: its style, drawings and pictures are in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting import svg
from binscout_tui.reporting.cases import Case, CaseImage, Crop
from binscout_tui.reporting.document import Document, Headline
from binscout_tui.reporting.lines import better, confused
from binscout_tui.reporting.pictures import Pictures, Small, no_pictures
from binscout_tui.reporting.report import Confusion
from binscout_tui.reporting.rows import Table
from binscout_tui.reporting.style import STYLE
from binscout_tui.reporting.svg import text
from binscout_tui.reporting.words import name_of, verdict
from binscout_tui.wording import counted

MOST_WORST = 24
MOST_MATRIX = 40
"""A matrix with more classes is shown as its mistakes."""
MOST_PAIRS = 40
MOST_UNREADABLE = 100
MOST_IMAGES = 9
CURVES = 8


def page(
    document: Document, pictures: Pictures = no_pictures, examples: dict[str, str] | None = None, *, made: str = ""
) -> str:
    """The page; `examples` are the SHA-256 of a picture of each class, shown beside what was mistaken for it."""
    title = f"Report of {display_name(document.run)}"
    of = counted(document.samples, f"test {document.task.sample}")
    words = " · ".join(part for part in (document.task.words, f"{of}, bars are 95 % intervals", made) if part)
    body = [
        f"<h1>{text(title)}</h1>",
        f'<p class="muted">{text(words)}</p>',
        _doubts(document.doubts),
        _section("Figures", "".join(map(_headline, document.headlines))),
        *(_section(table.title, _table(table)) for table in document.tables),
        _section("What is taken for what", _confusion(document.confusion)) if document.confusion else "",
        _calibration(document),
        _curves(document),
        _worst(document, pictures, examples or {}),
        _unreadable(document),
        _section("How it was made", _facts(document.facts)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{text(title)}</h2>{inside}</section>" if inside else ""


def _doubts(found: Sequence[str]) -> str:
    items = "".join(f"<li>{text(one)}</li>" for one in found)
    return _section("What to mistrust", f'<ul class="doubts">{items}</ul>') if found else ""


def _headline(found: Headline) -> str:
    note = better(found.about)
    near = [name for name in found.behind if name not in found.worse]
    beside = (("worse than", found.worse), ("not clearly better than", near))
    told = [f"{how} {', '.join(names)}" for how, names in beside if names]
    words = " · ".join(part for part in (note, *told) if part)
    if found.is_brief:
        value = svg.with_interval(found.scores[0].figure, share=found.about.share)
        words = " · ".join(part for part in (found.beside, note) if part)
        note = f" ({text(words)})" if words else ""
        return f"<p>{text(found.about.words)}: <strong>{text(value)}</strong>{note}</p>"
    said = f'<p class="muted">{text(words)}</p>' if words else ""
    return f"<h3>{text(found.about.words)}</h3>{said}{svg.headline(found)}"


def _table(found: Table) -> str:
    has_bar = any(row.share is not None for row in found.rows)
    heads = "".join(f"<th>{text(name)}</th>" for name in found.columns[1:])
    rows = []
    for row in found.rows:
        bar = f'<td class="bar"><i style="width:{(row.share or 0.0) * 100:.1f}%"></i></td>' if has_bar else ""
        cells = "".join(f"<td>{text(cell)}</td>" for cell in row.cells)
        rows.append(f"<tr><td>{text(row.name)}</td>{bar}{cells}</tr>")
    head = f"<tr><th>{text(found.columns[0])}</th>{'<th></th>' if has_bar else ''}{heads}</tr>"
    return f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _confusion(found: Confusion | None) -> str:
    if found is None:
        return ""
    if len(found.labels) > MOST_MATRIX:
        return _pairs(found)
    names = [display_name(name) for name in found.labels]
    heads = "".join(f'<th title="{text(name)}">{place}</th>' for place, name in enumerate(names, 1))
    rows = []
    for place, row in enumerate(found.matrix):
        total = sum(row) or 1
        cells = "".join(
            f'<td style="background:rgba(var(--{"right" if place == column else "heat"}),{value / total * 0.8:.2f})" '
            f'title="{text(names[place])} taken for {text(names[column])}">{value or ""}</td>'
            for column, value in enumerate(row)
        )
        rows.append(f'<tr><th style="text-align:left">{place + 1} {text(names[place])}</th>{cells}</tr>')
    note = '<p class="muted">Rows are what it is, columns what the model says; shaded by their share of the row.</p>'
    return f'{note}<div class="scroll"><table class="matrix"><tr><th></th>{heads}</tr>{"".join(rows)}</table></div>'


def _pairs(found: Confusion) -> str:
    rows = "".join(
        f"<tr><td>{text(display_name(said))} ← {text(display_name(truth))}</td><td>{number} of {total}</td></tr>"
        for number, total, said, truth in confused(found)[:MOST_PAIRS]
    )
    head = "<tr><th>the model says ← it is</th><th>images</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>' if rows else "<p>Nothing is mistaken.</p>"


def _calibration(document: Document) -> str:
    found = document.calibration
    if found is None:
        return ""
    note = (
        f'<p class="muted">On average {found.error:.3f} between what it says and how often it is right; '
        "below the line it is surer than it should be. Larger dots are more cases.</p>"
    )
    return _section("As often right as it says?", note + svg.reliability(found))


def _curves(document: Document) -> str:
    drawn = [(name, points) for name, points in document.curves.items() if len(points) > 1][:CURVES]
    inside = "".join(
        f"<div><h3>{text(display_name(name))}</h3>{svg.curve(display_name(name), points)}</div>"
        for name, points in drawn
    )
    return _section("While it learned", f'<div class="curves">{inside}</div>') if drawn else ""


def _worst(document: Document, pictures: Pictures, examples: dict[str, str]) -> str:
    if not document.worst:
        return _section("The worst", "<p>Nothing is wrong.</p>") if document.wrong == 0 else ""
    cases = document.worst[:MOST_WORST]
    inside = "".join(_case(case, document.task.name, pictures, examples) for case in cases)
    total = document.wrong if document.wrong is not None else len(document.worst)
    title = f"The worst {len(cases)} of {total}" if total > len(cases) else "The worst"
    left_out = getattr(pictures, "left_out", False)
    note = '<p class="muted">Some pictures are left out, to keep the page small.</p>' if left_out else ""
    return _section(title, f'{note}<div class="cases">{inside}</div>')


def _case(case: Case, task: str, pictures: Pictures, examples: dict[str, str]) -> str:
    if task == "select":
        drawn = "".join(_candidate(case, place, pictures) for place in range(min(MOST_IMAGES, len(case.images))))
    else:
        drawn = _shown(case.image, pictures, points=case.points, places=case.points_truth)
        example = examples.get(str(case.said)) if task == "classify" else None
        small = pictures(example) if example else None
        if small is not None:
            like = f"{display_name(str(case.said))} looks like this"
            drawn += f'<div>{svg.picture(small, words=like)}<span class="muted">{text(like)}</span></div>'
    alone = task != "select" and drawn.count("<svg") < 2
    caption = f"<strong>{text(name_of(case))}</strong><br>{text(verdict(case, task))}"
    return f'<figure><div class="set{" one" if alone else ""}">{drawn}</div><figcaption>{caption}</figcaption></figure>'


def _candidate(case: Case, place: int, pictures: Pictures) -> str:
    kinds = [kind for kind, chosen in (("kept", case.truth), ("said", case.said)) if chosen == place]
    # Both crops are of the image that a person kept, whichever the model keeps.
    crops = [(case.crop_truth, "truth"), (case.crop_said, "said")] if place == case.truth else []
    drawn = _shown(case.images[place], pictures, crops=[(crop, kind) for crop, kind in crops if crop is not None])
    words = {"kept": "kept", "said": "the model's"}
    note = ", ".join(words[kind] for kind in kinds)
    return f'<div class="{" ".join(kinds)}">{drawn}<span class="muted">{place + 1} {text(note)}</span></div>'


def _shown(
    image: CaseImage | None,
    pictures: Pictures,
    *,
    crops: Iterable[tuple[Crop, str]] = (),
    points: Sequence[Sequence[float]] = (),
    places: Sequence[Sequence[float]] = (),
) -> str:
    small: Small | None = pictures(image.sha256) if image is not None else None
    if small is None or image is None:
        return '<div class="none">no picture</div>'
    boxes = [*crops, *([(image.crop, "truth")] if image.crop is not None else [])]
    return f"<div>{svg.picture(small, boxes, points, places, words=display_name(image.path))}</div>"


def _unreadable(document: Document) -> str:
    if not document.unread:
        return ""
    items = "".join(
        f"<li>{text(display_name(one.path))}: {text(display_name(one.reason))}</li>"
        for one in document.unreadable[:MOST_UNREADABLE]
    )
    rest = document.unread - min(len(document.unreadable), MOST_UNREADABLE)
    more = f"<p>and {rest:,} more</p>" if rest > 0 else ""
    return _section(counted(document.unread, "file") + " could not be read", f"<ul>{items}</ul>{more}")


def _facts(found: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{text(name)}</dt><dd>{text(words)}</dd>" for name, words in found)
    return f"<dl>{rows}</dl>" if rows else ""
