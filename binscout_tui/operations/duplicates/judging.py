"""What pairs of pictures are of each other: which are worth a comparison, how like they are, and what can be proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from binscout_tui.imaging.duplicates.candidates import Signs, candidates
from binscout_tui.imaging.duplicates.comparing import Relation, compare
from binscout_tui.operations.duplicates.cache import Cache, Facts, Verdict
from binscout_tui.operations.duplicates.looking import Source, Step, Stopped
from binscout_tui.operations.duplicates.proving import Prover

FARTHEST = 0.5
"""What is kept of pairs below counts as nothing."""
EQUAL = Verdict(Relation.EXACT, 1.0, same=True, pixels=True)


class Judge:
    """What was found about pairs of `pictures`, by their numbers; each pair is compared once and remembered.

    `owners` are the files of each picture. Pairs that somebody called `apart` are nothing to each other.
    """

    def __init__(
        self,
        pictures: Sequence[str],
        facts: Mapping[str, Facts],
        owners: Mapping[str, Sequence[Source]],
        apart: Callable[[str, str], bool],
        cache: Cache,
        prover: Prover,
    ) -> None:
        self._pictures = pictures
        self._facts = facts
        self._owners = owners
        self._apart = apart
        self._cache = cache
        self._prover = prover
        self._unproved: dict[tuple[str, str], Verdict] = {}

    def all_pairs(self, step: Step) -> dict[tuple[int, int], Verdict]:
        """Every pair that may be near, with what it is; those that are nothing are left out. Raises Stopped."""
        pairs = self._candidates()
        found = {}
        for done, (one, other) in enumerate(pairs):
            if step(done, len(pairs), "pairs compared"):
                raise Stopped
            verdict = self.verdict(one, other)
            if verdict.likeness >= FARTHEST:
                found[one, other] = verdict
        return found

    def _candidates(self) -> list[tuple[int, int]]:
        there, signs = [], []
        for number, sha256 in enumerate(self._pictures):
            with suppress(KeyError):  # it was deleted for ever since the look began
                signs.append(self._cache.signs(sha256))
                there.append(number)
        if not signs:
            return []
        hashes, words, twins, light = zip(*signs, strict=True)
        numbers = np.array(there, dtype=np.int64)
        found = candidates(
            Signs(
                np.concatenate(hashes),
                np.repeat(numbers, [len(one) for one in hashes]),
                np.concatenate(words),
                np.repeat(numbers, [len(one) for one in words]),
                np.array(twins, dtype=np.uint64),
                np.array(light),
            )
        )
        return [(int(one), int(other)) for one, other in found]

    def verdict(self, one: int, other: int) -> Verdict:
        """What the other is of the one."""
        first, second = self._pictures[one], self._pictures[other]
        if first == second:
            return EQUAL
        if self._apart(first, second):
            return Verdict()
        try:
            kept = self._unproved.get((first, second)) or self._cache.verdict(first, second)
            return kept or self._judged(first, second)
        except KeyError:  # one of them was deleted for ever since the look began
            return Verdict()

    def _judged(self, first: str, second: str) -> Verdict:
        verdict = self._compare(first, second)
        if verdict is None:
            # Another look may read the files that this one cannot, so nothing is kept.
            verdict = Verdict(str(Relation.UNPROVED), 1.0)
            self._unproved[first, second] = self._unproved[second, first] = verdict
        else:
            self._cache.put_verdict(first, second, verdict)
        return verdict

    def _compare(self, first: str, second: str) -> Verdict | None:
        """None where all speaks for the same picture and the files cannot be read to prove it."""
        found = compare(self._cache.look(first), self._cache.look(second))
        if found is None:
            return Verdict()
        likeness = max(0.0, min(1.0, found.likeness))
        if not found.may_be_same:
            return Verdict(str(found.relation), likeness)
        ours, theirs = ([source.path for source in self._owners[one]] for one in (first, second))
        proved = self._prover.same(self._facts[first], ours, self._facts[second], theirs)
        if proved is None:
            return None
        return Verdict(str(found.relation if proved.same else Relation.CHANGED), likeness, *proved)
