"""What operations tell about things they left out."""

from __future__ import annotations

import msgspec


class Rejection(msgspec.Struct, frozen=True):
    """Something that was left out, why as a code and as a sentence; `path` is safe to show."""

    path: str
    code: str
    reason: str
