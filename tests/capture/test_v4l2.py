"""Cameras of this machine: what can be told where there is none."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from binscout_tui.capture.source import SourceError
from binscout_tui.capture.v4l2 import V4l2, V4l2Config


def test_a_device_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    camera = V4l2(V4l2Config(device=str(tmp_path / "video7")))
    for use in (camera.probe, lambda: camera.shoot(tmp_path, threading.Event())):
        with pytest.raises(SourceError, match="There is no camera at") as caught:
            use()
        assert "cameras of this machine:" in caught.value.sentence


def test_a_file_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "video7").write_text("x")
    with pytest.raises(SourceError, match="not a camera's device file"):
        V4l2(V4l2Config(device=str(tmp_path / "video7"))).probe()


def test_a_missing_extra_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "linuxpy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "linuxpy", None)
    with pytest.raises(SourceError, match="the extra `v4l2`") as caught:
        V4l2(V4l2Config(device="/dev/null")).probe()
    assert "pip install 'binscout-tui[v4l2]'" in caught.value.hint


def test_a_device_that_is_no_camera_is_told() -> None:
    pytest.importorskip("linuxpy")
    with pytest.raises(SourceError, match="cannot be used"):
        V4l2(V4l2Config(device="/dev/null")).probe()


def test_the_extra_is_imported_by_nobody_who_does_not_use_it() -> None:
    text = (
        "import sys, binscout_tui.capture.runner, binscout_tui.capture.kinds;"
        "print([name for name in sys.modules if name.split('.')[0] in ('linuxpy', 'httpx', 'watchfiles', 'textual')])"
    )
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
