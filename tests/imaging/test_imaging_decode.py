"""What comes of made-up files, in real worker processes."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from made_pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    corners,
    encoded,
    heic,
    noisy_tiff,
    photo,
    png_bomb,
    stored_as,
    webp_bomb,
)
from PIL import Image, ImageCms

from binscout_tui.imaging.outcomes import SENTENCES, Code, Decoded, Limits, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path

SRGB, LAB = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")


def examine(pool: DecodePool, folder: Path, content: bytes, name: str = "file") -> Outcome:
    (folder / name).write_bytes(content)
    return pool.decode_one(folder / name)


def decoded(outcome: Outcome) -> Decoded:
    assert isinstance(outcome, Decoded), outcome
    return outcome


def colours(path: Path) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters of a preview: top left, top right, bottom left, bottom right."""
    with Image.open(path) as image:
        width, height = image.size
        places = [(1, 1), (3, 1), (1, 3), (3, 3)]
        return [tuple(image.getpixel((x * width // 4, y * height // 4))) for x, y in places]  # type: ignore[arg-type]


def looks_like(seen: list[tuple[int, ...]], wanted: tuple[tuple[int, ...], ...], tolerance: int = 12) -> bool:
    return bool(np.max(np.abs(np.array(seen) - np.array(wanted))) <= tolerance)


def test_the_facts_of_a_photo(pool: DecodePool, previews_root: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2024:05:01 10:20:30", 0x9011: "+02:00"}
    content = encoded(photo(seed=11), exif=exif)
    one = decoded(examine(pool, tmp_path, content))
    assert (one.sha256, one.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert one.mtime_ns == (tmp_path / "file").stat().st_mtime_ns
    assert (one.width, one.height, one.format, one.mode, one.frames) == (640, 480, "JPEG", "RGB", 1)
    assert (one.orientation, one.taken_at, one.warnings) == (1, "2024-05-01T08:20:30.000Z", ())
    assert one.sharpness > 10
    assert set(one.previews) == {preview_path(previews_root, one.sha256, size) for size in (THUMB, PREVIEW)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_come_upright(
    pool: DecodePool, previews_root: Path, tmp_path: Path, kind: str, orientation: int
) -> None:
    one = decoded(examine(pool, tmp_path, stored_as(corners(), orientation, kind)))
    assert (one.width, one.height, one.orientation) == (240, 160, orientation)
    for size in (THUMB, PREVIEW):
        assert looks_like(colours(preview_path(previews_root, one.sha256, size)), (RED, GREEN, BLUE, WHITE), 40)


def test_all_orientations_hash_alike(pool: DecodePool, tmp_path: Path) -> None:
    hashes = {
        decoded(examine(pool, tmp_path, stored_as(photo(seed=5), orientation, "PNG"))).phash
        for orientation in range(1, 9)
    }
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("size", "preview", "thumb"),
    [
        ((4000, 3000), (1000, 750), (160, 120)),
        ((3000, 4000), (750, 1000), (120, 160)),
        ((1200, 900), (1024, 768), (160, 120)),
        ((640, 480), (640, 480), (160, 120)),
        ((100, 50), (100, 50), (100, 50)),
        ((9000, 2), (1024, 1), (160, 1)),
    ],
)
def test_sizes_of_previews(
    pool: DecodePool,
    previews_root: Path,
    tmp_path: Path,
    size: tuple[int, int],
    preview: tuple[int, int],
    thumb: tuple[int, int],
) -> None:
    one = decoded(examine(pool, tmp_path, encoded(corners(*size))))
    assert (one.width, one.height) == size
    for longest, expected in ((PREVIEW, preview), (THUMB, thumb)):
        with Image.open(preview_path(previews_root, one.sha256, longest)) as image:
            assert (image.size, image.mode, image.format) == (expected, "RGB", "JPEG")


def test_previews_that_exist_are_left(pool: DecodePool, tmp_path: Path) -> None:
    content = encoded(photo(seed=21))
    first, second = (decoded(examine(pool, tmp_path, content)) for _ in range(2))
    assert (len(first.previews), second.previews) == (2, ())


def test_previews_that_cannot_be_written_do_not_cost_the_picture(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("in the way")
    with DecodePool(tmp_path / "root", workers=1) as pool:
        one = decoded(examine(pool, tmp_path, encoded(photo())))
    assert one.previews == ()
    assert "previews" in one.warnings[0]


def quarters(values: list[int], dtype: type[np.generic]) -> Image.Image:
    return Image.fromarray(np.kron(np.array(values).reshape(2, 2), np.ones((50, 50))).astype(dtype))


@pytest.mark.parametrize(
    ("image", "kind", "greys"),
    [
        (quarters([0, 20_000, 40_000, 65_535], np.uint16), "PNG", [0, 78, 156, 255]),
        (quarters([0, 1_000, 2_000, 4_000], np.uint16), "TIFF", [0, 62, 125, 249]),
        (quarters([0, 20_000, 40_000, 65_535], np.uint16), "PPM", [0, 78, 156, 255]),
        (quarters([-100, 0, 100, 200], np.int32), "TIFF", [0, 85, 170, 255]),
        (quarters([0, 1, 2, 3], np.float32), "TIFF", [0, 85, 170, 255]),
        (quarters([0, 80, 160, 250], np.uint8), "GIF", [0, 80, 160, 250]),
    ],
)
def test_wide_samples_are_scaled(
    pool: DecodePool, previews_root: Path, tmp_path: Path, image: Image.Image, kind: str, greys: list[int]
) -> None:
    one = decoded(examine(pool, tmp_path, encoded(image, kind)))
    wanted = tuple((grey,) * 3 for grey in greys)
    assert looks_like(colours(preview_path(previews_root, one.sha256, PREVIEW)), wanted, 6)


def test_transparency_shows_mid_grey(pool: DecodePool, previews_root: Path, tmp_path: Path) -> None:
    image = corners().convert("RGBA")
    image.paste((255, 0, 0, 0), (0, 0, 120, 80))
    palette = corners().quantize(8)
    for content, wanted in (
        (encoded(image, "PNG"), (128, 128, 128)),
        (encoded(image, "WEBP", lossless=True), (128, 128, 128)),
        (encoded(palette, "PNG", transparency=palette.getpixel((1, 1))), (128, 128, 128)),
    ):
        one = decoded(examine(pool, tmp_path, content))
        seen = colours(preview_path(previews_root, one.sha256, PREVIEW))
        assert looks_like(seen, (wanted, GREEN, BLUE, WHITE), 30)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", mode) for mode in ("CMYK", "L", "1", "YCbCr")]
    + [("TIFF", mode) for mode in ("CMYK", "L", "1", "P", "LA", "YCbCr", "LAB")]
    + [("PNG", mode) for mode in ("L", "1", "P", "LA")],
)
def test_every_mode_becomes_a_preview(
    pool: DecodePool, previews_root: Path, tmp_path: Path, kind: str, mode: str
) -> None:
    if mode == "LAB":
        image = ImageCms.profileToProfile(corners(), SRGB, LAB, outputMode="LAB")
        assert image is not None
    else:
        image = corners().convert(mode)
    content = encoded(image, kind)
    one = decoded(examine(pool, tmp_path, content))
    grey = mode in {"L", "LA", "1"}
    seen = colours(preview_path(previews_root, one.sha256, PREVIEW))
    assert looks_like([seen[3]], (WHITE,), 20)
    assert grey or looks_like(seen[:3], (RED, GREEN, BLUE), 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000"])
def test_formats_are_told_by_content(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    one = decoded(examine(pool, tmp_path, encoded(corners(), kind), "picture.txt"))
    assert (one.format, one.width, one.height) == (kind, 240, 160)


def test_of_an_animation_the_first_frame_is_used(pool: DecodePool, previews_root: Path, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (80, 80), colour) for colour in (BLUE, RED, GREEN)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        one = decoded(examine(pool, tmp_path, encoded(frames[0], kind, save_all=True, append_images=frames[1:])))
        assert one.frames == 3
        assert "first is used" in one.warnings[0]
        assert looks_like(colours(preview_path(previews_root, one.sha256, THUMB)), (BLUE,) * 4, 20)


def jpeg_with_12_bits() -> bytes:
    content = bytearray(encoded(photo()))
    frame = content.index(b"\xff\xc0")
    content[frame + 4] = 12
    return bytes(content)


def overgrown_png() -> bytes:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header


PNG_PHOTO = encoded(photo(), "PNG")
JPEG_PHOTO = encoded(photo())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.EMPTY),
        (b"x", Code.NOT_AN_IMAGE),
        (b"<html>not a photo</html>", Code.NOT_AN_IMAGE),
        (b"PK\x03\x04" + bytes(100), Code.NOT_AN_IMAGE),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), Code.NOT_AN_IMAGE),
        (JPEG_PHOTO[: len(JPEG_PHOTO) // 2], Code.TRUNCATED),
        (JPEG_PHOTO[:-30], Code.TRUNCATED),
        (JPEG_PHOTO[:180], Code.TRUNCATED),
        (PNG_PHOTO[: len(PNG_PHOTO) // 2], Code.TRUNCATED),
        (PNG_PHOTO[:33], Code.TRUNCATED),
        (PNG_PHOTO[:20] + b"\xff" * 100, Code.TOO_MANY_PIXELS),
        (PNG_PHOTO[:29] + b"crc!" + PNG_PHOTO[33:], Code.CORRUPT),
        (encoded(photo(), "BMP")[:-1000], Code.TRUNCATED),
        (encoded(photo(), "WEBP")[:-1000], Code.CORRUPT),
        (jpeg_with_12_bits(), Code.UNSUPPORTED),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(100), Code.UNSUPPORTED),
        (b"\xff\x0a" + bytes(100), Code.UNSUPPORTED),
        (heic(whole=False), Code.CORRUPT),
        (overgrown_png(), Code.TOO_MANY_PIXELS),
        (webp_bomb(16_000, 16_000), Code.TOO_MANY_PIXELS),
    ],
    ids=lambda value: str(value) if isinstance(value, Code) else f"{value[:8]!r}-{len(value)}",
)
def test_rejected_with_a_code_and_a_sentence(pool: DecodePool, tmp_path: Path, content: bytes, code: Code) -> None:
    one = examine(pool, tmp_path, content, "name.jpg")
    assert isinstance(one, Rejected)
    assert (one.code, one.reason) == (code, SENTENCES[code])
    assert one.detail.isprintable()


def test_heic_names_what_is_missing(pool: DecodePool, tmp_path: Path) -> None:
    for size in (64, 3_000_000):
        one = examine(pool, tmp_path, heic(padding=size))
        assert isinstance(one, Rejected)
        assert (one.code, "pillow-heif" in one.reason) == (Code.NEEDS_PLUGIN, True)


def test_broken_metadata_never_costs_the_picture(pool: DecodePool, tmp_path: Path) -> None:
    for block in (
        b"Exif\0\0" + bytes(range(200)),
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
    ):
        assert decoded(examine(pool, tmp_path, encoded(photo(), exif=block))).orientation == 1


@pytest.mark.parametrize("moment", ["2024:13:01 10:00:00", "\x1b[31mred", "0000:00:00 00:00:00", "", "    :  :  "])
def test_nonsense_moments_are_no_moment(pool: DecodePool, tmp_path: Path, moment: str) -> None:
    exif = Image.Exif()
    exif[0x0132] = moment
    assert decoded(examine(pool, tmp_path, encoded(photo(), exif=exif))).taken_at is None


def peak_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("padding", [0, 120_000_000])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, padding: int) -> None:
    with DecodePool(None, Limits(seconds=2), workers=1) as pool:
        one = examine(pool, tmp_path, png_bomb(30_000, 30_000, padding))
        assert isinstance(one, Rejected)
        assert (one.code, one.detail) == (Code.TOO_MANY_PIXELS, "900 megapixels; the limit is 100")
        assert peak_megabytes(*pool.pids) < 150


def test_a_large_file_that_is_no_picture_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "video").open("wb") as file:
        file.write(b"\0\0\0\x18ftypmp42")
        file.truncate(300_000_000)
    with DecodePool(None, workers=1) as pool:
        assert getattr(pool.decode_one(tmp_path / "video"), "code", None) is Code.NOT_AN_IMAGE
        assert peak_megabytes(*pool.pids) < 150


def test_large_files_that_are_damaged(pool: DecodePool, tmp_path: Path) -> None:
    content = encoded(photo(1500, 1000), "BMP")
    assert isinstance(examine(pool, tmp_path, content), Decoded)
    assert getattr(examine(pool, tmp_path, content[:-1000]), "code", None) is Code.TRUNCATED


def test_limits_are_parameters(tmp_path: Path) -> None:
    for limits, code in (
        (Limits(pixels=640 * 480 - 1), Code.TOO_MANY_PIXELS),
        (Limits(file_bytes=1000), Code.TOO_LARGE),
        (Limits(pixels=640 * 480, file_bytes=10**6), None),
    ):
        with DecodePool(None, limits, workers=1) as pool:
            assert getattr(examine(pool, tmp_path, JPEG_PHOTO), "code", None) is code


def test_a_picture_that_needs_too_much_memory(tmp_path: Path) -> None:
    content = encoded(Image.new("RGB", (5000, 6000)), "PNG", compress_level=1)
    with DecodePool(None, Limits(memory=200 * 1024**2), workers=1) as pool:
        one = examine(pool, tmp_path, content)
        assert getattr(one, "code", one) is Code.OUT_OF_MEMORY
        assert isinstance(pool.decode_one(tmp_path / "file"), Rejected)
        assert isinstance(examine(pool, tmp_path, JPEG_PHOTO), Decoded)


def test_libraries_do_not_write_to_our_terminal(
    pool: DecodePool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = examine(pool, tmp_path, noisy_tiff())
    assert isinstance(one, Rejected)
    assert len(one.detail.split("; ")) == 2, "what the library said belongs to the detail"
    assert capfd.readouterr() == ("", "")
    assert examine(pool, tmp_path, JPEG_PHOTO).__class__ is Decoded


def test_unreadable_things(pool: DecodePool, tmp_path: Path) -> None:
    codes = {
        path: getattr(pool.decode_one(Path(path)), "code", None)
        for path in (tmp_path / "gone", tmp_path, Path("/dev/null"), Path("/proc/self/mem"))
    }
    assert list(codes.values()) == [Code.VANISHED, Code.NOT_A_FILE, Code.NOT_A_FILE, Code.UNREADABLE]


def test_a_later_bad_frame_does_not_cost_the_first(pool: DecodePool, tmp_path: Path) -> None:
    frames = [Image.new("L", (60, 60), level) for level in (10, 200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    content = bytearray(file.getvalue())
    second = content.rindex(b"\x2c", 0, len(content) - 20)
    content[second + 5 : second + 9] = b"\xff\xff\xff\xff"
    assert decoded(examine(pool, tmp_path, bytes(content))).width == 60
