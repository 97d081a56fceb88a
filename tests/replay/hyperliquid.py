"""Hyperliquid as it answers.

POST /info told apart by its type, the shapes of its documentation, the book's figures.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.replay.figures import ADDRESS, PERIODS, Book, Told
from tests.replay.server import Asked, Replay, Reply

HOST = "api.hyperliquid.xyz"
PATH = "/info"
BROKEN = "IOTX"
"""A token whose rows are all of the wrong types."""
DECIMALS = {"BTC": 5, "ETH": 4, "SOL": 2, "TAO": 3}
"""Of sizes; one for all other assets."""
FIRST_TABLE = 51
"""The number of the first margin table of several tiers."""
MOST_PAYMENTS, MOST_CANDLES = 500, 5000
TRADED = 1200
"""Periods that the venue remembers."""
_REMEMBERED = 2000

Answers = dict[str, Callable[[Mapping[str, Any]], Any]]
"""By the type of the request, from its body."""


def install(replay: Replay, book: Book) -> None:
    """Registers every answer."""
    serve(replay, answers(book))


def serve(replay: Replay, by_type: Answers) -> None:
    """Answers each type of request; another is refused as the venue does."""

    def answer(asked: Asked) -> Any:
        body = json.loads(asked.body)
        kind = body.get("type")
        if kind not in by_type:
            return Reply("Failed to deserialize the JSON body into the target type", 422)
        return by_type[kind](body)

    replay.serve(HOST, "POST", PATH, answer)


def answers(book: Book) -> Answers:
    """What the venue answers."""
    return {
        "meta": lambda _: meta(book),
        "metaAndAssetCtxs": lambda _: [meta(book), contexts(book)],
        "fundingHistory": lambda body: _funding(book, body),
        "candleSnapshot": lambda body: _candles(book, body["req"]),
        "userAbstraction": lambda _: Reply('"default"'),
        "clearinghouseState": lambda body: state(book) if body["user"] == ADDRESS else _nothing(),
        "spotClearinghouseState": lambda _: {"balances": []},
        "userFees": lambda _: {
            "dailyUserVlm": [],
            "userCrossRate": text(book.taker_fee),
            "userAddRate": "0.00012",
        },
    }


def text(value: float) -> str:
    """A figure as the venue writes it."""
    return format(Decimal(repr(value)), "f")


def usd(value: float) -> str:
    """An amount as the venue writes it: to six decimals."""
    return text(round(value, 6))


def meta(book: Book) -> dict[str, Any]:
    """The assets, a delisted and a broken one among them, and the tables of more than one tier."""
    tables = _tables(book)
    universe = [
        {
            "name": token,
            "szDecimals": DECIMALS.get(token, 1),
            "maxLeverage": rows[0]["max_leverage"],
            "marginTableId": tables[_key(rows)] if len(rows) > 1 else rows[0]["max_leverage"],
        }
        for token, rows in book.tiers["hyperliquid"].items()
    ]
    delisted = {
        "name": "HPOS",
        "szDecimals": 0,
        "maxLeverage": 3,
        "marginTableId": 3,
        "isDelisted": True,
    }
    broken = {"name": BROKEN, "szDecimals": "none", "maxLeverage": [3], "marginTableId": None}
    return {
        "universe": [*universe[:1], delisted, broken, *universe[1:]],
        "marginTables": [[number, _table(key)] for key, number in tables.items()],
        "collateralToken": 0,
    }


def _key(rows: list[dict[str, Any]]) -> tuple[tuple[float, float], ...]:
    return tuple((row["floor"], row["max_leverage"]) for row in rows)


def _tables(book: Book) -> dict[tuple[tuple[float, float], ...], int]:
    keys = dict.fromkeys(_key(rows) for rows in book.tiers["hyperliquid"].values() if len(rows) > 1)
    return {key: FIRST_TABLE + number for number, key in enumerate(keys)}


def _table(key: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    tiers = [
        {"lowerBound": f"{floor:.1f}", "maxLeverage": int(leverage)} for floor, leverage in key
    ]
    return {"description": f"tiered {key[0][1]:g}x", "marginTiers": tiers}


def contexts(book: Book) -> list[Any]:
    """The assets' present figures, in the order of the universe."""
    return [_context(book, asset["name"]) for asset in meta(book)["universe"]]


def _context(book: Book, token: str) -> dict[str, Any]:
    if token == BROKEN:
        return {"markPx": {}, "oraclePx": "0.02", "funding": "0.0"}
    mark = book.marks.get(token, 0.0)
    return {
        "dayNtlVlm": "1169046.29",
        "funding": text(book.rates.get(token, 0.0)),
        "impactPxs": None,
        "markPx": text(mark),
        "midPx": None if not mark else text(mark),
        "openInterest": "688.11",
        "oraclePx": text(book.index(token)) if mark else "0.0",
        "premium": "0.00031774",
        "prevDayPx": text(mark * 0.99),
    }


