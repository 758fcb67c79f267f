"""Markdown of prompts as lines."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.widgets.markdown_lines import markdown


def drawn(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(the line, (what, style) of each part that has one) of each line."""
    return [
        (line.plain, [(line.plain[span.start : span.end], str(span.style)) for span in line.spans])
        for line in markdown(text)
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a **brass** gear", [("a brass gear", [("brass", "bold")])]),
        ("an *old* _gear_", [("an old gear", [("old", "italic"), ("gear", "italic")])]),
        ("# Scene", [("Scene", [("Scene", "bold underline")])]),
        ("- one\n2. two", [("• one", []), ("2. two", [])]),
        ("```\n**x**\n```\ny", [("  **x**", [("  **x**", "$accent")]), ("y", [])]),
        ("call `f(x)`", [("call f(x)", [("f(x)", "$accent")])]),
        ("snake_case_word and 2*3*4", [("snake_case_word and 2*3*4", [])]),
        ("(sharp:1.2), [bold red]x[/], <lora:gear:0.8>", [("(sharp:1.2), [bold red]x[/], <lora:gear:0.8>", [])]),
        ("![a](http://x/y.png) [b](file:///etc)", [("![a](http://x/y.png) [b](file:///etc)", [])]),
    ],
)
def test_what_prompts_use_is_drawn_and_the_rest_stays(text: str, lines: object) -> None:
    assert drawn(text) == lines


@given(st.text(alphabet="*_`# ->.1a\n", max_size=300))
def test_any_text_becomes_as_many_lines_at_most(text: str) -> None:
    assert len(markdown(text)) <= text.count("\n") + 1


@pytest.mark.parametrize("mark", ["*", "_", "`", "**a", "*a ", "`a", "> " * 3, "- "])
def test_hostile_lines_cost_little(mark: str) -> None:
    began = time.process_time()
    markdown(mark * (8000 // len(mark)))
    assert time.process_time() - began < 1
