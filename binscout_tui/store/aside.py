"""Reading that takes longer than a key may wait: on a connection of its own, which sees what is committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from binscout_tui.store.connection import connect, plain_words

P = ParamSpec("P")
T = TypeVar("T")


async def read_aside(
    database: Path, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The result of a store function that only looks, in a thread; the app's own connection stays free."""

    def work() -> T:
        with plain_words(database), closing(connect(database, read_only=True)) as db:
            return function(db, *args, **kwargs)

    return await asyncio.to_thread(work)
