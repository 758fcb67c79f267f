"""What a pool and its worker processes say to each other: msgpack messages behind their length in 4 bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from .outcomes import Decoded, Glanced, Limits, Rejected, Unpacked

_LENGTH_BYTES = 4


class Setup(msgspec.Struct, frozen=True, tag="setup"):
    """The first message to a worker. Without `decoding` it loads its decoders only when a file needs them."""

    limits: Limits
    previews_root: Path | None
    decoding: bool = True


class Task(msgspec.Struct, frozen=True, tag="task"):
    """A file to examine, or one whose pixels are to be written to `pixels_to`; the rest is as for `decode.examine`.

    Of those pixels at most `longest` a side are wanted, all where that is None. With a `batch` all of its files are
    only glanced at, and `path` is the first of them.
    """

    path: Path
    pixels_to: Path | None = None
    longest: int | None = None
    measuring: bool = False
    with_codes: bool = False
    batch: tuple[Path, ...] = ()


class Glances(msgspec.Struct, frozen=True, tag="glances"):
    """What became of the files of a batch, in its order."""

    outcomes: tuple[Glanced | Rejected, ...]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A worker's first answer: it has imported everything and set its own limits."""


Message = Setup | Task | Ready | Decoded | Glances | Unpacked | Rejected


def _from_path(value: Any) -> Any:
    if isinstance(value, Path):
        return os.fsencode(value)
    raise NotImplementedError(type(value))


def _to_path(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(os.fsdecode(value))
    raise NotImplementedError(kind)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_from_path)
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message, dec_hook=_to_path)


def pack(message: Message) -> bytes:
    """One message as a frame."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def unpack(buffer: bytearray) -> Message | None:
    """Take the first message off `buffer`; None while it is incomplete."""
    if len(buffer) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
    if len(buffer) < end:
        return None
    message = _DECODER.decode(bytes(buffer[_LENGTH_BYTES:end]))
    del buffer[:end]
    return message
