"""The real server process with a fake model: protocol, queue, swaps, health."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from binscout_tui.engine import address, launch
from binscout_tui.engine.client import EngineClient, PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.settings import EngineSettings

from .conftest import FAKE, Client
from .fakes import LIMIT, Fakes, eventually


def over_socket(root: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(address.socket_path(root)))
    return httpx.AsyncClient(transport=transport, base_url="http://engine", trust_env=False, timeout=LIMIT)


def request(model: str | None, items: list[PredictItem], **more: Any) -> dict[str, Any]:
    wire = [{"id": item.id, "path": str(item.path), "crop": item.crop} for item in items]
    return {"model": model, "items": wire, **more}


async def held_batch(engine: EngineClient, fakes: Fakes, model: str, name: str = "first.jpg") -> asyncio.Task[Any]:
    """A prediction that the model has begun and does not end before it is released."""
    fakes.hold(model)

    async def run() -> list[Any]:
        return [line async for line in engine.predict(model, fakes.items(name))]

    task = asyncio.create_task(run())
    await eventually(lambda: fakes.batches(model), "the model begins")
    return task


async def queue_length(engine: EngineClient) -> int:
    health = await engine.health()
    assert health is not None
    return int(health["queue"]["length"])


async def test_answers_come_as_one_json_line_an_item(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1", label="nut")
    await client(max_batch=2).ensure()
    items = fakes.items("a.jpg", "b.jpg", "poison.jpg")
    items[1] = PredictItem(7, items[1].path, (0.5, 0.0, 1.0, 1.0))
    async with over_socket(root) as http:
        answer = await http.post("/predict", json=request("m1", items))
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = {line["id"]: line for line in map(json.loads, answer.text.splitlines())}
    assert set(lines) == {"a.jpg", 7, "poison.jpg"}
    assert lines["a.jpg"] == {
        "id": "a.jpg",
        "label": "nut",
        "score": 0.9,
        "probabilities": {"nut": 0.9, "rest": 0.1},
        "unknown": False,
        "error": None,
        "model": "m1",
    }
    assert lines[7]["probabilities"]["rest"] == 0.5, "the crop reached the model"
    assert lines["poison.jpg"]["label"] is None
    assert "bad picture" in lines["poison.jpg"]["error"]


async def test_curl_can_ask_for_health_and_for_one_picture(root: Path, fakes: Fakes, client: Client) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    fakes.model("m1")
    (picture := fakes.pictures / "p.jpg").write_bytes(b"12345")
    await client().ensure()
    curl = ["curl", "-s", "--noproxy", "*", "--unix-socket", str(address.socket_path(root))]
    health = await asyncio.to_thread(subprocess.check_output, [*curl, "http://engine/health"])
    assert json.loads(health)["status"] in {"ok", "loading"}
    upload = ["-H", "Content-Type: image/jpeg", "--data-binary", f"@{picture}"]
    said = await asyncio.to_thread(subprocess.check_output, [*curl, *upload, "http://engine/predict?model=m1&id=x"])
    assert json.loads(said)["id"] == "x"
    assert json.loads(said)["label"] == "bolt"
    assert fakes.batches("m1") == [["5", "bytes"]]


async def test_the_socket_is_for_this_user_only(root: Path, client: Client) -> None:
    await client().ensure()
    mode = address.socket_path(root).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


async def test_a_second_engine_is_refused(root: Path, client: Client) -> None:
    health = await client().ensure()
    second = launch.command(root, EngineSettings(), FAKE)
    done = await asyncio.to_thread(subprocess.run, second, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 3
    assert f"already serves {root} (process {health['pid']})" in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_a_stale_socket_is_replaced(root: Path, client: Client) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(address.socket_path(root)))
    engine = client()
    assert await engine.health() is None
    assert (await engine.ensure())["pid"] > 0


async def test_a_long_path_gets_a_short_socket(
    root: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    deep = root / ("deep" * 20) / ("deeper" * 10)
    deep.mkdir(parents=True)
    # A short one of its own, as systems give: the tests' folders may be too deep for a socket
    # themselves. Taking it away fails where anything was left in it.
    runtime = Path(tempfile.mkdtemp(prefix="run-"))
    request.addfinalizer(runtime.rmdir)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    async with EngineClient(deep, EngineSettings(), arguments=FAKE) as engine:
        await engine.ensure()
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        try:
            assert address.socket_path(deep).parent == runtime
            async with EngineClient(deep, EngineSettings()) as other:
                assert await other.health() is not None
        finally:
            assert await engine.stop()


REFUSALS: list[tuple[Any, int, str]] = [
    ({"model": "../m1", "items": []}, 422, "bad_model_id"),
    ({"model": "absent", "items": []}, 404, "model_missing"),
    ({"model": "broken", "items": []}, 422, "model_corrupt"),
    ({"model": "cold", "items": []}, 422, "model_corrupt"),
    ({"model": "huge", "items": []}, 507, "engine_memory"),
    ({"items": []}, 409, "no_model"),
    ({"model": "m1", "items": [{"id": 1, "path": "relative.jpg"}]}, 400, "bad_request"),
    ({"model": "m1", "items": [{"id": 1, "path": "/a", "crop": [0.5, 0, 0.4, 1]}]}, 400, "bad_request"),
    ({"model": "m1", "items": [{"id": i, "path": "/a"} for i in range(9)]}, 413, "too_many_items"),
    ({"model": "m1", "items": [], "deadline_s": 0}, 400, "bad_request"),
    ("[", 400, "bad_request"),
    (b"\xff", 400, "bad_request"),
]


async def test_bad_requests_are_refused_with_a_reason(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    fakes.model("cold", cold=True)
    fakes.model("huge", huge=True)
    (fakes.model("broken") / "fake.json").unlink()
    await client(queue=8).ensure()
    async with over_socket(root) as http:
        for body, status, code in REFUSALS:
            answer = await http.post("/predict", content=body if isinstance(body, str | bytes) else json.dumps(body))
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (status, code), body
            assert error["message"].endswith(".")
        assert (await http.get("/nothing")).json()["error"]["code"] == "not_found"
        assert (await http.get("/predict")).status_code == 405


async def test_what_is_not_a_file_is_an_error_of_its_item_only(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    (fakes.pictures / "folder").mkdir()
    os.mkfifo(fakes.pictures / "pipe")
    names = ["folder", "pipe", "absent", "nul\0byte"]
    items = [PredictItem(name, fakes.pictures / name) for name in names[:3]] + fakes.items("good.jpg")
    lines = {line.id: line async for line in client().predict("m1", items)}
    assert lines["good.jpg"].error is None
    assert all(lines[name].error and lines[name].label is None for name in names[:3])
    assert fakes.batches("m1") == [["good.jpg"]]


async def test_links_are_followed_by_the_client_and_not_by_the_server(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    [item] = fakes.items("good.jpg")
    link = fakes.pictures / "link.jpg"
    link.symlink_to(item.path)
    lines = [line async for line in client().predict("m1", [PredictItem(1, link)])]
    assert lines[0].label == "bolt"
    async with over_socket(root) as http:
        answer = await http.post("/predict", json=request("m1", [PredictItem(1, link)]))
    assert "link" in json.loads(answer.text)["error"]


async def test_names_that_are_not_utf8_reach_the_model(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    path = Path(os.fsdecode(os.fsencode(fakes.pictures) + b"/caf\xe9.jpg"))
    os.close(os.open(path, os.O_CREAT))
    lines = [line async for line in client().predict("m1", [PredictItem(1, path)])]
    assert lines[0].error is None
    assert fakes.batches("m1") == [[path.name]]


async def test_health_is_fast_and_work_queues_while_the_model_works(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client(max_batch=4)
    await engine.ensure()
    first = await held_batch(engine, fakes, "m1")
    others = [asyncio.create_task(_labels(engine, "m1", fakes, f"{i}.jpg")) for i in range(3)]
    await eventually(lambda: _is_length(engine, 3), "three wait")
    times = []
    for _ in range(20):
        begun = time.monotonic()
        await engine.health()
        times.append(time.monotonic() - begun)
    assert sorted(times)[10] < 0.1
    fakes.release("m1")
    assert [line.label for line in await first] == ["bolt"]
    assert await asyncio.gather(*others) == [["bolt"]] * 3
    assert sorted(fakes.batches("m1")[1]) == ["0.jpg", "1.jpg", "2.jpg"], "what queued is one batch"
    health = await engine.health()
    assert health is not None
    assert health["items"] == 4
    assert health["p95_ms"] >= health["p50_ms"] > 0
    assert health["models"][0]["state"] == "ready"


async def _labels(engine: EngineClient, model: str | None, fakes: Fakes, *names: str) -> list[str | None]:
    return [line.label async for line in engine.predict(model, fakes.items(*names))]


async def _is_length(engine: EngineClient, length: int) -> bool:
    return await queue_length(engine) == length


async def test_a_full_queue_answers_503_and_the_client_waits(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client(queue=2, max_batch=2)
    await engine.ensure()
    first = await held_batch(engine, fakes, "m1")
    second = asyncio.create_task(_labels(engine, "m1", fakes, "b.jpg", "c.jpg"))
    await eventually(lambda: _is_length(engine, 2), "the queue is full")
    async with over_socket(root) as http:
        answer = await http.post("/predict", json=request("m1", fakes.items("d.jpg")))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["error"]["code"] == "queue_full"
    third = asyncio.create_task(_labels(engine, "m1", fakes, "e.jpg"))
    health = await engine.health()
    assert health is not None
    served = health["requests"]
    await eventually(lambda: _requests_above(engine, served), "the client was turned away at least once")
    fakes.release("m1")
    await first
    assert await second == ["bolt", "bolt"]
    assert await third == ["bolt"]


async def _requests_above(engine: EngineClient, number: int) -> bool:
    health = await engine.health()
    return health is not None and health["requests"] > number


async def test_work_not_begun_before_its_deadline_is_not_done(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client()
    first = await held_batch(engine, fakes, "m1")
    async with over_socket(root) as http:
        late = asyncio.create_task(http.post("/predict", json=request("m1", fakes.items("late.jpg"), deadline_s=0.001)))
        await eventually(lambda: _is_length(engine, 1), "it waits")
        fakes.release("m1")
        assert json.loads((await late).text)["error"] == "deadline"
    await first
    assert fakes.batches("m1") == [["first.jpg"]]


async def test_a_client_that_leaves_takes_its_work_out_of_the_queue(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client()
    await engine.ensure()
    first = await held_batch(engine, fakes, "m1")
    second = asyncio.create_task(_labels(engine, "m1", fakes, "b.jpg", "c.jpg"))
    await eventually(lambda: _is_length(engine, 2), "two wait")
    second.cancel()
    await eventually(lambda: _is_length(engine, 0), "they left the queue")
    fakes.release("m1")
    await first
    assert await _labels(engine, "m1", fakes, "d.jpg") == ["bolt"]
    assert fakes.batches("m1") == [["first.jpg"], ["d.jpg"]]


async def test_a_model_that_cannot_be_loaded_leaves_the_old_one(fakes: Fakes, client: Client) -> None:
    fakes.model("old", label="old")
    (fakes.model("broken") / "fake.json").unlink()
    engine = client()
    await engine.load("old")
    for model, code in [("broken", "model_corrupt"), ("absent", "model_missing"), ("../old", "bad_model_id")]:
        with pytest.raises(BinScoutError) as caught:
            await engine.load(model)
        assert caught.value.code == code
    assert await _labels(engine, None, fakes, "a.jpg") == ["old"]
    health = await engine.health()
    assert health is not None
    assert health["default_model"] == "old"
    assert [model["id"] for model in health["models"]] == ["old"]
    assert health["last_error"]


def _ends_with(said: list[str | None], model: str) -> bool:
    return said[-3:] == [model] * 3


async def test_models_are_swapped_under_load_without_an_error(fakes: Fakes, client: Client) -> None:
    for model in ("m1", "m2", "m3", "m4"):
        fakes.model(model, label=model)
    engine = client(max_batch=4)
    await engine.load("m1")
    said: list[str | None] = []
    stop = asyncio.Event()

    async def load_on_it(names: list[str]) -> None:
        while not stop.is_set():
            async for line in EngineClient.predict(engine, None, fakes.items(*names)):
                assert line.error is None
                assert line.label == line.model
                said.append(line.label)

    tasks = [asyncio.create_task(load_on_it([f"{i}-{j}.jpg" for j in range(6)])) for i in range(3)]
    for model in ("m1", "m2", "m3", "m4", "m2"):
        await engine.load(model)
        await eventually(partial(_ends_with, said, model), f"{model} answers")
    stop.set()
    await asyncio.gather(*tasks)
    health = await engine.health()
    assert health is not None
    assert health["errors"] == 0
    # A request for the one before may end last, so which of the two was used last is open.
    assert {model["id"] for model in health["models"]} == {"m2", "m3", "m4"}, "the least recently used one left"


async def test_a_model_whose_files_were_written_to_is_loaded_again(fakes: Fakes, client: Client) -> None:
    folder = fakes.model("m1", label="old")
    (folder / "card.json").write_text(json.dumps({"weights_sha256": "a" * 64}))
    engine = client()
    await engine.load("m1", sha256="a" * 64)
    (folder / "fake.json").write_text(json.dumps({"label": "new"}))
    assert await _labels(engine, "m1", fakes, "a.jpg") == ["old"]
    (folder / "card.json").touch()
    assert await _labels(engine, "m1", fakes, "a.jpg") == ["new"]
    assert await _labels(engine, None, fakes, "a.jpg") == ["new"]


async def test_other_weights_than_were_meant_are_refused(root: Path, fakes: Fakes, client: Client) -> None:
    for name, digit in (("m1", "a"), ("m2", "b")):
        (fakes.model(name, label=name) / "card.json").write_text(json.dumps({"weights_sha256": digit * 64}))
    engine = client()
    await engine.load("m1", sha256="a" * 64)
    with pytest.raises(BinScoutError, match="SHA-256 of its weights is bbb") as caught:
        await engine.load("m2", sha256="a" * 64)
    assert caught.value.code == "model_changed"
    with pytest.raises(BinScoutError, match="files of model m2 changed"):
        _ = [line async for line in engine.predict("m2", fakes.items("a.jpg"), sha256="c" * 64)]
    assert await _labels(engine, None, fakes, "a.jpg") == ["m1"]
    (root / "models" / "m1" / "card.json").write_text(json.dumps({"weights_sha256": "b" * 64}))
    async with over_socket(root) as http:
        answer = await http.post("/predict", json=request(None, fakes.items("a.jpg")))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "model_changed")
