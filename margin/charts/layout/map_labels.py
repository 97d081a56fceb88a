"""Words on a map, beside their points or at the end of a thin line, where nothing else is.

How wide a map is drawn is for the reader's screen to say, so a place is free only if it is free at
every width.
"""

from collections.abc import Sequence
from html import escape
from math import hypot
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from margin.charts.layout import style
from margin.engine.numbers import Array

WIDTHS = np.array([280.0, 360.0, 480.0, 620.0, 800.0])
"""Pixels that a map may be wide, from a phone's to a desk's."""
LETTER, LINE, MARK = 6.6, 15.0, 6.0
"""Pixels of a letter and of a line of words, and half a mark's."""
NEAR = 12.0
"""Words further than this from their point have a line to it."""
CROSSING = 14.0
"""So much further off words may rather stand than cross a line, or have theirs cross other words.
"""

GAP = 4.0
"""Pixels between words beside each other, or two numbers would be read as one."""
ALONG = (0.35, 0.6, 0.85)
LINE_WIDTH = 2.0
"""Where on a line words are kept off it, and how wide it counts."""

Point = tuple[float, float]
Free = npt.NDArray[np.bool_]


class Place(NamedTuple):
    """Where words stand off their point: pixels right and up, and which part of theirs is there.

    `across` is 0 where they begin there, ½ where that is their middle and 1 where they end; `above`
    likewise from their lower edge on.
    """

    right: float
    up: float
    across: float
    above: float

    @property
    def away(self) -> float:
        """How far from their point the words stand."""
        return hypot(self.right, self.up)

    @property
    def far(self) -> bool:
        """Whether a line has to lead from there to the point."""
        return self.away > NEAR


ON = Place(0, 0, 0.5, 0.5)
BESIDE = (
    Place(7, 0, 0, 0.5),
    Place(-7, 0, 1, 0.5),
    Place(0, 7, 0.5, 0),
    Place(0, -7, 0.5, 1),
    Place(5, 4, 0, 0),
    Place(-5, 4, 1, 0),
    Place(5, -4, 0, 1),
    Place(-5, -4, 1, 1),
)
_TURNS = [np.pi * turn / 12 for turn in range(24)]
AROUND = tuple(
    Place(
        radius * np.cos(turn),
        radius * np.sin(turn),
        0.5 - 0.5 * np.sign(round(np.cos(turn), 1)),
        0.5,
    )
    for radius in (16, 24, 34, 46, 60, 76, 94, 114, 136, 160)
    for turn in _TURNS
)
"""Places right beside a point, and on rings around it, the nearest first."""


class _Written(NamedTuple):
    """Words that stand: the how-manieth of what is taken, where, and their annotation."""

    turn: int
    point: Point
    place: Place
    label: dict[str, Any]


