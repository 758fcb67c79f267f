"""The steps of trying a target, as they are shown."""

from __future__ import annotations

import msgspec

NOT_TRIED = "not tried"
ORDER = (
    "program",
    "reach",
    "sign in",
    "folder",
    "write",
    "read back",
    "free space",
    "clock",
    "hashes",
    "encryption",
    "delete",
)


class TestStep(msgspec.Struct, frozen=True):
    """One thing that was tried. `ok` is None where it was not tried, or where nobody can say."""

    __test__ = False  # no test case, whatever it is called

    name: str
    ok: bool | None
    words: str
