"""A backup beside `restic backup`: the first run, and a second one after one image in a hundred is new.

    python benchmarks/backup.py [--files 4000] [--kb 250] [--rounds 2] [--folder DIR] [--alone]

Makes a workspace of so many pictures that cannot be packed any smaller, with labels, and backs up originals and
database with both programs into folders of the same disk, in turn and in changing order. Both read a warm cache. Ours
is measured as the process of a job (`binscout job run`), its rclone included, and reads back all that it has sent;
restic does not. Prints seconds, seconds of the processors, bytes that the target grew by, peak memory of the whole
process tree (sum of resident sets), and ratios. On a busy machine only the processors' seconds mean much. `--alone`
leaves restic out.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from binscout_tui import workspace as workspaces
from binscout_tui.backup.target.known import Target, put
from binscout_tui.operations.backups import running
from binscout_tui.operations.originals import original_path
from binscout_tui.store import images, jobs, labels
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace

CLASSES = ("M2 screw", "M3 screw", "washer", "nut")
BATCH = 2000
LOOK_S = 0.02
LIMITS = {"first time": 1.0, "second time": 1.2, "second bytes": 1.2}
MEMORY_MB = 200


@dataclass(frozen=True)
class Measured:
    """One run: seconds, those of the processors, bytes by which the target grew, bytes of memory at the peak."""

    seconds: float
    cpu: float
    added: int
    memory: int


def fill(root: Path, count: int, size: int) -> None:
    """A workspace with so many images of about `size` bytes."""
    workspaces.create(root)
    add(root, range(count), size)


def add(root: Path, numbers: Sequence[int], size: int) -> None:
    """Enter an image of its own for each number, and label seven of ten."""
    with Workspace(root) as workspace:
        for name in CLASSES:
            workspace.db.write(labels.add_class, name)
        for begin in range(0, len(numbers), BATCH):
            made = [_picture(root, number, size) for number in numbers[begin : begin + BATCH]]

            def enter(db: sqlite3.Connection, made: list[NewImage] = made) -> None:
                for number, new in enumerate(made):
                    image_id = images.add(db, workspace.user.uid, new)[0]
                    if number % 10 < 7:
                        labels.set_label(db, workspace.user.uid, image_id, CLASSES[number % len(CLASSES)])

            workspace.db.write(enter)


def _picture(root: Path, number: int, size: int) -> NewImage:
    chance = random.Random(number)
    data = b"\xff\xd8\xff\xe0" + chance.randbytes(int(size * chance.uniform(0.5, 1.5)))
    sha256 = hashlib.sha256(data).hexdigest()
    path = original_path(sha256, "JPEG")
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=path,
        name=f"IMG_{number:06}.jpg",
        source=f"/media/camera/2026-03/IMG_{number:06}.jpg",
        bytes=len(data),
        mtime_ns=1_790_000_000_000_000_000 + number,
        width=1600,
        height=1200,
        format="JPEG",
        mode="RGB",
        source_group=f"photo {number // 3}",
        phash=chance.getrandbits(64),
        sharpness=chance.uniform(2, 40),
    )


def weight(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measured(command: Sequence[str], target: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command that must succeed."""
    os.sync()
    before = weight(target)
    spent, began = _spent(), time.monotonic()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | dict(environment or {}),
    )
    peak = [0]
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(child.pid, over, peak))
    watching.start()
    _, said = child.communicate()
    seconds = time.monotonic() - began
    over.set()
    watching.join()
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed: {said.decode(errors='replace')}")
    return Measured(seconds, _spent() - spent, weight(target) - before, peak[0])


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(pid: int, over: threading.Event, peak: list[int]) -> None:
    while not over.wait(LOOK_S):
        peak[0] = max(peak[0], sum(_resident(one) for one in _tree(pid)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def ours(root: Path, target: Path) -> Measured:
    """A run of this program, as its job."""
    with Workspace(root) as workspace:
        job = workspace.db.write(running.enqueue, workspace, "bench")
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), "job", "run", str(job)]
    found = measured(command, target)
    with Workspace(root) as workspace:
        done = workspace.db.read(jobs.get, job)
    print(f"    {done.state} {done.error or ''} {done.result and done.result['seconds']}", file=sys.stderr)
    return found


