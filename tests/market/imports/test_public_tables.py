"""Tables of the shapes that exchanges, programs and people write, and their meaning."""

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook

from margin.market.imports.files import text_of_file
from margin.market.imports.table import TableRead, read_table
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Position


def read(text: str, **options: Any) -> TableRead:
    """What a table says, with the contract values that the snapshot knows."""
    return read_table(text, contract_values=snapshot.contract_values(), **options)


def positions(text: str, **options: Any) -> tuple[Position, ...]:
    """The positions of a table in which nothing is wrong."""
    table = read(text, **options)
    assert [str(fault) for fault in table.faults] == []
    return table.positions


def refusal(text: str, **options: Any) -> str:
    """Why a table is refused as a whole."""
    table = read(text, **options)
    assert (table.complete, table.positions) == (False, ())
    [fault] = table.faults
    assert not fault.removable
    return str(fault)


RENDER, TAO = (
    Position("RENDER", "long", 1200.5, 1.731, 20),
    Position("TAO", "short", 4.8, 271.72, 10),
)
BOTH = (RENDER, TAO)


# What is closed, or never was a position


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Contracts,Closing Direction,Qty,Entry Price,Exit Price,Closed P&L,Exit Type,Trade "
            "Time(UTC+0),Order No.\n"
            "RENDERUSDT,Close Long,1200,1.731,1.802,83.9,Trade,2026-03-10 14:05:00,9871b976",
            id="Bybit's closed P&L",
        ),
        pytest.param(
            "Contracts,Closing Direction,Qty,Entry Price,Exit Price,Closed "
            "P&L\nRENDERUSDT,Sell,1200,1.731,1.802,83.9",
            id="Bybit's, with the side of the closing order",
        ),
        pytest.param(
            "symbol,side,size,entry,Closed PnL\nRENDER,long,5,1.7,0.00",
            id="closed without a profit",
        ),
        pytest.param(
            "symbol,side,size,entry,exit\nRENDER,long,5,1.7,1.8\nFET,short,5,.2,.3", id="exits"
        ),
        pytest.param(
            "symbol,side,size,entry,exit date\nRENDER,long,5,1.7,2026-03-10", id="a date of exit"
        ),
        pytest.param(
            "symbol,side,size,entry,Realized P&L\nRENDER,long,5,1.7,12.5",
            id="realised profit alone",
        ),
        pytest.param("symbol,side,size,entry\nRENDER,Close Long,5,1.7", id="a closing side"),
        pytest.param(
            "symbol;方向;数量;开仓均价\nRENDERUSDT;平多;5;1.7", id="a closing side in Chinese"
        ),
        pytest.param("symbol,side,size,entry,status\nRENDER,long,5,1.7,Closed", id="a state"),
        pytest.param(
            "Paar;Seite;Menge;Einstiegspreis;Ausstiegspreis\nRENDER;Long;5;1,7;1,8", id="in German"
        ),
        pytest.param(
            "Par;Lado;Cantidad;Precio de entrada;Precio de salida\nRENDER;largo;5;1,7;1,8",
            id="in Spanish",
        ),
        pytest.param("Closed P&L\nsymbol,side,size,entry\nRENDER,long,5,1.7", id="a title"),
        pytest.param(
            "coin,dir,px,sz,closedPnl,fee,avg price\nRENDER,Open Long,1.731,5,0.0,0.01,1.7",
            id="Hyperliquid's fills",
        ),
    ],
)
def test_a_table_of_closed_trades_is_refused_by_name(text: str) -> None:
    said = refusal(text, venue="bybit")
    assert "not" in said
    assert "open positions" in said
    assert 'the tab "Positions"' in said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "symbol,side,size,avg price,order id\nRENDER,buy,5,1.7,99", id="an order's number"
        ),
        pytest.param("symbol,side,filled,avg price,size\nRENDER,buy,5,1.7,5", id="what was filled"),
        pytest.param(
            "symbol,side,size,avg price,type\nRENDER,buy,5,1.7,Limit", id="an order's type"
        ),
        pytest.param(
            "Symbol,Side,Qty,Avg. Price,Executed,Order Type\nRENDER,buy,5,1.7,5,Market",
            id="executions",
        ),
        pytest.param(
            json.dumps(
                [
                    {
                        "symbol": "RENDERUSDT",
                        "orderId": 7,
                        "side": "BUY",
                        "avgPrice": "1.7",
                        "origQty": "5",
                    }
                ]
            ),
            id="Binance's orders",
        ),
        pytest.param(
            json.dumps(
                {
                    "data": [
                        {
                            "instId": "RENDER-USDT-SWAP",
                            "fillPx": "1.7",
                            "fillSz": "5",
                            "side": "buy",
                        }
                    ]
                }
            ),
            id="OKX's fills",
        ),
    ],
)
def test_a_list_of_orders_or_fills_is_refused_by_name(text: str) -> None:
    assert "it lists orders" in refusal(text)


