"""What Similar works out in threads: nothing goes on that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from binscout_tui.browsing.similar import SimilarDesk
from binscout_tui.imaging.similar.clusters import StoppedError
from binscout_tui.workspace import LiveWorkspace, Workspace


async def test_work_that_was_superseded_or_is_not_awaited_any_more_ends(workspace: Workspace) -> None:
    ended = [threading.Event() for _ in range(3)]

    def until_stopped(number: int) -> Callable[[Callable[[], bool]], None]:
        def work(stop: Callable[[], bool]) -> None:
            while not stop():
                threading.Event().wait(0.001)
            ended[number].set()
            raise StoppedError

        return work

    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        desk = SimilarDesk(live)
        tasks = [asyncio.create_task(desk._beside(until_stopped(number))) for number in range(2)]
        assert await asyncio.to_thread(ended[0].wait, 10)
        assert not ended[1].is_set()
        tasks[1].cancel()
        assert await asyncio.to_thread(ended[1].wait, 10)
        tasks.append(asyncio.create_task(desk._beside(until_stopped(2))))
        await asyncio.sleep(0)
        desk.close()
        assert await asyncio.to_thread(ended[2].wait, 10)
        found = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await live.close()
    assert [type(one) for one in found] == [StoppedError, asyncio.CancelledError, StoppedError]
