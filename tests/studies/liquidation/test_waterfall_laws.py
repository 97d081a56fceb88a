"""Laws of the waterfall on random accounts, and every event against brute force.

The replay takes the recorded steps and nothing else: it keeps the account's document by itself, in
exact fractions asks the oracle where on the rest of the path it is liquidated next, and sums what
prices won or lost.
"""

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import groupby, pairwise
from math import inf
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from margin.model.scenario import Scenario, Side
from margin.studies.account.assess import assess
from margin.studies.liquidation.conduct import ORDERS, Conduct, MarginStop
from margin.studies.liquidation.ledger import Step
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import Waterfall, waterfall
from margin.venues.binance import LEAST_ORDER, RELIEF
from tests.books import compile_books
from tests.engine import oracle
from tests.engine.strategies import documents

Document = dict[str, Any]
VENUE_ACTS = ("netted", "reduced", "closed", "taken_over")

laws = settings(
    max_examples=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)

# Random journeys

_ends = st.sampled_from([-0.5, 0.0, 0.2, 0.7, 0.95, 1.0, 1.05, 1.5, 3.0]) | st.floats(0.3, 1.7)
_gaps = st.sampled_from([0.0, 0.0, 0.3, 1.0])
_parts = st.sampled_from([0.1, 0.5, 1.0])
_costs = st.sampled_from([0.0, 0.001, 0.005, 0.03, 0.3])


class Journey(NamedTuple):
    """An account as a document, the path it takes, and how it is closed on the way."""

    document: Document
    path: Path
    conduct: Conduct

    @property
    def scenario(self) -> Scenario:
        return Scenario.from_json(self.document)

    def run(self, **other: Any) -> Waterfall:
        found = waterfall(self.scenario, self.path, Conduct(**{**_fields(self.conduct), **other}))
        assert found is not None
        return found


def _fields(conduct: Conduct) -> Document:
    return {name: getattr(conduct, name) for name in Conduct.__dataclass_fields__}


@st.composite
def journeys(draw: st.DrawFn, *, stops: bool = True, **of_the_account: Any) -> Journey:
    document = draw(documents(**{"most": 4, **of_the_account}))
    marks = document["marks"]
    path = Path(marks, {token: min(1e15, mark * draw(_ends)) for token, mark in marks.items()})
    order, fee = draw(st.sampled_from(sorted(ORDERS))), draw(st.none() | _costs)
    if not (stops and draw(st.booleans())):
        return Journey(document, path, Conduct(order, draw(_costs), fee))
    price_stops = {
        (position["symbol"], position["side"]): marks[position["symbol"]]
        * draw(st.floats(0.3, 1.7))
        for position in document["positions"]
        if draw(st.booleans())
    }
    named = [
        None,
        ("NEVER", "long"),
        *((each["symbol"], each["side"]) for each in document["positions"]),
    ]
    stop = draw(
        st.none()
        | st.builds(MarginStop, st.sampled_from([0.3, 0.8, 0.99]), _parts, st.sampled_from(named))
    )
    return Journey(
        document, path, Conduct(order, draw(_costs), fee, stop, price_stops, draw(_gaps))
    )


def size_of(journey: Journey) -> float:
    """What rounding is measured against: all the money and notional there is on the way."""
    total = abs(journey.document["wallet_balance"])
    ends = journey.path.at(1.0)
    for position in journey.document["positions"]:
        highest = max(
            journey.document["marks"][position["symbol"]],
            ends[position["symbol"]],
            position["entry_price"],
        )
        total += position["quantity"] * highest
    for item in journey.document.get("collateral", ()):
        total += item["amount"] * max(journey.document["marks"][item["asset"]], ends[item["asset"]])
    return float(total)


# The replay


NO_REQUIREMENT = Fraction(10**60)
"""A level at which next to nothing of the requirement is left: equity alone decides."""


