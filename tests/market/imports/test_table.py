"""Positions read from tables as people and venues write them.

What cannot be read is told, never guessed.
"""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.imports import grid as table_grid
from margin.market.imports.files import text_of_file
from margin.market.imports.numerals import numeral
from margin.market.imports.table import MOST_FAULTS, TableRead, joined, read_table, without_lines
from margin.model.scenario import MOST_POSITIONS, Position
from margin.venues import VENUES

QUICK = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

RENDER = Position("RENDER", "long", 30_000, 1.75, 10)
FET = Position("FET", "short", 50_000, 0.2231, 20)
HEADER = "symbol,side,size,entry,leverage"


def faults(text: str, **options: Any) -> list[str]:
    """What is said of a table that must not be taken over."""
    read = read_table(text, **options)
    assert not read.complete
    return [str(fault) for fault in read.faults]


def fault(text: str, **options: Any) -> str:
    """The one fault of a table."""
    [only] = faults(text, **options)
    return only


def positions(text: str, **options: Any) -> tuple[Position, ...]:
    """The positions of a table in which nothing is wrong."""
    read = read_table(text, **options)
    assert read.faults == ()
    assert read.complete
    return read.positions


def position(text: str, **options: Any) -> Position:
    """The only position of a good table."""
    [only] = positions(text, **options)
    return only


def left_out(text: str, **options: Any) -> list[LeftOut]:
    """What a table without faults leaves out."""
    read = read_table(text, **options)
    assert read.faults == ()
    return list(read.left_out)


def notes(text: str, **options: Any) -> str:
    """All that is noted of a good table."""
    read = read_table(text, **options)
    assert read.faults == ()
    return "\n".join(read.notes)


# Form

TWO = "Symbol{0}Side{0}Size{0}Entry Price{0}Leverage\nRENDERUSDT{0}Buy{0}30000{0}1.75{0}10x\nFET{0}s{0}5e4{0}.2231{0}20×"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TWO.format(","), id="commas"),
        pytest.param(TWO.format(", "), id="commas and spaces"),
        pytest.param(TWO.format(",  "), id="commas and two spaces"),
        pytest.param(TWO.format(";"), id="semicolons"),
        pytest.param(TWO.format("\t"), id="tabs"),
        pytest.param(TWO.format(" | "), id="pipes"),
        pytest.param(TWO.format("   "), id="aligned by spaces"),
        pytest.param(
            "\ufeff" + TWO.format(",").replace("\n", "\r\n") + "\r\n\r\n",
            id="as a spreadsheet saves it",
        ),
        pytest.param(TWO.format(",").replace("\n", "\r"), id="old line ends"),
        pytest.param(re.sub("[^,\n]+", r'"\g<0>"', TWO.format(",")), id="every cell quoted"),
        pytest.param(TWO.format(",").replace("\n", ",,\n") + ",,", id="empty columns at the end"),
        pytest.param(TWO.format(",").replace("\n", "\n\n  \n"), id="empty lines"),
        pytest.param("# mine\n// and so on\n" + TWO.format(","), id="comments"),
        pytest.param("# " + TWO.format(","), id="a header behind a comment sign"),
        pytest.param(
            TWO.format(",") + "\nSymbol,Side,Size,Entry Price,Leverage",
            id="the header again at the end",
        ),
        pytest.param("RENDER,long,30000,1.75,10\nFET,short,50000,0.2231,20", id="no header"),
        pytest.param(
            "\ufeffRENDER,long,30000,1.75,10\nFET,short,50000,0.2231,20",
            id="no header, behind a byte order mark",
        ),
        pytest.param(
            "RENDER  L  30000  1.75  10\nFET  Sell  50000  0.2231  20", id="no header, aligned"
        ),
        pytest.param(
            "lev;ENTRY;qty;pair;L/S\n10;1,75;30.000,0;render;LONG\n20;0,2231;50.000;fet;SHORT",
            id="German",
        ),
        pytest.param(
            "lev;entry;qty;pair;L/S\n10;1,75;30 000,0;render;LONG\n20;0,2231;50 000;fet;SHORT",
            id="French",
        ),
        pytest.param(
            "Contracts,Qty,Entry,Side,Lev\nRENDERUSDT,30000,1.75,l,10\nFETUSDT,50000,.2231,s,20",
            id="Bybit's",
        ),
        pytest.param(
            "| Token | Type | Size (USDT) | Entry | Lev |\n|:--|---|--:|--|--|\n"
            "| RENDER | Long | $52,500.00 | 1.75 | 10 |\n| FET | Short | 11,155 USDT | 0.2231 "
            "| 20 |",
            id="Markdown, sizes in $, a side by another name",
        ),
        pytest.param(
            "position.coin\tposition.szi\tposition.entryPx\tposition.leverage.value\tposition.leverage.type\n"
            "RENDER\t30000.0\t1.75\t10\tcross\nFET\t-5e4\t.2231\t20\tcross",
            id="Hyperliquid's, flattened",
        ),
        pytest.param(
            "symbol,positionAmt,entryPrice,markPrice,leverage,marginType,isolatedMargin,positionSide,notional,isolatedWallet\n"
            "RENDERUSDT,30000,1.75,1.8,10,cross,0.00,BOTH,54000,0\nFETUSDT,-50000,0.2231,0.2,20,cross,0.00,BOTH,-10000,0",
            id="Binance's",
        ),
        pytest.param(
            "symbol,contracts,contractSize,side,entryPrice,leverage,marginMode\n"
            "RENDER/USDT:USDT,3000,10,long,1.75,10,cross\nFET/USDT:USDT,500,100,short,0.2231,20,cross",
            id="ccxt's, with its contract size",
        ),
        pytest.param(
            "Token,Side,Size,Avg,Lev\nRNDR,long,30k,1.75,Cross 10x\nFET,short,0.05M,0.2231,20x "
            "(cross)",
            id="k, M",
        ),
    ],
)
def test_a_table_is_read_in_the_form_that_it_has(text: str) -> None:
    assert positions(text) == (RENDER, FET)


