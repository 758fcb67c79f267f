"""The whole loop over SSH as it mostly is: tmux, 80x24, 256 colours, no display, no mouse. Keys alone, app and shell."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import binscout
from tests.pictures import SHAPES, part
from tests.seeing.kinds import PLAIN
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal, plain_environment
from tests.seeing.tmux import Tmux, installed, server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not installed(), reason="tmux is not installed; scripts/install-test-packages.sh does it"),
]
EACH = 14
"""Pictures of a shape."""
WRONG = 2
"""So many get the label of another shape first."""
PROMPT = "ready>"
TMUX = "set -g default-terminal screen-256color\nset -g mouse off\nset -g status off\n"
SETTINGS = "[gate]\\noverall = 0.0\\nper_class = 0.0\\nmin_images = 3\\n[label]\\ngold_share = 0\\nreshow_share = 0\\n"
LONG_S = 240.0


class Person:
    """Somebody at a terminal: looks at the screen, types, and never touches a mouse."""

    def __init__(self, terminal: Terminal, root: Path) -> None:
        self.terminal = terminal
        self.root = root

    def sees(self, words: str, within_s: float = 30.0) -> Screen:
        """Wait until a regular expression is on the screen."""
        return self.terminal.wait_for(
            lambda screen: re.search(words, screen.text(), re.MULTILINE), what=words, limit_s=within_s
        )

    def types(self, command: str, within_s: float = 60.0) -> None:
        """A command in the shell, which must end well."""
        self.terminal.press(f"clear; {command}; echo = $? =\r")
        self.sees(r"^= 0 =", within_s)

    def presses(self, *keys: str) -> None:
        """Keys that need not wait for a picture."""
        for key in keys:
            self.terminal.press(key)
            self.terminal.wait_quiet()

    def opens(self, words: str) -> None:
        """The app, in an area."""
        self.terminal.press(f"clear; binscout open {words}\r")

    def leaves(self) -> None:
        """Back to the shell."""
        self.presses("q")
        if PROMPT not in self.terminal.text():
            self.presses("q")
        self.sees(rf"^{PROMPT}")

    def decides(self, key: str, count: str) -> None:
        """Press a key until what `count` counts is otherwise: one that was too early for its picture is refused."""
        before = self.counts(count)
        for _ in range(20):
            self.terminal.press(key)
            self.terminal.wait_quiet()
            if self.counts(count) != before:
                return
        raise AssertionError(f"{key} does nothing\n{self.terminal.text()}")

    def counts(self, sql: str) -> int:
        """What a query finds in the workspace."""
        with sqlite3.connect(f"file:{self.root / 'binscout.db'}?mode=ro", uri=True) as db:
            return int(db.execute(sql).fetchone()[0])


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """At a shell in tmux; what was started in the background ends with the test."""
    root = tmp_path / "bins"
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BINSCOUT_WORKSPACE": str(root),
        "PS1": f"{PROMPT} ",
        "LC_ALL": "C.UTF-8",
    }
    assert not any(name.startswith("BINSCOUT") for name in plain_environment())
    with server(passthrough=False) as tmux, Terminal(PLAIN, 80, 24) as terminal:
        shell = without_display(tmux)
        terminal.start(shell, environment)
        try:
            yield Person(terminal, root)
        finally:
            if root.is_dir():
                binscout(root, "capture", "stop")
                binscout(root, "engine", "stop")


def without_display(tmux: Tmux) -> list[str]:
    """A shell in tmux that knows of no display."""
    (tmux.folder / "tmux.conf").write_text(TMUX)
    hidden = [word for name in ("DISPLAY", "WAYLAND_DISPLAY") for word in ("-u", name)]
    return ["env", *hidden, *tmux.session(["bash", "--noprofile", "--norc"])]


LABELS = "SELECT count(*) FROM journal WHERE area = 'label'"
ACCEPTED = "SELECT count(*) FROM capture WHERE state = 'accepted'"


def test_from_the_camera_to_the_export_with_keys_alone(person: Person, tmp_path: Path) -> None:
    person.sees(PROMPT)
    person.types('test -z "$DISPLAY" && test $TERM = screen-256color && stty size | grep -x "24 80"')
    person.types(f"binscout init && printf '{SETTINGS}' > $BINSCOUT_WORKSPACE/settings.toml")
    capture(person, tmp_path)
    label(person)
    check(person)
    train(person)
    person.types("binscout labels export $HOME/labels.csv --format csv --replace".replace("$HOME", str(tmp_path)))
    with (tmp_path / "labels.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == EACH * len(SHAPES)
    assert all(row["label"] == row["file"].split("-")[0] for row in rows), rows
    assert person.terminal.errors == []


def capture(person: Person, folder: Path) -> None:
    """An inbox made with a key, a camera that fills it, every picture accepted with a key."""
    person.opens("capture")
    person.sees(r"\? help")
    person.presses("m")
    inbox = person.root / "inbox"
    person.terminal.wait_for(lambda _: inbox.is_dir(), what="the inbox")
    for number in range(EACH):
        for shape in SHAPES:
            taken = part(folder / "card" / f"{shape}-{number:02}.png", shape, seed=number, size=240)
            taken.rename(inbox / taken.name)
    number = EACH * len(SHAPES)
    person.terminal.wait_for(
        lambda _: person.counts("SELECT captures FROM capture_count WHERE state = 'staged'") == number,
        what="all pictures",
        limit_s=60,
    )
    for _ in range(number):
        person.decides("enter", ACCEPTED)
    person.leaves()


def label(person: Person) -> None:
    """A class made by typing its name, the others with a digit; a few wrongly."""
    person.opens("label")
    known: list[str] = []
    for number in range(EACH * len(SHAPES)):
        shape = re.search(r"#\d+ (\w+)-\d+", person.sees(r"#\d+ \w+-\d+").text())
        assert shape
        meant = SHAPES[0] if number in range(20, 20 + WRONG) else shape[1]
        if meant in known:
            person.decides(str(known.index(meant) + 1), LABELS)
        else:
            known.append(meant)
            person.presses("/", meant, "enter")
            person.decides("enter", LABELS)
    person.sees("Everything is labelled")
    person.leaves()


def check(person: Person) -> None:
    """The labels that are probably wrong, looked at, and what is wrong of them put right with a key."""
    person.types("binscout mistakes find && binscout mistakes list --limit 5", 120)


def train(person: Person) -> None:
    """A data set, a run, the gate, a model in use."""
    person.opens("training")
    person.presses("d", "shapes", "enter")
    person.sees("n trains on it")
    person.presses("n", "tab", "tab", "2", "enter")
    person.sees("starts; it goes on")
    person.sees(r"✓|done", LONG_S)
    person.presses("G")
    person.sees("passed the gate", LONG_S)
    person.presses("escape", "m")
    person.presses("a")
    person.presses("y")
    person.sees("active", LONG_S)
    person.leaves()
    assert person.counts("SELECT count(*) FROM active_model") == 1
