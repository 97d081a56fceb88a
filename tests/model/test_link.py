"""The link: an exact round trip, short, readable by hand, and an answer to whatever it contains."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from math import inf, nextafter
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.model.link import (
    KEYS,
    LONGEST,
    LONGEST_READ,
    LONGEST_WRITTEN,
    STAND_IN,
    Received,
    decode,
    encode,
    parse,
)
from margin.model.scenario import LONGEST_NOTE, LONGEST_TITLE, MOST_POSITIONS, Scenario
from margin.studies.account.seen import with_seen
from tests.model.any_scenario import AWKWARD, SCENARIOS

Document = dict[str, Any]

EXAMPLE = (
    "venue=binance&margin_mode=cross&wallet_balance=10000"
    "&p=RENDER_long_28571.4_1.75_10&p=FET_long_179291.8_0.2231_10&marks=RENDER_1.75~FET_0.2231&v=1"
)
FULL = (
    "title=Compute+%2B+data&note=~b0JrQvtGA0LfQuNC90LA&venue=binance&margin_mode=cross&wallet_balance=-12.5"
    "&p=RENDER_long_28571.4_1.75_10&p=RENDER_short_5000_1.8_20_450&p=FET_long_179291.8_0.2231_10"
    "&marks=RENDER_1.75~FET_0.2231~BTC_71202.9&betas=RENDER_1.02~FET_1.08&baseline_marks=RENDER_1.9"
    "&collateral=BTC_0.1_0.95&settlement_rate=0.9801&levels=0.4_0.7&taker_fee=0.0004&margin_fraction=0.02&contract_values=RENDER_1"
    "&shocks=common_-0.1~maintenance_1.5~leverage_cap_0.5~haircut_0.1~days_7~interest_1e-05"
    "&shock_moves=RENDER_-0.3~BTC_0&shock_maintenance=FET_2&shock_funding=RENDER_0.003"
    "&seen=10000_0.16499990116&tiers_as_of=2026-09-29&tiers=RENDER~0_0.01_0_50_5000~5000_0.02_50_25_10000"
    "&tiers=FET~0_0.01_0&v=1"
)
"""Every parameter of a link but `tiers_left_out` and `move`."""

RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def document(**changes: Any) -> Document:
    """Two longs on Binance with 10,000 USDT, at the snapshot's marks."""
    legs = [("RENDER", 28571.4, 1.75), ("FET", 179291.8, 0.2231)]
    positions = [
        {
            "symbol": symbol,
            "side": "long",
            "quantity": quantity,
            "entry_price": price,
            "leverage": 10,
        }
        for symbol, quantity, price in legs
    ]
    marks = {symbol: price for symbol, _, price in legs}
    account = {"version": 1, "venue": "binance", "margin_mode": "cross", "wallet_balance": 10_000}
    return {**account, "positions": positions, "marks": marks, **changes}


def scenario(**changes: Any) -> Scenario:
    return Scenario.from_json(document(**changes))


def query(**changes: str | list[str] | None) -> str:
    """The example's query string with some parameters replaced, added, or (None) left out."""
    parameters = {**parse(EXAMPLE), **changes}
    return urlencode(
        {key: value for key, value in parameters.items() if value is not None}, doseq=True
    )


def received(text: str) -> Received:
    return decode(parse(text))


def refusal(text: str) -> FieldError:
    with pytest.raises(FieldError) as caught:
        received(text)
    return caught.value


def answer(text: str) -> Received | FieldError:
    """What the link says, or why it cannot be read; any other exception is a fault."""
    try:
        return received(text)
    except FieldError as error:
        return error


def without_tables(whole: Scenario, symbols: Iterable[str]) -> Scenario:
    kept = {symbol: table for symbol, table in whole.market.tiers.items() if symbol not in symbols}
    return replace(whole, market=replace(whole.market, tiers=kept))


# An exact round trip


@given(SCENARIOS)
@settings(RELAXED, max_examples=120)
def test_a_scenario_comes_back_from_its_link_to_the_last_digit(whole: Scenario) -> None:
    link = encode(whole)
    expected = Received(without_tables(whole, link.left_out), link.left_out, ())
    assert decode(parse(link.query)) == expected
    assert decode(link.parameters) == expected


@pytest.mark.parametrize("value", AWKWARD)
def test_a_number_of_any_size_comes_back_to_the_last_bit(value: float) -> None:
    leg = {
        "symbol": "RENDER",
        "side": "short",
        "quantity": value,
        "entry_price": value,
        "leverage": 3,
    }
    whole = scenario(positions=[leg], marks={"RENDER": value, "FET": value}, wallet_balance=-value)
    assert received(encode(whole).query).scenario == whole


def test_whole_numbers_are_written_without_a_point_and_others_in_full() -> None:
    parameters = encode(
        scenario(wallet_balance=1e15, taker_fee=1e-7, marks={"RENDER": 0, "FET": 1 / 3})
    ).parameters
    assert parameters["wallet_balance"] == ["1000000000000000"]
    assert parameters["taker_fee"] == ["1e-07"]
    assert parameters["marks"] == ["RENDER_0~FET_0.3333333333333333"]


