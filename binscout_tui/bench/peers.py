"""The peers: chafa and timg as whole processes, and plain textual-image in a process that stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from binscout_tui.bench.area import Area
from binscout_tui.bench.played import beside
from binscout_tui.terminal.graphics import Protocol

PATIENCE_S = 60.0
TEXTUAL_IMAGE = "textual-image"
_CHAFA = {
    Protocol.KITTY: ("--format", "kitty"),
    Protocol.SIXEL: ("--format", "sixels"),
    Protocol.HALFBLOCK: ("--format", "symbols", "--symbols", "vhalf", "--colors", "full"),
}
_TIMG = {Protocol.KITTY: "-pk", Protocol.SIXEL: "-ps", Protocol.HALFBLOCK: "-ph"}


class PeerError(Exception):
    """A peer did not do it; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A program of the command line: its bare start, and how it shows a photo by protocol."""

    who: str
    program: str
    options: Mapping[Protocol, tuple[str, ...]]

    def bare(self) -> list[str]:
        """The command that only starts and ends."""
        return [self.program, "--version"]

    def command(self, protocol: Protocol, photo: Path, area: Area) -> list[str]:
        """The command that shows `photo`, enlarged where it is smaller than the area, as ours is."""
        room = f"{area.columns}x{area.rows}"
        size = ("--scale", "max", "--size", room) if self.program == "chafa" else ("-U", f"-g{room}")
        return [self.program, *self.options[protocol], *size, str(photo.absolute())]

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return shutil.which(self.program) is not None


def _timg(*more: str) -> dict[Protocol, tuple[str, ...]]:
    # With a background given there is nothing to ask the terminal about, which timg would wait for.
    return {protocol: (option, "-b#000000", *more) for protocol, option in _TIMG.items()}


PEERS = (
    Peer("chafa", "chafa", _CHAFA),
    Peer("timg", "timg", _timg()),
    Peer("timg --compress", "timg", {Protocol.KITTY: _timg("--compress")[Protocol.KITTY]}),
)


def timed(command: list[str], area: Area) -> tuple[float, bytes]:
    """(milliseconds, standard output) of a whole process beside a terminal of that size. Raises PeerError."""
    with beside(area) as terminal:
        begun = time.perf_counter()
        try:
            done = subprocess.run(
                command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise PeerError(f"took longer than {PATIENCE_S:.0f} s") from error
        taken = (time.perf_counter() - begun) * 1000
    if done.returncode:
        raise PeerError(f"ended with {done.returncode}")
    return taken, done.stdout


class PlainTextualImage:
    """textual-image in a process of its own, without a terminal that it could ask."""

    def __init__(self, process: subprocess.Popen[str], version: str) -> None:
        self._process = process
        self.version = version

    def encode(self, protocol: Protocol, photo: Path, area: Area) -> tuple[float, bytes]:
        """(milliseconds, bytes) of one picture. Raises PeerError."""
        ask = {"protocol": protocol, "photo": str(photo.absolute()), "cells": [area.columns, area.rows]}
        answer = self._ask(ask | {"cell": [area.cell_width, area.cell_height]})
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer["ms"], answer["text"].encode()

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise PeerError("its process has no pipes")
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerError("its process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def plain_textual_image() -> Iterator[PlainTextualImage | None]:
    """textual-image ready to be asked, or None where it is not installed."""
    command = [sys.executable, "-m", "binscout_tui.bench.plain"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        hello = json.loads((process.stdout.readline() if process.stdout else "") or "{}")
        yield PlainTextualImage(process, hello["version"]) if "version" in hello else None
        if process.stdin:
            process.stdin.close()