def test_okx_sizes_are_in_contracts_and_want_their_value() -> None:
    text = "instId,instType,mgnMode,posSide,pos,avgPx,lever,ccy\nRENDER-USDT-SWAP,SWAP,cross,net,3000,1.75,10,USDT"
    assert position(text, contract_values={"RENDER": 10}, venue="okx") == RENDER
    assert "RENDER long (3000 × 10)" in notes(text, contract_values={"RENDER": 10}, venue="okx")
    assert fault(text, contract_values={"FET": 10}) == (
        "Line 2, pos: the size is in contracts, and how much RENDER one holds is not known; "
        "write the size in tokens: contracts × contract value."
    )


SWAP = "Instrument,Side,{},Entry,Leverage\nTAO-USDT-SWAP,long,{},300,10"
AS_TOKENS = "sizes were read as tokens; OKX's own, beside symbols that end in -SWAP, are contracts"


@pytest.mark.parametrize("values", [None, {"TAO": 1.0}])
def test_okx_symbols_beside_a_size_without_a_unit_are_noted(
    values: dict[str, float] | None,
) -> None:
    text = SWAP.format("Size", "10")
    assert position(text, contract_values=values).quantity == 10
    assert f"{AS_TOKENS}, and their column has to be called so: TAO long" in notes(
        text, contract_values=values
    )


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("Size (TAO)", 10),
        ("Qty (coins)", 10),
        ("Tokens", 10),
        ("Size", "10 TAO"),
        ("Size (USDT)", 3000),
        ("Lots", 10),
    ],
)
def test_a_size_that_says_its_unit_is_not_noted(header: str, size: object) -> None:
    assert AS_TOKENS not in notes(SWAP.format(header, size), contract_values={"TAO": 1.0})


def test_other_venues_symbols_are_not_noted() -> None:
    assert AS_TOKENS not in notes(SWAP.format("Size", "10").replace("TAO-USDT-SWAP", "TAOUSDT"))


@pytest.mark.parametrize("header", ["Size (Cont)", "Contracts", "Qty [contracts]"])
def test_a_header_may_say_contracts(header: str) -> None:
    text = f"symbol,side,{header},entry,leverage\nRENDER,long,3000,1.75,10"
    assert "in contracts" in fault(text)
    assert position(text, contract_values={"RENDER": 10}, venue="okx") == RENDER


def test_a_cell_may_say_contracts() -> None:
    text = f"{HEADER}\nRENDER,long,3000 Cont,1.75,10"
    assert "in contracts" in fault(text)
    assert position(text, contract_values={"RENDER": 10}, venue="okx") == RENDER


@pytest.mark.parametrize(
    ("size", "quantity"),
    [
        ("30000 RENDER", 30_000),
        ("30,000 RNDR", 30_000),
        ("52,500 USDT", 30_000),
        ("USDT 52,500", 30_000),
        ("$52,500.00", 30_000),
        ("52.5k USDT", 30_000),
        ("+30000", 30_000),
        ("1 234.5", 1_234.5),
        ("1'234.5", 1_234.5),
        ("1,234,567", 1_234_567),
        ("1.2e3", 1_200),
        ("1.1k", 1_100),
        ("0.30000000000000004", 0.1 + 0.2),
    ],
)
def test_a_size_is_read_as_it_is_written(size: str, quantity: float) -> None:
    assert position(f"RENDER\tlong\t{size}\t1.75\t10").quantity == quantity