def test_every_optional_part_comes_back_at_once() -> None:
    whole = received(FULL).scenario
    assert {key for key, value in whole.to_json().items() if value} == {
        *document(),
        *whole.to_json(),
    }
    assert encode(whole).query == FULL
    assert received(encode(whole).query) == Received(whole, (), ())


def test_both_legs_of_a_hedge_come_back_in_their_order() -> None:
    legs = document()["positions"]
    hedge = scenario(positions=[{**legs[0], "side": "short"}, legs[1], legs[0]])
    assert received(encode(hedge).query).scenario.positions == hedge.positions


@pytest.mark.parametrize(
    "seen",
    [(None, None), (10_000, None), (None, 0.165), (-2.5, 1 / 3), (0, 0)],
    ids=lambda seen: f"{seen}",
)
def test_what_the_maker_saw_comes_back_with_its_gaps(
    seen: tuple[float | None, float | None],
) -> None:
    whole = scenario(seen={"equity": seen[0], "margin_ratio": seen[1]})
    assert received(encode(whole).query).scenario.seen == whole.seen


def test_nobody_having_seen_anything_is_not_the_same_as_having_seen_nothing() -> None:
    assert received(encode(scenario()).query).scenario.seen is None
    assert received(encode(scenario(seen={})).query).scenario.seen is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a+b & c#d%20e~f_g=h;i?j", id="all that means something in an address"),
        pytest.param("~", id="a lone tilde"),
        pytest.param("~AAAA", id="what looks like packed text"),
        pytest.param("  two spaces before, one after ", id="spaces at the ends"),
        pytest.param("RENDER_long_1_1_1", id="what looks like a position"),
        pytest.param("Корзина ИИ", id="Cyrillic"),
        pytest.param("做多算力", id="Chinese"),
        pytest.param("سلة الذكاء", id="right to left"),
        pytest.param("🚀👩‍💻 to the moon", id="emoji with a joiner"),
        pytest.param("e\u0301 \ufffd\u00a0", id="a combining mark, a replacement and a hard space"),
        pytest.param("<script>alert(1)</script>", id="markup, which is text like any other"),
        pytest.param("undefined null None NaN", id="words that programs trip over"),
    ],
)
def test_title_and_note_come_back_letter_by_letter(text: str) -> None:
    whole = scenario(title=text, note=f"{text}\n\n{text}\n")
    again = received(encode(whole).query).scenario
    assert (again.title, again.note) == (text, f"{text}\n\n{text}\n")


def of_many(count: int, **changes: Any) -> Scenario:
    """A scenario of so many positions, each figure with all the digits there are."""
    names = [
        f"LONGESTSYMBOL{index:02}"[:15] if index < 100 else f"LONGSYMBOL{index}"
        for index in range(count)
    ]
    leg = {
        "side": "long",
        "quantity": 123456.78901234567,
        "entry_price": 1.2345678901234567e-05,
        "leverage": 1 / 3 + 7,
    }
    figures = dict.fromkeys(names, 1.2345678901234567e-05)
    return scenario(positions=[{**leg, "symbol": name} for name in names], marks=figures, **changes)


