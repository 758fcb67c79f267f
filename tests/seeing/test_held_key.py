"""Whoever holds a key decides only on images that were on the screen before the key was pressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.made_up import add_classes
from tests.command_line import ok
from tests.seeing.held_key import Recording, Seen, add_coded, coded, decided, hold, judge
from tests.seeing.kinds import KITTY, PLAIN, XTERM, Kind
from tests.seeing.looking import find_picture
from tests.seeing.scenes import binscout, open_label
from tests.seeing.screen import Screen

HZ = 30.0
MISSED = 5
"""So few words may each have been replaced before a frame showed them."""
KINDS = {"kitty": KITTY, "sixel": XTERM, "half blocks": PLAIN}
KEYS = {"label": "1", "trash": "d", "grid": "d"}
SOON = {"label": "kitty", "trash": "half blocks", "grid": "sixel"}
"""Each area, each kind of terminal in every run of the tests; all of both take minutes."""
EVERY = pytest.mark.parametrize(
    ("area", "kind"),
    [
        pytest.param(area, kind, id=f"{area}-{name}", marks=() if SOON[area] == name else pytest.mark.slow)
        for area in KEYS
        for name, kind in KINDS.items()
    ],
)
LENGTHS = pytest.mark.parametrize("count", [60, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])


def held(kind: Kind, root: Path, count: int, area: str, key: str) -> Seen:
    """Hold `key` in an area of `count` images, for as many presses."""
    numbers = add_coded(root, count)
    words = {"trash": ("open", "gallery", "--full"), "grid": ("open", "gallery")}.get(area, ())
    first = 1 if area == "label" else count
    with Recording(kind, 72, 24).start(binscout(root, *words)) as terminal:
        if area == "label":
            open_label(terminal, coded_name(1))
        if area == "grid":
            terminal.wait_for(lambda screen: "size M" in screen.text(), what="the grid")
            terminal.press("+")
        found = []

        def there(screen: Screen) -> bool:
            found[:] = [find_picture(screen.canvas(), coded(first), least=100)]
            return found[0].there

        terminal.wait_for(there, what="the first picture")
        terminal.wait_quiet()
        terminal.record()
        keys = hold(terminal, key, count, HZ)
        terminal.wait_quiet(1.0)
        frames = list(terminal.frames(found[0].box))
        assert terminal.errors == []
    decisions = decided(root, "label" if area == "label" else "trash", numbers)
    return judge(keys, decisions, frames, "early" if area == "label" else "early key")


def coded_name(number: int) -> str:
    """What Label calls it."""
    return f"coded-{number:05d}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a class and no images."""
    ok(tmp_path / "bins", "init")
    add_classes(tmp_path / "bins", ["nut", "washer"])
    return tmp_path / "bins"


@EVERY
@LENGTHS
def test_every_decision_is_on_an_image_that_was_seen(
    kind: Kind, root: Path, count: int, area: str, record_property: Callable[[str, object], None]
) -> None:
    seen = held(kind, root, count, area, KEYS[area])
    record_property("figures", seen.words)
    assert seen.unseen == []
    assert seen.decided >= count // 5
    assert seen.told > 0 or seen.refused < MISSED