def prices(path: Path, t: float | Fraction) -> oracle.Prices:
    """The exact prices at a point of the path."""
    return {
        token: max(
            Fraction(0),
            Fraction(start) + Fraction(t) * (Fraction(path.end[token]) - Fraction(start)),
        )
        for token, start in path.start.items()
    }


def alone(document: Document) -> list[Document]:
    """What stands or falls alone.

    The document, or each isolated position with its margin as the wallet.
    """
    if document["margin_mode"] == "cross":
        return [document]
    return [
        {
            **document,
            "positions": [position],
            "wallet_balance": float(oracle.posted_margin(position)),
        }
        for position in document["positions"]
    ]


def own_steps(document: Document, found: Waterfall) -> list[Step]:
    """The steps of one of those in the whole; in isolated mode its position's."""
    if document["margin_mode"] == "cross":
        return list(found.steps)
    return [step for step in found.steps if names(document["positions"][0], step)]


def names(position: Document, step: Step) -> bool:
    return (position["symbol"], position["side"]) == (step.symbol, step.side)


def after(document: Document, step: Step) -> Document:
    """The document after a step, by what the step says it did.

    Collateral that repaid a debt is as it is in the end.
    """
    positions = []
    for position in document["positions"]:
        if not names(position, step):
            positions.append(position)
        elif step.remaining:
            assert step.remaining + step.quantity == pytest.approx(position["quantity"], rel=1e-12)
            own = (
                {"isolated_margin": step.after.wallet}
                if document["margin_mode"] == "isolated"
                else {}
            )
            positions.append({**position, "quantity": step.remaining, **own})
    return {**document, "positions": positions, "wallet_balance": step.after.wallet}


def account_of(document: Document) -> oracle.Account:
    if document["margin_mode"] == "isolated":
        return oracle.isolated_account(document, document["positions"][0])
    return oracle.accounts(document)[0]


def rest_of(document: Document, path: Path, t: float) -> oracle.Line:
    """The path from a point on, for the account as it stands."""
    change = {token: Fraction(end) - Fraction(path.start[token]) for token, end in path.end.items()}
    account = account_of(document)
    return oracle.Line(account, prices(path, t), change, 1 - Fraction(t))


def acts_at(document: Document, path: Path, t: float, x: float) -> bool:
    """Whether the venue first acts so far along the rest of the path.

    Where headroom is gone, or money before it.

    Money may go first where a window's amount asks less than nothing of a size, and of added margin
    on Bybit.
    """
    line = rest_of(document, path, t)
    money = replace(
        line, account=replace(line.account, wallet=Fraction(document["wallet_balance"]))
    )
    required, bare = line.crossing(), money.crossing(NO_REQUIREMENT)
    if bare is not None and (required is None or bare < required):
        return oracle.admits([money], x, 1.0, NO_REQUIREMENT)
    return oracle.admits([line], x, 1.0)


@laws
@given(journeys(stops=False))
def test_the_venue_acts_exactly_where_brute_force_finds_the_first_crossing(
    journey: Journey,
) -> None:
    found = journey.run()
    for whole in alone(journey.document):
        document, t, acted = whole, 0.0, False
        for at, group in groupby(own_steps(document, found), key=lambda step: step.t):
            steps = [step for step in group if step.kind in VENUE_ACTS]
            if steps:  # Two events can come so close that their points are one.
                assert (acted and at == t) or acts_at(document, journey.path, t, at - t)
                document, t, acted = reduce(after, steps, document), at, True
        if document["positions"]:
            assert acts_at(document, journey.path, t, inf)
            event("a position lived to the end")
    event(f"steps: {min(len(found.steps), 20)}")