def test_as_many_positions_as_a_link_holds_come_back_from_it_beside_every_other_key() -> None:
    whole = of_many(
        60,
        title="🚀" * (LONGEST_TITLE // 4),
        collateral=[{"asset": "LONGESTSYMBOL00", "amount": 1 / 3, "ratio": 1 / 3}],
        shocks={"moves": {"LONGESTSYMBOL00": -0.5}, "days": 7},
    )
    link = encode(whole)
    assert 0.9 * LONGEST_WRITTEN < len(link.query) <= LONGEST_WRITTEN
    assert link.fits
    assert received(link.query).scenario == whole


def test_a_scenario_that_no_link_holds_is_named_by_it_and_not_shortened() -> None:
    link = encode(of_many(MOST_POSITIONS))
    assert not link.fits
    assert list(link.stand_in) == [STAND_IN, "v"]
    assert link.stand_in == encode(of_many(MOST_POSITIONS)).stand_in
    assert link.stand_in != encode(of_many(MOST_POSITIONS, wallet_balance=1)).stand_in
    with pytest.raises(
        FieldError, match=r"^The scenario is too large for a link and opens only in the session"
    ):
        decode(link.stand_in)


@pytest.mark.parametrize("symbol", ["AUSDTUSDT", "AUSDT/USDT", "CUSDC-USDC-SWAP"])
def test_a_token_named_after_a_stablecoin_comes_back_as_itself(symbol: str) -> None:
    whole = scenario(
        positions=[{**document()["positions"][0], "symbol": symbol}], marks={symbol: 1.75}
    )
    assert received(encode(whole).query).scenario == whole


# Readable by hand


def test_the_example_reads_as_a_person_would_write_it() -> None:
    assert encode(scenario()).query == EXAMPLE


def test_a_title_is_written_in_clear_where_that_is_shorter() -> None:
    link = encode(scenario(title="AI basket, 10x", note="Корзина"))
    assert link.query.startswith("title=AI+basket%2C+10x&note=~b0JrQvtGA0LfQuNC90LA&venue=binance&")


def test_parameters_are_the_links_own_in_one_order() -> None:
    assert list(encode(received(FULL).scenario).parameters) == [
        key for key in KEYS if key not in ("tiers_left_out", "move", STAND_IN)
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"p": ["renderusdt_long_28571.4_1.75_10", "FET-USDT-SWAP_long_179291.8_0.2231_10"]},
            {},
            id="symbols as venues spell them",
        ),
        pytest.param(
            {"marks": "RNDR_1.75~fet_0.2231"}, {}, id="the old name of a token and small letters"
        ),
        pytest.param(
            {"p": ["RENDER_long_28571.4_1.75_10_", "FET_long_179291.8_0.2231_10"]},
            {},
            id="a part left empty",
        ),
        pytest.param({"wallet_balance": "1e4"}, {}, id="an exponent"),
        pytest.param({"wallet_balance": "010000.000"}, {}, id="zeros that say nothing"),
        pytest.param({"title": "", "note": ""}, {}, id="empty texts"),
        pytest.param({"betas": "", "baseline_marks": ""}, {}, id="empty tables"),
        pytest.param(
            {"levels": "0.4"}, {"levels": {"warning": 0.4, "danger": 0.8}}, id="one level of two"
        ),
        pytest.param({"shocks": "", "shock_moves": ""}, {}, id="shocks that suppose nothing"),
        pytest.param(
            {
                "shocks": "days_7~leverage_cap_5e-1",
                "shock_moves": "rndr_-0.3",
                "shock_funding": "FETUSDT_0.001",
            },
            {
                "shocks": {
                    "days": 7,
                    "leverage_cap": 0.5,
                    "moves": {"RENDER": -0.3},
                    "funding": {"FET": 0.001},
                }
            },
            id="some shocks of many",
        ),
        pytest.param(
            {"title": "~b0JrQvtGA0LfQuNC90LA="},
            {"title": "Корзина"},
            id="packed text with its padding",
        ),
        pytest.param(
            {"tiers": "FET~0_0.01~5000_0.02"},
            {
                "tiers": {
                    "FET": [
                        {"floor": 0, "maintenance_rate": 0.01},
                        {"floor": 5000, "maintenance_rate": 0.02},
                    ]
                }
            },
            id="tiers by floor and rate alone",
        ),
    ],
)
def test_what_a_person_writes_by_hand_is_read_as_meant(
    changes: Mapping[str, Any], expected: Document
) -> None:
    assert received(query(**changes)).scenario == scenario(**expected)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(f"?{EXAMPLE}", id="with its question mark"),
        pytest.param(f"https://tandem.example/?{EXAMPLE}", id="with its host"),
        pytest.param(f"http://localhost:8501/What-if?{EXAMPLE}", id="with a port and a page"),
        pytest.param(f"https://tandem.example/?{EXAMPLE}#joint-move", id="with a fragment"),
        pytest.param(f"{EXAMPLE}#joint-move", id="bare, with a fragment"),
        pytest.param(
            f"  https://tandem.example/?{EXAMPLE}\n", id="with the white space of a paste"
        ),
        pytest.param(f"{EXAMPLE}&", id="with a trailing ampersand"),
        pytest.param(
            EXAMPLE.replace("~", "%7E").replace("_", "%5F"), id="percent-encoded by a mail program"
        ),
    ],
)
def test_an_address_is_taken_as_it_was_copied(address: str) -> None:
    assert received(address) == Received(scenario(), (), ())


def test_a_question_mark_in_a_title_typed_by_hand_does_not_cut_the_query() -> None:
    assert received(f"title=Why?+Because&{EXAMPLE}").scenario.title == "Why? Because"
    assert received(f"https://tandem.example/?title=Why?&{EXAMPLE}").scenario.title == "Why?"


# Short


def full_digits(value: float) -> float:
    """The number of 50 neighbours that takes most room to write.

    17 digits, or 16 where no number here has more.
    """
    neighbours = accumulate(range(50), lambda nearest, _: nextafter(nearest, inf), initial=value)
    return max(neighbours, key=lambda near: len(repr(near)))


