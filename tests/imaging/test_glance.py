"""A glance at a file says what decoding says of it, as far as its header tells, and is as guarded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import corners, encoded, heic, photo, png_bomb, stored_as, webp_bomb
from PIL import Image

from binscout_tui.imaging.decode import examine, read_header
from binscout_tui.imaging.glance import glance
from binscout_tui.imaging.headers import plain_header
from binscout_tui.imaging.outcomes import Code, Decoded, Glanced, Limits, Refusal, Rejected
from binscout_tui.imaging.pool import DecodePool

LIMITS = Limits(pixels=5_000_000)
HOSTILE = (sys.executable, "-P", str(Path(__file__).with_name("hostile_worker.py")))
TOLD = ("sha256", "bytes", "mtime_ns", "width", "height", "format", "mode", "orientation", "taken_at")
JPEG, PNG = encoded(photo(64, 48)), encoded(photo(64, 48), "PNG")


def with_moment() -> bytes:
    exif = Image.Exif()
    exif[0x0132] = "2024:05:01 10:20:30"
    return encoded(corners(), exif=exif)


PLAIN = {
    "jpeg": JPEG,
    "progressive": encoded(photo(64, 48), progressive=True),
    "grey": encoded(photo(64, 48).convert("L")),
    "cmyk": encoded(photo(64, 48).convert("CMYK")),
    "png": PNG,
    "palette": encoded(photo(64, 48).convert("P"), "PNG"),
    "alpha": encoded(photo(64, 48).convert("RGBA"), "PNG"),
}
OTHERS = {
    "moment": with_moment(),
    "one bit": encoded(photo(64, 48).convert("1"), "PNG"),
    "webp": encoded(photo(64, 48), "WEBP"),
    "gif": encoded(photo(64, 48), "GIF"),
    "bmp": encoded(photo(64, 48), "BMP"),
    **{f"{kind} {turn}": stored_as(corners(), turn, kind) for kind in ("JPEG", "PNG", "TIFF") for turn in (3, 6, 8)},
}


@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
def test_it_says_what_decoding_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes((PLAIN | OTHERS)[name])
    seen, decoded = glance(path, LIMITS), examine(path, LIMITS, None)
    assert isinstance(seen, Glanced)
    assert isinstance(decoded, Decoded)
    assert {key: getattr(seen, key) for key in TOLD} == {key: getattr(decoded, key) for key in TOLD}


@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
def test_only_plain_files_are_understood_without_a_library(name: str) -> None:
    assert (plain_header((PLAIN | OTHERS)[name]) is not None) == (name in PLAIN)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.EMPTY),
        (b"no picture at all", Code.NOT_AN_IMAGE),
        (b"\xff\xd8\xff\xe0", Code.TRUNCATED),
        (heic(), Code.NEEDS_PLUGIN),
        (png_bomb(30_000, 30_000), Code.TOO_MANY_PIXELS),
        (png_bomb(30_000, 30_000, padding=2 << 20), Code.TOO_MANY_PIXELS),
        (webp_bomb(16_000, 16_000), Code.TOO_MANY_PIXELS),
        (encoded(Image.new("RGB", (3000, 3000))), Code.TOO_MANY_PIXELS),
    ],
)
def test_what_its_beginning_tells_is_refused_as_by_decoding(content: bytes, code: Code, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    seen, decoded = glance(path, LIMITS), examine(path, LIMITS, None)
    assert isinstance(seen, Rejected)
    assert seen == decoded
    assert seen.code is code


def test_what_is_no_file_is_refused_in_the_same_words(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        assert glance(path, LIMITS) == examine(path, LIMITS, None)


@given(st.sampled_from([JPEG, PNG]), st.integers(0, 700), st.binary(min_size=1, max_size=4), st.integers(0, 700))
def test_of_damaged_headers_it_never_says_more_than_the_library(whole: bytes, at: int, junk: bytes, cut: int) -> None:
    content = whole[:at] + junk + whole[at + len(junk) :]
    content = content[: len(content) - cut]
    plain = plain_header(content)
    if plain is None:
        return
    try:
        size, kind, mode, facts = read_header(content, Limits(pixels=1 << 40))
    except Refusal:
        return
    assert plain == (size, kind, mode)
    assert facts.orientation == 1


def test_one_bad_file_costs_its_batch_nothing(tmp_path: Path) -> None:
    batches = [["a", "abort", "b"], ["c", "hang"], ["abort-once", "d"], ["e"], ["abort"]]
    for name in {name for batch in batches for name in batch}:
        (tmp_path / name).write_bytes(JPEG)
    with DecodePool(None, Limits(seconds=1.0), workers=2, command=HOSTILE) as pool:
        found = list(pool.glance([tmp_path / name for name in batch] for batch in batches))
    assert [[path.name for path, _ in looks] for looks in found] == batches
    codes = [[seen.code if isinstance(seen, Rejected) else "" for _, seen in looks] for looks in found]
    assert codes == [["", Code.CRASHED, ""], ["", Code.TIMEOUT], ["", ""], [""], [Code.CRASHED]]


def test_its_workers_load_no_decoder_for_plain_files(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    with DecodePool(None, workers=1, decoding=False) as pool:
        list(pool.glance([[tmp_path / "a.jpg"]]))
        maps = Path(f"/proc/{pool.pids[0]}/maps").read_text()
    assert "_hashlib" in maps
    assert "PIL" not in maps
    assert "numpy" not in maps
