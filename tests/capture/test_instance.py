"""Who holds the lock of a workspace's captures."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.capture import launch
from binscout_tui.capture.instance import LOCK, holder, only_instance


def test_the_holder_is_named_while_it_holds_the_lock(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with only_instance(tmp_path):
        assert holder(tmp_path) == os.getpid()
    assert holder(tmp_path) is None


@pytest.mark.parametrize("which", ["number alone", "another beginning", "gone", "nonsense"])
def test_the_process_that_held_it_before_is_never_taken_for_the_one_that_does(tmp_path: Path, which: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        texts = {
            "number alone": f"{other.pid}\n",
            "another beginning": f"{other.pid} 1\n",
            "gone": f"{2**22 + 1} 5\n",
            "nonsense": "x \0",
        }
        (tmp_path / LOCK).write_text(texts[which])
        with (tmp_path / LOCK).open("r+b") as taken:
            fcntl.flock(taken, fcntl.LOCK_EX)  # and nothing is written yet
            assert holder(tmp_path) == 0
            assert not launch.stop_runner(tmp_path, seconds=0.1)
        assert other.poll() is None
        other.communicate(b"\n")
