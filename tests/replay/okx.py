"""OKX as it answers: API v5, the shapes of its documentation, the figures of the book."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.replay.figures import HOUR, KEY, Book, Told
from tests.replay.server import Answer, Asked, Replay, Reply

HOST = "www.okx.com"
INSTRUMENTS = "/api/v5/public/instruments"
MARKS = "/api/v5/public/mark-price"
INDICES = "/api/v5/market/index-tickers"
FUNDING = "/api/v5/public/funding-rate"
TIERS = "/api/v5/public/position-tiers"
PAST_FUNDING = "/api/v5/public/funding-rate-history"
CANDLES = "/api/v5/market/candles"
EARLIER_CANDLES = "/api/v5/market/history-candles"
CONFIG = "/api/v5/account/config"
BALANCE = "/api/v5/account/balance"
POSITIONS = "/api/v5/account/positions"
FEES = "/api/v5/account/trade-fee"

BROKEN = "IOTX"
"""A token whose rows are all of the wrong types."""
TICK, LOT = "0.0001", "0.1"
"""Of every instrument: in USDT, and in contracts."""
PAID, TRADED = 450, 700
"""Payments and periods that the venue remembers."""
_PATIENCE = 30_000
_TIMEFRAMES = {"1Dutc": "1d", "1H": "1h"}


def install(replay: Replay, book: Book) -> None:
    """Registers every answer."""
    public: Mapping[str, Answer] = {
        "/api/v5/public/time": lambda _: ok([{"ts": str(book.clock())}]),
        INSTRUMENTS: lambda _: ok(instruments(book)),
        MARKS: lambda _: ok(marks(book)),
        INDICES: lambda asked: ok(_indices(book) if asked.query.get("quoteCcy") == "USDT" else []),
        FUNDING: lambda asked: ok(funding(book) if asked.query.get("instId") == "ANY" else []),
        TIERS: lambda asked: _of_token(asked, "instFamily", "-USDT", book, tiers),
        PAST_FUNDING: lambda asked: _of_token(
            asked,
            "instId",
            "-USDT-SWAP",
            book,
            lambda *of: _page(asked, 100, _past_funding(*of), "fundingTime"),
        ),
        CANDLES: lambda asked: _candles(asked, book, 300),
        EARLIER_CANDLES: lambda asked: _candles(asked, book, 100),
    }
    signed: Mapping[str, Callable[[], list[Any]]] = {
        CONFIG: lambda: [config(book)],
        BALANCE: lambda: [balance(book)],
        POSITIONS: lambda: positions(book),
        FEES: lambda: [fees(book)],
    }
    for path, answer in public.items():
        replay.serve(HOST, "GET", path, answer)
    for path, rows in signed.items():
        replay.serve(
            HOST, "GET", path, lambda asked, rows=rows: _refusal(asked, book) or ok(rows())
        )


def ok(rows: Iterable[Any]) -> dict[str, Any]:
    """An answer."""
    return {"code": "0", "data": list(rows), "msg": ""}


def failure(code: str, message: str, status: int = 200) -> Reply:
    """An error."""
    return Reply({"code": code, "data": [], "msg": message}, status)


def text(value: float) -> str:
    """A figure as the venue writes it."""
    return format(Decimal(repr(value)), "f")


def instrument(token: str, **changes: Any) -> dict[str, Any]:
    """A linear swap in USDT of one token a contract."""
    return {
        **dict.fromkeys(
            ("alias", "baseCcy", "expTime", "maxMktAmt", "optType", "quoteCcy", "stk"), ""
        ),
        "category": "1",
        "contTdSwTime": "1704876947000",
        "ctMult": "1",
        "ctType": "linear",
        "ctVal": "1",
        "ctValCcy": token,
        "instFamily": f"{token}-USDT",
        "instId": f"{token}-USDT-SWAP",
        "instType": "SWAP",
        "lever": "50",
        "listTime": "1704876947000",
        "lotSz": LOT,
        "maxLmtSz": "100000000",
        "minSz": LOT,
        "ruleType": "normal",
        "settleCcy": "USDT",
        "state": "live",
        "tickSz": TICK,
        "uly": f"{token}-USDT",
        **changes,
    }


def instruments(book: Book) -> list[Any]:
    """What trades, and what must not count.

    Suspended, other kinds and coins, announced, merged away, broken.
    """
    inverse = {
        "ctType": "inverse",
        "settleCcy": "BTC",
        "instId": "BTC-USD-SWAP",
        "instFamily": "BTC-USD",
    }
    in_usdc = {"settleCcy": "USDC", "instId": "BTC-USDC-SWAP", "instFamily": "BTC-USDC"}
    dated = {"instType": "FUTURES", "instId": "BTC-USDT-261225", "alias": "quarter"}
    return [
        instrument("BTC", **inverse, ctVal="100", ctValCcy="USD"),
        instrument("BTC", **in_usdc),
        instrument("BTC", **dated),
        instrument("FET", state="suspend"),
        {"instId": "HNT-USDT-SWAP", "instType": "SWAP", "state": "preopen"},
        instrument("AGIX"),
        instrument(BROKEN, ctVal="one"),
        *(
            instrument(token, ctVal=text(book.contract("okx", token).contract_value))
            for token in book.tokens("okx")
        ),
    ]


def marks(book: Book) -> list[Any]:
    """Mark prices, of coin-margined and suspended swaps too."""
    now = str(book.clock())
    prices = {f"{token}-USDT-SWAP": book.marks[token] for token in book.tokens("okx")}
    others = {
        "BTC-USD-SWAP": book.marks["BTC"],
        "BTC-USDC-SWAP": book.marks["BTC"],
        "AGIX-USDT-SWAP": 0.4,
    }
    return [
        {"instId": f"{BROKEN}-USDT-SWAP", "instType": "SWAP", "markPx": ["0.02"], "ts": now},
        *(
            {"instId": name, "instType": "SWAP", "markPx": text(price), "ts": now}
            for name, price in {**others, **prices}.items()
        ),
    ]


def _indices(book: Book) -> list[Any]:
    return [
        {
            "instId": f"{token}-USDT",
            "idxPx": text(book.index(token)),
            "high24h": text(book.index(token) * 1.02),
            "low24h": text(book.index(token) * 0.98),
            "ts": str(book.clock()),
        }
        for token in book.tokens("okx")
    ]


def funding(book: Book) -> list[Any]:
    """Present funding of every swap."""
    return [_funding(book, token) for token in book.tokens("okx")]


def _funding(book: Book, token: str) -> dict[str, Any]:
    due = book.next_funding(token)
    return {
        "formulaType": "withRate",
        "fundingRate": text(book.rates[token]),
        "fundingTime": str(due),
        "instId": f"{token}-USDT-SWAP",
        "instType": "SWAP",
        "interestRate": "0.0001",
        "maxFundingRate": "0.00375",
        "method": "current_period",
        "minFundingRate": "-0.00375",
        "nextFundingRate": "",
        "nextFundingTime": str(due + book.intervals[token] * HOUR),
        "settFundingRate": "0.0000125",
        "settState": "settled",
        "ts": str(book.clock()),
    }


def _of_token(
    asked: Asked, key: str, suffix: str, book: Book, rows: Callable[[Book, str], Iterable[Any]]
) -> dict[str, Any] | Reply:
    token = asked.query.get(key, "").removesuffix(suffix)
    if token not in book.tokens("okx"):
        return failure("51000", f"Parameter {key} error", 400)
    return ok(rows(book, token))


def tiers(book: Book, token: str) -> list[dict[str, Any]]:
    """Position tiers: each begins one contract above the end of the one before."""
    return [
        {
            **dict.fromkeys(("baseMaxLoan", "instId", "quoteMaxLoan"), ""),
            "imr": text(1 / row["max_leverage"]),
            "instFamily": f"{token}-USDT",
            "maxLever": text(row["max_leverage"]),
            "maxSz": text(row["cap"]),
            "minSz": text(row["floor"] + 1 if row["floor"] else 0),
            "mmr": text(row["maintenance_rate"]),
            "optMgnFactor": "0",
            "tier": str(number),
            "uly": f"{token}-USDT",
        }
        for number, row in enumerate(book.tiers["okx"][token], 1)
    ]


def _past_funding(book: Book, token: str) -> list[dict[str, Any]]:
    """Newest first; the rate that was announced is another than the one that was paid."""
    rows = [
        {
            "formulaType": "withRate",
            "fundingRate": text(rate + 0.00001),
            "fundingTime": str(time),
            "instId": f"{token}-USDT-SWAP",
            "instType": "SWAP",
            "method": "current_period",
            "realizedRate": text(rate),
        }
        for time, rate in book.funding(token, PAID)
    ]
    return rows[::-1]


def _candles(asked: Asked, book: Book, most: int) -> dict[str, Any] | Reply:
    timeframe: Any = _TIMEFRAMES[asked.query["bar"]]

    def rows(book: Book, token: str) -> Iterable[Any]:
        periods = list(book.candles(token, timeframe, TRADED))[::-1]
        volumes = ["1203", "1203", "2105.25"]
        lines = [[str(time), *map(text, prices), *volumes, "1"] for time, prices in periods]
        lines[0][-1] = "0"
        return _page(asked, most, lines, 0)

    return _of_token(asked, "instId", "-USDT-SWAP", book, rows)


def _page(asked: Asked, most: int, rows: list[Any], time: Any) -> list[Any]:
    """The latest rows before `after`, no more than the venue gives at once."""
    after = int(asked.query.get("after", 1 << 62))
    return [row for row in rows if int(row[time]) < after][
        : min(most, int(asked.query.get("limit", 100)))
    ]


def _refusal(asked: Asked, book: Book) -> Reply | None:
    """What a signed request is refused with; None for one that is in order."""
    sent = {name.upper(): value for name, value in asked.headers.items()}
    if sent.get("OK-ACCESS-KEY") != KEY.api_key:
        return failure("50111", "Invalid OK-ACCESS-KEY", 401)
    if sent.get("OK-ACCESS-PASSPHRASE") != KEY.passphrase:
        return failure("50105", "Request header OK-ACCESS-PASSPHRASE incorrect", 401)
    stamp = sent.get("OK-ACCESS-TIMESTAMP", "")
    if abs(datetime.fromisoformat(stamp).timestamp() * 1000 - book.clock()) > _PATIENCE:
        return failure("50102", "Timestamp request expired", 401)
    query = f"?{urlencode(asked.query)}" if asked.query else ""
    signed = f"{stamp}{asked.method}{asked.path}{query}".encode()
    expected = base64.b64encode(hmac.digest(KEY.secret.encode(), signed, hashlib.sha256)).decode()
    return None if sent.get("OK-ACCESS-SIGN") == expected else failure("50113", "Invalid Sign", 401)


def config(book: Book, **changes: Any) -> dict[str, Any]:
    """The account's settings: hedge mode, single-currency margin or multi-currency margin."""
    rights = {"read_only": True, "trade": book.may_trade, "withdraw": book.may_withdraw}
    return {
        "acctLv": "3" if book.multi_assets else "2",
        "autoLoan": False,
        "ctIsoMode": "automatic",
        "greeksType": "PA",
        "ip": "",
        "label": "replayed",
        "level": "Lv1",
        "mainUid": "44705892343619584",
        "perm": ",".join(right for right, given in rights.items() if given),
        "posMode": "long_short_mode",
        "roleType": "0",
        "type": "0",
        "uid": "44705892343619584",
        **changes,
    }


