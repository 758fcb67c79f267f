"""Real servers for backups, on loopback and on free ports: each ends with the test that asked for it.

`local_target`, `sftp_server`, `webdav_server` and `s3_server` need nothing but the rclone of the program,
`smb_server` needs Samba and root; `any_server` is each of them in turn. `small_disk` makes disks that fill up.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from binscout_tui.backup.target.known import Target
from binscout_tui.operations.backups import targets
from binscout_tui.workspace import Workspace

RCLONE = Path(sys.executable).parent / "rclone"
USER = "keeper"
SECRET = "Unlikely-Pa55word-of-the-test"  # tests search for it where it must not be
ACCESS_KEY = "ACCESSKEY123"
STARTS_WITHIN_S = 30.0
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG

SmallDisk = Callable[[str, int], Path]


@dataclass
class Server:
    """A target: `url` and `secret` are what `backup target add` wants, `folder` is where its bytes lie on this disk.

    `section` are the options of rclone for the same place, `path` is the path after the colon, `port` is 0 for local.
    """

    kind: str
    url: str
    secret: str
    folder: Path
    section: dict[str, str] = field(default_factory=dict)
    path: str = ""
    port: int = 0
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it (again, on the same port), and wait until it answers."""
        if not self.command:
            return
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | self.environment,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + STARTS_WITHIN_S
        while not answers(self.port):
            assert self.process.poll() is None, f"the {self.kind} server ended with {self.process.returncode}"
            assert time.monotonic() < until, f"the {self.kind} server does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once, with all its connections."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def pause(self) -> None:
        """It keeps its connections, and answers no more."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Send a signal to it and to its children."""
        assert self.process is not None, "a local folder has no server"
        os.killpg(self.process.pid, number)

    def configure(self, config: Path, name: str = "there") -> str:
        """Write a section of rclone for it, and return what rclone calls the place (`name:path`, or a path)."""
        if self.kind == "local":
            return str(self.folder)
        said = {key: obscured(value) if key == "pass" else value for key, value in self.section.items()}
        lines = [f"[{name}]", *(f"{key} = {value}" for key, value in said.items()), ""]
        with config.open("a") as handle:
            handle.write("\n".join(lines))
        config.chmod(0o600)
        return f"{name}:{self.path}"

    def add_to(self, workspace: Workspace, name: str = "nas", *, crypt: str | None = None) -> Target:
        """Add it to a workspace, as `binscout backup target add` does, without the trial."""
        return targets.add(workspace, name, self.url, secret=self.secret, crypt=crypt, tested=False).target

    def files(self) -> dict[str, bytes]:
        """What lies there, by its path from the target's folder."""
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def obscured(text: str) -> str:
    """A password as rclone keeps it in its configuration."""
    done = subprocess.run([RCLONE, "obscure", "-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


def _serving(server: Server) -> Iterator[Server]:
    server.folder.mkdir(parents=True, exist_ok=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _rclone_serve(kind: str, here: Path, port: int, *options: str) -> list[str]:
    own = ["--config", os.devnull, "--cache-dir", str(here / "cache"), "--addr", f"127.0.0.1:{port}"]
    return [str(RCLONE), "serve", kind, str(here / "served"), *own, *options]


@pytest.fixture
def local_target(tmp_path: Path) -> Server:
    """A folder of this machine, as a mounted NAS is one."""
    folder = tmp_path / "mounted" / "backups"
    folder.mkdir(parents=True)
    return Server("local", str(folder), "", folder, path=str(folder))


@pytest.fixture
def sftp_server(tmp_path: Path) -> Iterator[Server]:
    """`rclone serve sftp` with a password."""
    here, port = tmp_path / "sftp", free_port()
    yield from _serving(
        Server(
            "sftp",
            f"sftp://{USER}@127.0.0.1:{port}/nas/backups",
            SECRET,
            here / "served" / "nas" / "backups",
            {"type": "sftp", "host": "127.0.0.1", "port": str(port), "user": USER, "pass": SECRET},
            "nas/backups",
            port,
            # What it tells of its room is as old as what it knows of its folders.
            _rclone_serve("sftp", here, port),
            {"RCLONE_USER": USER, "RCLONE_PASS": SECRET},
        )
    )


@pytest.fixture
def webdav_server(tmp_path: Path) -> Iterator[Server]:
    """`rclone serve webdav` with a password."""
    here, port = tmp_path / "webdav", free_port()
    yield from _serving(
        Server(
            "webdav",
            f"webdav+http://{USER}@127.0.0.1:{port}/nas/backups",
            SECRET,
            here / "served" / "nas" / "backups",
            {"type": "webdav", "url": f"http://127.0.0.1:{port}", "vendor": "other", "user": USER, "pass": SECRET},
            "nas/backups",
            port,
            _rclone_serve("webdav", here, port),
            {"RCLONE_USER": USER, "RCLONE_PASS": SECRET},
        )
    )


@pytest.fixture
def s3_server(tmp_path: Path) -> Iterator[Server]:
    """`rclone serve s3` with a bucket `bucket`."""
    here, port = tmp_path / "s3", free_port()
    endpoint = f"http://127.0.0.1:{port}"
    section = {"type": "s3", "provider": "Rclone", "access_key_id": ACCESS_KEY, "secret_access_key": SECRET}
    yield from _serving(
        Server(
            "s3",
            f"s3://{ACCESS_KEY}@bucket/backups?endpoint={endpoint}&provider=Rclone",
            SECRET,
            here / "served" / "bucket" / "backups",
            section | {"endpoint": endpoint},
            "bucket/backups",
            port,
            _rclone_serve("s3", here, port),
            {"RCLONE_AUTH_KEY": f'"{ACCESS_KEY},{SECRET}"'},
        )
    )


SMB_CONF = """[global]
server role = standalone server
interfaces = 127.0.0.1/8
bind interfaces only = yes
smb ports = {port}
private dir = {here}/private
lock directory = {here}/lock
state directory = {here}/state
cache directory = {here}/cache
pid directory = {here}/pid
ncalrpc dir = {here}/ncalrpc
log file = {here}/log
map to guest = never
disable spoolss = yes
load printers = no
[nas]
path = {here}/served
read only = no
valid users = root
force user = root
"""


@pytest.fixture
def smb_server(tmp_path: Path) -> Iterator[Server]:
    """Samba with a share `nas`; skipped where there is none."""
    if not (shutil.which("smbd") and shutil.which("smbpasswd")):
        pytest.skip("no Samba here: scripts/install-test-packages.sh installs it")
    if os.geteuid() != 0:
        pytest.skip("Samba needs root to serve a share for its user")
    here, port = tmp_path / "smb", free_port()
    for name in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
        (here / name).mkdir(parents=True)
    conf = here / "smb.conf"
    conf.write_text(SMB_CONF.format(port=port, here=here))
    added = [*_samba("smbpasswd"), "-c", str(conf), "-s", "-a", "root"]
    subprocess.run(added, input=f"{SECRET}\n{SECRET}\n", text=True, capture_output=True, check=True)
    yield from _serving(
        Server(
            "smb",
            f"smb://root@127.0.0.1:{port}/nas/backups",
            SECRET,
            here / "served" / "backups",
            {"type": "smb", "host": "127.0.0.1", "port": str(port), "user": "root", "pass": SECRET},
            "nas/backups",
            port,
            [*_samba("smbd"), "--foreground", "--no-process-group", "-s", str(conf)],
        )
    )


def _samba(name: str) -> list[str]:
    return [shutil.which(name) or name]


def _of_kind(request: pytest.FixtureRequest) -> Server:
    name = "local_target" if request.param == "local" else f"{request.param}_server"
    found: Server = request.getfixturevalue(name)
    return found


# A disk, a file server and a bucket show the differences; the others are for the long run and what is most at stake.
SELDOM = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("webdav", "smb")]


@pytest.fixture(params=["local", "sftp", "s3", *SELDOM])
def any_server(request: pytest.FixtureRequest) -> Server:
    """Every kind of target in turn, two of them in the long run only."""
    return _of_kind(request)


@pytest.fixture(params=["local", "sftp", "webdav", "s3", "smb"])
def every_server(request: pytest.FixtureRequest) -> Server:
    """Every kind of target in turn."""
    return _of_kind(request)


@pytest.fixture(params=["sftp", "s3", *SELDOM])
def any_remote_server(request: pytest.FixtureRequest) -> Server:
    """Every kind of target that is a server, in turn."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A function (name, MiB) that mounts a disk of that size at `tmp_path / name`; skipped where it may not."""
    mounted: list[Path] = []

    def mount(name: str, mib: int) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a small disk cannot be mounted here: that needs root")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
