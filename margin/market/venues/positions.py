"""A venue's open positions as an account in one margin mode, with every token and side once.

The venues' modules parse the fields of a position; this module decides which positions fit into one
account.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.accounts import Imported, LeftOut, Priced
from margin.market.venues.fields import Entry, entry, text
from margin.model.scenario import MOST_POSITIONS, MarginMode, Position, Side

_OTHER_MODE = "it is isolated and stands on a margin of its own, beside the cross account"
_SECOND = "it is a second position in that token on the same side"
_TOO_MANY = f"it comes after {MOST_POSITIONS} others, which is as many as an account holds here"


class VenuePosition(NamedTuple):
    """An open position as its venue reports it, under the venue's name; quantities in tokens.

    `isolated_margin` is its margin before unrealised PnL, None in cross margin.
    `liquidation_price` is 0 or below where the venue says that there is none, None where it reports
    nothing.
    """

    name: str
    token: str
    side: Side
    quantity: float
    entry_price: float
    leverage: float
    mark: float
    isolated_margin: float | None = None
    liquidation_price: float | None = None


class AccountPositions(NamedTuple):
    """The positions and prices of a `VenueAccount`, and the sum of its isolated margins."""

    margin_mode: MarginMode
    imported: Imported
    marks: dict[str, float]
    liquidation_prices: dict[Priced, float | None]
    isolated_margins: float


def parse_positions(
    rows: Iterable[object], name_key: str, parse: Callable[[Entry, str], VenuePosition | None]
) -> tuple[list[VenuePosition], list[LeftOut]]:
    """Return the open positions of a venue's rows, and those that cannot be imported.

    `name_key` is the key of the venue's name of a position. `parse` returns None for a position of
    size 0 and raises FieldError with the reason why one cannot be imported.
    """
    positions: list[VenuePosition] = []
    skipped: list[LeftOut] = []
    for index, row in enumerate(rows, 1):
        name = f"position {index}"
        try:
            fields = entry(row)
            name = text(fields, name_key) or name
            if position := parse(fields, name):
                positions.append(position)
        except FieldError as error:
            skipped.append(LeftOut(name, str(error)))
    return positions, skipped


def combine_positions(
    positions: Sequence[VenuePosition], skipped: Iterable[LeftOut] = ()
) -> AccountPositions:
    """Return the positions as one account: isolated where all are, else the cross ones.

    Positions that do not fit are left out with the reason, after those `skipped` before.
    """
    isolated = positions and all(position.isolated_margin is not None for position in positions)
    mode: MarginMode = "isolated" if isolated else "cross"
    accepted: dict[tuple[str, Side], tuple[VenuePosition, Position]] = {}
    left_out = list(skipped)
    for candidate in positions:
        try:
            position = _accept(candidate, mode, accepted)
        except FieldError as error:
            left_out.append(LeftOut(candidate.name, str(error)))
        else:
            accepted[candidate.token, candidate.side] = candidate, position
    sources = [source for source, _ in accepted.values()]
    return AccountPositions(
        mode,
        Imported(tuple(position for _, position in accepted.values()), tuple(left_out)),
        {source.token: source.mark for source in sources},
        _liquidation_prices(sources, mode),
        sum((source.isolated_margin or 0.0 for source in sources), 0.0),
    )


def _accept(
    candidate: VenuePosition,
    mode: MarginMode,
    accepted: Mapping[tuple[str, Side], tuple[VenuePosition, Position]],
) -> Position:
    """Return the candidate as a position. Raises FieldError where it does not fit."""
    if mode == "cross" and candidate.isolated_margin is not None:
        raise FieldError("", _OTHER_MODE)
    if (candidate.token, candidate.side) in accepted:
        raise FieldError("", _SECOND)
    if len(accepted) == MOST_POSITIONS:
        raise FieldError("", _TOO_MANY)
    return Position(
        candidate.token,
        candidate.side,
        candidate.quantity,
        candidate.entry_price,
        candidate.leverage,
        candidate.isolated_margin,
    )


def _liquidation_prices(
    positions: Sequence[VenuePosition], mode: MarginMode
) -> dict[Priced, float | None]:
    """Return the liquidation prices by token and side, in cross by token and None."""
    prices: dict[Priced, float | None] = {}
    for position in positions:
        if position.liquidation_price is None:
            continue
        key = position.token, position.side if mode == "isolated" else None
        price = position.liquidation_price if position.liquidation_price > 0 else None
        prices[key] = _nearer(prices.get(key), price, position.mark)
    return prices


def _nearer(first: float | None, second: float | None, mark: float) -> float | None:
    """Return the price nearer to the mark: in cross the legs of a hedge share one price."""
    if first is None or second is None:
        return second if first is None else first
    return second if abs(second - mark) < abs(first - mark) else first
