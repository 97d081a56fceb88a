"""Binance USDⓈ-M as its documentation shows it.

The answers that this project asks for, made from a book.

Among the good rows stand some that must not count, and a symbol whose rows are broken.
"""

import hmac
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from tests.replay.figures import KEY, Book, Told, plain
from tests.replay.server import Answer, Asked, Replay, Reply

HOST, WALLET_HOST = "fapi.binance.com", "api.binance.com"
UNLIMITED = 9223372036854775807
"""What the venue writes for a last bracket without a cap."""
SHARE = "TSLA"
"""A token whose perpetual is one on a share, where the book lists it."""
BUFFER = 0.05
"""What a liability is valued above its index price."""
BROKEN = "IOTX"
"""A token whose rows are all of the wrong types."""


def install(replay: Replay, book: Book) -> None:
    """Registers every answer; figures are taken from the book when they are asked for."""
    public: dict[str, Answer] = {
        "/fapi/v1/time": lambda _: {"serverTime": book.clock()},
        "/fapi/v1/exchangeInfo": lambda _: _exchange(book),
        "/fapi/v1/premiumIndex": lambda _: _premiums(book),
        "/fapi/v1/fundingInfo": lambda _: _funding_info(book),
        "/fapi/v1/fundingRate": lambda asked: _of_symbol(book, asked, _payments),
        "/fapi/v1/assetIndex": lambda _: _asset_index(book),
        "/fapi/v1/klines": lambda asked: _of_symbol(book, asked, _klines),
    }
    private: dict[str, Answer] = {
        "/fapi/v1/leverageBracket": lambda _: _brackets(book),
        "/fapi/v3/account": lambda _: _account(book),
        "/fapi/v3/positionRisk": lambda _: _positions(book),
        "/fapi/v1/symbolConfig": lambda _: _settings(book),
        "/fapi/v1/accountConfig": lambda _: {
            "multiAssetsMargin": book.multi_assets,
            "dualSidePosition": True,
        },
        "/fapi/v1/commissionRate": lambda asked: _fees(book, asked),
    }
    for path, answer in public.items():
        replay.serve(HOST, "GET", path, answer)
    for path, answer in private.items():
        replay.serve(HOST, "GET", path, _signed(book, answer))
    replay.serve(
        WALLET_HOST,
        "GET",
        "/sapi/v1/account/apiRestrictions",
        _signed(book, lambda _: _rights(book)),
    )


def _signed(book: Book, answer: Answer) -> Answer:
    def checked(asked: Asked) -> Any:
        if asked.headers.get("X-MBX-APIKEY") != KEY.api_key:
            return Reply({"code": -2014, "msg": "API-key format invalid."}, 401)
        query = dict(asked.query)
        signature = query.pop("signature", "")
        if (
            signature
            != hmac.new(KEY.secret.encode(), urlencode(query).encode(), sha256).hexdigest()
        ):
            return Reply({"code": -1022, "msg": "Signature for this request is not valid."}, 400)
        if not -1000 < book.clock() - int(query["timestamp"]) < 5000:
            return Reply(
                {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."},
                400,
            )
        return answer(asked)

    return checked


def _of_symbol(book: Book, asked: Asked, answer: Any) -> Any:
    token = asked.query.get("symbol", "").removesuffix("USDT")
    if token not in book.tokens("binance"):
        return Reply({"code": -1121, "msg": "Invalid symbol."}, 400)
    return answer(book, asked, token)


def _exchange(book: Book) -> Any:
    symbols = [_symbol(token, **_own(book, token)) for token in book.tokens("binance")]
    odd = [
        _symbol("AGIX", status="SETTLING"),
        _symbol("OCEAN"),
        _symbol("RNDR"),
        _symbol("LINA", status="SETTLING"),
        _symbol("BTC", symbol="BTCUSDT_261225", contractType="CURRENT_QUARTER"),
        _symbol("BTC", symbol="BTCUSDC", quoteAsset="USDC", marginAsset="USDC"),
        _symbol("币安人生"),
        _symbol(BROKEN, filters={"tickSize": "0.1"}),
        {**_symbol("AIOZ"), "symbol": 7},
        _symbol("ARKM", status=5),
        _symbol("GLM", baseAsset="GOLEM"),
        "a row that is no object",
        None,
    ]
    return {
        "timezone": "UTC",
        "serverTime": book.clock(),
        "rateLimits": [],
        "symbols": [*odd[:3], *symbols, *odd[3:]],
    }


def _symbol(base: str, **changes: Any) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "pair": f"{base}USDT",
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 4,
        "quantityPrecision": 0,
        "underlyingType": "COIN",
        "underlyingSubType": ["AI"],
        "triggerProtect": "0.1500",
        "filters": [],
        **changes,
    }


