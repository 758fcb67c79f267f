"""Where the model for removing backgrounds and the cut-out pictures lie. Needs neither the engine nor onnxruntime."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import msgspec

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.settings import BackgroundSettings

FOLDER = Path("derived") / "background"
DEFAULT_MODEL = Path("models") / "background.onnx"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def model_path(root: Path, settings: BackgroundSettings) -> Path:
    """The file of the model for the workspace in `root`. Raises BinScoutError (`background_off`) when there is none."""
    path = root / (Path(settings.model).expanduser() if settings.model else DEFAULT_MODEL)
    if path.is_file():
        return path
    raise BinScoutError(
        f"There is no model for removing backgrounds: {path} is missing.",
        hint="Put a u2net-like ONNX file there"
        + ("." if settings.model else ", or name one as `model` under [background] in settings.toml."),
        code="background_off",
    )


def target(root: Path, settings: BackgroundSettings, model: Path, sha256: str) -> Path:
    """Where the cut-out of the original with that SHA-256 lies: another model or other settings, another file.

    Raises UsageError (`bad_request`) for what is no SHA-256, OSError when the model has just gone.
    """
    if not _SHA256.fullmatch(sha256):
        raise UsageError("The SHA-256 of the picture is wanted, in 64 hexadecimal digits.", code="bad_request")
    status = model.stat()
    # Through its types, so that 0 and 0.0 are the same setting on both sides of the socket.
    settings = msgspec.convert(msgspec.to_builtins(settings), BackgroundSettings)
    how = [os.fsencode(os.path.realpath(model)), status.st_size, status.st_mtime_ns, msgspec.to_builtins(settings)]
    key = hashlib.sha256(msgspec.json.encode(how)).hexdigest()[:12]
    return root / FOLDER / f"{sha256}-{key}.png"
