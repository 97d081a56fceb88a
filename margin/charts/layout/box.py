"""Rectangles that words take on a chart, in whatever units its axes have."""

from typing import NamedTuple

from margin.engine.numbers import Array


class Box(NamedTuple):
    """A rectangle; with a NaN for a side it overlaps nothing."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Return whether they overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def inside(self, other: "Box") -> bool:
        """Return whether it lies within the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top

    def holds(self, points: Array) -> bool:
        """Return whether any of the points, shape (points, 2), lies in it."""
        x, y = points.T
        return bool(((self.left < x) & (x < self.right) & (self.bottom < y) & (y < self.top)).any())