def _funding(book: Book, body: Mapping[str, Any]) -> Any:
    """The first payments from a time on, oldest first, no more than the venue gives at once."""
    if body["coin"] not in book.tokens("hyperliquid"):
        return Reply("null", 500)
    rows = [
        {"coin": body["coin"], "fundingRate": text(rate), "premium": "0.0001", "time": time + 31}
        for time, rate in book.funding(body["coin"], _REMEMBERED, hours=1)
    ]
    return [row for row in rows if row["time"] >= body["startTime"]][:MOST_PAYMENTS]


def _candles(book: Book, asked: Mapping[str, Any]) -> Any:
    if asked["coin"] not in book.tokens("hyperliquid"):
        return Reply("null", 500)
    interval: Any = asked["interval"]
    rows = [
        {
            **dict(zip("ohlc", map(text, prices), strict=True)),
            **{
                "T": time + PERIODS[interval] - 1,
                "i": interval,
                "n": 46,
                "s": asked["coin"],
                "t": time,
                "v": "591.6",
            },
        }
        for time, prices in book.candles(asked["coin"], interval, TRADED)
    ]
    return [row for row in rows if asked["startTime"] <= row["t"] <= asked["endTime"]][
        -MOST_CANDLES:
    ]


def state(book: Book) -> dict[str, Any]:
    """The account's perpetuals: cross margin, and all with what is isolated."""
    cross = book.assessment(
        "hyperliquid", [leg for leg in book.legs if leg.isolated_margin is None]
    )
    told = book.told("hyperliquid")
    isolated = [one for one in told if one.leg.isolated_margin is not None]
    in_margins = (
        sum(one.leg.isolated_margin for one in isolated) if len(isolated) == len(told) else 0.0
    )
    value = cross.equity - in_margins
    alone = sum(one.leg.isolated_margin + one.figures.unrealised_pnl for one in isolated)
    return {
        "assetPositions": [{"type": "oneWay", "position": position(book, one)} for one in told],
        "crossMaintenanceMarginUsed": usd(cross.maintenance_margin),
        "crossMarginSummary": _summary(value, cross.initial_margin),
        "marginSummary": _summary(value + alone, cross.initial_margin + alone),
        "time": book.clock(),
        "withdrawable": usd(max(0.0, cross.available_balance)),
    }


def _summary(value: float, used: float) -> dict[str, str]:
    return {
        "accountValue": usd(value),
        "totalMarginUsed": usd(used),
        "totalNtlPos": "0.0",
        "totalRawUsd": "0.0",
    }


def position(book: Book, told: Told, **changes: Any) -> dict[str, Any]:
    """One position; the margin of an isolated one has its profit in it."""
    leg, figures = told.leg, told.figures
    isolated = leg.isolated_margin is not None
    sign = 1 if leg.side == "long" else -1
    price = told.liquidation_price
    value = Decimal(repr(leg.quantity)) * Decimal(repr(book.marks[leg.token]))
    return {
        "coin": leg.token,
        "cumFunding": {"allTime": "514.085417", "sinceChange": "0.0", "sinceOpen": "0.0"},
        "entryPx": text(leg.entry_price),
        "leverage": {"type": "isolated" if isolated else "cross", "value": int(leg.leverage)},
        "liquidationPx": None if price is None else text(price),
        "marginUsed": usd(
            leg.isolated_margin + figures.unrealised_pnl if isolated else figures.initial_margin
        ),
        "maxLeverage": int(figures.max_leverage or 50),
        "positionValue": format(value, "f"),
        "returnOnEquity": "-0.0026789",
        "szi": text(sign * leg.quantity),
        "unrealizedPnl": usd(figures.unrealised_pnl),
        **changes,
    }


def _nothing() -> dict[str, Any]:
    """The account of a wallet that the exchange does not know."""
    empty = _summary(0.0, 0.0)
    return {
        "assetPositions": [],
        "crossMaintenanceMarginUsed": "0.0",
        "crossMarginSummary": empty,
        "marginSummary": empty,
        "withdrawable": "0.0",
    }


def unified(book: Book, *, held_elsewhere: float = 0.0) -> Answers:
    """The answers for a unified account.

    Its spot USDC holds the margins and profits of all positions.
    """
    perpetuals = state(book)
    total = Decimal(perpetuals["marginSummary"]["accountValue"])
    claims = (
        Decimal(perpetuals["crossMaintenanceMarginUsed"])
        + total
        - Decimal(perpetuals["crossMarginSummary"]["accountValue"])
        + Decimal(repr(held_elsewhere))
    )
    spot = {
        "balances": [
            {"coin": "PURR", "token": 1, "hold": "0.0", "total": "2000.0", "entryNtl": "1234.56"},
            {"coin": "USDC", "token": 0, "hold": "0.0", "total": f"{total:f}", "entryNtl": "0.0"},
        ],
        "tokenToAvailableAfterMaintenance": [[0, f"{total - claims:f}"]],
    }
    nothing = _summary(0.0, 0.0)
    return {
        **answers(book),
        "userAbstraction": lambda _: Reply('"unifiedAccount"'),
        "clearinghouseState": lambda _: {
            **perpetuals,
            "crossMarginSummary": nothing,
            "marginSummary": nothing,
        },
        "spotClearinghouseState": lambda _: spot,
    }
