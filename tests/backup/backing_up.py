"""Making backups in tests, and getting one back with nothing but Python's own gzip, tar and JSON."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from binscout_tui.backup.making.run_plan import RunDone
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.target.known import Target, make_folder, put
from binscout_tui.operations.backups import running
from binscout_tui.workspace import Workspace
from tests.backup.servers import Server

NAME = "nas"
STOPPED = Path(__file__).with_name("run_and_stop.py")


def point_at(root: Path, server: Server) -> None:
    """Make the server the workspace's target, without trying it."""
    folder = root / "backup"
    make_folder(folder)
    fs = server.configure(folder / "rclone.conf", NAME)
    put(folder, Target(name=NAME, kind=server.kind, fs=fs, shown=server.url))


def set_backup(root: Path, **values: Any) -> None:
    """Write settings of `[backup]`."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (root / "settings.toml").write_text("\n".join(["[backup]", *lines, ""]))


def back_up(
    root: Path,
    report: Callable[[Progress], None] = lambda progress: None,
    at: Callable[[str], None] = lambda moment: None,
    **options: Any,
) -> RunDone:
    """Make a backup of the workspace in `root`."""
    with Workspace(root) as workspace:
        return running.run(workspace, NAME, report, at=at, **options)


def committed(store: Path) -> list[str]:
    """The runs that have a manifest, oldest first."""
    return sorted(path.parent.name for path in store.glob("runs/*/manifest.json"))


def manifest_of(store: Path, run: str) -> dict[str, Any]:
    """The manifest of a run."""
    found: dict[str, Any] = json.loads((store / "runs" / run / "manifest.json").read_bytes())
    return found


def files_of(store: Path, run: str) -> list[dict[str, Any]]:
    """The list of files of a run."""
    with gzip.open(store / "runs" / run / "files.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def name_of(entry: dict[str, Any]) -> bytes:
    """The path of a file as the file system has it."""
    return base64.b64decode(entry["raw"]) if "raw" in entry else os.fsencode(entry["path"])


def bytes_of(store: Path, entry: dict[str, Any]) -> bytes:
    """The bytes of a file, checked."""
    data = (store / entry["blob"]).read_bytes()
    if "offset" in entry:
        data = data[entry["offset"] : entry["offset"] + entry["size"]]
    assert len(data) == entry["size"]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    return data


def get_back(store: Path, run: str, target: Path) -> Path:
    """Put a run into the new folder `target`; files from elsewhere go below `outside/`."""
    target.mkdir(parents=True)
    records = store / "runs" / run / "records.tar.gz"
    said = manifest_of(store, run)
    assert hashlib.sha256(records.read_bytes()).hexdigest() == said["records"]["sha256"]
    with tarfile.open(records) as archive:
        for member in archive:
            data = archive.extractfile(member)
            assert data is not None
            content = data.read()
            assert hashlib.sha256(content).hexdigest() == said["members"][member.name]["sha256"]
            if member.name in ("binscout.db", "settings.toml"):
                (target / member.name).write_bytes(content)
    for entry in files_of(store, run):
        name = name_of(entry)
        where = target / os.fsdecode(b"outside" + name if name.startswith(b"/") else name)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(bytes_of(store, entry))
    return target


def begun(root: Path, moment: str) -> subprocess.Popen[str]:
    """A process that makes a backup and stands still at `moment`; returns when it stands there."""
    child = subprocess.Popen(
        [sys.executable, str(STOPPED), str(root), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=STOPPED.parents[2],
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    if line.strip() != moment:
        child.kill()
        raise AssertionError(f"{moment} was not reached: {line}{child.communicate()[1]}")
    return child


def children_of(pid: int) -> list[int]:
    """Processes below another one."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
