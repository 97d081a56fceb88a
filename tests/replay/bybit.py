"""Bybit's API v5 as its documentation shows it.

The answers that this project asks for, made from a book.

Among the good rows stand some that must not count, and a symbol whose rows are broken. Lists come
in pages.
"""

import hmac
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from margin.venues import VENUES
from tests.replay.figures import KEY, Book, Told, plain
from tests.replay.server import Answer, Asked, Replay, Reply

HOST = "api.bybit.com"
BROKEN = "IOTX"
"""A token whose rows are all of the wrong types."""
PAGE = 7
"""Rows on a page of instruments and of positions, so that there are several."""


def install(replay: Replay, book: Book) -> None:
    """Registers every answer; figures are taken from the book when they are asked for."""
    public: dict[str, Answer] = {
        "/v5/market/time": lambda _: {},
        "/v5/market/instruments-info": lambda asked: _paged(asked, _instruments(book)),
        "/v5/market/tickers": lambda _: {"category": "linear", "list": _tickers(book)},
        "/v5/market/risk-limit": lambda asked: _of_symbol(book, asked, _risks),
        "/v5/market/funding/history": lambda asked: _of_symbol(book, asked, _payments),
        "/v5/market/kline": lambda asked: _of_symbol(book, asked, _klines),
    }
    private: dict[str, Answer] = {
        "/v5/account/info": lambda _: _info(book),
        "/v5/account/wallet-balance": lambda _: {"list": [_wallet(book)]},
        "/v5/position/list": lambda asked: _paged(asked, _positions(book, asked)),
        "/v5/account/fee-rate": lambda asked: {"list": [_fees(book, asked)]},
        "/v5/user/query-api": lambda _: _rights(book),
    }
    for path, answer in public.items():
        replay.serve(HOST, "GET", path, _wrapped(book, answer))
    for path, answer in private.items():
        replay.serve(HOST, "GET", path, _signed(book, _wrapped(book, answer)))


def _wrapped(book: Book, answer: Answer) -> Answer:
    def wrapped(asked: Asked) -> Any:
        result = answer(asked)
        if isinstance(result, Reply):
            return result
        return {
            "retCode": 0,
            "retMsg": "OK",
            "result": result,
            "retExtInfo": {},
            "time": book.clock(),
        }

    return wrapped


def _error(code: int, message: str, status: int = 200) -> Reply:
    return Reply(
        {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": 0}, status
    )


def _signed(book: Book, answer: Answer) -> Answer:
    def checked(asked: Asked) -> Any:
        if asked.headers.get("X-BAPI-API-KEY") != KEY.api_key:
            return _error(10003, "API key is invalid.", 401)
        stamp, window = asked.headers["X-BAPI-TIMESTAMP"], asked.headers["X-BAPI-RECV-WINDOW"]
        signed = f"{stamp}{KEY.api_key}{window}{urlencode(asked.query)}"
        if (
            asked.headers.get("X-BAPI-SIGN")
            != hmac.new(KEY.secret.encode(), signed.encode(), sha256).hexdigest()
        ):
            return _error(10004, "error sign! origin_string")
        if not -1000 < book.clock() - int(stamp) < int(window):
            return _error(
                10002, "invalid request, please check your server timestamp or recv_window param."
            )
        return answer(asked)

    return checked


def _paged(asked: Asked, rows: list[Any]) -> Any:
    first = int(asked.query.get("cursor", "from=0").removeprefix("from="))
    following = first + PAGE
    cursor = quote(f"from={following}") if following < len(rows) else ""
    return {
        "category": asked.query["category"],
        "list": rows[first:following],
        "nextPageCursor": cursor,
    }


def _of_symbol(book: Book, asked: Asked, answer: Any) -> Any:
    token = asked.query.get("symbol", "").removesuffix("USDT")
    if token not in book.tokens("bybit"):
        return _error(10001, "params error: Symbol Invalid")
    rows = answer(book, asked, token)
    return {"category": "linear", "symbol": f"{token}USDT", "list": rows, "nextPageCursor": ""}


def _instruments(book: Book) -> list[Any]:
    rows = [
        _instrument(token, fundingInterval=book.intervals[token] * 60)
        for token in book.tokens("bybit")
    ]
    odd = [
        _instrument("AGIX", status="Closed"),
        _instrument("OCEAN"),
        _instrument("LINA", status="Settling"),
        _instrument(
            "BTC",
            symbol="BTCUSDT-25DEC26",
            contractType="LinearFutures",
            deliveryTime="1798185600000",
        ),
        _instrument("BTC", symbol="BTCPERP", quoteCoin="USD", settleCoin="USDC"),
        _instrument(BROKEN, lotSizeFilter="0.1"),
        {**_instrument("AIOZ"), "symbol": ["AIOZUSDT"]},
        _instrument("ARKM", status=5),
        "a row that is no object",
    ]
    return [*odd[:3], *rows, *odd[3:]]


def _instrument(base: str, **changes: Any) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": base,
        "quoteCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "4",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.0010", "maxPrice": "199.9980", "tickSize": "0.0010"},
        "lotSizeFilter": {
            "maxOrderQty": "500000.0",
            "minOrderQty": "0.1",
            "qtyStep": "0.1",
            "postOnlyMaxOrderQty": "500000.0",
            "maxMktOrderQty": "100000.0",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": "USDT",
        "copyTrading": "both",
        "upperFundingRate": "0.0050",
        "lowerFundingRate": "-0.0050",
        "isPreListing": False,
        **changes,
    }