def balance(book: Book, **totals: Any) -> dict[str, Any]:
    """The account's coins.

    The totals are empty in single-currency margin, where each coin has its own.
    """
    usdt = _usdt(book)
    own = {key: usdt[key] for key in ("imr", "mmr", "mgnRatio")}
    others = [
        {
            **dict.fromkeys(("isoEq", "stgyEq", "upl"), "0"),
            **{"ccy": name, "cashBal": text(amount), "eq": text(amount)},
            "eqUsd": text(amount * book.marks.get(name, 1.0)),
        }
        for name, amount in book.other_coins.items()
    ]
    return {
        **dict.fromkeys(
            ("adjEq", "availEq", "borrowFroz", "notionalUsd", "ordFroz", "upl", *own), ""
        ),
        **({**own, "adjEq": usdt["eq"]} if book.multi_assets else {}),
        "details": [{**usdt, **dict.fromkeys(own, "")} if book.multi_assets else usdt, *others],
        "isoEq": usdt["isoEq"],
        "totalEq": usdt["eq"],
        "uTime": str(book.clock()),
        **totals,
    }


def _usdt(book: Book) -> dict[str, Any]:
    """USDT. Of what is isolated the margins have left the cash balance; equity has it all."""
    cross = [leg for leg in book.legs if leg.isolated_margin is None]
    alone = [told for told in book.told("okx") if told.leg.isolated_margin is not None]
    margins = sum(told.leg.isolated_margin or 0.0 for told in alone)
    isolated = margins + sum(told.figures.unrealised_pnl for told in alone)
    cash = book.wallet if cross else book.wallet - margins
    assessed = book.assessment("okx", cross)
    figures = {
        "imr": assessed.initial_margin,
        "mmr": assessed.maintenance_margin,
        "mgnRatio": assessed.margin_ratio.value,
    }
    return {
        **{
            key: "" if value is None or not cross else text(value) for key, value in figures.items()
        },
        "availEq": text(assessed.available_balance or 0.0),
        "cashBal": text(cash),
        "ccy": "USDT",
        "eq": text(cash + assessed.unrealised_pnl + isolated),
        "frozenBal": "0",
        "isoEq": text(isolated),
        "stgyEq": "0",
        "upl": text(assessed.unrealised_pnl),
        "uTime": str(book.clock()),
    }


