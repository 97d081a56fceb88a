"""No broken row gets past the loader.

Each test breaks one thing in a copy of the packaged files.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import margin.market
from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot.embedded import Snapshot

DATA = Path(margin.market.__file__).parent / "snapshot" / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def read_everything(folder: Path) -> None:
    figures = Snapshot(folder)
    figures.tables("okx")
    for table in (figures.funding, figures.risk, figures.crashes):
        table()
    figures.correlations(["RENDER", "FET"])


def rewrite(file: Path, old: str, new: str) -> int:
    """Puts `new` for the one line `old`.

    Gives the number of that line, or of the last of the new ones.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines.count(old) == 1
    at = lines.index(old)
    lines[at] = new
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at + 1 + new.count("\n")


def test_an_unbroken_copy_reads_as_the_original(folder: Path) -> None:
    read_everything(folder)
    assert Snapshot(folder).tables("binance") == snapshot.tables("binance")


TIER = "binance,RENDER,2026-09-29,50000,100000,0.025,325,20"
FLAT_TIER = "okx,RENDER,2026-05-28,15000,30000,0.03,,15"
CONTRACT = "okx,RENDER,2024-07-01/2024-12-31,,,,,1,no,0.0005"
LISTING = "okx,FET,2026-05-28,not listed"
MARK = "RENDER,daily closes,2026-03-18,1.75"
FUNDING = "FET,binance,2026-01-13,2026-03-20,8,199,-0.00024942,-0.00019092,-0.0009904,0.0001,-0.0010814,0.0001"
RISK = "FET,daily closes,2024-07-27,2026-03-18,1.1547,1.5968"
PAIR = "daily closes,2024-07-27,2026-03-18,RENDER,FET,0.8189"
CRASH = "2025-10-10,liquidation cascade,perpetual or spot trades,RENDER,-0.294,-0.843,0.0309"

