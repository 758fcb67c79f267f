"""What can end a training early, in words for people. The last checkpoint is good in every case."""

from __future__ import annotations

import errno

import torch
from torch import distributed

from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.learning.checkpoint import first_line

NO_MEMORY = (
    *("not enough memory", "can't allocate memory", "cannot allocate memory", "bad_alloc"),
    *("could not create a primitive", "failed to map segment", "can't start new thread"),  # what oneDNN and libc say
)
LOST = ("closed by peer", "reset by peer", "broken pipe", "timed out", "connection refused", "gloo", "nccl")


def in_words(error: Exception) -> BinScoutError | None:
    """`error` as a sentence with a next step, None for what only a programmer can mend."""
    said = str(error).lower()
    if isinstance(error, BinScoutError):
        return error
    refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if refused or isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in said for word in NO_MEMORY):
        return BinScoutError(
            f"There is not enough memory for this training: {first_line(error)}",
            hint="Close other programs and go on, or train anew with a smaller --batch-size or --image-size.",
            code="out_of_memory",
        )
    if isinstance(error, OSError):
        return disk_refused(error)
    if isinstance(error, RuntimeError) and distributed.is_initialized() and any(word in said for word in LOST):
        return BinScoutError(
            "Another process of this training has ended.",
            hint="log.txt of the run and the other hosts say why; go on from the last checkpoint.",
            code="process_lost",
        )
    return None


def disk_refused(error: OSError) -> StorageError:
    """The error for a file that could not be read or written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StorageError(
        f"The disk refused: {error}.",
        hint="Make room, then go on." if full else "Look at the file and its permissions, then go on.",
        code="disk_full" if full else "storage",
    )


def not_finite(epoch: int) -> BinScoutError:
    """The error for a loss that is no number."""
    return BinScoutError(
        f"The loss is not a number any more, in epoch {epoch}; the last good checkpoint is kept.",
        hint="Train again with a lower --lr.",
        code="loss_not_finite",
    )
