"""What rclone costs while 1 GiB goes up as eight packs, four at once, to each kind of target on loopback.

    python benchmarks/backup_transport.py [local sftp webdav s3 smb]

Prints seconds, and the most memory that rclone and this process ever had. The servers are rclone's own, and Samba.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote
from tests.backup import servers
from tests.backup.servers import Server

PACKS, PACK_MIB, AT_ONCE = 8, 128, 4
OPTIONS = {"sftp": {"set_modtime": "false", "disable_hashcheck": "true"}, "s3": {"upload_concurrency": "2"}}


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[Server]:
    """A server of this kind, or a folder."""
    fixture: Any = servers.local_target if kind == "local" else getattr(servers, f"{kind}_server")
    made = fixture.__wrapped__(folder) if hasattr(fixture, "__wrapped__") else fixture.__pytest_wrapped__.obj(folder)
    if kind == "local":
        yield made
        return
    yield next(made)
    made.close()


def most_memory(pid: int) -> int:
    """The most memory that a process ever had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


def measure(kind: str, folder: Path, pack: Path) -> None:
    """Send the packs, read one back, print."""
    config = folder / f"{kind}.conf"
    config.touch(0o600)
    with serving(kind, folder) as server:
        server.section |= OPTIONS.get(kind, {})
        fs = server.configure(config) + ("/" if kind == "s3" else "")
        with Rclone(config) as rclone, ThreadPoolExecutor(AT_ONCE) as several:
            remote = Remote(rclone, fs, kind)
            began = time.monotonic()
            list(several.map(lambda number: remote.upload(pack, f"packs/aa/{number}"), range(PACKS)))
            up = time.monotonic() - began
            remote.sha256("packs/aa/0")
            ours, theirs = most_memory(os.getpid()), most_memory(rclone.pid)
        shutil.rmtree(server.folder)
    print(f"{kind:<7} {up:6.1f} s   rclone {theirs:4} MiB   Python {ours:4} MiB   together {ours + theirs:4} MiB")


def main() -> None:
    """All kinds that are named, else all."""
    with tempfile.TemporaryDirectory() as name:
        pack = Path(name) / "pack"
        with pack.open("wb") as handle:
            for _ in range(PACK_MIB):
                handle.write(os.urandom(1 << 20))
        for kind in sys.argv[1:] or ("local", "sftp", "webdav", "s3", "smb"):
            measure(kind, Path(name), pack)


if __name__ == "__main__":
    main()
