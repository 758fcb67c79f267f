"""Running the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run


@dataclass(frozen=True)
class Answer:
    """What a command ended with; `data` is its JSON document."""

    code: int
    data: Any
    out: str
    err: str


def binscout(root: Path, *words: object, as_json: bool = True, timeout: float = 280, **environment: str) -> Answer:
    """Run `binscout --workspace ROOT WORDS`."""
    options = ["--workspace", str(root), *(["--json"] if as_json else [])]
    command = [sys.executable, "-m", "binscout_tui", *options, *(str(word) for word in words)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
        timeout=timeout,
    )
    data = json.loads(done.stdout) if as_json and done.stdout else None
    return Answer(done.returncode, data, done.stdout, done.stderr)


def answered_here(root: Path, capsys: pytest.CaptureFixture[str], *words: object, as_json: bool = True) -> Answer:
    """The same within this process, for commands that need no process of their own: a tenth of the time."""
    capsys.readouterr()
    options = ["--workspace", str(root), *(["--json"] if as_json else [])]
    code = run(split_arguments([*options, *map(str, words)]))
    told = capsys.readouterr()
    return Answer(code, json.loads(told.out) if as_json and told.out else None, told.out, told.err)


def ok(root: Path, *words: object) -> Any:
    """The JSON answer of a command that must end with 0."""
    answer = binscout(root, *words)
    assert answer.code == 0, answer.err
    return answer.data
