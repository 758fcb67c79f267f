"""Any command that writes a picture: to standard output, or to the file whose name it is given."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta

from binscout_tui.capture.source import SourceError, stopped
from binscout_tui.imaging.names import display_name, one_line
from binscout_tui.imaging.process import signal_name
from binscout_tui.masking import masked, secrets_in

OUTPUT = "{output}"
LOOK_S = 0.1
TAIL_BYTES = 4096
HINTS = (
    (
        "could not claim the usb device",
        "Another program holds the camera, often the desktop's own: end gvfs-gphoto2-volume-monitor, or unmount it.",
    ),
    ("no camera found", "Switch the camera on, and choose PTP rather than mass storage in its menu."),
    ("no cameras available", "Check the cable of the camera and that it is switched on in the system's settings."),
    ("device or resource busy", "Another program uses the camera; end that one first."),
    ("permission denied", "Your user may not use the device: often the group `video` or `plugdev` is missing."),
)


class CommandConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`argv` is the command as separate words, never a line for a shell. `{output}` in a word stands for the file to
    write, whose name ends with `extension`; without it the picture comes on standard output. `timeout` is in seconds.
    """

    argv: Annotated[list[str], Meta(min_length=1, max_length=200)]
    timeout: Annotated[float, Meta(gt=0, le=3600)] = 30
    max_mb: Annotated[int, Meta(ge=1, le=4096)] = 256
    extension: Annotated[str, Meta(pattern=r"\A\.[A-Za-z0-9]{1,8}\Z")] = ".jpg"


class Command:
    """A camera that is a command. Its processes are a group, which is ended whole when the time is over."""

    def __init__(self, config: CommandConfig) -> None:
        self._config = config
        self._secrets = secrets_in(config.argv)

    @property
    def name(self) -> str:
        """The name of the program; among its words may be a password."""
        return one_line(Path(self._config.argv[0]).name)

    def probe(self) -> str:
        """Say where the program is; nothing is run. Raises SourceError when there is none."""
        import shutil

        found = shutil.which(self._config.argv[0])
        if found is None:
            raise self._missing()
        return f"The program is {display_name(found)}."

    def shoot(self, folder: Path, stop: threading.Event) -> Path:
        """Run the command and return the file that it wrote. Raises SourceError."""
        target = folder / f"shot{self._config.extension}"
        argv = [word.replace(OUTPUT, os.fspath(target)) for word in self._config.argv]
        writes_file = argv != self._config.argv
        standard = folder / "standard-output" if writes_file else target
        with standard.open("wb") as output, (folder / "standard-error").open("w+b") as said:
            status = self._run(argv, output, said, target, stop)
            last = self._last_line(said)
        if status:
            raise self._failed(f"ended with {_how(status)}", last)
        if not target.is_file() or not target.stat().st_size:
            raise self._failed("wrote no picture", last)
        if target.stat().st_size > self._most:
            raise self._too_much()
        return target

    @property
    def _most(self) -> int:
        return self._config.max_mb << 20

    def _run(self, argv: list[str], output: BinaryIO, said: BinaryIO, target: Path, stop: threading.Event) -> int:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=said,
                start_new_session=True,
                cwd=target.parent,
            )
        except FileNotFoundError as error:
            raise self._missing() from error
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise SourceError(
                f"{display_name(argv[0])} cannot be started: {why}.", code="command_start", lasting=False
            ) from error
        try:
            return self._wait(process, [Path(output.name), target], said, stop)
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _wait(self, process: subprocess.Popen[bytes], files: list[Path], said: BinaryIO, stop: threading.Event) -> int:
        until = time.monotonic() + self._config.timeout
        ended = os.pidfd_open(process.pid)
        try:
            while not select.select([ended], [], [], LOOK_S)[0]:
                if stop.is_set():
                    raise stopped()
                if time.monotonic() > until:
                    raise self._failed(f"was ended after {self._config.timeout:g} s", self._last_line(said))
                if any(_size(path) > self._most for path in files) or os.fstat(said.fileno()).st_size > self._most:
                    raise self._too_much()
        finally:
            os.close(ended)
        return process.wait()

    def _missing(self) -> SourceError:
        return SourceError(
            f"There is no program {display_name(self._config.argv[0])} on this machine.",
            hint="Install it, or give its whole path.",
            code="command_missing",
        )

    def _too_much(self) -> SourceError:
        return SourceError(
            f"{self.name} wrote more than {self._config.max_mb} MiB and was ended.",
            hint="`max_mb` of the source sets the limit.",
            code="too_large",
            lasting=True,
        )

    def _failed(self, how: str, last: str) -> SourceError:
        hint = next((hint for words, hint in HINTS if words in last.lower()), "")
        said = f": {last}" if last else "."
        return SourceError(f"{self.name} {how}{said}", hint=hint, code="command_failed", lasting=True)

    def _last_line(self, said: BinaryIO) -> str:
        """The last line that the command wrote to standard error, safe to show."""
        size = os.fstat(said.fileno()).st_size
        tail = os.pread(said.fileno(), TAIL_BYTES, max(0, size - TAIL_BYTES)).decode(errors="replace")
        lines = [line for line in tail.replace("\r", "\n").split("\n") if line.strip()]
        # gphoto2 explains itself at length after the line that says it.
        telling = next((line for line in lines if any(words in line.lower() for words, _ in HINTS)), None)
        return one_line(masked(telling or (lines[-1] if lines else ""), self._secrets))


def _how(status: int) -> str:
    return f"status {status}" if status > 0 else signal_name(-status)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
