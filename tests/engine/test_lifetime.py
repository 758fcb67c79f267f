"""How the engine process begins and ends, and what clients notice of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.engine import address, instance, launch
from binscout_tui.engine.client import EngineClient
from binscout_tui.errors import BinScoutError
from binscout_tui.settings import EngineSettings

from .conftest import FAKE, Client
from .fakes import LIMIT, Fakes, engine_processes, eventually


async def labels(engine: EngineClient, model: str | None, fakes: Fakes, *names: str) -> dict[str | int, str | None]:
    found: dict[str | int, str | None] = {}
    async for line in engine.predict(model, fakes.items(*names)):
        assert line.id not in found, "answered twice"
        found[line.id] = line.label
    return found


async def test_there_is_none_until_it_is_needed(root: Path, client: Client) -> None:
    engine = client()
    assert await engine.health() is None
    assert engine_processes(root) == []
    assert (await engine.ensure())["pid"] == (await engine.ensure())["pid"]
    assert len(engine_processes(root)) == 1
    assert await engine.stop() is True
    assert engine_processes(root) == []
    assert not address.socket_path(root).exists()
    assert await engine.stop() is False


async def test_proxies_of_the_environment_are_not_used(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await client().ensure())["pid"] > 0


async def test_clients_that_start_it_at_once_share_one(root: Path, client: Client) -> None:
    healths = await asyncio.gather(*(client().ensure() for _ in range(3)))
    assert len({health["pid"] for health in healths}) == 1
    async with asyncio.timeout(20):
        while engine_processes(root) != [healths[0]["pid"]]:
            await asyncio.sleep(0.02)


async def test_it_belongs_to_no_terminal(client: Client) -> None:
    pid = (await client().ensure())["pid"]
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/fd/0") == os.devnull  # noqa: PTH115


async def test_after_a_kill_the_next_request_starts_it_and_succeeds(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client()
    await engine.load("m1")
    first = await engine.ensure()
    os.kill(first["pid"], signal.SIGKILL)
    assert await labels(engine, None, fakes, "a.jpg") == {"a.jpg": "bolt"}
    assert (await engine.ensure())["pid"] != first["pid"]


async def test_a_kill_amid_a_batch_loses_and_doubles_nothing(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    names = [f"{i}.jpg" for i in range(10)]
    engine = client(max_batch=4)
    pid = (await engine.ensure())["pid"]
    lines = engine.predict("m1", fakes.items(*names))
    answered = [(await anext(lines)).id for _ in range(4)]
    fakes.hold("m1")

    async def rest() -> list[str | int]:
        return [line.id async for line in lines]

    task = asyncio.create_task(rest())
    await eventually(lambda: len(fakes.batches("m1")) == 2, "the second batch begins")
    os.kill(pid, signal.SIGKILL)
    fakes.release("m1")
    assert answered + await task == names
    assert fakes.batches("m1") == [names[:4], names[4:8], names[4:8], names[8:]]


async def test_a_picture_that_kills_the_engine_ends_in_a_clear_error(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client()
    with pytest.raises(BinScoutError, match="3 times") as caught:
        await labels(engine, "m1", fakes, "crash.jpg")
    assert caught.value.code == "engine_died"
    assert len(fakes.batches("m1")) == 3
    assert engine_processes(root) == []


async def test_it_leaves_when_idle_although_its_health_is_asked(root: Path, fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client(idle_seconds=0.6)
    await labels(engine, "m1", fakes, "a.jpg")

    async def gone() -> bool:
        return await engine.health() is None

    await eventually(gone, "it left")
    await eventually(lambda: not engine_processes(root), "the process ended")
    assert not address.socket_path(root).exists()
    assert "without work" in address.log_path(root).read_text()


async def test_an_engine_whose_socket_was_removed_makes_room_for_another(root: Path, client: Client) -> None:
    engine = client()
    first = await engine.ensure()
    address.socket_path(root).unlink()
    assert (await engine.ensure())["pid"] != first["pid"]
    await eventually(lambda: len(engine_processes(root)) == 1, "the first one ended")


async def test_it_is_not_idle_while_it_works(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client(idle_seconds=0.3)
    fakes.hold("m1")
    task = asyncio.create_task(labels(engine, "m1", fakes, "a.jpg"))
    await eventually(lambda: fakes.batches("m1"), "it works")

    async def long_running() -> bool:
        health = await engine.health()
        assert health is not None
        return bool(health["uptime_s"] > 1.0)

    await eventually(long_running, "it has worked for longer than its idle time")
    fakes.release("m1")
    assert await task == {"a.jpg": "bolt"}


async def test_sigterm_lets_it_finish_and_ends_with_code_0(root: Path, fakes: Fakes) -> None:
    fakes.model("m1")
    process = launch.launch(root, EngineSettings(), FAKE)
    async with EngineClient(root, EngineSettings(), arguments=FAKE) as engine:
        await eventually(engine.health, "it answers")
        fakes.hold("m1")
        task = asyncio.create_task(labels(engine, "m1", fakes, "a.jpg"))
        await eventually(lambda: fakes.batches("m1"), "it works")
        process.send_signal(signal.SIGTERM)
        fakes.release("m1")
        assert await task == {"a.jpg": "bolt"}
    assert await asyncio.to_thread(process.wait, LIMIT) == 0
    assert not address.socket_path(root).exists()


async def test_a_start_that_fails_says_why(root: Path) -> None:
    (root / address.SOCKET).write_text("mine")
    async with EngineClient(root, EngineSettings(), arguments=FAKE) as engine:
        with pytest.raises(BinScoutError, match=r"ended with code 1: .*engine.sock is not a socket") as caught:
            await engine.ensure()
    assert caught.value.code == "engine_start"
    assert (root / address.SOCKET).read_text() == "mine"


async def test_a_lock_that_is_never_given_back_ends_in_an_error(root: Path) -> None:
    with instance.only_instance(root):
        async with EngineClient(root, EngineSettings(), arguments=FAKE, start_seconds=1) as engine:
            with pytest.raises(BinScoutError, match="An engine already serves") as caught:
                await engine.ensure()
    assert caught.value.code == "engine_start"


async def test_a_workspace_that_cannot_be_written_is_an_error_for_people(root: Path) -> None:
    (root / "logs").write_text("no folder")
    async with EngineClient(root, EngineSettings(), arguments=FAKE) as engine:
        with pytest.raises(BinScoutError) as caught:
            await engine.ensure()
    assert caught.value.code == "engine_start"


def test_a_socket_outside_of_the_workspace_lies_in_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared))
    assert address.short_path(deep).parent == Path(f"/tmp/binscout-{os.getuid()}")
    monkeypatch.setattr(address, "short_path", lambda root: shared / "engine.sock")
    with pytest.raises(BinScoutError, match="not a folder of yours alone"), instance.listening(deep):
        pass
    assert list(shared.iterdir()) == []


async def test_a_predictor_that_cannot_be_imported_is_named(fakes: Fakes, client: Client) -> None:
    fakes.model("m1")
    engine = client("--predictor", "no_such_module:load")
    with pytest.raises(BinScoutError, match="no_such_module") as caught:
        await engine.load("m1")
    assert caught.value.code == "bad_predictor"
    health = await engine.ensure()
    assert health["status"] == "ok"
    assert "no_such_module" in health["last_error"]


async def test_settings_that_make_no_sense_are_refused_with_code_2(root: Path) -> None:
    command = launch.command(root, EngineSettings(queue=0), FAKE)
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2
    assert "queue" in done.stderr


def test_importing_the_client_imports_neither_torch_nor_httpx() -> None:
    code = (
        "import sys, binscout_tui.engine.client, binscout_tui.engine.launch\n"
        "heavy = {'torch', 'httpx', 'starlette', 'uvicorn', 'textual', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
