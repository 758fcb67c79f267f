"""File systems on which changes that others make are not told to us, so that an inbox has to be looked through."""

from __future__ import annotations

from pathlib import Path

from binscout_tui.store.connection import NETWORK_FILE_SYSTEMS, file_system

# File systems of virtual machines and of clusters; the store's own list names what breaks its locks.
_OTHERS = frozenset(
    {"smb2", "ncpfs", "davfs", "coda", "lustre", "beegfs", "gpfs", "orangefs", "vboxsf", "prl_fs", "drvfs"}
    | {"virtiofs", "vmhgfs", "fuse", "autofs"}
)


def polled(kind: str) -> bool:
    """Whether a file system of this type (as in /proc/mounts) may change without a word.

    Every file system in user space counts: most of them show another machine or a phone.
    """
    return kind in NETWORK_FILE_SYSTEMS or kind in _OTHERS or kind.startswith("fuse.")


def polled_kind(folder: Path) -> str:
    """The type of the file system of `folder` when it has to be polled, else an empty text."""
    kind = file_system(folder)
    return kind if polled(kind) else ""
