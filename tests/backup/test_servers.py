"""The servers of the tests do what other tests rely on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.backup.servers import RCLONE, SECRET, Server, SmallDisk, answers


def test_a_server_takes_files_and_shows_them_in_its_folder(any_server: Server, tmp_path: Path) -> None:
    config = tmp_path / "rclone.conf"
    config.touch()
    there = any_server.configure(config)
    assert SECRET not in config.read_text() or any_server.kind == "s3"
    (tmp_path / "a.bin").write_bytes(b"bytes")
    command = [RCLONE, "--config", config, "copyto", tmp_path / "a.bin", f"{there}/below/a.bin"]
    subprocess.run([str(word) for word in command], check=True, env={"PATH": "/usr/bin", "HOME": str(tmp_path)})
    assert any_server.files() == {"below/a.bin": b"bytes"}


def test_a_server_that_was_stopped_comes_again_at_its_port(any_remote_server: Server) -> None:
    any_remote_server.stop()
    assert not answers(any_remote_server.port)
    any_remote_server.start()
    assert answers(any_remote_server.port)


def test_a_small_disk_is_full_soon(small_disk: SmallDisk) -> None:
    folder = small_disk("full", 1)
    with pytest.raises(OSError, match="No space left"):
        (folder / "a").write_bytes(bytes(2 << 20))
