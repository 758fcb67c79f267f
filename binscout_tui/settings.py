"""What can be set, from `settings.toml` in the workspace; everything has a default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from binscout_tui.errors import UsageError

# A bound also refuses NaN, and an upper one infinity.
Fraction = Annotated[float, Meta(ge=0, le=1)]


class ImportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for pictures from outside: megapixels, seconds and MiB for decoding one, MiB of one file."""

    max_megapixels: Annotated[float, Meta(gt=0, le=10_000)] = 100
    max_seconds: Annotated[float, Meta(gt=0, le=3600)] = 10
    max_memory_mb: Annotated[int, Meta(ge=256, le=1 << 20)] = 2048
    max_file_mb: Annotated[int, Meta(ge=1, le=1 << 20)] = 512


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least that is good enough for a model, measured on the known-good images.

    `overall` is the accuracy and `per_class` the recall of every class, as fractions; `min_images` and
    `min_per_class` are numbers of known-good images; `max_drop` is how much accuracy may be lost against the active
    model. One prediction may take `max_seconds_per_image`, the model `max_memory_mb` MiB.
    """

    overall: Fraction = 0.6
    per_class: Fraction = 0.2
    min_images: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    min_per_class: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    max_drop: Fraction = 0.05
    max_seconds_per_image: Annotated[float, Meta(gt=0, le=3600)] = 1.0
    max_memory_mb: Annotated[int, Meta(ge=1, le=1 << 20)] = 4096


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The inference process: `auto`, `cpu` or `cuda`, seconds without work until it leaves, length of its queue."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    idle_seconds: Annotated[float, Meta(gt=0, le=31_536_000)] = 900
    queue: Annotated[int, Meta(ge=1, le=1_000_000)] = 256
    max_batch: Annotated[int, Meta(ge=1, le=1024)] = 32


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
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", hint="It is a UTF-8 text file.", code="bad_settings"
        ) from error
    try:
        return msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", hint="Mend that line or remove it.", code="bad_settings"
        ) from error
