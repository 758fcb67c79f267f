"""A folder of made-up pictures with their truth, the same bytes for the same seed.

The bytes also depend on the versions of numpy and Pillow, and through them on the processor; the scenes do not.
Every picture is drawn from a random stream of its own, named by the picture, so neither the order of work nor an
interruption changes a byte. `README.txt` is written first and says whose folder it is; `truth.json` is written last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from binscout_tui import atomic
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.synthetic.jpeg import NOTE, encode
from binscout_tui.synthetic.looks import FLOORS, Look, make_look, shot_look
from binscout_tui.synthetic.scene import render_count, render_part, render_set
from binscout_tui.synthetic.seeds import stream
from binscout_tui.synthetic.shapes import CLASSES

Truth = dict[str, Any]
Picture = tuple[str, bytes]

CROPS_A_PHOTO = 4
PART_SIZE = (240, 240)
MOST_PARTS = 30


@dataclass(frozen=True)
class Plan:
    """What a library holds: pictures of parts per class, sets, count pictures, and the sessions they come from."""

    seed: int
    per_class: int
    sets: int
    counts: int
    sessions: int


@dataclass(frozen=True)
class LibrarySummary:
    """What was written: numbers of pictures by kind, and bytes of all files together."""

    folder: Path
    classes: tuple[str, ...]
    parts: int
    sets: int
    set_photos: int
    counts: int
    bytes: int


def write_library(
    folder: Path,
    *,
    seed: int = 7,
    per_class: int = 40,
    sets: int = 12,
    counts: int = 12,
    sessions: int = 4,
    on_progress: Callable[[int, int], None] | None = None,
) -> LibrarySummary:
    """Write `parts/<class>/*.jpg`, `sets/<name>/*.jpg`, `counts/*.jpg`, `truth.json` and `README.txt` into `folder`.

    `on_progress` gets (pictures done, pictures in all). A folder that the same call left half done is completed.
    Raises UsageError for numbers that make no sense, RefusedError for a folder that holds something else, OSError.
    """
    plan = _checked(Plan(seed, per_class, sets, counts, sessions))
    _claim(folder, _readme(plan))
    shots = [shots_of_set(plan, index) for index in range(plan.sets)]
    total = len(CLASSES) * plan.per_class + sum(shots) + plan.counts
    truth: Truth = {
        "classes": list(CLASSES),
        "made_by": "BinScout",
        "note": NOTE,
        "parameters": asdict(plan),
        "seed": plan.seed,
    }
    written = done = 0
    for kind, make in (("parts", _parts), ("sets", _sets), ("counts", _counts)):
        entries: list[Truth] = []
        for pictures, entry in make(plan):
            for path, data in pictures:
                atomic.write_bytes(folder / path, data)
                written += len(data)
                done += 1
                if on_progress is not None:
                    on_progress(done, total)
            entries.append(entry)
        truth[kind] = entries
    text = json.dumps(truth, indent=1, sort_keys=True) + "\n"
    atomic.write_text(folder / "truth.json", text)
    written += len(text.encode()) + len(_readme(plan).encode())
    parts = len(CLASSES) * plan.per_class
    return LibrarySummary(folder, CLASSES, parts, plan.sets, sum(shots), plan.counts, written)


def _checked(plan: Plan) -> Plan:
    if plan.seed < 0 or min(plan.per_class, plan.sets, plan.counts) < 0 or plan.sessions < 1:
        raise UsageError(
            "The numbers for made-up pictures must not be negative, and there is at least one session.",
            hint="For example: seed 7, 40 a class, 12 sets, 12 counts, 4 sessions.",
        )
    return plan


def _readme(plan: Plan) -> str:
    return (
        "Synthetic pictures, made by BinScout. No camera took them and no real part is shown.\n"
        "\n"
        "parts/<class>/<session>_<photo>_<crop>.jpg   one part each, the class is the folder\n"
        "sets/<set>/shot_<n>.jpg                      3 or 4 photos of one scene, exactly one of them good\n"
        "counts/<session>_<photo>.jpg                 a compartment with a known number of parts\n"
        "truth.json                                   class, best photo, damage, count, points (pixels), seed\n"
        "\n"
        "Pictures of one session share floor, light and camera: split by session or photo, not by picture.\n"
        f"Made with: {', '.join(f'{name} {value}' for name, value in asdict(plan).items())}.\n"
        "The same numbers make the same files again; the folder may be deleted at any time.\n"
    )


def _claim(folder: Path, readme: str) -> None:
    """Make the folder ours, or refuse it when it holds anything that the same call would not have written."""
    marker = folder / "README.txt"
    ours = marker.is_file() and marker.read_bytes() == readme.encode()
    if not ours and folder.is_dir() and any(not name.name.startswith(".tmp-") for name in folder.iterdir()):
        raise RefusedError(
            f"{folder} is not empty and was not made with these numbers.",
            hint="Name an empty or new folder for the made-up pictures.",
        )
    for left_over in folder.rglob(".tmp-*"):
        if left_over.is_file():
            left_over.unlink()
    atomic.write_text(marker, readme)


def _session(plan: Plan, index: int) -> Look:
    """The look of session `index`; the first sessions all have different floors."""
    order = stream(plan.seed, "floors").permutation(len(FLOORS))
    floor = FLOORS[int(order[index % len(FLOORS)])]
    return make_look(stream(plan.seed, f"session/{index}"), f"tray{index + 1}", floor)


def _parts(plan: Plan) -> Iterator[tuple[list[Picture], Truth]]:
    """Crops of tray photos; up to `CROPS_A_PHOTO` come from one photo and share its light and batch of metal."""
    looks = [_session(plan, index) for index in range(plan.sessions)]
    in_session = -(-plan.per_class // plan.sessions)
    photos_a_class = max(1, -(-in_session // CROPS_A_PHOTO))
    for place, class_name in enumerate(CLASSES):
        for index in range(plan.per_class):
            session, number = index % plan.sessions, index // plan.sessions
            photo = place * photos_a_class + number // CROPS_A_PHOTO + 1
            crop = number % CROPS_A_PHOTO + 1
            name = f"{looks[session].name}_{photo:03d}_{crop}"
            look = shot_look(looks[session], stream(plan.seed, f"photo/{looks[session].name}/{photo}"))
            image = render_part(class_name, stream(plan.seed, f"part/{name}"), look, PART_SIZE)
            path = f"parts/{class_name}/{name}.jpg"
            entry = {"class": class_name, "path": path, "photo": photo, "session": looks[session].name}
            yield [(path, encode(image, session, photo * 10 + crop))], entry


def shots_of_set(plan: Plan, index: int) -> int:
    """How many photos the set has: 3 or 4."""
    return int(stream(plan.seed, f"set/{index}/shots").integers(3, 5))


def _sets(plan: Plan) -> Iterator[tuple[list[Picture], Truth]]:
    for index in range(plan.sets):
        rng = stream(plan.seed, f"set/{index}")
        class_name = CLASSES[int(rng.integers(len(CLASSES)))]
        session = index % plan.sessions
        look = shot_look(_session(plan, session), rng)
        name = f"set_{index + 1:03d}"
        shots = render_set(class_name, shots_of_set(plan, index), rng, look)
        paths = [f"sets/{name}/shot_{number + 1}.jpg" for number in range(len(shots))]
        start = 100_000 + index * 120
        pictures = [
            (path, encode(shot.image, session, start + 2 * number))
            for number, (path, shot) in enumerate(zip(paths, shots, strict=True))
        ]
        entry = {
            "best": next(path for path, shot in zip(paths, shots, strict=True) if shot.damage is None),
            "class": class_name,
            "path": f"sets/{name}",
            "session": look.name,
            "shots": [
                {
                    "box": list(shot.box),
                    "damage": shot.damage.kind if shot.damage else None,
                    "path": path,
                    "strength": shot.damage.strength if shot.damage else 0.0,
                }
                for path, shot in zip(paths, shots, strict=True)
            ],
        }
        yield pictures, entry


def _counts(plan: Plan) -> Iterator[tuple[list[Picture], Truth]]:
    for index in range(plan.counts):
        rng = stream(plan.seed, f"count/{index}")
        class_name = CLASSES[int(rng.integers(len(CLASSES)))]
        # Spread over 1..30 whatever their number, so that a few pictures already show few and many parts.
        share = (index + float(rng.random())) / plan.counts
        count = 1 + int(share * MOST_PARTS)
        session = index % plan.sessions
        look = shot_look(_session(plan, session), rng)
        picture = render_count(class_name, count, min(count, int(rng.integers(0, 4))), rng, look)
        path = f"counts/{look.name}_{900 + index}.jpg"
        entry = {
            "class": class_name,
            "count": count,
            "distractors": [{"class": name, "point": [x, y]} for name, x, y in picture.distractors],
            "path": path,
            "points": [list(point) for point in picture.points],
            "session": look.name,
        }
        yield [(path, encode(picture.image, session, 200_000 + index * 60))], entry