@laws
@given(journeys())
def test_money_is_conserved_at_every_step(journey: Journey) -> None:
    found, size, rate = journey.run(), size_of(journey), journey.scenario.account.counted_rate
    for step in found.steps:
        flow = (
            step.realised
            - step.fee
            - step.slippage
            + step.fund_loss
            - step.forfeited
            + step.collateral_sold
        )
        assert step.after.wallet == pytest.approx(
            step.before.wallet + flow, rel=1e-9, abs=1e-12 * size
        )
        cost = step.fee + step.slippage - step.fund_loss + step.forfeited
        assert step.after.equity == pytest.approx(
            step.before.equity - rate * cost, rel=1e-9, abs=1e-12 * size
        )
        assert (
            min(
                step.fee,
                step.slippage,
                step.fund_loss,
                step.forfeited,
                step.collateral_sold,
                step.remaining,
            )
            >= 0
        )
        if step.fill is not None:
            check_the_fill(step, journey)


def check_the_fill(step: Step, journey: Journey) -> None:
    """The step's mark is the path's, and what was won and lost follows from it."""
    [position] = [position for position in journey.document["positions"] if names(position, step)]
    sign, size = (1 if step.side == "long" else -1), size_of(journey)
    mark, start = float(prices(journey.path, step.t)[step.symbol]), journey.path.start[step.symbol]
    assert step.mark == pytest.approx(mark, rel=1e-12, abs=1e-12 * start)
    won = sign * step.quantity * (step.mark - position["entry_price"])
    assert step.realised == pytest.approx(won, rel=1e-12, abs=1e-13 * size)
    lost = sign * step.quantity * (step.mark - step.fill)
    borne = step.fund_loss if step.why == "beyond_bankruptcy" else 0.0
    assert lost == pytest.approx(step.slippage - borne, rel=1e-9, abs=1e-12 * size)


@laws
@given(journeys())
def test_money_is_conserved_over_the_whole_path(journey: Journey) -> None:
    found = journey.run()
    assume(all(equity >= 0 for equity in left_alone(found)))  # Below 0 it is cut off at 0.
    won = Fraction(0)
    for whole in alone(journey.document):
        document, t = whole, 0.0
        for step in own_steps(whole, found):
            won += won_between(document, journey.path, t, step.t)
            document, t = after(document, step), step.t
            if step.kind == "settled":
                document = {**document, "collateral": found.final.to_json().get("collateral", [])}
        won += won_between(document, journey.path, t, 1.0)
    assert found.from_prices == pytest.approx(float(won), rel=1e-9, abs=1e-11 * size_of(journey))


def won_between(document: Document, path: Path, t: float, until: float) -> Fraction:
    """What prices alone won or lost for an account between two points of the path."""
    here, there = prices(path, t), prices(path, until)
    rate = (
        Fraction(document.get("settlement_rate", 1))
        if counts_several_coins(document)
        else Fraction(1)
    )
    amounts = [
        (
            position["symbol"],
            rate * Fraction(position["quantity"]) * (1 if position["side"] == "long" else -1),
        )
        for position in document["positions"]
    ]
    if counts_several_coins(document):
        pledged = document.get("collateral", ())
        amounts += [
            (item["asset"], Fraction(item["amount"]) * Fraction(item["ratio"])) for item in pledged
        ]
    return sum((amount * (there[token] - here[token]) for token, amount in amounts), Fraction(0))


def counts_several_coins(document: Document) -> bool:
    return document["margin_mode"] == "cross" and document["venue"] in oracle.COLLATERAL_COUNTS


@laws
@given(journeys())
def test_what_is_left_is_not_liquidated_and_is_worth_what_was_kept(journey: Journey) -> None:
    found = journey.run()
    left = assess(found.final)
    assert not left.liquidated
    assert found.kept >= 0
    worth = sum(max(0.0, equity) for equity in left_alone(found))
    assert found.kept == pytest.approx(worth, rel=1e-9, abs=1e-12 * size_of(journey))
    assert found.final.market.marks == {**found.final.market.marks, **journey.path.at(1.0)}
    assert min(found.fees, found.slippage, found.fund_took, found.forfeited) >= 0
    if journey.document["margin_mode"] == "isolated":
        free = journey.document["wallet_balance"] - sum(
            position.posted_margin for position in journey.scenario.positions
        )
        assert found.kept >= free * (1 - 1e-9), "what no position ties up cannot be lost"


