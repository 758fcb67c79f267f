"""How long looking at backups takes when a run has 100,000 files, and how much memory.

    python benchmarks/backup_listing.py [--files 100000] [--runs 8] [--objects 0.02] [--folder DIR]

Makes up a workspace and a store of backups beside it: so many runs, each with 1 % of the files changed; the packs and
objects are sparse files of the right size. Each measurement is a process of its own, as a command is: seconds of wall
and CPU for the work itself (the imports and the open workspace before it are told apart), and the highest resident
memory of the process and of the rclone that it had started. The cached list must be there within a second, and no
measurement may need more than twice the memory that it needs for a tenth of the files plus 30 MB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST_PAGE_S = 1.0
EXTRA_MB = 30.0
MEASURES = ("live, first", "live", "cached", "show", "diff", "files", "find", "compare")
CHANGED = 0.01
A_WEEK = timedelta(days=7)
NAMES_OF_A_CHECK = 20_000


def main() -> int:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--objects", type=float, default=0.02, help="share of the files that are objects")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", nargs=2, metavar=("ROOT", "WHAT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(Path(options.measure[0]), options.measure[1])))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = {}
        for files in (options.files // 10, options.files):
            root = made_up(Path(folder) / str(files), files, options.runs, options.objects)
            found[files] = {what: in_its_own_process(root, what) for what in MEASURES}
        return told(found)


def told(found: dict[int, dict[str, dict[str, float]]]) -> int:
    """Print the figures of both sizes side by side; 1 when a limit is broken."""
    small, large = sorted(found)
    print(f"{'':<14}{'opened':>8}{'wall':>8}{'cpu':>8}{'memory':>9}{'rclone':>9}   {'memory with ' + f'{small:,}':>22}")
    kept = True
    for what, now in found[large].items():
        before = found[small][what]["memory"]
        bounded = now["memory"] <= 2 * before + EXTRA_MB
        quick = what != "cached" or now["wall"] < FIRST_PAGE_S
        kept = kept and bounded and quick
        figures = f"{now['opened']:>7.2f}s{now['wall']:>7.2f}s{now['cpu']:>7.2f}s{now['memory']:>6.0f} MB"
        verdict = "" if bounded and quick else "  MISSED"
        print(f"{what:<14}{figures}{now['rclone']:>6.0f} MB   {before:>19.0f} MB{verdict}")
    return 0 if kept else 1


def in_its_own_process(root: Path, what: str) -> dict[str, float]:
    """One measurement."""
    command = [sys.executable, __file__, "--measure", os.fspath(root), what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measured(root: Path, what: str) -> dict[str, float]:
    """Do the work `what` on the workspace once."""
    begun = time.perf_counter()
    from binscout_tui.operations.backups import comparing, detail, listing, telling
    from binscout_tui.operations.backups.restore_source import Scope
    from binscout_tui.workspace import Workspace

    with Workspace(root) as workspace:

        def find() -> None:
            assert len(detail.file_index(workspace, "made-up", "latest").find("originals 77")) > 0

        def show() -> None:
            found = detail.detail(workspace, "made-up", "latest")
            between = detail.differs(workspace, "made-up", found.row.run, found.previous or "")
            telling.sections(found, datetime.now().astimezone(), between)

        def diff() -> None:
            detail.differs(workspace, "made-up", "latest~2", "latest")

        work: dict[str, Callable[[], Any]] = {
            "cached": lambda: listing.runs(workspace),
            "live, first": lambda: listing.runs(workspace, live=True),
            "live": lambda: listing.runs(workspace, live=True),
            "show": show,
            "diff": diff,
            "files": lambda: detail.file_index(workspace, "made-up", "latest"),
            "find": find,
            "compare": lambda: comparing.compare(workspace, "made-up", "latest", Scope()),
        }
        opened, cpu = time.perf_counter() - begun, time.process_time()
        begun = time.perf_counter()
        view = work[what]()
        wall = time.perf_counter() - begun
        assert not getattr(view, "error", ""), view.error
        if isinstance(view, listing.RunsView):
            assert [row.verified for row in view.rows if row.verified == "read back"]
    return {
        "opened": opened,
        "wall": wall,
        "cpu": time.process_time() - cpu,
        "memory": highest_mb(),
        "rclone": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def highest_mb() -> float:
    """The highest resident memory of this process; what `getrusage` says may be that of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def made_up(root: Path, files: int, runs: int, objects: float) -> Path:
    """A workspace with one target on which `runs` runs of `files` files lie."""
    import msgspec

    from binscout_tui import workspace as workspaces
    from binscout_tui.backup.archive import layout
    from binscout_tui.backup.archive.repository import RepoInfo
    from binscout_tui.backup.target.known import FILE, Target

    workspaces.create(root)
    store = root.with_name(f"{root.name}-store")
    # As a remote: a folder of this machine would be read without rclone.
    target = Target(name="made-up", kind="alias", fs=f":local:{store}", shown=os.fspath(store))
    kept = root / "backup"
    kept.mkdir(mode=0o700, exist_ok=True)
    (kept / FILE).write_bytes(msgspec.json.encode({"format": 1, "targets": [target]}))
    (kept / "rclone.conf").touch(mode=0o600)
    store.mkdir()
    repo = RepoInfo(id="0" * 16, created="2026-01-01T00:00:00.000Z")
    (store / layout.REPO_FILE).write_bytes(msgspec.json.encode(repo))
    chance = random.Random(7)
    content = {f"originals/{name[:2]}/{name}.jpg": name for name in (sha(chance) for _ in range(files))}
    parent = None
    for number in range(runs):
        began = datetime.now(UTC) - A_WEEK * (runs - number)
        run = layout.new_run_id(began)
        for path in chance.sample(sorted(content), int(files * CHANGED)) if number else ():
            content[path] = sha(chance)
        _write_run(store, run, parent, began, content, objects)
        parent = run
    return root


