"""Which token a written symbol means, and what became of tokens that are no more."""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from margin import errors
from margin.errors import FieldError, join, keyed, quoted, shown
from margin.validation import Check, number

_TOKEN = re.compile(r"[A-Z0-9]{1,15}")
_VENUE_SPELLING = re.compile(
    r"(?P<token>[A-Z0-9]+?)"
    # RENDERUSDT, RENDER/USDT:USDT, …-SWAP
    r"(?:[-/_]?(?:USDT|USDC)(?::(?:USDT|USDC))?(?:-SWAP)?|-USD-PERP|-PERP)"
)
RENAMED: Mapping[str, str] = {"RNDR": "RENDER"}
MERGED: Mapping[str, float] = {"AGIX": 0.433350, "OCEAN": 0.433226}
"""Tokens that were exchanged for FET in June and July 2024, with the FET given for one."""
STABLECOINS = frozenset(
    {
        *("USDT", "USDC", "FDUSD", "DAI", "USDE", "TUSD", "BUSD", "PYUSD", "USDS", "USD1", "USD"),
        *("USDG", "USDH", "BFUSD", "BNFCR"),
    }
)
"""Coins worth a dollar; BFUSD and BNFCR are what Binance keeps in a futures wallet instead of one.
"""

MOST_TOKENS = 250
"""Tokens of one scenario: of as many positions and as much collateral as it holds."""

Value = TypeVar("Value")


def token(value: object, path: str) -> str:
    """Return the token that a symbol means.

    `RENDERUSDT`, `RENDER/USDT:USDT`, `RENDER-USDT-SWAP` and `RNDR` are RENDER.

    Raises FieldError for what is no symbol, and for AGIX and OCEAN with the sentence of what became
    of them.
    """
    if not isinstance(value, str) or len(value) > 40:
        raise FieldError(path, f"must be a token such as RENDER, got {shown(value)}")
    name = value.strip().upper()
    while spelling := _VENUE_SPELLING.fullmatch(
        name
    ):  # Until it is stable: a token reads back as itself.
        name = spelling["token"]
    if not value.isascii() or not _TOKEN.fullmatch(name):
        raise FieldError(
            path,
            f"must be a token of up to 15 letters A-Z and digits, such as RENDER, got "
            f"{shown(value)}",
        )
    if name in MERGED:
        raise FieldError(
            path,
            f"{name} merged into FET in June-July 2024 (1 {name} = {MERGED[name]:.6f} FET) and its "
            f"perpetual is gone",
            "enter the FET instead",
        )
    return RENAMED.get(name, name)


def by_token(values: Mapping[str, Value], path: str) -> dict[str, Value]:
    """Return the same entries under their tokens' names; refuses two spellings of one token."""
    result: dict[str, Value] = {}
    for key, value in values.items():
        name = token(key, join(path, quoted(key)))
        if name in result:
            raise FieldError(join(path, name), "is given twice")
        result[name] = value
    return result


def numbers_by_token(
    values: object, path: str, *, most: int, **bounds: float
) -> Mapping[str, float]:
    """Return a read-only table of at most `most` bounded numbers, by token."""
    entries = by_token(keyed(values, path, most=most), path)
    return MappingProxyType(
        {name: errors.number(value, join(path, name), **bounds) for name, value in entries.items()}
    )


TOKEN = Check(partial(token, path=""), {"type": "string", "maxLength": 40})


def by_tokens(**bounds: float) -> Check:
    """Return the check of a table of bounded numbers by token."""
    table = partial(numbers_by_token, path="", most=MOST_TOKENS, **bounds)
    return Check(table, {"type": "object", "additionalProperties": number(**bounds).schema})