def positions(book: Book) -> list[dict[str, Any]]:
    """The account's positions in contracts, one closed, and some of other kinds."""
    held = [position(book, told) for told in book.told("okx")]
    kinds = [
        {"instId": "BTC-USD-SWAP", "ccy": "BTC"},
        {"instId": "BTC-USDC-SWAP", "ccy": "USDC"},
        {"instId": "BTC-USDT-261225", "instType": "FUTURES"},
    ]
    odd = [{**row, **kind} for row in held[:1] for kind in kinds]
    return [*held, _closed(), *(odd if book.odd_positions else [])]


def position(book: Book, told: Told, **changes: Any) -> dict[str, Any]:
    """One position."""
    leg, figures = told.leg, told.figures
    contracts = Decimal(repr(leg.quantity)) / Decimal(
        repr(book.contract("okx", leg.token).contract_value)
    )
    isolated = leg.isolated_margin is not None
    return {
        "adl": "1",
        "avgPx": text(leg.entry_price),
        "ccy": "USDT",
        "imr": "" if isolated else text(figures.initial_margin),
        "instId": f"{leg.token}-USDT-SWAP",
        "instType": "SWAP",
        "lever": text(leg.leverage),
        "liqPx": "" if told.liquidation_price is None else text(told.liquidation_price),
        "margin": text(leg.isolated_margin) if isolated else "",
        "markPx": text(book.marks[leg.token]),
        "mgnMode": "isolated" if isolated else "cross",
        "mgnRatio": "12.5",
        "mmr": text(figures.maintenance_margin),
        "notionalUsd": text(figures.notional),
        "pos": format(contracts, "f"),
        "posCcy": "",
        "posId": "339552508062380036",
        "posSide": leg.side,
        "uTime": str(book.clock()),
        "upl": text(figures.unrealised_pnl),
        **changes,
    }


def _closed() -> dict[str, Any]:
    empty = (
        "avgPx",
        "imr",
        "lever",
        "liqPx",
        "margin",
        "markPx",
        "mgnRatio",
        "mmr",
        "notionalUsd",
        "upl",
    )
    held = {
        "instId": "SOL-USDT-SWAP",
        "instType": "SWAP",
        "mgnMode": "isolated",
        "pos": "0",
        "posSide": "long",
    }
    return {**dict.fromkeys(empty, ""), **held}


def fees(book: Book, **changes: Any) -> dict[str, Any]:
    """The account's fee rates: negative where they are charged."""
    return {
        **dict.fromkeys(("delivery", "exercise", "makerUSDC", "takerUSDC"), ""),
        "category": "1",
        "instType": "SWAP",
        "level": "Lv1",
        "maker": "-0.0002",
        "makerU": "-0.0002",
        "taker": "-0.0005",
        "takerU": text(-book.taker_fee),
        "ts": str(book.clock()),
        **changes,
    }
