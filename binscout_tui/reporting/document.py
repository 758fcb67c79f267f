"""A report as sections that every view shows in its own way: the terminal, a web page, plain text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from binscout_tui.imaging.names import display_name
from binscout_tui.learning.tasks import Figure as About
from binscout_tui.learning.tasks import Task
from binscout_tui.reporting.calibration import Calibration, calibration
from binscout_tui.reporting.cases import Case, Sources, mistakes, of_split, worst
from binscout_tui.reporting.doubts import better_than, doubts, not_beaten
from binscout_tui.reporting.extras import extras
from binscout_tui.reporting.facts import facts
from binscout_tui.reporting.report import Confusion, Evaluation, Figure, Report, Unreadable
from binscout_tui.reporting.rows import Row, Table, interval, shown
from binscout_tui.reporting.words import renamed

MODEL = "this model"
MOST_WORST = 60
BUCKETS = ((0, 0, "none"), (1, 5, "1 to 5"), (6, 20, "6 to 20"), (21, None, "above 20"))


@dataclass(frozen=True, slots=True)
class Score:
    """Who reached what; the model's own comes first."""

    words: str
    figure: Figure
    is_model: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure of the model beside those of the baselines; `ends` are those of the axis that they are drawn on.

    `behind` names the baselines that the model is not clearly better than: their value lies in its interval or beyond.
    `worse` names those of them that are beyond its better end: the model is worse.
    """

    about: About
    scores: tuple[Score, ...]
    ends: tuple[float, float]
    behind: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    @property
    def is_brief(self) -> bool:
        """Whether a line says it all: no baseline has it, or nobody's has an interval."""
        return len(self.scores) == 1 or all(score.figure.ci95 is None for score in self.scores)

    @property
    def beside(self) -> str:
        """The baselines in one line."""
        return ", ".join(
            f"{score.words} {shown(score.figure.value, share=self.about.share)}" for score in self.scores[1:]
        )


@dataclass(frozen=True, slots=True)
class Document:
    """All that is to be said of a run's model; what a report does not have is empty."""

    run: str
    task: Task
    samples: int
    headlines: tuple[Headline, ...]
    doubts: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    worst: tuple[Case, ...] = ()
    wrong: int | None = None
    unreadable: tuple[Unreadable, ...] = ()
    unread: int = 0
    curves: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)

    def named(self, names: Mapping[str, str]) -> Document:
        """The same with what people call the images of the worst cases, {SHA-256: name}."""
        return replace(self, worst=tuple(renamed(case, names) for case in self.worst))

    def counting(self, item: str) -> Document:
        """The same with what the model learned to count, "" for everything."""
        return replace(self, facts=(*self.facts[:1], ("counts", display_name(item) or "everything"), *self.facts[1:]))


def document(
    run: str,
    report: Report,
    cases: Sequence[Case] | None,
    sources: Sources | None = None,
    curves: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    trouble: str = "",
) -> Document:
    """The document of a run; `cases` is None where the run has none, `trouble` says why they cannot be read."""
    task, sources = report.about, sources or Sources()
    test = of_split(cases) if cases is not None else mistakes(report)
    found = worst(test, task.name)
    lines = headlines(report)
    said = doubts(report, sources, has_cases=cases is not None)
    return Document(
        run=run,
        task=task,
        samples=report.test.n,
        headlines=lines,
        doubts=(*([trouble] if trouble else []), *said),
        facts=facts(report, sources),
        tables=tuple(table for table in tables(report, test if cases is not None else []) if table.rows),
        confusion=report.test.confusion if task.name == "classify" else None,
        calibration=calibration(test) if cases is not None and task.name != "count" else None,
        worst=tuple(found[:MOST_WORST]),
        wrong=len(found) if cases is not None else None,
        unreadable=tuple(report.test.unreadable_images),
        unread=report.test.unreadable,
        curves=curves or {},
    )


def headlines(report: Report) -> tuple[Headline, ...]:
    """Every figure that the model has on the test split, the primary one first, each beside its baselines."""
    return tuple(
        _headline(about, report)
        for about in report.about.figures
        if about is report.about.primary or report.test.figure(about.name).value is not None
    )


