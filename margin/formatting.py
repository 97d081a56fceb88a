"""Figures as people read them.

The same figure is written the same everywhere, on the page, in charts and in text.

Money is written with $ whatever the settlement coin (USDT, USDC); minus is −; None is a dash, never
a 0.
"""

from collections.abc import Iterable
from math import floor, isfinite, log10

MISSING = "–"
HALF_A_CENT = 0.005
"""Money below this is written as 0."""
NOTHING = 1e-9
"""What lies below this is rounding."""


def _signed(value: float, body: str) -> str:
    """Return the text with a true minus, and without one where everything shown is 0."""
    return f"−{body}" if value < 0 and any(digit in "123456789" for digit in body) else body


def money(value: float | None, *, sign: bool = False) -> str:
    """Return `$10,000.00`; from a million on without cents, below half a cent `$0.00`.

    `sign` writes + before a gain.
    """
    if value is None or not isfinite(value):
        return MISSING
    size = round(abs(value), 2)
    text = _signed(value, f"${size:,.0f}" if size >= 1e6 else f"${size:,.2f}")
    return f"+{text}" if sign and value > 0 and size else text


def percent(value: float | None, *, sign: bool = False) -> str:
    """Return a fraction as `16.50%`, from 1000% on without decimals.

    `sign` writes + before a gain.
    """
    if value is None or not isfinite(value):
        return MISSING
    size = round(abs(value) * 100, 2)
    text = _signed(value, f"{size:,.0f}%" if size >= 1000 else f"{size:.2f}%")
    return f"+{text}" if sign and value > 0 and size else text


def step(value: float) -> str:
    """Return a chosen move with its sign and without idle zeros: `−20%`, `+0.25%`, `0%`."""
    text = _signed(value, f"{abs(value) * 100:,.6g}%")
    return f"+{text}" if value > 0 else text


def price(value: float | None) -> str:
    """Return five significant digits, at least two decimals from 1,000 on.

    `71,202.90`, `1.4518`, `0.0064340`.
    """
    if value is None or not isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    decimals = max(2, 4 - floor(log10(abs(value)))) if abs(value) < 1e6 else 0
    return _signed(value, f"{abs(value):,.{min(decimals, 12)}f}")


def quantity(value: float | None) -> str:
    """Return a size in tokens, up to eight significant digits without idle zeros: `28,571.429`."""
    if value is None or not isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    decimals = min(12, max(0, 7 - floor(log10(abs(value)))))
    text = f"{abs(value):,.{decimals}f}"
    return _signed(value, text.rstrip("0").rstrip(".") if "." in text else text)


def multiple(value: float | None) -> str:
    """Return a leverage: `9.00×`."""
    return (
        MISSING if value is None or not isfinite(value) else _signed(value, f"{abs(value):,.2f}×")
    )


def rate(value: float | None) -> str:
    """Return a maintenance rate or fee as a percentage, six significant digits without idle zeros.

    `2.5%`, `0.055%`.
    """
    if value is None or not isfinite(value):
        return MISSING
    size = abs(value) * 100
    decimals = 5 - floor(log10(size)) if size >= NOTHING else 0
    text = f"{size:.{min(max(decimals, 0), 12)}f}"
    return _signed(value, f"{text.rstrip('0').rstrip('.') if '.' in text else text}%")


def capital(text: str) -> str:
    """Return a clause as a sentence begins, all but its first letter as it is."""
    return text[:1].upper() + text[1:]


FEW, MANY = 4, 12
"""Items that are named of a long list: in a line of its own, and in a sentence that explains."""


def capped(items: Iterable[str], most: int = MANY) -> list[str]:
    """Return the items, and of more than `most` the first and the number of the others.

    `6 more`.
    """
    whole = list(items)
    rest = len(whole) - most
    return [*whole[:most], f"{rest} more"] if rest > 0 else whole


def listing(items: list[str]) -> str:
    """Return `RENDER`, `RENDER and FET`, `RENDER, FET and TAO`."""
    return (
        items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
    )


def some(names: Iterable[str], most: int = 3) -> str:
    """Return names in a list, and of more than `most` the first and how many more."""
    return listing(capped(names, most))
