"""How well and how fast codes on labels are read out of photos.

    python benchmarks/codes.py [FOLDER]

Labels are made by zxing-cpp, turned at random, pasted into photos of 1000 x 750 pixels (from FOLDER/counting, or of
noise where there is none), blurred, dimmed and saved as JPEG of quality 85. Prints the share that is read for each
kind of code and each size of its modules in pixels, what a photo without a code says, and the time that a photo of 12
megapixels takes: first look, second look, and the whole picture, which is not looked at.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from binscout_tui.imaging import codes
from binscout_tui.imaging.decode import SECOND_LOOK, decode
from binscout_tui.imaging.outcomes import Limits

KINDS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)
MODULES = (1, 2, 3, 4, 6, 10)
TRIES = 24
TEXT = "A-12-07"


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BINSCOUT_TEST_PHOTOS", "")) / "counting"
    photos = [Image.open(path).convert("L").resize((1000, 750)) for path in sorted(folder.glob("*/*.jpg"))[:TRIES]]
    random = np.random.default_rng(1)
    photos = photos or [Image.fromarray(random.integers(0, 255, (750, 1000), dtype=np.uint8)) for _ in range(TRIES)]
    wrong = [text for photo in photos for text in codes.read(photo).texts]
    print(f"{len(photos)} photos without a code: {len(wrong)} texts read\n")
    print("read, by pixels a module  " + "".join(f"{module:>8}" for module in MODULES))
    for kind in KINDS:
        print(f"  {kind!s:<23} ", end="")
        for module in MODULES:
            fits = drawn(kind, module).width < 900
            number = sum(was_read(photo, kind, module, random) for photo in photos) if fits else "-"
            print(f"{number:>5}/{len(photos)}" if fits else f"{number:>8}", end="")
        print()
    times(photos[0])


def drawn(kind: zxingcpp.BarcodeFormat, module: int) -> Image.Image:
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(TEXT, kind), scale=module)))


def was_read(photo: Image.Image, kind: zxingcpp.BarcodeFormat, module: int, random: np.random.Generator) -> bool:
    turned = float(random.uniform(-8, 8) if kind == KINDS[2] else random.uniform(0, 360))
    label = drawn(kind, module).rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    scene = photo.copy()
    scene.paste(label, (int(random.integers(0, 1000 - label.width)), int(random.integers(0, 750 - label.height))))
    scene = scene.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.2)))
    dim = Image.fromarray((np.asarray(scene) * random.uniform(0.3, 1)).astype(np.uint8))
    return TEXT in codes.read(Image.open(io.BytesIO(jpeg(dim)))).texts


def jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()


def times(photo: Image.Image) -> None:
    content = jpeg(photo.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC))
    print("\n12 megapixels without a code     decode     read")
    for name, longest in (("first look", 1024), ("second look", SECOND_LOOK), ("the whole picture", None)):
        small = decode(content, Limits(), longest=longest).small
        decoding = timed(lambda longest=longest: decode(content, Limits(), longest=longest))
        reading = timed(lambda small=small: codes.read(small))
        print(f"  {name:<18} {small.width:>4} px {1000 * decoding:>8.0f} ms {1000 * reading:>5.0f} ms")


def timed(work: Callable[[], object]) -> float:
    took = []
    for _ in range(5):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    return median(took)


if __name__ == "__main__":
    main()
