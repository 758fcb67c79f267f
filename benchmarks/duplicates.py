"""All pairs worth comparing among many pictures, by their hashes in any turn and by the words of their marks.

Pictures are made up as their hashes and words: a share of them are copies of others, with a few bits changed and some
marks lost as in a crop. Beside it, comparing every hash with every other one by numpy, which finds no crops.
With --fixed all are shots of a camera that stands still: near hashes, mostly the same words, a copy of some.

    python benchmarks/duplicates.py [--pictures 100000] [--repeat 3] [--fixed]
"""

from __future__ import annotations

import argparse
import resource
import time
from functools import partial

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.duplicates.candidates import Signs, by_hashes, by_words, candidates

LIMIT_S = 10.0
MARKS = 40
COPIES = 0.3
CROPS = 0.1
LEFT = 0.4  # of a crop's marks
FLIPPED = 3
BRUTE_ROWS = 2000


def main() -> None:
    """Print the times, the limit, and what was found of what was planted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fixed", action="store_true", help="shots of a camera that stands still")
    asked = parser.parse_args()
    signs, copies, crops = fixed_camera(asked.pictures) if asked.fixed else made_up(asked.pictures)
    hashes, words = signs.hashes, signs.words
    print(
        f"{asked.pictures} pictures, {len(hashes)} hashes, {len(words)} words; {len(copies)} copies, {len(crops)} crops"
    )
    for name, work in (
        ("hashes", partial(by_hashes, hashes, signs.hash_owners)),
        ("words", partial(by_words, words, signs.word_owners)),
        ("all", partial(candidates, signs)),
    ):
        times = []
        for _ in range(asked.repeat):
            began = time.perf_counter()
            found = work()
            times.append(time.perf_counter() - began)
        print(f"{name:>7}  {min(times):6.2f} s best of {asked.repeat}, {max(times):6.2f} worst  {len(found)} pairs")
    kept = {(int(one), int(other)) for one, other in found}
    for what, planted in (("copies", copies), ("crops", crops)):
        hit = sum(pair in kept for pair in planted)
        print(f"{what:>7}  {hit} of {len(planted)} found ({hit / max(1, len(planted)):.4f})")
    print(f"  pairs  {len(found) / asked.pictures:.1f} a picture, each to be aligned in about 10 ms")
    print(f" memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB at most")
    brute = brute_force(hashes[: asked.pictures])
    print(f"  numpy  {brute:6.2f} s for all pairs of {asked.pictures} hashes in one turn, from {BRUTE_ROWS} rows of it")
    print(f"  limit  {LIMIT_S:.0f} s: {min(times) / LIMIT_S:.2f} of it; {min(times) / brute:.2f} of numpy")


def brute_force(hashes: NDArray[np.uint64]) -> float:
    """Seconds to compare every hash with those behind it, judged by some rows."""
    began = time.perf_counter()
    for row in range(0, len(hashes), max(1, len(hashes) // BRUTE_ROWS)):
        np.flatnonzero(np.bitwise_count(hashes[row] ^ hashes) <= 6)
    rows = len(range(0, len(hashes), max(1, len(hashes) // BRUTE_ROWS)))
    return (time.perf_counter() - began) / rows * len(hashes) / 2


Pairs = list[tuple[int, int]]
Numbers = NDArray[np.int64]


def fixed_camera(pictures: int) -> tuple[Signs, Pairs, Pairs]:
    """(signs, planted copies, no crops): all have much in common, and a copy is as bright as its source."""
    random = np.random.default_rng(8)
    first = int(pictures * (1 - COPIES))
    numbers, sources = np.arange(pictures), random.integers(0, first, pictures - first)
    hashes = flipped(np.full(pictures, random.integers(0, 1 << 62, dtype=np.uint64)), 2, random)
    words = np.tile(random.integers(0, 1 << 61, MARKS, dtype=np.uint64), (pictures, 1))
    words = np.where(
        random.random(words.shape) < LEFT, words, random.integers(0, 1 << 61, words.shape, dtype=np.uint64)
    )
    light = random.uniform(100, 130, pictures)
    hashes[first:], words[first:] = hashes[sources], words[sources]
    light[first:] = light[sources] + random.normal(0, 1e-3, len(sources))
    signs = Signs(hashes, numbers, words.ravel(), np.repeat(numbers, MARKS), numbers.astype(np.uint64), light)
    return signs, [(int(one), first + place) for place, one in enumerate(sources)], []


def flipped(hashes: NDArray[np.uint64], bits: int, random: np.random.Generator) -> NDArray[np.uint64]:
    """Hashes with so many bits changed, some perhaps twice."""
    for _ in range(bits):
        hashes = hashes ^ (np.uint64(1) << random.integers(0, 64, len(hashes)).astype(np.uint64))
    return hashes


def made_up(pictures: int) -> tuple[Signs, Pairs, Pairs]:
    """(signs, planted copies, planted crops)."""
    random = np.random.default_rng(8)
    hashes = random.integers(0, 1 << 64, pictures, dtype=np.uint64)
    words = random.integers(0, 1 << 61, (pictures, MARKS), dtype=np.uint64)
    # Real words are not even: many begin alike.
    words[:, ::5] &= np.uint64((1 << 61) - (1 << 12))
    first = int(pictures * (1 - COPIES - CROPS))
    sources = random.integers(0, first, pictures - first)
    copied = np.arange(first, first + int(pictures * COPIES))
    cropped = np.arange(first + len(copied), pictures)
    hashes[copied] = flipped(hashes[sources[: len(copied)]], FLIPPED, random)
    words[copied] = words[sources[: len(copied)]]
    stay = random.random((len(cropped), MARKS)) < LEFT
    words[cropped] = np.where(stay, words[sources[len(copied) :]], words[cropped])
    extra = random.integers(0, pictures, pictures // 2)  # pictures whose way up is unsure have more than one hash
    owners = np.concatenate([np.arange(pictures), extra])
    order = np.argsort(owners, kind="stable")
    all_hashes = np.concatenate([hashes, random.integers(0, 1 << 64, len(extra), dtype=np.uint64)])[order]
    pairs = [(int(source), int(one)) for source, one in zip(sources, range(first, pictures), strict=True)]
    numbers = np.arange(pictures)
    light = random.uniform(0, 256, pictures)
    signs = Signs(all_hashes, owners[order], words.ravel(), np.repeat(numbers, MARKS), numbers.astype(np.uint64), light)
    return signs, pairs[: len(copied)], pairs[len(copied) :]


if __name__ == "__main__":
    main()