def left_alone(found: Waterfall) -> list[float]:
    """The equity in the end of all that stands or falls alone, free money by itself."""
    final, left = found.final, assess(found.final)
    if not final.account.isolated:
        return [left.equity]
    margins = [position.posted_margin for position in final.positions]
    profits = [figures.unrealised_pnl for figures in left.positions]
    free = max(0.0, final.account.wallet_balance - sum(margins))
    return [free, *(margin + profit for margin, profit in zip(margins, profits, strict=True))]


@laws
@given(journeys())
def test_nobody_keeps_more_than_the_start_and_what_the_prices_can_have_won(
    journey: Journey,
) -> None:
    found, won = journey.run(), 0.0
    for book in compile_books(journey.scenario):
        for leg in book.legs:
            token = book.tokens[leg.token]
            won += max(
                0.0, leg.exposure * (journey.path.at(1.0)[token] - journey.path.at(0.0)[token])
            )
    starts = [max(Fraction(0), money(document)) for document in alone(journey.document)]
    free = 0.0
    if journey.document["margin_mode"] == "isolated":
        free = journey.document["wallet_balance"] - sum(
            each["wallet_balance"] for each in alone(journey.document)
        )
    assert found.kept <= (float(sum(starts)) + max(0.0, free) + won) * (1 + 1e-9) + 1e-12 * size_of(
        journey
    )


def money(document: Document) -> Fraction:
    """The equity that stands or falls alone, in money."""
    account = account_of(document)
    counted_otherwise = account.rate * (Fraction(document["wallet_balance"]) - account.wallet)
    return account.equity(oracle.marks(document)) + counted_otherwise


@laws
@given(journeys())
def test_it_ends_after_few_steps(journey: Journey) -> None:
    found = journey.run()
    tiers = max([len(rows) for rows in journey.document.get("tiers", {}).values()], default=1)
    slices = 80  # of a fifth, from 1e12 to below 100,000
    orders = {"binance": 1 / LEAST_ORDER + 1, "hyperliquid": slices}.get(
        journey.document["venue"], tiers
    )
    for position in journey.scenario.positions:
        own = [
            step
            for step in found.steps
            if (step.symbol, step.side) == (position.symbol, position.side)
        ]
        assert (
            len([step for step in own if step.kind in ("reduced", "closed", "taken_over")])
            <= orders
        )
        assert (
            len([step for step in own if step.kind in ("netted", "margin_stop", "price_stop")]) <= 3
        )
    assert [step.t for step in found.steps] == sorted(step.t for step in found.steps)
    assert all(0 <= step.t <= 1 for step in found.steps)


@laws
@given(journeys())
def test_the_course_is_the_account_at_every_point_and_jumps_only_at_steps(journey: Journey) -> None:
    found, size = journey.run(), size_of(journey)
    assert found.t.shape == found.equity.shape == found.requirement.shape
    assert (np.diff(found.t) >= 0).all()
    assert (
        min(found.start_equity, found.prior_loss) >= 0 or journey.document["margin_mode"] == "cross"
    )
    assert found.equity[0] == pytest.approx(found.start_equity, rel=1e-9, abs=1e-12 * size)
    assert found.equity[-1] == pytest.approx(assess(found.final).equity, rel=1e-9, abs=1e-11 * size)
    assert found.requirement[-1] == pytest.approx(
        assess(found.final).requirement, rel=1e-9, abs=1e-11 * size
    )
    jumps = {float(before) for before, following in pairwise(found.t) if before == following}
    assert jumps <= {step.t for step in found.steps}
    steps = {step.t for step in found.steps}
    for at in np.linspace(0.03, 0.97, 5) if not steps or min(steps) == 1 else ():
        there = assess(journey.scenario.with_marks(journey.path.at(float(at))))
        assert np.interp(at, found.t, found.equity) == pytest.approx(
            there.equity, rel=1e-9, abs=1e-11 * size
        )
        if not any(
            len(leg.floors) > 1 and leg.jumps
            for book in compile_books(journey.scenario)
            for leg in book.legs
        ):
            between = np.interp(at, found.t, found.requirement)
            assert between == pytest.approx(there.requirement, rel=1e-9, abs=1e-11 * size)