def theirs(root: Path, repository: Path) -> Measured:
    """`restic backup` of the originals and the database."""
    kept = [str(root / name) for name in ("originals", "binscout.db")]
    secret = {"RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(repository.parent / "restic-cache")}
    return measured(["restic", "-r", str(repository), "backup", "--quiet", *kept], repository, secret)


def new_stores(root: Path, folder: Path, number: int, alone: bool) -> tuple[Path, Path]:
    """Two empty stores; what a workspace remembers of another one is forgotten."""
    mine, other = folder / f"ours-{number}", folder / f"restic-{number}"
    mine.mkdir()
    shutil.rmtree(root / "derived", ignore_errors=True)
    shutil.rmtree(root / "backup", ignore_errors=True)
    put(root / "backup", Target(name="bench", kind="local", fs=str(mine), shown=str(mine)))
    if not alone:
        secret = {"RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(folder / "restic-cache")}
        subprocess.run(["restic", "-r", str(other), "init", "--quiet"], check=True, env=os.environ | secret)
    return mine, other


def one_round(root: Path, folder: Path, number: int, count: int, size: int, alone: bool) -> dict[str, Measured]:
    """Both programs, first and second run."""
    mine, other = new_stores(root, folder, number, alone)
    found: dict[str, Measured] = {}
    for stage in ("first", "second"):
        if stage == "second":
            add(root, range(1_000_000 * (number + 1), 1_000_000 * (number + 1) + max(1, count // 100)), size)
        for path in (root / "originals").rglob("*.jpg"):
            path.read_bytes()
        turns = [("ours", lambda: ours(root, mine)), ("restic", lambda: theirs(root, other))]
        for name, work in turns if (number + (stage == "second")) % 2 == 0 else turns[::-1]:
            if name == "ours" or not alone:
                found[f"{stage} {name}"] = work()
                one = found[f"{stage} {name}"]
                print(f"  round {number + 1}  {stage:<6} {name:<6} {_line(one)}")
    for used in (mine, other):
        shutil.rmtree(used, ignore_errors=True)
    return found


def _line(one: Measured) -> str:
    added, memory = one.added / 1e6, one.memory / 1e6
    return f"{one.seconds:6.2f} s  {one.cpu:6.2f} s cpu  {added:8.1f} MB added  {memory:5.0f} MB of memory"


def report(rounds: list[dict[str, Measured]]) -> bool:
    """Print medians of the ratios; whether all are within the limits."""

    def ratio(stage: str, field: str) -> float:
        ratios = [getattr(one[f"{stage} ours"], field) / getattr(one[f"{stage} restic"], field) for one in rounds]
        return statistics.median(ratios)

    found = {
        "first time": ratio("first", "seconds"),
        "second time": ratio("second", "seconds"),
        "first cpu": ratio("first", "cpu"),
        "second cpu": ratio("second", "cpu"),
        "second bytes": ratio("second", "added"),
    }
    memory = max(one[f"{stage} ours"].memory for one in rounds for stage in ("first", "second")) / 1e6
    for name, value in found.items():
        limit = f"  (limit {LIMITS[name]:.1f})" if name in LIMITS else ""
        print(f"{name:<13} {value:5.2f} x restic{limit}")
    print(f"memory        {memory:5.0f} MB        (limit {MEMORY_MB})")
    return memory < MEMORY_MB and all(found[name] <= limit for name, limit in LIMITS.items())


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--kb", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    if not asked.alone and shutil.which("restic") is None:
        sys.exit("restic is not installed: scripts/install-test-packages.sh installs it; --alone does without")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=asked.folder) as made:
        folder = Path(made)
        root = folder / "workspace"
        fill(root, asked.files, asked.kb * 1000)
        kept = weight(root / "originals") / 1e6
        print(f"{asked.files:,} files, {kept:,.0f} MB, database {(root / 'binscout.db').stat().st_size / 1e6:.1f} MB")
        rounds = [
            one_round(root, folder, number, asked.files, asked.kb * 1000, asked.alone) for number in range(asked.rounds)
        ]
        if not asked.alone:
            sys.exit(0 if report(rounds) else 1)


if __name__ == "__main__":
    main()
