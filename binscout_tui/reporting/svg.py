"""Drawings of a report as SVG inside a page: intervals, calibration, curves, boxes and points on a picture. Pure.

Everything that comes from outside goes through `text`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from binscout_tui.reporting.calibration import Calibration
from binscout_tui.reporting.cases import Crop
from binscout_tui.reporting.document import Headline
from binscout_tui.reporting.pictures import SIDE, Small
from binscout_tui.reporting.report import Figure
from binscout_tui.reporting.rows import interval, shown

WIDE, WIDEST = 480, 640
"""Units of a drawing of intervals, and how many pixels it has at most: on a phone its words stay readable."""
NAMES, VALUES = 104, 166
ROW = 26
SQUARE = 300
MARGIN = 34
CURVE = (300, 170)


def text(words: object) -> str:
    """`words` with nothing left in them that a page could take for its own."""
    return escape(str(words), quote=True)


def headline(found: Headline) -> str:
    """A figure of the model and of the baselines on one axis, with their intervals."""
    share = found.about.share
    left, right = NAMES, WIDE - VALUES
    height = ROW * len(found.scores) + 24

    def x(value: float) -> float:
        low, high = found.ends
        part = (value - low) / (high - low) if high > low else 0.0
        return left + max(0.0, min(1.0, part)) * (right - left)

    parts = [_axis(left, right, height, found.ends, share)]
    for place, score in enumerate(found.scores):
        y = ROW * place + ROW / 2
        kind = "own" if score.is_model else "base"
        parts.append(f'<text class="{kind}" x="0" y="{y + 4:.0f}">{text(_short(score.words, 16))}</text>')
        value, spread = score.figure.value, score.figure.ci95
        if spread is not None:
            parts.append(
                f'<line class="{kind} spread" x1="{x(spread[0]):.1f}" x2="{x(spread[1]):.1f}" y1="{y}" y2="{y}"/>'
            )
        if value is not None:
            parts.append(f'<circle class="{kind}" cx="{x(value):.1f}" cy="{y}" r="5"/>')
        words = with_interval(score.figure, share=share)
        parts.append(f'<text class="{kind} num" x="{right + 12}" y="{y + 4:.0f}">{text(words)}</text>')
    return _drawing(WIDE, height, "".join(parts), found.about.words, WIDEST)


def with_interval(figure: Figure, *, share: bool) -> str:
    """`0.87 (0.70 to 0.95)`."""
    spread = interval(figure, share=share)
    return f"{shown(figure.value, share=share)}{f' ({spread})' if spread else ''}"


def _axis(left: float, right: float, height: float, ends: tuple[float, float], share: bool) -> str:
    marks = []
    for part in (0.0, 0.5, 1.0):
        x = left + part * (right - left)
        words = shown(ends[0] + part * (ends[1] - ends[0]), share=share)
        marks.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{height - 20:.0f}"/>')
        marks.append(f'<text class="tick" x="{x:.1f}" y="{height - 6:.0f}">{text(words)}</text>')
    return "".join(marks)


def reliability(found: Calibration) -> str:
    """How often it is right for how sure it says it is; on the diagonal both are the same."""
    side, room = SQUARE, SQUARE - 2 * MARGIN

    def at(x: float, y: float) -> tuple[float, float]:
        return MARGIN + x * room, side - MARGIN - y * room

    parts = [_frame(side, side, "says", "is right")]
    (x1, y1), (x2, y2) = at(0, 0), at(1, 1)
    parts.append(f'<line class="grid" stroke-dasharray="4 4" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    most = max(one.n for one in found.bins)
    for one in found.bins:
        x, y = at(one.confidence, one.right)
        radius = 3 + 7 * (one.n / most) ** 0.5
        title = f"{one.low:.1f} to {one.high:.1f}: {one.n} cases, says {one.confidence:.2f}, right {one.right:.2f}"
        parts.append(
            f'<circle class="own" fill-opacity="0.6" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{text(title)}</title></circle>"
        )
    return _drawing(side, side, "".join(parts), "calibration")


def curve(name: str, points: Sequence[tuple[float, float]]) -> str:
    """One curve with the ends of its axes."""
    width, height = CURVE
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    across, up = (max(xs) - min(xs)) or 1.0, (high - low) or 1.0
    line = " ".join(
        f"{MARGIN + (x - xs[0]) / across * (width - MARGIN - 8):.1f},{height - 22 - (y - low) / up * (height - 40):.1f}"
        for x, y in points
    )
    words = (
        f'<text class="tick" x="{MARGIN - 4}" y="22" style="text-anchor:end">{text(f"{high:.3g}")}</text>'
        f'<text class="tick" x="{MARGIN - 4}" y="{height - 20}" style="text-anchor:end">{text(f"{low:.3g}")}</text>'
        f'<text class="tick" x="{MARGIN}" y="{height - 6}" style="text-anchor:start">{text(f"{xs[0]:g}")}</text>'
        f'<text class="tick" x="{width - 8}" y="{height - 6}" style="text-anchor:end">{text(f"{xs[-1]:g}")}</text>'
    )
    return _drawing(width, height, f'<polyline class="own" fill="none" points="{line}"/>{words}', name)


def picture(
    small: Small,
    crops: Sequence[tuple[Crop, str]] = (),
    points: Sequence[Sequence[float]] = (),
    places: Sequence[Sequence[float]] = (),
    *,
    words: str = "",
) -> str:
    """A picture with boxes of a kind ("truth" or "said") on it, points that were said, rings where things are."""
    width, height = small.width, small.height
    parts = [f'<image href="{small.address}" width="{width}" height="{height}"/>']
    for (x1, y1, x2, y2), kind in crops:
        parts.append(
            f'<rect class="box {text(kind)}" x="{x1 * width:.1f}" y="{y1 * height:.1f}" '
            f'width="{max(0.0, x2 - x1) * width:.1f}" height="{max(0.0, y2 - y1) * height:.1f}"/>'
        )
    for place in places:
        if len(place) >= 2:
            parts.append(f'<circle class="place" cx="{place[0] * width:.1f}" cy="{place[1] * height:.1f}" r="7"/>')
    for point in points:
        if len(point) >= 2:
            parts.append(f'<circle class="point" cx="{point[0] * width:.1f}" cy="{point[1] * height:.1f}" r="4"/>')
    return _drawing(width, height, "".join(parts), words, SIDE)


def _frame(width: float, height: float, below: str, beside: str) -> str:
    right, bottom = width - MARGIN, height - MARGIN
    return (
        f'<rect class="frame" x="{MARGIN}" y="{MARGIN}" width="{right - MARGIN}" height="{bottom - MARGIN}"/>'
        f'<text class="tick" x="{MARGIN}" y="{bottom + 14}">0</text><text class="tick" x="{right}" y="{bottom + 14}">1'
        f'</text><text class="tick" x="{MARGIN - 10}" y="{MARGIN + 4}">1</text>'
        f'<text class="tick" x="{width / 2}" y="{bottom + 28}">{text(below)}</text>'
        f'<text class="tick" transform="translate(12 {height / 2}) rotate(-90)">{text(beside)}</text>'
    )


def _drawing(width: float, height: float, inside: str, words: str, most: int = 0) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{most or width:.0f}px" role="img" '
        f'aria-label="{text(words)}">{inside}</svg>'
    )


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
