"""The texts of problems and assumptions by their code: the one place where each of them is worded.

A text names facts in braces, with the kind of figure that they are: `{fee:percent}`,
`{tokens:names}`. Where a clause depends on the facts, the text is a function of them.
"""

from collections.abc import Callable, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any

from margin import formatting
from margin.facts import Assumption, Facts, Problem

Text = str | Callable[[Facts], str]

WHOLE_WAY = (
    "each move is taken to its end with every position open: the venue would have closed them on "
    "the way, and a loss "
    "beyond the account's equity would have been its insurance fund's"
)
ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "most_adverse": "the worst unrealised loss first",
        "largest": "the largest notional first",
        "smallest": "the smallest notional first",
        "most_margin": "the position that requires most margin first",
    }
)
"""Which position is liquidated first, by the order chosen."""


def message(item: Problem | Assumption) -> str:
    """Return what a problem or an assumption says.

    One clause or several, without a capital and a full stop.
    """
    return _filled(TEXTS[item.code], item.facts)


def why_no_tiers(problem: Problem) -> str:
    """Return why a token's figures are missing, without what can be done about it."""
    return _filled(_NO_TIERS[problem.facts["why"]], problem.facts)


def refused_leverage(problem: Problem) -> str:
    """Return the leverage chosen and the cap that it is above: `20x is above the 10x`."""
    return _filled("{leverage:leverage} is above the {cap:leverage}", problem.facts)


def not_listed(venue: str, as_of: str) -> str:
    """Return that a venue lists no perpetual of a token.

    As seen on a day, or on two joined by `/`.
    """
    return f"not listed on {venue} as seen {both_days(as_of)}"


def both_days(as_of: str) -> str:
    """Return when something was seen: a day, or two of them."""
    return as_of.replace("/", " and ")


