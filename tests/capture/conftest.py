"""Sources at work in tests: waiting for a state, never for a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.capture import kinds, launch
from binscout_tui.store import capture_sources, captures
from binscout_tui.store.capture_sources import Source
from binscout_tui.workspace import Workspace

PATIENCE_S = 60.0


def until(done: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> Any:
    """The first true answer of `done`; fails with `what` when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what}: not within {seconds:g} s")


def settings(workspace: Workspace, text: str) -> None:
    """Write settings for processes that open the workspace from now on."""
    workspace.paths.settings.write_text(text)


class Runner:
    """The real capture process of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.root = workspace.paths.root
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        """Start it."""
        self.start_to(self.root / "runner.log", **environment)

    def start_to(self, log: Path, **environment: str) -> None:
        """Start it with its words going to `log`."""
        command = [sys.executable, "-m", "binscout_tui", "--workspace", str(self.root), "capture", "run"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment)
        until(lambda: launch.running(self.root), self.log())

    def kill(self) -> None:
        """End it at once, without a chance to finish anything."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it politely; its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def log(self) -> str:
        """What it wrote."""
        path = self.root / "runner.log"
        return path.read_text() if path.exists() else ""

    def state(self, source: Source, *states: str) -> Source:
        """The source, once it is in one of these states."""

        def reached() -> Source | None:
            now = self.workspace.db.read(capture_sources.get, source.id)
            return now if now.state in states else None

        found = until(reached, f"{source.name} {states}")
        assert isinstance(found, Source)
        return found

    def counted(self, **numbers: int) -> None:
        """Wait until so many captures are in these states."""

        def reached() -> bool:
            now = self.workspace.db.read(captures.counts)
            return all(now[state] == number for state, number in numbers.items())  # type: ignore[index]

        until(reached, f"{numbers}, but {self.workspace.db.read(captures.counts)}")


@pytest.fixture
def runner(workspace: Workspace) -> Iterator[Runner]:
    """A capture process that is not started yet; it is ended with the test."""
    made = Runner(workspace)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.terminate()
        try:
            made.process.wait(20)
        except subprocess.TimeoutExpired:
            made.process.kill()
            made.process.wait()


@pytest.fixture
def add_source(workspace: Workspace) -> Callable[..., Source]:
    """Adds a source to the workspace: (name, kind, **config)."""

    def add(name: str, kind: str, **config: Any) -> Source:
        checked = kinds.check(kind, config, workspace.paths.root)
        return workspace.db.write(capture_sources.add, workspace.user.uid, name, kind, checked)  # type: ignore[arg-type]

    return add


def mount(folder: Path) -> None:
    """Put a file system of 5 MB there; the test is skipped where this user may not."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")


def unmount(folder: Path) -> None:
    """Take it away again."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 5 MB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mount(folder)
    yield folder
    if folder.is_mount():
        unmount(folder)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder
