"""From which source photo a file was cut, told by its name, so that a split never parts siblings."""

from __future__ import annotations

import re
from pathlib import Path

_CROP_COUNTER = re.compile(r"(?<=[0-9])_[0-9]{1,3}\Z")


def source_group(path: Path) -> str | None:
    """The group key `<folder above the class folder>/<name of the source photo>`, or None without such a folder.

    One trailing crop counter (`_` and 1 to 3 digits) is taken off the stem when what is left still ends with a
    digit: `coins/10c/test_1_13.jpg` gives `coins/test_1`, while `IMG_0001` and `date_4` stay whole.
    """
    return group_in(path.parent.parent.name, path.name)


def group_in(collection: str, name: str) -> str | None:
    """`source_group` of the file `name` in a folder of `collection`."""
    if not collection or collection == "..":
        return None
    end = name.rfind(".")
    stem = name[:end] if 0 < end < len(name) - 1 else name  # as `Path.stem`, for a million names
    return f"{collection}/{_CROP_COUNTER.sub('', stem)}"