def sha(chance: random.Random) -> str:
    """Some SHA-256."""
    return hashlib.sha256(chance.randbytes(16)).hexdigest()


def _write_run(
    store: Path, run: str, parent: str | None, began: datetime, content: dict[str, str], objects: float
) -> None:
    from binscout_tui.backup.archive import layout, manifest
    from binscout_tui.clock import to_text

    folder = store / layout.RUNS / run
    folder.mkdir(parents=True)
    blobs: dict[str, list[int]] = {}
    files = manifest.write_lines(folder / layout.FILES, _entries(content, objects, blobs))
    listed = [
        manifest.Blob(name=name, size=size, sha256=layout.blob_hash(name), files=count)
        for name, (size, count) in sorted(blobs.items())
    ]
    new = [blob.name for blob in listed if not (store / blob.name).exists()]
    for blob in listed:
        path = store / blob.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with path.open("wb") as handle:
                handle.truncate(blob.size)
    part = manifest.write_lines(folder / layout.BLOBS, listed)
    (folder / layout.RECORDS).write_bytes(b"records")
    records = manifest.Part(name=layout.RECORDS, size=7, sha256=hashlib.sha256(b"records").hexdigest())
    total = sum(blob.size for blob in listed)
    made = manifest.Manifest(
        repo="0" * 16,
        run=run,
        began=to_text(began),
        committed=to_text(began + timedelta(minutes=3)),
        host="elsewhere",
        user="me",
        app="0.1.0",
        schema=1,
        tz_minutes=0,
        parent=parent,
        files=files,
        blobs=part,
        records=records,
        members={"binscout.db": manifest.Part(name="binscout.db", size=7, sha256="0" * 64)},
        kinds={"original": manifest.Tally(files.count, total)},
        rows={"image": files.count},
        logical_bytes=total,
        added_bytes=total // 100,
        added_files=files.count // 100,
        stored_bytes=total,
        read_back="added",
        durations={"scan": 12.0, "send": 160.0},
    )
    (folder / layout.MANIFEST).write_bytes(manifest.encode(made))
    _write_checks(store, run, made.committed, new)


def _write_checks(store: Path, run: str, at: str, new: list[str]) -> None:
    """What a run writes down of having read back what it sent."""
    from binscout_tui.backup.archive import layout, manifest
    from binscout_tui.clock import from_text

    good = [layout.run_file(run, name) for name in (layout.FILES, layout.BLOBS, layout.RECORDS)] + new
    (store / layout.CHECKS).mkdir(exist_ok=True)
    for start in range(0, len(good), NAMES_OF_A_CHECK):
        check = manifest.Check(
            at=at,
            by="me",
            host="elsewhere",
            kind="run",
            run=run,
            level="read back",
            good=good[start : start + NAMES_OF_A_CHECK],
            bad={},
            complete=True,
        )
        (store / layout.check_name(from_text(at))).write_bytes(manifest.encode(check))


def _entries(content: dict[str, str], objects: float, blobs: dict[str, list[int]]) -> Iterator[Any]:
    """The files in order; what they need on the target is put into `blobs`: {name: [bytes, files]}."""
    from binscout_tui.backup.archive import layout, manifest

    for path in sorted(content):
        name = content[path]
        size = 150_000 + int(name[:4], 16)
        if int(name[4:8], 16) < objects * 65_536:
            blob, offset, size = layout.object_name(name), None, 40 * size
            blobs[blob] = [size, 1]
        else:
            # 256 packs a generation of the content, so that a change makes new ones.
            blob = layout.pack_name(hashlib.sha256(name[:2].encode()).hexdigest())
            there = blobs.setdefault(blob, [128 << 20, 0])
            there[1] += 1
            offset = 512
        yield manifest.FileEntry(
            path=path, kind="original", size=size, sha256=name, mtime_ns=1, blob=blob, offset=offset
        )


if __name__ == "__main__":
    sys.exit(main())