def _own(book: Book, token: str) -> dict[str, Any]:
    contract = book.contract("binance", token)
    tick, step = contract.tick_size or 0.001, contract.quantity_step or 1
    filters = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": plain(tick),
            "maxPrice": "100000",
            "tickSize": plain(tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": plain(step),
            "maxQty": "1000000",
            "stepSize": plain(step),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": plain(step),
            "maxQty": "100000",
            "stepSize": plain(step),
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
    ]
    if contract.minimum_notional:
        filters.append({"filterType": "MIN_NOTIONAL", "notional": plain(contract.minimum_notional)})
    kind = (
        {"contractType": "TRADIFI_PERPETUAL", "underlyingType": "EQUITY"} if token == SHARE else {}
    )
    return {**kind, "filters": filters}


def _premiums(book: Book) -> Any:
    rows = [
        _premium(
            token, book.marks[token], book.index(token), book.rates[token], book.next_funding(token)
        )
        for token in book.tokens("binance")
    ]
    odd = [
        {**_premium("BTC", 72000, 71300, 0, 0), "symbol": "BTCUSDT_261225", "lastFundingRate": ""},
        {**_premium("BTC", 71210, 71200, 0.0001, book.next_funding("BTC")), "symbol": "BTCUSDC"},
        _premium("AGIX", 0.6, 0.6, 0, 0),
        {**_premium(BROKEN, 1, 1, 0, 0), "markPrice": ["0.02"]},
        {"markPrice": "1"},
        17,
    ]
    return [_premium("RNDR", 6.1, 6.1, 0, 0), *rows, *odd]


def _premium(base: str, mark: float, index: float, rate: float, following: int) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "markPrice": f"{mark:.8f}",
        "indexPrice": f"{index:.8f}",
        "estimatedSettlePrice": f"{index:.8f}",
        "lastFundingRate": f"{rate:.8f}",
        "interestRate": "0.00010000",
        "nextFundingTime": following,
        "time": 1790000000000,
    }


def _asset_index(book: Book) -> Any:
    """What a coin counts for as collateral and as a liability, in USD."""
    return [
        {
            "symbol": f"{token}USD",
            "time": book.clock(),
            "index": plain(book.marks[token]),
            "bidBuffer": plain(BUFFER),
            "askBuffer": plain(BUFFER),
            "bidRate": plain(book.marks[token] * (1 - BUFFER)),
            "askRate": plain(book.marks[token] * (1 + BUFFER)),
        }
        for token in ("BTC", "ETH", "SOL")
    ]


def _funding_info(book: Book) -> Any:
    return [
        {
            "symbol": f"{token}USDT",
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": book.intervals[token],
            "disclaimer": False,
        }
        for token in book.tokens("binance")
        if book.intervals[token] != 8
    ]


def _payments(book: Book, asked: Asked, token: str) -> Any:
    return [
        {
            "symbol": f"{token}USDT",
            "fundingTime": time,
            "fundingRate": f"{rate:.8f}",
            "markPrice": f"{book.marks[token]:.8f}",
        }
        for time, rate in book.funding(token, int(asked.query["limit"]))
    ]


def _klines(book: Book, asked: Asked, token: str) -> Any:
    interval: Any = asked.query["interval"]
    return [
        [time, *map(plain, prices), "5000", time + 1, "9000", 120, "2500", "4500", "0"]
        for time, prices in book.candles(token, interval, int(asked.query["limit"]))
    ]


def _brackets(book: Book) -> Any:
    rows = [
        {
            "symbol": f"{token}USDT",
            "brackets": [_bracket(number, row) for number, row in enumerate(table, 1)],
        }
        for token, table in book.tiers["binance"].items()
    ]
    dead = {"symbol": "AGIXUSDT", "brackets": rows[0]["brackets"]}
    broken = {"symbol": f"{BROKEN}USDT", "brackets": [{"bracket": 1, "initialLeverage": "many"}]}
    return [dead, *rows, broken, {"symbol": "BTCUSDC", "brackets": rows[0]["brackets"]}]


