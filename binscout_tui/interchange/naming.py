"""Names of files and folders in an export: safe, unique, and the same in whatever order pictures came. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from binscout_tui.imaging.scan import is_system_folder

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "JPEG2000": (".jp2", ".j2k"),
    "PPM": (".ppm", ".pgm", ".pbm"),
}
_TAKEN_STEM, _TAKEN_FOLDER = "classes", "binscout.jsonl"
"""`classes.txt` lists classes of YOLO, and `binscout.jsonl` stands beside the folders of classes."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]')
LONGEST = 120
"""Bytes of UTF-8 of a name without its extension: file systems end at 255."""
Named = tuple[str, str, str]
"""What is known of a picture: its name, its SHA-256, its format."""


def file_names(pictures: Sequence[Named]) -> list[str]:
    """The name of each picture: its own, and where two differ only in how letters are written a part of its hash.

    No two share a name without its extension either, since some formats put that of the picture on a text file.
    """
    level = [0] * len(pictures)
    while True:
        stems = [_stem(picture, level[i]) for i, picture in enumerate(pictures)]
        used = Counter(map(_folded, stems))
        clashing = [i for i, stem in enumerate(stems) if used[_folded(stem)] > 1 and level[i] < 2]
        if not clashing:
            return [stem + _suffix(picture) for stem, picture in zip(stems, pictures, strict=True)]
        for i in clashing:
            level[i] += 1


def folder_names(classes: Iterable[str]) -> dict[str, str]:
    """{class: folder}: the name itself where it can be a folder's, else with what cannot be as %XX."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in classes:
        folder = _folder(name)
        while _folded(folder) in taken:
            folder = f"{folder}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(_folded(folder))
        folders[name] = folder
    return folders


def _folder(name: str) -> str:
    safe = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)
    if safe[0] in ". ~" or is_system_folder(safe) or safe.casefold() == _TAKEN_FOLDER:
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if safe[-1] in ". ":
        safe = f"{safe[:-1]}%{ord(safe[-1]):02X}"
    if len(safe.encode()) > LONGEST:
        safe = f"{_cut(safe, LONGEST - 9)}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return safe


def _stem(picture: Named, level: int) -> str:
    name, sha256, _ = picture
    if level == 2:
        return sha256
    plain = name[: -len(_own_suffix(picture))] if _own_suffix(picture) else name
    stem = _cut(_UNSAFE.sub("_", plain).lstrip(". -~=+@").rstrip(". "), LONGEST) or "picture"
    return f"{stem}-{sha256[:16]}" if level or stem.casefold() == _TAKEN_STEM else stem


def _suffix(picture: Named) -> str:
    return _own_suffix(picture) or SUFFIXES.get(picture[2], (f".{picture[2].lower()}",))[0]


def _own_suffix(picture: Named) -> str:
    suffix = PurePosixPath(picture[0]).suffix
    return suffix if suffix.lower() in SUFFIXES.get(picture[2], ()) else ""


def _folded(name: str) -> str:
    """The same for names that some file system takes for one: capitals, and composed letters, do not count there."""
    return (
        name.casefold()
        if name.isascii()
        else unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    )


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")
