"""Cross and isolated margin in sentences: liquidations, change of mode and assumptions."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from margin import formatting as wording
from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.comparison.modes import DayRow, MarginPool, Mode, ModeComparison, Pair, Switch
from margin.studies.distance.directions import Direction, against, together
from margin.studies.distance.distances import JointMove, LiquidationPrice, away, nearest
from margin.text.phrases import COMMON_MOVE, LIQUIDATED_NOW, NOW


def assumptions(comparison: ModeComparison) -> list[str]:
    """Return what the comparison rests on besides the account's own assumptions."""
    sentences = [
        "a liquidation counts as the loss of all that stands behind it, a position's own margin in "
        "isolated, the whole "
        "account in cross; what the venue would give back is left out in both",
        "an isolated position that is lost stays lost, whatever prices do afterwards",
    ]
    if comparison.missing:
        sentences.append(
            f"isolated is shown with {wording.money(comparison.missing)} added to the wallet"
        )
    account = comparison.cross.scenario.account
    if account.rules.closing_fee_in_margins:
        sentences.append(
            f"{account.venue}: the fee to close that it keeps beside an isolated margin counts as "
            f"neither safe nor lost"
        )
    if account.owned_rate != 1:
        sentences.append(
            f"{account.rules.settlement} is worth {wording.rate(account.owned_rate)} of a dollar "
            f"in both modes, though "
            "an isolated position's margin and requirement are both in it"
        )
    if account.collateral and account.rules.counts_collateral:
        sentences.append(
            "collateral is owned in both modes and counts alike in both, at its ratio and the "
            "moved price; it stands "
            "behind cross only, so in isolated no liquidation takes it"
        )
    elif account.collateral:
        sentences.append(f"collateral is left out in both modes: {account.venue} does not count it")
    return sentences


def verdict(comparison: ModeComparison) -> str:
    """Return which move liquidates in cross and first in isolated, and what each costs.

    That is the joint move, and the one against the account where that is nearer. Of isolated
    margins that the wallet does not cover it only says so: what they lose is another, richer
    account's.
    """
    if not comparison.cross.scenario.positions:
        return "No positions: cross and isolated are the same, and nothing can be liquidated."
    if not comparison.complete:
        return f"What either mode survives cannot be told: {_no_tiers(comparison)}."
    findings = [_cross(comparison.cross)]
    findings += [] if comparison.missing else [_isolated(comparison.isolated)]
    unfunded = [_unfunded(comparison)] if comparison.missing else []
    betas = (
        _betas(comparison.cross.scenario)
        if any(finding.of_common_moves for finding in findings)
        else ""
    )
    return " ".join(filter(None, [*unfunded, *(finding.sentence for finding in findings), betas]))


def _no_tiers(comparison: ModeComparison) -> str:
    positions = comparison.cross.assessment.positions
    return next(
        message(problem)
        for figures in positions
        for problem in figures.problems
        if problem.code == "no_tiers"
    )


def _unfunded(comparison: ModeComparison) -> str:
    """Return that the wallet does not cover the isolated margins, and how much it lacks."""
    wallet = wording.money(comparison.cross.scenario.account.wallet_balance)
    more = (
        wording.money(comparison.missing)
        if comparison.missing >= wording.HALF_A_CENT
        else "less than a cent"
    )
    return (
        f"You could not hold these positions isolated: it takes {more} more than the wallet's "
        f"{wallet}."
    )


class _Hit(NamedTuple):
    """The move along a direction at which a mode first loses something, and what it loses there.

    `asked` is the largest price change, as a positive fraction, that the move asks of a token held.
    Of the moves each way it is the one that asks less.
    """

    direction: Direction
    move: float
    parts: tuple[MarginPool, ...]
    asked: float


def _hit(mode: Mode, direction: Direction) -> _Hit | None:
    reaches = mode.reaches(direction)
    points = [move for reached in reaches for move in reached if move is not None]
    if not points:
        return None
    tokens = {
        part.book.tokens[leg.token] for part in mode.parts for leg in part.book.legs if leg.exposure
    }
    change, _, move = min(
        (max(abs(direction.change(token, x)) for token in tokens), abs(x), x) for x in points
    )
    parts = tuple(
        part for part, reached in zip(mode.parts, reaches, strict=True) if move in reached
    )
    return _Hit(direction, move, parts, change)


def _hits(mode: Mode) -> tuple[_Hit | None, _Hit | None]:
    """Return the nearest joint move, and the one against the account if it asks less.

    To the digits shown.
    """
    common, hostile = _hit(mode, together(mode.scenario)), _hit(mode, against(mode.account))
    if hostile and common and round(hostile.asked, 4) >= round(common.asked, 4):
        return common, None
    return common, hostile


