"""Which pictures the terminal holds: a terminal that obeys shows the right one, and is never filled up."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from binscout_tui.terminal.held import Held
from binscout_tui.terminal.kitty import KittyPicture, image_ids

LIMIT = 1000
keys = st.sampled_from("abcdefgh")
owners = st.sampled_from([1, 2])


def picture(key: str, tmux: bool = False) -> KittyPicture:
    return KittyPicture(key, True, "", 1, 1, tmux, 100 + ord(key))


class Obeying:
    """A terminal that does what it is told: transmitted ids, and the key that was sent under each.

    `elsewhere` are ids that an earlier terminal was sent: here there is nothing to delete.
    """

    def __init__(self, elsewhere: Iterable[int] = ()) -> None:
        self.holds: dict[int, str] = {}
        self.elsewhere = set(elsewhere)

    def read(self, text: str) -> None:
        commands = re.findall(r"\x1b_Ga=(.)[^;\x1b]*?,i=(\d+)[^;\x1b]*;?([^\x1b]*)\x1b\\", text)
        assert text.count("\x1b_G") == len(commands)
        for action, number, payload in commands:
            if action == "T":
                assert int(number) not in self.holds
                self.holds[int(number)] = payload
            elif int(number) in self.elsewhere:
                self.elsewhere.remove(int(number))
            else:
                del self.holds[int(number)]


class HeldPictures(RuleBasedStateMachine):
    """Two widgets show, leave and change pictures, and now and then the terminal is another one."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Held(image_ids(1), LIMIT)
        self.terminal = Obeying()
        self.shown: dict[int, set[str]] = {}

    @rule(owner=owners, wanted=st.sets(keys, max_size=4))
    def show(self, owner: int, wanted: set[str]) -> None:
        ids = {}
        for key in sorted(wanted):
            ids[key], text = self.held.send(key, picture(key))
            self.terminal.read(text)
        self.shown[owner] = wanted
        self.held.show(owner, wanted)
        self.terminal.read(self.held.trim())
        for key, number in ids.items():
            assert self.terminal.holds[number] == key

    @rule()
    def another_terminal(self) -> None:
        self.held.forget()
        self.terminal = Obeying([*self.terminal.holds, *self.terminal.elsewhere])
        self.shown = {}
        for owner in (1, 2):
            self.held.show(owner, ())

    @rule()
    def end(self) -> None:
        self.terminal.read(self.held.clear())
        assert not self.terminal.holds
        self.another_terminal()

    @invariant()
    def what_is_shown_is_held(self) -> None:
        pictures = sorted(self.terminal.holds.values())
        assert len(self.held) == len(pictures) == len(set(pictures))
        assert set().union(*self.shown.values(), set()) <= set(pictures)
        assert all(key in self.held for key in pictures)

    @invariant()
    def no_more_is_held_than_allowed_or_shown(self) -> None:
        shown = set().union(*self.shown.values(), set())
        total = sum(100 + ord(key) for key in self.terminal.holds.values())
        assert total <= LIMIT or set(self.terminal.holds.values()) == shown


TestHeldPictures = HeldPictures.TestCase
TestHeldPictures.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_what_was_not_used_longest_goes_first() -> None:
    held = Held(itertools.count(1), 700)
    for key in "abc":
        held.send(key, picture(key))
        held.show("view", [key])
    assert held.send("a", picture("a")) == (1, "")
    held.send("d", picture("d"))
    held.show("view", ["d"])
    assert held.trim() == "\x1b_Ga=d,d=I,i=2,q=2\x1b\\"
    assert [key in held for key in "abcd"] == [True, False, True, True]


@pytest.mark.parametrize("tmux", [False, True])
def test_a_picture_is_sent_once_and_deleted_as_it_was_sent(tmux: bool) -> None:
    held = Held(image_ids(3))
    number, text = held.send("a", picture("a", tmux))
    assert text.startswith("\x1bPtmux;") == tmux
    assert held.send("a", picture("a", tmux)) == (number, "")
    assert held.clear().startswith("\x1bPtmux;") == tmux
    assert held.send("a", picture("a", tmux))[1]


def test_small_pictures_are_deleted_too_when_they_are_many() -> None:
    held = Held(itertools.count(1), limit_pictures=3)
    texts = []
    for key in "abcde":
        held.send(key, picture(key))
        held.show("grid", {key})
        texts.append(held.trim())
    assert [("i=1" in text, "i=2" in text) for text in texts[2:]] == [(False, False), (True, False), (False, True)]
    assert len(held) == 3
    held.show("other", set("cde"))
    assert held.trim() == ""


def test_what_may_still_be_there_after_a_loss_is_deleted_before_the_next_picture() -> None:
    held = Held(itertools.count(1))
    for key in "ab":
        held.send(key, picture(key))
    held.forget()
    assert len(held) == 0
    number, text = held.send("a", picture("a"))
    assert number == 3
    assert text.index("a=d,d=I,i=1,") < text.index("a=d,d=I,i=2,") < text.index("i=3,")
    assert "a=d" not in held.send("b", picture("b"))[1]
