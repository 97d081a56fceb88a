"""What must never enter an account.

Kinds of tables that look like open positions of this account and are not.
"""

import json
from typing import Any

import pytest

from margin.market.imports.table import TableRead, read_table

HEAD = "Symbol,Side,Size,Entry,Leverage"
LINE = "TAO,Long,5,271,5"


def read(text: str, **options: Any) -> TableRead:
    """What a table says; whatever it says, something is said where nothing can be imported."""
    table = read_table(text, contract_values={"BTC": 0.01, "RENDER": 1.0}, **options)
    assert table.complete or table.faults or table.left_out
    return table


def is_kept_out(text: str, **options: Any) -> bool:
    """Whether nothing of a table can be imported."""
    table = read(text, **options)
    return not table.complete


@pytest.mark.parametrize(
    "column",
    [
        *(
            "Exit Timestamp,2026-03-01",
            "Date Out,1.3.2026",
            "Sold,280",
            "End Date,2026-03-01",
            "Close Date/Time,1.3.26",
        ),
        *(
            "Schließkurs,280",
            "Verkauft am,1.3.26",
            "Geschlossen am,1.3.26",
            "Prix de clôture moyen,280",
        ),
        *(
            "Precio promedio de cierre,280",
            "Preço médio de fechamento,280",
            "Ort. Kapanış Fiyatı,280",
        ),
        *(
            "Средняя цена закрытия,280",
            "平均平仓价,280",
            "出场均价,280",
            "平均決済価格,280",
            "평균 종료가,280",
        ),
        *(
            "Średnia cena zamknięcia,280",
            "Net Realized PnL,9",
            "Realisierte PnL,9",
            "已平仓盈亏,0",
            "Закрытый PnL,9",
        ),
        *(
            "Outcome,Win",
            "Result,+83.9",
            "W/L,W",
            "R-Multiple,2.1",
            "Closed?,Yes",
            "Closed,x",
            "Done,TRUE",
            "Open?,No",
        ),
        *(
            "Type,Close Long",
            "Type,Exit",
            "Action,Sell to close",
            "Trade Status,Closed",
            "Stand,geschlossen",
        ),
        *(
            "Comment,closed at 280",
            "Remark,平仓",
            "Reduce Only,true",
            "TxID,0x9",
            "Maker/Taker,Taker",
            "Order Value,9",
        ),
    ],
)
def test_a_line_that_is_closed_or_a_trade_in_any_words_is_kept_out(column: str) -> None:
    name, cell = column.split(",", 1)
    assert is_kept_out(f"{HEAD},{name}\n{LINE},{cell}")


@pytest.mark.parametrize("cell", ["", "-", "0", "0.00", "TBD", "?", "ongoing", "1970-01-01"])
def test_an_exit_that_is_still_to_come_is_none(cell: str) -> None:
    assert read(f"{HEAD},Exit,Liq. Price\n{LINE},{cell},200").complete


@pytest.mark.parametrize(
    "button", ["Close All Positions,Market Limit", "Close By,Limit Market", "Close,Market Limit"]
)
def test_a_button_of_an_exchanges_page_closes_nothing(button: str) -> None:
    name, cell = button.split(",")
    assert read(f"{HEAD},Mark Price,{name}\n{LINE},270,{cell}").complete


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "105 USDT（逐仓）",
            "Isolated",
            "Isolated 105 USDT",
            "105 USDT [Isolated]",
            "105 USDT/Isolated",
        ),
        *(
            "105 Isolated USDT",
            "105 USDT Isolated 10x",
            "105 USDT isolated margin",
            "105 USDT (Isolated (Auto))",
        ),
        *("105 USDT (Изол.)", "105 USDT (isolierte Margin)", "105 USDT 分离"),
    ],
)
@pytest.mark.parametrize("name", ["Margin", "Initial Margin", "Value", "Liq. Price", "Whatever"])
def test_an_isolated_margin_is_seen_in_any_cell(cell: str, name: str) -> None:
    assert is_kept_out(f"{HEAD},{name}\n{LINE},{cell}")


