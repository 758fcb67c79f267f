"""Which zones of images a model has said something of, image for image: `pred:none` need not look there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from binscout_tui.store.filter_sql import Sql
from binscout_tui.store.images import LIVE

ZONE_SHIFT = 7
_WITHOUT = (
    "SELECT 1 FROM image INDEXED BY image_live WHERE image.id BETWEEN :zone << 7 AND (:zone << 7) + 127"
    f" AND {LIVE} AND NOT EXISTS (SELECT 1 FROM prediction WHERE image_id = image.id AND model_id = :model)"
)


def zone_with_gaps(model_id: str) -> Sql:
    """Holds for rows of `image_zone` where there may be images without a word of the model."""
    whole = "SELECT 1 FROM zone_predicted WHERE zone_predicted.zone = image_zone.zone AND model_id = ?"
    return Sql(f"NOT EXISTS ({whole})", (model_id,))


def sum_up(db: sqlite3.Connection, model_id: str, image_ids: Iterable[int]) -> None:
    """Note which zones of these images the model has said something of, image for image."""
    db.executemany(
        f"INSERT OR IGNORE INTO zone_predicted SELECT :zone, :model WHERE NOT EXISTS ({_WITHOUT})",
        [{"zone": zone, "model": model_id} for zone in sorted({one >> ZONE_SHIFT for one in image_ids})],
    )