def test_of_a_journal_only_the_open_lines_are_positions() -> None:
    journal = "Date,Pair,Side,Size,Entry,Exit,PnL,Lev\n1.3.,RENDER,long,5,1.7,1.8,0.5,10\n2.3.,FET,short,50,.22,,,5"
    table = read(journal)
    assert table.positions == (Position("FET", "short", 50, 0.22, 5),)
    assert [label for label, _ in table.left_out] == ["RENDER, line 2"]
    assert "it is closed" in table.left_out[0].reason


def test_what_is_open_may_have_realised_a_profit_and_bear_its_last_trades_number() -> None:
    text = "symbol,side,size,entry,leverage,mark price,realised pnl,trade id\nRENDER,long,1200.5,1.731,20,1.7502,12,99"
    assert positions(text) == (RENDER,)


def test_a_state_that_is_not_known_is_asked_about() -> None:
    said = read("symbol,side,size,entry,state\nRENDER,long,5,1.7,paused").faults
    assert "is the position open?" in str(said[0])


# The margin mode, wherever it stands


@pytest.mark.parametrize(
    "text",
    [
        "Symbol,Size,Entry Price,Margin,Leverage\nRENDERUSDT,1200.5,1.731,105.05 USDT (Cross),20x\n"
        "TAOUSDT,-4.8,271.72,128.75 USDT (Isolated),10x",
        "Symbol,Size,Entry Price,Leverage\nRENDERUSDT Perp Cross 20x,1200.5,1.731,\n"
        "TAOUSDT Perp Isolated,-4.8,271.72,10",
        "Symbol,Size,Entry "
        "Price,Leverage\nRENDERUSDT,1200.5,1.731,全仓20x\nTAOUSDT,-4.8,271.72,逐仓10x",
        "Symbol,Size,Entry "
        "Price,Lev,isolated\nRENDERUSDT,1200.5,1.731,20,false\nTAOUSDT,-4.8,271.72,10,true",
        "Symbol,Size,Entry "
        "Price,Lev,cross\nRENDERUSDT,1200.5,1.731,20,yes\nTAOUSDT,-4.8,271.72,10,no",
        "Symbol,Size,Entry "
        "Price,Lev,Something\nRENDERUSDT,1200.5,1.731,20,Cross\nTAOUSDT,-4.8,271.72,10,Isolated",
        "Symbole;Taille;Prix d'entrée;Levier;Mode de "
        "marge\nRENDER;1200,5;1,731;20;Croisée\nTAO;-4,8;271,72;10;Isolée",
        "symbol,positionAmt,entryPrice,leverage,isolatedWallet\nRENDERUSDT,1200.5,1.731,20,0\nTAOUSDT,-4.8,271.72,10,128.75",
    ],
)
def test_an_isolated_position_never_enters_a_cross_account_nor_the_other_way_round(
    text: str,
) -> None:
    assert positions(text) == (RENDER,)
    [only] = positions(text, isolated=True)
    assert (only.symbol, only.isolated_margin) in {("TAO", 128.75), ("TAO", None)}


def test_two_columns_that_agree_on_the_mode_are_read_and_two_that_do_not_are_a_fault() -> None:
    text = "symbol,side,contracts,contractSize,entryPrice,leverage,marginMode,marginType\n{},long,5,1,1.7,10,cross,{}"
    assert len(positions(text.format("RENDER", "crossed"))) == 1
    [fault] = read(text.format("RENDER", "isolated")).faults
    assert '"marginMode" says cross, "marginType" says isolated' in str(fault)