NOTES = {
    "English": "The basket leans long on compute and short on storage; should RENDER and FET fall "
    "together by a tenth, "
    "the account is close to liquidation, so half of the FET goes first. Ask me before you add to "
    "it, and look at the "
    "funding of the week as well: on some days it takes more than the carry gives.",
    "Cyrillic": "Корзина стоит в длинной позиции по вычислениям и в короткой по хранению; если "
    "RENDER и FET упадут "
    "вместе на десятую долю, счёт окажется рядом с ликвидацией, поэтому сначала уходит половина "
    "FET. Спроси меня, "
    "прежде чем добавлять, и посмотри на фандинг за неделю: в иные дни он забирает больше, чем "
    "даёт.",
    "Chinese": "这个组合做多算力代币，同时做空存储代币；如果两个代币一起下跌百分之十，账户就接近强平，"
    "所以应当先减掉一半仓位。加仓之前请先问我，也请看看这一周的资金费率：有些日子它拿走的比持仓收益还多。"
    * 4,
}
TEN = ("RENDER", "FET", "TAO", "AKT", "GRT", "NEAR", "WLD", "ICP", "FIL", "THETA")


def ten_positions(note: str = "", digits: Any = full_digits, **changes: Any) -> Scenario:
    """Ten positions with all the digits that doubles have.

    Sizes, entries, marks, baseline marks, wallet.
    """
    marks = snapshot.marks()
    legs = [
        {
            "symbol": symbol,
            "side": ("long", "short")[index % 2],
            "quantity": digits(12_000 / marks[symbol]),
            "entry_price": digits(1.1 * marks[symbol]),
            "leverage": 10,
        }
        for index, symbol in enumerate(TEN)
    ]
    given = document(
        title=(note[::-1])[:LONGEST_TITLE],
        note=note[:LONGEST_NOTE],
        wallet_balance=digits(10_000.1),
        positions=legs,
        marks={symbol: digits(1.01 * marks[symbol]) for symbol in TEN},
        baseline_marks={symbol: digits(0.99 * marks[symbol]) for symbol in TEN},
    )
    return with_seen(snapshot.attach(Scenario.from_json({**given, **changes})))


def test_ten_positions_with_every_digit_stay_far_below_the_limit() -> None:
    assert len(encode(ten_positions()).query) <= 1_300


def test_ten_positions_with_every_digit_and_shocks_for_each_fit_2000_characters() -> None:
    shocks = {
        "common": -0.1,
        "moves": dict.fromkeys(TEN, -0.305),
        "maintenance": 1.5,
        "maintenance_by_token": {"FET": 2},
        "leverage_cap": 0.5,
        "haircut": 0.1,
        "funding": {token: full_digits(0.0012) for token in TEN},
        "days": 7,
        "interest": 0.1,
    }
    whole = ten_positions(shocks=shocks)
    query = encode(whole).query
    assert len(query) <= LONGEST
    assert received(query).scenario == whole


@pytest.mark.parametrize("script", NOTES)
def test_ten_positions_with_every_digit_a_title_and_a_note_fit_2000_characters(script: str) -> None:
    whole = ten_positions(NOTES[script])
    assert (len(whole.title), len(whole.note)) == (LONGEST_TITLE, LONGEST_NOTE)
    link = encode(whole)
    assert received(link.query).scenario == whole
    assert len(link.query) <= 2_000


# Tier tables that do not fit


def table(rows: int) -> list[Document]:
    """A schedule of so many tiers: some 20 characters of a link for each."""
    return [{"floor": 1_000 * index, "maintenance_rate": 0.01} for index in range(rows)]


def filled(**changes: Any) -> Scenario:
    """A scenario whose note makes its link exactly as long as it may be."""
    room = LONGEST - len(encode(scenario(**changes)).query) - len("&note=")
    return scenario(note="y" * room, **changes)


def test_a_table_that_fits_travels_with_all_it_says() -> None:
    rows = [
        {
            "floor": 0,
            "maintenance_rate": 0.01,
            "maintenance_amount": 0,
            "max_leverage": 50,
            "cap": 5_000,
        },
        {
            "floor": 5_000,
            "maintenance_rate": 0.02,
            "maintenance_amount": 50,
            "max_leverage": None,
            "cap": 1e6,
        },
    ]
    link = encode(scenario(tiers={"RENDER": rows}))
    assert link.parameters["tiers"] == ["RENDER~0_0.01_0_50_5000~5000_0.02_50__1000000"]
    assert (link.left_out, received(link.query).scenario) == ((), scenario(tiers={"RENDER": rows}))


def test_a_table_that_does_not_fit_is_left_out_and_named_to_the_receiver() -> None:
    whole = scenario(tiers={"RENDER": table(5), "FET": table(200)})
    link = encode(whole)
    assert link.left_out == ("FET",)
    assert link.query.endswith("&tiers_left_out=FET&v=1")
    assert received(link.query) == Received(without_tables(whole, ["FET"]), ("FET",), ())


def test_a_table_fits_to_the_last_character_and_not_one_further() -> None:
    fitting = filled(tiers={"RENDER": table(85)}, title="x")
    assert (len(encode(fitting).query), encode(fitting).left_out) == (LONGEST, ())
    assert encode(replace(fitting, title="xx")).left_out == ("RENDER",)


