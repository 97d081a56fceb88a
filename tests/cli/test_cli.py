"""The command line: what it reads, what it writes, and the one line it writes when it cannot."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

import margin
from margin.cli import main

Document = dict[str, Any]

ROOT = Path(margin.__file__).parents[1]


class Ran(NamedTuple):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """Standard output as strict JSON, with nothing said beside it."""
        assert self.err == ""
        return self.answer_beside_notes

    @property
    def answer_beside_notes(self) -> Any:
        """Standard output as strict JSON."""
        assert self.code == 0
        return json.loads(self.out, parse_constant=no_constant)


def no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


Run = Callable[..., Ran]
Write = Callable[[Any], str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process; `stdin` is what it finds on standard input."""

    def run_it(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(str(ended.code))
        return Ran(code, *capsys.readouterr())

    return run_it


@pytest.fixture
def file(tmp_path: Path) -> Write:
    """Writes a document, text or bytes to a file and gives back its name."""

    def write(content: Any) -> str:
        path = tmp_path / "scenario.json"
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
    """Runs `python -m margin` as a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "margin", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        timeout=30,
    )
    return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def leg(symbol: str, quantity: float, price: float, **changes: Any) -> Document:
    return {
        "symbol": symbol,
        "side": "long",
        "quantity": quantity,
        "entry_price": price,
        "leverage": 10,
        **changes,
    }


def document(**changes: Any) -> Document:
    """10,000 USDT on Binance.

    50,000 of RENDER and 40,000 of FET, long at 10x at the snapshot's marks.
    """
    return {
        "version": 1,
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": 10_000,
        "positions": [leg("RENDER", 28571.4, 1.75), leg("FET", 179291.8, 0.2231)],
        "marks": {"RENDER": 1.75, "FET": 0.2231},
        **changes,
    }


HEDGE = [leg("RENDER", 20_000, 1.75), leg("RENDER", 5_000, 1.8, side="short")]
UNKNOWN = {"positions": [leg("DOGE", 1_000, 0.2)], "marks": {"DOGE": 0.2}}
TIERS = {
    "RENDER": [{"floor": 0, "maintenance_rate": 0.05}],
    "FET": [{"floor": 0, "maintenance_rate": 0.02, "cap": 9}],
}
PLEDGED = {
    "collateral": [{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
    "marks": {"BTC": 71202.9, "RENDER": 1.7, "FET": 0.2},
}

ACCOUNTS: dict[str, Document] = {
    "two longs": document(),
    "isolated": document(margin_mode="isolated"),
    "isolated with margins of their own": document(
        margin_mode="isolated", positions=[leg("RENDER", 1_000, 1.75, isolated_margin=300)]
    ),
    "isolated, one lost": document(margin_mode="isolated", marks={"RENDER": 1.5, "FET": 0.2231}),
    "bybit": document(venue="bybit", positions=HEDGE),
    "bybit isolated": document(venue="bybit", positions=HEDGE, margin_mode="isolated"),
    "okx": document(venue="okx", positions=HEDGE),
    "hyperliquid": document(venue="hyperliquid"),
    "textbook": document(venue="textbook", textbook={"margin_fraction": 0.02}),
    "a hedge": document(positions=HEDGE),
    "collateral": document(**PLEDGED),
    "collateral that isolated positions do not stand on": document(
        **PLEDGED, margin_mode="isolated"
    ),
    "collateral alone": document(**PLEDGED, positions=[]),
    "nothing at all": document(wallet_balance=0, positions=[], marks={}),
    "a debt": document(wallet_balance=-10_000, positions=[], marks={}),
    "liquidated": document(wallet_balance=100),
    "beyond bankrupt": document(wallet_balance=-1e9),
    "marks of 0": document(marks={"RENDER": 0, "FET": 0}),
    "no tiers": document(**UNKNOWN),
    "no tiers, isolated": document(**UNKNOWN, margin_mode="isolated"),
    "tiers of its own": document(tiers=TIERS, tiers_as_of="2025-01-01"),
    "betas and a baseline": document(betas={"FET": 1.5}, baseline_marks={"RENDER": 2}),
    "a fee, levels, texts": document(
        taker_fee=0.001, levels={"warning": 0.3}, title="a & b", note="мир\n🚀"
    ),
    "numbers near the limits": document(
        wallet_balance=1e15, positions=[leg("RENDER", 1e15, 1e-15)], marks={"RENDER": 1e-15}
    ),
}
EVERY_ACCOUNT = pytest.mark.parametrize("account", ACCOUNTS.values(), ids=ACCOUNTS)


# Assessing


def test_a_file_is_assessed_in_a_process_of_its_own(file: Write) -> None:
    assert process("assess", file(document())).answer["equity"] == 10_000


def test_standard_input_is_assessed_in_a_process_of_its_own(file: Write) -> None:
    content = json.dumps(document()).encode()
    assert process("assess", "-", stdin=content) == process("assess", file(content))


def test_a_refusal_of_the_process_is_code_2_and_one_line() -> None:
    refused = process("assess", "-", stdin=json.dumps(document(wallet_balance="much")).encode())
    assert refused == Ran(2, "", 'error: wallet_balance: must be a number, got "much"\n')


@EVERY_ACCOUNT
def test_a_file_and_standard_input_are_read_alike(run: Run, file: Write, account: Document) -> None:
    name = file(account)
    assert run("assess", name).answer == run("assess", "-", stdin=Path(name).read_bytes()).answer


def test_an_array_is_answered_with_an_array_in_its_order(run: Run, file: Write) -> None:
    answers = [run("assess", file(account)).answer for account in ACCOUNTS.values()]
    assert run("assess", file(list(ACCOUNTS.values()))).answer == answers


@pytest.mark.parametrize(("accounts", "count"), [([], 0), ([document()], 1)])
def test_an_array_of_few_is_answered_with_an_array(
    run: Run, file: Write, accounts: list[Document], count: int
) -> None:
    answer = run("assess", file(accounts)).answer
    assert isinstance(answer, list)
    assert len(answer) == count


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + json.dumps(document()).encode(), id="a byte order mark"),
        pytest.param(
            json.dumps(document(), indent=4).replace("\n", "\r\n").encode(),
            id="line ends of Windows",
        ),
        pytest.param(
            b"\n\n" + json.dumps(document()).encode() + b"\n\n", id="empty lines around it"
        ),
        pytest.param(json.dumps(document(version=1.0)).encode(), id="version 1.0"),
        pytest.param(
            json.dumps(document())
            .replace("RENDER", "RNDRUSDT")
            .replace("FET", "fet/usdt:usdt")
            .encode(),
            id="symbols as venues spell them",
        ),
    ],
)
def test_a_document_is_read_however_it_was_saved(run: Run, file: Write, content: bytes) -> None:
    assert run("assess", file(content)).answer == run("assess", file(document())).answer


def test_the_worked_example_is_told_to_the_last_digit(run: Run, file: Write) -> None:
    answer = run("assess", file(document())).answer
    render, fet = answer["liquidation_prices"]
    # RENDER pays 0.02·N − 75, FET 0.02·N − 75 on notionals of 49,999.95 and 40,000.00058.
    assert answer["maintenance_margin"] == pytest.approx(
        0.02 * (28571.4 * 1.75 + 179291.8 * 0.2231) - 150, rel=1e-12
    )
    assert answer["joint_move"] == {
        "down": pytest.approx(-0.09467126500545169, rel=1e-9),
        "up": None,
    }
    assert render["below"] / 1.75 - 1 == pytest.approx(-0.17040835384508846, rel=1e-9)
    assert fet["below"] / 0.2231 - 1 == pytest.approx(-0.21301022620727017, rel=1e-9)
    assert [render["above"], fet["above"]] == [None, None]


# What an assessment holds

ACCOUNT_KEYS = {
    *(
        "equity",
        "unrealised_pnl",
        "initial_margin",
        "maintenance_margin",
        "requirement",
        "headroom",
    ),
    *(
        "available_balance",
        "margin_ratio",
        "equity_to_notional",
        "effective_leverage",
        "liquidated",
        "positions",
    ),
    *("liquidation_prices", "joint_move", "problems", "assumptions"),
}
RATIO_KEYS = {"value", "liquidation_at", "direction", "label"}
CROSS_POSITION_KEYS = {
    *(
        "symbol",
        "side",
        "quantity",
        "notional",
        "unrealised_pnl",
        "initial_margin",
        "maintenance_margin",
        "tier",
    ),
    *("maintenance_rate", "maintenance_amount", "max_leverage", "problems"),
}
POSITION_KEYS = {
    "cross": CROSS_POSITION_KEYS,
    "isolated": CROSS_POSITION_KEYS | {"isolated_margin", "headroom", "margin_ratio", "liquidated"},
}
CROSS_PRICE_KEYS = {"symbol", "below", "above", "reason_below", "reason_above"}
PRICE_KEYS = {"cross": CROSS_PRICE_KEYS, "isolated": CROSS_PRICE_KEYS | {"side"}}
REASONS = {"covered", "gains", "flat", "liquidated", "no_tiers"}


@EVERY_ACCOUNT
def test_an_assessment_holds_the_promised_keys_and_no_others(
    run: Run, file: Write, account: Document
) -> None:
    answer, mode = run("assess", file(account)).answer, account["margin_mode"]
    assert answer.keys() == ACCOUNT_KEYS
    assert answer["margin_ratio"].keys() == RATIO_KEYS
    assert answer["joint_move"].keys() == {"down", "up"}
    assert len(answer["positions"]) == len(account["positions"])
    assert all(position.keys() == POSITION_KEYS[mode] for position in answer["positions"])
    assert all(price.keys() == PRICE_KEYS[mode] for price in answer["liquidation_prices"])
    for problem in (
        *answer["problems"],
        *(each for position in answer["positions"] for each in position["problems"]),
    ):
        assert problem.keys() == {"code", "severity", "message"}
        assert problem["severity"] in {"error", "warning"}


@EVERY_ACCOUNT
def test_a_liquidation_price_or_a_reason_for_none_stands_for_every_token(
    run: Run, file: Write, account: Document
) -> None:
    prices = run("assess", file(account)).answer["liquidation_prices"]
    tokens = [position["symbol"] for position in account["positions"]]
    if account["margin_mode"] == "cross":
        tokens = list(
            dict.fromkeys([*tokens, *(item["asset"] for item in account.get("collateral", []))])
        )
    assert [price["symbol"] for price in prices] == tokens
    for price in prices:
        for way in ("below", "above"):
            assert (price[way] is None) == (price[f"reason_{way}"] is not None)
            assert price[f"reason_{way}"] in {None, *REASONS}


def test_figures_that_do_not_exist_are_null(run: Run, file: Write) -> None:
    empty = run("assess", file(ACCOUNTS["nothing at all"])).answer
    assert [
        empty["margin_ratio"]["value"],
        empty["effective_leverage"],
        empty["equity_to_notional"],
    ] == [None] * 3
    assert (empty["requirement"], empty["headroom"], empty["liquidated"]) == (0, 0, False)
    unknown = run("assess", file(ACCOUNTS["no tiers"])).answer
    assert [
        unknown[key] for key in ("initial_margin", "requirement", "headroom", "available_balance")
    ] == [None] * 4
    assert (unknown["equity"], unknown["joint_move"]) == (10_000, {"down": None, "up": None})
    assert unknown["liquidation_prices"][0]["reason_below"] == "no_tiers"


@pytest.mark.parametrize(
    "account",
    [
        pytest.param(document(wallet_balance=1e-30), id="hardly any equity"),
        pytest.param(
            document(
                wallet_balance=1e15, positions=[leg("RENDER", 1e-30, 1)], marks={"RENDER": 1e-30}
            ),
            id="hardly any notional",
        ),
    ],
)
def test_a_ratio_beyond_all_numbers_is_still_json(run: Run, file: Write, account: Document) -> None:
    assert run("assess", file(account)).answer.keys() == ACCOUNT_KEYS


# Links


@EVERY_ACCOUNT
def test_a_link_is_assessed_as_the_file_that_it_was_made_from(
    run: Run, file: Write, account: Document
) -> None:
    name = file(account)
    link = run("link", name)
    assert (link.code, link.err, link.out.count("\n")) == (0, "", 1)
    assert run("assess", "--link", link.out.strip()).answer == run("assess", name).answer


EXAMPLE = (
    "venue=binance&margin_mode=cross&wallet_balance=10000"
    "&p=RENDER_long_28571.4_1.75_10&p=FET_long_179291.8_0.2231_10&marks=RENDER_1.75~FET_0.2231&v=1"
)


def test_a_link_carries_what_its_maker_saw_and_when(run: Run, file: Write) -> None:
    assert run("link", file(document())).out == EXAMPLE.replace(
        "&v=1", "&seen=10000_0.16499990116&tiers_as_of=2026-09-29&v=1\n"
    )


def test_standard_input_is_linked_as_a_file_is(run: Run, file: Write) -> None:
    assert run("link", "-", stdin=json.dumps(document()).encode()) == run("link", file(document()))


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(EXAMPLE, id="the query alone"),
        pytest.param(f"?{EXAMPLE}", id="with its question mark"),
        pytest.param(f"https://tandem.example/What-if?{EXAMPLE}#map", id="the whole address"),
        pytest.param(f"?embed=true&{EXAMPLE}&utm_source=x", id="among parameters of others"),
    ],
)
def test_a_link_is_read_however_it_was_copied(run: Run, file: Write, link: str) -> None:
    assert run("assess", "--link", link).answer == run("assess", file(document())).answer


def test_a_process_makes_a_link_and_another_reads_it(file: Write) -> None:
    link = process("link", file(document()))
    assert process("assess", "--link", link.out.strip()) == process("assess", file(document()))


def large(count: int) -> list[Document]:
    return [{"floor": 1_000 * index, "maintenance_rate": 0.01} for index in range(count)]


@pytest.mark.parametrize(
    ("tiers", "named"),
    [
        pytest.param({"RENDER": large(200)}, "RENDER", id="one"),
        pytest.param({"RENDER": large(200), "FET": large(200)}, "RENDER, FET", id="two"),
    ],
)
def test_a_note_says_which_tiers_do_not_fit_the_link(
    run: Run, file: Write, tiers: Document, named: str
) -> None:
    note = f"note: the tier tables of {named} do not fit a link and stay in the file\n"
    made = run("link", file(document(tiers=tiers)))
    assert (made.code, made.err) == (0, note)
    assert made.out.endswith(f"&tiers_left_out={named.replace(', ', '~')}&v=1\n")
    read = run("assess", "--link", made.out.strip())
    assert read.answer_beside_notes == run("assess", file(document())).answer
    left_out, differs = read.err.splitlines()
    assert left_out == f"note: the maker's own tier tables of {named} are not in the link"
    assert differs.startswith("note: the margin ratio is no longer what the link's maker saw: 0.")


# Bad input

A_NUMBER = "must be a number, got"

REFUSED: list[tuple[str, Any, str]] = [
    # what is wrong with it, the document, what the person reads
    ("no JSON", "version: 1", "this is not a JSON document (line 1, column 1)"),
    ("an empty file", "", "this is not a JSON document (line 1, column 1)"),
    (
        "cut JSON",
        json.dumps(document())[:-1],
        f"this is not a JSON document (line 1, column {len(json.dumps(document()))})",
    ),
    ("two documents", "{}\n{}", "this is not a JSON document (line 2, column 1)"),
    ("arrays without end", "[" * 100_000, "this is not a JSON document"),
    ("objects without end", '{"a":' * 100_000, "this is not a JSON document"),
    ("an integer without end", f'{{"version": {"1" * 5_000}}}', "this is not a JSON document"),
    ("a word", '"scenario"', 'must be an object, got "scenario"'),
    ("null", "null", "must be an object, got null"),
    ("an empty object", {}, "version: is missing; this is version 1"),
    ("version 2", document(version=2), "version: must be 1, got 2; a newer Tandem may read it"),
    ("a version in words", document(version="1"), f'version: {A_NUMBER} "1"'),
    ("a version of true", document(version=True), f"version: {A_NUMBER} true"),
    ("an unknown key", document(walet_balance=1), "walet_balance: is not a known key"),
    ("a key twice", '{"version": 1, "version": 1}', "version: is given twice"),
    ("a mark twice", '{"marks": {"RENDER": 1, "RENDER": 2}}', "RENDER: is given twice"),
    ("NaN", json.dumps(document(wallet_balance=float("nan"))), f"wallet_balance: {A_NUMBER} NaN"),
    (
        "infinity",
        json.dumps(document(wallet_balance=-float("inf"))),
        "wallet_balance: must be at most 1e15 in size, got an infinity",
    ),
    (
        "an integer beyond all doubles",
        document(wallet_balance=10**400),
        "wallet_balance: must be at most 1e15 in size, got an integer above 1e15",
    ),
    ("a number in words", document(wallet_balance="10000"), f'wallet_balance: {A_NUMBER} "10000"'),
    ("no wallet", document(wallet_balance=None), f"wallet_balance: {A_NUMBER} null"),
    (
        "positions as an object",
        document(positions={}),
        "positions: must be an array, got an object",
    ),
    (
        "201 positions",
        document(positions=[{}] * 201),
        "positions: must have at most 200 entries, got 201",
    ),
    ("a position without a symbol", document(positions=[{}]), "positions[0].symbol: is missing"),
    (
        "a negative quantity",
        document(positions=[leg("RENDER", -5, 1)]),
        "positions[0].quantity: must be a positive number, got -5",
    ),
    (
        "a mark in a position",
        document(positions=[leg("RENDER", 5, 1, mark_price=1)]),
        "positions[0].mark_price: is not a known key",
    ),
    (
        "a mark too few",
        document(marks={"FET": 1}),
        "marks.RENDER: is missing; every token of a position or of collateral needs a mark",
    ),
    ("marks as an array", document(marks=[]), "marks: must be an object, got an array"),
    (
        "a title of two lines",
        document(title="a\nb"),
        r"title: must be plain text, got the control character '\n'",
    ),
    (
        "half a character",
        document(note="\ud83d"),
        r"note: must be plain text, got the control character '\ud83d'",
    ),
    (
        "a word for a level",
        document(levels={"warning": "low"}),
        'levels.warning: must be a number above 0 and below 1, got "low"',
    ),
    ("an unknown level", document(levels={"alarm": 0.5}), "levels.alarm: is not a known key"),
    (
        "no tiers in a table",
        document(tiers={"FET": []}),
        "tiers.FET: must have at least one tier, got none",
    ),
    (
        "a rate above 1",
        document(tiers={"FET": [{"floor": 0, "maintenance_rate": 2}]}),
        "tiers.FET[0].maintenance_rate: must be a number of at least 0 and of at most 1, got 2",
    ),
    ("seen as a number", document(seen=1), "seen: must be an object, got 1"),
    (
        "a text without end",
        document(venue="x" * 10_000),
        'venue: must be one of binance, bybit, okx, hyperliquid, textbook, got "' + "x" * 38 + "…",
    ),
    ("a path of two lines", document(**{"a\nb": 1}), r"a\nb: is not a known key"),
]
EVERY_REFUSAL = pytest.mark.parametrize(
    ("content", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)


@EVERY_REFUSAL
@pytest.mark.parametrize("command", ["assess", "link"])
def test_bad_input_is_code_2_nothing_on_output_and_one_line(
    run: Run, file: Write, command: str, content: Any, sentence: str
) -> None:
    assert run(command, file(content)) == Ran(2, "", f"error: {sentence}\n")


@pytest.mark.parametrize(
    ("accounts", "sentence"),
    [
        pytest.param(
            [document()] * 3 + [document(positions=[leg("RENDER", -5, 1)])],
            "[3].positions[0].quantity: must be a positive number, got -5",
            id="the fourth, in a position",
        ),
        pytest.param(
            [{}, document()], "[0].version: is missing; this is version 1", id="the first"
        ),
        pytest.param([document(), 5], "[1]: must be an object, got 5", id="no object"),
        pytest.param(
            [document(), [document()]],
            "[1]: must be an object, got an array",
            id="an array in the array",
        ),
    ],
)
def test_one_bad_scenario_in_an_array_fails_the_call_and_is_named(
    run: Run, file: Write, accounts: list[Any], sentence: str
) -> None:
    assert run("assess", file(accounts)) == Ran(2, "", f"error: {sentence}\n")


def test_an_array_has_no_link(run: Run, file: Write) -> None:
    assert run("link", file([document()])) == Ran(2, "", "error: must be an object, got an array\n")


@pytest.mark.parametrize("command", ["assess", "link"])
def test_a_file_that_cannot_be_read_is_named(
    run: Run, file: Write, tmp_path: Path, command: str
) -> None:
    missing, latin = str(tmp_path / "none.json"), file('{"title": "é"}'.encode("latin-1"))
    assert run(command, missing) == Ran(
        2, "", f"error: {missing}: cannot be read: No such file or directory\n"
    )
    assert run(command, str(tmp_path)) == Ran(
        2, "", f"error: {tmp_path}: cannot be read: Is a directory\n"
    )
    assert run(command, latin) == Ran(2, "", f"error: {latin}: is not a text file in UTF-8\n")
    assert run(command, "-", stdin=b"\xff") == Ran(2, "", "error: -: is not a text file in UTF-8\n")


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        pytest.param("", "v: is missing at the link's end: it was cut", id="nothing"),
        pytest.param(EXAMPLE[:-20], "v: is missing at the link's end: it was cut", id="cut"),
        pytest.param(
            f"?{EXAMPLE}&p=FET_long_1_1_x",
            'positions[2].leverage: must be a number of at least 1, got "x"',
            id="a leverage in words",
        ),
    ],
)
def test_a_bad_link_is_refused_as_a_bad_file_is(run: Run, link: str, sentence: str) -> None:
    assert run("assess", "--link", link) == Ran(2, "", f"error: {sentence}\n")


def test_a_scenario_that_no_link_holds_is_told_in_one_line_and_assessed_all_the_same(
    run: Run, file: Write
) -> None:
    names = [f"LONGSYMBOL{index}" for index in range(200)]
    large = document(
        positions=[leg(name, 12345.678901, 1.234567) for name in names],
        marks=dict.fromkeys(names, 1.5),
    )
    refused = run("link", file(large))
    assert (refused.code, refused.out) == (2, "")
    assert re.fullmatch(
        r"error: this scenario is too large for a link: .* send the scenario's file instead\n",
        refused.err,
    )
    assert len(run("assess", file(large)).answer["positions"]) == 200


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            [],
            "the following arguments are required: assess|link|schema|import|snapshot",
            id="nothing",
        ),
        pytest.param(
            ["assess"], "one of the arguments file --link is required", id="nothing to assess"
        ),
        pytest.param(["link"], "the following arguments are required: file", id="nothing to link"),
        pytest.param(["assess", "--link"], "argument --link: expected one argument", id="no query"),
        pytest.param(
            ["assess", "-", "--link", "v=1"],
            "argument --link: not allowed with argument file",
            id="a file and a link",
        ),
        pytest.param(
            ["assess", "--link", "v=1", "-"],
            "argument file: not allowed with argument --link",
            id="a link and a file",
        ),
        pytest.param(["assess", "-", "-"], "unrecognized arguments: -", id="two files"),
    ],
)
def test_a_command_that_is_none_is_refused_in_one_line(
    run: Run, arguments: Sequence[str], sentence: str
) -> None:
    assert run(*arguments) == Ran(2, "", f"error: {sentence}\n")


def test_an_unknown_command_is_refused_with_those_there_are(run: Run) -> None:
    refused = run("explain", "x")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert refused.err.startswith(
        "error: argument assess|link|schema|import|snapshot: invalid choice: 'explain' (choose from "
    )


def test_help_is_no_error(run: Run) -> None:
    helped = run("--help")
    assert (helped.code, helped.err) == (0, "")
    assert "python -m margin" in helped.out


def test_an_argument_of_two_lines_is_refused_in_one(run: Run) -> None:
    assert run("assess", "-", "two\nlines").err.count("\n") == 1


def test_no_control_character_of_a_document_reaches_the_terminal(run: Run, file: Write) -> None:
    assert run("assess", file(r'{"\u001b[31m": 1, "\u001b[31m": 2}')).err.rstrip("\n").isprintable()


def test_an_assessment_is_written_under_any_encoding(file: Write) -> None:
    assert process("assess", file(document()), PYTHONIOENCODING="ascii").answer["equity"] == 10_000


# Where what is written goes


def how_it_ended(arguments: Sequence[str], *, out: int, err: int | None = None) -> tuple[int, str]:
    """The exit code of a process with these descriptors, and its standard error."""
    command = [sys.executable, "-m", "margin", *arguments]
    errors = subprocess.PIPE if err is None else err
    left = subprocess.run(command, stdout=out, stderr=errors, cwd=ROOT, check=False, timeout=30)
    return left.returncode, (left.stderr or b"").decode()


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe whose reader has left, as `head` does once it has its lines."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["assess", "FILE"], id="one scenario, which waits in the buffer to the end"),
        pytest.param(["assess", "MANY"], id="more than any buffer holds"),
        pytest.param(["link", "FILE"], id="a link"),
    ],
)
def test_a_reader_who_leaves_is_no_error(arguments: list[str], unread: int, tmp_path: Path) -> None:
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_text(json.dumps(document()))
    many.write_text(json.dumps([document()] * 100))
    names = {"FILE": str(one), "MANY": str(many)}
    assert how_it_ended([names.get(each, each) for each in arguments], out=unread) == (141, "")


def test_help_that_nobody_reads_is_quiet(unread: int) -> None:
    assert how_it_ended(["--help"], out=unread)[1] == ""


def test_bad_input_ends_alike_where_nobody_reads_the_error(unread: int) -> None:
    assert how_it_ended(["assess", "no such file"], out=subprocess.DEVNULL, err=unread)[0] == 2


def test_without_standard_error_nothing_is_told_on_standard_output(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = f"exec 2>&-; exec {sys.executable} -m margin assess 'no such file' > {told}"
    assert subprocess.run(["sh", "-c", script], cwd=ROOT, check=False, timeout=30).returncode == 2
    assert told.read_text() == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_is_one_line(file: Write) -> None:
    with Path("/dev/full").open("wb") as full:
        code, told = how_it_ended(["assess", file(document())], out=full.fileno())
    assert (code, told) == (1, "error: the answer cannot be written: No space left on device\n")