Break = tuple[str, str, str, str, str, str]
CELLS: list[Break] = [
    ("text for a floor", "tiers.csv", TIER, ",50000,>,fifty,", ".floor", 'got "fifty"'),
    ("an empty rate", "tiers.csv", TIER, ",0.025,>,,", ".maintenance_rate", 'got ""'),
    (
        "digits of another script",
        "tiers.csv",
        TIER,
        ",50000,>,٥٠٠٠٠,",
        ".floor",
        "must be a number",
    ),
    ("an underscore in a number", "tiers.csv", TIER, ",50000,>,50_000,", ".floor", 'got "50_000"'),
    (
        "a rate that is not a number",
        "tiers.csv",
        TIER,
        ",0.025,>,nan,",
        ".maintenance_rate",
        "got NaN",
    ),
    (
        "a rate above 100%",
        "tiers.csv",
        TIER,
        ",0.025,>,2.5,",
        ".maintenance_rate",
        "at most 1, got 2.5",
    ),
    ("an infinite cap", "tiers.csv", TIER, ",100000,>,inf,", ".cap", "got an infinity"),
    ("an open cap below the last tier", "tiers.csv", TIER, ",100000,>,,", ".cap", 'got ""'),
    (
        "a hole between tiers",
        "tiers.csv",
        TIER,
        ",50000,>,60000,",
        ".floor",
        "must continue where tier 3 ends, at 50000",
    ),
    (
        "a falling rate",
        "tiers.csv",
        TIER,
        ",0.025,>,0.015,",
        ".maintenance_rate",
        "must not be below the rate before",
    ),
    (
        "a wrong deduction",
        "tiers.csv",
        TIER,
        ",325,>,326,",
        ".maintenance_amount",
        "must be 325, got 326",
    ),
    ("a missing deduction", "tiers.csv", TIER, ",325,>,,", ".maintenance_amount", 'got ""'),
    (
        "a deduction in a flat table",
        "tiers.csv",
        FLAT_TIER,
        ",,>,150,",
        ".maintenance_amount",
        "must be 0, got 150",
    ),
    (
        "a rising leverage",
        "tiers.csv",
        TIER,
        ",325,20>,325,30",
        ".max_leverage",
        "must not be above the one before",
    ),
    (
        "no leverage",
        "tiers.csv",
        TIER,
        ",325,20>,325,0",
        ".max_leverage",
        "must be a positive number, got 0",
    ),
    (
        "an unknown venue",
        "tiers.csv",
        TIER,
        "binance>kraken",
        ".venue",
        'okx, hyperliquid, got "kraken"',
    ),
    ("a venue without listings", "tiers.csv", TIER, "binance>textbook", ".venue", 'got "textbook"'),
    ("a symbol without a mark", "tiers.csv", TIER, "RENDER>RNDR", ".symbol", 'got "RNDR"'),
    (
        "a second day in one table",
        "tiers.csv",
        TIER,
        "2026-09-29>2026-09-30",
        ".as_of",
        "must be 2026-09-29 as on line",
    ),
    (
        "no contract value",
        "contracts.csv",
        CONTRACT,
        ",1,no>,,no",
        ".contract_value",
        "must be a positive number",
    ),
    (
        "a doubtful confirmation",
        "contracts.csv",
        CONTRACT,
        ",no,>,maybe,",
        ".contract_value_confirmed",
        "yes, no",
    ),
    ("a fee in percent", "contracts.csv", CONTRACT, "0.0005>5", ".taker_fee", "below 1, got 5"),
    (
        "an unknown status",
        "contracts.csv",
        CONTRACT,
        "31,,>31,asleep,",
        ".status",
        "must be one of trading",
    ),
    (
        "a half year for a day",
        "contracts.csv",
        CONTRACT,
        "2024-07-01/2024-12-31>2024-H2",
        ".as_of",
        'got "2024-H2"',
    ),
    (
        "an interval backwards",
        "contracts.csv",
        CONTRACT,
        "07-01/2024-12>12-31/2024-07",
        ".as_of",
        "the earlier day first",
    ),
    (
        "a contract where none is listed",
        "contracts.csv",
        CONTRACT,
        "RENDER>FET",
        ".symbol",
        'got "FET"',
    ),
    ("not listed but with tiers", "listings.csv", LISTING, "FET>RENDER", ".symbol", 'got "RENDER"'),
    (
        "an unknown listing status",
        "listings.csv",
        LISTING,
        "not listed>gone",
        ".status",
        "must be one of not listed",
    ),
    (
        "a negative price",
        "marks.csv",
        MARK,
        "1.75>-1.75",
        ".price",
        "must be a positive number, got -1.75",
    ),
    (
        "a price of a hundred quadrillions",
        "marks.csv",
        MARK,
        "1.75>1e17",
        ".price",
        "must be at most 1e15",
    ),
    (
        "a symbol in small letters",
        "marks.csv",
        MARK,
        "RENDER>render",
        ".symbol",
        "must be 1 to 15 capital letters",
    ),
    (
        "a mark of another day",
        "marks.csv",
        MARK,
        "03-18>03-19",
        ".as_of",
        "must be 2026-03-18 as on line 2",
    ),
    ("a cell too many", "marks.csv", MARK, "1.75>1.75,", "", "must have 4 cells, got 5"),
    ("a stray quote", "marks.csv", MARK, 'daily>"daily"', "", "must be comma-separated values"),
    (
        "a window backwards",
        "funding.csv",
        FUNDING,
        "03-20>01-12",
        ".as_of",
        "must not be before 2026-01-13",
    ),
    (
        "half an interval",
        "funding.csv",
        FUNDING,
        ",8,>,7.5,",
        ".interval_hours",
        "must be a whole number, got 7.5",
    ),
    (
        "a median below the percentile",
        "funding.csv",
        FUNDING,
        "-0.00019092>-0.001",
        ".median",
        "not be below percentile_1",
    ),
    (
        "a mean beyond the extremes",
        "funding.csv",
        FUNDING,
        "-0.00024942>0.0002",
        ".mean",
        "at most 0.0001",
    ),
    (
        "no volatility",
        "risk.csv",
        RISK,
        "1.1547>0",
        ".annual_volatility",
        "must be a positive number, got 0",
    ),
    ("a source left empty", "risk.csv", RISK, "daily closes>", ".source", "must not be empty"),
    (
        "a correlation above one",
        "correlations.csv",
        PAIR,
        "0.8189>1.2",
        ".value",
        "at most 1, got 1.2",
    ),
    (
        "a token with itself",
        "correlations.csv",
        PAIR,
        "FET>RENDER",
        ".second",
        "must not be RENDER again",
    ),
    (
        "a date in another spelling",
        "crashes.csv",
        CRASH,
        "2025-10-10>20251010",
        ".date",
        "must be a date such as",
    ),
    (
        "a day that does not exist",
        "crashes.csv",
        CRASH,
        "2025-10-10>2025-02-30",
        ".date",
        'got "2025-02-30"',
    ),
    (
        "a fall below nothing",
        "crashes.csv",
        CRASH,
        "-0.294>-1.294",
        ".close",
        "above -1, got -1.294",
    ),
    (
        "a low above the close",
        "crashes.csv",
        CRASH,
        "-0.843>-0.1",
        ".low",
        "must not be above the close",
    ),
    (
        "a high below the close",
        "crashes.csv",
        CRASH,
        "0.0309>-0.4",
        ".high",
        "must not be below the close",
    ),
    ("a high without its low", "crashes.csv", CRASH, "-0.843,>,", ".low", 'got ""'),
    (
        "two events on one day",
        "crashes.csv",
        CRASH,
        "cascade>party",
        ".event",
        "must be liquidation cascade as on line",
    ),
]