def test_the_snapshots_own_tables_are_no_part_of_a_link() -> None:
    assert encode(snapshot.attach(scenario())).query == EXAMPLE


def test_ten_tables_of_which_none_fits_are_all_named_in_order() -> None:
    whole = ten_positions(tiers={symbol: table(200) for symbol in TEN})
    link = encode(whole)
    assert (link.left_out, received(link.query).left_out) == (TEN, TEN)
    assert len(link.query) <= LONGEST


def test_a_small_table_travels_though_a_large_one_before_it_does_not_fit() -> None:
    assert encode(scenario(tiers={"RENDER": table(200), "FET": table(2)})).left_out == ("RENDER",)


def test_a_link_that_has_to_name_left_out_tables_still_fits() -> None:
    full = filled(tiers={"RENDER": table(85)})
    link = encode(scenario(note=full.note, tiers={"RENDER": table(85), "FET": table(2)}))
    assert received(link.query).left_out
    assert len(link.query) <= LONGEST


@pytest.mark.parametrize("names", ["<script>alert(1)</script>", "RENDER~<b>", "", "x" * 30_000])
def test_what_is_said_to_be_left_out_are_tokens(names: str) -> None:
    result = answer(query(tiers_left_out=names))
    assert isinstance(result, FieldError) or all(
        re.fullmatch(r"[A-Z0-9]{1,15}", name) for name in result.left_out
    )


# Parameters of others


def test_foreign_parameters_are_reported_and_change_nothing() -> None:
    result = received(f"utm_source=a&embed=true&{EXAMPLE}&embed=false&P=x&Venue=okx&=&positions=1")
    assert result == Received(
        scenario(), (), ("utm_source", "embed", "P", "Venue", "", "positions")
    )


# Links that cannot be read

A_TOKEN = "must be a token of up to 15 letters A-Z and digits, such as RENDER, got"
A_PRICE = "must be a number of at least 0, got"
CUT = "cannot be read: the link was cut or changed"
UNENDED = "v: is missing at the link's end: it was cut"
RENDER_LEG = "RENDER_long_28571.4_1.75_10"

