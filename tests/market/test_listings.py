"""Who lists which perpetual, and what became of tokens that are no more."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from margin.market.listings import Listing, known_tokens, status_rows, successions
from margin.market.snapshot import embedded as snapshot
from margin.market.view import Origin, View, snapshot_view
from margin.model.symbols import MERGED, RENAMED
from margin.venues import listing_venues

TODAY = "2026-11-22"
LIVE = Origin("live", datetime(2026, 11, 22, 12, tzinfo=UTC), TODAY)


def listing(view: View, token: str) -> Listing:
    [row] = status_rows([view], [token])
    assert row.token == token
    [found] = row.listings
    assert found.venue == view.venue
    return found


def with_list(venue: str, *tokens: str, refused: dict[str, str] | None = None) -> View:
    """The venue as its own list of contracts tells it: these tokens and no others."""
    view = snapshot_view(venue)
    contracts = {
        token: replace(view.contracts[token], status="trading", as_of=TODAY) for token in tokens
    }
    return replace(view, contracts=contracts, contracts_origin=LIVE, refused=refused or {})


STANDINGS = {
    "the venue said that it trades": ("binance", "RENDER", "trading (2025-11-27 to 2026-08-06)"),
    "tiers alone were seen": ("hyperliquid", "FET", "listed (2026-03-10)"),
    "tiers of a later day than the contract": ("okx", "RENDER", "listed (2026-05-28)"),
    "known to be absent": ("okx", "FET", "not listed (2026-05-28)"),
    "known to be absent on two days": ("bybit", "FET", "not listed (2025-12-29 and 2026-07-20)"),
    "never looked at": ("binance", "PEPE", "not known"),
    "an account of no venue": ("textbook", "RENDER", "not known"),
}


@pytest.mark.parametrize("name", STANDINGS)
def test_the_snapshot_tells_where_a_token_stands(name: str) -> None:
    venue, token, words = STANDINGS[name]
    assert listing(snapshot_view(venue), token).text == words


def test_a_venues_own_list_tells_what_trades_now() -> None:
    assert listing(with_list("okx", "RENDER"), "RENDER").text == "trading (2026-11-22)"


def test_what_a_venues_own_list_leaves_out_is_not_listed() -> None:
    assert listing(with_list("binance", "RENDER"), "PEPE").text == "not listed (2026-11-22)"
    assert listing(with_list("binance", "RENDER"), "TAO").text == "not listed (2026-11-22)"


def test_a_token_whose_contract_was_refused_is_not_called_absent() -> None:
    view = with_list(
        "binance", "RENDER", refused={"PEPE": "its contract was refused (tick_size: is missing)"}
    )
    assert listing(view, "PEPE").text == "not known"


def test_every_token_of_the_snapshot_stands_somewhere_on_every_venue() -> None:
    rows = status_rows([snapshot_view(venue) for venue in listing_venues()], known_tokens())
    assert [row.token for row in rows] == list(snapshot.marks())
    assert all([each.venue for each in row.listings] == list(listing_venues()) for row in rows)
    assert not [row.token for row in rows for each in row.listings if each.status == "not known"]


def test_further_tokens_come_after_the_snapshots_each_once() -> None:
    assert known_tokens(["PEPE", "RENDER", "PEPE"]) == [*snapshot.marks(), "PEPE"]


def test_every_token_that_is_no_more_has_its_story_with_its_heir_and_ratio() -> None:
    told = {item.token: item for item in successions()}
    assert told.keys() == RENAMED.keys() | MERGED.keys()
    assert {item.successor for item in told.values()} <= snapshot.marks().keys()
    assert "1:1 in July 2024" in told["RNDR"].text
    assert "2024-07-16" in told["RNDR"].text
    assert "1 AGIX = 0.433350 FET" in told["AGIX"].text
    assert "1 OCEAN = 0.433226 FET" in told["OCEAN"].text
