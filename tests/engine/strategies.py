"""Random accounts as scenario documents: ordinary ones, and the ones where arithmetic goes wrong.

Sizes exactly at a tier's edge, hedges with equal legs, accounts exactly at equality or just beside
it, dead accounts, negative wallets, pledged tokens that are also held long, betas that clip prices
at 0.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.engine import oracle
from tests.engine.tables import OKX_CONTRACTS, PUBLISHED, Rows

Document = dict[str, Any]

VENUES = ("binance", "bybit", "okx", "hyperliquid", "textbook")
MODES = ("cross", "isolated")
TOKENS = ("RENDER", "FET", "TAO", "BTC")
STANDINGS = ("ample", "ample", "thin", "touch", "equality", "dead")


def amounts(low: int, high: int) -> st.SearchStrategy[float]:
    """Numbers between 10^low and 10^(high + 1).

    Mostly as people type them, some with all their digits.
    """
    typed = st.builds(
        lambda digits, power: float(f"{digits}e{power - 3}"),
        st.integers(1000, 9999),
        _powers(low, high),
    )
    return typed | st.floats(10.0**low, 10.0 ** (high + 1), allow_subnormal=False)


def _powers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


shares = st.floats(1e-7, 3.0) | st.sampled_from([1e-7, 1e-4, 0.01, 0.1, 0.5, 1.0])
leverages = st.integers(1, 125).map(float) | st.floats(1, 125)
betas = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.5, 4.0]) | st.integers(-3000, 3000).map(
    lambda n: n / 1000
)
wild_betas = st.sampled_from([-4.0, -2.5, -1.0, -0.2, 1.5, 2.5, 4.0]) | st.integers(1001, 5000).map(
    lambda n: n / 1000
)


@st.composite
def progressive_tables(draw: st.DrawFn) -> Rows:
    """Verified tables of 1 to 5 tiers by notional, and one-row windows."""
    rows: Rows = []
    floor, rate, amount = 0.0, draw(st.sampled_from([0.0, 0.004, 0.01, 0.05])), 0.0
    for index in range(draw(st.integers(1, 5))):
        if index:
            floor += draw(amounts(3, 5))
            step = draw(st.sampled_from([0.0, 0.001, 0.005, 0.0167, 0.1]))
            amount += floor * step
            rate += step
        rows.append({"floor": floor, "maintenance_rate": rate, "maintenance_amount": amount})
    if len(rows) == 1 and draw(st.booleans()):
        return [
            {**rows[0], "floor": draw(amounts(2, 4)), "maintenance_amount": draw(amounts(0, 2))}
        ]
    return _dressed(draw, rows)


@st.composite
def flat_tables(draw: st.DrawFn) -> Rows:
    """Tables of 1 to 5 tiers by contracts, where the requirement jumps at an edge."""
    rows: Rows = []
    floor, rate = 0.0, draw(st.sampled_from([0.004, 0.01, 0.02]))
    for index in range(draw(st.integers(1, 5))):
        if index:
            floor += float(draw(st.integers(1, 20_000)))
            rate += draw(st.sampled_from([0.0, 0.0025, 0.01, 0.1]))
        rows.append({"floor": floor, "maintenance_rate": rate, "maintenance_amount": 0.0})
    return _dressed(draw, rows)


def _dressed(draw: st.DrawFn, rows: Rows) -> Rows:
    """The optional columns: maximum leverages, a last cap, amounts left to continuity."""
    if draw(st.booleans()):
        rows = [{**row, "max_leverage": 100.0 / (index + 1)} for index, row in enumerate(rows)]
    if draw(st.booleans()):
        rows[-1]["cap"] = rows[-1]["floor"] + 50_000.0
    if draw(st.booleans()):
        rows = [
            {key: value for key, value in row.items() if key != "maintenance_amount"}
            for row in rows
        ]
    return rows


@st.composite
def documents(
    draw: st.DrawFn,
    *,
    venues: Sequence[str] = VENUES,
    modes: Sequence[str] = MODES,
    standings: Sequence[str] = STANDINGS,
    most: int = 6,
    collateral: bool = True,
    wild: bool = False,
) -> Document:
    """A valid scenario document with 1 to `most` positions.

    `wild`: every price clips at 0 in some joint move.
    """
    venue, mode = draw(st.sampled_from(venues)), draw(st.sampled_from(modes))
    legs = draw(
        st.lists(
            st.tuples(st.sampled_from(TOKENS), st.sampled_from(("long", "short"))),
            min_size=1,
            max_size=most,
            unique=True,
        )
    )
    tokens = list(dict.fromkeys(symbol for symbol, _ in legs))
    document: Document = {
        "version": 1,
        "venue": venue,
        "margin_mode": mode,
        "wallet_balance": 0.0,
        "marks": {token: draw(amounts(-2, 4)) for token in tokens},
    }
    if draw(st.booleans()):
        document["taker_fee"] = draw(st.sampled_from([0.0, 0.0005, 0.001, 0.01]))
    if venue == "okx":
        document["contract_values"] = {
            token: draw(st.sampled_from([0.01, 0.1, 1.0, 10.0])) for token in tokens
        }
    if venue == "textbook":
        document["textbook"] = {"margin_fraction": draw(st.sampled_from([0.005, 0.01, 0.2]))}
    else:
        document["tiers"] = {token: draw(_table(venue, token)) for token in tokens}
    if "tiers" in document and venue == "okx":
        for token, value in OKX_CONTRACTS.items():
            if document["tiers"].get(token) is PUBLISHED["okx"][token]:
                document["contract_values"][token] = value
    document["positions"] = _positions(draw, document, legs)
    if collateral and draw(st.booleans()):
        _pledge(draw, document)
    if collateral and draw(st.booleans()):
        document["settlement_rate"] = draw(st.sampled_from([1.0, 0.9999, 0.9801, 0.5]))
    if wild:
        document["betas"] = {token: draw(wild_betas) for token in document["marks"]}
    elif draw(st.booleans()):
        document["betas"] = {
            token: draw(betas) for token in document["marks"] if draw(st.booleans())
        }
    _fund(draw, document, draw(st.sampled_from(standings)))
    return document


def _table(venue: str, token: str) -> st.SearchStrategy[Rows]:
    made = flat_tables() if venue == "okx" else progressive_tables()
    published = PUBLISHED[venue].get(token)
    return made if published is None else made | st.just(published)


def _positions(draw: st.DrawFn, document: Document, legs: list[tuple[str, str]]) -> list[Document]:
    positions: list[Document] = []
    sizes: dict[str, float] = {}
    for symbol, side in legs:
        mark = document["marks"][symbol]
        twin = symbol in sizes and draw(st.booleans())
        quantity = sizes[symbol] if twin else draw(_quantity(document, symbol, mark))
        sizes[symbol] = quantity
        positions.append(
            {
                "symbol": symbol,
                "side": side,
                "quantity": quantity,
                "entry_price": mark
                * draw(st.sampled_from([0.5, 0.9, 1.0, 1.01, 1.7]) | st.floats(0.3, 3.0)),
                "leverage": draw(leverages),
            }
        )
    return positions


@st.composite
def _quantity(draw: st.DrawFn, document: Document, symbol: str, mark: float) -> float:
    """Any size, or one that lies exactly at the edge of a tier."""
    floors: list[float] = [row["floor"] for row in document.get("tiers", {}).get(symbol, [])[1:]]
    at_an_edge = draw(st.booleans())
    if floors and at_an_edge:
        floor = draw(st.sampled_from(floors))
        return float(
            floor * document["contract_values"][symbol]
            if document["venue"] == "okx"
            else floor / mark
        )
    return float(draw(amounts(1, 6)) / mark)


def _pledge(draw: st.DrawFn, document: Document) -> None:
    """Collateral in up to two assets, among them tokens that are also held."""
    notional = sum(
        each["quantity"] * document["marks"][each["symbol"]] for each in document["positions"]
    )
    items = []
    for asset in draw(
        st.lists(st.sampled_from([*TOKENS, "ETH", "USDC"]), min_size=1, max_size=2, unique=True)
    ):
        document["marks"].setdefault(asset, 1.0 if asset == "USDC" else draw(amounts(-1, 4)))
        amount = notional * draw(st.floats(0.001, 0.5)) / document["marks"][asset]
        items.append(
            {
                "asset": asset,
                "amount": amount,
                "ratio": draw(st.sampled_from([0.0, 0.5, 0.95, 1.0])),
            }
        )
    document["collateral"] = items


def _fund(draw: st.DrawFn, document: Document, standing: str) -> None:
    """The wallet, and in isolated mode the margins, that put the account where `standing` says."""
    if document["margin_mode"] == "cross":
        [account] = oracle.accounts(document)
        if (
            standing == "touch"
        ):  # A joint move takes it to exactly zero and, where prices clip, away again.
            least = oracle.joint_line(document, account, draw(st.sampled_from((-1, 1)))).least()
            document["wallet_balance"] = float(-least / account.rate)
        else:
            document["wallet_balance"] = float(
                _needed(draw, account, document, standing) / account.rate
            )
        return
    margins = []
    for position in document["positions"]:
        empty = oracle.isolated_account(document, {**position, "isolated_margin": 0})
        needed = _needed(draw, empty, document, standing)
        if document["venue"] == "bybit":  # There extra margin counts at 1 ÷ (1 − s·f).
            sign = 1 if position["side"] == "long" else -1
            needed *= 1 - sign * oracle.fee_of(document)
        if needed > 0 and draw(st.booleans()):
            position["isolated_margin"] = float(needed)
        margins.append(float(oracle.posted_margin(position)))
    document["wallet_balance"] = sum(margins) * draw(st.sampled_from([1.0, 1.0, 1.5]))


def _needed(
    draw: st.DrawFn, account: oracle.Account, document: Document, standing: str
) -> Fraction:
    """How much an account is short of, and a share of its notional more or less."""
    prices = oracle.marks(document)
    share = Fraction(draw(shares)) * account.notional(prices)
    equality = -account.headroom(prices)
    return {
        "touch": equality + share,
        "rich": 3 * share + account.notional(prices) / 3,
        "ample": max(share, equality + share / 100),
        "thin": equality + share / 1000,
        "equality": equality,
        "dead": equality - share,
    }[standing]
