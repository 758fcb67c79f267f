"""How long moving one of many boxes takes: key to the last byte of the frame that shows it, and how many bytes.

    python benchmarks/boxes.py [--photo FILE] [--boxes 50] [--keys 60] [--rate 8] [--cells 80x24]

Opens the real app in a pseudo-terminal of each kind on an image with so many boxes and presses arrows. The last byte is
that of the word that the draft is on the disk. `later` are the bytes of the finer picture that follows a rest. `slowed`
is by how much others held up the processors meanwhile; figures with much more than 1 say more about them.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from binscout_tui import workspace
from binscout_tui.bench.area import Area, parse_area
from binscout_tui.bench.figures import percentile
from binscout_tui.bench.keys import QUIET_S, slowdown
from binscout_tui.bench.running import Answer, command_for, running
from binscout_tui.imaging.previews import write_previews
from binscout_tui.labelling import boxing_queue
from binscout_tui.store import box_labels, images, labels, places
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.images import NewImage
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.workspace import Workspace

LIMIT_MS = 50.0
SIDE = 0.09


def made_up() -> Pillow.Image:
    """A picture with as much detail as a photo."""
    noise = Pillow.effect_noise((640, 480), 60).resize((1600, 1200), Pillow.Resampling.BICUBIC)
    return Pillow.merge(
        "RGB", [noise, noise.rotate(90, expand=False), noise.transpose(Pillow.Transpose.FLIP_TOP_BOTTOM)]
    )


def build(root: Path, photo: Pillow.Image, number: int) -> None:
    """A workspace with one image that has so many boxes of ten classes."""
    workspace.create(root)
    rng = random.Random(5)
    with Workspace(root) as ws:
        sha256 = hashlib.sha256(photo.tobytes()).hexdigest()
        write_previews(photo, ws.paths.previews, sha256)

        def enter(db: Any) -> None:
            image_id, _ = images.add(db, ws.user.uid, _new(sha256, photo.size))
            ids = [labels.add_class(db, f"class {name}").id for name in range(10)]
            corners = [(rng.uniform(0, 1 - SIDE), rng.uniform(0, 1 - SIDE)) for _ in range(number)]
            boxes = [
                LabelBox(box=(x, y, x + SIDE, y + SIDE), class_id=ids[place % 10])
                for place, (x, y) in enumerate(corners)
            ]
            box_labels.set_boxes(db, ws.user.uid, image_id, boxes)
            places.keep(db, ws.user.uid, boxing_queue.AREA, {"image": image_id, "which": "all"})

        ws.db.write(enter)


def _new(sha256: str, size: tuple[int, int]) -> NewImage:
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=Path("originals") / f"{sha256}.jpg",
        name="photo.jpg",
        source="benchmark",
        bytes=1,
        mtime_ns=0,
        width=size[0],
        height=size[1],
        format="JPEG",
        mode="RGB",
        source_group="benchmark",
    )


def measure(root: Path, protocol: Protocol, area: Area, keys: int, rate: float) -> tuple[list[Answer], list[float]]:
    """The answers to `keys` arrows, and how much the processors were held up at each."""
    found, slowed = [], []
    with running(command_for(root, ("open", "boxes")), protocol, area) as app:
        app.first_picture(time.perf_counter())
        app.settle()
        following = time.perf_counter()
        for number in range(keys):
            following = max(following, time.perf_counter()) + 1 / rate
            found.append(app.press(b"\x1b[C" if number % 20 < 10 else b"\x1b[D", following, QUIET_S))
            slowed.append(slowdown())
    return found, slowed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--boxes", type=int, default=50)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--rate", type=float, default=8.0)
    parser.add_argument("--cells", default="80x24")
    options = parser.parse_args()
    photo = Pillow.open(options.photo).convert("RGB") if options.photo else made_up()
    area = parse_area(options.cells, "10x20")
    print(f"{options.boxes} boxes, {photo.width}x{photo.height} pixels, {options.cells}, limit {LIMIT_MS:g} ms")
    print("protocol   median   p95     first    bytes      later      shown    slowed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bins"
        build(root, photo, options.boxes)
        for protocol in (Protocol.HALFBLOCK, Protocol.KITTY, Protocol.SIXEL):
            answers, slowed = measure(root, protocol, area, options.keys, options.rate)
            shown = [one for one in answers if one.is_picture]
            last = [one.last_ms for one in shown]
            p95 = percentile(last, 0.95)
            print(
                f"{protocol.value:<10} {percentile(last, 0.5):6.1f}  {p95:6.1f}  "
                f"{percentile([one.first_ms for one in shown], 0.5):6.1f}  "
                f"{percentile([one.bytes for one in shown], 0.5):9,.0f}  "
                f"{percentile([one.later_bytes for one in shown], 0.5):9,.0f}  "
                f"{len(shown):3}/{len(answers):<3}  {percentile(slowed, 0.95):5.2f}"
                f"  {'within' if p95 <= LIMIT_MS else 'MISSED'}"
            )


if __name__ == "__main__":
    main()
