"""torchvision can be imported whether or not its compiled operators fit this torch."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import binscout_tui.learning.torchvision_shim as shim
import torch, torchvision, timm
assert shim.define_missing_operators() == []  # nothing is missing any more, and defining twice does no harm
assert hasattr(torch.ops.torchvision, "nms")
real = shim.compiled_operators_load()
assert (shim._library is None) == real
"""


def test_timm_imports_after_the_shim() -> None:
    answer = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
