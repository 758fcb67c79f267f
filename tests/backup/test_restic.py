"""restic as a program: what it stores comes back, its errors are told apart, and stopping leaves no process behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError, RepoError
from binscout_tui.backup.restic import engine as restics
from binscout_tui.backup.restic.engine import Restic
from binscout_tui.backup.restic.process import running, session
from binscout_tui.backup.restic.words import explained
from tests.backup.servers import Server

PASSWORD = "Unlikely-Restic-Pa55word"
HOST = "bench"
ODD = [
    b"plain.jpg",
    b"$(touch HERE) `x`.jpg",
    b"-rf",
    b'quote".jpg',
    b"new\nline.jpg",
    b"[a]*?.jpg",
    b"not-\xff-utf8",
    b"end ",
]

pytestmark = pytest.mark.skipif(shutil.which("restic") is None, reason="no restic here: see docs/backup-restic.md")

Made = Callable[..., Restic]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A function that gives the restic of a server's folder; `stall_s` and `password` may be said."""

    def make(server: Server, password: str = PASSWORD, **options: float) -> Restic:
        config = tmp_path / "rclone.conf"
        config.touch(mode=0o600)
        secret = tmp_path / f"key-{len(password)}"
        secret.write_text(password)
        secret.chmod(0o600)
        return Restic(
            server.configure(config), "the NAS", config=config, password=secret, cache=tmp_path / "cache", **options
        )

    return make


def things(folder: Path) -> dict[bytes, bytes]:
    """Files with odd names below `folder`, some bytes in each."""
    (folder / "originals").mkdir(parents=True)
    found = {b"originals/" + name: name * 40_000 for name in ODD}
    for name, data in found.items():
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(data)
    return found


def listed(path: Path, *names: bytes) -> Path:
    path.write_bytes(b"".join(name + b"\0" for name in names))
    return path


def stored(restic: Restic, folder: Path, tmp_path: Path, *tags: str) -> None:
    restic.backup(listed(tmp_path / "names", b"originals"), folder, tags, lambda done: None, host=HOST)


def quiet(done: int) -> None:
    """Nobody wants to know."""


@pytest.mark.slow
def test_what_went_in_comes_back_from_every_server(any_remote_server: Server, made: Made, tmp_path: Path) -> None:
    comes_back(any_remote_server, made(any_remote_server), tmp_path)


def test_what_went_in_comes_back(local_target: Server, made: Made, tmp_path: Path) -> None:
    comes_back(local_target, made(local_target), tmp_path)


