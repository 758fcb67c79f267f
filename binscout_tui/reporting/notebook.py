"""A report as a Jupyter notebook (nbformat 4.5): cells that read the run's own files. Needs no notebook library."""

from __future__ import annotations

import json
from typing import Any

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.document import Document

READ = """import json
from pathlib import Path

RUN = Path({folder})  # relative to this notebook
if not (RUN / "report.json").is_file():
    raise SystemExit(f"There is no run in {{RUN.resolve()}}: set RUN to its folder.")
report = json.loads((RUN / "report.json").read_text())
cases_file = RUN / "cases.jsonl"
cases = [json.loads(line) for line in cases_file.read_bytes().splitlines()] if cases_file.is_file() else []
test = [case for case in cases if case["split"] == "test"]
task = report.get("task", "classify")
print(f"{{task}}: {{report['test']['n']}} test samples, {{len(cases)}} cases")"""

FIGURES = '''def figures(entry):
    """{name: (value, interval)} of one evaluation, in either format of reports."""
    found = {name: (one.get("value"), one.get("ci95")) for name, one in entry.get("figures", {}).items()}
    if "accuracy" in entry:
        found.setdefault("accuracy", (entry["accuracy"], entry.get("ci95")))
    return found


table = {"this model": figures(report["test"])}
table |= {name: figures(entry) for name, entry in report["baselines"].items()}
for figure in table["this model"]:
    print(figure)
    for who, found in table.items():
        value, interval = found.get(figure, (None, None))
        if value is not None:
            spread = f"  {interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
            print(f"  {who:<18} {value:.3f}{spread}")'''

PLOTTING = """try:
    import matplotlib.pyplot as plt
except ImportError:
    plt = None
    print("matplotlib is not installed; the cells below print instead of plotting.")"""

INTERVALS = """if plt:
    names = [name for name in table["this model"] if table["this model"][name][0] is not None]
    fig, axes = plt.subplots(len(names), 1, figsize=(7, 1.6 * len(names)), squeeze=False)
    for axis, name in zip(axes[:, 0], names):
        rows = [(who, *found[name]) for who, found in table.items() if found.get(name, (None,))[0] is not None]
        for place, (who, value, interval) in enumerate(reversed(rows)):
            axis.plot(value, place, "o", color="tab:blue" if who == "this model" else "gray")
            if interval:
                axis.plot(interval, [place, place], color="tab:blue" if who == "this model" else "gray")
        axis.set_yticks(range(len(rows)), [row[0] for row in reversed(rows)])
        axis.set_title(name, loc="left")
    fig.tight_layout()
    plt.show()"""

CONFUSION = """confusion = report["test"].get("confusion")
if confusion:
    labels, matrix = confusion["labels"], confusion["matrix"]
    if plt:
        fig, axis = plt.subplots(figsize=(0.4 * len(labels) + 2, 0.4 * len(labels) + 2))
        axis.imshow([[value / max(1, sum(row)) for value in row] for row in matrix], cmap="Blues", vmin=0, vmax=1)
        axis.set_xticks(range(len(labels)), labels, rotation=90)
        axis.set_yticks(range(len(labels)), labels)
        axis.set_xlabel("the model says")
        axis.set_ylabel("it is")
        plt.show()
    pairs = [(n, labels[j], labels[i]) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j]
    for number, said, truth in sorted(pairs, reverse=True)[:20]:
        print(f"{number:>4}  says {said}, is {truth}")"""

CALIBRATION = """scored = [(case["score"], case["right"]) for case in test if case.get("score") is not None]
bins = [[(score, right) for score, right in scored if min(9, int(score * 10)) == place] for place in range(10)]
rows = [(sum(s for s, _ in b) / len(b), sum(r for _, r in b) / len(b), len(b)) for b in bins if b]
for says, right, number in rows:
    print(f"says {says:.2f}, right {right:.2f}, {number} cases")
if plt and rows:
    plt.plot([0, 1], [0, 1], "--", color="gray")
    plt.scatter([row[0] for row in rows], [row[1] for row in rows], [20 + 3 * row[2] for row in rows], alpha=0.6)
    plt.xlabel("says")
    plt.ylabel("is right")
    plt.show()"""

