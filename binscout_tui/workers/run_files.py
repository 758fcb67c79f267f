"""Files of a run that screens show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import NotFoundError, StorageError


async def read_report(folder: Path) -> dict[str, Any]:
    """The evaluation in a run's folder. Raises NotFoundError, or StorageError when it is damaged."""
    file = folder / "report.json"
    try:
        data = await asyncio.to_thread(file.read_bytes)
        report = msgspec.json.decode(data, type=dict[str, Any])
    except FileNotFoundError:
        raise NotFoundError(
            f"{folder.name} has no report.", hint="It is written at the end of a run.", code="no_report"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise StorageError(
            f"The report {file} cannot be read: {error}.",
            hint="`binscout evaluate` makes the figures again.",
            code="bad_report",
        ) from error
    if not isinstance(report.get("test"), dict) or not isinstance(report.get("baselines"), dict):
        raise StorageError(f"The report {file} lacks its test figures or its baselines.", code="bad_report")
    return report