class _Finding(NamedTuple):
    """A mode's result, and whether its sentence mentions joint moves and so needs betas."""

    sentence: str
    of_common_moves: bool


def _cross(mode: Mode) -> _Finding:
    if mode.today and mode.today.liquidated:
        balance = wording.money(mode.scenario.account.wallet_balance)
        return _Finding(
            f"Cross is {LIQUIDATED_NOW}, the whole account at once: the wallet held {balance}.",
            False,
        )
    common, hostile = _hits(mode)
    at_stake = f"all of {wording.money(mode.today.worth if mode.today else None)} is at stake"
    if hostile:
        other = f"or by {_common(common)}" if common else f"though by no {COMMON_MOVE}"
        changes = _asks(hostile, list(hostile.direction.rates))
        return _Finding(f"Cross is liquidated if {changes}, {other}: {at_stake}.", True)
    if common:
        return _Finding(f"Cross is liquidated by {_common(common)}: {at_stake}.", True)
    return _Finding(f"Cross survives every {COMMON_MOVE}.", True)


def _common(hit: _Hit) -> str:
    return f"a joint {'fall' if hit.move < 0 else 'rise'} of {wording.percent(abs(hit.move))}"


def _asks(hit: _Hit, tokens: Sequence[str]) -> str:
    """Return what the move against the account asks of tokens.

    `RENDER falls 8.13% while FET and TAO rise 8.13%`.
    """
    changes = {token: hit.direction.change(token, hit.move) for token in tokens}
    falling = [token for token, change in changes.items() if change < 0]
    rising = [token for token, change in changes.items() if change > 0]
    sides = [(names, verb) for names, verb in ((falling, "fall"), (rising, "rise")) if names]
    return " while ".join(
        f"{wording.some(names)} {verb}{'s' if len(names) == 1 else ''} "
        f"{wording.percent(abs(changes[names[0]]))}"
        for names, verb in sides
    )


def _betas(scenario: Scenario) -> str:
    """Return that tokens move by betas, where one has another than usual; else empty."""
    counts = scenario.account.rules.counts_collateral
    tokens = scenario.tokens if counts else [position.symbol for position in scenario.positions]
    usual = replace(scenario.market, betas={})
    differ = any(scenario.market.beta(token) != usual.beta(token) for token in tokens)
    return "In a joint move each token goes by its beta." if differ else ""


def _isolated(mode: Mode) -> _Finding:
    if mode.today and mode.today.liquidated:
        names = wording.some(mode.today.liquidated)
        return _Finding(f"Isolated has lost {names} {NOW} already; {_at_most(mode)}.", False)
    common, hostile = _hits(mode)
    if hostile:  # Each stands alone: it takes no more than the prices of those that are lost.
        tokens = list(
            dict.fromkeys(
                position.symbol for part in hostile.parts for position in part.scenario.positions
            )
        )
        changes = _asks(hostile, tokens)
        return _Finding(
            f"Isolated loses {_first(mode, hostile)} if {changes}, but {_at_most(mode)}.", False
        )
    if common:
        return _Finding(
            f"Isolated loses {_first(mode, common)} by {_common(common)}, but {_at_most(mode)}.",
            True,
        )
    return _Finding(f"Isolated loses no position in any {COMMON_MOVE}; {_at_most(mode)}.", True)


def _at_most(mode: Mode) -> str:
    """Return the most that liquidations can take from here, and what they cannot."""
    worth, safe = mode.today.worth if mode.today else 0.0, keeps(mode)
    if mode.collateral is None:
        kept = f"{safe or 'nothing'} stays safe"
        return f"it can lose at most {wording.money(worth - mode.free)} from here: {kept}"
    pledged = mode.collateral.worth(mode.scenario.market.marks)
    kept = f"{safe or 'nothing'} of the wallet"
    most = f"its positions can lose at most {wording.money(worth - mode.free - pledged)} from here"
    return (
        f"{most}: {kept} stays safe, and the collateral, {wording.money(pledged)} now, moves with "
        f"its price alone"
    )


def keeps(mode: Mode) -> str:
    """Return what of the wallet no move can touch; empty where that reads as nothing."""
    return wording.money(mode.free) if mode.free >= wording.HALF_A_CENT else ""


def _first(mode: Mode, hit: _Hit) -> str:
    """Return the positions that are lost first, by name."""
    names = [name for part in hit.parts for name in part.names]
    if len(mode.parts) == 1:
        return "its position"
    return (
        f"its first position, {names[0]},"
        if len(names) == 1
        else f"its first positions, {wording.some(names)},"
    )


