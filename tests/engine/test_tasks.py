"""Sets and counts through the real server process with fake models: the same queue, the same isolation."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.engine.client import EngineClient, PredictItem, SetPicture, SetToJudge
from binscout_tui.errors import BinScoutError

from .conftest import Client
from .fakes import Fakes, eventually
from .test_server import over_socket


def sets_of(fakes: Fakes, **names: str) -> list[SetToJudge]:
    return [
        SetToJudge(key, [SetPicture(item.path) for item in fakes.items(*value.split())]) for key, value in names.items()
    ]


async def suggested(engine: EngineClient, model: str | None, sets: list[SetToJudge]) -> dict[Any, Any]:
    return {line.id: line async for line in engine.suggest(model, sets)}


async def test_sets_are_answered_one_line_each_and_a_bad_one_takes_no_other_along(
    root: Path, fakes: Fakes, client: Client
) -> None:
    fakes.model("chooser", "select")
    engine = client()
    asked = sets_of(fakes, a="1.jpg longer.jpg", b="poison.jpg 2.jpg", c="nan.jpg 3.jpg", d="4.jpg 5.jpg")
    (fakes.pictures / "link.jpg").symlink_to(fakes.pictures / "1.jpg")
    asked.append(SetToJudge("gone", [SetPicture(fakes.pictures / "1.jpg"), SetPicture(fakes.pictures / "none.jpg")]))
    said = await suggested(engine, "chooser", asked)
    assert set(said) == {"a", "b", "c", "d", "gone"}
    assert (said["a"].chosen, said["a"].crop, said["a"].error) == (1, (0.1, 0.1, 0.9, 0.9), None)
    assert sum(said["a"].scores) == pytest.approx(1)
    assert (said["b"].chosen, said["b"].scores) == (None, [])
    assert "bad picture" in said["b"].error
    assert "no number" in said["c"].error
    assert said["d"].chosen == 0
    [dark] = (await suggested(engine, "chooser", sets_of(fakes, a="1.jpg dark.jpg"))).values()
    assert dark.unreadable == [(1, "too dark")]
    assert "cannot be read" in said["gone"].error


async def test_counts_are_answered_and_a_failure_is_never_zero(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("counter", "count")
    items = [*fakes.items("7.jpg", "none.jpg", "inf3.jpg", "poison.jpg"), PredictItem("gone", root / "nowhere.jpg")]
    said = {line.id: line async for line in client().count("counter", items)}
    assert (said["7.jpg"].count, said["7.jpg"].raw, len(said["7.jpg"].points)) == (7, 7.2, 7)
    assert (said["7.jpg"].by_area, said["7.jpg"].doubt) == (3.0, True)
    assert (said["none.jpg"].count, said["none.jpg"].doubt, said["none.jpg"].error) == (0, False, None)
    for name in ("inf3.jpg", "poison.jpg", "gone"):
        assert said[name].count is None
        assert said[name].error


async def test_each_task_has_a_default_and_takes_no_model_of_another(root: Path, fakes: Fakes, client: Client) -> None:
    for model, task in (("namer", ""), ("chooser", "select"), ("counter", "count")):
        fakes.model(model, task)
    engine = client()
    for model in ("namer", "chooser", "counter"):
        await engine.load(model)
    health = await engine.health()
    assert health is not None
    assert health["default_models"] == {"classify": "namer", "select": "chooser", "count": "counter"}
    assert {one["id"]: one["task"] for one in health["models"]}["chooser"] == "select"
    [asked] = sets_of(fakes, a="1.jpg 22.jpg")
    assert (await suggested(engine, None, [asked]))["a"].model == "chooser"
    with pytest.raises(BinScoutError, match="is for select, not for count") as caught:
        [line async for line in engine.count("chooser", fakes.items("1.jpg"))]
    assert caught.value.code == "wrong_task"


async def test_a_model_loaded_beside_is_not_the_default(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("old")
    fakes.model("new")
    engine = client()
    await engine.load("old")
    answer = await engine.load("new", default=False)
    assert answer["default_model"] == "old"
    assert {line.model async for line in engine.predict(None, fakes.items("a.jpg"))} == {"old"}


async def test_what_may_wait_is_begun_after_all_else(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client(max_batch=1)
    await engine.load("m1")
    fakes.hold("m1")

    async def ask(*names: str, later: bool = False) -> list[Any]:
        return [line async for line in engine.predict("m1", fakes.items(*names), later=later)]

    tasks = [asyncio.create_task(ask("first.jpg"))]
    await eventually(lambda: fakes.batches("m1"), "the model begins")

    async def length() -> int:
        return int(((await engine.health()) or {})["queue"]["length"])

    for number, (name, later) in enumerate((("shadow.jpg", True), ("person.jpg", False)), 1):
        tasks.append(asyncio.create_task(ask(name, later=later)))

        async def queued(wanted: int = number) -> bool:
            return await length() == wanted

        await eventually(queued, f"{name} is queued")
    fakes.release("m1")
    await asyncio.gather(*tasks)
    assert fakes.batches("m1") == [["first.jpg"], ["person.jpg"], ["shadow.jpg"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/suggest", {"items": [{"id": 1, "images": [{"path": "/a.jpg"}]}]}),
        ("/suggest", {"items": [{"id": 1, "images": [{"path": "a.jpg"}, {"path": "/b.jpg"}]}]}),
        ("/suggest", {"items": [{"id": 1, "images": "/a.jpg"}]}),
        ("/suggest", {"items": [], "deadline_s": 0}),
        ("/count", {"items": [{"id": 1, "path": "/a.jpg", "crop": [0.5, 0, 0.4, 1]}]}),
        ("/count", {"items": [{"id": 1, "path": "a.jpg"}]}),
        ("/count", {"things": []}),
    ],
)
async def test_what_is_no_request_is_refused(
    root: Path, fakes: Fakes, client: Client, path: str, body: dict[str, Any]
) -> None:
    fakes.model("m1", path[1:].replace("suggest", "select"))
    await client().ensure()
    async with over_socket(root) as http:
        answer = await http.post(path, content=json.dumps({"model": "m1", **body}))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "bad_request"


async def test_a_card_of_a_task_that_is_none_is_damaged(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("odd", "juggle")
    with pytest.raises(BinScoutError, match="no task 'juggle'") as caught:
        await client().load("odd")
    assert caught.value.code == "model_corrupt"