@pytest.mark.parametrize(
    "column",
    [
        *(
            "is_isolated,TRUE",
            "isIsolated,yes",
            "isolatedMode,1",
            "Iso,x",
            "Isoliert,ja",
            "Isolé,oui",
            "İzole,true",
        ),
        *(
            "crossMargin,false",
            "Cross Margin,no",
            "crossMode,0",
            "Modus,isoliert",
            "Cross/Isolated,I",
        ),
    ],
)
def test_a_mode_by_flag_is_read(column: str) -> None:
    name, cell = column.split(",")
    assert is_kept_out(f"{HEAD},{name}\n{LINE},{cell}")
    assert read(f"{HEAD},{name}\n{LINE},{cell}", isolated=True).complete


@pytest.mark.parametrize(
    "title",
    [
        "Closed trades",
        "My trades",
        "Trade history",
        "# closed trades",
        "Isolated margin positions",
        "Spot holdings",
    ],
)
def test_a_title_counts_for_all_lines_below_it(title: str) -> None:
    assert is_kept_out(f"{title}\n{HEAD}\n{LINE}")


def test_a_bar_of_tabs_that_begins_with_positions_is_no_such_title() -> None:
    assert read(f"Positions(2) Open Orders(3) Trade History\n{HEAD}\n{LINE}").complete


def test_a_title_of_shorts_makes_lines_without_a_side_short() -> None:
    [only] = read("Short positions\nSymbol,Size,Entry,Leverage\nTAO,5,271,5").positions
    assert only.side == "short"


RECORD = {
    "symbol": "TAO/USDT:USDT",
    "side": "long",
    "contracts": 5,
    "contractSize": 1,
    "entryPrice": 271,
}
OTHER = RECORD | {"symbol": "FET/USDT:USDT"}


@pytest.mark.parametrize(
    "document",
    [
        {"closed": [RECORD]},
        {"history": [RECORD]},
        {"isolated": [RECORD]},
        {"marginMode": "isolated", "positions": [RECORD]},
        {"category": "spot", "list": [RECORD | {"symbol": "TAOUSDT"}]},
        {"binance": [RECORD], "bybit": [OTHER]},
        [RECORD | {"info": {"isolated": True}}],
        [RECORD | {"info": {"marginType": "isolated"}, "marginMode": None}],
        [RECORD | {"symbol": "TAO/USDT"}],
        [RECORD | {"lastPrice": 280, "realizedPnl": 9, "unrealizedPnl": None, "markPrice": None}],
        [RECORD | {"side": None}],
        {
            "data": [
                {
                    "instId": "BTC-USDT",
                    "pos": "5",
                    "avgPx": "60000",
                    "lever": "3",
                    "mgnMode": "cross",
                }
            ]
        },
        [{"contract": "BTC_USDT", "size": -9440, "leverage": "10", "entry_price": "65000"}],
    ],
)
def test_what_stands_around_a_dumps_records_counts_for_them(document: Any) -> None:
    assert is_kept_out(json.dumps(document))


def test_of_a_dump_with_two_lists_only_the_open_one_is_read() -> None:
    table = read(json.dumps({"open": [RECORD], "closed": [OTHER]}))
    assert [position.symbol for position in table.positions] == ["TAO"]
    assert [what for what, _ in table.left_out] == ["FET/USDT:USDT, entry 2"]


def test_a_key_that_stands_twice_is_refused() -> None:
    said = read(
        '[{"symbol": "TAOUSDT", "side": "long", "side": "short", "size": 5, "entryPrice": 271}]'
    ).faults
    assert 'the key "side" twice' in str(said[0])