def test_a_size_in_dollars_is_told() -> None:
    assert "sizes in $ became tokens at the entry price: RENDER long" in notes(
        "RENDER\tlong\t$52500\t1.75\t10"
    )
    assert "$" not in notes("RENDER\tlong\t52500\t1.75\t10")


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("30000 FET", "the size is in FET, the line is RENDER's"),
        ("１００", "the size must be a number"),
        ("1.5.2", "the size must be a number"),
        ("1,23,456", "the size must be a number"),
        ("30 00", "the size must be a number"),
        ("+-5", "the size must be a number"),
        ("$5 RENDER", "the size must be a number"),
        ("0." + "3" * 100, "the size must be a number"),
        ("(5)", "contradicts the negative size"),
        ("5%", "the size must be a number"),
        ("=1+1", "the size must be a number"),
        ("1e999", "the size must be at most 1e15"),
        ("-5", "contradicts the negative size"),
        ("", "the size is missing"),
        ("n/a", "the size is missing"),
    ],
)
def test_what_is_no_size_is_told(size: str, said: str) -> None:
    assert said in fault(f"RENDER\tlong\t{size}\t1.75\t10")


def test_a_thousandfold_that_is_also_the_tokens_name_is_not_guessed() -> None:
    assert "write the number in full" in fault("M,long,30M,2.5,3")
    assert position("M,long,30k,2.5,3").quantity == 30_000


# Decimal signs


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        pytest.param(
            ["1,234", "1.75"],
            [1234, 1.75],
            id="a point elsewhere makes the comma a thousands separator",
        ),
        pytest.param(
            ["1,234", "1,75"], [1.234, 1.75], id="a comma elsewhere makes it a decimal sign"
        ),
        pytest.param(["1.234", "1,75"], [1234, 1.75], id="and the point a thousands separator"),
        pytest.param(
            ["1,234", "12,345,678"], [1234, 12345678], id="two commas in one number part thousands"
        ),
        pytest.param(
            ["1.234", "12.345.678"], [1234, 12345678], id="two points in one number part thousands"
        ),
        pytest.param(["1,234", "0,500"], [1.234, 0.5], id="thousands do not begin with 0"),
        pytest.param(
            ["1,234", "1234,500"],
            [1.234, 1234.5],
            id="four digits before it make it a decimal sign",
        ),
        pytest.param(
            ["1,234", "1.5e3"], [1234, 1500], id="an exponent has a decimal sign before it"
        ),
        pytest.param(["1,234", "1.234e3"], [1234, 1234], id="and no thousands before it"),
        pytest.param(["1 234", "5"], [1234, 5], id="a space parts thousands either way"),
        pytest.param(
            ["1 234,567", "5"], [1234.567, 5], id="beside spaces a comma is a decimal sign"
        ),
        pytest.param(["30.000,5", "1.234"], [30000.5, 1234], id="both in one number"),
        pytest.param(
            ["30,000.5", "1,234"], [30000.5, 1234], id="both in one number, the other way"
        ),
    ],
)
def test_one_number_tells_how_the_others_are_written(cells: list[str], values: list[float]) -> None:
    [size, entry] = cells
    read = position(f"RENDER\tlong\t{size}\t{entry}\t10")
    assert [read.quantity, read.entry_price] == values
    read = position(f"RENDER\tlong\t{entry}\t{size}\t10")
    assert [read.entry_price, read.quantity] == values


@pytest.mark.parametrize("parted", ["\t", ";", " | ", "   "])
@pytest.mark.parametrize("size", ["1,234", "1.234"])
def test_where_nothing_tells_a_number_of_two_meanings_is_a_fault(size: str, parted: str) -> None:
    said = fault(parted.join(["RENDER", "long", size, "2", "10"]))
    assert f'Line 1, size: "{size}" can mean ' in said
    assert "1.2340" in said
    assert "1234" in said


@pytest.mark.parametrize("remedy", ["1234", "1.2340"])
@pytest.mark.parametrize("parted", ["\t", ";"])
def test_the_remedy_of_a_number_of_two_meanings_works(remedy: str, parted: str) -> None:
    assert position(parted.join(["RENDER", "long", remedy, "2", "10"])).quantity == float(remedy)


def test_between_commas_the_point_is_the_decimal_sign() -> None:
    assert position("RENDER,long,1.234,2,10").quantity == 1.234
    assert "can mean" in fault('RENDER,long,"1,234",2,10')


def test_a_number_that_contradicts_the_others_is_a_fault() -> None:
    said = fault("RENDER;long;30,00;1.75;10\nFET;long;500.5;0.25;10")
    assert said.startswith('Line 1, size: "30,00" has a decimal comma, and other numbers (')
    assert "a decimal point; write all numbers alike" in said


WRITERS = {
    "English": lambda value, decimals: f"{value:,.{decimals}f}",
    "German": lambda value, decimals: f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,")),
    "French": lambda value, decimals: f"{value:,.{decimals}f}".translate(
        str.maketrans(",.", "\u202f,")
    ),
    "Swiss": lambda value, decimals: f"{value:,.{decimals}f}".replace(",", "’"),
    "plain": lambda value, decimals: f"{value:.{decimals}f}",
}