def test_a_dump_inside_a_cell_tells_the_mode_too() -> None:
    short = "\"{'symbol': 'TAOUSDT', 'isolated': False}\""
    assert (
        len(
            positions(
                f"info,symbol,side,size,entry,lev,marginMode\n{short},TAO,short,4.8,271.72,10,cross"
            )
        )
        == 1
    )
    info = "\"{'symbol': 'TAOUSDT', 'positionAmt': '-4.8', 'isolated': True, 'updateTime': 1700147205685, 'x': 0}\""
    assert read(f"info,symbol,side,size,entry,lev\n{info},TAO,short,4.8,271.72,10").positions == ()


def test_a_table_without_a_mode_says_what_it_was_read_as() -> None:
    assert (
        "the table does not say cross or isolated: read as cross"
        in read("RENDER,long,5,1.7,10").notes
    )


# Leverage and side, wherever they stand


@pytest.mark.parametrize(
    ("cell", "side", "size", "leverage", "read_as"),
    [
        ("RENDERUSDT", "Buy/Long", "5", "x10", ("long", 10)),
        ("TAOUSDT", "Open Short", "5", "10.00x", ("short", 10)),
        ("FETUSDT", "Long 10x", "5", "1:10", ("long", 10)),
        ("NEARUSDT", "Sell/Short", "(5)", "5 x", ("short", 5)),
        ("WLDUSDT Perp Short 20x", "", "-5", "", ("short", 20)),
        ("WLDUSDT Perpetual · 20X", "SHORT (Cross)", "5", "Cross 20x", ("short", 20)),
        ("WLD USDT 永续", "做空", "5", "20倍".replace("倍", "x"), ("short", 20)),
    ],
)
def test_compound_words_are_read(
    cell: str, side: str, size: str, leverage: str, read_as: tuple[str, float]
) -> None:
    [only] = positions(f"Symbol\tSide\tQty\tEntry\tLev\n{cell}\t{side}\t{size}\t1.7\t{leverage}")
    assert (only.side, only.leverage, only.quantity) == (*read_as, 5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("RENDERUSDT 20x,long,5,1.7,10x", "says 20×"),
        ("RENDERUSDT Short,long,5,1.7,10x", '"symbol" says short, "side" says long'),
    ],
)
def test_what_contradicts_itself_is_a_fault(line: str, said: str) -> None:
    [fault] = read(f"symbol,side,size,entry,leverage\n{line}").faults
    assert said in str(fault)


UNSIGNED = (
    "Coin\tSize\tPosition Value\tEntry Price\tMark Price\tPNL (ROE %)\tLiq. Price\tMargin\n"
    "RENDER\t1,200.5 RENDER\t2,101.12 USDC\t1.7310\t1.7502\t+$23.05 (+5.5%)\t1.5120\t$420.22 "
    "(Cross)\n"
    "TAO\t4.804 TAO\t1,287.47 USDC\t271.72\t268.00\t+$17.87 (+6.8%)\t402.10\t$257.49 (Cross)"
)


def test_sizes_without_a_sign_take_the_side_that_profit_and_liquidation_price_show() -> None:
    table = read(UNSIGNED, venue="hyperliquid")
    assert [(each.symbol, each.side, each.leverage) for each in table.positions] == [
        ("RENDER", "long", 5),
        ("TAO", "short", 5),
    ]
    assert any("RENDER long, TAO short" in note for note in table.notes)


def test_a_side_that_profit_and_price_tell_differently_is_asked_about() -> None:
    text = UNSIGNED.replace("402.10", "102.10")
    [fault] = read(text, venue="hyperliquid").faults
    assert "its profit shows a short, its liquidation price a long" in str(fault)


def test_a_stated_side_that_the_profit_contradicts_is_a_fault() -> None:
    text = "symbol,side,size,entry,mark price,unrealised pnl\nTAO,long,4.804,271.72,268,17.87"
    assert "its profit is that of the other side" in str(read(text).faults[0])
    assert len(positions(text.replace("17.87", "-17.87"))) == 1


def test_a_column_of_sides_in_words_that_are_not_known_is_asked_about() -> None:
    text = "symbol,Suunta,size,entry\nRENDER,osto,5,1.7\nFET,myynti,50,0.22"
    said = refusal_of_sides(text)
    assert 'is it "Suunta"?' in said


