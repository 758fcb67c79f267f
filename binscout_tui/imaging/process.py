"""One worker process as its pool sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import wire
from .names import one_line
from .outcomes import Code, Limits, Rejected
from .previews import SIZES, temporary_path

COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "binscout_tui.imaging.worker")
START_SECONDS = 60.0
EXIT_SECONDS = 2.0
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_CHUNK = 65536
_NOISE_BYTES = 2000


class WorkerProcess:
    """A worker that is starting, idle, or busy with one file.

    `deadline` (monotonic seconds) is when it must have answered; None while it is idle.
    """

    def __init__(
        self,
        limits: Limits,
        previews_root: Path | None,
        command: Sequence[str] = COMMAND,
        *,
        decoding: bool = True,
    ) -> None:
        self._limits = limits
        self._previews_root = previews_root
        self._inbox = bytearray()
        # A file and not a pipe: C libraries can write more than a pipe holds, and nobody reads while they do.
        self._noise = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - closed with the process
        try:
            # A session of its own, so that Ctrl-C in the terminal reaches only the parent.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
                env=_environment(),
                start_new_session=True,
                bufsize=0,
            )
        except OSError:
            self._noise.close()
            raise
        self.ready = False
        self.deadline: float | None = time.monotonic() + START_SECONDS
        with contextlib.suppress(BrokenPipeError):  # the end of its output says that it is dead
            self._write(wire.Setup(limits, previews_root, decoding))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def idle(self) -> bool:
        """Whether it can take a file."""
        return self.deadline is None

    def fileno(self) -> int:
        """The descriptor on which its answers come."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def begin(self, task: wire.Task) -> None:
        """Hand over a file. Raises BrokenPipeError when the worker is dead."""
        self._write(task)
        self.deadline = time.monotonic() + self._limits.seconds

    def receive(self) -> wire.Message | None:
        """The next message, None while it is incomplete. Raises EOFError when the worker has died."""
        chunk = os.read(self.fileno(), _CHUNK)
        if not chunk:
            raise EOFError
        self._inbox += chunk
        message = wire.unpack(self._inbox)
        if message is not None:
            self.ready, self.deadline = True, None
        return message

    def noise(self) -> str:
        """The last line that libraries wrote to standard error since the last call, safe to show."""
        descriptor = self._noise.fileno()
        size = os.fstat(descriptor).st_size
        if not size:
            return ""
        tail = os.pread(descriptor, _NOISE_BYTES, max(0, size - _NOISE_BYTES)).decode(errors="replace")
        os.ftruncate(descriptor, 0)
        return one_line(next((line for line in reversed(tail.splitlines()) if line.strip()), ""))

    def rejection(self, path: Path, code: Code) -> Rejected:
        """The rejection of the file that it had in hand when it ended or was killed."""
        facts = [f"after {self._limits.seconds:g} s"] if code is Code.TIMEOUT else [_how(self._process.wait())]
        return Rejected.of(path, code, "; ".join(filter(None, [*facts, self.noise()])))

    def dismiss(self) -> None:
        """Let the process end by itself when it has done what it does now."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def close(self, *, kill: bool = False) -> None:
        """End the process, at once with `kill`, and wait for it. Harmless when it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if kill:
            self._process.kill()
        self._process.stdin.close()
        try:
            self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._noise.close()
        self._sweep()

    def wait(self) -> int:
        """The exit status of a process that is known to end."""
        return self._process.wait()

    def _sweep(self) -> None:
        """Remove what it was writing when it was killed."""
        if self._previews_root is None:
            return
        for size in SIZES:
            with contextlib.suppress(OSError):  # a root that cannot be written was told with each picture
                temporary_path(self._previews_root, self.pid, size).unlink()

    def _write(self, message: wire.Message) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(wire.pack(message))


def _environment() -> dict[str, str]:
    paths = [_PACKAGE_PARENT, os.environ.get("PYTHONPATH", "")]
    # Its linear algebra reserves address space for every thread, and here one file is one thread's work.
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"}


def _how(status: int) -> str:
    if status >= 0:
        return f"the decoder ended with status {status}"
    return f"the decoder was ended by {signal_name(-status)}"


def signal_name(number: int) -> str:
    """The name of a signal; most real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