@pytest.mark.parametrize(
    ("file", "row", "change", "column", "message"), [pytest.param(*b[1:], id=b[0]) for b in CELLS]
)
def test_a_broken_cell_is_refused_with_its_file_line_and_column(
    folder: Path, file: str, row: str, change: str, column: str, message: str
) -> None:
    old, _, new = change.partition(">")
    line = rewrite(folder / file, row, row.replace(old, new, 1))
    with pytest.raises(FieldError) as raised:
        read_everything(folder)
    assert raised.value.path == f"{file}:{line}{column}"
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("file", "row", "repeated"),
    [
        ("tiers.csv", TIER, TIER),
        ("contracts.csv", CONTRACT, CONTRACT),
        ("listings.csv", LISTING, LISTING),
        ("marks.csv", MARK, MARK.replace("1.75", "1.80")),
        ("funding.csv", FUNDING, FUNDING),
        ("risk.csv", RISK, RISK),
        ("correlations.csv", PAIR, PAIR.replace("RENDER,FET", "FET,RENDER")),
        ("crashes.csv", CRASH, CRASH.replace("-0.294", "-0.3")),
    ],
)
def test_a_repeated_row_is_refused_with_both_lines(
    folder: Path, file: str, row: str, repeated: str
) -> None:
    line = rewrite(folder / file, row, f"{row}\n{repeated}")
    with pytest.raises(FieldError, match=f"^{file}:{line}: repeats line {line - 1}$"):
        read_everything(folder)


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("contracts.csv", CONTRACT, "must have a row for RENDER on okx"),
        ("listings.csv", LISTING, "must have a row for FET on okx, where it has no tiers"),
        ("funding.csv", FUNDING, "must have a row for FET"),
        ("risk.csv", RISK, "must have a row for FET"),
        ("correlations.csv", PAIR, "must have RENDER with FET in 2024-07-27 to 2026-03-18"),
    ],
)
def test_a_missing_row_is_refused_and_named(
    folder: Path, file: str, row: str, message: str
) -> None:
    rewrite(folder / file, row, "")
    with pytest.raises(FieldError) as raised:
        read_everything(folder)
    assert str(raised.value) == f"{file}: {message}"


def test_a_missing_tier_is_a_hole_on_the_line_after_it(folder: Path) -> None:
    line = rewrite(folder / "tiers.csv", TIER, "")
    with pytest.raises(
        FieldError, match=rf"^tiers\.csv:{line + 1}\.floor: must continue where tier 3 ends"
    ):
        read_everything(folder)


def without_lines(folder: Path, file: str, drop: Callable[[str], bool]) -> None:
    lines = (folder / file).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / file).write_text("".join(line for line in lines if not drop(line)), encoding="utf-8")


def test_a_venue_without_any_tiers_is_refused(folder: Path) -> None:
    without_lines(folder, "tiers.csv", lambda line: line.startswith("bybit,"))
    with pytest.raises(FieldError, match=r"^tiers\.csv: must have a row for bybit$"):
        read_everything(folder)


def test_a_symbol_in_no_window_of_correlations_is_refused(folder: Path) -> None:
    without_lines(folder, "correlations.csv", lambda line: ",VIRTUAL," in line)
    with pytest.raises(
        FieldError, match=r"^correlations\.csv: must have a row for VIRTUAL in a window$"
    ):
        read_everything(folder)


def test_correlations_that_contradict_each_other_are_refused(folder: Path) -> None:
    rewrite(folder / "correlations.csv", PAIR, PAIR.replace("0.8189", "-0.8189"))
    with pytest.raises(
        FieldError, match=r"^correlations\.csv: must be positive definite in 2024-07-27"
    ):
        read_everything(folder)


def test_a_table_seen_on_another_day_than_the_venues_others_keeps_its_day(folder: Path) -> None:
    row = "hyperliquid,FET,2026-03-10,0,,0.1,0,5"
    rewrite(folder / "tiers.csv", row, row.replace("2026-03-10", "2026-04-01"))
    tables = Snapshot(folder).tables("hyperliquid")
    assert (tables.as_of, tables.dates) == ("2026-03-10", {"FET": "2026-04-01"})
    assert tables.oldest(["FET"]) == "2026-04-01"
    assert tables.oldest(["FET", "RENDER"]) == "2026-03-10"
    assert tables.oldest(["NONE"]) == "2026-03-10"