@QUICK
@given(
    st.sampled_from(list(WRITERS)),
    st.lists(
        st.tuples(
            st.integers(1, 10**9), st.integers(0, 5), st.integers(1, 10**7), st.integers(0, 5)
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([";", "\t"]),
)
def test_a_table_in_one_way_of_writing_is_read_rightly_or_not_at_all(
    way: str, numbers: list[tuple[int, int, int, int]], parted: str
) -> None:
    write, rows, wanted = WRITERS[way], [], []
    for place, (size, size_decimals, entry, entry_decimals) in enumerate(numbers):
        values = size / 10**size_decimals, entry / 10**entry_decimals
        rows.append(
            parted.join(
                [
                    f"T{place}",
                    "long",
                    write(values[0], size_decimals),
                    write(values[1], entry_decimals),
                ]
            )
        )
        wanted.append(values)
    read = read_table("\n".join(rows))
    if read.complete:
        assert [(each.quantity, each.entry_price) for each in read.positions] == wanted
    else:
        assert all("can mean" in each.wrong for each in read.faults)


@given(st.floats(0, 1e15, exclude_min=True, allow_subnormal=True))
def test_a_number_as_programs_write_it_is_read_to_the_last_digit(value: float) -> None:
    written = numeral(repr(value))
    assert written is not None
    assert written.readings()["."] == value


# Columns


def test_columns_that_are_not_read_are_named() -> None:
    assert 'not read: "Colour", "Sector"' in notes(
        f"{HEADER},Colour,Sector\nRENDER,long,30000,1.75,10,red,AI"
    )
    wide = ",".join(f"c{place}" for place in range(40))
    line, *_ = notes(f"{HEADER},{wide}\nRENDER,long,30000,1.75,10{',1' * 40}").splitlines()
    assert line.endswith('"c11", 28 more')


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            "symbol,side,entry",
            'Line 1: no column says the size; name one "size" (in tokens) or "notional" (in $).',
        ),
        ("symbol,side,size", 'Line 1: no column says the entry price; name one "entry price".'),
        (
            "symbol,side,size,entry,Qty\nRENDER,long,1,1,2",
            'Line 1: both "size" and "Qty" read as the size, and they differ; remove or rename one of them.',
        ),
        (
            "symbol,side,size,entry",
            "The table: it has a header and no line below it; paste the lines with it.",
        ),
    ],
)
def test_what_a_header_lacks_or_says_twice_is_told(header: str, said: str) -> None:
    assert fault(header) == said


def test_a_mark_price_is_no_entry_price() -> None:
    assert "no column says the entry price" in fault(
        "symbol,side,size,mark price\nRENDER,long,1,1.75"
    )
    assert "no column says the entry price" in fault("symbol,side,size,price\nRENDER,long,1,1.75")


def test_a_column_of_sides_is_the_side_whatever_its_name() -> None:
    text = "symbol,size,entry,leverage,What I did\nRENDER,30000,1.75,10,long\nFET,50000,0.2231,20,SHORT"
    assert positions(text) == (RENDER, FET)
    assert 'got "shrt"' in fault(text.replace("SHORT", "shrt"))
    assert '"Order" says long, "Type" says short' in fault(
        "symbol,size,entry,Order,Type\nRENDER,1,1,buy,short"
    )


def test_neither_a_comment_nor_a_name_makes_a_column_the_side() -> None:
    assert (
        position("symbol,note,size,entry,leverage\n# then, sell\nRENDER,hold,30000,1.75,10")
        == RENDER
    )
    assert position("symbol,size,entry,leverage,Buy\nRENDER,30000,1.75,10,5") == RENDER


def test_without_a_side_the_sign_tells_it_and_that_is_noted() -> None:
    text = "coin,szi,entry,leverage\nRENDER,30000,1.75,10\nFET,−50000,0.2231,20"
    assert positions(text) == (RENDER, FET)
    assert "no column says the side: a positive size is long, a negative one short" in notes(text)


@pytest.mark.parametrize(
    ("side", "size", "read"),
    [
        ("both", "5", "long"),
        ("BOTH", "-5", "short"),
        ("net", "-5", "short"),
        ("short", "-5", "short"),
        ("Sell", "5", "short"),
        ("", "-5", "short"),
    ],
)
def test_side_and_sign_go_together(side: str, size: str, read: str) -> None:
    assert position(f"{HEADER}\nRENDER,{side},{size},1.75,10").side == read


