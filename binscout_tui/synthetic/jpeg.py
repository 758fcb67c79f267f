"""Made-up pictures as JPEG files that say what they are."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from PIL import Image

NOTE = "synthetic, made by BinScout"

_QUALITY = 88
_FIRST_DAY = datetime(2025, 3, 3, 9, 0, 0)
_DESCRIPTION, _SOFTWARE, _EXIF_IFD, _TAKEN = 0x010E, 0x0131, 0x8769, 0x9003


def encode(image: Image.Image, day: int, seconds: int) -> bytes:
    """`image` as JPEG bytes with the note as comment and EXIF description.

    The made-up time of taking is `day` days and `seconds` seconds after a fixed morning, so that bursts can be seen.
    """
    taken = _FIRST_DAY + timedelta(days=day, seconds=seconds)
    exif = Image.Exif()
    exif[_DESCRIPTION] = NOTE
    exif[_SOFTWARE] = "BinScout"
    exif.get_ifd(_EXIF_IFD)[_TAKEN] = taken.strftime("%Y:%m:%d %H:%M:%S")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, comment=NOTE.encode(), exif=exif)
    return file.getvalue()
