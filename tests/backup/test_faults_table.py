"""The page about faults names tests that there are, for each of the thirty."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
PAGE = TESTS.parent / "docs" / "backup-faults.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROWS = ROW.findall(PAGE.read_text())


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    found = ast.walk(ast.parse((TESTS / file).read_text()))
    functions = (node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_fault_has_its_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 31))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_names_in_a_fault_are_there(row: tuple[str, str, str, str]) -> None:
    named = NAMED.findall(row[3])
    assert named
    assert len(named) == row[3].count("::")
    missing = [f"{file}::{name}" for file, name in named if not (TESTS / file).is_file() or name not in names_in(file)]
    assert missing == []
    assert len(set(named)) == len(named)
