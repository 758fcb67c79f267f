"""A camera at work: the shots that people want, one after the other, in the order in which they were asked for."""

from __future__ import annotations

import sqlite3
import time
import traceback
from datetime import timedelta

from binscout_tui.capture import kinds
from binscout_tui.capture.source import Camera, SourceError
from binscout_tui.capture.staging import Stager, failure, new_image, scratch
from binscout_tui.capture.work import Work, log, plain
from binscout_tui.clock import from_text, to_text, utc_now
from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Rejected
from binscout_tui.masking import masked
from binscout_tui.store import capture_sources
from binscout_tui.store.capture_sources import Request
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.workspace import Workspace

# A shot that was wanted so long before anybody could take it is not wanted any more.
STALE = timedelta(seconds=60)
TOO_LATE = "Nobody was there to take this picture in time; ask for it again."


class CameraWork(Work):
    """Takes the shots of one camera."""

    def live(self, workspace: Workspace) -> None:
        """See `Work.live`."""
        camera = kinds.camera(self.source.kind, self.source.config)
        stale_before = to_text(from_text(utc_now()) - STALE)
        with Stager(workspace, workers=1) as stager:
            stager.warm_up()
            self._look_again = 0.0 if not self._once else float("inf")
            while not self.stop.is_set():
                request = self._next(workspace)
                if request is not None:
                    self._take(workspace, camera, stager, request, stale_before)
                elif self._once:
                    return
                else:
                    self._probe(workspace, camera)
                    self.sleep(1.0)

    def _next(self, workspace: Workspace) -> Request | None:
        """The oldest request; one that is worked on already was left so by a life that broke."""
        found = workspace.db.read(capture_sources.open_requests, self.source.id)
        if not found or found[0].state == "working":
            return found[0] if found else None
        return workspace.db.insist(capture_sources.next_request, [self.source.id])

    def _take(self, workspace: Workspace, camera: Camera, stager: Stager, request: Request, stale_before: str) -> None:
        if request.at < stale_before:
            workspace.db.insist(capture_sources.fail_request, request.id, TOO_LATE)
            return
        self.say(workspace, "working")
        lasting = True
        try:
            failed = self._shoot(workspace, camera, stager, request)
        except SourceError as error:
            if error.code == "stopped":
                return  # whoever comes next finds the request as it is
            failed, lasting = NewFailure(code=error.code, error=plain(error), origin=camera.name), error.lasting
        except Exception as error:  # noqa: BLE001 - whatever it was, the shot must not stay open and stop the next
            failed, lasting = _broken(error, camera.name), False
        if failed is not None:
            self._failed(workspace, request, failed)
            self._wait_to_look(lasting=lasting)
            return
        self.tally.staged += 1
        self._look_again = float("inf")
        self.well(workspace)

    def _shoot(self, workspace: Workspace, camera: Camera, stager: Stager, request: Request) -> NewFailure | None:
        """Take one picture and stage it; what the decoder says where it is none."""
        with scratch(workspace.paths.incoming) as folder:
            outcome = stager.decode_and_keep(camera.shoot(folder, self.stop))
            if isinstance(outcome, Rejected):
                return failure(outcome, origin=camera.name)
            near = stager.judge.looks_like(workspace.db, outcome, request.replaces)
            lost = workspace.db.insist(self._deliver, stager, camera, request, outcome, near)
        return None if lost is None else failure(lost, origin=camera.name)

    def _deliver(
        self,
        db: sqlite3.Connection,
        stager: Stager,
        camera: Camera,
        request: Request,
        decoded: Decoded,
        near: int | None,
    ) -> Rejected | None:
        """Stage a shot; why not, where its bytes are kept no more."""
        if (lost := stager.keep_again(decoded)) is not None:
            return lost
        judged = stager.judge.judge(db, decoded, request, near)
        name = f"{display_name(self.source.name)} {request.at}"
        came = NewCapture(
            image=new_image(decoded, name, camera.name),
            told=decoded.told,
            compartment_id=judged.compartment_id,
            origin=camera.name,
            checks=judged.checks,
            codes=decoded.codes,
        )
        capture_sources.deliver(db, request.id, came)
        return None

    def _failed(self, workspace: Workspace, request: Request, came: NewFailure) -> None:
        try:
            workspace.db.insist(capture_sources.deliver, request.id, came)
        except NotFoundError as error:
            # The place or the item that it was wanted for is gone; the request may be too.
            workspace.db.insist(capture_sources.fail_request, request.id, f"{came.error} {error.sentence}")
        self.tally.failed += 1
        self.tally.problem = came.error
        self.say(workspace, "failing", came.error)

    def _wait_to_look(self, *, lasting: bool) -> None:
        """Look later whether the camera is back; where only a picture tells, the next shot does."""
        self._look_again = float("inf") if lasting else time.monotonic() + self.longer()

    def _probe(self, workspace: Workspace, camera: Camera) -> None:
        if time.monotonic() < self._look_again:
            return
        try:
            camera.probe()
        except Exception as error:  # noqa: BLE001 - a look that breaks says no less that there is no picture
            self.say(workspace, "failing", _broken(error, camera.name).error)
            self._look_again = time.monotonic() + self.longer()
        else:
            self._look_again = float("inf")
            self.well(workspace)


def _broken(error: Exception, origin: str) -> NewFailure:
    """The failure that nobody foresaw, or one of the workspace itself; what is known of it is in the log."""
    if isinstance(error, BinScoutError):
        return NewFailure(code=error.code, error=plain(error), origin=origin)
    log(masked("".join(traceback.format_exception(error))))
    why = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else f" ({type(error).__name__})"
    said = f"Taking the picture broke{why}. The log of the capture process says more."
    return NewFailure(code="broken", error=said, origin=origin)