def _tickers(book: Book) -> list[Any]:
    rows = [_ticker(book, token) for token in book.tokens("bybit")]
    odd = [
        {
            **_ticker(book, "BTC"),
            "symbol": "BTCUSDT-25DEC26",
            "fundingRate": "",
            "nextFundingTime": "0",
        },
        {**_ticker(book, "BTC"), "symbol": "BTCPERP"},
        {**_ticker(book, "NEAR"), "symbol": "AGIXUSDT"},
        {**_ticker(book, "NEAR"), "symbol": f"{BROKEN}USDT", "markPrice": {"price": "1"}},
        {"markPrice": "1"},
        17,
    ]
    return [*odd, *rows]


def _ticker(book: Book, token: str) -> dict[str, Any]:
    return {
        "symbol": f"{token}USDT",
        "lastPrice": plain(book.marks[token]),
        "indexPrice": plain(book.index(token)),
        "markPrice": plain(book.marks[token]),
        "prevPrice24h": plain(book.marks[token]),
        "price24hPcnt": "0",
        "openInterest": "1234567.0",
        "turnover24h": "12345678.9",
        "fundingRate": plain(book.rates[token]),
        "nextFundingTime": str(book.next_funding(token)),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "bid1Price": plain(book.marks[token]),
        "ask1Price": plain(book.marks[token]),
        "fundingIntervalHour": str(book.intervals[token]),
        "fundingCap": "0.005",
    }


def _risks(book: Book, asked: Asked, token: str) -> list[Any]:
    rows = [
        {
            "id": number,
            "symbol": asked.query["symbol"],
            "riskLimitValue": plain(row["cap"]),
            "maintenanceMargin": plain(row["maintenance_rate"] * book.bybit_unit),
            "initialMargin": plain(round(1 / row["max_leverage"], 4) * book.bybit_unit),
            "isLowestRisk": int(number == 1),
            "maxLeverage": f"{row['max_leverage']:.2f}",
            "mmDeduction": plain(row["maintenance_amount"]) if row["maintenance_amount"] else "",
        }
        for number, row in enumerate(book.tiers["bybit"][token], 1)
    ]
    return [*rows[1:], rows[0]]


def _payments(book: Book, asked: Asked, token: str) -> list[Any]:
    rows = [
        {
            "symbol": asked.query["symbol"],
            "fundingRate": plain(rate),
            "fundingRateTimestamp": str(time),
        }
        for time, rate in book.funding(token, int(asked.query["limit"]))
    ]
    return rows[::-1]


def _klines(book: Book, asked: Asked, token: str) -> list[Any]:
    timeframe = "1d" if asked.query["interval"] == "D" else "1h"
    rows = [
        [str(time), *map(plain, prices), "5000", "9000"]
        for time, prices in book.candles(token, timeframe, int(asked.query["limit"]))
    ]
    return rows[::-1]


