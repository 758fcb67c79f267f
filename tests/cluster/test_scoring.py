"""`cluster score` and `cluster embed` in one process: the rows, and every way in which it is refused."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.cluster import tables
from binscout_tui.errors import BinScoutError
from tests.command_line import binscout
from tests.learning.shapes import draw

from .small_model import make_model

pytest.importorskip("pyarrow", reason="the extra `cluster` is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("cluster") / "model")


def make_pictures(folder: Path, number: int = 7) -> Path:
    """`number` pictures, one more that is none, and one that is cut off."""
    folder.mkdir()
    for index in range(number):
        draw("disc" if index % 2 else "bar", index).save(folder / f"{index}.png")
    (folder / "notes.jpg").write_text("no picture")
    (folder / "torn.png").write_bytes((folder / "0.png").read_bytes()[:60])
    return folder


def rows(out: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet

    found: list[dict[str, Any]] = pyarrow.parquet.read_table(out / "shards").to_pylist()
    return found


def refused(root: Path, *words: object, code: str, capsys: pytest.CaptureFixture[str]) -> int:
    """The exit code of a command that must be refused with `code`."""
    answer = run(split_arguments(["--workspace", str(root), "--json", *map(str, words)]))
    said = capsys.readouterr().out
    assert f'"code": "{code}"' in said, said
    return answer


def test_every_file_gets_a_row_and_failure_is_never_a_number(tmp_path: Path, model: Path) -> None:
    photos, out = make_pictures(tmp_path / "photos"), tmp_path / "out"
    words = ("cluster", "score", photos, "--model", model, "--out", out, "--workers", 0, "--shard-size", 4)
    answer = binscout(tmp_path / "no-workspace", *words)
    assert answer.code == 0, answer.err
    assert (answer.data["images"], answer.data["failed"], answer.data["shards"]) == (9, 2, 3)
    found = rows(out)
    assert [row["row"] for row in found] == list(range(9))
    bad = [row for row in found if row["error"]]
    assert {Path(row["path"]).name for row in bad} == {"notes.jpg", "torn.png"}
    assert all(row[name] is None for row in bad for name in ("label", "score", "unknown", "probabilities"))
    good = [row for row in found if not row["error"]]
    assert all(math.isclose(sum(row["probabilities"]), 1, abs_tol=1e-4) and len(row["sha256"]) == 64 for row in good)
    assert not (tmp_path / "no-workspace").exists()

    (out / "shards" / "000001.parquet").unlink()
    kept = (out / "shards" / "000000.parquet").stat().st_mtime_ns
    assert here(*words) == 0
    assert (out / "shards" / "000000.parquet").stat().st_mtime_ns == kept
    assert rows(out) == found


def here(*words: object) -> int:
    """The exit code of a command run in this process, which has torch already."""
    return run(split_arguments(["--workspace", "/nonexistent", *map(str, words)]))


def test_embeddings_are_numbers_or_a_reason(tmp_path: Path, model: Path) -> None:
    photos, out = make_pictures(tmp_path / "photos", 3), tmp_path / "out"
    assert here("cluster", "embed", photos, "--model", model, "--out", out, "--workers", 0) == 0
    assert [row["embedding"] is None for row in rows(out)] == [bool(row["error"]) for row in rows(out)]
    widths = {len(row["embedding"]) for row in rows(out) if row["embedding"]}
    assert len(widths) == 1
    assert any(number != 0 for row in rows(out) if row["embedding"] for number in row["embedding"])


def test_a_folder_without_a_single_picture_is_a_failure(tmp_path: Path, model: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "notes.jpg").write_text("no picture")
    words = ("cluster", "score", tmp_path / "photos", "--model", model, "--out", tmp_path / "out", "--workers", 0)
    assert here(*words) == 1
    assert [(row["label"], bool(row["error"])) for row in rows(tmp_path / "out")] == [(None, True)]


def test_what_cannot_work_is_said_before_anything_is_written(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = make_pictures(tmp_path / "photos", 1), tmp_path / "out"
    ask = ("cluster", "score", photos, "--out", out, "--workers", 0, "--model")
    assert refused(tmp_path, *ask[:2], tmp_path / "gone", *ask[3:], model, code="no_folder", capsys=capsys) == 2
    assert refused(tmp_path, *ask, tmp_path / "none", code="no_workspace", capsys=capsys) == 1
    assert refused(tmp_path, *ask, model, "--address", "auto", code="config_invalid", capsys=capsys) == 2
    pytest.importorskip("ray")
    far = ("cluster", "score", photos, "--out", out, "--model", model, "--address")
    assert refused(tmp_path, *far, "ray://head:10001", code="bad_address", capsys=capsys) == 2
    assert refused(tmp_path, *far, "127.0.0.1:1", code="cluster", capsys=capsys) == 1
    damaged = shutil.copytree(model, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"other")
    assert refused(tmp_path, *ask, damaged, code="model_corrupt", capsys=capsys) == 1
    card = (model / "card.json").read_text()
    (damaged / "card.json").write_text(card.replace('"classify"', '"select"'))
    (damaged / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    assert refused(tmp_path, *ask, damaged, code="wrong_task", capsys=capsys) == 2
    (damaged / "card.json").write_text("{")
    assert refused(tmp_path, *ask, damaged, code="model_corrupt", capsys=capsys) == 1
    assert not out.exists()


def test_without_the_extra_one_sentence_says_how_to_install_it() -> None:
    with pytest.raises(BinScoutError, match="not installed") as caught:
        tables.require("binscout_no_such_module")
    assert "binscout-tui[cluster]" in caught.value.hint


def test_a_shard_that_came_back_with_other_rows_is_not_written(tmp_path: Path) -> None:
    from binscout_tui.cluster.shards import File, Job, plan, shard_path

    job = Job(kind="score", task="count", folder="/p", model="m", weights_sha256="", shard_size=2)
    [shard] = plan([File(Path("a")), File(Path("b"))], 2)
    row = {"path": "a", "count": 0, "raw": 0.0}
    with pytest.raises(ValueError, match="other rows"):
        tables.write(tmp_path, shard, tables.table(job, [{**row, "row": 0}, {**row, "row": 0}]))
    assert not shard_path(tmp_path, 0).exists()
    tables.write(tmp_path, shard, tables.table(job, [{**row, "row": 0}, {"row": 1, "path": "b", "error": "Torn."}]))
    assert tables.failures(tmp_path, [shard]) == 1
