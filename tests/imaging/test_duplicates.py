"""Comparing pictures: copies are found however they were changed, and one screw more or less is never the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from binscout_tui.imaging.duplicates import candidates, proof
from binscout_tui.imaging.duplicates.alignment import framed, from_marks, turned
from binscout_tui.imaging.duplicates.clusters import equal_ones, expanded, stars
from binscout_tui.imaging.duplicates.comparing import Relation, compare
from binscout_tui.imaging.duplicates.look import Look, look_at
from binscout_tui.imaging.hashes import near_arrays, perceptual_hash, turned_hashes


def block(holes: str = "1111", seed: int = 3, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A drilled block on a bench: scratches and knots, and a bright screw in each hole that has a 1."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(60, 150, (12, 16, 3), dtype=np.uint8))
    image = coarse.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(70):
        x, y = int(random.integers(0, size[0])), int(random.integers(0, size[1]))
        r = int(random.integers(5, 22))
        ink = tuple(int(v) for v in random.integers(20, 230, 3))
        if random.random() < 0.5:
            draw.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=ink)
        else:
            draw.polygon([(x - r, y), (x + r, y - r), (x + r // 2, y + r)], fill=ink)
    for place, there in enumerate(holes):
        x, y = 130 + 110 * place, 240
        draw.ellipse((x - 16, y - 16, x + 16, y + 16), fill=(25, 22, 20))
        if there == "1":
            draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill=(205, 205, 210))
            draw.line((x - 8, y - 8, x + 8, y + 8), fill=(70, 70, 70), width=4)
    return image


def jpeg(image: Image.Image, quality: int = 90) -> Image.Image:
    """The picture as it comes out of a JPEG file."""
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(BytesIO(file.getvalue())).convert("RGB")


def cut(image: Image.Image, share: float, left: float = 0.5, top: float = 0.5) -> Image.Image:
    """A part of the picture; `left` and `top` say how much of what is cut off lies there."""
    width, height = image.size
    x, y = (1 - share) * width * left, (1 - share) * height * top
    return image.crop((round(x), round(y), round(x + share * width), round(y + share * height)))


def marked(image: Image.Image) -> Image.Image:
    """With a watermark."""
    made = image.copy()
    ImageDraw.Draw(made).text((360, 420), "© workshop 2026", fill=(255, 255, 255), font_size=28)
    return made


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], set[Relation]]] = {
    "resized": (lambda image: image.resize((320, 240), Image.Resampling.LANCZOS), {Relation.RECOMPRESSED}),
    "recompressed": (lambda image: jpeg(image, 45), {Relation.RECOMPRESSED}),
    "mirrored": (lambda image: jpeg(ImageOps.mirror(image)), {Relation.MIRRORED}),
    "flipped": (lambda image: jpeg(ImageOps.flip(image)), {Relation.MIRRORED}),
    "rotated": (lambda image: jpeg(image.rotate(90, expand=True)), {Relation.ROTATED}),
    "half turn": (lambda image: jpeg(image.rotate(180)), {Relation.ROTATED}),
    "cropped 5": (lambda image: jpeg(cut(image, 0.95)), {Relation.CROPPED}),
    "cropped 15": (lambda image: jpeg(cut(image, 0.85)), {Relation.CROPPED}),
    "cropped at a corner": (lambda image: jpeg(cut(image, 0.85, 0, 1)), {Relation.CROPPED}),
    "cropped and mirrored": (lambda image: jpeg(ImageOps.mirror(cut(image, 0.85))), {Relation.MIRRORED}),
    "brighter": (lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.25)), {Relation.LIGHT}),
    "grey": (lambda image: jpeg(ImageOps.grayscale(image).convert("RGB")), {Relation.GREY}),
    "watermark": (lambda image: jpeg(marked(image)), {Relation.CHANGED, Relation.RECOMPRESSED}),
}


@pytest.fixture(scope="module")
def looks() -> dict[str, Look]:
    """Of a picture, of all its changed copies, and of other pictures."""
    base = jpeg(block(), 95)
    made = {"base": base} | {name: change(base) for name, (change, _) in CHANGES.items()}
    made |= {f"other {seed}": jpeg(block("1010", seed)) for seed in range(20, 26)}
    return {name: look_at(image) for name, image in made.items()}


def pairs_of(looks: dict[str, Look]) -> set[tuple[str, str]]:
    """The candidates among them."""
    names = list(looks)
    found = candidates.candidates(
        candidates.Signs(
            np.concatenate([look.hashes for look in looks.values()]),
            np.repeat(np.arange(len(names)), [len(look.hashes) for look in looks.values()]),
            np.concatenate([look.marks.words for look in looks.values()]),
            np.repeat(np.arange(len(names)), [len(look.marks.words) for look in looks.values()]),
            np.array([int.from_bytes(look.twin, "little") for look in looks.values()], dtype=np.uint64),
            np.array([look.light for look in looks.values()]),
        )
    )
    return {(names[one], names[other]) for one, other in found.tolist()}


def test_every_copy_is_a_candidate_and_other_pictures_are_not(looks: dict[str, Look]) -> None:
    pairs = pairs_of(looks)
    assert [name for name in CHANGES if ("base", name) not in pairs] == []
    assert [pair for pair in pairs if any("other" in name for name in pair)] == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_is_aligned_and_named(looks: dict[str, Look], name: str) -> None:
    for one, other in (("base", name), (name, "base")):
        found = compare(looks[one], looks[other])
        assert found is not None
        assert found.likeness > 0.97
        assert found.relation in CHANGES[name][1]
        assert found.may_be_same <= (name in {"resized", "recompressed", "watermark"})
        if name.startswith("cropped"):
            assert min(found.shares) == pytest.approx(0.95 if "5" in name and "15" not in name else 0.85, abs=0.02)


def test_other_pictures_have_nothing_in_common(looks: dict[str, Look]) -> None:
    others = [look for name, look in looks.items() if name.startswith("other")]
    likeness = [found.likeness for other in others if (found := compare(looks["base"], other)) is not None]
    assert max(likeness, default=0.0) < 0.75


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


@pytest.mark.parametrize("quality", [95, 45])
@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("missing", range(4))
def test_one_screw_less_is_never_the_same(missing: int, scale: float, quality: int) -> None:
    without = block("".join("0" if place == missing else "1" for place in range(4)))
    size = (round(640 * scale), round(480 * scale))
    other = jpeg(without.resize(size, Image.Resampling.LANCZOS), quality)
    assert not proof.same_pictures(pixels(jpeg(block(), 95)), pixels(other))
    same = jpeg(block().resize(size, Image.Resampling.LANCZOS), quality)
    assert proof.same_pictures(pixels(jpeg(block(), 95)), pixels(same))


@pytest.mark.parametrize(
    "change", [marked, lambda image: ImageEnhance.Brightness(image).enhance(1.1), lambda image: cut(image, 0.97)]
)
def test_what_was_changed_is_not_the_same(change) -> None:  # type: ignore[no-untyped-def]
    assert not proof.same_pictures(pixels(block()), pixels(change(block())))


@pytest.mark.parametrize(("size", "contrast"), [(36, 40), (28, 60), (24, 90)])
def test_a_screw_that_lies_on_the_corner_of_blocks_of_a_small_copy_is_seen(size: int, contrast: int) -> None:
    without = block("0000", size=(2000, 1500))
    copy = pixels(without.resize((500, 375), Image.Resampling.LANCZOS))
    assert proof.same_pictures(pixels(without), copy)
    for shift in range(0, 32, 8):
        x = y = 960 + shift  # corners of blocks of the copy are 32 apart
        screw = without.copy()
        spot = screw.crop((x - size // 2, y - size // 2, x + size // 2, y + size // 2))
        mask = Image.new("L", spot.size)
        ImageDraw.Draw(mask).ellipse((0, 0, size - 1, size - 1), fill=255)
        screw.paste(
            spot.point([min(255, value + contrast) for value in range(256)] * 3), (x - size // 2, y - size // 2), mask
        )
        assert not proof.same_pictures(pixels(screw), copy)


def test_the_last_rows_and_columns_count() -> None:
    one = np.full((135, 205, 3), 90, dtype=np.uint8)
    for rows, columns in ((slice(-4, None), slice(None)), (slice(None), slice(-4, None))):
        other = one.copy()
        other[rows, columns] += 60
        assert not proof.same_pictures(one, other)


def test_a_long_thin_picture_is_compared_by_its_pixels() -> None:
    strip = np.full((3, 900, 3), 90, dtype=np.uint8)
    other = strip.copy()
    other[:, 400:404] += 40
    assert proof.same_pictures(strip, strip)
    assert not proof.same_pictures(strip, other)


def profile(name: str, kind: bytes = b"desc") -> bytes:
    """An ICC profile that says no more than its name."""
    text = name.encode("utf-16-be" if kind == b"mluc" else "ascii")
    if kind == b"mluc":
        body = kind + bytes(4) + (1).to_bytes(4) + (12).to_bytes(4) + b"enUS" + len(text).to_bytes(4) + (28).to_bytes(4)
    else:
        body = kind + bytes(4) + (len(text) + 1).to_bytes(4)
    body += text + b"\0"
    return bytes(128) + (1).to_bytes(4) + b"desc" + (144).to_bytes(4) + len(body).to_bytes(4) + body


def test_profiles_and_sizes_that_cannot_be_compared() -> None:
    assert proof.same_colours(b"", profile("sRGB IEC61966-2.1"))
    assert proof.same_colours(profile("sRGB built-in", b"mluc"), b"")
    assert not proof.same_colours(b"", profile("e-sRGB"))
    assert not proof.same_colours(b"", profile("sRGB-elle-V2-g10.icc"))
    assert not proof.same_colours(b"", b"sRGB" * 60)
    assert proof.same_colours(b"wide", b"wide")
    assert not proof.same_colours(b"", b"wide")
    assert proof.could_be_same((4000, 3000), (1000, 750))
    assert not proof.could_be_same((4000, 3000), (900, 675))
    assert not proof.could_be_same((4000, 3000), (400, 300)), "too small to show a screw"
    assert not proof.could_be_same((400, 300), (300, 400))


@given(st.integers(0, 7), st.integers(0, 40))
@settings(deadline=None, max_examples=40)
def test_a_turned_picture_has_a_hash_near_one_of_the_other(turn: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8)).resize(
        (96, 72), Image.Resampling.BICUBIC
    )
    other = Image.fromarray(np.ascontiguousarray(turned(pixels(image).transpose(2, 0, 1), turn).transpose(1, 2, 0)))
    first, second = turned_hashes(image), turned_hashes(other)
    assert np.bitwise_count(first[:, None] ^ second[None]).min() <= 4


def test_the_hash_of_an_upright_picture_is_what_it_was() -> None:
    image = Image.linear_gradient("L").rotate(30)
    assert perceptual_hash(image) == perceptual_hash(image.convert("RGB"))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=25), st.data())
@settings(deadline=None)
def test_no_near_hash_is_missed(values: list[int], data: st.DataObject) -> None:
    copies = [
        one ^ sum(1 << bit for bit in data.draw(st.sets(st.integers(0, 63), max_size=candidates.RADIUS)))
        for one in values[:5]
    ]
    hashes = np.array(values + copies, dtype=np.uint64)
    found = {tuple(pair) for pair in candidates.by_hashes(hashes, np.arange(len(hashes))).tolist()}
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    few = (apart <= candidates.RADIUS).sum(axis=1) - 1 <= candidates.MOST_BY_HASH
    near = {
        (i, j)
        for i, j in itertools.combinations(range(len(hashes)), 2)
        if apart[i, j] <= candidates.RADIUS and few[i] and few[j]
    }
    assert near <= found


def test_very_many_near_hashes_do_not_make_every_pair() -> None:
    random = np.random.default_rng(1)
    hashes = np.bitwise_or.reduce(np.uint64(1) << random.integers(0, 64, (2000, 2)).astype(np.uint64), axis=1)
    found = candidates.by_hashes(hashes, np.arange(len(hashes)))
    assert len(found) <= len(hashes) * 2 * candidates.MOST_BY_HASH
    assert set(found.ravel().tolist()) == set(range(len(hashes))), "and yet nobody is left alone"
    brought = sum(len(first) for first, _ in near_arrays(hashes, candidates.RADIUS, candidates.MOST_BY_HASH))
    assert brought <= (candidates.RADIUS + 1) * candidates.MOST_BY_HASH * len(hashes)


def fixed_camera(number: int) -> candidates.Signs:
    """Shots that a camera made without moving: one hash, the same words, and each as bright as no other."""
    random = np.random.default_rng(number)
    numbers = np.arange(number)
    words = np.tile(random.integers(0, 1 << 61, 40, dtype=np.uint64), number)
    hashes = np.full(number, 12345, dtype=np.uint64)
    return candidates.Signs(
        hashes, numbers, words, np.repeat(numbers, 40), numbers.astype(np.uint64), random.uniform(100, 130, number)
    )


def test_twins_are_compared_however_many_look_like_them() -> None:
    signs = fixed_camera(400)
    encoded_anew, twin = (7, 301), (12, 390)
    signs.light[encoded_anew[1]] = signs.light[encoded_anew[0]] + 0.001
    signs.twins[twin[1]] = signs.twins[twin[0]]
    found = {tuple(pair) for pair in candidates.candidates(signs).tolist()}
    assert {encoded_anew, twin} <= found
    assert len(found) <= 400 * (2 * candidates.MOST_BY_HASH + candidates.MOST)


def test_twins_are_compared_with_their_first_and_their_next() -> None:
    assert candidates.by_twins(np.array([5, 1, 5, 2, 5], dtype=np.uint64)).tolist() == [[0, 2], [0, 4], [2, 4]]
    assert len(candidates.by_twins(np.zeros(0, dtype=np.uint64))) == 0


@pytest.mark.parametrize("ink", [0, 130, 255])
def test_flat_pictures_are_compared_too(ink: int) -> None:
    one, other = (look_at(Image.new("RGB", (200, 150), (ink, ink, 40))) for _ in range(2))
    assert one.twin == other.twin
    found = compare(one, other)
    assert found is not None
    assert (found.likeness, found.may_be_same) == (1.0, True)


def test_pictures_that_share_one_word_are_no_candidates() -> None:
    words = np.array([1, 2, 3, 1, 9, 8, 1, 2, 7], dtype=np.uint64)
    owners = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert candidates.by_words(words, owners).tolist() == [[0, 2]]


def test_a_word_of_very_many_pictures_costs_no_square() -> None:
    number = 3000
    words = np.tile(np.array([5, 6], dtype=np.uint64), number)
    owners = np.repeat(np.arange(number), 2)
    assert len(candidates.by_words(words, owners)) <= 2 * number


def test_a_frame_in_a_frame() -> None:
    pose = framed((160, 120), (80, 60), 0)
    assert (pose.sx, pose.sy) == (0.5, 0.5)
    assert framed((160, 120), (60, 80), 4).sx == 0.5
    empty = look_at(Image.new("RGB", (100, 80)))
    assert len(empty.marks.words) == 0
    assert from_marks(empty.marks, (100, 80), empty.marks) == []


def test_classes_hold_only_what_was_found_equal_to_the_first() -> None:
    assert equal_ones([(1, 2), (2, 3)], int, lambda one, other: False) == [[1, 2]]
    assert equal_ones([(1, 2), (2, 3)], int, lambda one, other: True) == [[1, 2, 3]]
    assert equal_ones([(4, 5), (1, 2)], int, lambda one, other: True) == [[1, 2], [4, 5]]


def test_a_chain_does_not_become_one_group() -> None:
    assert stars([(1, 2), (1, 3), (3, 4)], int) == [[1, 2, 3], [3, 4]]
    assert stars([], int) == []
    assert expanded([[1, 2]], {1: [1, 7]}) == [[1, 7, 2]]
