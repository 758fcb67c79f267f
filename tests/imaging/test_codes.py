"""Codes in pictures: made by the same library, photographed badly, hostile, and what they say of the compartment."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import photo
from PIL import Image, ImageFilter

from binscout_tui.imaging import codes
from binscout_tui.imaging.decode import examine
from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Rejected
from binscout_tui.imaging.pool import DecodePool

KINDS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)
Kind = zxingcpp.BarcodeFormat


def label(text: str, kind: Kind = KINDS[0], *, module: int = 5, turned: float = 0) -> Image.Image:
    """A printed code, dark on white, turned by so many degrees."""
    drawn = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=module)
    image = Image.fromarray(np.array(drawn)).convert("L")
    return image.rotate(turned, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def scene(*labels: Image.Image, size: tuple[int, int] = (1000, 750)) -> Image.Image:
    """A photo with labels side by side."""
    image = photo(*size)
    for place, one in enumerate(labels):
        image.paste(one, (20 + place * size[0] // max(1, len(labels)), (size[1] - one.height) // 2))
    return image


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [0, 20, 45, 90, 180, 270])
def test_every_kind_is_read_however_it_is_turned(kind: Kind, turned: float) -> None:
    if kind == Kind.Code128 and turned in {20, 45}:
        turned /= 4  # a linear code is scanned in rows and columns
    assert codes.read(scene(label("A-12-07", kind, turned=turned))).texts == ("A-12-07",)


@pytest.mark.parametrize("kind", KINDS)
def test_blurred_and_dim(kind: Kind) -> None:
    picture = scene(label("A-12-07", kind, module=6)).filter(ImageFilter.GaussianBlur(2))
    dim = Image.fromarray((np.asarray(picture) * 0.2).astype(np.uint8))
    assert codes.read(dim).texts == ("A-12-07",)


def test_several_in_one_picture_each_once() -> None:
    same = label("B 1")
    found = codes.read(scene(same, label("B 2", KINDS[1], module=8), label("B 3", KINDS[2], module=2), same))
    assert sorted(found.texts) == ["B 1", "B 2", "B 3"]


def test_none() -> None:
    assert codes.read(photo(800, 600)) == codes.Found()
    assert codes.read(Image.new("RGB", (1, 1))) == codes.Found()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A\x1b[31m", "control characters"),
        ("A\nB", "control characters"),
        ("\u202eA", "control characters"),
        ("A\x00", "control characters"),
        ("x" * 101, "longer than 100"),
        ("   ", "it is empty"),
    ],
)
def test_a_hostile_text_is_refused_and_said(text: str, why: str) -> None:
    found = codes.read(scene(label(text, module=4), size=(1000, 900)))
    assert found.texts == ()
    [warning] = found.warnings
    assert why in warning
    assert warning.isprintable()


def test_thousands_of_codes_are_cut_off() -> None:
    found = codes.accepted([f"C{number}" for number in range(5000)])
    assert len(found.texts) == codes.MOST_CODES
    assert "5000 codes" in found.warnings[-1]


@given(st.lists(st.text(max_size=200), max_size=5))
def test_what_is_accepted_is_safe(texts: list[str]) -> None:
    for text in codes.accepted(texts).texts:
        assert 0 < len(text) <= codes.LONGEST_TEXT
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)


KNOWN = {"A": 1, "a": 1, "B": 2, "C": 3}


@pytest.mark.parametrize(
    ("seen", "chosen", "compartment", "check"),
    [
        ([], None, None, None),
        ([], 1, 1, None),
        (["A"], None, 1, None),
        (["A", "a"], None, 1, None),
        (["?", "A"], None, 1, None),
        (["A", "B"], None, None, "several_compartments"),
        (["?"], None, None, "unknown_code"),
        (["?"], 1, 1, None),
        (["A"], 1, 1, None),
        (["B", "A", "C"], 1, 1, None),
        (["B"], 1, 1, "other_compartment"),
        (["?", "B", "C"], 1, 1, "other_compartment"),
    ],
)
def test_what_codes_say_of_the_compartment(
    seen: list[str], chosen: int | None, compartment: int | None, check: str | None
) -> None:
    match = codes.match(seen, KNOWN, chosen)
    assert match.compartment == compartment
    assert (match.finding.check if match.finding else None) == check
    assert match.finding is None or match.finding.level == "warn"


def test_the_conflict_names_the_codes_in_the_order_of_the_picture() -> None:
    finding = codes.match(["C", "B"], KNOWN, 1).finding
    assert finding is not None
    assert finding.sentence == "The label in the picture says C, B: that is NOT the chosen compartment."


def test_the_worker_reads_codes_and_measures_only_when_asked(tmp_path: Path) -> None:
    scene(label("A-12-07")).save(tmp_path / "shot.jpg", quality=90)
    with DecodePool(None, workers=1) as pool:
        plain = pool.decode_one(tmp_path / "shot.jpg")
    with DecodePool(None, workers=1, measuring=True, codes=True) as pool:
        full = pool.decode_one(tmp_path / "shot.jpg")
    assert isinstance(plain, Decoded)
    assert isinstance(full, Decoded)
    assert (plain.measures, plain.codes) == (None, ())
    assert full.codes == ("A-12-07",)
    assert full.measures is not None
    assert (full.measures.width, full.measures.height) == (1000, 750)


def test_a_small_label_in_a_large_photo_is_found_at_the_second_look(tmp_path: Path) -> None:
    large = scene(label("small", module=4), size=(4000, 3000))
    large.save(tmp_path / "large.jpg", quality=90)
    assert codes.read(large.resize((1000, 750), Image.Resampling.BOX)).texts == (), "too small for the first"
    found = examine(tmp_path / "large.jpg", Limits(), None, with_codes=True)
    assert isinstance(found, Decoded)
    assert found.codes == ("small",)


WORKER = """
import os, signal, sys, time
from binscout_tui.imaging import codes, worker
def bad(image):
    {action}
codes.read = bad
worker.main()
"""


@pytest.mark.parametrize(
    ("action", "warning"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("time.sleep(60)", "took too long"),
        ("raise RuntimeError('no \\x1b code')", "could not be read: no \\x1b code"),
    ],
)
def test_a_picture_survives_its_reader_of_codes(tmp_path: Path, action: str, warning: str) -> None:
    photo(200, 150).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"nothing")
    command = (sys.executable, "-c", textwrap.dedent(WORKER.format(action=action)))
    with DecodePool(None, Limits(seconds=4), 1, codes=True, command=command) as pool:
        good, bad = pool.run([tmp_path / "good.png", tmp_path / "bad.png"])
    assert isinstance(good, Decoded)
    assert warning in good.warnings[-1]
    assert good.codes == ()
    assert isinstance(bad, Rejected)
    assert bad.code is Code.NOT_AN_IMAGE
