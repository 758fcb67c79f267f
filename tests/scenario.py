"""What the capture scenario plays, and the rows that must come of it, said without the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tests.pictures import photo

SIZE = (320, 240)
MIDDLE = (0.1, 0.1, 0.9, 0.9)
"""The box with which a crop begins."""
NARROW = (0.125, 0.1, 0.875, 0.9)
"""After `H`: eight pixels less on each side."""
MOVED = (0.1, 0.1, 0.85, 0.9)
"""After `H` and `left`."""


@dataclass(frozen=True)
class Shot:
    """A picture that is accepted at once, or taken again first: `before` the next one came, or `after` it was
    accepted."""

    name: str
    second: int
    again: str = ""

    @property
    def names(self) -> list[str]:
        """The file that is thrown into the inbox, and the one that takes its place."""
        return [self.name, f"{self.name}-again"] if self.again else [self.name]


PLACES = {"A1": "M2 screw", "B7": "washer"}
SHOTS = {
    "A1": [
        Shot("p01", 0),
        Shot("p02", 1),
        Shot("p03", 2, again="before"),
        Shot("p04", 100),
        Shot("p05", 101),
        Shot("p06", 102),
    ],
    "B7": [
        Shot("p07", 200, again="before"),
        Shot("p08", 201),
        Shot("p09", 202),
        Shot("p10", 300),
        Shot("p11", 301, again="after"),
        Shot("p12", 302),
    ],
}
REASON = "blurred"
"""Why a shot is taken again."""


@dataclass(frozen=True)
class Choice:
    """What becomes of one set: the keys, and the state, the number of the image, and the crop in the end.

    `steps` are what the journal must say: (action, number of the image or None, crop).
    """

    keys: tuple[str, ...]
    steps: tuple[tuple[str, int | None, tuple[float, ...] | None], ...]
    state: str = "done"

    @property
    def image(self) -> int | None:
        """The number of the chosen image."""
        return self.steps[-1][1]

    @property
    def crop(self) -> tuple[float, ...] | None:
        """Its crop."""
        return self.steps[-1][2]


def keep(number: int) -> Choice:
    """The image with this number, with one key."""
    return Choice((str(number),), (("choose", number, None),))


def crop(number: int, *keys: str, box: tuple[float, ...] | None) -> Choice:
    """The image with this number, cropped: mark it, crop, change the box, keep."""
    return Choice((*["right"] * (number - 1), "c", *keys, "enter"), (("choose", number, box),))


CHOICES = [
    keep(1),
    crop(2, box=MIDDLE),
    keep(3),
    crop(1, "H", box=NARROW),
    keep(2),
    crop(2, "H", "left", box=MOVED),
    # Another image after all.
    Choice(("1", "z", "2"), (("choose", 1, None), ("undo", None, None), ("choose", 2, None))),
    # A crop that is taken back and done again.
    Choice(("c", "enter", "z", "Z", "l"), (("choose", 1, MIDDLE), ("undo", None, None), ("redo", 1, MIDDLE))),
    Choice(("x",), (("rejected", None, None),), state="rejected"),
    # Cropping the second after choosing the first leaves the second alone chosen.
    Choice(
        ("1", "h", "right", "c", "H", "enter"),
        (("choose", 1, None), ("choose", 2, NARROW)),
    ),
    crop(1, "0", box=None),
    keep(2),
    # A crop that is left changes nothing.
    Choice(("c", "H", "H", "escape", "2"), (("choose", 2, None),)),
    crop(2, "H", "left", box=MOVED),
    keep(1),
    crop(1, box=MIDDLE),
    Choice(("x", "z", "1"), (("rejected", None, None), ("undo", None, None), ("choose", 1, None))),
    crop(2, "H", box=NARROW),
    keep(2),
    crop(1, "H", box=NARROW),
]
SETS = [3, 3, 3, 3, *(2 + number % 3 for number in range(16))]
"""How many images each set has: four bursts of what was captured, then folders."""


def shoot(folder: Path, name: str, seed: int, second: int) -> Path:
    """A camera's file: a picture like no other, with the moment at which it was taken."""
    path = photo(folder / f"{name}.jpg", seed, size=SIZE)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"2026:11:02 10:{second // 60:02}:{second % 60:02}"
    with Image.open(path) as image:
        image.load()
        image.save(path, "JPEG", quality=90, exif=exif)
    return path


