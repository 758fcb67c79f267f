"""How long until a folder of classes that stays in place can be browsed, and until every picture was decoded.

    python benchmarks/ingest.py DIR [--images 10000] [--classes 20] [--hashing] [--previews]

The folder is made in DIR/photos when it is not there: JPEG files of 640x480 from a few made-up pictures, each with
bytes of its own by a comment. Files just written or read come from memory: `--cold` drops them first (root).
Figures are of the real command line in processes of its own, beside a bare loop of stat and SHA-256 in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from binscout_tui.bench.filling import numbered
from binscout_tui.store.images import LIVE

PAGE = 60
PICTURES = 40
LOOK_S = 0.002
GRID = f"SELECT id, path, width, height FROM image WHERE {LIVE} ORDER BY id DESC LIMIT ?"


def main() -> int:
    """Make the folder, import it into a new workspace, look again, and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--hashing", action="store_true", help="measure ways to hash, too")
    parser.add_argument("--previews", action="store_true", help="wait for the previews, too")
    parser.add_argument("--cold", action="store_true", help="drop the page cache before the first import")
    options = parser.parse_args()
    photos, workspace = options.folder / "photos", options.folder / "workspace"
    if not photos.is_dir():
        make_folder(photos, options.images, options.classes)
    files = [path for path in photos.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    load = os.getloadavg()[0]
    say("files", f"{len(files)} of {total / 1e6:.0f} MB in all; {os.cpu_count()} cores, load {load:.1f} before")
    if options.hashing:
        ways_to_hash(files, total)
    bare = bare_loop(files)
    say("bare loop of stat and SHA-256, one thread", f"{bare:.2f} s, {total / bare / 1e6:.0f} MB/s")
    shutil.rmtree(workspace, ignore_errors=True)
    binscout(workspace, "init")
    if options.cold:
        Path("/proc/sys/vm/drop_caches").write_text("1")
    page, took, busy = first_import(workspace, photos)
    say("first page of the grid after", f"{page:.2f} s")
    say("all in the grid after", f"{took:.2f} s, {took / bare:.1f} x the bare loop; {busy:.2f} s of processors")
    binscout(workspace, "images", "examine", "--wait") if options.previews else cancel(workspace)
    again = timed(lambda: binscout(workspace, "import", str(photos), "--in-place", "--labels", "folder"))
    say("the same command again, nothing changed", f"{again:.2f} s")
    looked = timed(lambda: binscout(workspace, "images", "check"))
    say("`images check`, nothing changed", f"{looked:.2f} s")
    newest = photos / "class_00" / "newest.jpg"
    newest.write_bytes(numbered(picture(PICTURES), len(files)))
    came = timed(lambda: binscout(workspace, "import", str(newest), "--in-place", "--labels", "folder"))
    say("one new file, named", f"{came:.2f} s")
    newest.unlink()
    start = statistics.median(timed(lambda: binscout(workspace, "version")) for _ in range(3))
    say("of which starting the program", f"{start:.2f} s")
    cancel(workspace)
    return 0


def make_folder(folder: Path, images: int, classes: int) -> None:
    """`folder`/<class>/<name>.jpg: a few pictures of blobs with grain, of about 55 kB as photos of that size have."""
    pictures = [picture(seed) for seed in range(PICTURES)]
    for number in range(images):
        target = folder / f"class_{number % classes:02d}" / f"photo_{number:06d}.jpg"
        if number < classes:
            target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(numbered(pictures[number % PICTURES], number))


def picture(seed: int) -> bytes:
    """A JPEG of 640x480."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = random.normal(0, 6, smooth.shape).astype(np.int16)
    stream = io.BytesIO()
    Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def first_import(workspace: Path, photos: Path) -> tuple[float, float, float]:
    """(seconds until a page of the grid can be asked for, until the command ended, that its processes worked)."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = subprocess.Popen(
        command(workspace, "import", str(photos), "--in-place", "--labels", "folder"), stdout=subprocess.DEVNULL
    )
    page = 0.0
    with sqlite3.connect(f"file:{workspace / 'binscout.db'}?mode=ro", uri=True) as db:
        while running.poll() is None:
            if not page and len(db.execute(GRID, (PAGE,)).fetchall()) == PAGE:
                page = time.perf_counter() - begun
            time.sleep(LOOK_S)
    took = time.perf_counter() - begun
    if running.returncode:
        raise SystemExit(running.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return page or took, took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bare_loop(files: list[Path]) -> float:
    """The seconds that stat, read and SHA-256 of all files take in one thread."""
    return timed(lambda: [(os.stat(path), digest(path)) for path in files])  # noqa: PTH116 - as bare as can be


def ways_to_hash(files: list[Path], total: int) -> None:
    """Print what threads, read sizes and maps make of hashing, beside reading alone."""
    lists = list(portions(files, 64))
    for name, way in {
        "stat alone": lambda: [os.stat(path) for path in files],  # noqa: PTH116
        "read alone": lambda: [len(path.read_bytes()) for path in files],
        "SHA-256, one read a file": lambda: [digest(path) for path in files],
        "SHA-256, reads of 64 KiB": lambda: [digest(path, 1 << 16) for path in files],
        "hashlib.file_digest": lambda: [file_digest(path) for path in files],
        "2 threads": lambda: in_threads(2, lists),
        "4 threads": lambda: in_threads(4, lists),
    }.items():
        took = min(timed(way) for _ in range(2))
        say(name, f"{took:.2f} s, {total / took / 1e6:.0f} MB/s, {took / len(files) * 1e6:.0f} µs a file")


def in_threads(number: int, lists: list[list[Path]]) -> None:
    """Hash all lists."""
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(lambda paths: [digest(path) for path in paths], lists))


def digest(path: Path, size: int = 1 << 24) -> str:
    """SHA-256 by reads of so many bytes."""
    found = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        while chunk := os.read(descriptor, size):
            found.update(chunk)
    finally:
        os.close(descriptor)
    return found.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 as the standard library reads a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def portions(files: list[Path], size: int) -> Iterator[list[Path]]:
    """Lists of at most so many files."""
    for first in range(0, len(files), size):
        yield files[first : first + size]


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def command(workspace: Path, *words: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "binscout_tui", "--workspace", str(workspace), "--json", *words]


def binscout(workspace: Path, *words: str) -> None:
    """Run it to its end."""
    subprocess.run(command(workspace, *words), check=True, stdout=subprocess.DEVNULL)


def cancel(workspace: Path) -> None:
    """Stop the job that examines, so that it does not work beside what is measured next."""
    listed = subprocess.run(command(workspace, "jobs", "list"), check=True, capture_output=True)
    for job in json.loads(listed.stdout):
        if job["state"] in ("queued", "running"):
            subprocess.run(command(workspace, "jobs", "cancel", str(job["id"])), check=False, stdout=subprocess.DEVNULL)
            while state(workspace, job["id"]) == "running":
                time.sleep(0.1)


def state(workspace: Path, job_id: int) -> str:
    """The state of a job."""
    shown = subprocess.run(command(workspace, "jobs", "show", str(job_id)), check=True, capture_output=True)
    return str(json.loads(shown.stdout)["state"])


def say(what: str, figure: str) -> None:
    """One line."""
    print(f"{what:<44} {figure}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