@pytest.mark.parametrize(
    "text",
    [
        "Symbol,Pos Größe,Avg Price,Leverage,Mark Price,Value\nRENDERUSDT,-1200,1.731,10,1.75,2100",
        "Symbol,Gizmo,Avg Price,Leverage,Margin\nRENDERUSDT,-1200,1.731,10,207",
        "Symbol,Size (k),Entry,Leverage\nTAO,-5,271,5",
        "Symbol,Side,Size (%),Entry,Leverage\nTAO,long,5,271,5",
        "Symbol,Side,Amount,Value,Entry\nDOGE,long,500,500,0.2",
    ],
)
def test_value_and_margin_never_stand_in_for_a_size_that_is_not_understood(text: str) -> None:
    assert is_kept_out(text)


def test_a_short_is_never_a_long_for_its_size_is_called_position() -> None:
    [only] = read(
        "Symbol,Position,Avg Price,Leverage,Margin\nRENDERUSDT,-1200,1.731,10,207"
    ).positions
    assert (only.side, only.quantity) == ("short", 1200)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Symbol,B/S,Size,Entry,Leverage\nTAO,S,5,271,5\nRENDER,B,5,1.7,5", "short"),
        ("Symbol,Size,Entry,Mark,ROE,Leverage\nTAO,5,271,280,-31%,5", "short"),
        ("Symbol,Size,Entry,TP,SL,Leverage\nTAO,5,271,220,300,5", "short"),
    ],
)
def test_a_side_that_letters_results_or_orders_show_is_read(text: str, side: str) -> None:
    assert read(text).positions[0].side == side


@pytest.mark.parametrize(
    "text",
    [
        "Symbol,Action,Position Side,Size,Entry,Leverage\nTAO,SELL,LONG,5,271,5",
        "Coin\tSize\tEntry Price\tPNL\tMargin\nRENDER\t1200\t1.731\t-23.05\t105 (Cross)",
        "Symbol,Side,Size,Entry\nRENDER,Buy,1200,1.7\nRENDER,Sell,1200,1.8",
        "Asset,Amount,Average Price,Value\nTAO,5,271.5,1400",
    ],
)
def test_a_side_that_is_open_to_doubt_is_asked_about(text: str) -> None:
    assert read(text, venue="hyperliquid").faults


@pytest.mark.parametrize(
    ("symbol", "venue"),
    [
        *(
            ("BTC-PERPETUAL", "binance"),
            ("BTCUSDT240628", "binance"),
            ("BTCEUR", "binance"),
            ("BTCPERP", "binance"),
        ),
        *(("PURR/USDC", "hyperliquid"), ("ETHBTC", "binance")),
    ],
)
def test_names_of_other_kinds_are_left_out(symbol: str, venue: str) -> None:
    assert read(f"{HEAD}\n{symbol},Long,5,271,5", venue=venue).positions == ()


@pytest.mark.parametrize(
    "column",
    [
        *(
            "Contract Type,CURRENT_QUARTER",
            "Contract Type,Delivery",
            "Category,Spot Margin",
            "Asset Class,Spot",
        ),
        *(
            "Expiry,2026-06-26",
            "Strike,60000",
            "Margin,0.002 BTC",
            "PnL,0.0002 BTC",
            "Margin,135 USDC",
        ),
        *("Exchange,Bybit", "Settle,BTC", "Product Type,something else"),
    ],
)
def test_other_kinds_coins_and_exchanges_are_left_out_or_asked_about(column: str) -> None:
    name, cell = column.split(",")
    assert is_kept_out(f"{HEAD},{name}\n{LINE},{cell}")


@pytest.mark.parametrize(
    "header",
    [
        "Munt;Long/Short;Prijs;Aantal",
        "Nome;Buy/Sell;Kurs;Stk",
        "Munt;Kant;Prijs 24u;Aantal",
        "№1;Сделка;Курс;Кол",
    ],
)
def test_a_header_in_unknown_words_is_never_offered_for_removal(header: str) -> None:
    table = read(f"{header}\nRENDER;long;1,7310;1200")
    assert table.faults
    assert table.removable_lines == ()


