"""Reading text from outside: bounded, guarded, line by line, with what cannot be used told in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

import msgspec

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import SENTENCES, Refusal
from binscout_tui.imaging.reading import open_regular

from .refusals import NotThatFormatError, Problem

T = TypeVar("T")
LONGEST_LINE = 16 << 20
LARGEST_PART = 8 << 20
"""Of a file that says something of one picture, in bytes."""
LARGEST_WHOLE = 4 << 30
_BOM = b"\xef\xbb\xbf"


def lines(path: Path) -> Iterator[tuple[int, str | Problem]]:
    """(number, line without its end) of a UTF-8 file, read as it goes; a Problem for a line that is no text.

    Raises NotThatFormatError when the file cannot be read.
    """
    try:
        with open_regular(path) as raw, open(raw.fileno(), "rb", closefd=False) as handle:
            number = 0
            while line := handle.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    _pass_over(handle)
                    yield number, Problem("too_long", f"The line has more than {LONGEST_LINE} bytes.")
                    continue
                yield number, _text(line.removeprefix(_BOM) if number == 1 else line)
    except (OSError, Refusal) as error:
        raise unreadable(path, error) from error


def whole(path: Path, limit: int = LARGEST_PART) -> bytes:
    """All bytes of a file. Raises Problem when it cannot be read or has more than `limit`."""
    try:
        with open_regular(path) as handle, open(handle.fileno(), "rb", closefd=False) as buffered:
            content = buffered.read(limit + 1)
    except (OSError, Refusal) as error:
        raise Problem("unreadable", _said(error)) from error
    if len(content) > limit:
        raise Problem("too_large", f"The file has more than {limit >> 20} MiB.")
    return content.removeprefix(_BOM)


def decoded(content: bytes | str | msgspec.Raw, kind: type[T]) -> T:
    """JSON as `kind`. Raises Problem."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise Problem("bad_field", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("bad_json", f"This is not JSON: {error or 'nested too deeply'}.") from error


def number(word: str) -> float:
    """A number as files hold it. Raises Problem for what is none, also where Python alone would read one."""
    try:
        if word.isascii() and "_" not in word:
            return float(word)
    except ValueError:
        pass
    raise Problem("not_a_number", "A coordinate is not a number.")


def unreadable(path: Path, error: Exception) -> NotThatFormatError:
    """That nothing can be read at `path`."""
    return NotThatFormatError(f"{display_name(path)} cannot be read: {_said(error)}.", code="unreadable")


def checked_name(file: str) -> str:
    """The name of a picture as an import may look for it. Raises Problem for one that leads out of the folder."""
    name = file.replace("\\", "/") if "/" not in file else file
    if "\0" in name or not name.strip("/"):
        raise Problem("no_name", "It does not say which picture it is about.")
    if ".." in PurePosixPath(name).parts:
        raise Problem("leads_outside", f"The name {file!r} leads out of the folder.")
    return name


def inside(folder: Path, name: str) -> Path | None:
    """The file called `name` in `folder`, None when there is none. A name that is absolute is never opened."""
    if name.startswith(("/", "~")) or (len(name) > 1 and name[1] == ":"):
        return None
    path = folder / checked_name(name)
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def _text(line: bytes) -> str | Problem:
    try:
        return line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return Problem("not_utf8", "The line is not text in UTF-8.")


def _pass_over(handle: BinaryIO) -> None:
    while (more := handle.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return SENTENCES[error.code].rstrip(".") if isinstance(error, Refusal) else str(error)
