"""A process that encodes pictures with plain textual-image: a question a line in, an answer a line out.

Its standard output is a pipe, so that the library asks no terminal when it is imported.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

MODULES = {"kitty": "tgp", "sixel": "sixel", "halfblock": "halfcell"}


def main() -> None:
    """Say which version there is, then answer until the questions end."""
    answers, questions = sys.stdout, sys.stdin
    try:
        found = version("textual-image")
    except PackageNotFoundError:
        print("{}", flush=True)
        return
    print(json.dumps({"version": found}), flush=True)
    for line in questions:
        try:
            answer = _encoded(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever the peer cannot do is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _encoded(question: dict[str, Any]) -> dict[str, Any]:
    terminal: Any = importlib.import_module("textual_image._terminal")
    terminal.get_cell_size._result = terminal.CellSize(*question["cell"])
    renderable = importlib.import_module(f"textual_image.renderable.{MODULES[question['protocol']]}")
    columns, rows = question["cells"]
    console = importlib.import_module("rich.console").Console(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", width=columns, height=rows
    )
    # The kitty renderable writes pixels past the console to the real standard output.
    kept, sys.__stdout__ = sys.__stdout__, console.file  # type: ignore[misc]
    try:
        begun = time.perf_counter()
        console.print(renderable.Image(question["photo"], width=columns, height=rows), end="")
        taken = (time.perf_counter() - begun) * 1000
    finally:
        sys.__stdout__ = kept  # type: ignore[misc]
    return {"ms": taken, "text": console.file.getvalue()}


if __name__ == "__main__":
    main()
