"""Answers on disk: exact there and back, and nothing but a good file is ever believed."""

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.errors import SMALLEST, or_zero
from margin.market.cache import disk as stores
from margin.market.cache.disk import DiskCache, default_folder
from margin.market.cache.query import Cached, Kind, Query
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote
from margin.venues import TierTable
from tests.market.any_source import (
    PATIENCE,
    START,
    VALUES,
    Clock,
    contract,
    flat_table,
    quote,
    table,
)

QUERIES: dict[Kind, Query] = {
    "quotes": Query("binance", "quotes"),
    "contracts": Query("okx", "contracts"),
    "tiers": Query("bybit", "tiers", "RENDER"),
    "funding": Query("bybit", "funding", "FET"),
    "candles": Query("okx", "candles", "1000PEPE"),
}
kinds = pytest.mark.parametrize("kind", QUERIES)


@pytest.fixture
def disk(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path, Clock())


def file_of(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def same(first: Any, second: Any) -> bool:
    """Equality of values, of arrays too, types and all."""
    if isinstance(first, FundingHistory | Candles):
        names = first.__slots__
        pairs = [(getattr(first, name), getattr(second, name)) for name in names]
        return all(np.array_equal(one, other) and one.dtype == other.dtype for one, other in pairs)
    return bool(first == second)


# There and back

PRICES = st.floats(SMALLEST, 1e15)
FRACTIONS = st.floats(-1, 1, exclude_min=True, exclude_max=True).map(or_zero)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
TOKENS = st.from_regex(r"[A-Z0-9]{1,15}", fullmatch=True)
DAYS = st.dates(datetime(2000, 1, 1).date()).map(str)


def by_token(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Checked[Any]]:
    reasons = st.text(
        st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=80
    )
    return st.builds(
        Checked,
        st.dictionaries(TOKENS, values, max_size=4),
        st.dictionaries(TOKENS, reasons, max_size=3),
    )


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    mark = draw(PRICES.filter(lambda price: price < 5e14))
    near = st.floats(mark * 0.7, mark * 1.9).filter(
        lambda price: price >= SMALLEST and abs(mark / price - 1) < 0.5
    )
    hours = st.floats(SMALLEST, 168)
    return Quote(mark, *(draw(st.none() | values) for values in (near, FRACTIONS, hours, TIMES)))


CONTRACTS = st.builds(
    Contract,
    *[st.none() | PRICES] * 3,
    PRICES,
    st.booleans(),
    st.floats(0, 1, exclude_max=True).map(or_zero),
    st.sampled_from([None, "trading"]),
    st.just("undated") | DAYS | st.tuples(DAYS, DAYS).map("/".join),
)


@st.composite
def tables(draw: st.DrawFn, *, progressive: bool) -> TierTable:
    tiers = draw(st.integers(1, 6))
    floors = [
        0.0,
        *sorted(draw(st.sets(st.floats(1, 1e9), min_size=tiers - 1, max_size=tiers - 1))),
    ]
    rates = sorted(draw(st.lists(st.floats(1e-6, 0.5), min_size=tiers, max_size=tiers)))
    most = sorted(draw(st.lists(st.floats(1, 2), min_size=tiers, max_size=tiers)), reverse=True)
    rows: list[dict[str, float | None]] = [
        {"floor": floor, "maintenance_rate": rate, "max_leverage": leverage}
        for floor, rate, leverage in zip(floors, rates, most, strict=True)
    ]
    rows[-1]["cap"] = draw(st.none() | st.floats(1e10, 1e15))
    return TierTable.from_rows(rows, progressive=progressive)


RISING = st.lists(st.integers(0, 7_258_118_400_000), unique=True, min_size=1, max_size=20).map(
    sorted
)


@st.composite
def histories(draw: st.DrawFn) -> FundingHistory:
    times = draw(RISING)
    rates = draw(st.lists(FRACTIONS, min_size=len(times), max_size=len(times)))
    return FundingHistory(np.array(times, dtype=np.int64), np.array(rates, dtype=np.float64))


@st.composite
def some_candles(draw: st.DrawFn) -> Candles:
    times = draw(RISING)
    rows = [sorted(draw(st.lists(PRICES, min_size=4, max_size=4))) for _ in times]
    low, opened, close, high = np.array(rows, dtype=np.float64).T.copy()
    return Candles(np.array(times, dtype=np.int64), opened, high, low, close)


ANY: list[tuple[Query, st.SearchStrategy[Any]]] = [
    (QUERIES["quotes"], by_token(quotes())),
    (QUERIES["contracts"], by_token(CONTRACTS)),
    (QUERIES["tiers"], by_token(tables(progressive=True))),
    (Query("okx", "tiers", "RENDER"), by_token(tables(progressive=False))),
    (QUERIES["funding"], histories()),
    (QUERIES["candles"], some_candles()),
]


@pytest.mark.parametrize(
    ("query", "values"), ANY, ids=[f"{query.kind} of {query.venue}" for query, _ in ANY]
)
def test_every_answer_comes_back_exactly(query: Query, values: st.SearchStrategy[Any]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(
        values,
        st.datetimes(datetime(1970, 1, 1), START.replace(tzinfo=None), timezones=st.just(UTC)),
    )
    def check(value: Any, seen_at: datetime) -> None:
        with TemporaryDirectory() as folder:
            DiskCache(Path(folder), Clock()).write(query, value, seen_at)
            held = DiskCache(Path(folder), Clock()).read(query)
        assert held is not None
        assert same(held.value, value)
        assert (held.seen_at, held.from_disk) == (seen_at, True)

    check()


def test_one_token_may_be_good_and_refused_at_once(disk: DiskCache) -> None:
    value = Checked({"RENDER": quote()}, {"RENDER": "is given twice; the first row stands"})
    disk.write(QUERIES["quotes"], value, START)
    held = disk.read(QUERIES["quotes"])
    assert held is not None
    assert held.value == value


def test_rows_refused_without_a_tokens_name_are_kept_and_other_names_are_not(
    disk: DiskCache,
) -> None:
    refused = {"row 3": "must be an object", "FET": "mark: no"}
    value = Checked({"RENDER": quote(), "kPEPE": quote()}, {**refused, "<b>": "no name"})
    disk.write(QUERIES["quotes"], value, START)
    held = disk.read(QUERIES["quotes"])
    assert held is not None
    assert held.value == Checked({"RENDER": quote()}, refused)


def test_each_question_has_a_file_of_its_own_whose_name_says_what_it_is(
    disk: DiskCache, tmp_path: Path
) -> None:
    for kind, query in QUERIES.items():
        disk.write(query, VALUES[kind](), START)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "tandem-binance-quotes.json",
        "tandem-bybit-funding-FET.json",
        "tandem-bybit-tiers-RENDER.json",
        "tandem-okx-candles-1000PEPE.json",
        "tandem-okx-contracts.json",
    ]


def test_a_later_answer_takes_the_place_of_the_one_before(disk: DiskCache) -> None:
    disk.write(QUERIES["quotes"], Checked({"RENDER": quote(2)}), START - timedelta(minutes=1))
    disk.write(QUERIES["quotes"], Checked({"RENDER": quote(3)}), START)
    held = disk.read(QUERIES["quotes"])
    assert held is not None
    assert (held.value.good["RENDER"].mark, held.seen_at) == (3, START)


def test_nothing_was_written_nothing_is_read(disk: DiskCache, tmp_path: Path) -> None:
    assert disk.read(QUERIES["quotes"]) is None
    assert DiskCache(tmp_path / "not" / "there").read(QUERIES["quotes"]) is None
    assert list(tmp_path.iterdir()) == []


# What is not believed


def put(*keys: Any, value: Any) -> Callable[[Any], None]:
    """Changes one field of a document."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


def drop(*keys: Any) -> Callable[[Any], None]:
    """Takes one field out of a document."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


RENDER = ("value", "good", "RENDER")
POISON: dict[str, tuple[Kind, Callable[[Any], None]]] = {
    "an older version": ("quotes", put("version", value=1)),
    "a newer version": ("quotes", put("version", value=3)),
    "no version": ("quotes", drop("version")),
    "a key too many": ("quotes", put("more", value=1)),
    "another venue's answer": ("quotes", put("query", 0, value="bybit")),
    "another token's answer": ("tiers", put("query", 2, value="FET")),
    "no question": ("quotes", put("query", value=None)),
    "from the future": ("quotes", put("seen_at", value=(START + timedelta(seconds=1)).isoformat())),
    "a time without its zone": ("quotes", put("seen_at", value="2026-11-22T11:00:00")),
    "a time elsewhere": ("quotes", put("seen_at", value="2026-11-22T11:00:00+01:00")),
    "a time beyond all time": ("quotes", put("seen_at", value="0001-01-01T00:00:00+23:59")),
    "no time": ("quotes", put("seen_at", value=1_700_000_000)),
    "an array for an object": ("quotes", put("value", value=[])),
    "no refusals": ("quotes", drop("value", "refused")),
    "a token that is none": ("quotes", put("value", "good", "../x", value={})),
    "a refusal that is no text": ("quotes", put("value", "refused", "FET", value=3)),
    "a refusal of what is no name": ("quotes", put("value", "refused", "<b>", value="no")),
    "an endless refusal": ("quotes", put("value", "refused", "FET", value="x" * 501)),
    "a refusal with a control character": (
        "quotes",
        put("value", "refused", "FET", value="\x1b[2J"),
    ),
    "a mark of zero": ("quotes", put(*RENDER, "mark", value=0)),
    "a negative mark": ("quotes", put(*RENDER, "mark", value=-2)),
    "a mark that is text": ("quotes", put(*RENDER, "mark", value="2")),
    "a mark that is true": ("quotes", put(*RENDER, "mark", value=True)),
    "a mark that is no number": ("quotes", put(*RENDER, "mark", value=float("nan"))),
    "an infinite mark": ("quotes", put(*RENDER, "mark", value=float("inf"))),
    "a mark too large": ("quotes", put(*RENDER, "mark", value=10**16)),
    "a mark far from its index price": ("quotes", put(*RENDER, "mark", value=20)),
    "no mark": ("quotes", drop(*RENDER, "mark")),
    "a rate above 100%": ("quotes", put(*RENDER, "funding_rate", value=1.5)),
    "an interval of zero": ("quotes", put(*RENDER, "interval_hours", value=0)),
    "a payment at no time": ("quotes", put(*RENDER, "next_funding", value="soon")),
    "a contract worth nothing": ("contracts", put(*RENDER, "contract_value", value=0)),
    "a tick of no size": ("contracts", put(*RENDER, "tick_size", value=0)),
    "a confirmation that is a number": (
        "contracts",
        put(*RENDER, "contract_value_confirmed", value=1),
    ),
    "a fee above 100%": ("contracts", put(*RENDER, "taker_fee", value=1)),
    "a status that is a number": ("contracts", put(*RENDER, "status", value=1)),
    "a day that is none": ("contracts", put(*RENDER, "as_of", value="yesterday")),
    "a contract that is a number": ("contracts", put(*RENDER, value=7)),
    "tiers without rows": ("tiers", put(*RENDER, value=[])),
    "tiers that are a number": ("tiers", put(*RENDER, value=7)),
    "a tier that is a number": ("tiers", put(*RENDER, 0, value=7)),
    "a floor above the next": ("tiers", put(*RENDER, 1, "floor", value=60_000)),
    "a rate that falls": ("tiers", put(*RENDER, 1, "maintenance_rate", value=0.001)),
    "an amount that jumps": ("tiers", put(*RENDER, 1, "maintenance_amount", value=7)),
    "no leverage cap": ("tiers", put(*RENDER, 0, "max_leverage", value=None)),
    "a maintenance above the initial margin": ("tiers", put(*RENDER, 0, "max_leverage", value=500)),
    "rates without times": ("funding", put("value", 1, value=[0.1])),
    "times that fall": ("funding", put("value", 1, 0, value=1000)),
    "a payment of more than all": ("funding", put("value", 1, 1, value=2)),
    "no payment": ("funding", put("value", value=[])),
    "a period without its close": ("candles", put("value", 1, value=[3_600_000, 1, 1, 1])),
    "a low above the high": ("candles", put("value", 1, 3, value=9)),
    "a price of zero": ("candles", put("value", 1, 3, value=0)),
    "periods that fall": ("candles", put("value", 1, 0, value=0)),
    "a time that is huge": ("candles", put("value", 1, 0, value=10**300)),
}


@pytest.mark.parametrize("name", POISON)
def test_a_file_that_no_venue_could_have_said_counts_as_none_and_is_removed(
    name: str, disk: DiskCache, tmp_path: Path
) -> None:
    kind, change = POISON[name]
    disk.write(QUERIES[kind], VALUES[kind](), START)
    file = file_of(tmp_path)
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    assert disk.read(QUERIES[kind]) is None
    assert not file.exists()


def test_a_table_of_the_other_kind_is_not_believed(disk: DiskCache, tmp_path: Path) -> None:
    disk.write(Query("okx", "tiers", "RENDER"), Checked({"RENDER": flat_table()}), START)
    file = file_of(tmp_path)
    content = file.read_text().replace('"okx"', '"bybit"')
    file.rename(tmp_path / "tandem-bybit-tiers-RENDER.json").write_text(content)
    assert disk.read(Query("bybit", "tiers", "RENDER")) is None


@kinds
def test_a_truncated_file_counts_as_none_wherever_it_ends(
    kind: Kind, disk: DiskCache, tmp_path: Path
) -> None:
    disk.write(QUERIES[kind], VALUES[kind](), START)
    file = file_of(tmp_path)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert disk.read(QUERIES[kind]) is None
        assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b"1" * 100_000, id="too long a number"),
        pytest.param(b'{"version": 1, "version": 1}', id="a key twice"),
    ],
)
def test_what_is_no_document_counts_as_none_and_is_removed(
    content: bytes, disk: DiskCache, tmp_path: Path
) -> None:
    file = tmp_path / "tandem-binance-quotes.json"
    file.write_bytes(content)
    assert disk.read(QUERIES["quotes"]) is None
    assert not file.exists()


