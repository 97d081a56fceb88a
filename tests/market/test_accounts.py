"""A venue's account as a scenario."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from margin.errors import FieldError
from margin.examples import presets
from margin.market.accounts import Imported, VenueAccount, as_scenario
from margin.model.scenario import Levels, Position

SHOWN = presets()["hedged"].scenario
RENDER = Position("RENDER", "long", 100, 2.0, 5)


def account(**figures: object) -> VenueAccount:
    given = {
        "wallet_balance": 50.0,
        "imported": Imported((RENDER,)),
        "marks": {"RENDER": 1.9},
        **figures,
    }
    return VenueAccount(venue="bybit", seen_at=datetime(2026, 11, 22, 12, tzinfo=UTC), **given)  # type: ignore[arg-type]


def test_the_account_brings_its_own_balance_positions_marks_and_fee() -> None:
    made = as_scenario(account(taker_fee=0.0004), SHOWN)
    assert (made.account.venue, made.account.wallet_balance, made.account.taker_fee) == (
        "bybit",
        50.0,
        0.0004,
    )
    assert (made.positions, dict(made.market.marks)) == ((RENDER,), {"RENDER": 1.9})


def test_levels_and_betas_of_the_screen_stay() -> None:
    levels = Levels(0.2, 0.4)
    made = as_scenario(account(), replace(SHOWN, levels=levels))
    assert (made.levels, dict(made.market.betas)) == (levels, dict(SHOWN.market.betas))


def test_the_words_of_the_screen_are_about_another_account() -> None:
    made = as_scenario(account(), replace(SHOWN, title="Bob's book", note="not yours"))
    assert (made.title, made.note) == ("", "")


def test_nothing_else_of_the_account_on_the_screen_stays() -> None:
    assert as_scenario(account(imported=Imported(()), marks={}), SHOWN).tokens == ()


def test_isolated_margins_above_the_balance_are_refused_with_the_field() -> None:
    beyond = Position("RENDER", "long", 100, 2.0, 5, isolated_margin=60)
    with pytest.raises(FieldError, match=r"^wallet_balance: must cover the isolated margins, 60"):
        as_scenario(account(imported=Imported((beyond,)), margin_mode="isolated"), SHOWN)
