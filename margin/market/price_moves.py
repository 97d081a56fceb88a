"""Recorded price moves and funding of the snapshot, each with its window.

Betas to BTC, crash days, volatilities with correlations, and funding at its recorded extremes.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from margin.engine.numbers import Array
from margin.market.records import Funding
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot_update.statistics import AI_BASKET
from margin.model.scenario import Position, net_quantities
from margin.studies.stress.crash_table import CrashDay, TokenMove
from margin.venues import VENUES

AI_TOKENS = (*AI_BASKET, "VIRTUAL")
"""The sector: the AI basket, and the token that is too young for it."""
HOURS_A_DAY = 24.0
DECIMALS = 12


@cache
def betas_to_btc() -> Mapping[str, float]:
    """Return the betas to BTC by token, from daily log returns of the snapshot."""
    return MappingProxyType({token: risk.beta_btc for token, risk in snapshot.risk().items()})


def risk_windows(tokens: Iterable[str]) -> dict[str, list[str]]:
    """Return the tokens by their window of volatility and beta; tokens without one are omitted."""
    windows: dict[str, list[str]] = {}
    for token in tokens:
        if risk := snapshot.risk().get(token):
            windows.setdefault(f"{risk.since} to {risk.as_of}", []).append(token)
    return windows


@cache
def crash_days() -> tuple[CrashDay, ...]:
    """Return the snapshot's crash days, oldest first."""
    return tuple(
        CrashDay(
            crash.date,
            crash.event,
            {token: TokenMove(*move) for token, move in crash.moves.items()},
        )
        for crash in snapshot.crashes()
    )


class Comovement(NamedTuple):
    """Annual volatilities by token, and correlations of `symbols`, from one window.

    `correlations` has the shape (symbols, symbols).
    """

    volatilities: Mapping[str, float]
    symbols: tuple[str, ...]
    correlations: Array
    window: str


def comovement(tokens: Iterable[str]) -> Comovement | None:
    """Return volatilities and correlations of the tokens in the snapshot; None if it has none."""
    known = [token for token in dict.fromkeys(tokens) if token in snapshot.risk()]
    if not known:
        return None
    recorded = snapshot.correlations(known)
    volatilities = {token: snapshot.risk()[token].annual_volatility for token in known}
    return Comovement(volatilities, recorded.symbols, recorded.matrix, recorded.window)


class DailyFunding(NamedTuple):
    """A day's funding from long to short, as a fraction of the notional, and its source."""

    rate: float
    source: str


def costliest_funding(positions: Sequence[Position]) -> dict[str, DailyFunding]:
    """Return a day's funding by token at the recorded rate that costs its positions most.

    That is the highest rate for a net long token, the lowest for a net short one. Only single
    payments are on record, so a day is every payment of it at this rate and the recorded interval.
    It can understate a day on which the venue paid every hour (see the assumption
    `hourly_at_the_cap`). Tokens without a record or without a net quantity are omitted.
    """
    funding = {}
    for token, net in net_quantities(positions).items():
        record = snapshot.funding().get(token)
        if record and net > 0:
            funding[token] = _daily_funding(record, record.highest, "highest")
        elif record and net < 0:
            funding[token] = _daily_funding(record, record.lowest, "lowest")
    return funding


def median_funding(positions: Sequence[Position]) -> dict[str, DailyFunding]:
    """Return a day's funding by token at the median rate; tokens without a record are omitted."""
    return {
        token: _daily_funding(record, record.median, "median")
        for token in net_quantities(positions)
        if (record := snapshot.funding().get(token))
    }


def _daily_funding(record: Funding, rate: float, statistic: str) -> DailyFunding:
    source = f"{statistic} of {VENUES[record.venue].name}, {record.since} to {record.as_of}"
    return funding_a_day(rate, record.interval_hours, source)


def funding_a_day(rate: float, interval_hours: float, source: str) -> DailyFunding:
    """Return a day's funding at this rate per interval, without digits of rounding."""
    return DailyFunding(round(rate * HOURS_A_DAY / interval_hours, DECIMALS), source)