def test_a_file_that_is_too_large_counts_as_none_however_good(
    disk: DiskCache, tmp_path: Path
) -> None:
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
    file = file_of(tmp_path)
    file.write_text(file.read_text().ljust(8 * 1024 * 1024))
    assert disk.read(QUERIES["quotes"]) is not None
    file.write_text(file.read_text() + " ")
    assert disk.read(QUERIES["quotes"]) is None
    assert not file.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key, held in inner for place in places(held, (*path, key)))]


@kinds
def test_whatever_stands_in_a_file_reading_it_ends_with_a_good_answer_or_none(kind: Kind) -> None:
    with TemporaryDirectory() as folder:
        disk = DiskCache(Path(folder), Clock())
        disk.write(QUERIES[kind], VALUES[kind](), START)
        file = file_of(Path(folder))
        whole = file.read_text()

        @settings(max_examples=80, deadline=None)
        @given(st.sampled_from(places(json.loads(whole))[1:]), JSON)
        def check(place: tuple[Any, ...], value: Any) -> None:
            document = json.loads(whole)
            put(*place, value=value)(document)
            file.write_text(json.dumps(document))
            held = disk.read(QUERIES[kind])
            assert file.exists() == (held is not None)

        check()


def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(
    disk: DiskCache, tmp_path: Path
) -> None:
    path = tmp_path / "tandem-binance-quotes.json"
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
    elsewhere = path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(elsewhere)
    assert disk.read(QUERIES["quotes"]) is None
    assert elsewhere.exists()
    assert not path.is_symlink()
    os.mkfifo(path)
    assert disk.read(QUERIES["quotes"]) is None
    path.mkdir()
    assert disk.read(QUERIES["quotes"]) is None
    assert path.is_dir()


