"""The whole loop where it mostly is: tmux, 80x24, 256 colours, no display, no mouse. Keys alone, in app and shell."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
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
WRONG = (19, 20)
"""These get the label of another shape first."""
PROMPT = "ready>"
TMUX = "set -g default-terminal screen-256color\nset -g mouse off\nset -g status off\n"
SETTINGS = "[gate]\\noverall = 0.0\\nper_class = 0.0\\nmin_images = 3\\n[label]\\ngold_share = 0\\nreshow_share = 0\\n"
LONG_S = 120.0
LOOK_S, UNHEARD_S, AGAIN = 0.2, 4.0, 10
"""So long somebody looks at a picture, waits for what a key does, and so often presses it again."""


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
            with suppress(AssertionError):  # where a cursor blinks it is never quiet
                self.terminal.wait_quiet(limit_s=1.0)

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
        """Press a key until what `count` counts is otherwise."""
        before = self.counts(count)
        self._until(key, lambda _: self.counts(count) != before)

    def asks(self, key: str, words: str) -> None:
        """Press a key until what it opens is there."""
        self._until(key, lambda screen: words in screen.text())

    def _until(self, key: str, done: Callable[[Screen], object]) -> None:
        """A key that came before its picture was there is refused, and a person presses it again."""
        for _ in range(AGAIN):
            self.terminal.wait_quiet(LOOK_S)
            self.terminal.press(key)
            with suppress(AssertionError):
                self.terminal.wait_for(done, limit_s=UNHEARD_S)
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
    person.types(f"binscout labels export {tmp_path / 'labels.csv'} --format csv")
    with (tmp_path / "labels.csv").open(newline="") as lines:
        said = {row["file"]: row["class"] for row in csv.DictReader(lines) if row["class"]}
    assert len(said) == EACH * len(SHAPES)
    assert all(name == file.split("-")[0] for file, name in said.items()), said
    assert person.terminal.errors == []


def capture(person: Person, folder: Path) -> None:
    """An inbox made with a key, a camera that fills it, every picture accepted with a key."""
    person.opens("capture")
    person.sees("makes the folder")
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


def shown(person: Person, before: str) -> tuple[str, str]:
    """The id and the shape of the image on the screen, when it is no more the one before."""
    found: list[str] = []

    def there(screen: Screen) -> bool:
        found[:] = (re.findall(r"#(\d+) (\w+)-\d+", screen.text()) or [("", "")])[0]
        return found[0] not in ("", before)

    person.terminal.wait_for(there, what="the next image")
    return found[0], found[1]


def label(person: Person) -> None:
    """A class made by typing its name, the others with a digit; a few wrongly."""
    person.opens("label")
    known: list[str] = []
    image = ""
    for number in range(EACH * len(SHAPES)):
        image, shape = shown(person, image)
        meant = SHAPES[0] if number in WRONG else shape
        if meant in known:
            person.decides(str(known.index(meant) + 1), LABELS)
        else:
            known.append(meant)
            person.asks("/", "Enter labels")
            person.terminal.press(meant)
            person.sees(f" {meant}")
            person.terminal.press("enter")
            person.decides("enter", LABELS)
    person.sees("Everything is labelled")
    person.leaves()


def check(person: Person) -> None:
    """Labels that are probably wrong are looked for; then one class is gone over, and what is wrong in it put right."""
    person.types("binscout mistakes find && binscout mistakes list --limit 5", 120)
    person.opens("label")
    person.sees("Everything is labelled")
    person.asks("o", "what a filter finds")
    person.presses("f", f"label:{SHAPES[0]}", "enter")
    image, wrong = "", 0
    for number in range(EACH + len(WRONG)):
        image, shape = shown(person, image)
        if shape != SHAPES[0]:
            wrong += 1
            person.decides(str(SHAPES.index(shape) + 1), LABELS)
        elif number < EACH + len(WRONG) - 1:
            person.terminal.press("l")
    assert wrong == len(WRONG)
    person.leaves()


def train(person: Person) -> None:
    """A data set, a run, the gate, a model in use."""
    person.opens("training")
    person.sees("make a dataset of the labelled images")
    person.presses("d", "shapes", "enter")
    person.sees("n trains on it")
    person.presses("n", "tab", "tab", "2", "enter")
    person.sees("starts; it goes on")
    person.sees("✓ done", LONG_S)
    person.presses("G")
    person.sees("✓ passed", LONG_S)
    person.presses("q", "m")
    person.sees("a activate")
    person.presses("a")
    person.sees("Activate shapes-1")
    person.presses("y")
    person.sees("● active", LONG_S)
    person.leaves()
    assert person.counts("SELECT count(*) FROM active_model") == 1
