"""What a person supposes to go wrong at once: prices, the venue's rules, the cost of holding on.

Data, no effects.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Annotated, Any

from margin.model.symbols import by_tokens
from margin.validation import Check, number, read, record

BOUNDS: Mapping[str, Mapping[str, float]] = {
    "common": {"at_least": -1, "at_most": 10},
    "maintenance": {"at_least": 0, "at_most": 10},
    "leverage_cap": {"above": 0, "at_most": 1},
    "haircut": {"at_least": 0, "at_most": 1},
    "days": {"at_least": 0, "at_most": 365},
    "interest": {"at_least": 0, "at_most": 10},
    "moves": {"at_least": -1, "at_most": 10},
    "maintenance_by_token": {"at_least": 0, "at_most": 10},
    "funding": {"at_least": -1, "at_most": 1},
}
"""By field what its number may be, of a table each token's, as `errors.number` takes it."""
_TABLES = ("moves", "maintenance_by_token", "funding")


def _figure(name: str) -> Check:
    return number(**BOUNDS[name])


def _table(name: str) -> Check:
    return by_tokens(**BOUNDS[name])


@record
class Shocks:
    """Suppositions on top of a scenario; each alone changes nothing by default.

    `common` moves every token by its beta, −1 to 10, from the marks; `moves` are the price changes
    of tokens that go their own way instead. `maintenance` multiplies every maintenance rate, 0 to
    10, `maintenance_by_token` does so instead for those named; no rate goes above 1.
    `leverage_cap`, above 0 and to 1, multiplies the venue's leverage caps. `haircut`, 0 to 1, is
    the part by which every collateral ratio is cut. `funding` is what a long pays a short per token
    and day, as a fraction of the notional, −1 to 1; it runs for `days`, 0 to 365, as does
    `interest`, the annual rate on what wallet and open profit and loss in the settlement coin come
    to below 0, 0 to 10.

    Raises FieldError with the name of the field (`moves.RENDER`).
    """

    common: Annotated[float, _figure("common")] = 0.0
    moves: Annotated[Mapping[str, float], _table("moves")] = field(default_factory=dict)
    maintenance: Annotated[float, _figure("maintenance")] = 1.0
    maintenance_by_token: Annotated[Mapping[str, float], _table("maintenance_by_token")] = field(
        default_factory=dict
    )
    leverage_cap: Annotated[float, _figure("leverage_cap")] = 1.0
    haircut: Annotated[float, _figure("haircut")] = 0.0
    funding: Annotated[Mapping[str, float], _table("funding")] = field(default_factory=dict)
    days: Annotated[float, _figure("days")] = 0.0
    interest: Annotated[float, _figure("interest")] = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return only what differs from no shock."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        plain = {name: dict(value) if name in _TABLES else value for name, value in values.items()}
        return {name: value for name, value in plain.items() if values[name] != getattr(NONE, name)}

    @classmethod
    def from_json(cls, value: object) -> "Shocks":
        """Return the shocks of `to_json`; FieldError's paths start at the object's own root."""
        return read(cls, value)


NONE = Shocks()
"""Nothing supposed."""
