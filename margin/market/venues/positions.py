"""A venue's open positions as what can be taken over.

One account in one margin mode, every token and side once.

The venues' modules read the fields of a position; what may stand in one account together is decided
here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.accounts import Imported, LeftOut, Priced
from margin.market.venues.fields import Entry, entry, word
from margin.model.scenario import MOST_POSITIONS, MarginMode, Position, Side

_OTHER_MODE = "it is isolated and stands on a margin of its own, beside the cross account"
_SECOND = "it is a second position in that token on the same side"
_TOO_MANY = f"it comes after {MOST_POSITIONS} others, which is as many as an account holds here"


class VenuePosition(NamedTuple):
    """One open position in the venue's words: `what` it is called there, quantities in tokens.

    `isolated_margin` is what it holds of its own before profit and loss; None: it is in cross
    margin. `liquidation_price` is 0 or below where the venue says that there is none; None: it
    gives nothing.
    """

    what: str
    token: str
    side: Side
    quantity: float
    entry_price: float
    leverage: float
    mark: float
    isolated_margin: float | None = None
    liquidation_price: float | None = None


class TakenOver(NamedTuple):
    """What becomes of the legs.

    A `VenueAccount`'s positions and prices, and the isolated margins of them all.
    """

    margin_mode: MarginMode
    imported: Imported
    marks: dict[str, float]
    liquidation_prices: dict[Priced, float | None]
    isolated_margins: float


def read_legs(
    rows: Iterable[object], name: str, read: Callable[[Entry, str], VenuePosition | None]
) -> tuple[list[VenuePosition], list[LeftOut]]:
    """Return the open positions among a venue's rows, and those that stay out, with the reason.

    `name` is the key of what the venue calls it; `read` gives None for a position of no size and
    raises FieldError with the reason for one that stays out.
    """
    legs: list[VenuePosition] = []
    left_out: list[LeftOut] = []
    for index, row in enumerate(rows, 1):
        what = f"position {index}"
        try:
            held = entry(row)
            what = word(held, name) or what
            if leg := read(held, what):
                legs.append(leg)
        except FieldError as error:
            left_out.append(LeftOut(what, str(error)))
    return legs, left_out


def take_over(legs: Sequence[VenuePosition], left_out: Iterable[LeftOut] = ()) -> TakenOver:
    """Return the legs as one account: isolated where all are, else cross without the isolated ones.

    What cannot be a position is left out with its reason, after those that were left out already.
    """
    mode: MarginMode = (
        "isolated" if legs and all(leg.isolated_margin is not None for leg in legs) else "cross"
    )
    taken: dict[tuple[str, Side], tuple[VenuePosition, Position]] = {}
    outside = list(left_out)
    for leg in legs:
        position, reason = _position(leg, mode, taken)
        if position is None:
            outside.append(LeftOut(leg.what, reason))
        else:
            taken[leg.token, leg.side] = leg, position
    kept = [leg for leg, _ in taken.values()]
    return TakenOver(
        mode,
        Imported(tuple(position for _, position in taken.values()), tuple(outside)),
        {leg.token: leg.mark for leg in kept},
        _liquidation_prices(kept, mode),
        sum((leg.isolated_margin or 0.0 for leg in kept), 0.0),
    )


def _position(
    leg: VenuePosition,
    mode: MarginMode,
    taken: dict[tuple[str, Side], tuple[VenuePosition, Position]],
) -> tuple[Position | None, str]:
    """Return the position, or None and why it has to stay out."""
    if mode == "cross" and leg.isolated_margin is not None:
        return None, _OTHER_MODE
    if (leg.token, leg.side) in taken:
        return None, _SECOND
    if len(taken) == MOST_POSITIONS:
        return None, _TOO_MANY
    try:
        return Position(
            leg.token, leg.side, leg.quantity, leg.entry_price, leg.leverage, leg.isolated_margin
        ), ""
    except FieldError as error:
        return None, str(error)


def _liquidation_prices(
    legs: Sequence[VenuePosition], mode: MarginMode
) -> dict[Priced, float | None]:
    """Return in cross the legs of a hedge share a price.

    Where they are given two, the one nearer to the mark.
    """
    prices: dict[Priced, float | None] = {}
    for leg in legs:
        if leg.liquidation_price is None:
            continue
        of = leg.token, leg.side if mode == "isolated" else None
        price, held = leg.liquidation_price if leg.liquidation_price > 0 else None, prices.get(of)
        nearer = (
            price is not None and held is not None and abs(price - leg.mark) < abs(held - leg.mark)
        )
        if held is None or nearer:
            prices[of] = price
    return prices
