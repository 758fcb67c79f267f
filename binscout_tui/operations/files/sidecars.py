"""Which files belong together: a picture and the files that say something about it. Pure.

A sidecar has a suffix of a short list and the stem (`a.yaml`) or the whole name (`a.jpg.xmp`) of a picture beside it.
A picture is never the sidecar of another one, whatever it is called.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable

import msgspec

IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".avif"}
    | {".heic", ".heif", ".jp2", ".j2k", ".psd", ".mpo", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"}
)
SIDECARS = frozenset(
    {".yaml", ".yml", ".json", ".xml", ".xmp", ".txt", ".caption", ".decision", ".cropped", ".aae", ".toml", ".md"}
)


class Family(msgspec.Struct, frozen=True):
    """File names of one folder that go together or not at all: pictures, and what is beside them."""

    images: tuple[str, ...]
    sidecars: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the pictures first."""
        return self.images + self.sidecars

    def owner(self, name: str) -> str | None:
        """The picture that a sidecar of this family belongs to, or None for a picture."""
        if name in self.images:
            return None
        stem = _stem(name)
        return stem if stem in self.images else next((i for i in self.images if _stem(i) == stem), None)


class Sorted(msgspec.Struct, frozen=True):
    """A folder's names: families, sidecars without a picture, and all others; each in order of its bytes."""

    families: tuple[Family, ...]
    orphans: tuple[str, ...]
    others: tuple[str, ...]


def is_image(name: str) -> bool:
    """Whether the name is that of a picture."""
    return _suffix(name) in IMAGES


def is_sidecar(name: str) -> bool:
    """Whether the name can be that of a sidecar."""
    return _suffix(name) in SIDECARS


def sort_names(names: Iterable[str]) -> Sorted:
    """The file names of one folder as families; every name comes out exactly once, the order of input is no matter."""
    ordered = sorted(set(names), key=os.fsencode)
    images = [name for name in ordered if is_image(name)]
    owned, orphans = _owners(images, [name for name in ordered if is_sidecar(name)])
    others = tuple(name for name in ordered if not is_image(name) and not is_sidecar(name))
    return Sorted(tuple(_families(images, owned)), tuple(orphans), others)


def _owners(images: list[str], sidecars: list[str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """({sidecar: the pictures it belongs to}, sidecars without one)."""
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        by_stem[_stem(image)].append(image)
    known, owned, orphans = set(images), {}, []
    for sidecar in sidecars:
        stem = _stem(sidecar)
        owners = (stem,) if stem in known else tuple(by_stem.get(stem, ()))
        if owners:
            owned[sidecar] = owners
        else:
            orphans.append(sidecar)
    return owned, orphans


def _families(images: list[str], owned: dict[str, tuple[str, ...]]) -> list[Family]:
    """Pictures that share a sidecar are one family: parting them would part it from one of them."""
    members = {image: [image] for image in images}
    for owners in owned.values():
        for other in owners[1:]:
            if members[other] is not members[owners[0]]:
                members[owners[0]] += members[other]
                for image in members[other]:
                    members[image] = members[owners[0]]
    beside: defaultdict[str, list[str]] = defaultdict(list)
    for sidecar, owners in owned.items():
        beside[min(members[owners[0]], key=os.fsencode)].append(sidecar)
    made = []
    for image in images:
        together = sorted(members[image], key=os.fsencode)
        if together[0] == image:
            made.append(Family(tuple(together), tuple(beside[image])))
    return made


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - a Path for each of many names costs


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122
