"""What every test of backups may ask for."""

from __future__ import annotations

from tests.backup.restorable import backed_up_once, root, run, target
from tests.backup.servers import (
    any_remote_server,
    any_server,
    every_server,
    local_target,
    s3_server,
    sftp_server,
    small_disk,
    smb_server,
    webdav_server,
)

__all__ = [
    "any_remote_server",
    "any_server",
    "backed_up_once",
    "every_server",
    "local_target",
    "root",
    "run",
    "s3_server",
    "sftp_server",
    "small_disk",
    "smb_server",
    "target",
    "webdav_server",
]