def refusal_of_sides(text: str) -> str:
    """The fault of a table whose lines were understood but for their side."""
    [fault] = read(text).faults
    assert not fault.removable
    return str(fault)


# Sizes


def test_margin_times_leverage_is_a_size_and_said_so() -> None:
    text = "Symbol,Side,Margin (USDT),Leverage,Entry price\nRENDERUSDT,Long,100,20x,1.731\nTAOUSDT,Short,250,5x,271.3"
    [render, tao] = positions(text)
    assert render.quantity == pytest.approx(1155.40150202)
    assert tao.quantity == pytest.approx(4.60744563)
    assert any("margin × leverage" in note for note in read(text).notes)


def test_a_size_that_is_not_worth_the_stated_value_may_count_contracts_and_is_a_fault() -> None:
    text = "symbol,side,size,value,entry,mark price\nRENDER_USDT,long,120,{},1.731,1.7502"
    assert len(positions(text.format("210.02"))) == 1
    assert "is not worth the 2100.24" in str(read(text.format("2100.24")).faults[0])


@pytest.mark.parametrize(
    ("name", "venue", "symbol"),
    [
        ("kPEPE", "hyperliquid", "1000PEPE"),
        ("kPEPE-USD", "hyperliquid", "1000PEPE"),
        ("1000PEPEUSDT", "binance", "1000PEPE"),
        ("KAVA", "hyperliquid", "KAVA"),
        ("BTC-USD", "hyperliquid", "BTC"),
        ("RENDER-USD-PERP", "hyperliquid", "RENDER"),
        ("RENDERUSDTM", "binance", "RENDER"),
        ("XBTUSDTM", "binance", "BTC"),
        ("RENDERUSDT_UMCBL", "binance", "RENDER"),
        ("RENDER_USDT", "binance", "RENDER"),
        ("RENDER USDT Perp", "binance", "RENDER"),
        ("S 20x", "binance", "S"),
    ],
)
def test_other_names_of_a_perpetual_are_read(name: str, venue: str, symbol: str) -> None:
    [only] = positions(f"symbol,side,size,entry\n{name},long,5,1.7", venue=venue)
    assert only.symbol == symbol


@pytest.mark.parametrize(
    ("name", "venue", "reason"),
    [
        ("BTC-USD", "binance", "it settles in its own coin"),
        ("XBTUSDM", "binance", "it settles in its own coin"),
        ("BTCUSD_DMCBL", "bybit", "it settles in its own coin"),
        ("xyz:TSLA", "hyperliquid", "a market with a collateral and rules of its own"),
        ("BTCUSDT", "hyperliquid", "it settles in USDT, this account in USDC"),
    ],
)
def test_what_is_no_perpetual_of_this_account_is_left_out(
    name: str, venue: str, reason: str
) -> None:
    table = read(f"symbol,side,size,entry\n{name},long,5,1.7", venue=venue)
    assert table.positions == ()
    assert reason in table.left_out[0].reason


# Headers


@pytest.mark.parametrize(
    "header",
    [
        "Symbol;Seite;Einstiegspreis;Menge;Hebel",
        "Paire;Sens;Prix d’entrée;Quantité;Effet de levier",
        "Contrato;Dirección;Precio de entrada;Tamaño;Apalancamiento",
        "Contrato;Direção;Preço de entrada;Quantidade;Alavancagem",
        "Sözleşme;Yön;Giriş Fiyatı;Miktar;Kaldıraç",
        "Инструмент;Сторона;Цена входа;Размер;Плечо",
        "合约;方向;开仓均价;数量;杠杆",
        "合約;方向;開倉均價;數量;槓桿",
        "銘柄;売買;エントリー価格;数量;レバレッジ",
        "심볼;방향;진입가;수량;레버리지",
        "Contratto;Direzione;Prezzo di entrata;Quantità;Leva",
        "Para;Strona;Cena wejścia;Ilość;Dźwignia",
    ],
)
def test_a_header_in_another_language_and_order_is_read_and_never_swapped(header: str) -> None:
    assert positions(f"{header}\nRENDERUSDT;Long;1,731;1.200,5;20x") == (RENDER,)