def test_a_rounded_value_of_zero_is_not_nothing() -> None:
    assert read(
        "Symbol,Side,Notional (USDT),Entry,Leverage\n1000PEPE,long,0.00,0.006,10\nTAO,long,5,271,5"
    ).faults


def test_what_is_not_understood_beside_a_leverage_or_a_side_is_a_fault() -> None:
    assert read(f"{HEAD}\nTAO,Long,5,271,5x foo").faults
    assert read(f"{HEAD}\nTAO,Long foo,5,271,5").faults


@pytest.mark.parametrize(
    "title", ["Closed positions", "Closed", "Trade History", "Isolated", "已平仓", "Spot"]
)
@pytest.mark.parametrize("again", ["", f"{HEAD}\n"])
def test_a_title_in_the_middle_holds_of_the_lines_below_it(title: str, again: str) -> None:
    table = read(f"{HEAD}\nRENDER,Long,1200,1.7,5\n\n{title},,,,\n{again}{LINE}")
    assert [position.symbol for position in table.positions] == ["RENDER"]
    assert len(table.left_out) == 1
    assert "title of the lines below" in table.notes[0]


def test_the_side_of_a_section_is_that_of_its_lines() -> None:
    table = read("Longs\nSymbol,Size,Entry\nRENDER,9,1.7\nShorts\nTAO,5,271")
    assert not table.complete
    assert [
        position.side
        for position in read("Symbol,Size,Entry\nLongs\nRENDER,9,1.7\nShorts\nTAO,5,271").positions
    ] == ["long", "short"]


@pytest.mark.parametrize(
    "second",
    [
        "Symbol,Side,Filled,Price,Leverage",
        "Symbol,Side,Size,Exit Price,Leverage",
        "Mã,Hướng,Giá ra,Giá,Đòn bẩy",
    ],
)
def test_a_second_header_is_never_offered_for_removal(second: str) -> None:
    table = read(f"{HEAD}\nRENDER,Long,1200,1.7,5\n\n{second}\n{LINE}")
    assert not table.complete
    assert not table.removable_lines
    assert "header of another table" in str(table.faults[0])


def test_a_word_alone_on_a_line_is_never_offered_for_removal() -> None:
    table = read(f"{HEAD}\nRENDER,Long,1200,1.7,5\nAltbestand\n{LINE}")
    assert not table.complete
    assert not table.removable_lines


@pytest.mark.parametrize(
    "line",
    [
        "TAO closed,Long,5,271,5",
        "TAOUSDT (closed),Long,5,271,5",
        "TAO,Long,5 (closed),271,5",
        "TAO,Long,5,271,5x closed",
    ],
)
def test_a_word_for_closing_beside_any_value_is_asked_about(line: str) -> None:
    table = read(f"{HEAD}\n{line}")
    assert not table.complete
    assert "is the position open?" in str(table.faults[0])


@pytest.mark.parametrize(
    "line", ["RENDER,Long,2100,1.731,20,105", "TAO,Short,1300,271.72,10,130 USDT (Cross)"]
)
def test_a_size_that_is_margin_times_leverage_is_in_dollars(line: str) -> None:
    table = read(f"{HEAD},Margin\n{line}")
    assert not table.complete
    assert "it is in $, not in tokens" in str(table.faults[0])
    in_dollars = read(f"Symbol,Side,Size (USD),Entry,Leverage,Margin\n{line}")
    size, entry = (float(cell) for cell in line.split(",")[2:4])
    assert in_dollars.positions[0].quantity == pytest.approx(size / entry)


@pytest.mark.parametrize(
    "line", ["RENDER,Long,1200,1.731,20,103.86", "USDE,Long,1000,1.001,10,100.1"]
)
def test_a_size_in_tokens_beside_its_margin_is_read(line: str) -> None:
    assert read(f"{HEAD},Margin\n{line}").complete


