"""A slow link: the answers come when the app already reads the keyboard, and are no keys."""

from __future__ import annotations

import os
from collections.abc import Callable

from .conftest import CELL, OK, VERSION_KITTY, WITH_SIXEL, Played

APP = """
import json, os
from binscout_tui.terminal.detect import detect
graphics = detect(0.05)
from textual.app import App
from binscout_tui.widgets.answer_driver import driver_class

class Keys(App):
    seen = []
    def on_mount(self):
        self.call_after_refresh(self.bell)
    def on_key(self, event):
        self.seen.append(event.key)
        if event.key == "n":
            self.exit()

app = Keys(driver_class=driver_class(graphics))
app.run()
json.dump({"keys": app.seen, "protocol": graphics.protocol}, open(os.environ["REPORT"], "w"))
"""


def test_late_answers_are_not_keys(play: Callable[..., Played]) -> None:
    sent: list[str] = []

    def step(master: int, written: bytes) -> None:
        if b"\x07" in written and not sent:
            sent.append("late")
            for piece in (VERSION_KITTY[:5], VERSION_KITTY[5:] + OK[:1], OK[1:] + CELL, WITH_SIXEL, b"2n"):
                os.write(master, piece)

    played = play(APP, step)
    assert played.report == {"keys": ["2", "n"], "protocol": "halfblock"}