def comes_back(server: Server, restic: Restic, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    files = things(folder)
    restic.create()
    heard: list[int] = []
    names = listed(tmp_path / "names", b"originals", b"not-there")
    done = restic.backup(names, folder, ["binscout-files", "one"], heard.append, host=HOST)
    assert (done.files, done.unreadable) == (len(files), ("not-there",))
    assert done.added_bytes > 0
    assert heard
    (snapshot,) = restic.snapshots()
    assert (snapshot.tags, snapshot.host) == (("binscout-files", "one"), HOST)
    assert sorted(node.size for node in restic.files(snapshot.id)) == sorted(len(data) for data in files.values())
    with restic.members(snapshot.id) as archive:
        back = {os.fsencode(m.name): archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]
    assert back == files
    with restic.file(snapshot.id, "/originals/$(touch HERE) `x`.jpg") as blocks:
        assert b"".join(blocks) == files[b"originals/$(touch HERE) `x`.jpg"]
    assert restic.check() == restic.check("all") == []
    assert restic.locks() == []
    restic.forget([snapshot.id])
    assert restic.snapshots() == []
    assert "total prune" in restic.prune(dry=True)
    restic.prune(dry=False)
    assert not [name for name in server.files() if name.startswith("data/")]


def test_a_wrong_password_is_told_and_stands_nowhere(local_target: Server, made: Made, tmp_path: Path) -> None:
    made(local_target).create()
    said: list[bytes] = []

    def look() -> None:
        for pid in mine():
            with suppress(OSError):  # it has just ended
                said.extend(Path("/proc", str(pid), name).read_bytes() for name in ("cmdline", "environ"))

    other = PASSWORD + "-no"
    with pytest.raises(RepoError, match="password does not open") as error:
        made(local_target, other).snapshots(look)
    assert error.value.code == "wrong_key"
    assert said
    assert PASSWORD.encode() not in b"".join(said)
    assert PASSWORD not in error.value.sentence + error.value.hint


def mine() -> list[int]:
    """The processes below this one."""
    found, ours = [], {os.getpid()}
    for _ in range(3):
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) not in ours:
                try:
                    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
                if parent in ours:
                    ours.add(int(folder.name))
                    found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_repository_is_told_apart_from_an_empty_one(local_target: Server, made: Made) -> None:
    restic = made(local_target)
    with pytest.raises(RepoError) as error:
        restic.snapshots()
    assert error.value.code == "no_repository"
    restic.create()
    assert restic.snapshots() == []
    with pytest.raises(RepoError) as error:
        restic.create()
    assert error.value.code == "exists"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'restic 0.9.6 compiled with go1.13'", "too old"),
        ("echo 'rest easy'", "is no restic"),
        (None, "not installed"),
    ],
)
def test_a_missing_or_old_restic_is_told_with_where_to_get_it(
    script: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(restics.ENVIRONMENT, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        (tmp_path / "restic").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "restic").chmod(0o755)
    with pytest.raises(RemoteError, match=words) as error:
        restics.find_restic()
    assert error.value.code == "no_program"
    assert "restic.net" in error.value.hint


def slow(restic: Restic) -> Restic:
    """The same, with 100 KiB a second, so that a test can come between."""
    restic._limit = ["--limit-upload=100"]
    return restic


def big(tmp_path: Path) -> tuple[Path, Path]:
    folder = tmp_path / "big"
    folder.mkdir()
    (folder / "noise").write_bytes(os.urandom(30 << 20))
    return listed(tmp_path / "names", b"noise"), folder


@pytest.mark.slow
def test_cancelling_leaves_no_process_and_no_lock(sftp_server: Server, made: Made, tmp_path: Path) -> None:
    restic = slow(made(sftp_server))
    restic.create()
    names, folder = big(tmp_path)
    before = set(mine())
    seen: set[int] = set()
    at = 0.0

    def stop_when_sending(done: int) -> None:
        nonlocal at
        seen.update(set(mine()) - before)
        if any(sftp_server.folder.glob("locks/*")) and seen and done:
            at = time.monotonic()
            raise CancelledWork

    with pytest.raises(CancelledWork):
        restic.backup(names, folder, ["x"], stop_when_sending, host=HOST)
    assert time.monotonic() - at < 1.5
    assert not [pid for pid in seen if alive(pid)]
    assert [lock.words() for lock in restic.unlock_stale()] in ([], [lock.words() for lock in restic.locks()])
    assert restic.snapshots() == []


def test_a_killed_parent_takes_restic_and_its_rclone_along(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from binscout_tui.backup.restic.process import Running\n"
        "found = Running(['sh', '-c', 'sleep 300 & sleep 301; true'], {'PATH': '/usr/bin:/bin'})\n"
        "print(found.child.pid, flush=True)\n"
        "time.sleep(300)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    leader = int(child.stdout.readline())
    assert leader in session(leader)
    child.kill()
    child.wait()
    child.stdout.close()
    until = time.monotonic() + 10
    while Path("/proc", str(leader)).exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert leader not in session(leader)
    for pid in session(leader):  # `sleep`, which nothing tells; restic's rclone reads from restic, and ends
        os.kill(pid, signal.SIGKILL)


def test_stopping_ends_also_what_left_the_process_group() -> None:
    with running(["sh", "-c", "setsid -w true; python3 -c 'import os; os.setpgid(0, 0); "
                  "import time; print(1, flush=True); time.sleep(300)'"], os.environ) as work:  # fmt: skip
        assert next(work.blocks()).strip() == b"1"
        leader = work.child.pid
        assert len(session(leader)) == 2
    assert session(leader) == []


def test_a_server_that_hangs_is_told_and_left(sftp_server: Server, made: Made, tmp_path: Path) -> None:
    restic = slow(made(sftp_server))
    restic.create()
    restic.stall_s = 2.0
    names, folder = big(tmp_path)
    before = set(mine())

    def hang(done: int) -> None:
        if done and any(sftp_server.folder.glob("locks/*")):
            sftp_server.pause()

    try:
        with pytest.raises(RemoteError) as error:
            restic.backup(names, folder, ["x"], hang, host=HOST)
        assert error.value.code == "hung"
        assert not [pid for pid in set(mine()) - before if alive(pid)]
    finally:
        sftp_server.resume()


def test_a_server_that_is_gone_is_told_by_name(sftp_server: Server, made: Made) -> None:
    restic = made(sftp_server)
    sftp_server.stop()
    began = time.monotonic()
    with pytest.raises(RemoteError) as error:
        restic.snapshots()
    assert error.value.code in ("refused_connection", "unreachable")
    assert "the NAS" in error.value.sentence
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_a_lock_names_its_holder_and_goes_only_when_the_holder_is_gone(
    local_target: Server, made: Made, tmp_path: Path
) -> None:
    restic = slow(made(local_target))
    restic.create()
    names, folder = big(tmp_path)
    held = subprocess.Popen(
        [*_command(restic), "backup", "--json", "--limit-upload=50", f"--files-from-raw={names}"],
        env=dict(restic._environment()),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not (found := restic.locks()) and time.monotonic() < until:
            assert held.poll() is None
        assert [(lock.pid, lock.exclusive) for lock in found] == [(held.pid, False)]
        with pytest.raises(RepoError, match=rf"locked by process {held.pid} on ") as error:
            restic.prune(dry=False)
        assert error.value.code == "locked"
        assert restic.unlock_stale() == []
    finally:
        held.kill()
        held.wait()
    assert [lock.pid for lock in restic.unlock_stale()] == [held.pid]
    restic.prune(dry=False)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="another host name needs root")
def test_a_fresh_lock_of_another_host_stays(local_target: Server, made: Made, tmp_path: Path) -> None:
    restic = made(local_target)
    restic.create()
    names, folder = big(tmp_path)
    words = [*_command(restic), "backup", "--limit-upload=50", f"--files-from-raw={names}"]
    script = 'hostname elsewhere && exec "$@"'
    held = subprocess.Popen(
        ["unshare", "--uts", "sh", "-c", script, "sh", *words],
        env=dict(restic._environment()),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not (found := restic.locks()) and time.monotonic() < until:
            if held.poll() is not None:
                pytest.skip("no name space for host names here")
    finally:
        held.kill()
        held.wait()
    assert [lock.host for lock in found] == ["elsewhere"]
    assert restic.unlock_stale() == []
    with pytest.raises(RepoError, match="elsewhere"):
        restic.prune(dry=False)


def _command(restic: Restic) -> list[str]:
    """The program with its options, as the class has them."""
    with restic._running(["version"], None) as work:
        found = [str(word) for word in work.child.args]  # type: ignore[union-attr]
        work.lines(lambda line: None)
    return found[:-1]


@pytest.mark.slow
def test_a_flipped_byte_is_seen_by_reading_alone(local_target: Server, made: Made, tmp_path: Path) -> None:
    restic = made(local_target)
    restic.create()
    folder = tmp_path / "work"
    files = things(folder)
    stored(restic, folder, tmp_path, "x")
    pack = max((local_target.folder / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    data = bytearray(pack.read_bytes())
    data[500] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    assert restic.check() == []
    assert restic.check("all")
    (snapshot,) = restic.snapshots()
    with pytest.raises((DamagedError, RemoteError)), restic.members(snapshot.id) as archive:
        assert {m.name for m in archive if m.isfile()} != set(files)


@pytest.mark.parametrize(
    ("said", "code", "wanted"),
    [
        ("Fatal: wrong password or no key found", 1, "wrong_key"),
        ("anything", 12, "wrong_key"),
        ("Fatal: unable to open config file: <config/> does not exist\nIs there a repository", 1, "no_repository"),
        ("anything", 10, "no_repository"),
        (
            "unable to create lock in backend: repository is already locked exclusively by PID 7 on nas by u",
            1,
            "locked",
        ),
        ("anything", 11, "locked"),
        ("Fatal: create repository at x failed: Fatal: config file already exists", 1, "exists"),
        ("load(<data/1>): ciphertext verification failed", 1, "damaged"),
        ("rclone: 2026/01/01 00:00:00 NOTICE: no space left on device\nFatal: x", 1, "full"),
        (
            "rclone: 2026/01/01 00:00:00 ERROR : dial tcp 10.0.0.1:22: connect: connection refused",
            1,
            "refused_connection",
        ),
        ("", 1, "remote"),
    ],
)
def test_its_words_become_errors(said: str, code: int, wanted: str) -> None:
    error = explained(said, "the NAS", code)
    assert error.code == wanted
    assert "NAS" in error.sentence


def test_hostile_answers_are_damage(tmp_path: Path, made: Made, local_target: Server) -> None:
    restic = made(local_target)
    for text in ("[1]", '[{"id": "../../etc"}]', "[" * 5000, "{", '{"a": 1}'):
        fake = tmp_path / "fake"
        fake.write_text(f"#!/bin/sh\ncat <<'X'\n{text}\nX\n")
        fake.chmod(0o755)
        broken = replace_program(restic, fake)
        with pytest.raises(DamagedError):
            broken.snapshots()
    with pytest.raises(DamagedError):
        restic.forget(["--prune"])


def replace_program(restic: Restic, program: Path) -> Restic:
    restic.program = program
    return restic
