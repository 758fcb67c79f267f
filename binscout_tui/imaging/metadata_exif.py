"""Camera, exposure, place and comments of EXIF, in words. Broken values are left out, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from .metadata_words import clean, line, scalar, words

Base, Gps = ExifTags.Base, ExifTags.GPS
_CHARSETS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp", b"\0" * 8: "utf-8"}
_MOST_COMMENT = 1 << 18


def read(exif: Image.Exif) -> dict[str, Any]:
    """What is told of a picture, by the names of `image_meta`; `comment` is its UserComment."""
    details, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    speed = details.get(Base.ISOSpeedRatings)
    found = {
        "camera": _camera(exif),
        "lens": line(details.get(Base.LensModel)),
        "exposure": _exposure(details.get(Base.ExposureTime)),
        "aperture": _number(details.get(Base.FNumber), "f/{:g}"),
        "iso": scalar(speed[0] if isinstance(speed, tuple) and speed else speed),
        "focal": _number(details.get(Base.FocalLength), "{:g} mm"),
        "software": line(exif.get(Base.Software)),
        "artist": line(exif.get(Base.Artist)),
        "copyright": line(exif.get(Base.Copyright)),
        "title": _wide(exif.get(Base.XPTitle)),
        "description": clean(exif.get(Base.ImageDescription)) or _wide(exif.get(Base.XPComment)),
        "keywords": words(_wide(exif.get(Base.XPKeywords))),
        "comment": comment(details.get(Base.UserComment)),
        "gps": _place(place),
    }
    return {name: value for name, value in found.items() if value}


def comment(value: object) -> str:
    """EXIF's UserComment: eight bytes that name the characters, then the text."""
    if isinstance(value, str):
        return clean(value, _MOST_COMMENT)
    if not isinstance(value, bytes):
        return ""
    charset, body = _CHARSETS.get(value[:8]), value[8 : 8 + 2 * _MOST_COMMENT]
    if charset is None:
        charset, body = "utf-8", value[:_MOST_COMMENT]
    if charset == "utf-16":
        charset = _byte_order(body)
    return clean(body.decode(charset, "replace").strip("\0"), _MOST_COMMENT)


def _byte_order(body: bytes) -> str:
    """Files say seldom which half of a character comes first; of western text one half is nearly always zero."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if body[:200:2].count(0) > body[1:200:2].count(0) else "utf-16-le"


def _camera(exif: Image.Exif) -> str:
    maker, model = line(exif.get(Base.Make), 80), line(exif.get(Base.Model), 80)
    return model if model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()


def _exposure(value: object) -> str:
    seconds = _real(value)
    if seconds is None or seconds <= 0:
        return ""
    return f"1/{round(1 / seconds)} s" if seconds < 0.3 and 1 / seconds < 1e6 else f"{seconds:g} s"


def _number(value: object, form: str) -> str:
    number = _real(value)
    return form.format(round(number, 2)) if number is not None and 0 < number < 1e6 else ""


def _real(value: object) -> float | None:
    """A number of EXIF, which may be a fraction of nothing."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if abs(number) < 1e12 else None  # also leaves out what is no number


def _wide(value: object) -> str:
    """The texts of Windows are bytes of UTF-16."""
    return line(value.decode("utf-16-le", "replace").strip("\0"), 500) if isinstance(value, bytes) else line(value, 500)


def _place(gps: Mapping[int, Any]) -> dict[str, float]:
    """{latitude, longitude} in degrees, north and east positive; {} without a possible place."""
    latitude = _degrees(gps.get(Gps.GPSLatitude), gps.get(Gps.GPSLatitudeRef), "S", 90)
    longitude = _degrees(gps.get(Gps.GPSLongitude), gps.get(Gps.GPSLongitudeRef), "W", 180)
    return {} if latitude is None or longitude is None else {"latitude": latitude, "longitude": longitude}


def _degrees(value: object, side: object, negative: str, most: int) -> float | None:
    parts = [_real(part) for part in value] if isinstance(value, tuple) and len(value) == 3 else [None]
    found = [part for part in parts if part is not None]
    if len(found) < 3:
        return None
    degrees = found[0] + found[1] / 60 + found[2] / 3600
    if not 0 <= degrees <= most:
        return None
    return round(-degrees if line(side).upper().startswith(negative) else degrees, 6)