REFUSED: list[tuple[str, str, str]] = [
    # what is wrong with it, the link, what the person reads
    (
        "a later version",
        query(v="2"),
        'v: made by another version of Tandem, "2"; this one reads 1',
    ),
    (
        "no version where one is promised",
        query(v=""),
        'v: made by another version of Tandem, ""; this one reads 1',
    ),
    ("nothing at all", "", UNENDED),
    ("no link but a page", "<html><body>Not found</body></html>", UNENDED),
    ("a lone percent sign", "%", UNENDED),
    ("bytes that are no text", "venue=%ff%fe&v=1", "margin_mode: is missing"),
    ("venue twice", query(venue=["binance", "okx"]), "venue: must be given once, got it 2 times"),
    ("marks thrice", query(marks=["RENDER_1"] * 3), "marks: must be given once, got it 3 times"),
    (
        "left-out tables twice",
        query(tiers_left_out=["A", "B"]),
        "tiers_left_out: must be given once, got it 2 times",
    ),
    (
        "an unknown venue",
        query(venue="kraken"),
        'venue: must be one of binance, bybit, okx, hyperliquid, textbook, got "kraken"',
    ),
    (
        "an unknown margin mode",
        query(margin_mode="portfolio"),
        'margin_mode: must be one of cross, isolated, got "portfolio"',
    ),
    ("no wallet balance", query(wallet_balance=None), "wallet_balance: is missing"),
    (
        "an empty wallet balance",
        query(wallet_balance=""),
        "wallet_balance: must be a number, got null",
    ),
    ("not a number", query(wallet_balance="NaN"), 'wallet_balance: must be a number, got "NaN"'),
    (
        "infinity in words",
        query(wallet_balance="Infinity"),
        'wallet_balance: must be a number, got "Infinity"',
    ),
    (
        "infinity in figures",
        query(wallet_balance="1e999"),
        "wallet_balance: must be at most 1e15 in size, got an infinity",
    ),
    (
        "minus infinity",
        query(wallet_balance="-1e999"),
        "wallet_balance: must be at most 1e15 in size, got an infinity",
    ),
    (
        "too large a number",
        query(wallet_balance="1e16"),
        "wallet_balance: must be at most 1e15 in size, got 1e+16",
    ),
    (
        "thousands parted by commas",
        query(wallet_balance="10,000"),
        'wallet_balance: must be a number, got "10,000"',
    ),
    (
        "a hexadecimal number",
        query(wallet_balance="0x10"),
        'wallet_balance: must be a number, got "0x10"',
    ),
    (
        "more digits than any double",
        query(wallet_balance="1" * 4_000),
        'wallet_balance: must be a number, got "' + "1" * 38 + "…",
    ),
    (
        "an unknown shock",
        query(shocks="funding_rate_0.1"),
        "shocks.funding_rate: is not a known key",
    ),
    (
        "a shock without a figure",
        query(shocks="days"),
        "shocks.days: must be a number of at least 0 and of at most 365, got null",
    ),
    ("a shock twice", query(shocks="days_1~days_2"), "shocks.days: is given twice"),
    (
        "a table of shocks in the wrong place",
        query(shocks="moves_1"),
        "shocks.moves: must be an object, got 1",
    ),
    (
        "a table of shocks in two places",
        query(shocks="moves_5", shock_moves="RENDER_-0.1"),
        "shocks.moves: is given twice",
    ),
    (
        "a baseline beside a move from another",
        query(baseline_marks="RENDER_1.9", move="-0.05"),
        "baseline_marks: cannot stand beside a move: the marks of the link are the baseline",
    ),
    (
        "a fall below nothing",
        query(shock_moves="RENDER_-1.1"),
        "shocks.moves.RENDER: must be a number of at least -1 and of at most 10, got -1.1",
    ),
    (
        "a token shocked twice",
        query(shock_funding="FET_0~FET_1"),
        "shocks.funding.FET: is given twice",
    ),
    ("an empty position", query(p=""), "positions[0].side: is missing"),
    ("a position of a symbol alone", query(p="RENDER"), "positions[0].side: is missing"),
    (
        "a position without its entry",
        query(p="RENDER_long_1"),
        "positions[0].entry_price: is missing",
    ),
    (
        "a position of seven parts",
        query(p="RENDER_long_1_1_1_1_1"),
        "positions[0]: must have at most 6 parts "
        "(symbol, side, quantity, entry_price, leverage, isolated_margin), got 7",
    ),
    (
        "a negative quantity",
        query(p="RENDER_long_-5_1_1"),
        "positions[0].quantity: must be a positive number, got -5",
    ),
    (
        "no quantity",
        query(p="RENDER_long_0_1_1"),
        "positions[0].quantity: must be a positive number, got 0",
    ),
    (
        "a fault in the second position",
        query(p=[RENDER_LEG, "FET_long_x_1_1"]),
        'positions[1].quantity: must be a positive number, got "x"',
    ),
    (
        "an unknown side",
        query(p="RENDER_both_1_1_1"),
        'positions[0].side: must be one of long, short, got "both"',
    ),
    (
        "markup for a symbol",
        query(p="<script>alert(1)</script>_long_1_1_1"),
        f'positions[0].symbol: {A_TOKEN} "<script>alert(1)</script>"',
    ),
    (
        "a token that is no more",
        query(p="AGIX_long_1_1_1"),
        "positions[0].symbol: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and "
        "its perpetual is "
        "gone; enter the FET instead",
    ),
    (
        "one position twice",
        query(p=[RENDER_LEG, RENDER_LEG]),
        "positions[1]: RENDER long is positions[0] already; merge them into one of quantity "
        "57142.8 at entry "
        "price 1.75",
    ),
    (
        "no marks",
        query(marks=None),
        "marks.RENDER: is missing; every token of a position or of collateral needs a mark",
    ),
    (
        "a mark too few",
        query(marks="RENDER_1.75"),
        "marks.FET: is missing; every token of a position or of collateral needs a mark",
    ),
    ("a mark without its price", query(marks="RENDER~FET_1"), f"marks.RENDER: {A_PRICE} null"),
    ("a mark of two prices", query(marks="RENDER_1_2~FET_1"), f'marks.RENDER: {A_PRICE} "1_2"'),
    ("a negative mark", query(marks="RENDER_-1~FET_1"), f"marks.RENDER: {A_PRICE} -1"),
    ("one mark twice", query(marks="RENDER_1~FET_1~RENDER_2"), "marks.RENDER: is given twice"),
    (
        "one mark under two names",
        query(marks="RENDER_1~FET_1~RNDR_2"),
        "marks.RENDER: is given twice",
    ),
    ("marks cut at a tilde", query(marks="RENDER_1~FET_1~"), f'marks: {A_TOKEN} ""'),
    (
        "too large a beta",
        query(betas="FET_101"),
        "betas.FET: must be a number of at least -100 and of at most 100, got 101",
    ),
    (
        "a baseline mark of 0",
        query(baseline_marks="FET_0"),
        "baseline_marks.FET: must be a positive number, got 0",
    ),
    (
        "no contract value",
        query(contract_values="FET_"),
        "contract_values.FET: must be a positive number, got null",
    ),
    (
        "levels upside down",
        query(levels="0.8_0.5"),
        "levels.danger: must be above the warning level, 0.8, got 0.5",
    ),
    (
        "three levels",
        query(levels="0.1_0.2_0.3"),
        "levels: must have at most 2 parts (warning, danger), got 3",
    ),
    (
        "a fee of everything",
        query(taker_fee="1"),
        "taker_fee: must be a number of at least 0 and below 1, got 1",
    ),
    (
        "a fraction in per cent",
        query(margin_fraction="1%"),
        'textbook.margin_fraction: must be a number above 0 and below 1, got "1%"',
    ),
    ("collateral without an amount", query(collateral="BTC"), "collateral[0].amount: is missing"),
    (
        "collateral of four parts",
        query(collateral="BTC_1_1~ETH_1_1_1"),
        "collateral[1]: must have at most 3 parts (asset, amount, ratio), got 4",
    ),
    ("a word for what was seen", query(seen="much"), 'seen.equity: must be a number, got "much"'),
    (
        "three things seen",
        query(seen="1_1_1"),
        "seen: must have at most 2 parts (equity, margin_ratio), got 3",
    ),
    (
        "a thirteenth month",
        query(tiers_as_of="2026-13-01"),
        "tiers_as_of: must be a date as in 2026-09-29",
    ),
    (
        "a table without tiers",
        query(tiers="RENDER"),
        "tiers.RENDER: must have at least one tier, got none",
    ),
    (
        "a tier without its rate",
        query(tiers="RENDER~0"),
        "tiers.RENDER[0].maintenance_rate: is missing",
    ),
    (
        "a tier of six parts",
        query(tiers="RENDER~0_0_0_0_0_0"),
        "tiers.RENDER[0]: must have at most 5 parts "
        "(floor, maintenance_rate, maintenance_amount, max_leverage, cap), got 6",
    ),
    ("one table twice", query(tiers=["FET~0_0.01", "FET~0_0.02"]), "tiers.FET: is given twice"),
    (
        "a table of 201 tiers",
        query(tiers="FET" + "~0_0.01" * 201),
        "tiers.FET: must have at most 200 entries, got 201",
    ),
    (
        "tiers that do not join",
        query(tiers="FET~0_0.01___5~6_0.02"),
        "tiers.FET[1].floor: must continue where tier 1 ends, at 5, got 6",
    ),
    ("a packed title that was cut", query(title="~0JrQvtGA0LfQuNC90L"), f"title: {CUT}"),
    ("a packed note that is no base64", query(note="~<b>"), f"note: {CUT}"),
    ("a packed note with stray characters", query(note="~0JrQ<<>>vtGA0LfQuNC90LA"), f"note: {CUT}"),
    ("a packed note that is no text", query(note="~gICA"), f"note: {CUT}"),
    (
        "too long a title",
        query(title="x" * 81),
        "title: must be at most 80 characters long, got 81",
    ),
    (
        "too long a note, packed",
        query(note="~b" + "AAAA" * 100),
        "note: must be at most 280 characters long, got 300",
    ),
    (
        "a line break in a title",
        query(title="a\nb"),
        r"title: must be plain text, got the control character '\n'",
    ),
    (
        "a terminal's escape in a note",
        query(note="\x1b[31m"),
        r"note: must be plain text, got the control character '\x1b'",
    ),
    (
        "digits of another script",
        query(wallet_balance="١٠٠٠٠"),
        r'wallet_balance: must be a number, got "\u0661\u0660\u0660\u0660\u0660"',
    ),
    (
        "digits of full width",
        query(marks="RENDER_１.75"),
        r'marks.RENDER: must be a number of at least 0, got "\uff11.75"',
    ),
    (
        "a hidden word in a title",
        query(title="safe\U000e0041"),
        "title: must be plain text, got the invisible character U+E0041",
    ),
    ("41,000 characters", "x=" + "y" * 40_998, "the link is too long to be one, 41000 characters"),
    (
        "1,500 positions",
        query(p=["RENDER_long_1_1_1"] * 1_500),
        "positions: must have at most 200 entries, got 1500",
    ),
    (
        "too little for isolated margins",
        query(margin_mode="isolated", wallet_balance="8999"),
        "wallet_balance: must cover the isolated margins, 8999.995058 in all, got 8999",
    ),
]


