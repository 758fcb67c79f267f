"""What one picture widget waits for: the draft as soon as there is one, the fine one after a rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.timer import Timer
from textual.widget import Widget

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.making import Made
from binscout_tui.terminal.payload import Payload, Quality, Request
from binscout_tui.terminal.scale import PictureError
from binscout_tui.terminal.view import WHOLE
from binscout_tui.widgets.picture_store import PictureStore

There = Callable[[Request, Payload], None]
Failed = Callable[[Request, PictureError], None]


class Loading:
    """Gets payloads for the request that a widget wants now, and drops those of earlier ones.

    `there(request, payload)` is called at once where the payload is at hand, else when it was made; a payload for
    kitty that the terminal holds comes without its pixels. A request that shows the same picture in the same room
    but another part of it, or other boxes, does not throw away what is under way for it: whoever holds a key sees it
    move. `failed` is called when the picture cannot be made.
    """

    def __init__(self, widget: Widget, store: Callable[[], PictureStore], there: There, failed: Failed) -> None:
        self._widget = widget
        self._store = store
        self._there = there
        self._failed = failed
        self.target: Request | None = None
        """What is wanted, in the fine quality; None when nothing is, or when it failed."""
        self._shown: Request | None = None
        self._under_way: Request | None = None
        self._generation = 0
        self._prefetch_generation = 0
        self._rest: Timer | None = None
        self._rested = False
        self._refines = True

    @property
    def is_waiting(self) -> bool:
        """Whether nothing of the wanted picture has come yet."""
        return self.target is not None and (self._shown is None or not is_same_picture(self._shown, self.target))

    def want(self, target: Request, *, rest_s: float, refines: bool = True) -> None:
        """Get `target`: a draft now, and the fine one when nothing else is wanted for `rest_s`, if it `refines`."""
        if self.target is None or not is_same_picture(self.target, target):
            self._generation += 1
            self._under_way = self._shown = None
        self.target, self._refines = target, refines
        self._wait(rest_s)
        found = self._at_hand(target)
        if found is not None:
            self._give(*found)
        elif self._under_way is None:
            self._make_draft(target)

    def again(self, rest_s: float) -> None:
        """Get the target once more: the terminal has lost it, or its payload was dropped."""
        if self.target is not None:
            target, self.target = self.target, None
            self.want(target, rest_s=rest_s, refines=self._refines)

    def drop(self) -> None:
        """Nothing is wanted any longer."""
        self._generation += 1
        self.target = self._shown = self._under_way = None
        self._stop_waiting()

    def prefetch(self, requests: Sequence[Request]) -> None:
        """Have the drafts of `requests` made, the first one first; replaces what was wished before."""
        self._prefetch_generation += 1
        generation = self._prefetch_generation
        for urgency, request in enumerate(requests, 1):
            if self._at_hand(request) is None:
                self._store().ask(
                    _draft(request),
                    _nobody_looks,
                    urgency=urgency,
                    wanted=lambda: generation == self._prefetch_generation,
                )

    def close(self) -> None:
        """Nothing that still runs reports back."""
        self.drop()
        self._prefetch_generation += 1

    def _at_hand(self, target: Request) -> tuple[Request, Payload] | None:
        """The best that can be shown now: a fine one only where it costs no more than a draft."""
        store = self._store()
        candidates = (target, _draft(target))
        if target.protocol is Protocol.KITTY:
            for request in candidates:
                if (found := store.held.find(request)) is not None:
                    return request, store.ready(request) or Payload(found[1], found[2])
        for request in candidates if target.protocol is Protocol.HALFBLOCK else candidates[1:]:
            if (payload := store.ready(request)) is not None:
                return request, payload
        return None

    def _give(self, request: Request, payload: Payload) -> None:
        self._shown = request
        self._there(request, payload)
        self._refine()

    def _make_draft(self, target: Request) -> None:
        draft, generation = _draft(target), self._generation
        self._under_way = draft
        self._store().ask(draft, self._made, wanted=lambda: generation == self._generation)

    def _made(self, request: Request, made: Made) -> None:
        # Handled in the widget's own turn, where an error is not lost.
        self._widget.call_later(self._take, self._generation, request, made)

    def _take(self, generation: int, request: Request, made: Made) -> None:
        if generation != self._generation or self.target is None:
            return
        if request == self._under_way:
            self._under_way = None
        if isinstance(made, PictureError):
            self._fail(request, made)
            return
        if _fine(request) == self.target:
            self._give(request, made)
        elif request.quality is Quality.DRAFT and self._shown not in (self.target, _draft(self.target)):
            self._give(request, made)
            self._make_draft(self.target)  # another part was wanted while this one was made

    def _fail(self, request: Request, error: PictureError) -> None:
        self.target = self._shown = None
        self._stop_waiting()
        self._failed(request, error)

    def _wait(self, rest_s: float) -> None:
        self._stop_waiting()
        self._rested = rest_s <= 0
        if not self._rested:
            self._rest = self._widget.set_timer(rest_s, self._has_rested)

    def _stop_waiting(self) -> None:
        self._rested = False
        if self._rest is not None:
            self._rest.stop()
            self._rest = None

    def _has_rested(self) -> None:
        self._rest, self._rested = None, True
        self._refine()

    def _refine(self) -> None:
        """Get the fine one where the draft of it is shown and nobody moves on."""
        target = self.target
        if target is None or not self._rested or not self._refines or self._shown != _draft(target):
            return
        payload = self._store().ready(target)
        if payload is not None:
            self._give(target, payload)
        else:
            self._store().ask(target, self._made, wanted=lambda: self.target is target)


def is_same_picture(first: Request, second: Request) -> bool:
    """Whether two requests are of one picture in one room: they may differ in view, boxes, points and detail."""
    return _bare(first) == _bare(second)


def _bare(request: Request) -> Request:
    return replace(request, quality=Quality.FINE, view=WHOLE, detail=None, boxes=(), points=())


def _fine(request: Request) -> Request:
    return replace(request, quality=Quality.FINE)


def _draft(request: Request) -> Request:
    return replace(request, quality=Quality.DRAFT)


def _nobody_looks(_request: Request, _made: Made) -> None:
    """A picture that was prepared; a failure is told when somebody wants to see it."""
