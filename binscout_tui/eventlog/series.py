"""A curve of bounded size, however long the run is."""

from __future__ import annotations

POINT_LIMIT = 500

Point = tuple[float, float]


class Series:
    """Means of `stride` neighbouring samples each; the stride doubles whenever the limit is reached.

    Every sample weighs the same, memory is at most `limit` points, and adding is O(1) on average.
    """

    def __init__(self, limit: int = POINT_LIMIT) -> None:
        if limit < 2 or limit % 2:
            raise ValueError("the limit must be an even number of points, 2 or more")
        self._limit = limit
        self._stride = 1
        self._points: list[Point] = []
        self._sum = (0.0, 0.0)
        self._count = 0

    def add(self, x: float, y: float) -> None:
        """Append one sample."""
        self._sum = (self._sum[0] + x, self._sum[1] + y)
        self._count += 1
        if self._count == self._stride:
            self._points.append((self._sum[0] / self._count, self._sum[1] / self._count))
            self._sum, self._count = (0.0, 0.0), 0
            if len(self._points) == self._limit:
                self._halve()

    def points(self) -> tuple[Point, ...]:
        """The curve so far, at most `limit` points; the last one may stand for fewer samples."""
        if not self._count:
            return tuple(self._points)
        return (*self._points, (self._sum[0] / self._count, self._sum[1] / self._count))

    def _halve(self) -> None:
        pairs = zip(self._points[::2], self._points[1::2], strict=True)
        self._points = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairs]
        self._stride *= 2