# Bounds


def test_an_answer_that_is_too_large_is_not_kept(
    disk: DiskCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "LARGEST_FILE", 200)
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
    assert list(tmp_path.iterdir()) == []


def test_four_hundred_files_are_kept_the_oldest_go_and_what_is_not_ours_is_left_alone(
    disk: DiskCache, tmp_path: Path
) -> None:
    foreign = [
        "notes.json",
        "tandem-notes.json",
        "tandem-kraken-quotes.json",
        "tandem-binance-quotes.json.bak",
    ]
    for name in foreign:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (1, 1))
    for number in range(400):
        path = tmp_path / f"tandem-okx-funding-T{number}.json"
        path.write_text("")
        os.utime(path, (1000 + number, 1000 + number))
    left_behind = tmp_path / "tandem-ab_d3f9h.tmp"
    left_behind.write_text("")
    os.utime(left_behind, (10, 10))
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
    names = {path.name for path in tmp_path.iterdir()}
    assert set(foreign) <= names
    assert len(names) == 400 + len(foreign)
    assert not left_behind.exists()
    assert "tandem-okx-funding-T0.json" not in names
    assert {"tandem-okx-funding-T1.json", "tandem-binance-quotes.json"} <= names


# A disk that does not serve


def test_a_folder_that_cannot_be_made_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("in the way")
    disk = DiskCache(tmp_path / "a file" / "tandem", Clock())
    for _ in range(3):
        disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
        assert disk.read(QUERIES["quotes"]) is None
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("tandem", logging.WARNING)
    ]
    assert caplog.messages == ["market figures are not kept on disk: Not a directory"]