# How much one order closes


@laws
@given(
    journeys(
        stops=False, venues=("binance",), modes=("cross",), standings=("thin", "dead", "touch")
    )
)
def test_an_order_on_binance_reduces_as_much_as_it_takes_and_no_more_unless_it_is_a_tenth(
    journey: Journey,
) -> None:
    document, tolerance = journey.document, 1e-11 * size_of(journey)
    for step in journey.run().steps:
        [first] = [each for each in journey.document["positions"] if names(each, step)] or [None]
        paid = step.after.equity > tolerance  # Else the fee was cut to what was left.
        if (
            first
            and paid
            and step.kind == "reduced"
            and step.quantity > first["quantity"] * LEAST_ORDER * (1 + 1e-9)
        ):
            event("as much as it takes")
            for part in (0.2, 0.7, 0.95, 0.999):
                assert headroom_after(document, step, part, journey.path) <= tolerance
            assert headroom_after(document, step, 1.0, journey.path) >= -tolerance
        document = after(document, step)


def headroom_after(document: Document, step: Step, part: float, path: Path) -> float:
    """Equity − requirement ÷ the level aimed at, had an order closed only a part of what it did."""
    smaller = step._replace(
        quantity=step.quantity * part,
        remaining=step.remaining + step.quantity * (1 - part),
        after=step.after._replace(
            wallet=step.before.wallet
            + part * (step.realised - step.fee - step.slippage + step.fund_loss)
        ),
    )
    [account] = oracle.accounts(after(document, smaller))
    return float(account.headroom(prices(path, step.t), Fraction(RELIEF)))


@laws
@given(journeys(stops=False))
def test_what_one_order_leaves_is_as_the_venue_says(journey: Journey) -> None:
    venue = journey.document["venue"]
    for step in journey.run().steps:
        if step.kind != "reduced" or step.symbol is None or step.mark is None:
            continue
        floors = [row["floor"] for row in journey.document.get("tiers", {}).get(step.symbol, [])]
        if venue == "bybit":
            assert any(
                step.remaining * step.mark == pytest.approx(floor, rel=1e-9) for floor in floors[1:]
            )
        elif venue == "okx":
            contracts = step.remaining / journey.document["contract_values"][step.symbol]
            assert any(contracts == pytest.approx(floor, rel=1e-9) for floor in floors[1:-1])
        elif venue == "hyperliquid":
            assert step.quantity == pytest.approx((step.quantity + step.remaining) / 5, rel=1e-9)
            assert (step.quantity + step.remaining) * step.mark > 100_000
        else:
            assert venue == "binance"
        event(f"reduced on {venue}")


# More and less of something


@laws
@given(journeys(venues=("textbook",), most=1, stops=False), st.sampled_from([0.001, 0.01, 0.2]))
def test_slippage_costs_where_one_order_closes_everything(
    journey: Journey, slippage: float
) -> None:
    assert journey.run(slippage=0.0).kept >= journey.run(slippage=slippage).kept - 1e-12 * size_of(
        journey
    )


@laws
@given(journeys(stops=False, standings=("dead", "equality")), st.sampled_from([0.001, 0.01, 0.2]))
def test_slippage_costs_where_prices_stand_still(journey: Journey, slippage: float) -> None:
    still = journey._replace(path=Path(journey.path.start, {}))
    assert still.run(slippage=0.0).kept >= still.run(slippage=slippage).kept - 1e-12 * size_of(
        still
    )


