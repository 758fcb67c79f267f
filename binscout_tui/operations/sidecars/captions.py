"""What is wrong with what sidecars say: captions that several pictures share, and those that are no use. Pure.

A text that holds nothing but numbers is a list of boxes and no caption.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from binscout_tui.imaging.metadata_words import is_numbers
from binscout_tui.operations.sidecars.auditing import LONGEST, Finding, Kind

_SHOWN = 200
"""Letters of a caption that are shown."""


class Caption(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file beside a picture once it was read; `problem` is a sentence where it cannot be read.

    `same` and `near` are equal where the texts are, as they are and without case and punctuation; None for no text.
    """

    path: Path
    begins: str = ""
    letters: int = 0
    same: bytes | None = None
    near: bytes | None = None
    is_boxes: bool = False
    problem: str = ""


def of_text(path: Path, text: str) -> Caption:
    """What is known of a file that says `text`."""
    plain = " ".join(text.split())
    return Caption(
        path=path,
        begins=plain[:_SHOWN],
        letters=len(plain),
        same=_digest(plain),
        near=_digest(normalised(plain)),
        is_boxes=is_numbers(plain),
    )


def of_captions(captions: Iterable[Caption], longest: int = LONGEST) -> list[Finding]:
    """What the captions tell: those that several pictures share, and those that are no use."""
    read = list(captions)
    boxes = _folders_of_boxes(read)
    texts: defaultdict[bytes, list[Caption]] = defaultdict(list)
    findings = []
    for one in read:
        if one.problem:
            findings.append(Finding(kind="unreadable", path=one.path, says=one.problem))
        elif one.same is None:
            # Beside lists of boxes an empty one says that there are none.
            if one.path.parent not in boxes:
                findings.append(Finding(kind="empty_caption", path=one.path))
        elif not one.is_boxes:
            texts[one.same].append(one)
            if one.letters > longest:
                findings.append(Finding(kind="long_caption", path=one.path, says=f"{one.letters:,} characters"))
    return [*findings, *_shared(texts)]


def without_boxes(findings: Iterable[Finding], asked: Collection[Path], read: Sequence[Caption]) -> Iterator[Finding]:
    """`findings` but for sidecars without a picture that were to be read (`asked`) and hold boxes, or nothing beside
    boxes: their pictures may be anywhere. What nobody came to read is left out too."""
    boxes = _folders_of_boxes(read)
    lost = {one.path for one in read if not one.is_boxes and (one.same or one.problem or one.path.parent not in boxes)}
    for one in findings:
        if one.kind != "orphan_sidecar" or one.path not in asked or one.path in lost:
            yield one


def normalised(text: str) -> str:
    """A caption without case, punctuation and other ways of writing the same."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain).split())


def _digest(text: str) -> bytes | None:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() if text else None


def _folders_of_boxes(captions: Iterable[Caption]) -> set[Path]:
    return {one.path.parent for one in captions if one.is_boxes}


def _shared(texts: Mapping[bytes, Sequence[Caption]]) -> Iterator[Finding]:
    alike: defaultdict[bytes, list[Sequence[Caption]]] = defaultdict(list)
    for captions in texts.values():
        if captions[0].near is not None:
            alike[captions[0].near].append(captions)
        if len(captions) > 1:
            yield _group("duplicate_caption", captions)
    for same in alike.values():
        if len(same) > 1:
            yield _group("near_caption", [one for captions in same for one in captions])


def _group(kind: Kind, captions: Sequence[Caption]) -> Finding:
    first, *others = sorted((one.path for one in captions), key=bytes)
    return Finding(kind=kind, path=first, others=tuple(others), says=captions[0].begins)