def _info(book: Book) -> Any:
    isolated = bool(book.legs) and all(leg.isolated_margin is not None for leg in book.legs)
    return {
        "marginMode": book.bybit_mode or ("ISOLATED_MARGIN" if isolated else "REGULAR_MARGIN"),
        "updatedTime": "1697078946000",
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def _wallet(book: Book) -> Any:
    told = book.told("bybit")
    isolated = _info(book)["marginMode"] == "ISOLATED_MARGIN"
    unrealised = sum(one.figures.unrealised_pnl for one in told)
    initial = sum(one.figures.initial_margin or 0.0 for one in told)
    maintenance = sum(one.figures.maintenance_margin or 0.0 for one in told)
    equity = book.wallet + unrealised
    totals = {
        "accountIMRate": initial / equity,
        "accountMMRate": maintenance / equity,
        "totalEquity": equity,
        "totalWalletBalance": book.wallet,
        "totalMarginBalance": equity,
        "totalAvailableBalance": max(0.0, equity - initial),
        "totalPerpUPL": unrealised,
        "totalInitialMargin": initial,
        "totalMaintenanceMargin": maintenance,
    }
    coins = [_coin("USDT", book.wallet, unrealised)]
    coins += [
        {
            **_coin(name, amount, 0.0),
            "collateralSwitch": True,
            "usdValue": plain(amount * book.marks.get(name, 1.0)),
        }
        for name, amount in book.other_coins.items()
    ]
    written = {name: "" if isolated else plain(value) for name, value in totals.items()}
    return {"accountType": "UNIFIED", "accountLTV": "", **written, "coin": coins}


def _coin(name: str, balance: float, unrealised: float) -> dict[str, Any]:
    return {
        "coin": name,
        "equity": plain(balance + unrealised),
        "usdValue": plain(balance + unrealised),
        "walletBalance": plain(balance),
        "free": "",
        "locked": "0",
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "spotBorrow": "0",
        "accruedInterest": "0",
        "unrealisedPnl": plain(unrealised),
        "cumRealisedPnl": "0",
        "bonus": "0",
        "collateralSwitch": False,
        "marginCollateral": True,
    }


def _positions(book: Book, asked: Asked) -> list[Any]:
    coin = asked.query.get("settleCoin")
    if asked.query["category"] == "linear" and coin == "USDT":
        dated = _position("BTCUSDT-25DEC26", "Buy", 0.5, 70_000.0, 71_000.0)
        closed = _position("WLDUSDT", "", 0.0, 0.0, book.marks["WLD"])
        return [
            closed,
            *(_told(book, told) for told in book.told("bybit")),
            *([dated] if book.odd_positions else []),
        ]
    if coin == "USDC" and book.odd_positions:
        return [_position("ETHPERP", "Sell", 2.0, 2_300.0, 2_200.0)]
    return []


def _told(book: Book, told: Told) -> dict[str, Any]:
    leg, figures = told.leg, told.figures
    isolated, sign = leg.isolated_margin is not None, 1 if leg.side == "long" else -1
    fee = VENUES["bybit"].closing_fee(
        sign, leg.quantity, leg.entry_price, leg.leverage, book.taker_fee
    )
    held = (leg.isolated_margin or 0.0) + fee
    return _position(
        f"{leg.token}USDT",
        "Buy" if leg.side == "long" else "Sell",
        leg.quantity,
        leg.entry_price,
        figures.notional / leg.quantity,
        positionIdx=1 if leg.side == "long" else 2,
        leverage=plain(leg.leverage),
        liqPrice="" if told.liquidation_price is None else plain(told.liquidation_price),
        positionIM=plain(held if isolated else figures.initial_margin or 0.0),
        positionMM=plain(figures.maintenance_margin or 0.0),
        unrealisedPnl=plain(figures.unrealised_pnl),
    )


def _position(
    symbol: str, side: str, size: float, entry: float, mark: float, **changes: Any
) -> dict[str, Any]:
    return {
        "positionIdx": 0,
        "riskId": 1,
        "riskLimitValue": "40000",
        "symbol": symbol,
        "side": side,
        "size": plain(size),
        "avgPrice": plain(entry),
        "positionValue": plain(size * entry),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2,
        "leverage": "10",
        "positionBalance": "",
        "markPrice": plain(mark),
        "liqPrice": "",
        "bustPrice": "",
        "positionMM": "0",
        "positionIM": "0",
        "tpslMode": "Full",
        "unrealisedPnl": "0",
        "cumRealisedPnl": "0",
        "seq": 5723621632,
        "isReduceOnly": False,
        "createdTime": "1676538056258",
        "updatedTime": "1697673600012",
        **changes,
    }


def _fees(book: Book, asked: Asked) -> Any:
    return {
        "symbol": asked.query["symbol"],
        "takerFeeRate": plain(book.taker_fee),
        "makerFeeRate": "0.0002",
    }


def _rights(book: Book) -> Any:
    trades = ["Order", "Position"] if book.may_trade else []
    return {
        "id": "13770661",
        "note": "",
        "apiKey": KEY.api_key,
        "readOnly": 0 if book.may_trade or book.may_withdraw else 1,
        "secret": "",
        "permissions": {
            "ContractTrade": trades,
            "Spot": [],
            "Wallet": ["AccountTransfer", "Withdraw"] if book.may_withdraw else [],
            "Options": [],
            "Derivatives": [],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
        },
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 83,
        "expiredAt": "2027-05-15T03:21:05Z",
        "createdAt": "2026-10-16T02:24:40Z",
        "unified": 0,
        "uta": 1,
        "vipLevel": "No VIP",
        "rsaPublicKey": "",
        "isMaster": True,
    }
