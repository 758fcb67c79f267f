"""`binscout bench pictures` as it is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.bench.filling import fill
from tests.command_line import Answer, binscout
from tests.pictures import photo


def bench(*words: object, timeout: float = 120) -> Answer:
    command = [sys.executable, "-m", "binscout_tui", "bench", "pictures", *(str(word) for word in words)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL
    )
    return Answer(done.returncode, None, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["nowhere.jpg"], 1, "nowhere.jpg cannot be shown: the file is not there"),
        ([__file__], 1, "no picture that can be read"),
        ([""], 2, "path is empty"),
        (["--cells", "80"], 2, "--cells '80' is no size"),
        (["--cells", "0x0"], 2, "--cells '0x0' is no size"),
        (["--cell", "9x900"], 2, "--cell '9x900' is no size"),
        (["--screen", "wide"], 2, "--screen 'wide' is no size"),
        (["--protocol", "vt340"], 2, "none of kitty, sixel, halfblock"),
        (["--repeat", "-1"], 2, "--repeat"),
        (["--rate", "0"], 2, "--rate"),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], code: int, sentence: str) -> None:
    answer = bench(*words)
    assert answer.code == code
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert answer.out == ""


def test_an_unknown_workspace(tmp_path: Path) -> None:
    answer = binscout(tmp_path / "nowhere", "bench", "pictures", "--repeat", 0, "--keys", 1)
    assert answer.code == 1
    assert answer.data["error"]["code"] == "no_workspace"


def test_the_same_photo_by_everybody(tmp_path: Path) -> None:
    photo(tmp_path / "p.jpg", 3, size=(640, 480))
    words = ["bench", "pictures", tmp_path / "p.jpg", "--repeat", 1, "--keys", 0, "--cells", "40x15"]
    command = [sys.executable, "-m", "binscout_tui", "--json", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["report"]["encodings"]
    for protocol in ("kitty", "sixel", "halfblock"):
        rows = [one for one in found if one["protocol"] == protocol]
        assert {one["source"] for one in rows} == {"the photo", "the preview"}
        assert {"binscout draft", "binscout fine", "chafa", "timg"} <= {one["who"] for one in rows}
        assert any(one["who"].startswith("textual-image") for one in rows)
        for one in rows:
            assert one["why_not"] or (one["bytes"] > 0 and one["size"])
        assert not any(one["why_not"] for one in rows if one["who"].startswith("binscout"))


@pytest.mark.parametrize("protocol", ["kitty", pytest.param("halfblock", marks=pytest.mark.slow)])
def test_keys_in_the_real_app(tmp_path: Path, protocol: str) -> None:
    photos = [photo(tmp_path / "photos" / f"{number}.jpg", number, size=(320, 240)) for number in range(9)]
    fill(tmp_path / "bins", 300, photos)
    words = ["bench", "pictures", "--repeat", 0, "--keys", 3, "--protocol", protocol, "--screen", "80x24"]
    answer = binscout(tmp_path / "bins", *words)
    assert answer.code == 0, answer.err
    found = answer.data["report"]
    assert found["problems"] == []
    assert [(one["view"], one["presses"], one["without_picture"]) for one in found["keys"]] == [
        ("full", 3, 0),
        ("grid", 3, 0),
    ]
    for one in found["keys"]:
        assert 0 < one["first_byte_ms"] <= one["median_ms"] <= one["p95_ms"]
        assert one["bytes"] > 1000
    assert {verdict["what"] for verdict in answer.data["verdicts"]} >= {"median ms", "p95 ms", "most bytes", "start s"}


def test_nothing_of_it_is_imported_by_the_app() -> None:
    code = "import sys, binscout_tui.app, binscout_tui.cli.main; print([m for m in sys.modules if '_tui.bench' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
