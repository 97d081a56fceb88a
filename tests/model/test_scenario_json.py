"""The scenario JSON: an exact round trip, else one sentence that names the field."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.errors import FieldError, or_zero
from margin.model.scenario import Scenario, loads
from tests.engine.strategies import documents
from tests.model.any_scenario import texts

Document = dict[str, Any]


def sample() -> Document:
    """A valid document with every key in it."""
    return {
        "version": 1,
        "title": "AI basket",
        "note": "first line\nsecond line",
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": 10_000,
        "positions": [
            {
                "symbol": "RENDER",
                "side": "long",
                "quantity": 30_000,
                "entry_price": 1.75,
                "leverage": 10,
            },
            {
                "symbol": "FET",
                "side": "short",
                "quantity": 1e5,
                "entry_price": 0.25,
                "leverage": 5,
                "isolated_margin": 6e3,
            },
        ],
        "marks": {"RENDER": 1.75, "FET": 0.26, "BTC": 60_000},
        "betas": {"RENDER": 1.5},
        "baseline_marks": {"RENDER": 1.8},
        "levels": {"warning": 0.4, "danger": 0.7},
        "taker_fee": 0.0004,
        "collateral": [{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
        "tiers": {
            "RENDER": [
                {
                    "floor": 0,
                    "maintenance_rate": 0.01,
                    "maintenance_amount": 0,
                    "max_leverage": 75,
                    "cap": 5000,
                },
                {
                    "floor": 5000,
                    "maintenance_rate": 0.015,
                    "maintenance_amount": 25,
                    "max_leverage": 50,
                    "cap": None,
                },
            ]
        },
        "contract_values": {"RENDER": 1},
        "tiers_as_of": "2026-09-29",
        "seen": {"equity": 9_000, "margin_ratio": None},
        "shocks": {"common": -0.1, "moves": {"RENDER": -0.3}, "maintenance": 1.5, "days": 7},
        "textbook": {"margin_fraction": 0.02},
    }


def put(path: str, value: Any) -> Callable[[], Document]:
    """The sample with one value replaced or added; the path as in error sentences."""

    def changed() -> Document:
        document = sample()
        *way, last = [
            int(step) if step.isdigit() else step
            for step in path.replace("[", ".").replace("]", "").split(".")
        ]
        target: Any = document
        for step in way:
            target = target[step]
        target[last] = value
        return document

    return changed


def without(path: str) -> Callable[[], Document]:
    def changed() -> Document:
        document = put(path, None)()
        *way, last = path.split(".")
        target: Any = document
        for step in way:
            target = target[int(step) if step.isdigit() else step]
        del target[last]
        return document

    return changed


def tiers(*rows: Document) -> Callable[[], Document]:
    return put("tiers.RENDER", list(rows))


def tier(floor: float, rate: float, **more: Any) -> Document:
    return {"floor": floor, "maintenance_rate": rate, **more}


def many_positions() -> Document:
    return put(
        "positions", [{**sample()["positions"][0], "symbol": f"T{index}"} for index in range(201)]
    )()


def twice(quantity: float, entry: float) -> Callable[[], Document]:
    first = sample()["positions"][0]
    return put(
        "positions",
        [first, {**first, "symbol": "RNDR", "quantity": quantity, "entry_price": entry}],
    )


def isolated(wallet: float) -> Callable[[], Document]:
    return lambda: {**sample(), "margin_mode": "isolated", "wallet_balance": wallet}


def on_okx() -> Document:
    rows = [tier(0, 0.01), tier(100, 0.02, maintenance_amount=1)]
    return {**sample(), "venue": "okx", "tiers": {"RENDER": rows}}


HUGE = int("1" * 400)
UNKNOWN = "is not a known key"
BAD: dict[str, tuple[Callable[[], Any], str]] = {
    # What is not a document at all
    "an array instead of the document": (list, "must be an object, got an array"),
    "text instead of the document": (lambda: "RENDER", 'must be an object, got "RENDER"'),
    "nothing instead of the document": (lambda: None, "must be an object, got null"),
    # Version
    "no version": (without("version"), "version: is missing; this is version 1"),
    "a version to come": (
        put("version", 2),
        "version: must be 1, got 2; a newer Tandem may read it",
    ),
    "a version in words": (put("version", "1"), 'version: must be a number, got "1"'),
    "a version that is true": (put("version", True), "version: must be a number, got true"),
    # Keys
    "an unknown key of the document": (put("wallet", 1), f"wallet: {UNKNOWN}"),
    "an unknown key of a position": (put("positions[1].qty", 1), f"positions[1].qty: {UNKNOWN}"),
    "an unknown key of a collateral": (
        put("collateral[0].haircut", 1),
        f"collateral[0].haircut: {UNKNOWN}",
    ),
    "an unknown key of a tier": (
        put("tiers.RENDER[1].rate", 1),
        f"tiers.RENDER[1].rate: {UNKNOWN}",
    ),
    "an unknown key of the levels": (put("levels.panic", 1), f"levels.panic: {UNKNOWN}"),
    "an unknown key of what was seen": (put("seen.pnl", 1), f"seen.pnl: {UNKNOWN}"),
    "an unknown key of the textbook": (
        put("textbook", {"fraction": 1}),
        f"textbook.fraction: {UNKNOWN}",
    ),
    "no venue": (without("venue"), "venue: is missing"),
    "no positions key": (without("positions"), "positions: is missing"),
    "a position without a side": (without("positions.0.side"), "positions[0].side: is missing"),
    "a collateral without a ratio": (
        without("collateral.0.ratio"),
        "collateral[0].ratio: is missing",
    ),
    "a tier without a rate": (
        without("tiers.RENDER.1.maintenance_rate"),
        "tiers.RENDER[1].maintenance_rate: is missing",
    ),
    # Choices
    "a venue nobody knows": (
        put("venue", "ftx"),
        'venue: must be one of binance, bybit, okx, hyperliquid, textbook, got "ftx"',
    ),
    "a venue that is a list": (
        put("venue", []),
        "venue: must be one of binance, bybit, okx, hyperliquid, textbook, got an array",
    ),
    "a mode nobody knows": (
        put("margin_mode", "Cross"),
        'margin_mode: must be one of cross, isolated, got "Cross"',
    ),
    "a side nobody knows": (
        put("positions[0].side", "buy"),
        'positions[0].side: must be one of long, short, got "buy"',
    ),
    # Numbers
    "a negative quantity": (
        put("positions[0].quantity", -5),
        "positions[0].quantity: must be a positive number, got -5",
    ),
    "no quantity": (
        put("positions[0].quantity", 0),
        "positions[0].quantity: must be a positive number, got 0",
    ),
    "true as a number": (
        put("positions[0].quantity", True),
        "positions[0].quantity: must be a positive number, got true",
    ),
    "null as a number": (put("wallet_balance", None), "wallet_balance: must be a number, got null"),
    "text as a number": (
        put("wallet_balance", "10000"),
        'wallet_balance: must be a number, got "10000"',
    ),
    "long text as a number": (
        put("wallet_balance", "9" * 60),
        f'wallet_balance: must be a number, got "{"9" * 38}…',
    ),
    "an object as a number": (
        put("wallet_balance", {}),
        "wallet_balance: must be a number, got an object",
    ),
    "NaN": (put("wallet_balance", float("nan")), "wallet_balance: must be a number, got NaN"),
    "an infinity": (
        put("marks.FET", float("inf")),
        "marks.FET: must be at most 1e15 in size, got an infinity",
    ),
    "1e16": (
        put("wallet_balance", 1e16),
        "wallet_balance: must be at most 1e15 in size, got 1e+16",
    ),
    "-1e16": (
        put("wallet_balance", -1e16),
        "wallet_balance: must be at most 1e15 in size, got -1e+16",
    ),
    "an integer of 400 digits": (
        put("wallet_balance", HUGE),
        "wallet_balance: must be at most 1e15 in size, got an integer above 1e15",
    ),
    "an integer of 400 digits below zero": (
        put("wallet_balance", -HUGE),
        "wallet_balance: must be at most 1e15 in size, got an integer above 1e15",
    ),
    "a free entry": (
        put("positions[1].entry_price", 0),
        "positions[1].entry_price: must be a positive number, got 0",
    ),
    "leverage below one": (
        put("positions[0].leverage", 0.5),
        "positions[0].leverage: must be a number of at least 1, got 0.5",
    ),
    "no isolated margin": (
        put("positions[0].isolated_margin", 0),
        "positions[0].isolated_margin: must be a positive number, got 0",
    ),
    "a fee below nothing": (
        put("taker_fee", -0.001),
        "taker_fee: must be a number of at least 0 and below 1, got -0.001",
    ),
    "a fee of everything": (
        put("taker_fee", 1),
        "taker_fee: must be a number of at least 0 and below 1, got 1",
    ),
    "a ratio above one": (
        put("collateral[0].ratio", 1.1),
        "collateral[0].ratio: must be a number of at least 0 and of at most 1, got 1.1",
    ),
    "no amount of collateral": (
        put("collateral[0].amount", 0),
        "collateral[0].amount: must be a positive number, got 0",
    ),
    "a negative mark": (put("marks.FET", -1), "marks.FET: must be a number of at least 0, got -1"),
    "a mark that is true": (
        put("marks.FET", True),
        "marks.FET: must be a number of at least 0, got true",
    ),
    "a baseline mark of nothing": (
        put("baseline_marks.RENDER", 0),
        "baseline_marks.RENDER: must be a positive number, got 0",
    ),
    "a beta beyond reason": (
        put("betas.RENDER", 101),
        "betas.RENDER: must be a number of at least -100 and of at most 100, got 101",
    ),
    "a contract of nothing": (
        put("contract_values.RENDER", 0),
        "contract_values.RENDER: must be a positive number, got 0",
    ),
    "a textbook fraction of one": (
        put("textbook.margin_fraction", 1),
        "textbook.margin_fraction: must be a number above 0 and below 1, got 1",
    ),
    "an equity seen in words": (
        put("seen.equity", "much"),
        'seen.equity: must be a number, got "much"',
    ),
    "a shock that is not known": (put("shocks.fear", 1), "shocks.fear: is not a known key"),
    "shocks of nothing": (put("shocks", None), "shocks: must be an object, got null"),
    "a shock that lasts too long": (
        put("shocks.days", 400),
        "shocks.days: must be a number of at least 0 and of at most 365, got 400",
    ),
    "a shock of a token that is no more": (
        put("shocks.moves", {"AGIX": -0.1}),
        "shocks.moves.AGIX: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and its "
        "perpetual is gone; "
        "enter the FET instead",
    ),
    # Levels
    "levels reversed": (
        put("levels", {"warning": 0.8, "danger": 0.5}),
        "levels.danger: must be above the warning level, 0.8, got 0.5",
    ),
    "equal levels": (
        put("levels", {"warning": 0.6, "danger": 0.6}),
        "levels.danger: must be above the warning level, 0.6, got 0.6",
    ),
    "a warning at liquidation": (
        put("levels.warning", 1),
        "levels.warning: must be a number above 0 and below 1, got 1",
    ),
    # Text and dates
    "a title of 81 characters": (
        put("title", "x" * 81),
        "title: must be at most 80 characters long, got 81",
    ),
    "a note of 281 characters": (
        put("note", "x" * 281),
        "note: must be at most 280 characters long, got 281",
    ),
    "a title that is a number": (put("title", 5), "title: must be text, got 5"),
    "a control character in the title": (
        put("title", "a\x00b"),
        r"title: must be plain text, got the control character '\x00'",
    ),
    "a line break in the title": (
        put("title", "a\nb"),
        r"title: must be plain text, got the control character '\n'",
    ),
    "an escape in the note": (
        put("note", "\x1b[31m"),
        r"note: must be plain text, got the control character '\x1b'",
    ),
    "a lone surrogate in the title": (
        put("title", "\ud800"),
        r"title: must be plain text, got the control character '\ud800'",
    ),
    "a reading order turned around in the title": (
        put("title", "safe \u202eyllatot"),
        "title: must be plain text, got the invisible character U+202E",
    ),
    "a date that is none": (
        put("tiers_as_of", "2026-02-30"),
        "tiers_as_of: must be a date as in 2026-09-29",
    ),
    "a date without dashes": (
        put("tiers_as_of", "20260929"),
        "tiers_as_of: must be a date as in 2026-09-29",
    ),
    # Symbols and marks
    "a symbol with a space": (
        put("positions[0].symbol", "REN DER"),
        'positions[0].symbol: must be a token of up to 15 letters A-Z and digits, such as RENDER, got "REN DER"',
    ),
    "a symbol of 16 letters": (
        put("positions[0].symbol", "A" * 16),
        f'positions[0].symbol: must be a token of up to 15 letters A-Z and digits, such as RENDER, got "{"A" * 16}"',
    ),
    "a ligature that would grow into FIL": (
        put("positions[0].symbol", "\ufb01l"),
        "positions[0].symbol: must be a token of up to 15 letters A-Z and digits, such as RENDER, "
        r'got "\ufb01l"',
    ),
    "a symbol that is a number": (
        put("positions[0].symbol", 5),
        "positions[0].symbol: must be a token such as RENDER, got 5",
    ),
    "AGIX": (
        put("positions[0].symbol", "AGIX"),
        "positions[0].symbol: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and "
        "its perpetual is "
        "gone; enter the FET instead",
    ),
    "OCEAN in a venue's spelling": (
        put("positions[0].symbol", "OCEANUSDT"),
        "positions[0].symbol: OCEAN merged into FET in June-July 2024 (1 OCEAN = 0.433226 FET) and "
        "its perpetual is "
        "gone; enter the FET instead",
    ),
    "AGIX among the marks": (
        put("marks.AGIX", 1),
        "marks.AGIX: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and its "
        "perpetual is gone; enter "
        "the FET instead",
    ),
    "a position without a mark": (
        without("marks.FET"),
        "marks.FET: is missing; every token of a position or of collateral needs a mark",
    ),
    "a collateral without a mark": (
        without("marks.BTC"),
        "marks.BTC: is missing; every token of a position or of collateral needs a mark",
    ),
    "two spellings of one token in the marks": (
        put("marks.RNDRUSDT", 1.75),
        "marks.RENDER: is given twice",
    ),
    "two spellings of one token in the betas": (
        put("betas.render", 1),
        "betas.RENDER: is given twice",
    ),
    "two spellings of one token in the tiers": (
        put("tiers.RNDR", [tier(0, 0.01)]),
        "tiers.RENDER: is given twice",
    ),
    "marks in an array": (put("marks", []), "marks: must be an object, got an array"),
    "251 marks": (
        put("marks", {f"T{index}": 1 for index in range(251)}),
        "marks: must have at most 250 entries, got 251",
    ),
    # Positions and collateral
    "201 positions": (many_positions, "positions: must have at most 200 entries, got 201"),
    "51 pledged assets": (
        put("collateral", [{"asset": f"T{index}", "amount": 1, "ratio": 1} for index in range(51)]),
        "collateral: must have at most 50 entries, got 51",
    ),
    "positions in an object": (put("positions", {}), "positions: must be an array, got an object"),
    "positions in words": (put("positions", "none"), 'positions: must be an array, got "none"'),
    "a position that is a number": (
        put("positions[1]", 7),
        "positions[1]: must be an object, got 7",
    ),
    "one token twice on a side": (
        twice(10_000, 1.55),
        "positions[1]: RENDER long is positions[0] already; merge them into one of quantity 40000 "
        "at entry price 1.7",
    ),
    "one asset twice": (
        put(
            "collateral", [sample()["collateral"][0], {"asset": "btcusdt", "amount": 1, "ratio": 1}]
        ),
        "collateral[1].asset: BTC is collateral[0] already",
    ),
    "isolated margins above the wallet": (
        isolated(11_249),
        "wallet_balance: must cover the isolated margins, 11250 in all, got 11249",
    ),
    # Tier tables
    "no tier": (tiers(), "tiers.RENDER: must have at least one tier, got none"),
    "tiers in an object": (
        put("tiers.RENDER", {}),
        "tiers.RENDER: must be an array, got an object",
    ),
    "a tier that is a number": (
        put("tiers.RENDER[1]", 5),
        "tiers.RENDER[1]: must be an object with floor and maintenance_rate",
    ),
    "a table that does not begin at 0": (
        tiers(tier(1, 0.01), tier(10, 0.02)),
        "tiers.RENDER[0].floor: must be 0, got 1",
    ),
    "a table with a hole": (
        tiers(tier(0, 0.01, cap=10), tier(11, 0.02)),
        "tiers.RENDER[1].floor: must continue where tier 1 ends, at 10, got 11",
    ),
    "floors out of order": (
        tiers(tier(0, 0.01), tier(20, 0.02), tier(20, 0.03)),
        "tiers.RENDER[2].floor: must be above the floor before it, got 20",
    ),
    "a falling rate": (
        tiers(tier(0, 0.02), tier(10, 0.01)),
        "tiers.RENDER[1].maintenance_rate: must not be below the rate before it, got 0.01",
    ),
    "a rate above one": (
        tiers(tier(0, 1.01)),
        "tiers.RENDER[0].maintenance_rate: must be a number of at least 0 and of at most 1, "
        "got 1.01",
    ),
    "a wrong deduction": (
        tiers(tier(0, 0.01), tier(5000, 0.015, maintenance_amount=26)),
        "tiers.RENDER[1].maintenance_amount: must be 25, got 26",
    ),
    "a deduction in the first of several tiers": (
        tiers(tier(0, 0.01, maintenance_amount=3), tier(10, 0.02)),
        "tiers.RENDER[0].maintenance_amount: must be 0, got 3",
    ),
    "a deduction in a flat table": (on_okx, "tiers.RENDER[1].maintenance_amount: must be 0, got 1"),
    "leverage that rises with the size": (
        tiers(tier(0, 0.01, max_leverage=10), tier(10, 0.02, max_leverage=20)),
        "tiers.RENDER[1].max_leverage: must not be above the one before it, got 20",
    ),
    "a cap below its floor": (
        tiers(tier(0, 0.01), tier(10, 0.02, cap=10)),
        "tiers.RENDER[1].cap: must be above its floor, got 10",
    ),
    "201 tiers": (
        tiers(*(tier(index, 0.01) for index in range(201))),
        "tiers.RENDER: must have at most 200 entries, got 201",
    ),
}


@pytest.mark.parametrize(("made", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_answered_with_one_sentence_that_names_the_field(
    made: Callable[[], Any], sentence: str
) -> None:
    with pytest.raises(FieldError) as caught:
        Scenario.from_json(made())
    assert str(caught.value) == sentence


TEXTS = {
    "one key twice": ('{"version": 1, "version": 1}', "version: is given twice"),
    "a document cut short": ('{"version": 1', "this is not a JSON document (line 1, column 14)"),
    "nothing": ("", "this is not a JSON document (line 1, column 1)"),
    "brackets without end": ("[" * 100_000, "this is not a JSON document"),
    "more digits than Python reads": (
        '{"version": ' + "1" * 5_000 + "}",
        "this is not a JSON document",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), TEXTS.values(), ids=TEXTS.keys())
def test_text_that_is_no_document_is_answered_with_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FieldError) as caught:
        loads(text)
    assert str(caught.value) == sentence


def test_a_key_given_twice_is_named_on_one_line() -> None:
    with pytest.raises(FieldError) as caught:
        loads(r'{"a\nb": 1, "a\nb": 2}')
    assert len(str(caught.value).splitlines()) == 1


def test_the_sample_itself_is_read() -> None:
    scenario = Scenario.from_json(sample())
    assert scenario.to_json() == {
        **sample(),
        "positions": [{"isolated_margin": None, **each} for each in sample()["positions"]],
    }


@pytest.mark.parametrize(
    ("title", "note", "levels"),
    [
        pytest.param(
            "x" * 80,
            "y" * 280,
            {"warning": 0.5, "danger": 0.500001},
            id="the longest texts and nearest levels",
        ),
        pytest.param(
            "ключ · ÷ 渲染 🚀", "<b>not markup</b>", {}, id="any script, and markup as plain text"
        ),
    ],
)
def test_texts_and_levels_at_their_limits_are_read(title: str, note: str, levels: Document) -> None:
    scenario = Scenario.from_json({**sample(), "title": title, "note": note, "levels": levels})
    assert (scenario.title, scenario.note) == (title, note)


@pytest.mark.parametrize(
    "written",
    [
        "RENDER",
        "render",
        " RENDER ",
        "RENDERUSDT",
        "renderusdt",
        "RENDERUSDC",
        "RENDER/USDT",
        "RENDER/USDT:USDT",
        "RENDER/USDC:USDC",
        "RENDER-USDT-SWAP",
        "RENDER_USDT",
        "RENDER-PERP",
        "RENDER-USD-PERP",
        "RNDR",
        "RNDRUSDT",
        "RNDR/USDT:USDT",
        "RNDR-USDT-SWAP",
        "RENDERUSDT-PERP",
        "RENDERUSDTUSDT",
        "RNDRUSDT-PERP",
    ],
)
def test_a_venue_s_spelling_is_read_as_the_token_everywhere(written: str) -> None:
    document = sample()
    document["positions"][0]["symbol"] = written
    for key in ("marks", "betas", "baseline_marks", "tiers", "contract_values"):
        document[key][written] = document[key].pop("RENDER")
    document["collateral"] = [{"asset": written, "amount": 1, "ratio": 1}]
    scenario = Scenario.from_json(document)
    assert scenario.positions[0].symbol == scenario.account.collateral[0].asset == "RENDER"
    for key in ("marks", "betas", "baseline_marks", "tiers", "contract_values"):
        assert "RENDER" in getattr(scenario.market, key)
        assert written == "RENDER" or written not in getattr(scenario.market, key)
    assert Scenario.from_json(scenario.to_json()) == scenario


@pytest.mark.parametrize("token", ["USDT", "USDC", "FDUSD", "USD1", "1000PEPE", "0G", "T"])
def test_a_token_is_not_taken_for_a_spelling(token: str) -> None:
    document = put("collateral", [{"asset": token, "amount": 1, "ratio": 1}])()
    document["marks"][token] = 1
    assert Scenario.from_json(document).account.collateral[0].asset == token


def test_stablecoins_stand_still_in_a_common_move_and_other_tokens_follow_unless_told() -> None:
    market = Scenario.from_json(sample()).market
    assert (market.beta("RENDER"), market.beta("FET"), market.beta("USDC")) == (1.5, 1, 0)


# The round trip

plain = texts(80)
numbers = st.floats(-1e15, 1e15, allow_nan=False).map(or_zero)
extras = st.fixed_dictionaries(
    {},
    optional={
        "title": plain,
        "note": plain.map(lambda text: f"{text}\n{text}"),
        "levels": st.sampled_from(
            [{}, {"warning": 0.2}, {"danger": 0.9}, {"warning": 0.1, "danger": 0.2}]
        ),
        "tiers_as_of": st.dates().map(lambda day: day.isoformat()),
        "seen": st.fixed_dictionaries(
            {}, optional={"equity": numbers, "margin_ratio": st.none() | numbers}
        ),
        "baseline_marks": st.dictionaries(
            st.sampled_from(["RENDER", "FET", "RNDRUSDT"]), st.floats(1e-9, 1e9), max_size=1
        ),
        "taker_fee": st.none() | st.floats(0, 1, exclude_max=True).map(or_zero),
    },
)


@given(documents(), extras)
@settings(max_examples=150)
def test_a_scenario_written_and_read_again_is_the_same_to_the_last_bit(
    document: Document, more: Document
) -> None:
    scenario = Scenario.from_json({**document, **more})
    written = json.dumps(scenario.to_json(), allow_nan=False)
    again = Scenario.from_json(loads(written))
    assert again == scenario
    assert json.dumps(again.to_json()) == written


def test_reading_does_not_change_the_document() -> None:
    document = sample()
    kept = copy.deepcopy(document)
    Scenario.from_json(document)
    assert document == kept


# Fuzz: whatever it is, a scenario or one sentence

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["RENDER", "long", 1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from([*sample(), "symbol", "floor"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def reads_or_says(value: Any) -> None:
    """The one promise: a Scenario, or a FieldError of one line that can be written anywhere."""
    sentence = ""
    try:
        Scenario.from_json(value).to_json()
    except FieldError as error:
        sentence = str(error)
    assert len(sentence.splitlines()) <= 1
    assert sentence.encode().decode() == sentence


@given(anything)
@settings(max_examples=200)
def test_any_json_at_all_gives_a_scenario_or_one_sentence(value: Any) -> None:
    reads_or_says(value)


@given(anything, st.sampled_from(sorted(sample())))
@settings(max_examples=200)
def test_any_value_under_any_key_gives_a_scenario_or_one_sentence(value: Any, key: str) -> None:
    reads_or_says({**sample(), key: value})


@given(st.data())
@settings(max_examples=300)
def test_a_valid_document_with_anything_anywhere_gives_a_scenario_or_one_sentence(
    data: st.DataObject,
) -> None:
    document = sample()
    target: Any = document
    while True:
        keys = list(range(len(target))) if isinstance(target, list) else sorted(target)
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(target[key], dict | list) and target[key] and data.draw(st.booleans())):
            break
        target = target[key]
    if data.draw(st.booleans()):
        target[key] = data.draw(anything)
    elif isinstance(target, dict) and data.draw(st.booleans()):
        target[data.draw(st.text(max_size=5))] = target.pop(key)
    else:
        del target[key]
    reads_or_says(document)
