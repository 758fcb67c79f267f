"""What makes the figures of a report worth less than they look. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from binscout_tui.learning.tasks import Figure as About
from binscout_tui.reporting.cases import Sources
from binscout_tui.reporting.report import Figure, Report
from binscout_tui.wording import counted

FEW = 100
"""With fewer test samples one of them is more than a point, and that is said."""
FEW_SOURCES = 5
FEW_OF_CLASS = 5
BADLY_CALIBRATED = 0.1
NAMES = 4


def doubts(report: Report, sources: Sources, *, has_cases: bool) -> list[str]:
    """Sentences, the weightiest first."""
    return [*_baselines(report), *_size(report, sources), *_missing(report), *_tuning(report, sources, has_cases)]


def not_beaten(report: Report, about: About) -> list[str]:
    """The baselines whose figure lies inside the model's interval or beyond its better end."""
    reach = _reach(report.test.figure(about.name), about)
    return [] if reach is None else [name for name, value in _values(report, about) if value <= reach[1]]


def better_than(report: Report, about: About) -> list[str]:
    """The baselines whose figure lies beyond the better end of the model's interval: the model is worse than those."""
    reach = _reach(report.test.figure(about.name), about)
    return [] if reach is None else [name for name, value in _values(report, about) if value < reach[0]]


def _reach(own: Figure, about: About) -> tuple[float, float] | None:
    """The better and the worse end of an interval, turned so that less is better; None without a figure."""
    if own.value is None:
        return None
    low, high = own.ci95 or (own.value, own.value)
    if about.name == "bias":
        return 0.0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))
    return (-high, -low) if about.higher_is_better else (low, high)


def _values(report: Report, about: About) -> Iterator[tuple[str, float]]:
    """The figure of each baseline that has it, turned alike."""
    for name, entry in report.baselines.items():
        value = entry.figure(about.name).value
        if value is not None:
            yield name, abs(value) if about.name == "bias" else -value if about.higher_is_better else value


def _baselines(report: Report) -> Iterator[str]:
    primary = report.about.primary
    if report.test.figure(primary.name).value is None:
        yield f"The model has no {primary.words} on the test split."
        return
    if not any(entry.figure(primary.name).value is not None for entry in report.baselines.values()):
        yield "There is no baseline to compare with."
    worse = better_than(report, primary)
    if worse:
        even = ", even at the better end of the model's interval" if report.test.figure(primary.name).ci95 else ""
        yield f"Worse than: {_baseline_names(report, worse)}{even}."
    near = [name for name in not_beaten(report, primary) if name not in worse]
    if near:
        reached = "it" if len(near) == 1 else "them"
        yield f"Not clearly better than: {_baseline_names(report, near)}. The model's interval reaches {reached}."


def _baseline_names(report: Report, found: list[str]) -> str:
    return ", ".join(report.about.baselines.get(name, name) for name in found)


def _size(report: Report, sources: Sources) -> Iterator[str]:
    test = report.test
    if 0 < test.n < FEW:
        weight = counted(round(100 / test.n), "point")
        share = f": one of them is {weight}" if report.about.primary.share else ""
        yield f"Only {counted(test.n, f'test {report.about.sample}')}{share}."
    number = sources.splits.get("test", 0)
    if 0 < number < FEW_SOURCES:
        yield f"The test {report.about.sample}s come from {counted(number, 'source')} only, and are alike."
    few = sorted(name for name, one in test.per_class.items() if one.support < FEW_OF_CLASS)
    if few and len(few) < len(test.per_class):
        yield f"{counted(len(few), 'class', 'classes')} with fewer than {FEW_OF_CLASS} test images: {_listed(few)}."
    elif few:
        yield f"Every class has fewer than {FEW_OF_CLASS} test images; recalls of classes mean little."


def _missing(report: Report) -> Iterator[str]:
    test = report.test
    if test.unreadable:
        were = "was" if test.unreadable == 1 else "were"
        yield f"{counted(test.unreadable, 'test file')} could not be read and {were} left out."
    if test.labels_not_trained:
        names = _listed(test.labels_not_trained)
        yield f"Test images of classes that were not in training are left out: {names}."


def _tuning(report: Report, sources: Sources, has_cases: bool) -> Iterator[str]:
    primary, ece = report.about.primary, report.test.figure("ece").value
    if ece is not None and ece > BADLY_CALIBRATED:
        yield f"It is not as often right as it says: calibration error {ece:.2f}."
    test, val = report.test.figure(primary.name), report.val.figure(primary.name) if report.val else None
    if val is not None and val.value is not None and test.ci95 is not None:
        low, high = test.ci95
        if val.value > high if primary.higher_is_better else val.value < low:
            yield "Much better on the images it was tuned on than on the test: it may be tuned to them."
    if sources.splits and not sources.splits.get("test"):
        yield "No sources are known: test images may be of the same shots as training images."
    if not has_cases:
        yield "The run has no list of cases: only its worst examples are known, and it cannot be compared case by case."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
