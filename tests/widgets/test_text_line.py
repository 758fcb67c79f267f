"""A line to type on is still while nobody types."""

from __future__ import annotations

import ast
from pathlib import Path

from textual.app import App, ComposeResult

import binscout_tui
from binscout_tui.widgets.text_line import TextLine


class OneLine(App[None]):
    def compose(self) -> ComposeResult:
        yield TextLine()


async def test_its_cursor_does_not_blink() -> None:
    app = OneLine()
    async with app.run_test() as pilot:
        await pilot.press("a")
        assert not app.query_one(TextLine).cursor_blink


def test_every_line_to_type_on_is_one() -> None:
    blinking = []
    for source in Path(binscout_tui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            made = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
            if any(isinstance(kind, ast.Name) and kind.id == "Input" for kind in made):
                blinking.append(source.name)
    assert blinking == ["text_line.py"]
