"""Lets `import torchvision` succeed on a torch build that its compiled operators do not fit.

Import this module before timm or torchvision. With a CPU build of torch, torchvision's own library does not load
and its Python half then fails while it registers shape rules for two operators that nobody defined. Defining the
schemas is enough: nothing here calls them.
"""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

import torch

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
OPERATORS = ("nms", "qnms")

_library: torch.library.Library | None = None


def compiled_operators_load() -> bool:
    """Whether torchvision's own compiled library can be loaded into this process."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True
    libraries = sorted(Path(spec.origin).parent.glob("_C*.so"))
    try:
        for library in libraries:
            ctypes.CDLL(str(library))
    except OSError:
        return False
    return bool(libraries)


def define_missing_operators() -> list[str]:
    """Define the operators that torchvision's Python half needs; returns the names that were missing."""
    global _library
    if compiled_operators_load():
        return []
    missing = [name for name in OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        _library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for name in missing:
            _library.define(name + SCHEMA)  # type: ignore[no-untyped-call]
    return missing


define_missing_operators()
