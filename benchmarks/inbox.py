"""Measure a watched inbox and a camera: from a file that is closed, or a shot that is wanted, to a staged capture.

    python benchmarks/inbox.py [--files 10000] [--single 20] [--size 640x480] [--kill] [--photos FOLDER]

A workspace and an inbox are made in a temporary folder (`--on FOLDER` says where), the real capture process runs on
them. First single files are dropped and single shots asked for, then all files at once; with `--kill` the process is
killed in the middle and started again. At the end every file must be there exactly once. The limit for one file is
400 ms in the median; how busy the machine was is printed beside.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from binscout_tui import workspace as workspaces
from binscout_tui.capture import kinds, launch
from binscout_tui.store import capture_sources, captures
from binscout_tui.workspace import Workspace

LIMIT_MS = 400
PATIENCE_S = 3600.0


def main() -> int:
    """Measure, check, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--single", type=int, default=20)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--on", type=Path)
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="binscout-inbox-", dir=options.on) as scratch:
        return _Bench(Path(scratch), _pictures((width, height), options.photos)).run(
            options.single, options.files, kill=options.kill
        )


class _Bench:
    def __init__(self, folder: Path, pictures: Iterator[bytes]) -> None:
        self.root, self.inbox, self.drop = folder / "bins", folder / "inbox", folder / "drop"
        for one in (self.inbox, self.drop):
            one.mkdir()
        workspaces.create(self.root)
        self.workspace = Workspace(self.root)
        self.pictures = pictures
        self.hashes: list[str] = []
        self.peak_mb = 0

    def run(self, single: int, files: int, *, kill: bool) -> int:
        self.process = self._start()
        try:
            self._single(single)
            self._flood(files, kill=kill)
            return self._check()
        finally:
            self.process.terminate()
            self.process.wait()
            self.workspace.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "binscout_tui", "--workspace", str(self.root), "capture", "run"]
        process = subprocess.Popen(command)
        _until(lambda: launch.running(self.root))
        return process

    def _single(self, number: int) -> None:
        db, uid, shot = self.workspace.db, self.workspace.user.uid, self.drop / "shot"
        inbox = kinds.check("inbox", {"path": str(self.inbox)}, self.root)
        camera = kinds.check("command", {"argv": ["cp", str(shot), "{output}"]}, self.root)
        sources = [
            db.write(capture_sources.add, uid, "inbox", "inbox", inbox),
            db.write(capture_sources.add, uid, "camera", "command", camera),
        ]
        for source in sources:
            _until(lambda source=source: db.read(capture_sources.get, source.id).state == "ready")
        arrived = [self._one_file(place) for place in range(number)]
        _tell("file closed to staged", arrived)
        asked = []
        for _ in range(number):
            shot.write_bytes(self._next())
            begun = time.monotonic()
            request = db.write(capture_sources.ask, uid, sources[1].id)
            _until(lambda request=request: db.read(capture_sources.request, request).state == "done")
            asked.append(time.monotonic() - begun)
        _tell("shot wanted to staged", asked)

    def _one_file(self, place: int) -> float:
        before, data = self._staged(), self._next()
        with (self.inbox / f"single{place}.jpg").open("wb") as writer:
            writer.write(data)
        begun = time.monotonic()
        _until(lambda: self._staged() > before)
        return time.monotonic() - begun

    def _flood(self, number: int, *, kill: bool) -> None:
        for place in range(number):
            (self.drop / f"{place:06d}.jpg").write_bytes(self._next())
        before, begun = self._staged(), time.monotonic()
        (self.drop / "shot").unlink(missing_ok=True)
        shutil.move(self.drop, self.inbox / "all")
        if kill:
            _until(lambda: self._staged() > before + number // 3)
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = self._start()
        _until(lambda: self._seen() >= before + number)
        seconds = time.monotonic() - begun
        print(
            f"{number} files at once: {seconds:.1f} s, {number / seconds:.0f} a second; peak memory {self.peak_mb} MiB"
        )

    def _seen(self) -> int:
        self.peak_mb = max(self.peak_mb, _memory_mb(self.process.pid))
        time.sleep(0.1)
        return self._staged()

    def _check(self) -> int:
        found = self.workspace.db.read(captures.page, limit=1_000_000)
        held = {one.sha256 for one in found if one.state == "staged"}
        whole = held == set(self.hashes) and len(found) == len(self.hashes)
        print(f"every file is there exactly once: {'yes' if whole else 'NO'}; {_busy()}")
        return 0 if whole else 1

    def _next(self) -> bytes:
        data = next(self.pictures)
        self.hashes.append(hashlib.sha256(data).hexdigest())
        return data

    def _staged(self) -> int:
        return self.workspace.db.read(captures.counts)["staged"]


def _pictures(size: tuple[int, int], photos: Path | None) -> Iterator[bytes]:
    """Pictures that all differ: made up, or real photos with a few bytes behind them."""
    if photos is not None:
        files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
        number = 0
        while True:
            for path in files:
                number += 1
                yield path.read_bytes() + number.to_bytes(4, "big")
    chance = random.Random(1)
    while True:
        coarse = Image.frombytes("RGB", (8, 6), chance.randbytes(8 * 6 * 3))
        target = BytesIO()
        coarse.resize(size, Image.Resampling.BILINEAR).save(target, "JPEG", quality=85)
        yield target.getvalue()


def _until(done: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("it does not come")
        time.sleep(0.002)


def _memory_mb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def _tell(what: str, seconds: list[float]) -> None:
    if not seconds:
        return
    middle = statistics.median(seconds) * 1000
    print(
        f"{what}: median {middle:.0f} ms, {middle / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms;"
        f" worst {max(seconds) * 1000:.0f} ms; {_busy()}"
    )


def _busy() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    raise SystemExit(main())
