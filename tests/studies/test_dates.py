"""Whose tables an assessment rests on, and of which days."""

from dataclasses import replace

from margin.examples import presets
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.account.seen import with_seen

BASKET = presets()["basket"].scenario


def of_two_days() -> Scenario:
    tables = snapshot.tables("binance")
    return BASKET.with_tables(
        replace(tables, dates={"RENDER": "2026-11-22", "TAO": "2026-11-22", "BTC": "2026-11-01"})
    )


def test_tables_of_one_day_are_told_by_that_day() -> None:
    assert message(assess(BASKET).assumptions[0]) == "binance tiers as of 2026-09-29"


def test_tables_of_several_days_are_told_each_with_its_tokens_and_no_others() -> None:
    told = message(assess(of_two_days()).assumptions[0])
    assert told == "binance tiers as of 2026-09-29 (FET, NEAR, WLD); 2026-11-22 (RENDER, TAO)"


def test_a_link_carries_the_oldest_day_of_the_tables_it_rests_on() -> None:
    assert with_seen(of_two_days()).market.tiers_as_of == "2026-09-29"
    newer = replace(
        of_two_days(), positions=tuple(p for p in BASKET.positions if p.symbol in {"RENDER", "TAO"})
    )
    assert with_seen(newer).market.tiers_as_of == "2026-11-22"
