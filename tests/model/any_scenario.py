"""Random scenarios in every shape that a link must carry.

Hypothesis strategies of scenario documents.
"""

from itertools import product
from typing import Any

from hypothesis import strategies as st

from margin.errors import SMALLEST, FieldError, or_zero
from margin.model.scenario import LONGEST_NOTE, LONGEST_TITLE, MARGIN_MODES, SIDES, Scenario
from margin.model.symbols import token
from margin.venues import VENUES

Document = dict[str, Any]

AWKWARD = (
    1e-30,
    1.2345678901234567e-27,
    1e-16,
    1e-7,
    0.1 + 0.2,
    2 / 3,
    1e5 / 3,
    123_456_789_012_345.67,
    1e15,
)
"""Positive numbers whose spelling is easily spoilt.

The tiniest, those with 17 digits, those with an exponent.
"""


def _typed(digits: int, power: int) -> float:
    return float(f"{digits}e{power}")


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers within bounds, none but 0 too small to be entered."""
    return st.floats(low, high).map(or_zero)


POSITIVE = (
    st.builds(_typed, st.integers(1, 99_999), st.integers(-9, 8))
    | st.sampled_from(AWKWARD)
    | st.floats(SMALLEST, 1e15)
)
AMOUNT = POSITIVE | POSITIVE.map(lambda value: -value) | st.just(0.0)
FRACTION = st.floats(SMALLEST, 1, exclude_max=True) | st.sampled_from([0.0005, 0.01, 0.5])
LEVERAGE = st.integers(1, 125).map(float) | st.floats(1, 1e15)


def _reads_as_itself(name: str) -> bool:
    try:
        return token(name, "symbol") == name
    except FieldError:
        return False


TOKEN = st.sampled_from(["RENDER", "FET", "TAO", "BTC", "USDT", "1000PEPE"]) | st.from_regex(
    r"[A-Z0-9]{1,15}", fullmatch=True
).filter(_reads_as_itself)

UNSEEN = "\ufffc\u115f\u1160\u2800\u3164\uffa0\U0001d159"
"""Letters and symbols that leave no trace."""
PLAIN = st.characters(exclude_categories=["C", "Zl", "Zp", "Mn", "Me"], exclude_characters=UNSEEN)
LOADED = st.sampled_from(["👩‍💻", "❤️", "e\u0301", *"+&#%~_=?;/\\\"'<> éЖ中文عברह🚀\u00a0"])
"""What means something in an address or in the link itself, and some of every script."""


def texts(longest: int, *, lines: bool = False) -> st.SearchStrategy[str]:
    """Any plain text up to a length, with line breaks where `lines`."""
    pieces = PLAIN | LOADED | st.just("\n") if lines else PLAIN | LOADED
    longest_piece = 3
    return st.lists(pieces, max_size=longest // longest_piece).map("".join) | st.text(
        PLAIN, min_size=longest, max_size=longest
    )


@st.composite
def tier_rows(draw: st.DrawFn, *, flat: bool) -> list[Document]:
    """The rows of a schedule of one to five tiers, or of one row cut out of a schedule."""
    if not flat and draw(st.booleans()):
        window = {
            "floor": draw(POSITIVE),
            "maintenance_rate": draw(FRACTION),
            "maintenance_amount": draw(POSITIVE),
        }
        return [{**window, "max_leverage": draw(st.none() | LEVERAGE), "cap": None}]
    floors = [0.0, *sorted(draw(st.lists(st.floats(SMALLEST, 1e14), max_size=4, unique=True)))]
    count = len(floors)
    rates = sorted(draw(st.lists(FRACTION, min_size=count, max_size=count)))
    most = sorted(draw(st.lists(LEVERAGE, min_size=count, max_size=count)), reverse=True)
    silent = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    rows = [
        {"floor": floor, "maintenance_rate": rate, "max_leverage": None if hidden else leverage}
        for floor, rate, leverage, hidden in zip(floors, rates, most, silent, strict=True)
    ]
    rows[-1]["cap"] = draw(st.none() | st.floats(max(SMALLEST, floors[-1]), 1e15, exclude_min=True))
    return rows


MOVE, PART = _numbers(-1, 10) | st.sampled_from([-0.3, 0.0, 1e-16, 1 / 3]), _numbers(0, 1)
FACTOR = _numbers(0, 10) | st.sampled_from([0.0, 1.0, 1.5])
SHOCKS = st.fixed_dictionaries(
    {},
    optional={
        "common": MOVE,
        "moves": st.dictionaries(TOKEN, MOVE, max_size=3),
        "maintenance": FACTOR,
        "maintenance_by_token": st.dictionaries(TOKEN, FACTOR, max_size=3),
        "leverage_cap": FRACTION | st.just(1.0),
        "haircut": PART,
        "funding": st.dictionaries(TOKEN, _numbers(-1, 1) | FRACTION, max_size=3),
        "days": st.integers(0, 365) | _numbers(0, 365),
        "interest": FACTOR,
    },
)


@st.composite
def _legs(draw: st.DrawFn, tokens: list[str]) -> list[Document]:
    sides = (
        draw(st.lists(st.sampled_from(list(product(tokens, SIDES))), max_size=12, unique=True))
        if tokens
        else []
    )
    return [
        {
            "symbol": symbol,
            "side": side,
            "quantity": draw(POSITIVE),
            "entry_price": draw(POSITIVE),
            "leverage": draw(LEVERAGE),
            "isolated_margin": draw(st.none() | POSITIVE),
        }
        for symbol, side in sides
    ]


def _isolated_margins(legs: list[Document]) -> float:
    opening = [leg["quantity"] * leg["entry_price"] / leg["leverage"] for leg in legs]
    return float(
        sum(leg["isolated_margin"] or margin for leg, margin in zip(legs, opening, strict=True))
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A valid scenario document, any of its optional keys given or not."""
    tokens = draw(st.lists(TOKEN, max_size=6, unique=True))
    legs = draw(_legs(tokens))
    pledged = draw(st.lists(st.sampled_from(tokens), max_size=3, unique=True)) if tokens else []
    venue, mode, wallet = (
        draw(st.sampled_from(sorted(VENUES))),
        draw(st.sampled_from(MARGIN_MODES)),
        draw(AMOUNT),
    )
    margins = _isolated_margins(legs)
    if mode == "isolated" and margins > wallet:
        mode, wallet = ("isolated", or_zero(margins)) if margins <= 1e15 else ("cross", wallet)
    levels = sorted(draw(st.lists(FRACTION, min_size=2, max_size=2, unique=True)))
    seen = st.fixed_dictionaries({"equity": st.none() | AMOUNT, "margin_ratio": st.none() | AMOUNT})
    optional: dict[str, st.SearchStrategy[Any]] = {
        "title": texts(LONGEST_TITLE),
        "note": texts(LONGEST_NOTE, lines=True),
        "betas": st.dictionaries(TOKEN, _numbers(-100, 100), max_size=4),
        "baseline_marks": st.dictionaries(TOKEN, POSITIVE, max_size=4),
        "levels": st.just({"warning": levels[0], "danger": levels[1]}),
        "taker_fee": st.just(0.0) | FRACTION,
        "settlement_rate": st.just(1.0) | FRACTION,
        "tiers": st.dictionaries(TOKEN, tier_rows(flat=VENUES[venue].flat_tiers), max_size=4),
        "contract_values": st.dictionaries(TOKEN, POSITIVE, max_size=4),
        "tiers_as_of": st.dates().map(str),
        "seen": seen,
        "shocks": SHOCKS,
        "textbook": st.fixed_dictionaries({"margin_fraction": FRACTION}),
    }
    return {
        "version": 1,
        "venue": venue,
        "margin_mode": mode,
        "wallet_balance": wallet,
        "positions": legs,
        "collateral": [
            {"asset": asset, "amount": draw(POSITIVE), "ratio": draw(FRACTION)} for asset in pledged
        ],
        "marks": {symbol: draw(st.just(0.0) | POSITIVE) for symbol in tokens},
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


SCENARIOS = documents().map(Scenario.from_json)