def test_a_write_that_fails_leaves_the_answer_before_and_no_part_of_the_new_one(
    disk: DiskCache,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        disk.write(QUERIES["quotes"], Checked({"RENDER": quote(3)}), START)
    held = disk.read(QUERIES["quotes"])
    assert held is not None
    assert same(held.value, VALUES["quotes"]())
    assert len(list(tmp_path.iterdir())) == 1
    assert caplog.messages == ["market figures are not kept on disk: No space left on device"]


def test_the_folder_is_made_when_something_is_written_for_this_person_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tandem"
    disk = DiskCache(folder, Clock())
    assert not folder.exists()
    disk.write(QUERIES["quotes"], VALUES["quotes"](), START)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file_of(folder).stat().st_mode & 0o777 == 0o600


def test_readers_beside_writers_see_one_whole_answer_or_the_other(disk: DiskCache) -> None:
    query = Query("binance", "contracts")
    values = [
        Checked({f"T{number}": contract(size) for number in range(50)}) for size in (1.0, 10.0)
    ]
    disk.write(query, values[0], START)
    faults: list[Cached | None] = []

    def write(value: Checked[Contract]) -> None:
        for _ in range(20):
            disk.write(query, value, START)

    def read() -> None:
        for _ in range(20):
            held = disk.read(query)
            if held is None or held.value not in values:
                faults.append(held)

    threads = [Thread(target=write, args=(value,)) for value in values] + [
        Thread(target=read) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert faults == []


# Where


def test_the_folder_is_the_persons_own_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TANDEM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = default_folder()
    assert folder is not None
    assert "tandem" in folder.parts
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "elsewhere"))
    assert default_folder() == tmp_path / "elsewhere"
    monkeypatch.setenv("TANDEM_CACHE", "")
    assert default_folder() is None


def test_values_of_the_store_cannot_be_changed_by_one_session_for_another(disk: DiskCache) -> None:
    for kind in ("funding", "candles"):
        disk.write(QUERIES[kind], VALUES[kind](), START)
        held = disk.read(QUERIES[kind])
        assert held is not None
        with pytest.raises(ValueError, match="read-only"):
            held.value.times[0] = 7


def test_a_table_comes_back_with_the_same_margin_at_every_size(disk: DiskCache) -> None:
    query = QUERIES["tiers"]
    disk.write(query, Checked({"RENDER": table(1 / 3e3)}), START)
    held = disk.read(query)
    assert held is not None
    assert held.value.good["RENDER"].amounts == table(1 / 3e3).amounts
    assert held.value.good["RENDER"].jumps == table(1 / 3e3).jumps