class _Filler(Formatter):
    """Writes facts by the kind of figure that a text says they are."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec not in _KINDS:
            return str(super().format_field(value, format_spec))
        return _KINDS[format_spec](value)


def _filled(text: Text, facts: Facts) -> str:
    return _FILLER.vformat(text, (), facts) if isinstance(text, str) else text(facts)


def _days(days: Mapping[str, list[str]]) -> str:
    """Return the day of all tables, or each day with the tokens whose tables are of it."""
    if len(days) < 2:
        return next(iter(days), "an unknown date")
    return "; ".join(f"{day} ({', '.join(tokens)})" for day, tokens in days.items())


_KINDS: Mapping[str, Callable[[Any], str]] = {
    "money": formatting.money,
    "percent": formatting.percent,
    "rate": formatting.rate,
    "leverage": lambda value: f"{value:g}x",
    "names": ", ".join,
    "days": _days,
    "betas": lambda betas: ", ".join(f"{token} {beta:.3g}" for token, beta in betas.items()),
    "order": lambda order: ORDERS[order],
}
_FILLER = _Filler()


def _no_tiers(facts: Facts) -> str:
    return (
        f"{_filled(_NO_TIERS[facts['why']], facts)}; remove the position or supply its tier table"
    )


def _absent(facts: Facts) -> str:
    return f"{facts['symbol']} is {not_listed(facts['venue'], facts['seen'])}"


def _settlement_alone(facts: Facts, left_out: str) -> str:
    """Return that the settlement coin alone counts, and what is left out for it."""
    why = "isolated positions stand on" if facts["isolated"] else f"{facts['venue']} counts"
    reason = f" ({facts['reason']})" if facts["reason"] else ""
    return f"{why} the settlement coin alone, {facts['coin']}{left_out}{reason}"


def _rate_left_out(facts: Facts) -> str:
    return _settlement_alone(
        facts, _filled(", in full: its rate of {rate:rate} is left out", facts)
    )


def _venues_own(facts: Facts) -> str:
    """Return a remark of a venue's module under the venue's key or name."""
    return f"{facts['venue']}: {_filled(facts['text'], facts)}"


def _stops(facts: Facts) -> str:
    where = "at their trigger"
    if facts["gap"]:
        where = _filled(
            "{gap:percent} of the remaining path beyond their trigger, before the venue acts there",
            facts,
        )
    cancelled = "; a liquidation cancels price stops that still stand" if facts["cancelled"] else ""
    return f"stops fill {where}{cancelled}"


_NO_TIERS: Mapping[str, Text] = {
    "not_listed": _absent,
    "no_table": "no tier table is known for {symbol} on {venue}",
    "contract_size": "{venue} reads tiers by contracts, and how much {symbol} a contract holds is "
    "not known",
}

_PROBLEMS: Mapping[str, Text] = {
    "no_tiers": _no_tiers,
    "maintenance_negative": (
        "the tier's amount is above its rate's share: the maintenance margin is negative, the row "
        "does not fit"
    ),
    "leverage_above_cap": (
        "{leverage:leverage} is above the {cap:leverage} that {venue} allows at this size; lower "
        "it to {cap:leverage}"
    ),
    "beyond_last_tier": "the size is beyond {venue}'s last tier; its last rate is taken to go on",
    "isolated_margin_ignored": (
        "the isolated margin is ignored in cross margin: the whole balance stands behind the "
        "position"
    ),
    "one_position_per_token": (
        "{venue} keeps one position per token, long or short: {symbol} can't be both, orders net; "
        "enter the difference alone"
    ),
    "one_leverage_per_token": (
        "{venue} keeps one leverage for {symbol}, not {leverage:leverage} here and "
        "{other:leverage} on the {side}; "
        "set both alike"
    ),
    "hedge_not_confirmed": "{text}",
    "initial_margin_above_equity": (
        "the initial margin is above the margin balance: no new orders or withdrawals"
    ),
    "collateral_not_counted": lambda facts: _settlement_alone(
        facts, ": the collateral is left out"
    ),
    "settlement_rate_not_counted": _rate_left_out,
}

_ACCOUNT: Mapping[str, Text] = {
    "venue_rule": _venues_own,
    "own_tiers": "tiers of {tokens:names} as the scenario gives them, {as_of}",
    "venue_tiers": "{venue} tiers as of {days:days}",
    "contract_values_unconfirmed": (
        "{venue} contract values of {tokens:names} are second-hand, not yet confirmed"
    ),
    "unlisted": "{venue}: {tokens:names}: {text}",
    "last_rate_goes_on": "beyond {symbol}'s last tier, at its size or liquidation price, the last "
    "rate goes on",
    "isolated_as_if_open": (
        "liquidated isolated positions are shown as if still open; such a one loses its margin, "
        "no more"
    ),
    "coin_at_rate": "{coin} counts at {rate:rate} of a dollar, the rate entered",
    "coin_in_full": (
        "{coin} itself counts in full; {name} counts it at its index less a haircut: enter "
        "that rate"
    ),
    "coin_owed": "balance and open profit and loss in {coin} come to {balance:money}",
    "coin_owed_before_liquidation": (
        "balance and open profit and loss in {coin} fall below 0 before some liquidation price"
    ),
}

_MOVES: Mapping[str, Text] = {
    "whole_way": WHOLE_WAY,
    "worst_at_once": (
        "the worst tick takes every token's lowest or highest price of the day, whichever hurts, "
        "at the same instant"
    ),
    "lows_and_highs": (
        "lows of some tokens and highs of others hurt here: harsher than any instant of the day "
        "need have been"
    ),
    "moved_by_beta": "without figures of that day, moved with BTC by their beta: {betas:betas}",
    "standing_still": "without figures of that day, and none of BTC, standing still: "
    "{tokens:names}",
    "extremes_unknown": (
        "not every extreme of the day is known, so the worst tick may be too mild: {tokens:names}"
    ),
    "at_cross_worst": (
        "an isolated position is liquidated where its own worst tick of the day takes it; what "
        "both modes then leave is told "
        "at one instant, the worst tick of cross"
    ),
}

_SHOCKS: Mapping[str, Text] = {
    "carried_to_the_end": (
        "funding and interest run at today's marks and debt for all their days, before prices "
        "move: they are paid to "
        "the end with every position open, where the venue would have closed them once the "
        "headroom was gone and its "
        "insurance fund taken a loss beyond equity"
    ),
    "isolated_pays_funding": (
        "funding takes an isolated position's margin, then the profit beside it; without headroom "
        "the position is "
        "lost, with its margin and no more"
    ),
    "hourly_at_the_cap": (
        "venues pay funding every hour once it has hit its cap (Binance since 2025-05-02, Bybit "
        "since 2025-10-30): "
        "then a day can cost 4 to 8 times what the usual interval suggests"
    ),
    "interest_on_debt": (
        "interest runs on what wallet and open profit and loss in the settlement coin come to "
        "below 0"
    ),
    "free_of_interest": "{text}",
    "cap_refuses_orders": "a lower leverage cap refuses new orders; it changes no requirement of "
    "what is open",
    "cap_raises_rates": (
        "on {name} maintenance is half the initial margin at the leverage cap: rates grow by as "
        "much as the cap "
        "shrinks, no cap below 1×, and a maintenance multiplier comes on top"
    ),
    "cap_at_once": (
        "a lower cap counts at once here; {name} has announced cuts that reach an open position "
        "only with the next "
        "order that does more than reduce it"
    ),
    "no_cap_known": (
        "no leverage cap is known in some tier of {tokens:names}: there a lower one raises no rate"
    ),
    "no_days": lambda facts: (
        f"no days are supposed: nothing is paid for {' and '.join(facts['kinds'])}"
    ),
    "days_alone": "neither funding nor interest is supposed: the days alone cost nothing",
    "nothing_owed": (
        "nothing is owed in the settlement coin, open profit and loss counted: interest does "
        "nothing"
    ),
    "one_fraction": (
        "the textbook has one maintenance fraction for everything: multipliers of single tokens do "
        "nothing"
    ),
    "all_have_their_own": (
        "every token held has a maintenance multiplier of its own: the one for all does nothing"
    ),
    "no_collateral": "no collateral counts here: the haircut changes nothing",
    "common_move_idle": "no price that counts here follows the joint move: it does nothing",
    "tokens_not_held": (
        "not held where it would count, so what is supposed of them does nothing: {tokens:names}"
    ),
}

_LIQUIDATION: Mapping[str, Text] = {
    "straight_path": (
        "prices go in a straight line; every order fills whole and at once, {slippage:percent} "
        "worse than the mark; "
        "sizes are not rounded to lots; no funding is paid"
    ),
    "venue_liquidation": _venues_own,
    "fees_from_equity": (
        "a forced order's fee comes out of equity that is left; where equity does not cover the "
        "fill itself, the "
        "position is taken over at the bankruptcy price; the insurance fund holds: nobody is "
        "auto-deleveraged"
    ),
    "liquidation_fee": (
        "{name}: the liquidation fee is taken at {fee:percent}; it differs by symbol, 0.5% to 2.5%"
    ),
    "order_is_a_model": "which position goes first is a model of ours: {order:order}",
    "isolated_margin_stays": (
        "what a closed part loses is taken from the position's own margin; the rest stays behind "
        "what is open, and "
        "returns with the last of it (a venue may release a part of it before)"
    ),
    "collateral_not_sold": (
        "collateral is not sold while positions are open; then it repays a debt at its counted "
        "value"
    ),
    "no_vault_for_unlisted": (
        "{tokens:names}: on a builder's exchange no vault takes over; here it does, as on "
        "{name}'s own"
    ),
    "stops": _stops,
    "lost_before": (
        "a position that has lost more than its margin already counts nothing at the start; what "
        "it lost beyond is "
        "the insurance fund's"
    ),
}

TEXTS: Mapping[str, Text] = MappingProxyType(
    {**_PROBLEMS, **_ACCOUNT, **_MOVES, **_SHOCKS, **_LIQUIDATION}
)
"""Every text by its code."""