@pytest.mark.parametrize(
    ("side", "size", "said"),
    [
        ("long", "-5", "contradicts the negative size"),
        ("", "5", "the side is missing"),
        ("up", "5", 'the side must be long or short, got "up"'),
    ],
)
def test_a_side_that_is_none_or_contradicts_its_sign_is_a_fault(
    side: str, size: str, said: str
) -> None:
    assert said in fault(f"{HEADER}\nRENDER,{side},{size},1.75,10")


def test_a_missing_leverage_is_10_and_told() -> None:
    text = f"{HEADER}\nRENDER,long,30000,1.75,\nFET,short,50000,0.2231,20"
    assert positions(text) == (RENDER, FET)
    assert "no leverage is given, 10× is taken: RENDER long\n" in notes(text)
    assert position("RENDER,long,30000,1.75") == RENDER


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("RENDER,long,1,0,10", "entry: the entry price must be a positive number, got 0"),
        ("RENDER,long,1,1.75 BTC,10", "entry: the entry price is in BTC, not in $"),
        ("RENDER,long,1,,10", "entry: the entry price is missing"),
        (
            "RENDER,long,1,1.75,0.5",
            "leverage: the leverage must be a number of at least 1, got 0.5",
        ),
        ("RENDER,long,1,1.75,ten", 'leverage: the leverage must be a number, got "ten"'),
        ("RENDER,long,1,1.75,10 USDT", "leverage: the leverage is in USDT"),
        (",long,1,1.75,10", "symbol: the token is missing"),
        ("RENDER,long,1,1.75", "it has 4 cells, the header 5"),
        ("RENDER,long,30,000,1.75,10", "it has 6 cells, the header 5"),
        (
            "AGIX,long,1,1.75,10",
            "symbol: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET)",
        ),
        ('"=HYPERLINK(""http://x.example"")",long,1,1.75,10', "symbol: must be a token"),
        ("ß,long,1,1.75,10", "symbol: must be a token"),
        ("RENDER/BTC,long,1,1.75,10", "symbol: must be a token"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_by_its_line_and_column(cells: str, said: str) -> None:
    assert f"Line 2, {said}" in fault(f"{HEADER}\n{cells}") or f"Line 2: {said}" in fault(
        f"{HEADER}\n{cells}"
    )


def test_a_fault_names_the_column_as_the_person_wrote_it_and_a_remedy() -> None:
    assert fault("Pair,L/S,Qty (tokens),Entry\nRENDER,long,1,1\nFET,long,x,1") == (
        'Line 3, Qty (tokens): the size must be a number, got "x"; write a number of tokens, such as 30000.'
    )


def test_every_fault_of_a_line_is_told() -> None:
    said = faults(f"{HEADER}\n?,up,x,0,0.5")
    assert [each.partition(":")[0] for each in said] == [
        f"Line 2, {column}" for column in ("leverage", "size", "symbol", "entry", "side")
    ]


def test_a_header_may_give_the_unit_of_its_column() -> None:
    assert (
        position("symbol,side,Size (RENDER),Entry (USDT),leverage\nRENDER,long,30000,1.75,10")
        == RENDER
    )
    assert "the size is in RENDER, the line is FET's" in fault(
        "symbol,side,Size (RENDER),entry\nFET,long,1,1"
    )
    assert "the entry price is in BTC, not in $" in fault(
        "symbol,side,size,Entry (BTC)\nRENDER,long,1,0.00002"
    )


@pytest.mark.parametrize("name", ["NA", "FDUSD", "4", "SUM"])
def test_an_odd_name_of_a_token_is_read_as_one(name: str) -> None:
    assert position(f"{HEADER}\n{name},long,1,1,1").symbol == name


@pytest.mark.parametrize(
    "spelling",
    ["RENDERUSDT", "BINANCE:RENDERUSDT.P", "RENDERUSDT Perpetual", "RENDER-PERP", "RNDR"],
)
def test_symbols_are_read_as_venues_and_chart_sites_spell_them(spelling: str) -> None:
    assert position(f"{spelling},long,30000,1.75,10") == RENDER


# What is left out


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("BTCUSDT_260327", "it is a dated future, not a perpetual"),
        ("BTC-27MAR26", "it is a dated future, not a perpetual"),
        ("BTC-USDT-260327", "it is a dated future, not a perpetual"),
        ("BTC/USDT:USDT-260327", "it is a dated future, not a perpetual"),
        ("BTCUSDH26", "it is a dated future, not a perpetual"),
        ("BTC-27MAR26-60000-C", "it is an option, not a perpetual"),
        ("BTC-USD-260327-60000-P", "it is an option, not a perpetual"),
        ("BTC-27MAR26-60000-C-USDT", "it is an option, not a perpetual"),
        ("BTC-USDT-SPOT", "it is spot, not a perpetual"),
        ("BTCUSD", "it settles in its own coin, not in dollars"),
        ("BTCUSD_PERP", "it settles in its own coin, not in dollars"),
        ("BTC-USD-SWAP", "it settles in its own coin, not in dollars"),
        ("BTC/USD:BTC", "it settles in its own coin, not in dollars"),
        ("BTCUSDC", "it settles in USDC, this account in USDT"),
        ("BTC/USD:USDC", "it settles in USDC, this account in USDT"),
        ("BTC/USDC:USDC", "it settles in USDC, this account in USDT"),
    ],
)
def test_what_is_no_perpetual_in_this_coin_is_left_out_with_its_reason(
    symbol: str, reason: str
) -> None:
    text = f"{HEADER}\n{symbol},long,not read,not read,not read\nRENDER,long,30000,1.75,10"
    assert left_out(text) == [LeftOut(f"{symbol}, line 2", reason)]
    assert positions(text) == (RENDER,)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("settle", "BTC", "it settles in BTC, this account in USDT"),
        ("Quote", "BTC", "it settles in BTC, this account in USDT"),
        ("Margin asset", "usdc", "it settles in usdc, this account in USDT"),
        ("instType", "SPOT", "it is spot, not a perpetual"),
        ("category", "inverse", "it settles in its own coin, not in dollars"),
        ("Margin Mode", "Isolated", "its margin is isolated, this account's is cross"),
        ("isolated", "TRUE", "its margin is isolated, this account's is cross"),
    ],
)
def test_a_column_may_say_why_a_line_is_left_out(column: str, cell: str, reason: str) -> None:
    text = f"symbol,side,size,entry,{column}\nRENDER,long,30000,1.75,{cell}"
    assert left_out(text) == [LeftOut("RENDER, line 2", reason)]


