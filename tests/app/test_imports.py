"""The first frame comes without what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "torch", "torchvision", "timm", "rembg", "sklearn", "skimage", "scipy", "numpy", "PIL", "httpx", "typer", "uvicorn",
    "starlette", "safetensors", "watchfiles", "textual_image", "textual_plotext", "plotext",
)  # fmt: skip
STARTED = """
import asyncio, json, sys, tempfile
from pathlib import Path
from binscout_tui import workspace
from binscout_tui.app import BinScoutApp
sys.path.insert(0, {tests!r})
from tests.app.driving import screen_text, settle
root = Path(tempfile.mkdtemp()) / "bins"
workspace.create(root)
async def main():
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert any("Attention" in row for row in screen_text(app))
asyncio.run(main())
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def test_nothing_heavy_is_imported_for_the_first_frame() -> None:
    from pathlib import Path

    code = STARTED.format(tests=str(Path(__file__).resolve().parents[2]))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout.splitlines()[-1])) & set(HEAVY) == set()