@pytest.mark.parametrize(
    ("link", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
def test_a_link_that_cannot_be_read_is_answered_in_one_sentence(link: str, sentence: str) -> None:
    assert str(refusal(link)) == sentence
    assert len(sentence) <= 300


def test_a_version_given_twice_is_refused_for_being_given_twice() -> None:
    assert str(refusal(query(v=["1", "1"]))) == "v: must be given once, got it 2 times"


@pytest.mark.parametrize("size", ["1e15_1", "1e-30_1e-30"])
def test_one_position_twice_is_refused_for_that_even_where_no_merge_can_be_offered(
    size: str,
) -> None:
    error = refusal(query(p=[f"RENDER_long_{size}_10"] * 2))
    assert error.path == "positions[1]"
    assert error.message.startswith("RENDER long is positions[0] already")


def test_parameters_too_long_to_be_a_link_are_refused_unread() -> None:
    with pytest.raises(FieldError, match=r"^the link is too long to be one$"):
        decode({"note": ["~" + "A" * LONGEST_READ]})


def test_foreign_parameters_may_be_as_long_as_they_like() -> None:
    assert decode({**parse(EXAMPLE), "foreign": ["x" * 100_000]}).scenario == scenario()


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(query(marks="\x1b[31m_1~\x1b[31m_1"), id="a terminal's escape as a mark"),
        pytest.param(query(betas="A\nB_1~A\nB_1"), id="a line break as a beta"),
        pytest.param(query(tiers=["\x00~0_0.01"] * 2), id="a null as a table"),
    ],
)
def test_no_control_character_of_a_link_reaches_the_sentence(link: str) -> None:
    assert str(refusal(link)).isprintable()


