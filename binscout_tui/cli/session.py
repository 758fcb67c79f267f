"""What every command needs: the workspace, how to answer, how to show progress."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from binscout_tui import workspace as workspaces
from binscout_tui.workspace import LiveWorkspace, Workspace

T = TypeVar("T")
BAR = 24
REDRAW_S = 0.1


class Session:
    """One command's run. Standard output is for the answer alone; all else goes to standard error."""

    def __init__(self, option: Path | None, *, as_json: bool) -> None:
        self.option = option
        self.as_json = as_json

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return workspaces.locate(self.option)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The open workspace."""
        with Workspace(self.root) as opened:
            yield opened

    def run(self, work: Callable[[LiveWorkspace], Awaitable[T]]) -> T:
        """The result of `work` on an open workspace, for operations that are awaited."""

        async def opened() -> T:
            live = await LiveWorkspace.open(self.root)
            try:
                return await work(live)
            finally:
                await live.close()

        return asyncio.run(opened())

    def answer(self, data: Any, text: str | list[str]) -> None:
        """Print the answer: `data` as one JSON document with `--json`, else `text`."""
        if self.as_json:
            print(json.dumps(msgspec.to_builtins(data), ensure_ascii=False, allow_nan=False))
        else:
            print(text if isinstance(text, str) else "\n".join(text))

    def say(self, text: str) -> None:
        """One line beside the answer."""
        print(text, file=sys.stderr)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error, when that is a terminal: call it with (done, total)."""
        if not sys.stderr.isatty():
            yield lambda done, total: None
            return
        bar = _Bar(what)
        try:
            yield bar.show
        finally:
            bar.close()


class _Bar:
    def __init__(self, what: str) -> None:
        self.what = what
        self.began = time.monotonic()
        self.drawn = 0.0

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.drawn < REDRAW_S and done != total:
            return
        self.drawn = now
        line = f"{self.what} {done}"
        if total:
            filled = BAR * done // total
            line = f"{self.what} {'▓' * filled}{'░' * (BAR - filled)} {done}/{total}"
            if 0 < done < total:  # before the first and behind the last nobody knows
                line += f"  {(now - self.began) / done * (total - done):.0f} s left"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def close(self) -> None:
        if self.drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def session(context: typer.Context) -> Session:
    """The session that `cli.main` put into the context."""
    found = context.obj
    if not isinstance(found, Session):
        raise TypeError("the command was started without its session")
    return found