class Labels:
    """The words of a map `height` pixels high, whose sides are moves in ascending order."""

    def __init__(
        self, first_moves: Array, second_moves: Array, height: float, marks: Sequence[Point]
    ) -> None:
        self._low = np.array([first_moves[0], second_moves[0]])
        self._wide = np.array([first_moves[-1], second_moves[-1]]) - self._low
        self._height = height
        self._written: dict[str, _Written] = {}
        self._words = self._lines = self._leads = np.empty((0, len(WIDTHS), 4))
        self._marks = self._boxes([(mark, ON) for mark in marks], 2 * MARK, 2 * MARK)

    @property
    def annotations(self) -> list[dict[str, Any]]:
        """The words as a chart's annotations."""
        return [written.label for written in self._written.values()]

    def inside(self, point: Point) -> bool:
        """Return whether the map shows the point."""
        share = (np.array(point) - self._low) / self._wide
        return bool(((share >= 0) & (share <= 1)).all())

    def write(
        self,
        words: str,
        spots: Sequence[tuple[Point, Place]],
        *,
        always: bool = False,
        bold: bool = False,
    ) -> None:
        """Write the words at the first free spot; without one only if `always`, at the first."""
        if not spots:
            return
        boxes = self._boxes(spots, LETTER * len(words), LINE)
        chosen = self._choose(spots, boxes)
        if chosen is None:
            if not always:
                return
            chosen = 0
        point, place = spots[chosen]
        text = f"<b>{escape(words)}</b>" if bold else escape(words)
        self._written[words] = _Written(
            len(self._words), point, place, _annotation(text, point, place)
        )
        self._words = np.concatenate([self._words, boxes[chosen : chosen + 1] + _AROUND_WORDS])
        if place.far:
            self._lines = np.concatenate([self._lines, self._line(point, place)])
            self._leads = np.concatenate([self._leads, self._lead(point, place)])

    def tell(self, words: str, text: str) -> None:
        """Have words that were written say more when they are pointed at."""
        if words in self._written:
            self._written[words].label["hovertext"] = text

    def lengthen(self, words: str, more: str) -> None:
        """Follow words right beside their point by more where there is room."""
        written = self._written.get(words)
        if written is None or written.place.far:
            return
        box = self._boxes([(written.point, written.place)], LETTER * len(f"{words} {more}"), LINE)
        others = np.delete(self._words, written.turn, axis=0)
        if self._free(box, np.concatenate([self._marks, self._lines, others]))[0]:
            self._words[written.turn] = box[0] + _AROUND_WORDS
            written.label["text"] += f" {escape(more)}"

    def _choose(self, spots: Sequence[tuple[Point, Place]], boxes: Array) -> int | None:
        """Return the first free spot, or a later one that crosses fewer lines."""
        free = np.flatnonzero(
            self._free(boxes, np.concatenate([self._marks, self._words]))
        ).tolist()
        clear, best, least = self._free(boxes, self._lines), None, np.inf
        for index in free:
            point, place = spots[index]
            if place.away >= least:
                break
            crossed = self._crossed(point, place) if place.far else 0
            cost = place.away + CROSSING * (
                2 - clear[index] - self._reached(point, place) + crossed
            )
            if cost < least:
                best, least = index, cost
        return best

    def _line(self, point: Point, place: Place) -> Array:
        """Return what the line from words to their point takes, but for its end at the point."""
        spots = [(point, Place(share * place.right, share * place.up, 0.5, 0.5)) for share in ALONG]
        return self._boxes(spots, LINE_WIDTH, LINE_WIDTH)

    def _lead(self, point: Point, place: Place) -> Array:
        """Return the line from words to their point, both ends in pixels; shape (1, widths, 4)."""
        ends = self._boxes([(point, ON), (point, Place(place.right, place.up, 0.5, 0.5))], 0.0, 0.0)
        return np.concatenate([ends[:1, :, :2], ends[1:, :, :2]], axis=-1)

    def _crossed(self, point: Point, place: Place) -> int:
        """Return how many lines a line from words there would cross at some width."""
        if not len(self._leads):
            return 0
        ours, theirs = self._lead(point, place), self._leads
        apart = _side(theirs, ours[..., :2]) * _side(theirs, ours[..., 2:])
        across = _side(ours, theirs[..., :2]) * _side(ours, theirs[..., 2:])
        return int(((apart < 0) & (across < 0)).any(axis=1).sum())

    def _reached(self, point: Point, place: Place) -> bool:
        """Return whether a line from words there reaches their point without crossing others."""
        return not place.far or bool(self._free(self._line(point, place), self._words).all())

    def _boxes(self, spots: Sequence[tuple[Point, Place]], width: float, height: float) -> Array:
        """Return the boxes of words per spot: left, low, right, high; shape (spots, widths, 4)."""
        shares = (np.array([point for point, _ in spots]) - self._low) / self._wide
        right, up, across, above = np.array([place for _, place in spots]).T
        left = np.multiply.outer(shares[:, 0], WIDTHS) + (right - across * width)[:, None]
        low = np.broadcast_to(
            (shares[:, 1] * self._height + up - above * height)[:, None], left.shape
        )
        return np.stack([left, low, left + width, low + height], axis=-1)

    def _free(self, boxes: Array, occupied: Array) -> Free:
        """Return which of the boxes lie within the map at every width and on nothing taken."""
        left, low, right, high = np.moveaxis(boxes, -1, 0)
        free = (
            np.all((left >= 0) & (right <= WIDTHS), axis=1)
            & (low[:, 0] >= 0)
            & (high[:, 0] <= self._height)
        )
        ours, theirs = np.nonzero(
            free[:, None] & (low[:, :1] < occupied[:, 0, 3]) & (occupied[:, 0, 1] < high[:, :1])
        )  # Heights are the same at every width.
        meets = (left[ours] < occupied[theirs, :, 2]) & (occupied[theirs, :, 0] < right[ours])
        free[ours[meets.any(axis=1)]] = False
        return np.asarray(free)


_AROUND_WORDS = np.array([-GAP, 0.0, GAP, 0.0])


def _side(lines: Array, points: Array) -> Array:
    """Return the side of lines (…, 4) on which points (…, 2) lie: positive, negative or 0 on it."""
    along, off = lines[..., 2:] - lines[..., :2], points - lines[..., :2]
    return np.asarray(along[..., 0] * off[..., 1] - along[..., 1] * off[..., 0])


def _annotation(text: str, point: Point, place: Place) -> dict[str, Any]:
    """Return words off a point, with a thin line to it unless they stand right beside it."""
    anchors = {
        "xanchor": {0.0: "left", 0.5: "center", 1.0: "right"}[place.across],
        "yanchor": {0.0: "bottom", 0.5: "middle", 1.0: "top"}[place.above],
    }
    label = {
        "text": text,
        "x": point[0] * 100,
        "y": point[1] * 100,
        "font": {"color": style.INK, "size": 12},
        **anchors,
    }
    if not place.far:
        return {**label, "showarrow": False, "xshift": place.right, "yshift": place.up}
    line = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": style.QUIET, "showarrow": True}
    return {**label, **line, "ax": place.right, "ay": -place.up}