def _headline(about: About, report: Report) -> Headline:
    scores = [Score(MODEL, report.test.figure(about.name), is_model=True)]
    scores += [
        Score(baseline_words(report.about, name), entry.figure(about.name))
        for name, entry in report.baselines.items()
        if entry.figure(about.name).value is not None
    ]
    behind, worse = (
        tuple(baseline_words(report.about, name) for name in names)
        for names in (not_beaten(report, about), better_than(report, about))
    )
    return Headline(about, tuple(scores), ends([score.figure for score in scores], about), behind, worse)


def baseline_words(task: Task, name: str) -> str:
    """A baseline for people."""
    return display_name(task.baselines.get(name, name.replace("_", " ")))


def ends(figures: Sequence[Figure], about: About) -> tuple[float, float]:
    """The ends of the axis for these figures: 0 to 1 for shares, else from 0 to the largest, or around 0."""
    if about.share and about.higher_is_better:
        return 0.0, 1.0
    values = [value for figure in figures for value in (figure.value, *(figure.ci95 or ())) if value is not None]
    most = max((abs(value) for value in values), default=1.0) or 1.0
    return (-most if min(values, default=0.0) < 0 else 0.0), most


def tables(report: Report, cases: Sequence[Case]) -> list[Table]:
    """What differs within the test split: classes, families, how many there are in a picture."""
    test, task = report.test, report.about
    found = [_classes(test), _families(report)]
    if task.name == "count":
        found.append(_buckets(cases))
    if task.name == "select":
        found.append(_sizes(cases))
    return [*found, *extras(report.raw)]


def _classes(test: Evaluation) -> Table:
    entries = sorted(test.per_class.items(), key=lambda entry: (entry[1].recall is None, entry[1].recall or 0.0))
    rows = (
        Row(display_name(name), (shown(one.recall, share=True), f"{one.support:,}"), one.recall)
        for name, one in entries
    )
    return Table("Recall of each class", ("class", "recall", "images"), tuple(rows))


def _families(report: Report) -> Table:
    primary, task = report.about.primary, report.about
    beside = {
        name: entry
        for name, entry in report.baselines.items()
        if any(part.figures.get(primary.name) for part in entry.by_family.values())
    }
    rows = []
    for name, part in sorted(report.test.by_family.items()):
        own = part.figures.get(primary.name, Figure())
        others = [
            shown(entry.by_family[name].figures.get(primary.name, Figure()).value, share=primary.share)
            if name in entry.by_family
            else "-"
            for entry in beside.values()
        ]
        share = own.value if primary.share and primary.higher_is_better else None
        cells = (shown(own.value, share=primary.share), interval(own, share=primary.share), *others, f"{part.n:,}")
        rows.append(Row(display_name(name), cells, share))
    names = (baseline_words(task, name) for name in beside)
    return Table("Each family", ("family", primary.words, "95 %", *names, f"{task.sample}s"), tuple(rows))


def _buckets(cases: Sequence[Case]) -> Table:
    rows = []
    for low, high, words in BUCKETS:
        errors = [
            case.error
            for case in cases
            if isinstance(case.truth, int | float)
            and case.truth >= low
            and (high is None or case.truth <= high)
            and case.error is not None
        ]
        if errors:
            exact = sum(error == 0 for error in errors) / len(errors)
            mae = sum(map(abs, errors)) / len(errors)
            bias = sum(errors) / len(errors)
            rows.append(Row(words, (f"{mae:.2f}", f"{bias:+.2f}", shown(exact, share=True), f"{len(errors):,}"), exact))
    return Table("By how many there are", ("there are", "mean error", "bias", "exact", "images"), tuple(rows))


def _sizes(cases: Sequence[Case]) -> Table:
    rows = []
    for size in sorted({len(case.images) for case in cases}):
        inside = [case for case in cases if len(case.images) == size]
        right = sum(case.right for case in inside) / len(inside)
        rows.append(
            Row(f"{size} images", (shown(right, share=True), shown(1 / size, share=True), f"{len(inside):,}"), right)
        )
    return Table("By the size of the set", ("sets of", "top-1", "random", "sets"), tuple(rows))
