"""A real tmux server of a test's own, between the app and a played terminal."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.seeing.terminal import plain_environment

LIMIT_S = 10.0


def installed() -> bool:
    """Whether there is a tmux."""
    return shutil.which("tmux") is not None


@dataclass(frozen=True)
class Tmux:
    """A server behind a socket of its own."""

    folder: Path

    def command(self, *words: object) -> list[str]:
        """The tmux command line for this server."""
        base = ["tmux", "-S", str(self.folder / "socket"), "-f", str(self.folder / "tmux.conf")]
        return [*base, *(str(word) for word in words)]

    def __call__(self, *words: object) -> str:
        """Carry out a tmux command; its output."""
        done = subprocess.run(
            self.command(*words), check=True, capture_output=True, text=True, timeout=LIMIT_S, env=plain_environment()
        )
        return done.stdout.strip()

    def session(self, words: Sequence[object]) -> list[str]:
        """What a terminal runs to open a session with the program `words` in its only pane."""
        return self.command("new-session", *words)

    def attach(self) -> list[str]:
        """What a terminal runs to attach to the session."""
        return self.command("attach-session")


@contextlib.contextmanager
def server(*, passthrough: bool) -> Iterator[Tmux]:
    """A server that is ended at the end. Its folder has a short name: sockets may not have long ones."""
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        tmux = Tmux(Path(folder))
        (tmux.folder / "tmux.conf").write_text(
            'set -g default-terminal "tmux-256color"\n'
            'set -as terminal-features ",xterm*:RGB"\n'
            f"set -g allow-passthrough {'on' if passthrough else 'off'}\n"
        )
        try:
            yield tmux
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                # It has ended already where its last session did.
                tmux("kill-server")