def test_a_header_that_is_not_understood_refuses_the_table_and_is_not_offered_for_removal() -> None:
    text = "Sopimus;Suunta;Hinta;Määrä;Vipu\nRENDERUSDT;Long;1,731;1.200,5;20x"
    assert "looks like a header" in refusal(text)
    assert read(text).removable_lines == ()


def test_a_header_understood_by_half_is_not_offered_for_removal_either() -> None:
    table = read("Symbol;Seite;Hinta;Määrä;Vipu\nRENDERUSDT;Long;1,731;1.200,5;20x")
    assert "no column says the size" in str(table.faults[0])
    assert table.removable_lines == ()


# Forms


PANDAS = (
    "             symbol   side  contracts  entryPrice  leverage marginMode\n"
    "0  RENDER/USDT:USDT   long     1200.5       1.731      20.0      cross\n"
    "1     TAO/USDT:USDT  short        4.8     271.720      10.0      cross"
)
WRAPPED = (
    "             symbol   side  contracts  \\\n0  RENDER/USDT:USDT   long     1200.5   \n"
    "1     TAO/USDT:USDT  short        4.8   \n\n"
    "   entryPrice  leverage\n0       1.731      20.0\n1     271.720      10.0"
)
PSQL = (
    " id |      symbol      | side  | size   | entry_price | leverage\n"
    "----+------------------+-------+--------+-------------+----------\n"
    "    | RENDERUSDT       | long  | 1200.5 |       1.731 |       20\n"
    "    | TAOUSDT          | short |    4.8 |      271.72 |       10\n(2 rows)"
)
BOX = (
    "┌────────┬───────┬────────┬────────┬─────┐\n│ symbol │ side  │ size   │ entry  │ lev │\n"
    "├────────┼───────┼────────┼────────┼─────┤\n│ RENDER │ long  │ 1200.5 │ 1.731  │ 20  │\n"
    "│ TAO    │ short │ 4.8    │ 271.72 │ 10  │\n└────────┴───────┴────────┴────────┴─────┘"
)
BINANCE = (
    "Symbol\tSize\tEntry Price\tBreak Even Price\tMark Price\tLiq.Price\tMargin "
    "Ratio\tMargin\tPNL(ROI %)\n"
    "RENDERUSDT Perp 20x\t1,200.5 RENDER\t1.7310\t1.7328\t1.7502\t1.5120\t2.87%\t105.05 USDT "
    "(Cross)\t+23.05 USDT\n"
    "TAOUSDT Perp 10x\t-4.800 TAO\t271.72\t271.60\t268.00\t402.10\t2.87%\t128.75 USDT "
    "(Cross)\t+17.86 USDT (+13.70%)"
)
IN_A_CELL = (
    'symbol\tside\tsize\tentry\tlev\n"RENDERUSDT\nPerp"\tlong\t1200.5\t1.731\t20\n'
    '"TAOUSDT\nPerp"\tshort\t4.8\t271.72\t10'
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PANDAS, id="a printed data frame"),
        pytest.param(
            "\n".join(line[3:] for line in PANDAS.splitlines()), id="one printed without its index"
        ),
        pytest.param(WRAPPED, id="one that was too wide"),
        pytest.param(PSQL, id="psql"),
        pytest.param(BOX, id="a drawn box"),
        pytest.param(BINANCE, id="Binance's page"),
        pytest.param(IN_A_CELL, id="line breaks inside cells"),
    ],
)
def test_what_programs_and_pages_show_is_read(text: str) -> None:
    assert positions(text) == BOTH


def test_contracts_of_a_command_line_become_tokens_by_the_size_beside_them() -> None:
    text = (
        "id |            symbol | contracts | contractSize | entryPrice | side | leverage | "
        "notional | markPrice\n"
        "------------------------------------------------------------------\n"
        "   | RENDER/USDT:USDT |        10 |           10 |     1.7310 | long |       20 |   "
        "175.02 |    1.7502\n"
        "1 objects"
    )
    assert positions(text) == (Position("RENDER", "long", 100, 1.731, 20),)