def _bracket(number: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "bracket": number,
        "initialLeverage": row["max_leverage"],
        "notionalCap": UNLIMITED if row["cap"] is None else row["cap"],
        "notionalFloor": row["floor"],
        "maintMarginRatio": row["maintenance_rate"],
        "cum": row["maintenance_amount"],
    }


def _account(book: Book) -> Any:
    told = book.told("binance")
    unrealised = sum(one.figures.unrealised_pnl for one in told)
    margins = sum(one.leg.isolated_margin or 0.0 for one in told)
    initial = plain(sum(one.figures.initial_margin or 0.0 for one in told))
    maintenance = plain(sum(one.figures.maintenance_margin or 0.0 for one in told))
    assets = [_asset("USDT", book.wallet, book.wallet - margins, unrealised)]
    assets += [
        _asset(name, amount, amount, 0.0)
        for name, amount in {"BNB": 0.0, **book.other_coins}.items()
    ]
    return {
        "totalInitialMargin": initial,
        "totalMaintMargin": maintenance,
        "totalWalletBalance": plain(book.wallet),
        "totalUnrealizedProfit": plain(unrealised),
        "totalMarginBalance": plain(book.wallet + unrealised),
        "totalPositionInitialMargin": initial,
        "totalOpenOrderInitialMargin": "0.00000000",
        "totalCrossWalletBalance": plain(book.wallet - margins),
        "totalCrossUnPnl": plain(unrealised),
        "availableBalance": "0.00000000",
        "maxWithdrawAmount": "0.00000000",
        "assets": assets,
        "positions": [],
    }


def _asset(name: str, balance: float, cross: float, unrealised: float) -> dict[str, Any]:
    return {
        "asset": name,
        "walletBalance": plain(balance),
        "unrealizedProfit": plain(unrealised),
        "marginBalance": plain(balance + unrealised),
        "crossWalletBalance": plain(cross),
        "crossUnPnl": plain(unrealised),
        "availableBalance": plain(cross),
        "updateTime": 1790000000000,
    }


def _positions(book: Book) -> Any:
    closed = _position("FETUSDT", "BOTH", 0.0, 0.0, book.marks["FET"])
    odd = [
        _position("BTCUSDT_261225", "BOTH", 0.5, 70_000.0, 71_000.0),
        _position("ETHUSDC", "SHORT", -2.0, 2_300.0, 2_200.0, marginAsset="USDC"),
    ]
    return [closed, *map(_told, book.told("binance")), *(odd if book.odd_positions else [])]


def _told(told: Told) -> dict[str, Any]:
    leg = told.leg
    margin = leg.isolated_margin or 0.0
    return _position(
        f"{leg.token}USDT",
        leg.side.upper(),
        leg.quantity if leg.side == "long" else -leg.quantity,
        leg.entry_price,
        told.figures.notional / leg.quantity,
        isolatedMargin=plain(margin + told.figures.unrealised_pnl if margin else 0.0),
        isolatedWallet=plain(margin),
        liquidationPrice=plain(told.liquidation_price or 0.0),
        unRealizedProfit=plain(told.figures.unrealised_pnl),
    )


def _position(
    symbol: str, side: str, amount: float, entry: float, mark: float, **changes: Any
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": plain(amount),
        "entryPrice": plain(entry),
        "breakEvenPrice": plain(entry),
        "markPrice": plain(mark),
        "unRealizedProfit": "0",
        "liquidationPrice": "0",
        "isolatedMargin": "0",
        "notional": plain(amount * mark),
        "marginAsset": "USDT",
        "isolatedWallet": "0",
        "adl": 2,
        "updateTime": 1790000000000,
        **changes,
    }


def _settings(book: Book) -> Any:
    chosen = {leg.token: leg for leg in book.legs}
    return [
        {
            "symbol": f"{token}USDT",
            "marginType": "ISOLATED"
            if token in chosen and chosen[token].isolated_margin is not None
            else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": chosen[token].leverage if token in chosen else 20,
            "maxNotionalValue": "1000000",
        }
        for token in book.tokens("binance")
    ]


def _fees(book: Book, asked: Asked) -> Any:
    fee = plain(book.taker_fee)
    return {
        "symbol": asked.query["symbol"],
        "makerCommissionRate": "0.000200",
        "takerCommissionRate": fee,
    }


def _rights(book: Book) -> Any:
    return {
        "ipRestrict": True,
        "createTime": 1698645219000,
        "enableReading": True,
        "enableWithdrawals": book.may_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": book.may_trade,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }
