"""The venue's own figures beside ours, in words: where they agree and what one side omits."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from margin import formatting as wording
from margin.studies.comparison.venue_figures import Beside, Key, Missing
from margin.text.figures import NAMES

_HOW: Mapping[Key, Callable[[float], str]] = {
    "equity": wording.money,
    "initial_margin": wording.money,
    "maintenance_margin": wording.money,
    "margin_ratio": wording.percent,
    "liquidation_price": wording.price,
}
_MISSING: Mapping[Missing, str] = {
    "none": "none",
    "not_reported": "not told",
    "no_tiers": "not known",
    "liquidated": "liquidated already",
}
_WHY_APART = (
    "prices moved between the answers, tables of another date, positions left out, or a rule read "
    "wrongly"
)


def label(pair: Beside) -> str:
    """Return the figure and what it is of: `Liquidation price TAO short`."""
    return f"{NAMES[pair.figure]} {pair.of}".rstrip()


def written(pair: Beside, figure: float | Missing) -> str:
    """Return one side's figure, or the word that stands in for it."""
    return _MISSING[figure] if isinstance(figure, str) else _HOW[pair.figure](figure)


class Agreement(NamedTuple):
    """What the pairs come to, a sentence each, empty where there is nothing to say.

    `apart`: figures that differ. `contradicted`: prices that one side gives and the other says are
    none. `one_sided`: figures that only one side has. `agreed`: that all others are the same.
    """

    apart: str
    contradicted: str
    one_sided: str
    agreed: str


def agreement(compared: Sequence[Beside], name: str) -> Agreement:
    """Return what differs between Tandem and the venue of this name, and what agrees."""
    apart = [label(pair) for pair in compared if pair.both and not pair.agrees]
    single = [pair for pair in compared if not pair.both and not pair.agrees]
    against = [_contradiction(pair, name) for pair in single if _contradicts(pair)]
    untold = [label(pair) for pair in single if not _contradicts(pair)]
    agreed = not apart and not against and any(pair.both for pair in compared)
    return Agreement(
        apart=f"More than 1% apart: {wording.listing(apart)}. Possible reasons: {_WHY_APART}."
        if apart
        else "",
        contradicted=f"{'; '.join(against)}." if against else "",
        one_sided=f"Told by one side alone, so not compared: {wording.listing(untold)}."
        if untold
        else "",
        agreed=f"Every figure {'that both tell ' if untold else ''}agrees within 1%."
        if agreed
        else "",
    )


def _contradicts(pair: Beside) -> bool:
    """Return whether one side gives a price where the other says there is none."""
    return pair.venue != "not_reported" and pair.ours != "no_tiers"


def _contradiction(pair: Beside, name: str) -> str:
    report = f"gives a liquidation price for {pair.of}"
    if pair.venue == "none":
        report = f"says that {pair.of} has no liquidation price"
    if pair.ours == "liquidated":
        return f"{name} {report} and by Tandem's figures it is liquidated already"
    return f"{name} {report} and Tandem finds {'none' if pair.ours == 'none' else 'one'}"
