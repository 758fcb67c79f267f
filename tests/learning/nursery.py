"""Training processes that start in a moment: one process imports everything once, and every run is a fork of it.

python -m tests.learning.nursery      reads orders as lines of JSON, answers with pids and exit codes
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from .shapes import environment


class Nursery:
    """A context manager that starts trainings over prepared folders."""

    def __enter__(self) -> Nursery:
        command = [sys.executable, "-m", "tests.learning.nursery"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def start(self, folder: Path, *, file_bytes: int | None = None, more_memory: int | None = None) -> int:
        """The pid of a training in `folder` that may write files of so many bytes and take so much more memory."""
        return self._ask({"folder": str(folder), "file_bytes": file_bytes, "more_memory": more_memory})

    def wait(self, pid: int) -> int:
        """Its exit code when it has ended, the negative number of a signal that killed it."""
        return self._ask({"wait": pid})

    def run(self, folder: Path, **limits: int) -> int:
        """The exit code of a whole training."""
        return self.wait(self.start(folder, **limits))

    def _ask(self, order: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def serve() -> None:
    from binscout_tui.learning import train
    from binscout_tui.learning.classify import task  # noqa: F401 - imported here so that no fork has to

    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
            continue
        child = os.fork()
        if child == 0:
            code = 70
            try:
                _become(order)
                code = train.main()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)


def _become(order: dict[str, Any]) -> None:
    log = os.open(Path(order["folder"]) / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["train", order["folder"]]
    if order["file_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    if order["more_memory"] is not None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + order["more_memory"], resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    serve()