# Links that were cut, changed, or never meant to be one


@pytest.mark.parametrize(
    "link", [pytest.param(EXAMPLE, id="the example"), pytest.param(FULL, id="every parameter")]
)
def test_a_link_cut_anywhere_at_its_end_is_known_to_be_cut(link: str) -> None:
    answers = [answer(link[:end]) for end in range(len(link))]
    assert {type(each) for each in answers} == {FieldError}
    assert max(len(str(each)) for each in answers) <= 300


@pytest.mark.parametrize("link", [EXAMPLE, FULL], ids=["the example", "every parameter"])
def test_a_link_cut_at_its_front_is_a_scenario_or_a_sentence(link: str) -> None:
    assert {type(answer(link[start:])) for start in range(1, len(link))} <= {Received, FieldError}


FRAGMENT = st.sampled_from(
    [
        *(
            "_",
            "~",
            "&",
            "=",
            "%",
            "+",
            "#",
            "?",
            "-",
            ".",
            "e",
            "1e999",
            "NaN",
            "0",
            "1",
            "-1",
            "1e15",
            "5e-324",
            "null",
        ),
        *(
            "RENDER",
            "FET",
            "RNDR",
            "AGIX",
            "RENDERUSDT",
            "long",
            "short",
            "okx",
            "textbook",
            "isolated",
            "\x00",
            "\ud800",
        ),
        *(
            "&p=",
            "&tiers=",
            "&marks=",
            "~0_0.01",
            "RENDER_1",
            "RENDER_long_1_1_1",
            "%ff",
            "%",
            "<b>",
            "٣",
            "🚀",
            "\u2028",
        ),
    ]
)
PIECES = st.lists(FRAGMENT | st.text(max_size=5), max_size=12).map("".join)
QUICK = settings(max_examples=300, deadline=5_000, suppress_health_check=[HealthCheck.too_slow])


def one_sentence_or_a_scenario(result: Received | FieldError) -> None:
    if isinstance(result, FieldError):
        assert result.message
        assert len(str(result)) <= 300
    else:
        assert decode(parse(encode(result.scenario).query)).scenario == without_tables(
            result.scenario, encode(result.scenario).left_out
        )


@given(
    st.dictionaries(
        st.sampled_from(KEYS) | st.text(max_size=3),
        st.lists(PIECES, min_size=1, max_size=3),
        max_size=8,
    )
)
@QUICK
def test_any_text_in_any_parameter_is_a_scenario_or_a_sentence(
    parameters: dict[str, list[str]],
) -> None:
    for given_parameters in (parameters, {**parse(EXAMPLE), **parameters}):
        try:
            result: Received | FieldError = decode(given_parameters)
        except FieldError as error:
            result = error
        one_sentence_or_a_scenario(result)


@given(st.integers(0, len(FULL)), st.integers(0, 12), PIECES)
@QUICK
def test_a_link_changed_anywhere_is_a_scenario_or_a_sentence(
    start: int, length: int, piece: str
) -> None:
    one_sentence_or_a_scenario(answer(FULL[:start] + piece + FULL[start + length :]))


@given(PIECES | st.text())
@QUICK
def test_any_text_for_an_address_is_a_scenario_or_a_sentence(text: str) -> None:
    one_sentence_or_a_scenario(answer(text))


@pytest.mark.parametrize(
    "filling",
    [
        *(
            "p=&",
            "p=RENDER_long_1_1_1&",
            "tiers=RENDER~0_0.01&",
            "&",
            "v=1&",
            "%ff",
            "%",
            "+",
            "?",
            "#",
            "x=1&",
        ),
        *(
            "marks=~",
            "~",
            "_",
            "RENDER_1~",
            "9",
            "=",
            "marks=" + "~".join(f"T{index}_1" for index in range(4_000)),
        ),
    ],
)
@pytest.mark.parametrize(
    "key", ["", "marks=", "tiers=RENDER~", "collateral=", "title=~", "p=", "wallet_balance="]
)
def test_the_longest_link_there_can_be_is_answered_at_once(key: str, filling: str) -> None:
    link = (f"{EXAMPLE}&{key}" + filling * (LONGEST_READ // len(filling)))[:LONGEST_READ]
    start = time.perf_counter()
    result = answer(link)
    assert time.perf_counter() - start < 2
    one_sentence_or_a_scenario(result)
