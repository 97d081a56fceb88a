"""The snapshot written anew.

What is taken, what stays and why, and that the old files are whole whatever happens.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from margin.errors import FieldError
from margin.market.snapshot.embedded import Snapshot
from margin.market.snapshot_update.draft import FILES, NotWritten, Report
from margin.market.snapshot_update.rewrite import rewrite
from margin.market.snapshot_update.statistics import AI_BASKET
from margin.market.source import Unavailable
from margin.venues import TierTable
from tests.market.venues_today import SMALL, TODAY, VENUES, VenuesToday, candles, payments, walk

NOW, YESTERDAY = "2026-11-22", "2026-11-21"
OF_VENUES = ("tiers.csv", "contracts.csv", "listings.csv")
OLD = Snapshot(SMALL)
SILENT = Unavailable("silent", "did not answer within 5 s")


@pytest.fixture
def source() -> VenuesToday:
    return VenuesToday()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "data"))


def run(source: VenuesToday, folder: Path, **options: Any) -> Report:
    return rewrite(source, folder, TODAY, **options)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def rows(folder: Path, file: str, start: str) -> list[str]:
    return [
        line
        for line in (folder / file).read_text(encoding="utf-8").splitlines()
        if line.startswith(start)
    ]


def kept(report: Report, table: str, venue: str = "") -> dict[str, str]:
    """The reason per token."""
    entries = [entry for entry in report.kept if (entry.table, entry.venue) == (table, venue)]
    return {token: entry.reason for entry in entries for token in entry.tokens}


def written(report: Report, table: str, venue: str = "") -> set[str]:
    return {
        token
        for entry in report.written
        if (entry.table, entry.venue) == (table, venue)
        for token in entry.tokens
    }


# All of it


def test_every_table_is_written_with_its_day(source: VenuesToday, folder: Path) -> None:
    report = run(source, folder)
    new = Snapshot(folder)
    assert (report.kept, report.left_out) == ((), {})
    assert new.marks_as_of() == NOW
    assert {new.tables(venue).as_of for venue in VENUES} == {NOW}
    assert {contract.as_of for venue in VENUES for contract in new.contracts(venue).values()} == {
        NOW
    }
    assert {funding.as_of for funding in new.funding().values()} == {NOW}
    assert {risk.as_of for risk in new.risk().values()} == {YESTERDAY}
    assert new.correlations(["RENDER", "FET"]).as_of == YESTERDAY
    assert new.tables("okx").not_listed["FET"] == str(NOW)


def test_what_is_read_back_is_what_the_venues_said_to_the_last_digit(
    source: VenuesToday, folder: Path
) -> None:
    source.marks["ATH"] = 0.0064340000000000011
    run(source, folder)
    new = Snapshot(folder)
    assert new.marks() == source.marks
    for venue in VENUES:
        assert new.tables(venue).tiers == source.tables[venue]
        assert new.contracts(venue) == source.listed[venue]


def test_risk_and_correlations_are_of_the_candles(source: VenuesToday, folder: Path) -> None:
    run(source, folder)
    new = Snapshot(folder)
    moves = {
        token: np.diff(np.log(walk(token, 500, source.marks[token])[:-1]))
        for token in ("RENDER", "BTC")
    }
    assert new.risk()["RENDER"].annual_volatility == pytest.approx(
        moves["RENDER"].std(ddof=1) * 365**0.5, abs=5e-5
    )
    expected = np.corrcoef(moves["RENDER"], moves["BTC"])[0, 1]
    beta = expected * moves["RENDER"].std() / moves["BTC"].std()
    assert new.risk()["RENDER"].beta_btc == pytest.approx(beta, abs=5e-5)
    assert new.correlations(["RENDER", "BTC"]).matrix[0, 1] == pytest.approx(expected, abs=5e-5)
    assert (new.risk()["RENDER"].source, new.risk()["RENDER"].since) == (
        "Binance daily closes",
        "2025-07-12",
    )


def test_the_record_of_crashes_stays(source: VenuesToday, folder: Path) -> None:
    run(source, folder)
    assert (folder / "crashes.csv").read_bytes() == (SMALL / "crashes.csv").read_bytes()


def test_a_second_run_of_the_day_changes_nothing(source: VenuesToday, folder: Path) -> None:
    run(source, folder)
    first = content(folder)
    run(source, folder)
    assert content(folder) == first


def test_files_are_plain_and_spell_numbers_without_exponents(
    source: VenuesToday, folder: Path
) -> None:
    run(source, folder)
    for file in FILES:
        raw = (folder / file).read_bytes()
        assert b"\r" not in raw
        assert raw.endswith(b"\n")
        assert b"e-0" not in raw
    assert rows(folder, "contracts.csv", "binance,ATH") == [
        f"binance,ATH,{NOW},trading,0.00001,1,5,1,yes,0.0005"
    ]


def test_every_question_is_told_as_it_is_asked(source: VenuesToday, folder: Path) -> None:
    said: list[str] = []
    run(source, folder, log=said.append)
    assert len(said) == len(source.asked)
    assert said[0] == "Binance: contracts"
    assert "Bybit: tiers RENDER" in said
    assert "Binance: daily candles RENDER" in said


def test_the_report_says_what_is_new_and_since_when_in_a_line_each(
    source: VenuesToday, folder: Path
) -> None:
    source.refused["tiers", "RENDER"] = "[1].floor: must be above the floor before it, got 0"
    lines = run(source, folder).lines()
    assert f"new: listings.csv OKX AKT, FET, IO: 2026-05-28 -> {NOW}" in lines
    assert "new: correlations.csv: 2024-07-27" not in "\n".join(lines)
    assert f"new: correlations.csv: 2026-03-18 -> {YESTERDAY}" in lines
    assert (
        "kept: tiers.csv OKX RENDER, 2026-05-28: [1].floor: must be above the floor before it, "
        "got 0" in lines
    )


# What cannot be had


@pytest.mark.parametrize(
    ("venue", "trouble"), [*zip(VENUES, ["blocked", "busy", "silent", "broken"], strict=True)]
)
def test_a_venue_that_does_not_answer_keeps_its_rows(
    source: VenuesToday, folder: Path, venue: str, trouble: Any
) -> None:
    source.down[venue] = Unavailable(trouble, "is out of order")
    report = run(source, folder)
    for file in OF_VENUES:
        assert rows(folder, file, venue) == rows(SMALL, file, venue)
        assert all(
            reason.endswith(" is out of order") for reason in kept(report, file, venue).values()
        )
    assert set(kept(report, "tiers.csv", venue)) == set(OLD.tables(venue).tiers)
    for other in set(VENUES) - {venue}:
        assert Snapshot(folder).tables(other).as_of == NOW


def test_a_venue_that_turns_us_away_is_not_asked_again(source: VenuesToday, folder: Path) -> None:
    source.down["binance"] = Unavailable("blocked", "does not serve this place (HTTP 451)")
    run(source, folder)
    assert [asked for asked in source.asked if asked[1] == "binance"] == [
        ("contracts", "binance", "")
    ]


def test_a_question_a_venue_is_silent_on_is_not_repeated_for_every_token(
    source: VenuesToday, folder: Path
) -> None:
    source.down["binance funding"] = SILENT
    report = run(source, folder)
    assert [question for question, _, _ in source.asked].count("funding") == 1
    assert set(kept(report, "funding.csv").values()) == {"Binance did not answer within 5 s"}
    assert Snapshot(folder).risk()["FET"].as_of == YESTERDAY


def test_binance_without_a_key_keeps_its_tiers_alone(source: VenuesToday, folder: Path) -> None:
    source.down["binance tiers"] = Unavailable("key", "gives its tiers only to a key")
    report = run(source, folder)
    assert set(kept(report, "tiers.csv", "binance").values()) == {
        "Binance gives its tiers only to a key"
    }
    assert [asked[:2] for asked in source.asked].count(("tiers", "binance")) == 1
    new = Snapshot(folder)
    assert (new.tables("binance").as_of, new.contracts("binance")["FET"].as_of) == (
        "2026-09-29",
        NOW,
    )


def test_tiers_can_be_asked_of_another_than_the_source(source: VenuesToday, folder: Path) -> None:
    source.down["binance tiers"] = Unavailable("key", "gives its tiers only to a key")
    run(source, folder, tiers=VenuesToday().tiers)
    assert Snapshot(folder).tables("binance").as_of == NOW


def test_a_venue_that_lists_none_of_our_tokens_keeps_its_rows(
    source: VenuesToday, folder: Path
) -> None:
    source.listed["bybit"] = {"DOGE": source.listed["bybit"]["BTC"]}
    report = run(source, folder, trust=True)
    assert set(kept(report, "tiers.csv", "bybit").values()) == {
        "Bybit answers for none of its tokens"
    }
    for file in OF_VENUES:
        assert rows(folder, file, "bybit") == rows(SMALL, file, "bybit")


@pytest.mark.parametrize("question", ["tiers", "contracts"])
def test_a_token_that_fails_its_checks_keeps_its_rows_among_new_ones(
    source: VenuesToday, folder: Path, question: str
) -> None:
    source.refused[question, "RENDER"] = "cannot be true"
    report = run(source, folder)
    assert "RENDER" in written(report, "funding.csv") & written(report, "risk.csv")
    for venue in VENUES:
        assert kept(report, "tiers.csv", venue) == {"RENDER": "cannot be true"}
        assert rows(folder, "tiers.csv", f"{venue},RENDER") == rows(
            SMALL, "tiers.csv", f"{venue},RENDER"
        )
        assert NOW in str(Snapshot(folder).tables(venue).as_of)


def test_where_nothing_answers_nothing_is_written(source: VenuesToday, folder: Path) -> None:
    source.down = dict.fromkeys(VENUES, SILENT)
    before = content(folder)
    report = run(source, folder)
    assert report.written == ()
    assert content(folder) == before


# Listings


def test_a_new_listing_gets_tiers_and_a_contract_and_is_unlisted_no_more(
    source: VenuesToday, folder: Path
) -> None:
    source.listed["bybit"]["FET"] = source.listed["bybit"]["RENDER"]
    source.tables["bybit"]["FET"] = source.tables["bybit"]["RENDER"]
    report = run(source, folder)
    tables = Snapshot(folder).tables("bybit")
    assert tables.tiers["FET"] == source.tables["bybit"]["FET"]
    assert not tables.not_listed
    assert "new: listings.csv Bybit FET: 2025-12-29/2026-07-20 -> listed" in report.lines()


def test_a_new_listing_without_tiers_stays_unlisted_with_its_old_day(
    source: VenuesToday, folder: Path
) -> None:
    source.listed["bybit"]["FET"] = source.listed["bybit"]["RENDER"]
    source.refused["tiers", "FET"] = "has a hole"
    report = run(source, folder)
    assert kept(report, "listings.csv", "bybit") == {"FET": "has a hole"}
    assert Snapshot(folder).tables("bybit").not_listed["FET"] == "2025-12-29/2026-07-20"


def test_a_token_that_trades_no_more_is_not_listed(source: VenuesToday, folder: Path) -> None:
    source.delist("okx", "GRT")
    report = run(source, folder)
    new = Snapshot(folder)
    assert new.tables("okx").not_listed["GRT"] == str(NOW)
    assert "GRT" not in {**new.tables("okx").tiers, **new.contracts("okx")}
    assert "new: tiers.csv OKX GRT: 2026-05-28 -> not listed" in report.lines()


@pytest.mark.parametrize(("gone", "believed"), [(7, True), (8, False)])
def test_more_than_half_gone_at_once_is_not_believed(
    source: VenuesToday, folder: Path, gone: int, believed: bool
) -> None:
    source.delist("okx", *list(source.listed["okx"])[:gone])
    report = run(source, folder)
    assert (rows(folder, "tiers.csv", "okx") != rows(SMALL, "tiers.csv", "okx")) == believed
    if not believed:
        reason = "OKX lists only 6 of its 14 tokens (--trust takes that)"
        assert set(kept(report, "contracts.csv", "okx").values()) == {reason}


def test_more_than_half_gone_at_once_is_written_where_it_is_trusted(
    source: VenuesToday, folder: Path
) -> None:
    source.delist("okx", *list(source.listed["okx"])[:8])
    run(source, folder, trust=True)
    assert len(Snapshot(folder).tables("okx").tiers) == 6


# Figures that jump


def test_a_mark_more_than_five_times_off_keeps_all_marks_until_trusted(
    source: VenuesToday, folder: Path
) -> None:
    source.marks["FET"] = 0.2231 * 5.1
    report = run(source, folder)
    assert rows(folder, "marks.csv", "") == rows(SMALL, "marks.csv", "")
    assert set(kept(report, "marks.csv").values()) == {
        "FET: it went from 0.2231 to 1.13781 (--trust takes it)"
    }
    run(source, folder, trust=True)
    assert Snapshot(folder).marks() == source.marks


@pytest.mark.parametrize("times", [1 / 4.99, 4.99])
def test_a_mark_less_than_five_times_off_is_taken(
    source: VenuesToday, folder: Path, times: float
) -> None:
    source.marks["FET"] = 0.2231 * times
    run(source, folder)
    assert Snapshot(folder).marks()["FET"] == 0.2231 * times


def scaled(table: TierTable, by: float) -> TierTable:
    tiers = [
        {**row, "maintenance_rate": row["maintenance_rate"] * by, "maintenance_amount": None}
        for row in table.rows()
    ]
    return TierTable.from_rows(tiers[:1], progressive=table.progressive)


@pytest.mark.parametrize(
    ("times", "taken"), [(5.5, False), (4.5, True), (1 / 5.5, False), (1 / 4.5, True)]
)
def test_a_first_rate_more_than_five_times_off_keeps_that_table_until_trusted(
    source: VenuesToday, folder: Path, times: float, taken: bool
) -> None:
    source.tables["bybit"]["FIL"] = scaled(source.tables["bybit"]["FIL"], times)
    report = run(source, folder)
    assert ("FIL" in written(report, "tiers.csv", "bybit")) == taken
    assert ("FIL" in kept(report, "tiers.csv", "bybit")) != taken
    run(source, folder, trust=True)
    assert Snapshot(folder).tables("bybit").tiers["FIL"] == source.tables["bybit"]["FIL"]


def test_tiers_that_name_no_leverage_stay_as_they_were(source: VenuesToday, folder: Path) -> None:
    table = source.tables["bybit"]["FIL"]
    source.tables["bybit"]["FIL"] = replace(table, max_leverages=(None,) * len(table.floors))
    assert kept(run(source, folder), "tiers.csv", "bybit") == {"FIL": "its tiers name no leverage"}


def resize(source: VenuesToday, token: str, value: float) -> None:
    source.listed["okx"][token] = replace(source.listed["okx"][token], contract_value=value)


def test_the_venues_own_contract_value_replaces_one_from_hearsay_however_far_off(
    source: VenuesToday, folder: Path
) -> None:
    resize(source, "ICP", 1.0)
    run(source, folder)
    new = Snapshot(folder)
    assert (new.tables("okx").contract_values["ICP"], new.tables("okx").unconfirmed) == (
        1.0,
        frozenset(),
    )


def test_contracts_of_another_size_come_with_their_tiers_or_not_at_all(
    source: VenuesToday, folder: Path
) -> None:
    resize(source, "ICP", 0.02)
    source.refused["tiers", "ICP"] = "has a hole"
    report = run(source, folder)
    assert (
        kept(report, "contracts.csv", "okx")
        == kept(report, "tiers.csv", "okx")
        == {"ICP": "has a hole"}
    )
    assert Snapshot(folder).contracts("okx")["ICP"] == OLD.contracts("okx")["ICP"]


def test_a_confirmed_contract_value_that_jumps_keeps_contract_and_tiers_until_trusted(
    source: VenuesToday, folder: Path
) -> None:
    run(source, folder)
    before = rows(folder, "tiers.csv", "okx,FIL")
    resize(source, "FIL", 1.0)
    report = rewrite(source, folder, TODAY + timedelta(days=1))
    reason = "its contract value went from 0.1 to 1 (--trust takes it)"
    assert (
        kept(report, "contracts.csv", "okx") == kept(report, "tiers.csv", "okx") == {"FIL": reason}
    )
    assert rows(folder, "tiers.csv", "okx,FIL") == before
    rewrite(source, folder, TODAY + timedelta(days=1), trust=True)
    assert Snapshot(folder).contracts("okx")["FIL"].contract_value == 1.0


# Marks, funding, candles: whose they are


def test_a_mark_that_binance_lacks_is_the_next_venues(source: VenuesToday, folder: Path) -> None:
    source.delist("binance", "NEAR")
    run(source, folder)
    assert rows(folder, "marks.csv", "NEAR") == [
        f'NEAR,"Binance, Bybit marks",{NOW},{1.385 * 1.25}'
    ]
    assert Snapshot(folder).marks() == source.marks


def test_a_mark_that_no_venue_has_keeps_all_marks(source: VenuesToday, folder: Path) -> None:
    for token in ("NEAR", "TAO"):
        source.paths["binance", token] = candles(walk(token, 500, source.marks.pop(token)))
    report = run(source, folder)
    assert set(kept(report, "marks.csv").values()) == {"NEAR, TAO: no venue has a mark of it"}
    assert rows(folder, "marks.csv", "") == rows(SMALL, "marks.csv", "")


def test_funding_that_tells_too_little_keeps_its_row(source: VenuesToday, folder: Path) -> None:
    source.histories["binance", "ATH"] = payments(np.zeros(30))
    report = run(source, folder)
    assert kept(report, "funding.csv") == {
        "ATH": "has 30 funding payments at one interval, 90 are needed"
    }
    assert Snapshot(folder).funding()["ATH"] == OLD.funding()["ATH"]


def test_a_rate_of_next_to_nothing_is_written_without_a_sign(
    source: VenuesToday, folder: Path
) -> None:
    source.histories["binance", "ATH"] = payments(np.full(100, -1e-12))
    run(source, folder)
    assert rows(folder, "funding.csv", "ATH") == [f"ATH,binance,2026-10-20,{NOW},8,100,0,0,0,0,0,0"]


def test_funding_of_a_token_that_binance_does_not_list_is_bybits(
    source: VenuesToday, folder: Path
) -> None:
    source.delist("binance", "AR")
    run(source, folder)
    assert {
        token for token, held in Snapshot(folder).funding().items() if held.venue == "bybit"
    } == {"AR"}


def test_candles_that_binance_lacks_are_bybits(source: VenuesToday, folder: Path) -> None:
    source.paths["binance", "AR"] = candles(walk("AR", 90, 2.0))
    report = run(source, folder)
    assert kept(report, "correlations.csv") == {}
    assert Snapshot(folder).risk()["AR"].source == "Binance, Bybit daily closes"
    assert Snapshot(folder).correlations(["AR", "BTC"]).source == "Binance, Bybit daily closes"


def test_a_token_without_candles_keeps_its_risk_row_and_all_correlations(
    source: VenuesToday, folder: Path
) -> None:
    source.paths["binance", "VIRTUAL"] = candles(walk("VIRTUAL", 90, 2.0))
    source.paths["bybit", "VIRTUAL"] = Unavailable("absent", "has no candles of VIRTUAL")
    report = run(source, folder)
    reason = (
        "on Binance it has daily closes of 89 days on end up to yesterday, 366 are needed; Bybit "
        "has no candles of "
        "VIRTUAL"
    )
    assert kept(report, "risk.csv") == {"VIRTUAL": reason}
    assert kept(report, "correlations.csv") == {"": f"VIRTUAL: {reason}"}
    assert Snapshot(folder).risk()["FET"].as_of == YESTERDAY
    assert rows(folder, "correlations.csv", "") == rows(SMALL, "correlations.csv", "")


@pytest.mark.parametrize("token", ["BTC", AI_BASKET[0]])
def test_without_candles_of_btc_or_of_the_basket_risk_stays_whole(
    source: VenuesToday, folder: Path, token: str
) -> None:
    source.paths["binance", token] = source.paths["bybit", token] = SILENT
    report = run(source, folder)
    assert set(kept(report, "risk.csv")) == set(OLD.marks())
    assert rows(folder, "risk.csv", "") == rows(SMALL, "risk.csv", "")


def test_a_young_token_has_the_last_year(source: VenuesToday, folder: Path) -> None:
    run(source, folder)
    new = Snapshot(folder)
    assert new.risk()["VIRTUAL"].since == new.correlations(["VIRTUAL", "FET"]).since == "2025-11-22"
    assert new.correlations(["BTC", "FET"]).since == "2025-07-12"


def test_a_token_as_old_as_the_others_has_the_one_window(source: VenuesToday, folder: Path) -> None:
    source.days["VIRTUAL"] = 500
    run(source, folder)
    new = Snapshot(folder)
    assert new.correlations(["VIRTUAL", "FET"]).since == new.risk()["VIRTUAL"].since == "2025-07-12"


def test_prices_that_move_as_one_keep_all_correlations(source: VenuesToday, folder: Path) -> None:
    source.paths["binance", "ETH"] = candles(walk("BTC", 500, 2.0))
    report = run(source, folder)
    assert kept(report, "correlations.csv") == {"": "two tokens' prices move as one"}
    assert Snapshot(folder).risk()["ETH"].beta_btc == 1


# Tokens that are added


def test_an_added_token_is_in_every_table(source: VenuesToday, folder: Path) -> None:
    source.listing("KAITO")
    report = run(source, folder, added=["KAITO", "RENDER"])
    new = Snapshot(folder)
    assert (report.kept, report.left_out) == ((), {})
    assert new.tables("binance").tiers["KAITO"] == source.tables["binance"]["KAITO"]
    assert {venue for venue in VENUES if "KAITO" in new.tables(venue).not_listed} == {
        "bybit",
        "okx",
        "hyperliquid",
    }
    assert new.marks()["KAITO"] == 2.0
    assert (new.funding()["KAITO"].venue, new.risk()["KAITO"].since) == ("binance", "2025-11-22")
    assert new.correlations(["KAITO", "VIRTUAL", "RENDER"]).matrix.shape == (3, 3)
    assert f"new: marks.csv KAITO: none -> {NOW}" in report.lines()


def test_a_row_refused_beside_a_good_one_of_the_same_token_takes_nothing_away(
    source: VenuesToday, folder: Path
) -> None:
    source.listing("KAITO")
    for question in ("contracts", "tiers", "quotes"):
        for token in ("KAITO", "RENDER"):
            source.refused_too[question, token] = "is given twice; the first row stands"
    report = run(source, folder, added=["KAITO"])
    assert (report.kept, report.left_out) == ((), {})


def no_tiers(source: VenuesToday) -> None:
    source.down["binance tiers"] = Unavailable("key", "gives its tiers only to a key")


def bad_contract(source: VenuesToday) -> None:
    source.refused["contracts", "KAITO"] = "tickSize: must be a positive number, got 0"


def no_mark(source: VenuesToday) -> None:
    source.refused["quotes", "KAITO"] = "mark: must be a positive number, got 0"


def no_funding(source: VenuesToday) -> None:
    source.histories["binance", "KAITO"] = payments(np.zeros(12))


def no_year(source: VenuesToday) -> None:
    source.days["KAITO"] = 366


def nowhere(source: VenuesToday) -> None:
    source.delist("binance", "KAITO")


def silent_venue(source: VenuesToday) -> None:
    source.down["okx"] = SILENT


def old_mark(source: VenuesToday) -> None:
    source.marks["BTC"] *= 100


def old_candles(source: VenuesToday) -> None:
    source.paths["binance", "SOL"] = source.paths["bybit", "SOL"] = Unavailable(
        "absent", "has no candles of SOL"
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (no_tiers, "Binance gives its tiers only to a key"),
        (bad_contract, "tickSize: must be a positive number, got 0"),
        (no_mark, "mark: must be a positive number, got 0"),
        (no_funding, "has 12 funding payments at one interval, 90 are needed"),
        (
            no_year,
            "on Binance it has daily closes of 365 days on end up to yesterday, 366 are needed",
        ),
        (nowhere, "no venue has a mark of it"),
        (silent_venue, "OKX did not answer within 5 s"),
        (old_mark, "BTC: it went from 71202.9 to 8.90036e+06 (--trust takes it)"),
        (old_candles, "SOL: Binance has no candles of SOL; Bybit has no candles of SOL"),
    ],
)
def test_an_added_token_of_which_not_all_is_known_is_left_out_and_the_rest_is_written(
    source: VenuesToday, folder: Path, fault: Callable[[VenuesToday], None], reason: str
) -> None:
    source.listing("KAITO")
    fault(source)
    report = run(source, folder, added=["KAITO"])
    assert report.left_out == {"KAITO": reason}
    assert f"left out: KAITO: {reason}" in report.lines()
    assert b"KAITO" not in b"".join(content(folder).values())
    assert Snapshot(folder).tables("bybit").as_of == NOW


# The files themselves


def moved(
    monkeypatch: pytest.MonkeyPatch, nth: int | None = None, error: BaseException | None = None
) -> list[tuple[Path, Path]]:
    """Every move of a file from now on, from where to where; the n-th fails."""
    moves: list[tuple[Path, Path]] = []
    move = Path.replace

    def moving(self: Path, target: Path) -> Path:
        moves.append((self, target))
        if error and len(moves) == nth:
            raise error
        return move(self, target)

    monkeypatch.setattr(Path, "replace", moving)
    return moves


def test_a_folder_without_a_snapshot_gets_one_on_the_packaged_rows(
    source: VenuesToday, tmp_path: Path
) -> None:
    source.down["okx"] = SILENT
    run(source, tmp_path / "new" / "data")
    new = Snapshot(tmp_path / "new" / "data")
    assert (new.tables("okx").as_of, new.tables("bybit").as_of) == ("2026-05-28", NOW)
    assert (len(new.tables("okx").tiers["RENDER"].floors), new.crashes()) == (87, OLD.crashes())


def test_a_folder_is_not_made_for_nothing(source: VenuesToday, tmp_path: Path) -> None:
    source.down = dict.fromkeys(VENUES, SILENT)
    run(source, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_dry_run_reports_and_writes_nothing(source: VenuesToday, folder: Path) -> None:
    before = content(folder)
    assert run(source, folder, dry_run=True) == run(VenuesToday(), folder)
    assert content(folder) != before
    shutil.rmtree(folder)
    run(source, folder, dry_run=True)
    assert not list(folder.parent.iterdir())


def test_nothing_is_left_beside_the_folder(source: VenuesToday, folder: Path) -> None:
    run(source, folder)
    assert list(folder.parent.iterdir()) == [folder]
    assert set(content(folder)) == set(FILES)


def test_a_broken_snapshot_is_named_and_no_venue_is_asked(
    source: VenuesToday, folder: Path
) -> None:
    (folder / "marks.csv").unlink()
    with pytest.raises(FieldError, match=r"^marks\.csv: is missing$"):
        run(source, folder)
    assert source.asked == []


def test_a_clock_behind_the_snapshots_latest_day_is_refused(
    source: VenuesToday, folder: Path
) -> None:
    with pytest.raises(
        NotWritten,
        match=r"^this machine's clock says 2026-09-28, and the snapshot holds figures of 2026",
    ):
        rewrite(source, folder, date(2026, 9, 28))
    assert source.asked == []


def test_the_last_day_of_an_interval_counts_as_the_snapshots_latest(
    source: VenuesToday, folder: Path
) -> None:
    contracts = folder / "contracts.csv"
    contracts.write_text(
        contracts.read_text().replace("2025-11-27/2026-08-06", "2025-11-27/2026-11-23")
    )
    with pytest.raises(NotWritten, match=r"holds figures of 2026-11-23$"):
        run(source, folder)


def test_new_files_are_made_beside_the_old_ones_wherever_a_link_to_them_stands(
    source: VenuesToday, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = folder.parent / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(folder)
    moves = moved(monkeypatch)
    run(source, link)
    assert {(new.parents[2], old.parent) for new, old in moves} == {(folder.parent, folder)}


def test_what_would_not_be_read_back_is_not_written(source: VenuesToday, folder: Path) -> None:
    source.listed["bybit"]["FIL"] = replace(source.listed["bybit"]["FIL"], status="asleep")
    before = content(folder)
    with pytest.raises(
        NotWritten,
        match=r"^the new snapshot would not be read back: contracts\.csv:\d+\.status: must be",
    ):
        run(source, folder)
    assert content(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("nth", [1, 4, len(FILES)])
def test_an_interruption_between_two_files_puts_the_old_ones_back(
    source: VenuesToday, folder: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    before = content(folder)
    moved(monkeypatch, nth, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(source, folder)
    assert content(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_an_interruption_in_a_new_folder_leaves_it_empty(
    source: VenuesToday, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(monkeypatch, 4, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_disk_that_fails_between_two_files_is_told_and_puts_the_old_ones_back(
    source: VenuesToday, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(folder)
    moved(monkeypatch, 3, OSError(28, "No space left on device"))
    with pytest.raises(
        NotWritten, match=r"^the new files cannot be written: No space left on device$"
    ):
        run(source, folder)
    assert content(folder) == before


def test_a_folder_that_cannot_be_made_is_told(source: VenuesToday, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten, match=r"^the new files cannot be written: "):
        run(source, tmp_path / "file" / "data" / "new")


def test_an_interruption_of_the_questions_leaves_the_files_alone(
    source: VenuesToday, folder: Path
) -> None:
    before = content(folder)
    source.paths["binance", "SOL"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(source, folder)
    assert content(folder) == before