@pytest.mark.parametrize(
    "text",
    [
        "Asset,Side,Amount,Avg Buy Price,Date\nRENDER,Buy,1200,1.731,2026-03-10",
        "Symbol,Side,Quantity,Avg "
        "Price,Cost\nRENDERUSDT,Buy,1200,1.731,2077\nTAOUSDT,Sell,2,271,542",
    ],
)
def test_what_was_bought_and_sold_without_leverage_is_asked_about(text: str) -> None:
    table = read(text)
    assert not table.complete
    assert "not trades" in str(table.faults[0])
    assert read(text.replace("Buy,", "Long,").replace("Sell,", "Short,")).complete


@pytest.mark.parametrize(
    ("venue", "reason"), [("Binance Spot", "spot"), ("Binance COIN-M", "its own coin")]
)
def test_an_exchange_column_may_say_that_it_is_no_perpetual(venue: str, reason: str) -> None:
    [left_out] = read(f"Exchange,{HEAD}\n{venue},{LINE}").left_out
    assert reason in left_out.reason


@pytest.mark.parametrize("name", ["Account", "Sub-account", "Wallet", "Konto"])
def test_positions_of_several_accounts_never_become_one(name: str) -> None:
    text = f"{name},{HEAD}\nMain,RENDER,Long,1200,1.7,5\nOther,{LINE}"
    table = read(text)
    assert not table.complete
    assert "several accounts" in str(table.faults[0])
    assert not table.removable_lines
    assert read(text.replace("Other", "Main")).complete


@pytest.mark.parametrize("title", ["* all isolated", "All positions isolated,,,,", "Shorts"])
def test_a_title_below_the_lines_is_asked_about(title: str) -> None:
    table = read(f"{HEAD}\n{LINE}\n{title}")
    assert not table.complete
    assert not table.removable_lines
    assert "no line follows the title" in str(table.faults[0])
    assert read(f"{HEAD}\n{LINE}\nClosed positions").complete


def test_a_side_in_parentheses_beside_a_size_is_read() -> None:
    table = read("Symbol,Size,Entry,Leverage\nTAO,5 (Short),271,5\nRENDER,9 (Long),1.7,5")
    assert [position.side for position in table.positions] == ["short", "long"]


@pytest.mark.parametrize("name", ["Margin (Isolated)", "Leverage (isolated)"])
def test_a_mode_in_a_header_holds_for_its_lines(name: str) -> None:
    head = f"Symbol,Side,Size,Entry,{name}"
    assert not read(f"{head}\n{LINE}").positions
    assert read(f"{head}\n{LINE}", isolated=True).complete


@pytest.mark.parametrize(
    "text",
    [
        "Symbol,Side,Size,Entry,Mark,PnL,Leverage\nRENDER,long,2078,1.731,1.7502,23.05,10",
        "Symbol,Side,Size,Entry,Leverage\nRENDER,long,5,1200.5,10",
        "RENDER,long,1.731,1200.5,10",
    ],
)
def test_a_size_or_a_price_that_other_figures_contradict_is_asked_about(text: str) -> None:
    assert read(text, marks={"RENDER": 1.75}).faults


def test_an_entry_price_of_long_ago_is_none_of_these() -> None:
    assert read("RENDER,long,5,13.5,10", marks={"RENDER": 1.75}).complete


def test_lists_under_several_names_may_be_of_several_accounts() -> None:
    assert "several lists" in str(read(json.dumps({"main": [RECORD], "sub": [OTHER]})).faults[0])
    assert (
        len(read(json.dumps({"longs": [RECORD], "shorts": [OTHER | {"side": "short"}]})).positions)
        == 2
    )
    assert len(read(json.dumps({"TAO": RECORD, "FET": OTHER})).positions) == 2


@pytest.mark.parametrize("symbol", ["BTCFDUSD", "BTCBUSD"])
def test_another_dollar_is_named(symbol: str) -> None:
    assert "it settles in " in read(f"{HEAD}\n{symbol},Long,5,271,5").left_out[0].reason