def test_a_print_that_was_cut_is_refused() -> None:
    rows = [f"{place}  T{place}  long  5  1.7" for place in range(6)]
    cut = "   symbol  side  size  entry\n" + "\n".join(
        [*rows[:3], "..  ...  ...  ...  ...", *rows[3:]]
    )
    assert "was cut when it was printed" in refusal(cut)


def test_hundreds_of_lines_of_size_zero_are_skipped_and_the_limit_counts_what_is_open() -> None:
    zeros = "".join(f"T{place}USDT,0,0.0,0.0,20,cross,BOTH,0\n" for place in range(1_800))
    head = "symbol,positionAmt,entryPrice,markPrice,leverage,marginType,positionSide,notional\n"
    assert positions(f"{head}{zeros}RENDERUSDT,1200.5,1.731,1.7502,20,cross,BOTH,2101.1") == (
        RENDER,
    )


CCXT = [
    {
        "symbol": "RENDER/USDT:USDT",
        "side": "long",
        "contracts": 1200.5,
        "contractSize": 1.0,
        "entryPrice": 1.731,
    }
    | {
        "markPrice": 1.7502,
        "notional": 2101.12,
        "leverage": 20.0,
        "marginMode": "cross",
        "info": {"symbol": "?"},
    },
    {
        "symbol": "TAO/USDT:USDT",
        "side": "short",
        "contracts": 4.8,
        "contractSize": 1.0,
        "entryPrice": 271.72,
    }
    | {
        "markPrice": 268.0,
        "notional": 1286.4,
        "leverage": 10.0,
        "marginMode": "cross",
        "percentage": None,
    },
]
BINANCE_V2 = [
    {
        "symbol": "RENDERUSDT",
        "positionAmt": "1200.5",
        "entryPrice": "1.731",
        "markPrice": "1.7502",
        "leverage": "20",
    }
    | {
        "marginType": "cross",
        "isolatedMargin": "0.0",
        "isolatedWallet": "0",
        "positionSide": "BOTH",
    },
    {
        "symbol": "TAOUSDT",
        "positionAmt": "-4.8",
        "entryPrice": "271.72",
        "markPrice": "268",
        "leverage": "10",
    }
    | {
        "marginType": "cross",
        "isolatedMargin": "0.0",
        "isolatedWallet": "0",
        "positionSide": "SHORT",
    },
    {
        "symbol": "ABCUSDT",
        "positionAmt": "0",
        "entryPrice": "0",
        "leverage": "20",
        "marginType": "isolated",
    },
]
BINANCE_V3 = [
    {
        "symbol": "RENDERUSDT",
        "positionSide": "BOTH",
        "positionAmt": "1200.5",
        "entryPrice": "1.731",
        "markPrice": "1.75",
    }
    | {
        "notional": "2100.875",
        "isolatedMargin": "0",
        "isolatedWallet": "0",
        "positionInitialMargin": "105.04375",
    },
    {
        "symbol": "TAOUSDT",
        "positionSide": "BOTH",
        "positionAmt": "-4.8",
        "entryPrice": "271.72",
        "markPrice": "268",
    }
    | {
        "notional": "-1286.4",
        "isolatedMargin": "0",
        "isolatedWallet": "0",
        "positionInitialMargin": "128.64",
    },
]
BYBIT = {
    "retCode": 0,
    "result": {
        "category": "linear",
        "nextPageCursor": "",
        "list": [
            {
                "symbol": "RENDERUSDT",
                "side": "Buy",
                "size": "1200.5",
                "avgPrice": "1.731",
                "leverage": "20",
            }
            | {
                "positionValue": "2078.07",
                "tradeMode": 0,
                "positionStatus": "Normal",
                "curRealisedPnl": "1.5",
            },
            {
                "symbol": "TAOUSDT",
                "side": "Sell",
                "size": "4.8",
                "avgPrice": "271.72",
                "leverage": "10",
            }
            | {
                "positionValue": "1304.26",
                "tradeMode": 0,
                "positionStatus": "Normal",
                "curRealisedPnl": "-3",
            },
        ],
    },
}
HYPERLIQUID = {
    "assetPositions": [
        {
            "type": "oneWay",
            "position": {
                "coin": "RENDER",
                "szi": "1200.5",
                "entryPx": "1.731",
                "positionValue": "2101.12",
            }
            | {
                "leverage": {"type": "cross", "value": 20},
                "marginUsed": "105.05",
                "unrealizedPnl": "23.05",
            },
        },
        {
            "type": "oneWay",
            "position": {
                "coin": "TAO",
                "szi": "-4.8",
                "entryPx": "271.72",
                "positionValue": "1286.4",
            }
            | {
                "leverage": {"type": "cross", "value": 10},
                "marginUsed": "128.64",
                "unrealizedPnl": "17.86",
            },
        },
    ],
    "marginSummary": {"accountValue": "10000"},
}


