"""One `rclone` process that does a piece of work for this one, over a unix socket.

`rclone rcd` instead of one rclone a step: a call costs milliseconds instead of a start of 0.1 s, errors are JSON, a
transfer can be watched and stopped so that it takes its half file away, and no secret stands on a command line. The
socket lies in a folder of one's own; the process ends with this one, whatever becomes of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from binscout_tui.backup.faults import RemoteError, explain
from binscout_tui.backup.transport.rclone_process import find_program, must_be_new_enough, own_folder, started

__all__ = ["Rclone", "Watch", "find_program"]

Watch = Callable[[int], None]
"""Is told how many bytes of one transfer have moved, some times a second; what it raises stops the transfer."""

UP_S = 15.0
LOOK_S = 0.005
POLL_S, POLL_MOST_S = 0.003, 0.2
CALL_S = 330.0
LONG = ("operations/list", "operations/movefile", "operations/cleanup")
"""Short questions that may take a while where much lies, without a sign of life until they are answered."""
STOP_S = 0.5
CLEAN_S = 1.0
FINISHING = 5
LEAVE_S, END_S = 0.3, 2.0
LOG_LINES = 200
BLOCK = 1 << 20
PATIENT = ("--timeout=60s", "--contimeout=15s", "--low-level-retries=3")
# S3 asks twice before it gives up, and even that must not take ten seconds.
QUICK = ("--timeout=4s", "--contimeout=4s", "--low-level-retries=1")


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
        self.pulse: Callable[[], None] | None = None
        self._folder = own_folder()
        self._words: deque[str] = deque(maxlen=LOG_LINES)
        self._closed = False
        self._lock = threading.Lock()
        self._groups = 0
        socket = self._folder / "s"
        try:
            self._program = program or find_program()
            self._child = started(
                self._program, config.absolute(), socket, (*(QUICK if quick else PATIENT), *options), environment
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._reading = threading.Thread(target=self._read_words, name="rclone-words", daemon=True)
        self._reading.start()
        # Never a proxy from the environment: this is a socket of our own.
        self._http = httpx.Client(
            # No certificates are read for a socket that has none.
            transport=httpx.HTTPTransport(uds=os.fspath(socket), verify=False),
            base_url="http://rclone",
            timeout=CALL_S,
            trust_env=False,
        )
        try:
            self._wait_until_up(socket)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process."""
        return self._child.pid

    @property
    def words(self) -> list[str]:
        """What rclone said lately, for the details of an error."""
        return list(self._words)

    def call(self, method: str, /, *, where: str = "the target", **params: Any) -> dict[str, Any]:
        """Ask rclone for something short, for example `operations/list`. Raises RemoteError.

        Where `pulse` is set it is asked meanwhile, and what it raises ends the call at once, also while a server hangs.
        """
        if self.pulse is None:
            return self._asked(method, params, where)
        return self._polled(method, params, where, self.pulse)

    def clean(self, method: str, /, **params: Any) -> None:
        """Ask for something that tidies up, and do not wait for it longer than a second, nor for success."""
        with suppress(RemoteError):
            self._asked(method, params, "the target", CLEAN_S)

    def _asked(self, method: str, params: Mapping[str, Any], where: str, within_s: float = CALL_S) -> dict[str, Any]:
        try:
            answer = self._http.post(f"/{method}", json=dict(params), timeout=within_s)
        except httpx.TimeoutException as error:
            raise RemoteError(f"{where} did not answer for {within_s:.0f} s.", code="hung") from error
        except httpx.HTTPError as error:
            raise self._gone() from error
        except RuntimeError as error:
            if not self._closed:
                raise
            raise self._gone() from error  # closed from another thread amid the work
        try:
            found = answer.json()
        except ValueError as error:
            raise explain(answer.text or f"rclone answered {answer.status_code}", where) from error
        if answer.is_success and isinstance(found, dict):
            return found
        raise explain(str(found.get("error", "")) if isinstance(found, dict) else "", where)

    def _polled(self, method: str, params: Mapping[str, Any], where: str, pulse: Callable[[], None]) -> dict[str, Any]:
        job_id = self._asked(method, {**params, "_async": True}, where)["jobid"]
        pause, began = POLL_S, time.monotonic()
        patience = CALL_S if method in LONG else self.stall_s
        try:
            while not (status := self._asked("job/status", {"jobid": job_id}, where))["finished"]:
                pulse()
                if time.monotonic() - began > patience:
                    raise RemoteError(f"{where} did not answer for {patience:.0f} s.", code="hung")
                time.sleep(pause)
                pause = min(POLL_MOST_S, pause * 1.5)
        except BaseException:
            self.clean("job/stop", jobid=job_id)
            raise
        return _outcome(status, where)

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
        job_id = self._asked(method, {**params, "_async": True, "_group": group}, where)["jobid"]
        try:
            return self._waited(job_id, group, watch, where)
        finally:
            self.clean("core/stats-delete", group=group)

    def _waited(self, job_id: int, group: str, watch: Watch | None, where: str) -> dict[str, Any]:
        pause, moved, since = POLL_S, -1, time.monotonic()
        while True:
            status = self._asked("job/status", {"jobid": job_id}, where)
            if status["finished"]:
                return _outcome(status, where)
            stats = self._asked("core/stats", {"group": group}, where)
            if int(stats.get("bytes", 0)) != moved:
                moved, since = int(stats.get("bytes", 0)), time.monotonic()
            try:
                if watch is not None:
                    watch(moved)
                # With all bytes there a server may still have to put them together.
                patience = self.stall_s * (FINISHING if 0 < stats.get("totalBytes", 0) <= moved else 1)
                if time.monotonic() - since > patience:
                    raise RemoteError(f"{where} took no byte for {patience:.0f} s.", code="hung")
            except BaseException:
                self._stop_job(job_id)
                raise
            time.sleep(pause)
            pause = min(POLL_MOST_S, pause * 1.5)

    def _stop_job(self, job_id: int) -> None:
        """Ask rclone to stop and to clean up after itself; a server that hangs must not keep us."""
        with suppress(RemoteError):
            self._asked("job/stop", {"jobid": job_id}, "rclone", CLEAN_S)
            until = time.monotonic() + STOP_S
            while time.monotonic() < until and not self._asked("job/status", {"jobid": job_id}, "rclone")["finished"]:
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
        for number, within_s in ((signal.SIGTERM, LEAVE_S), (signal.SIGKILL, END_S)):
            if self._child.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._child.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    self._child.wait(within_s)
        self._http.close()
        self._reading.join(END_S)
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
                must_be_new_enough(self._program)
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


def _outcome(status: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not status["success"]:
        raise explain(str(status.get("error", "")), where)
    return dict(status.get("output") or {})
