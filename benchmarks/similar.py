"""How long similarity takes at many images: one query, groups, the map; beside numpy over a matrix in memory.

    python benchmarks/similar.py [--images 100000] [--width 384] [--times 10] [--workspace DIR]

Vectors are made up, in clouds around a thousand directions, and lie in a file as the job writes it. `float32 in memory`
is the same search over a matrix that is held in memory: what an exact search costs at least, and the memory that it
would take. With a workspace it says how many of the five nearest images of each labelled one have its label, by what
the classifier sees and by hash, beside what chance would give.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from binscout_tui.imaging.similar.clusters import cluster
from binscout_tui.imaging.similar.plane import in_cells, project
from binscout_tui.imaging.similar.space import HashSpace, VectorSpace, best
from binscout_tui.imaging.similar.vectors import VectorFile, appending, unit
from binscout_tui.operations.similar.catalogue import active, file_of, hash_space, read_catalogue, vector_space
from binscout_tui.workspace import Workspace

MOST = 232
CLOUDS = 1000
LABELLED = 5
T = TypeVar("T")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--workspace", type=Path)
    options = parser.parse_args()
    if options.workspace is not None:
        return _worth(options.workspace)
    with tempfile.TemporaryDirectory() as scratch:
        _measure(Path(scratch), options.images, options.width, options.times)
    return 0


def _measure(folder: Path, images: int, width: int, times: int) -> None:
    rng = np.random.default_rng(5)
    begun = time.perf_counter()
    _write(folder, images, width, rng)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"{images:,} vectors of {width} written in {time.perf_counter() - begun:.1f} s, {size:.0f} MB")
    ids = np.arange(1, images + 1)
    hashes = HashSpace(ids, rng.integers(0, 1 << 64, images, np.uint64, endpoint=False))
    before = _memory()
    file = VectorFile.open(folder)
    if file is None:
        raise SystemExit("the vectors cannot be read")
    rows = _once("which images have a vector", lambda: file.rows_of(ids, ids))
    space = VectorSpace(file, ids, rows)
    places = rng.integers(0, images, times)
    _often("neighbours by vectors, from the file", places, lambda at: best(space.scores(at), MOST))
    print(f"{'memory for it, without the file itself':<42} {_memory() - before:9.0f} MB")
    _often("neighbours by hash", places, lambda at: best(hashes.scores(at), MOST))
    for name, one in (("vectors", space), ("hash", hashes)):
        _once(f"30 groups by {name}", lambda one=one: cluster(one, 30))
        plane = _once(f"map by {name}", lambda one=one: project(one))
        _once(f"map by {name}, its cells", lambda plane=plane: in_cells(plane.points, 158, 44).counts)
    whole = np.concatenate([block for _, block in space.blocks()])
    _often("the same by float32 in memory", places, lambda at: best(whole @ whole[at], MOST))
    print(f"{'memory for that':<42} {whole.nbytes / 1e6:9.0f} MB")


def _write(folder: Path, images: int, width: int, rng: np.random.Generator) -> None:
    centres = rng.normal(size=(CLOUDS, width)).astype(np.float32)
    with appending(folder, width) as end:
        for start in range(0, images, 20_000):
            ids = np.arange(start + 1, min(start + 20_000, images) + 1)
            noise = rng.normal(scale=0.5, size=(len(ids), width)).astype(np.float32)
            end.append(ids, ids, unit(centres[rng.integers(0, CLOUDS, len(ids))] + noise))


def _once(what: str, work: Callable[[], T]) -> T:
    begun = time.perf_counter()
    found = work()
    print(f"{what:<42} {(time.perf_counter() - begun) * 1000:9.0f} ms")
    return found


def _often(what: str, places: np.ndarray, work: Callable[[int], object]) -> None:
    took = []
    for place in places.tolist():
        begun = time.perf_counter()
        work(place)
        took.append((time.perf_counter() - begun) * 1000)
    print(f"{what:<42} {statistics.median(took):9.1f} ms, at most {max(took):.1f}")


def _memory() -> float:
    """Megabytes that the process holds by itself, without pages of files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _worth(root: Path) -> int:
    with Workspace(root) as ws:
        catalogue = read_catalogue(ws.db)
        vectors = vector_space(catalogue, file_of(ws.paths, ws.db.read(active)))
    spaces = [("hash", hash_space(catalogue))] + ([("classifier", vectors)] if vectors is not None else [])
    for name, space in spaces:
        classes = catalogue.classes[catalogue.positions(space.ids)]
        labelled = np.flatnonzero(classes > 0)
        near = np.array([best(space.scores(int(at)), LABELLED + 1) for at in labelled])
        hits = [
            np.mean(classes[row[row != at][:LABELLED]] == classes[at]) for at, row in zip(labelled, near, strict=True)
        ]
        counts = np.bincount(classes[labelled])
        chance = float(((counts / counts.sum()) ** 2).sum())
        print(f"by {name:<10} {np.mean(hits):.3f} of the {LABELLED} nearest have the label; by chance {chance:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
