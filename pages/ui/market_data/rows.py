"""What the tables and sentences of the Market data page say.

Pure functions, values in, text and numbers out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from margin import formatting as wording
from margin.charts.tiers import Compared, Schedule
from margin.market.listings import StatusRow
from margin.market.price_moves import DailyFunding
from margin.market.records import Contract
from margin.market.source import Quote
from margin.market.view import Origin, View
from margin.model.scenario import Position, Scenario
from margin.studies.account.assess import Assessment
from margin.studies.comparison.venues import FAR_APART
from margin.studies.stress.shocks import funding_payment
from margin.venues import VENUES, TierTable

UP_TO = "To, in $"
_UNKNOWN = Origin("none", None, "")
Texts = dict[str, str]


def source_rows(
    scenario: Scenario, view: View, latest: View, marks_from: Mapping[str, str], now: datetime
) -> list[Texts]:
    """Return per token of the scenario what its figures rest on, and from where.

    `marks_from` says that of the marks.

    `view` is what stands beside the scenario, `latest` what the venue has told since: no figure
    rests on funding.
    """
    return [
        {
            "Token": token,
            "Mark": wording.price(scenario.market.marks[token]),
            "Mark from": marks_from[token],
            "Tiers from": _tiers_from(scenario, view, token, now),
            **_contract_cells(scenario, view, token),
            **_funding_cells(latest, token),
        }
        for token in scenario.tokens
    ]


def _tiers_from(scenario: Scenario, view: View, token: str, now: datetime) -> str:
    """Return where the tier table in force comes from."""
    if scenario.account.rules.own_fraction:
        return "no tiers: one fraction"
    if token in scenario.market.tiers:
        return f"the scenario's own, {scenario.market.tiers_as_of or 'undated'}"
    return view.tiers.get(token, _UNKNOWN).label(now)


def _contract_cells(scenario: Scenario, view: View, token: str) -> Texts:
    """Return what the venue says of the contract.

    The scenario's own contract value before the venue's.
    """
    contract = view.contracts.get(token)
    value = scenario.market.contract_values.get(token) or (contract and contract.contract_value)
    doubt = (
        " (not confirmed)"
        if token in view.tables.unconfirmed - scenario.market.contract_values.keys()
        else ""
    )
    return {
        "One contract": f"{wording.quantity(value)} {token}{doubt}" if value else wording.MISSING,
        "Lot": wording.quantity(contract.quantity_step if contract else None),
        "Tick": _exact(contract.tick_size if contract else None),
        "Minimum order": wording.money(contract.minimum_notional if contract else None),
        "Taker fee": wording.rate(contract.taker_fee if contract else None),
        "Contract seen": _seen(contract),
    }


def _exact(value: float | None) -> str:
    return wording.MISSING if value is None else f"{value:.12f}".rstrip("0").rstrip(".")


def _seen(contract: Contract | None) -> str:
    return wording.MISSING if contract is None else contract.as_of.replace("/", " to ")


def _funding_cells(view: View, token: str) -> Texts:
    """Return the rate of the coming payment.

    Where nobody knows it, the recorded median under its own name.
    """
    quote = view.quotes.get(token)
    recorded = view.mark_origins.get(token, _UNKNOWN).kind in ("snapshot", "none")
    rate = _rate(quote)
    due = quote.next_funding if quote else None
    return {
        "Funding": f"{rate}, median of the past" if recorded and rate != wording.MISSING else rate,
        "Next payment (UTC)": wording.MISSING
        if due is None
        else f"{due.astimezone(UTC):%m-%d %H:%M}",
    }


def _rate(quote: Quote | None) -> str:
    """Return `+0.0086% each 4 h`."""
    if quote is None or quote.funding_rate is None:
        return wording.MISSING
    rate = f"{'+' if quote.funding_rate > 0 else ''}{wording.rate(quote.funding_rate)}"
    return rate if quote.interval_hours is None else f"{rate} each {quote.interval_hours:g} h"


def reasons(view: View, tokens: Sequence[str]) -> list[str]:
    """Return why figures of these tokens are not live, and what was refused.

    Sentences without their full stop, each once.
    """
    of_tokens = [
        held.get(token, _UNKNOWN) for token in tokens for held in (view.mark_origins, view.tiers)
    ]
    refused = [f"{token}: {view.refused[token]}" for token in tokens if token in view.refused]
    origins = [view.contracts_origin, view.quotes_origin, *of_tokens]
    return [*dict.fromkeys(origin.reason for origin in origins if origin.reason), *refused]


def tier_rows(
    table: TierTable, unit: float | None, yours: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the tiers as numbers, rates in %.

    `unit`: $ per contract of a flat table, None where nobody knows.

    `yours` gives the person's sides with the tier that each lies in, from 1.
    """
    return [
        _tier_row(number, row, table, unit, yours)
        for number, row in enumerate(table.rows(), start=1)
    ]


