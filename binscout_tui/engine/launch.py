"""Starting the engine as a process that outlives the one which starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import binscout_tui
from binscout_tui.engine import address
from binscout_tui.settings import EngineSettings

_children: list[subprocess.Popen[bytes]] = []


def launch(root: Path, settings: EngineSettings, arguments: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start an engine for the workspace in `root`, in a session of its own, its output in the engine's log.

    `arguments` go to the server after the settings. Returns at once; raises OSError.
    """
    reap()
    log = address.log_path(root)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command(root, settings, arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    _children.append(child)
    return child


def command(root: Path, settings: EngineSettings, arguments: Sequence[str] = ()) -> list[str]:
    """The argument list of the engine. `-P` keeps modules in the current folder from being imported."""
    server = [sys.executable, "-P", "-m", "binscout_tui.engine.server", os.fspath(address.real_root(root))]
    options = {
        "--device": settings.device,
        "--idle-seconds": str(settings.idle_seconds),
        "--queue": str(settings.queue),
        "--max-batch": str(settings.max_batch),
    }
    return [*server, *(part for option in options.items() for part in option), *arguments]


def reap() -> None:
    """Collect engines of this process that have ended, so that they do not stay as zombies."""
    _children[:] = [child for child in _children if child.poll() is None]


def last_log_line(root: Path, since: int = 0) -> str:
    """The last line that the log got after `since` bytes, or an empty text."""
    try:
        with address.log_path(root).open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(since if since <= size else 0, size - 8192))
            lines = handle.read().decode("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def log_size(root: Path) -> int:
    """Bytes in the log now."""
    try:
        return address.log_path(root).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _environment() -> dict[str, str]:
    """This environment, in which the engine is the same code as this process."""
    here = os.fspath(Path(binscout_tui.__file__).resolve().parent.parent)
    others = os.environ.get("PYTHONPATH", "")
    # Torch's threads wait without spinning: four times faster where other work wants the same cores.
    return {
        "OMP_WAIT_POLICY": "PASSIVE",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(part for part in (here, others) if part),
    }