ERRORS = """errors = [case["said"] - case["truth"] for case in test if isinstance(case.get("said"), (int, float))]
if errors:
    print(f"mean error {sum(map(abs, errors)) / len(errors):.2f}, bias {sum(errors) / len(errors):+.2f}")
if plt and errors:
    plt.scatter([case["truth"] for case in test], [case["said"] for case in test], alpha=0.6)
    most = max(case["truth"] for case in test)
    plt.plot([0, most], [0, most], "--", color="gray")
    plt.xlabel("there are")
    plt.ylabel("the model counts")
    plt.show()"""

CURVES = """events_file, curves = RUN / "events.jsonl", {}
for line in events_file.read_text(errors="replace").splitlines() if events_file.is_file() else []:
    try:
        event = json.loads(line)
    except ValueError:
        continue  # a line that was being written when the run was killed
    if isinstance(event, dict) and event.get("type") == "metric":
        for name in set(event) - {"v", "type", "time", "epoch", "epochs", "step", "steps", "lr", "samples_per_s"}:
            if isinstance(event[name], (int, float)):
                curves.setdefault(name, []).append((event.get("step", event.get("epoch", 0)), event[name]))
for name, points in curves.items():
    print(f"{name}: {len(points)} points, last {points[-1][1]:.4g}")
    if plt and len(points) > 1:
        plt.figure(figsize=(6, 2.5))
        plt.plot(*zip(*points))
        plt.title(name)
        plt.show()"""

WORST = '''def bad(case):
    """Whether it is wrong; of sets also whether the crop missed."""
    return not case["right"] or (task == "select" and case.get("iou") is not None and case["iou"] < 0.5)


for case in sorted(filter(bad, test), key=lambda case: -(case.get("loss") or 0))[:24]:
    several = len(case["images"]) > 1
    first = case["images"][case["truth"] if several else 0]
    truth, said = (f"picture {case[one] + 1}" if several else case[one] for one in ("truth", "said"))
    overlap = f", crops overlap {case['iou']:.2f}" if case.get("iou") is not None else ""
    name = "/".join(Path(first["path"]).parts[-2 if several else -1 :])
    print(f"{name}: is {truth}, the model says {said}{overlap}, loss {case.get('loss')}")
    try:
        from IPython.display import Image, display
    except ImportError:
        continue
    if Path(first["path"]).is_file() and Path(first["path"]).suffix.lower() in (".jpg", ".jpeg", ".png"):
        display(Image(first["path"], width=320))'''


def notebook(document: Document, folder: str) -> str:
    """The notebook as text; `folder` leads from where it will lie to the run's folder."""
    task = document.task.name
    cells = [
        _markdown(_heading(document)),
        _code(READ.format(folder=repr(folder))),
        _markdown("## Figures, each beside its baselines, with 95 % intervals"),
        _code(FIGURES),
        _code(PLOTTING),
        _code(INTERVALS),
        *([_markdown("## What is taken for what"), _code(CONFUSION)] if task == "classify" else []),
        *([_markdown("## How far the counts are off"), _code(ERRORS)] if task == "count" else []),
        *([_markdown("## As often right as it says?"), _code(CALIBRATION)] if task != "count" else []),
        _markdown("## While it learned"),
        _code(CURVES),
        _markdown("## The worst"),
        _code(WORST),
    ]
    found = {
        "cells": [{"id": f"cell-{place:02}"} | cell for place, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(found, indent=1) + "\n"


def _heading(document: Document) -> str:
    lines = [f"# Report of {_plain(document.run)}", "", _plain(document.task.words), ""]
    lines += [f"- {_plain(one)}" for one in document.doubts]
    return "\n".join(lines)


def _plain(words: str) -> str:
    """Words that Markdown takes as they are."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|!&" else letter for letter in display_name(words))


def _markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