def _tier_row(
    number: int,
    row: Mapping[str, float | None],
    table: TierTable,
    unit: float | None,
    yours: Mapping[str, int],
) -> dict[str, Any]:
    cap = row["cap"]
    notional = (
        {} if table.progressive else {UP_TO: None if cap is None or unit is None else cap * unit}
    )
    deduction = {"Deduction": row["maintenance_amount"]} if table.progressive else {}
    sides = " and ".join(side for side, tier in yours.items() if tier == number)
    return {
        "Tier": number,
        "From": row["floor"],
        "To": cap,
        **notional,
        "Rate": 100 * (row["maintenance_rate"] or 0.0),
        **deduction,
        "Max leverage": row["max_leverage"],
        **({"Yours": sides} if yours else {}),
    }


def tiers_of(assessment: Assessment, token: str) -> dict[str, int]:
    """Return the tier, from 1, that each side of the token lies in."""
    return {
        each.side: each.tier
        for each in assessment.positions
        if each.symbol == token and each.tier is not None
    }


def compared(scenario: Scenario, views: Sequence[View], token: str, mark: float | None) -> Compared:
    """Return the token's table on every venue, on the scenario's own the one in force.

    Without a mark none by contracts.
    """
    schedules = tuple(
        Schedule(
            view.venue,
            table,
            _of_when(scenario, view, token),
            _contract_value(scenario, view, token),
        )
        for view in views
        if (table := _table(scenario, view, token)) is not None
    )
    sizes = {
        str(leg.side): leg.quantity * (mark or 0.0)
        for leg in scenario.positions
        if leg.symbol == token
    }
    return Compared(token, mark or 0.0, schedules, sizes)


def _is_own(scenario: Scenario, view: View, token: str) -> bool:
    """Return whether the scenario brings the token's table on this venue itself."""
    return view.venue == scenario.account.venue and token in scenario.market.tiers


def _table(scenario: Scenario, view: View, token: str) -> TierTable | None:
    return (
        scenario.market.tiers[token]
        if _is_own(scenario, view, token)
        else view.tables.tiers.get(token)
    )


def _contract_value(scenario: Scenario, view: View, token: str) -> float | None:
    own = (
        scenario.market.contract_values.get(token) if view.venue == scenario.account.venue else None
    )
    return own or view.tables.contract_values.get(token)


def _of_when(scenario: Scenario, view: View, token: str) -> str:
    """Return when a table was seen, without its age.

    So the chart stays the same while the table grows older.
    """
    day = _day(scenario, view, token)
    if _is_own(scenario, view, token):
        return f"own table, {day or 'undated'}"
    origin = view.tiers.get(token, _UNKNOWN)
    return f"{origin.kind} {day}" if origin.kind in ("live", "cached") else day or "undated"


def _day(scenario: Scenario, view: View, token: str) -> str | None:
    """Return the day of a table, an ISO date."""
    if _is_own(scenario, view, token):
        return scenario.market.tiers_as_of
    return view.tables.dates.get(token, view.tables.as_of)


def far_apart(scenario: Scenario, views: Sequence[View], token: str) -> str:
    """Return the warning where the token's tables are more than a month apart.

    Empty where they are not.
    """
    days = {
        view.venue: day
        for view in views
        if _table(scenario, view, token) is not None and (day := _day(scenario, view, token))
    }
    if not days:
        return ""
    first, last = min(days, key=lambda venue: days[venue]), max(days, key=lambda venue: days[venue])
    apart = (date.fromisoformat(days[last]) - date.fromisoformat(days[first])).days
    if apart <= FAR_APART:
        return ""
    between = f"{VENUES[first].name}'s ({days[first]}) and {VENUES[last].name}'s ({days[last]})"
    return (
        f"The tables are of different days, {between} {apart} days apart: venues change them, so "
        f"compare with care."
    )


def funding_lines(
    legs: Iterable[Position], mark: float, rates: Iterable[DailyFunding]
) -> list[str]:
    """Return a sentence per position: what it pays a day at each rate, which its source names."""
    lines = []
    for leg in legs:
        told = [
            f"{_paid(funding_payment(leg, mark, funding.rate))} a day at {funding.source}"
            for funding in rates
        ]
        if told:
            lines.append(
                f"Your {leg.side} of {wording.money(leg.quantity * mark)} {', and '.join(told)}."
            )
    return lines


def _paid(amount: float) -> str:
    return f"{'receives' if amount < 0 else 'pays'} {wording.money(abs(amount))}"


def listing_rows(rows: Iterable[StatusRow]) -> list[Texts]:
    """Return one row per token, one column per venue."""
    return [
        {
            "Token": row.token,
            **{VENUES[listing.venue].name: listing.text for listing in row.listings},
        }
        for row in rows
    ]


def connection_rows(views: Iterable[View], token: str, now: datetime) -> list[Texts]:
    """Return per venue where its figures are from and how old they are."""
    return [
        {
            "Exchange": VENUES[view.venue].name,
            "Contracts": view.contracts_origin.label(now),
            "Marks": view.quotes_origin.label(now),
            f"Tiers of {token}": view.tiers.get(token, _UNKNOWN).label(now),
            "Refused": _some(sorted(view.refused)),
        }
        for view in views
    ]


def _some(tokens: Sequence[str]) -> str:
    """Return tokens by name, and of many the number."""
    return wording.listing(wording.capped(tokens, wording.FEW)) if tokens else "nothing"
