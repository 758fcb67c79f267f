"""What can be set, from `settings.toml` in the workspace; everything has a default."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from binscout_tui.errors import UsageError


class ImportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for pictures from outside: megapixels, seconds and MiB for decoding one, MiB of one file."""

    max_megapixels: float = 100
    max_seconds: float = 10
    max_memory_mb: int = 2048
    max_file_mb: int = 512


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model must reach on the known-good images: accuracy overall, recall of each class, number of images."""

    overall: float = 0.6
    per_class: float = 0.2
    min_images: int = 10
    min_per_class: int = 1
    max_drop: float = 0.05
    max_seconds_per_image: float = 1.0
    max_memory_mb: int = 4096


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The inference process: `auto`, `cpu` or `cuda`, seconds without work until it leaves, length of its queue."""

    device: str = "auto"
    idle_seconds: float = 900
    queue: int = 256
    max_batch: int = 32


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a workspace."""

    importing: ImportSettings = msgspec.field(default_factory=ImportSettings, name="import")
    gate: GateSettings = msgspec.field(default_factory=GateSettings)
    engine: EngineSettings = msgspec.field(default_factory=EngineSettings)


def load(path: Path) -> Settings:
    """The settings in the TOML file at `path`, or all defaults where there is none.

    Raises UsageError naming the file and the bad key.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", hint="Mend that line or remove it.", code="bad_settings"
        ) from error
