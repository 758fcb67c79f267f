"""A model in memory as the engine uses it, and the seam behind which it may be anything."""

from __future__ import annotations

import gc
import importlib
import stat
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Protocol, cast

from binscout_tui.engine.answers import FAILED
from binscout_tui.engine.batcher import SetWork, Work
from binscout_tui.engine.kinds import ASK
from binscout_tui.engine.model_files import Stamp
from binscout_tui.engine.protocol import MAX_PICTURE_BYTES
from binscout_tui.errors import UsageError
from binscout_tui.learning.sources import Pinned

DEFAULT_PREDICTOR = "binscout_tui.engine.classifier:load"


class Predictor(Protocol):
    """A model in memory.

    Beside this it has what its task asks for: `predict(sources, crops)` for `classify`, with `classes`,
    `suggest(sets of sources)` for `select`, `count(sources, crops)` for `count`. Each gives one answer a source or set,
    with the attributes of `Answer`, `SetAnswer` and `CountAnswer`; a pinned file with other bytes gets an error.
    """

    @property
    def device(self) -> str: ...

    def warm_up(self) -> None: ...

    def memory_bytes(self) -> int: ...


Load = Callable[[Path, str], Predictor]


def find_predictor(name: str) -> Load:
    """The function `module:name`, which loads the model in a folder for a device.

    Raises UsageError (`bad_predictor`).
    """
    module, _, attribute = name.partition(":")
    try:
        found = reduce(getattr, attribute.split("."), importlib.import_module(module))
    except Exception as error:
        raise UsageError(
            f"The predictor {name} cannot be imported ({type(error).__name__}: {error}).",
            hint="Its name is module:function. If that is right, the installation of torch may be damaged.",
            code="bad_predictor",
        ) from error
    return cast(Load, found)


class LoadedModel:
    """A model that works, with what the health report says of it.

    `sha256` is that of its weights, `stamp` how its files looked when it was loaded from them.
    """

    def __init__(self, model_id: str, sha256: str, stamp: Stamp, predictor: Predictor, task: str = "classify") -> None:
        self.id = model_id
        self.task = task
        self.sha256 = sha256
        self.stamp = stamp
        self.predictor = predictor
        self.memory_bytes = predictor.memory_bytes()

    def predict(self, works: Sequence[Work | SetWork]) -> list[Any]:
        """One answer a work, with an error for a file that may not be read. Raises what the predictor raises."""
        refusals = [_refused(work) for work in works]
        good = [work for work, refusal in zip(works, refusals, strict=True) if refusal is None]
        told = ASK[self.task](self.predictor, good) if good else []
        if len(told) != len(good):
            raise RuntimeError(f"the predictor gave {len(told)} answers for {len(good)} pictures")
        answers = iter(told)
        failed = FAILED[self.task]
        return [next(answers) if refusal is None else failed(refusal) for refusal in refusals]

    def release_memory(self) -> None:
        """Give back what a batch that did not fit has left behind."""
        release_memory()

    def report(self) -> dict[str, Any]:
        """Its part of the health report."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "state": "ready",
            "task": self.task,
            "classes": len(getattr(self.predictor, "classes", ())),
            "device": self.predictor.device,
            "memory_bytes": self.memory_bytes,
        }


def release_memory() -> None:
    """Let Python and, where torch runs on a GPU, the device's allocator give back what nobody uses."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _refused(work: Work | SetWork) -> str | None:
    """Why a work may not be looked at: the first of its files that may not."""
    sources = work.sources if isinstance(work, SetWork) else (work.source,)
    return next((refusal for source in sources if (refusal := _refusal(source)) is not None), None)


def _refusal(source: Path | Pinned | bytes) -> str | None:
    """Why the file `source` may not be opened, or None. Opening a FIFO would wait for ever; links may lead anywhere."""
    if isinstance(source, bytes):
        return None
    try:
        status = (source.path if isinstance(source, Pinned) else source).lstat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return f"The file cannot be read: {reason}."
    if stat.S_ISLNK(status.st_mode):
        return "This is a link; name the file itself."
    if not stat.S_ISREG(status.st_mode):
        return "This is not a regular file."
    if status.st_size > MAX_PICTURE_BYTES:
        return f"The file has {status.st_size} bytes; the limit is {MAX_PICTURE_BYTES}."
    return None
