"""Codes on labels: reading them out of a picture, and what they say of the chosen compartment.

Reading happens in the worker processes only: the reader is a C++ library and the pictures come from anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from PIL import Image

from binscout_tui.imaging.names import display_name, one_line
from binscout_tui.imaging.quality import Finding

LONGEST_TEXT = 100
MOST_CODES = 32
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Found(msgspec.Struct, frozen=True):
    """The texts of the codes in a picture, each once, in the order in which they were found; and what was refused."""

    texts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Match(msgspec.Struct, frozen=True):
    """The compartment that the codes and the person name together, and what is to be said of it."""

    compartment: int | None
    finding: Finding | None = None


def read(image: Image.Image) -> Found:
    """The QR, DataMatrix and Code 128 codes in a picture of any size, turned in any way. MemoryError at worst."""
    import zxingcpp

    kinds = zxingcpp.BarcodeFormat
    formats = zxingcpp.BarcodeFormats((kinds.QRCode, kinds.DataMatrix, kinds.Code128))
    grey = np.ascontiguousarray(np.asarray(image.convert("L")))
    found = zxingcpp.read_barcodes(grey, formats=formats, text_mode=zxingcpp.TextMode.Plain, try_downscale=True)
    return accepted([code.text for code in found])


def accepted(texts: Sequence[str]) -> Found:
    """Those texts that may be the code of a compartment, and a sentence for each that may not."""
    good: list[str] = []
    warnings: list[str] = []
    for text in texts[:MOST_CODES]:
        bare = text.strip(" ")
        if reason := _refusal(bare):
            warnings.append(f"A code in the picture was not taken, because {reason}: {one_line(bare, 60)}")
        elif bare not in good:
            good.append(bare)
    if len(texts) > MOST_CODES:
        warnings.append(f"There are {len(texts)} codes in the picture; the first {MOST_CODES} were taken.")
    return Found(tuple(good), tuple(warnings))


def match(codes: Sequence[str], known: Mapping[str, int], chosen: int | None) -> Match:
    """What `codes` say where `chosen` is the compartment that a person chose, and `known` maps codes to compartments.

    With none chosen, one known compartment in the picture is taken, several are not. With one chosen it stays, and a
    picture that shows only others gets a warning; one that also shows its neighbours is fine.
    """
    seen = {known[code]: code for code in reversed(codes) if code in known}
    if chosen is not None:
        return Match(chosen, _other(seen, chosen) if seen and chosen not in seen else None)
    if len(seen) == 1:
        return Match(next(iter(seen)))
    if seen:
        names = ", ".join(display_name(code) for code in codes if code in known)
        return Match(None, _warning("several_compartments", f"The picture shows several compartments: {names}."))
    if codes:
        return Match(None, _warning("unknown_code", f"No compartment has the code {display_name(codes[0])}."))
    return Match(None)


def _other(seen: Mapping[int, str], chosen: int) -> Finding:
    names = ", ".join(display_name(code) for code in reversed(list(seen.values())))
    sentence = f"The label in the picture says {names}: that is NOT the chosen compartment."
    return Finding(check="other_compartment", level="warn", sentence=sentence)


def _warning(check: str, sentence: str) -> Finding:
    return Finding(check=check, level="warn", sentence=sentence)


def _refusal(text: str) -> str | None:
    if not text:
        return "it is empty"
    if len(text) > LONGEST_TEXT:
        return f"it is longer than {LONGEST_TEXT} characters"
    if any(unicodedata.category(character) in _UNSAFE for character in text):
        return "it has control characters"
    return None