def alone_in_words(comparison: ModeComparison) -> str:
    """Return what the token nearest to liquidating cross by itself would have to do in each mode.

    Empty where none could.

    Of isolated margins that the wallet does not cover nothing is told.
    """
    pairs = [pair for pair in comparison.pairs() if pair.mark > 0]
    moves = [(_moved(pair, pair.cross), _moved(pair, pair.isolated), pair) for pair in pairs]
    near = [(move, alone, pair) for move, alone, pair in moves if move is not None]
    if len({pair.position.symbol for pair in pairs}) < 2 or not near:
        return ""
    move, alone, pair = min(
        near, key=lambda entry: (abs(entry[0]), inf if entry[1] is None else abs(entry[1]))
    )
    leg = f"isolated {pair.position.side}"
    subject = f"Alone, {pair.position.symbol} would have to {_verb(move)} to liquidate cross"
    if comparison.missing:
        return f"{subject}."
    if alone is None:
        return f"{subject}; its {leg} {_without(pair.isolated)}."
    take = wording.percent(abs(alone)) if alone * move > 0 else _verb(alone)
    return f"{subject}, and {take} to take its {leg}."


def _without(price: LiquidationPrice) -> str:
    """Return why an isolated position has no liquidation price."""
    return "is gone already" if price.reason_below == "liquidated" else "has no liquidation price"


def _verb(move: float) -> str:
    return f"{'fall' if move < 0 else 'rise'} {wording.percent(abs(move))}"


def _moved(pair: Pair, price: LiquidationPrice) -> float | None:
    """Return the nearer liquidation price as a move from the mark."""
    below, above = (
        None if level is None else away(level, pair.mark) for level in (price.below, price.above)
    )
    return nearest(JointMove(below, above))


def switch_in_words(comparison: ModeComparison, change: Switch) -> list[str]:
    """Return whether the mode can be changed now and why, and the headroom after it."""
    if not comparison.cross.scenario.positions:
        return ["No positions: there is no margin that a change of mode could move."]
    answer = f"Could you change to {change.to} now? {_answer(comparison, change)}"
    if not change.allowed:
        return [answer]
    return [answer, *_after(comparison, change)]


def _answer(comparison: ModeComparison, change: Switch) -> str:
    if change.all_liquidated:
        subject = "the account is" if comparison.present == "cross" else "every position is"
        return f"No: {subject} {LIQUIDATED_NOW}, there is nothing left to change."
    if change.missing:
        holds = (
            f"the wallet holds {wording.money(comparison.cross.scenario.account.wallet_balance)}"
        )
        sums = f"the isolated margins come to {wording.money(comparison.margins)} and {holds}"
        return f"No: {sums}, {wording.money(change.missing)} too little."
    if not change.known:
        return f"That is not known: {_no_tiers(comparison)}."
    sentence = (
        f"No: {_dead(comparison, change)}"
        if change.newly_liquidated
        else f"{_yes(comparison)}: {_covered(comparison, change)}"
    )
    return f"{sentence}.{_gone(change.already_liquidated)}"


def _yes(comparison: ModeComparison) -> str:
    rules = comparison.cross.scenario.account.rules
    if not rules.mode_fixed_while_open:
        return "Yes, by the numbers"
    return (
        f"Not with positions open, {rules.name} refuses that; "
        f"closed and opened anew, yes, by the numbers"
    )


def _gone(names: Sequence[str]) -> str:
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return (
        f" {wording.some(names)} {verb} liquidated in isolated {NOW}; cross is told as if still "
        f"open."
    )


def _dead(comparison: ModeComparison, change: Switch) -> str:
    if change.to == "isolated":
        names = change.newly_liquidated
        margins = "its own margin does" if len(names) == 1 else "their own margins do"
        return f"it would liquidate {wording.some(names)} at once, {margins} not hold {NOW}"
    account = comparison.cross.assessment
    equity, requirement = wording.money(account.equity), wording.money(account.requirement)
    return (
        f"it would liquidate the account at once, equity of {equity} does not exceed the "
        f"requirement of {requirement}"
    )


def _covered(comparison: ModeComparison, change: Switch) -> str:
    if change.to == "isolated":
        covers = f"the wallet covers the isolated margins, {wording.money(comparison.margins)}"
        return f"{covers}, and no position would be liquidated"
    account = comparison.cross.assessment
    return (
        f"equity of {wording.money(account.equity)} covers the requirement of "
        f"{wording.money(account.requirement)}"
    )


def _after(comparison: ModeComparison, change: Switch) -> list[str]:
    """Return whether money would be needed, what decides it first, and the headroom."""
    rules = comparison.cross.scenario.account.rules
    initial = _initial(change, opens_at_entry=rules.isolated_opens_at_entry)
    load = _load(comparison, change)
    answer, first, second = "a margin call", initial, load
    if not change.margin_call:
        answer = "no margin call"
    elif not change.lacking:
        answer, first, second = "a margin call would be near", load, initial
    elif change.to == "isolated":
        answer = "a margin call if initial margin is asked for at the change"
    return [
        f"After it: {answer}: {first}.",
        f"{wording.capital(second)}.",
        _headroom(comparison, change),
    ]