@laws
@given(journeys(stops=False), st.sampled_from([0.5, 1.0]))
def test_a_price_stop_on_the_side_the_path_does_not_go_to_changes_nothing(
    journey: Journey, gap: float
) -> None:
    away = {}
    for position in journey.document["positions"]:
        start, end = (
            prices_at[position["symbol"]] for prices_at in (journey.path.start, journey.path.end)
        )
        away[position["symbol"], position["side"]] = start * (1.001 if end <= start else 0.999)
    found, plain = journey.run(price_stops=away, gap=gap), journey.run()
    assert found.steps == plain.steps
    assert found.kept == plain.kept


@laws
@given(journeys(stops=False, standings=("ample", "thin")), st.sampled_from([0.3, 0.8, 0.99]))
def test_a_stop_of_everything_keeps_the_equity_at_its_level_less_fees(
    journey: Journey, level: float
) -> None:
    found = journey.run(stop=MarginStop(level, 1.0), slippage=0.0)
    size = size_of(journey)
    for whole in alone(journey.document):
        own = own_steps(whole, found)
        steps = [step for step in own if step.kind == "margin_stop"]
        assume(
            steps == own[: len(steps)]
        )  # A position may start below the level, and be liquidated first.
        assert own or oracle.admits([rest_of(whole, journey.path, 0.0)], inf, 1.0, Fraction(level))
        if steps:
            event("stopped")
            assert oracle.admits(
                [rest_of(whole, journey.path, 0.0)], steps[0].t, 1.0, Fraction(level)
            )
            fees = journey.scenario.account.counted_rate * sum(step.fee for step in steps)
            assert steps[-1].after.equity == pytest.approx(
                steps[0].before.equity - fees, rel=1e-9, abs=1e-12 * size
            )
            assert all(step.fill == step.mark and step.remaining == 0 for step in steps)


@laws
@given(journeys(most=3), st.sampled_from([0.3, 0.8, 0.99]), _parts, st.integers(0, 2))
def test_a_stop_of_one_position_closes_its_part_of_that_one_at_its_level_and_of_no_other(
    journey: Journey, level: float, part: float, index: int
) -> None:
    positions = journey.document["positions"]
    chosen = positions[index % len(positions)]
    found = journey.run(
        stop=MarginStop(level, part, (chosen["symbol"], chosen["side"])), price_stops={}, gap=0.0
    )
    steps = [step for step in found.steps if step.kind == "margin_stop"]
    assert len(steps) <= 1
    [whole] = [each for each in alone(journey.document) if chosen in each["positions"]]
    first = [step for step in own_steps(whole, found) if step.kind != "settled"][:1]
    if steps and steps == first:
        event("stopped")
        assert names(chosen, steps[0])
        alone_in_isolated = (
            steps[0].remaining == 0 and journey.document["margin_mode"] == "isolated"
        )
        assert alone_in_isolated or steps[0].quantity == pytest.approx(
            part * chosen["quantity"], rel=1e-12
        )
        assert oracle.admits([rest_of(whole, journey.path, 0.0)], steps[0].t, 1.0, Fraction(level))
    elif not first:
        assert oracle.admits([rest_of(whole, journey.path, 0.0)], inf, 1.0, Fraction(level))


@laws
@given(journeys(), st.sampled_from([0.3, 0.8, 0.99]), _parts, st.sampled_from(["long", "short"]))
def test_a_stop_of_a_position_that_is_not_held_changes_nothing(
    journey: Journey, level: float, part: float, side: Side
) -> None:
    found, bare = journey.run(stop=MarginStop(level, part, ("NEVER", side))), journey.run(stop=None)
    assert (found.steps, found.kept) == (bare.steps, bare.kept)


@laws
@given(journeys(most=1), st.sampled_from([0.3, 0.8, 0.99]), _parts)
def test_of_an_only_position_a_stop_of_that_one_is_a_stop_of_every_one(
    journey: Journey, level: float, part: float
) -> None:
    [only] = journey.document["positions"]
    found = journey.run(stop=MarginStop(level, part, (only["symbol"], only["side"])))
    assert found.steps == journey.run(stop=MarginStop(level, part)).steps
