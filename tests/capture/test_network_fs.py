"""Which file systems have to be polled."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.capture.network_fs import polled, polled_kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.rclone", "fuse", "virtiofs"])
def test_what_others_change_is_polled(kind: str) -> None:
    assert polled(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "vfat", "exfat", "fuseblk", ""])
def test_a_local_disk_is_not(kind: str) -> None:
    assert not polled(kind)


def test_a_local_folder(tmp_path: Path) -> None:
    assert polled_kind(tmp_path) == ""
