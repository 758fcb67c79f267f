"""The order in which sets are gone through. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping

from binscout_tui.selecting.place import FILTERS
from binscout_tui.store.sets import SetState

_GOES_ROUND = ("pending", "skipped")


class SetOrder:
    """All sets by id with their states; `only` narrows the way through them to one state."""

    def __init__(self, states: Mapping[int, SetState], only: SetState | None = None) -> None:
        self.states = dict(states)
        self.only = only
        self._listed: list[int] | None = None

    def __contains__(self, set_id: int | None) -> bool:
        return set_id in self.states

    @property
    def listed(self) -> list[int]:
        """The ids that are gone through, in order."""
        if self._listed is None:
            self._listed = [found for found, state in self.states.items() if self.only in (None, state)]
        return self._listed

    @property
    def counts(self) -> dict[str, int]:
        """How many sets are in each state."""
        found = Counter(self.states.values())
        return {state: found[state] for state in FILTERS if state}

    def change(self, set_id: int, state: SetState) -> None:
        """Note that a set is in `state` now."""
        self.states[set_id] = state
        self._listed = None

    def narrow(self, only: SetState | None) -> None:
        """Go through the sets of one state, or through all."""
        self.only, self._listed = only, None

    def position(self, set_id: int) -> int:
        """The place of a set from 1, 0 where it is not among those that are gone through."""
        place = bisect_left(self.listed, set_id)
        return place + 1 if place < len(self.listed) and self.listed[place] == set_id else 0

    def step(self, set_id: int, by: int) -> int | None:
        """The set before (`by` -1) or after (1), None at the end; `set_id` itself need not be in the list."""
        place = bisect_right(self.listed, set_id) if by > 0 else bisect_left(self.listed, set_id) - 1
        return self.listed[place] if 0 <= place < len(self.listed) else None

    def following(self, after: int) -> int | None:
        """The set that comes when `after` was decided: the next pending one, or the next of the state gone through.

        From the first one again at the end, where deciding makes the list shorter; never `after` itself.
        """
        aim = self.only or "pending"
        found = [set_id for set_id, state in self.states.items() if state == aim and set_id != after]
        place = bisect_right(found, after)
        if place < len(found):
            return found[place]
        return found[0] if found and aim in _GOES_ROUND else None

    def next_filter(self) -> SetState | None:
        """The next state that has sets, after the last one all of them."""
        counts, place = self.counts, FILTERS.index(self.only)
        later = (state for state in FILTERS[place + 1 :] if state and counts[state])
        return next(later, None)