def test_the_other_margin_mode_is_left_out_either_way_and_an_unknown_one_is_a_fault() -> None:
    text = "symbol,side,size,entry,leverage,mgnMode\nRENDER,long,30000,1.75,10,cross"
    assert position(text) == RENDER
    assert left_out(text, isolated=True) == [
        LeftOut("RENDER, line 2", "its margin is cross, this account's is isolated")
    ]
    assert 'must be cross or isolated, got "hedge"' in fault(text.replace("cross", "hedge"))
    assert read_table(text.replace("cross", "hedge")).positions == ()
    assert left_out(f"{HEADER}\nRENDER,long,30000,1.75,Isolated 10x")[0].reason.startswith(
        "its margin is isolated"
    )


def test_settlement_follows_the_account() -> None:
    assert position("BTCUSDC,long,1,70000,10", venue="hyperliquid").symbol == "BTC"
    assert (
        left_out("BTCUSDT,long,1,70000,10", venue="hyperliquid")[0].reason
        == "it settles in USDT, this account in USDC"
    )
    assert len(positions("BTCUSDC,long,1,70000,10\nETHUSDT,long,1,2000,10", venue="textbook")) == 2


def test_lines_of_size_0_are_no_positions_whatever_else_they_say() -> None:
    text = "symbol,positionAmt,entryPrice,leverage\nRENDERUSDT,30000.0,1.75,10\nAGIXUSDT,0.0,0.0,20\nBTCUSDT,0,0,0"
    assert position(text) == RENDER
    assert "lines of size 0, where nothing is open: 2" in notes(text)


@pytest.mark.parametrize(
    "total", ["Total,,30000,,", "TOTAL: 1 position", "Grand total,,,,52500", ",Sum,30000,,"]
)
def test_a_total_is_not_a_position(total: str) -> None:
    text = f"{HEADER}\nRENDER,long,30000,1.75,10\n{total}"
    assert position(text) == RENDER
    assert "line 3 is a total and is not read" in notes(text)


def test_a_token_may_begin_like_a_total() -> None:
    assert position("symbol,size,entry\nSUM-USDT,-1,1").symbol == "SUM"


def test_a_title_above_the_header_is_noted_and_anything_else_there_is_a_fault() -> None:
    text = f"My positions\n{HEADER}\nRENDER,long,30000,1.75,10"
    assert position(text) == RENDER
    assert "line 1 stands above the header and is not read" in notes(text)
    assert "Line 1: it stands above the header" in fault(
        text.replace("My positions", "FET,long,1,1,10")
    )


# Isolated margin


def test_isolated_margins_are_read_for_an_isolated_account() -> None:
    text = "symbol,side,size,entry,leverage,margin\nRENDER,long,30000,1.75,10,6000 USDT\nFET,short,50000,0.2231,20,"
    assert [each.isolated_margin for each in positions(text, isolated=True)] == [6000, None]
    assert "no isolated margin is given, size × entry ÷ leverage is taken: FET short" in notes(
        text, isolated=True
    )
    assert [each.isolated_margin for each in positions(text)] == [None, None]