def okx() -> dict[str, Any]:
    """OKX's answer, whose sizes are in contracts: as many as make the positions."""
    values = snapshot.contract_values()

    def row(symbol: str, tokens: float, price: str, leverage: str) -> dict[str, Any]:
        contracts = tokens / values[symbol]
        return {
            "instId": f"{symbol}-USDT-SWAP",
            "instType": "SWAP",
            "mgnMode": "cross",
            "posSide": "net",
            "pos": f"{contracts:.12g}",
            "avgPx": price,
            "lever": leverage,
            "ccy": "USDT",
            "tradeId": "1234",
            "upl": "1.5" if tokens > 0 else "-1.5",
            "realizedPnl": "3",
        }

    return {
        "code": "0",
        "data": [row("RENDER", 1200.5, "1.731", "20"), row("TAO", -4.8, "271.72", "10")],
    }


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(CCXT, id="ccxt"),
        pytest.param({"result": CCXT}, id="ccxt, wrapped"),
        pytest.param({each["symbol"]: each for each in CCXT}, id="ccxt, by symbol"),
        pytest.param(BINANCE_V2, id="Binance, positionRisk v2"),
        pytest.param(BINANCE_V3, id="Binance, positionRisk v3"),
        pytest.param(BYBIT, id="Bybit, position/list"),
        pytest.param(HYPERLIQUID, id="Hyperliquid, clearinghouseState"),
        pytest.param(okx(), id="OKX, positions"),
    ],
)
def test_a_dump_is_read_as_json_as_lines_and_as_python_prints_it(document: Any) -> None:
    forms = [json.dumps(document), json.dumps(document, indent=2), repr(document)]
    if isinstance(document, list):
        forms.append("\n".join(json.dumps(each) for each in document))
    for form in forms:
        read_positions = positions(form)
        assert [
            (each.symbol, each.side, each.entry_price, each.leverage) for each in read_positions
        ] == [(each.symbol, each.side, each.entry_price, each.leverage) for each in BOTH]
        assert [each.quantity for each in read_positions] == pytest.approx([1200.5, 4.8], rel=1e-11)


def test_an_isolated_position_in_a_dump_is_left_out_of_a_cross_account() -> None:
    rows = [BINANCE_V3[0], BINANCE_V3[1] | {"isolatedMargin": "128.7", "isolatedWallet": "120"}]
    table = read(json.dumps(rows))
    assert table.positions == (RENDER,)
    assert table.left_out[0].what == "TAOUSDT, entry 2"


@pytest.mark.parametrize(
    "text", ["{", "[1, 2]", '{"a": 1}', "[[[[[[[[[[]]]]]]]]]]", '{"symbol": "RENDER"}', "[NaN]"]
)
def test_json_without_positions_is_answered(text: str) -> None:
    table = read(text)
    assert table.positions == ()
    assert table.faults


def workbook(*sheets: list[list[object]]) -> bytes:
    """A workbook of these sheets' rows."""
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def test_a_workbook_is_read_from_the_sheet_that_has_the_table() -> None:
    table: list[list[object]] = [
        ["Symbol", "Side", "Size", "Entry price", "Leverage"],
        ["RENDERUSDT", "long", 1200.5, 1.731, "20x"],
        ["TAOUSDT", "short", 4.8, 271.72, 10],
    ]
    assert positions(text_of_file(workbook([["My notes"]], table))) == BOTH


def test_a_number_of_a_workbook_is_never_taken_for_one_with_parted_thousands() -> None:
    table: list[list[object]] = [["symbol", "side", "size", "entry"], ["RENDER", "long", 5, 1.731]]
    assert positions(text_of_file(workbook(table)))[0].entry_price == 1.731