def folders(root: Path) -> Path:
    """A library with a folder for each set beside the bursts."""
    for number, count in enumerate(SETS[4:]):
        for place in range(count):
            photo(root / f"set{number:02}" / f"{place + 1}.jpg", 1000 + 10 * number + place, size=SIZE)
    return root


# The rows that must be there; images are called by their names, sets and the rest by their place.

Row = tuple[Any, ...]


def captured() -> list[str]:
    """The pictures of the inbox in the order in which they came."""
    return [f"{name}.jpg" for shots in SHOTS.values() for shot in shots for name in shot.names]


def imported() -> list[str]:
    """The pictures of the library in order."""
    return [f"set{n:02}/{place + 1}.jpg" for n, count in enumerate(SETS[4:]) for place in range(count)]


def images() -> list[Row]:
    """name, origin, withheld."""
    superseded = {f"{shot.name}.jpg" for shots in SHOTS.values() for shot in shots if shot.again}
    withheld = [(name, "captured", "superseded" if name in superseded else None) for name in captured()]
    return withheld + [(name, "imported", None) for name in imported()]


def captures() -> list[Row]:
    """image, state, compartment, item, attempt, replaces, reason."""
    rows: list[Row] = []
    for code, shots in SHOTS.items():
        where = (code, PLACES[code])
        for shot in shots:
            first, *again = (f"{name}.jpg" for name in shot.names)
            if again:
                # What was never accepted was never said to be of any place.
                rows.append((first, "superseded", *(where if shot.again == "after" else (None, None)), 1, None, ""))
                rows.append((again[0], "accepted", *where, 2, first, REASON))
            else:
                rows.append((first, "accepted", *where, 1, None, ""))
    return rows


def capture_decisions() -> list[Row]:
    """action, image."""
    rows: list[Row] = []
    for shots in SHOTS.values():
        for shot in shots:
            first, *again = (f"{name}.jpg" for name in shot.names)
            if shot.again != "before":
                rows += [("assign", first), ("accept", first)]
            rows += [(action, name) for name in again for action in ("retake", "accept")]
    return rows


def requests() -> list[Row]:
    """state, replaces, capture, reason."""
    again = [shot for shots in SHOTS.values() for shot in shots if shot.again]
    return [("done", f"{shot.name}.jpg", f"{shot.name}-again.jpg", REASON) for shot in again]


def members() -> list[list[str]]:
    """The images of each set in order."""
    kept = [f"{shot.names[-1]}.jpg" for shots in SHOTS.values() for shot in shots]
    found, rest = [], kept + imported()
    for count in SETS:
        found.append(rest[:count])
        rest = rest[count:]
    return found


def set_members() -> list[Row]:
    """set, image, position, ruled out."""
    return [(n, name, place, 0) for n, names in enumerate(members()) for place, name in enumerate(names)]


def sets() -> list[Row]:
    """kind, state, chosen image, note."""
    rows: list[Row] = []
    for number, (choice, names) in enumerate(zip(CHOICES, members(), strict=True)):
        chosen = names[choice.image - 1] if choice.image else None
        rows.append(("burst" if number < 4 else "folder", choice.state, chosen, ""))
    return rows


def crops() -> list[Row]:
    """set, image, box."""
    return [
        (number, names[choice.image - 1], choice.crop)
        for number, (choice, names) in enumerate(zip(CHOICES, members(), strict=True))
        if choice.image and choice.crop
    ]


def set_decisions() -> list[Row]:
    """action, set, image, crop, whether something was suggested, whether it was taken."""
    rows: list[Row] = []
    for number, (choice, names) in enumerate(zip(CHOICES, members(), strict=True)):
        for action, image, box in choice.steps:
            turned = action in ("undo", "redo")
            said = (None, None) if turned else (True, False)
            rows.append((action, number, names[image - 1] if image else None, box, *said))
    return rows


def log() -> list[Row]:
    """set's size, index of the chosen image from 0, crop, state."""
    return [
        (count, choice.image - 1 if choice.image else None, choice.crop, choice.state)
        for count, choice in zip(SETS, CHOICES, strict=True)
    ]