def test_the_margin_without_the_open_profit_is_preferred() -> None:
    text = "symbol,positionAmt,entryPrice,leverage,marginType,isolatedMargin\nRENDERUSDT,30000,1.75,10,isolated,6543"
    assert position(text, isolated=True).isolated_margin == 6543
    assert "isolatedMargin is taken as the margin without open profit" in notes(text, isolated=True)
    better = text.replace("isolatedMargin", "isolatedMargin,isolatedWallet") + ",6000"
    assert position(better, isolated=True).isolated_margin == 6000
    assert "isolatedMargin" not in notes(better, isolated=True)


def test_an_isolated_margin_of_0_says_cross_and_beside_the_word_isolated_is_a_fault() -> None:
    text = "symbol,side,size,entry,leverage,isolated_margin\nRENDER,long,30000,1.75,10,0"
    assert (
        left_out(text, isolated=True)[0].reason == "its margin is cross, this account's is isolated"
    )
    said = fault(
        text.replace("leverage,", "leverage,mode,").replace("10,0", "10,isolated,0"), isolated=True
    )
    assert "isolated_margin: the isolated margin must be a positive number" in said
    assert position(text) == RENDER


# The same token and side twice

TWICE = "RENDER,long,100,1.5,10\nFET,long,5,1.5,10\nRENDERUSDT,buy,300,2.5,20"


def test_the_same_token_and_side_twice_is_a_fault_that_offers_the_merged_one() -> None:
    assert fault(TWICE) == (
        "Line 3: RENDER long is already on line 1; merge them into one of size 400 at entry price "
        "2.25, "
        "or keep one of the two."
    )


def test_the_same_token_and_side_is_merged_where_that_is_wanted() -> None:
    assert positions(TWICE, merge=True)[0] == Position("RENDER", "long", 400, 2.25, 10)
    assert (
        "line 3 is merged into line 1: both are RENDER long; the leverage is line 1's, 10×"
        in notes(TWICE, merge=True)
    )
    thrice = "\n".join(["RENDER,long,100,1.5,10"] * 3)
    assert position(thrice, merge=True).quantity == 300


def test_faults_are_told_in_the_order_of_the_lines() -> None:
    said = faults("RENDER,long,1,1,1\nRENDER,long,1,1,1\nFET,long,x,1,1")
    assert [each.split(":")[0] for each in said] == ["Line 2", "Line 3, size"]


def test_a_merged_position_that_is_too_large_is_a_fault() -> None:
    text = "RENDER,long,9e14,1.5,10\nRENDER,long,9e14,1.5,10"
    assert (
        fault(text, merge=True) == "Line 2: RENDER long is already on line 1; keep one of the two."
    )


def test_both_sides_of_a_token_are_two_positions() -> None:
    assert len(positions("RENDER,long,100,1.5,10\nRENDER,short,100,1.5,10")) == 2


def test_two_lists_are_joined_leg_by_leg() -> None:
    more = (Position("RENDER", "long", 10_000, 2.15, 5), Position("RENDER", "short", 1, 1, 1))
    assert joined((RENDER, FET), more) == (
        Position("RENDER", "long", 40_000, 1.85, 10),
        FET,
        more[1],
    )
    with pytest.raises(FieldError):
        joined(
            [Position("RENDER", "long", 9e14, 1.5, 10)], [Position("RENDER", "long", 9e14, 1.5, 10)]
        )


# Bounds


@pytest.mark.parametrize("text", ["", " \n\t\n", "# nothing", "---\n==="])
def test_an_empty_text_is_said_to_be_empty(text: str) -> None:
    assert fault(text) == "The table: it is empty; paste open positions."


@pytest.mark.parametrize("text", ["hello", "RENDER long 30000 1.75 10", "a,b,c,d\n1,2,3,4", '"'])
def test_a_text_that_is_no_table_is_told_what_one_looks_like(text: str) -> None:
    assert "The table: it has no header that is known" in fault(text)
    assert "symbol, side, size, entry price, leverage" in fault(text)


def test_a_text_that_is_too_long_is_refused() -> None:
    line = "RENDER,long,30000,1.75,10\n"
    assert "more than 2,000,000 characters" in fault(line * 80_000)
    assert "more than 10,000 lines" in fault(line * 10_001)
    assert len(read_table(line * 10_000, merge=True).positions) == 1


def test_no_more_positions_than_a_scenario_holds() -> None:
    lines = [f"T{place},long,1,1,10" for place in range(MOST_POSITIONS + 1)]
    assert len(positions("\n".join(lines[:-1]))) == MOST_POSITIONS
    assert (
        fault("\n".join(lines))
        == "The table: it holds 201 positions, a scenario at most 200; leave some of them out."
    )
    assert len(read_table("\n".join(lines)).positions) == MOST_POSITIONS


def test_faults_are_counted_and_the_first_told() -> None:
    read = read_table("\n".join(f"T{place},long,x,1,10" for place in range(80)))
    assert len(read.faults) == MOST_FAULTS
    assert read.more_faults == 30
    assert [each.line for each in read.faults] == list(range(1, MOST_FAULTS + 1))


