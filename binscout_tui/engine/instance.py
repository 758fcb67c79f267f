"""One engine a workspace: the lock, and the socket that only the holder of the lock may make."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from binscout_tui import atomic
from binscout_tui.engine import address
from binscout_tui.errors import BinScoutError, RefusedError


@contextmanager
def only_instance(root: Path) -> Iterator[None]:
    """Hold the workspace's engine lock. Raises RefusedError (`engine_running`) when another process has it.

    The kernel gives the lock back however the process ends, so the file itself is never removed.
    """
    descriptor = os.open(address.lock_path(root), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise RefusedError(
                f"An engine already serves {root} (process {pid}).",
                hint="Use it, or stop it with `binscout engine stop`.",
                code="engine_running",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def listening(root: Path) -> Iterator[socket.socket]:
    """The workspace's socket, mode 0600, listening; a stale one is replaced. Hold the lock while calling this.

    Raises BinScoutError (`engine_socket`) when it cannot be made.
    """
    path = _place(root)
    _remove_stale(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(server, path)
        yield server
    finally:
        server.close()
        path.unlink(missing_ok=True)


def _place(root: Path) -> Path:
    """Where the socket goes; a place outside of the workspace is written down inside of it."""
    root = address.real_root(root)
    if len(os.fsencode(root / address.SOCKET)) <= address.LONGEST:
        return root / address.SOCKET
    path = address.short_path(root)
    _private_folder(path.parent)
    atomic.write_bytes(root / address.ADDRESS, os.fsencode(path), mode=0o600)
    return path


def _private_folder(folder: Path) -> None:
    """Make sure that nobody else can put a socket of their own into `folder`."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not address.is_private(folder):
        raise BinScoutError(
            f"{folder} is not a folder of yours alone, so the engine's socket cannot lie there.",
            hint="Set XDG_RUNTIME_DIR to a private folder, or use a workspace with a shorter path.",
            code="engine_socket",
        )


def _remove_stale(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise BinScoutError(
            f"{path} is not a socket.", hint="Move it away: the engine needs that name.", code="engine_socket"
        )
    path.unlink()


def _bind(server: socket.socket, path: Path) -> None:
    # The umask decides the socket's mode at its birth: before a chmod there would be a moment in which others connect.
    before = os.umask(0o177)
    try:
        server.bind(os.fspath(path))
    except OSError as error:
        raise BinScoutError(
            f"The engine's socket {path} cannot be made: {error.strerror}.",
            hint="Unix sockets need a local file system that can be written.",
            code="engine_socket",
        ) from error
    finally:
        os.umask(before)
    server.listen(128)
    server.setblocking(False)