def _initial(change: Switch, *, opens_at_entry: bool) -> str:
    if change.to == "cross":
        [need] = change.needs
        initial, equity = wording.money(need.initial), wording.money(need.holds)
        if not change.lacking:
            return f"equity covers the initial margin of {initial}"
        over = (
            f"initial margin of {initial} would be {wording.money(change.lacking)} above equity of "
            f"{equity}"
        )
        return f"{over}, so no new orders or withdrawals until that is paid in"
    short = [part for part in change.needs if part.short]
    at = "at its entry price" if opens_at_entry else "at the mark"
    if not short:
        return f"every position holds the initial margin that it needs {at}"
    shortfalls = wording.some([f"{part.names[0]} by {wording.money(part.short)}" for part in short])
    free, total = wording.money(change.free), wording.money(change.short)
    filled = (
        f"the free part of the wallet, {free}, covers that and keeps "
        f"{wording.money(change.free - change.short)}"
    )
    if change.lacking:
        filled = (
            f"filling that takes {total}, {wording.money(change.lacking)} more than the {free} "
            f"free in the wallet"
        )
    return f"short of initial margin {at}, profit and loss counted, would be {shortfalls}; {filled}"


def _load(comparison: ModeComparison, change: Switch) -> str:
    levels = comparison.cross.scenario.levels
    scope = "of the position worst off" if change.to == "isolated" else "of the account"
    load = f"margin used {scope} would be {wording.percent(change.load)}"
    if change.level is None:
        return f"{load}, below your warning level of {wording.rate(levels.warning)}"
    return (
        f"{load}, past your {change.level} level of {wording.rate(getattr(levels, change.level))}"
    )


def _headroom(comparison: ModeComparison, change: Switch) -> str:
    current, switched = (
        comparison.of(comparison.present).assessment,
        comparison.of(change.to).assessment,
    )
    least = {"cross": "the account's", "isolated": "the least of a position"}
    now = f"now {wording.money(current.headroom)}, {least[comparison.present]}"
    return f"Headroom would be {wording.money(switched.headroom)}, {least[change.to]}; {now}."


def caution(comparison: ModeComparison) -> list[str]:
    """Return what the answer does not know of the venue's rules and initial margins."""
    rules = comparison.cross.scenario.account.rules
    if rules.own_fraction:
        return [
            "no venue works as the textbook does, so there is no rule for a change but the figures"
        ]
    if rules.mode_fixed_while_open:
        refuses = (
            f"{rules.name} refuses a change of mode for a token with a position or open orders"
        )
        sentences = [
            f"{refuses}; what closing and opening anew costs in fees and slippage is not in these "
            f"figures"
        ]
    else:
        sentences = [
            "venues may refuse a change of mode while positions or orders are open, or ask for "
            "initial margin at the "
            f"change, with or without profit and loss: what {rules.name} does was not verified"
        ]
    if rules.closing_fee_in_margins and comparison.other == "isolated":
        sentences.append(
            f"{rules.name}'s initial margin carries the fee to close, which the isolated margins "
            f"entered do not: it "
            "comes from the free part of the wallet"
        )
    return sentences


def days_in_words(comparison: ModeComparison, rows: Sequence[DayRow], *, worst: bool) -> str:
    """Return how many of the days each mode gets through, and which of them leaves more, how often.

    What isolated was given beyond the wallet counts on both sides: in cross it would lie elsewhere,
    untouched.
    """
    pairs = [
        (row.cross_worst, row.isolated_worst) if worst else (row.cross_close, row.isolated_close)
        for row in rows
    ]
    cross_days, isolated_days = (
        sum(bool(cross.liquidated) for cross, _ in pairs),
        sum(bool(isolated.liquidated) for _, isolated in pairs),
    )
    added_worth = comparison.missing * comparison.cross.scenario.account.owned_rate
    gains = [isolated.worth - cross.worth - added_worth for cross, isolated in pairs]
    cents = [_cent(cross.worth + added_worth) for cross, _ in pairs]
    more = sum(gain > cent for gain, cent in zip(gains, cents, strict=True))
    less = sum(gain < -cent for gain, cent in zip(gains, cents, strict=True))
    when = f"Of {len(rows)} crash days at their {'worst tick' if worst else 'close'}"
    counts = f"cross is liquidated on {cross_days}, isolated loses positions on {isolated_days}"
    added = "with the added money on both sides, " if comparison.missing else ""
    return f"{when}, {counts}; {added}isolated ends with more money on {more}, cross on {less}."


def _cent(size: float) -> float:
    """Return a difference below this is rounding."""
    return max(0.005, 1e-9 * abs(size))