def test_a_header_of_too_many_columns_is_refused() -> None:
    assert "more than 100 columns" in fault(f"{HEADER}{',x' * 100}\nRENDER,long,1,1,10{',1' * 100}")


def test_lines_are_removed_by_their_numbers() -> None:
    text = "\n\nRENDER,long,30000,1.75,10\r\nFET,long,x,1,10\rTAO,up,1,1,10\n"
    numbers = {each.line for each in read_table(text).faults}
    assert numbers == {4, 5}
    assert positions(without_lines(text, numbers)) == (RENDER,)


def test_files_are_text_in_utf_8_or_16() -> None:
    for coding in ("utf-8", "utf-8-sig", "utf-16"):
        assert text_of_file("RENDER;Größe".encode(coding)) == "RENDER;Größe"
    for raw in (b"\xff\xfe\x00", "Größe".encode("cp1252")):
        with pytest.raises(FieldError, match="not a text file in UTF-8"):
            text_of_file(raw)


# Whatever comes

PIECES = st.sampled_from(
    [
        *(
            "symbol",
            "side",
            "size",
            "entry",
            "leverage",
            "notional",
            "contracts",
            "margin",
            "settle",
            "quote",
            "posSide",
        ),
        *(
            "RENDER",
            "FETUSDT",
            "AGIX",
            "BTC-27MAR26",
            "long",
            "short",
            "both",
            "-",
            "−5",
            "1,234",
            "1.234",
            "30k",
            "10x",
        ),
        *(
            "$5",
            "5 USDT",
            "1e999",
            "1e-999",
            "nan",
            "inf",
            "Total",
            "#",
            "//",
            '"',
            "'",
            "=1+1",
            "\x00",
            "\ufeff",
            "\u2028",
        ),
        *(",", ";", "\t", "|", "  ", "\n", "\r\n", "\n\n"),
    ]
)
JUNK = st.text(max_size=300) | st.lists(PIECES | st.text(max_size=3), max_size=80).map("".join)
OPTIONS = st.fixed_dictionaries(
    {
        "isolated": st.booleans(),
        "merge": st.booleans(),
        "venue": st.sampled_from(list(VENUES)),
        "contract_values": st.none() | st.just({"RENDER": 10.0, "FET": 0.0}),
    }
)


def sound(read: TableRead) -> None:
    """What holds of every answer."""
    assert len(read.positions) <= MOST_POSITIONS
    assert len(read.faults) <= MOST_FAULTS
    assert read.complete == (bool(read.positions) and not read.faults)
    said = [
        *map(str, read.faults),
        *read.notes,
        *(f"{what}{reason}" for what, reason in read.left_out),
    ]
    assert all(len(each) < 5_000 and "\n" not in each and "\x00" not in each for each in said)


@settings(QUICK, max_examples=150)
@given(JUNK, OPTIONS)
def test_any_text_is_answered(text: str, options: dict[str, Any]) -> None:
    sound(read_table(text, **options))


GOOD = [
    TWO.format(","),
    TWO.format(";"),
    TWO.format("  "),
    "| Token | Size (USDT) | Entry |\n|---|---|---|\n| RENDER | -$52,500.00 | 1.75 |",
    "symbol,positionAmt,entryPrice,leverage,marginType,isolatedWallet\nRENDERUSDT,30000,1.75,10,cross,0\nFETUSDT,0,0,20,cross,0",
]


@settings(QUICK, max_examples=150)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 4), PIECES), max_size=6),
    OPTIONS,
)
def test_any_mutilated_table_is_answered(
    text: str, cuts: list[tuple[int, int, str]], options: dict[str, Any]
) -> None:
    for place, length, piece in cuts:
        text = text[:place] + piece + text[place + length :]
    sound(read_table(text, **options))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(",".join(["symbol", "long"] * 100)[:396] for _ in range(5_000)),
        f"{HEADER}\n{'USDT-1.' * 280_000},long,1,1,1",
        f"{HEADER},{'_ ' * 990_000}(\nRENDER,long,1,1,1,1",
        f"{HEADER}\nRENDER,long,{'1,' * 10}{'1 ' * 980_000}",
        f'{HEADER}\nRENDER,long,"{"1" * 1_980_000}",1,1',
        '"' * 1_990_000,
        "\n".join(['RENDER,long,1,"1'] * 20_000).ljust(1_990_000),
        "[" * 1_990_000,
        "[" + "{," * 990_000,
    ],
    ids=[
        "cells",
        "a symbol",
        "a name",
        "groups",
        "digits",
        "quotes",
        "open quotes",
        "arrays",
        "objects",
    ],
)
def test_the_longest_texts_are_answered(text: str) -> None:
    assert len(text) > table_grid.MOST_CHARACTERS * 0.97
    sound(read_table(text))
