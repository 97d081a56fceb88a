"""Worked examples to start from, at the snapshot's marks.

Some to play with, three that teach one thing each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Account, MarginMode, Market, Position, Scenario, Side
from margin.venues import DEFAULT_VENUE, TEXTBOOK

Leg = tuple[str, Side, float]
"""Token, side, notional in the settlement coin at the snapshot's mark."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named example, the one sentence it teaches, and the baseline to compare it with."""

    key: str
    name: str
    lesson: str
    scenario: Scenario
    baseline: Scenario


def _scenario(
    legs: list[Leg],
    *,
    venue: str = DEFAULT_VENUE,
    mode: MarginMode = "cross",
    leverage: float = 10,
    betas: Mapping[str, float] | None = None,
) -> Scenario:
    marks = {symbol: snapshot.marks()[symbol] for symbol, _, _ in legs}
    positions = tuple(
        Position(symbol, side, notional / marks[symbol], marks[symbol], leverage)
        for symbol, side, notional in legs
    )
    return snapshot.attach(
        Scenario(Account(venue, mode, 10_000), positions, Market(marks, betas=betas or {}))
    )


_PAIR: list[Leg] = [("RENDER", "long", 50_000), ("FET", "long", 40_000)]


def _pair() -> Preset:
    scenario = _scenario(_PAIR)
    lesson = "Two AI longs on one balance: each looks far from liquidation, together they are not."
    return Preset("pair", "RENDER + FET", lesson, scenario, scenario)


def _article() -> Preset:
    scenario = _scenario([("RENDER", "long", 50_000), ("FET", "long", 50_000)], venue=TEXTBOOK.key)
    lesson = (
        "An introductory article's account: its formula divides the maintenance fraction by "
        "leverage as well "
        "(100,000 × 1% ÷ 10 = 100) and its text says 1,000. At 10× the initial margin is $10,000, "
        "so nothing is free; "
        "1,000 is the maintenance margin."
    )
    return Preset("article", "The article's example", lesson, scenario, scenario)


def _basket() -> Preset:
    tokens = ("RENDER", "FET", "TAO", "NEAR", "WLD")
    scenario = _scenario([(token, "long", 15_000) for token in tokens])
    lesson = "Five tokens are not five bets: when the sector falls, they fall together."
    return Preset("basket", "An AI basket", lesson, scenario, scenario)


def _hedged() -> Preset:
    betas = {"RENDER": round(snapshot.risk()["RENDER"].beta_btc, 2)}
    scenario = _scenario([("RENDER", "long", 50_000), ("BTC", "short", 50_000)], betas=betas)
    lesson = (
        "A BTC short softens the fall but earns no margin credit: the venue adds both requirements."
    )
    return Preset("hedged", "RENDER hedged with a BTC short", lesson, scenario, scenario)


def _long_short() -> Preset:
    scenario = _scenario([("RENDER", "long", 50_000), ("FET", "short", 50_000)])
    lesson = (
        "In a joint move profit and loss cancel, only maintenance grows; what is near is the two "
        "moving apart."
    )
    return Preset("long_short", "A long/short pair", lesson, scenario, scenario)


def _leverage() -> Preset:
    lesson = (
        "Leverage changes nothing here: from 5× to 20× the initial margin shrinks and more is "
        "available, but the "
        "margin ratio and every liquidation price stay where they were."
    )
    baseline = _scenario([("RENDER", "long", 25_000), ("FET", "long", 20_000)], leverage=5)
    scenario = _scenario([("RENDER", "long", 25_000), ("FET", "long", 20_000)], leverage=20)
    return Preset("leverage", "Lesson: leverage changes nothing", lesson, scenario, baseline)


def _together() -> Preset:
    lesson = (
        "Together against alone: the baseline holds RENDER only; adding FET leaves the wallet as "
        "it was and brings "
        "both the joint move and RENDER's own liquidation price nearer."
    )
    return Preset(
        "together", "Lesson: together against alone", lesson, _scenario(_PAIR), _scenario(_PAIR[:1])
    )


def _isolated() -> Preset:
    lesson = (
        "Cross against isolated: the same positions with a margin each lose the first of them "
        "sooner than cross would "
        "lose the account, but a lost position takes its own margin and no more."
    )
    isolated = _scenario(_PAIR, mode="isolated")
    account = replace(isolated.account, margin_mode="cross")
    return Preset(
        "isolated",
        "Lesson: cross against isolated",
        lesson,
        isolated,
        replace(isolated, account=account),
    )


_MAKERS: tuple[Callable[[], Preset], ...] = (
    *(_pair, _article, _basket, _hedged, _long_short),
    *(_leverage, _together, _isolated),
)


@cache
def presets() -> Mapping[str, Preset]:
    """Return all presets by key; the first is what a newcomer sees."""
    return {preset.key: preset for preset in (make() for make in _MAKERS)}


def landing() -> Preset:
    """Return the worked example of the front page."""
    return next(iter(presets().values()))
