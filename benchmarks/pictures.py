"""What pictures cost: encoders beside chafa, timg and textual-image, then keys, start and memory of the real app.

    python benchmarks/pictures.py [PHOTO] [--workspace DIR] [--memory 10000] [--json] …

The same as `binscout bench pictures --strict`, whose --help lists the options. `many_images.py` makes workspaces to
measure on. The exit code is 1 when a limit is missed.
"""

from __future__ import annotations

import sys

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run

if __name__ == "__main__":
    raise SystemExit(run(split_arguments(["bench", "pictures", "--strict", *sys.argv[1:]])))
