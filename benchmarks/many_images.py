"""Make a workspace of very many images from a few photos, to measure with.

    python benchmarks/many_images.py DIR [--images 100000] [--photos FOLDER]... [--sources 320]

Without `--photos` the pictures are made up. Every image has bytes of its own; previews are hard links. 100,000 images
take a few minutes and about two gigabytes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from binscout_tui.bench.filling import choose, fill
from binscout_tui.errors import BinScoutError


def main() -> int:
    """Choose the photos, fill, say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--photos", type=Path, action="append", default=[])
    parser.add_argument("--sources", type=int, default=320)
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folders = options.photos or [made_up(Path(scratch))]
            fill(options.folder.absolute(), options.images, choose(folders, options.sources), _say)
    except BinScoutError as error:
        print(f"{error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"{options.folder} cannot be filled: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"{options.images} images in {options.folder} after {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 0


def made_up(folder: Path) -> Path:
    """A few hundred drawn pictures in `folder`/parts and `folder`/sets."""
    from binscout_tui.synthetic.library import write_library

    write_library(folder / "made", per_class=15, sets=12, counts=12)
    return folder / "made"


def _say(done: int, total: int) -> None:
    print(f"{done} of {total}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
