"""The liquidation of one account along a path: the next event, and how venue and stops act.

Every event is an exact first crossing from where the account stands along the rest of the path:
nothing is stepped through.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Literal, NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.crossing import first_crossing
from margin.engine.leg import Leg
from margin.model.scenario import SIDES, Scenario
from margin.studies.liquidation.conduct import Conduct, PositionName
from margin.studies.liquidation.ledger import Fill, Ledger, Why, name_of
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.rules import forced_fee, next_position
from margin.venues.liquidation import Case

Stop = Literal["margin_stop", "price_stop"]
_WHY: dict[Stop, Why] = {"margin_stop": "level_reached", "price_stop": "price_reached"}


class Trigger(NamedTuple):
    """A stop set off at `t`, closing `part` of its position, or of every one if it names none."""

    t: float
    kind: Stop
    position: PositionName | None
    part: float


def unwind(scenario: Scenario, path: Path, conduct: Conduct) -> "Unwinding":
    """Return the account, or that of one isolated position, at the end of its path."""
    unwinding = Unwinding(scenario, path, conduct)
    unwinding.to_end()
    return unwinding


class Unwinding:
    """The account on its path, with what stops and the venue's orders must remember."""

    def __init__(self, scenario: Scenario, path: Path, conduct: Conduct) -> None:
        self.path, self.conduct, self.ledger = path, conduct, Ledger(scenario, path)
        self.start_equity = self.ledger.money.equity
        self.liquidated = False
        self._policy = scenario.account.rules.liquidation
        self._fee = forced_fee(scenario, conduct)
        self._margin_stop = conduct.stop
        self._price_stops = {
            name: t
            for name, price in conduct.price_stops.items()
            if name in self.ledger.names and (t := path.reaches(name[0], price)) is not None
        }
        self._at_start = {name_of(position): position.quantity for position in scenario.positions}
        self._lowest_tiers: dict[PositionName, int] = {}
        self._last_order: float | None = None

    def to_end(self) -> None:
        """Process the path's events to its end, liquidations before stops at the same point.

        It ends: every turn but the last sets off a stop, each of which stands once, or sends at
        least one forced order, or comes to t = 1, once. Forced orders on one position are few, for
        a policy closes at least a fixed part with each, or goes down the tiers
        (`LiquidationPolicy.keeps`). On Binance each closes a tenth of what it was at the start; on
        Bybit each takes it below the lowest tier that one has brought it to, on OKX two tiers down,
        its size being in contracts; on Hyperliquid each closes a fifth until its notional, which
        the path bounds, is small, with at most one more at the same point; elsewhere it closes all.
        """
        while True:
            liquidation, stops = self._liquidation(), self._triggers()
            if liquidation is not None and liquidation <= min(
                (stop.t for stop in stops), default=inf
            ):
                self.ledger.move_to(liquidation)
                self._liquidate()
            elif stops:
                self._fill_stops(stops)
            elif self.ledger.t < 1:
                self.ledger.move_to(1.0)
            else:
                return

    def _liquidation(self) -> float | None:
        """Return the t of the next liquidation: no headroom left, or no money.

        There may be headroom without money where a tier asks less than nothing of a size, and on
        Bybit, which counts added margin a hair otherwise.
        """
        ledger, points = self.ledger, [self._crossing(1.0)]
        money = ledger.scenario.account.counted_wallet
        if ledger.book.wallet > money or any(leg.amounts[0] > 0 for leg in ledger.book.legs):
            points.append(self._first(replace(ledger.book, wallet=money), inf))
        return min((t for t in points if t is not None), default=None)

    def _crossing(self, level: float) -> float | None:
        """Return the t at which margin used first reaches the level from here on."""
        return self._first(self.ledger.book, level, self.ledger.standing)

    def _first(self, book: Book, level: float, standing: Standing | None = None) -> float | None:
        prices = [self.ledger.prices[token] for token in book.tokens]
        changes = [self.path.change(token) for token in book.tokens]
        x = first_crossing(
            book, prices, changes, level=level, limit=1 - self.ledger.t, standing=standing
        )
        return None if x is None else min(1.0, self.ledger.t + x)

    # The person's stops

    def _triggers(self) -> list[Trigger]:
        """Return the stops that the rest of the path triggers as things stand, in order."""
        names, stop = self.ledger.names, self._margin_stop
        triggers = [
            Trigger(t, "price_stop", name, 1.0)
            for name, t in self._price_stops.items()
            if name in names
        ]
        if stop and stop.position in (None, *names) and (t := self._crossing(stop.at)) is not None:
            triggers.append(Trigger(t, "margin_stop", stop.position, stop.close))
        return sorted(triggers, key=lambda trigger: trigger.t)

    def _fill_stops(self, stops: Sequence[Trigger]) -> None:
        """Have the market jump from the first trigger, and fill every stop where it lands."""
        first = stops[0].t
        landed = min(1.0, first + self.conduct.gap * (1 - first))
        self.ledger.move_to(landed)
        for stop in stops:
            if stop.t <= landed:
                self._fill_stop(stop)
        self.ledger.settle()

    def _fill_stop(self, stop: Trigger) -> None:
        """Close the stop's part of its position, or of every one; it stands no more."""
        if stop.kind == "margin_stop":
            self._margin_stop = None
        elif stop.position:
            del self._price_stops[stop.position]
        for name in self.ledger.names:
            if stop.position in (None, name):
                index = self.ledger.names.index(name)
                kept = self.ledger.positions[index].quantity * (1 - stop.part)
                fill = self._fill(index, kept, self.ledger.taker_fee)
                self.ledger.close(index, fill, stop.kind, _WHY[stop.kind])

    def _fill(self, index: int, remaining: float, fee: float) -> Fill:
        return self.ledger.fill(index, remaining, slippage=self.conduct.slippage, fee=fee)

    # The venue

    def _liquidate(self) -> None:
        """Act as the venue does, at least once, until the requirement is met or nothing is open."""
        ledger = self.ledger
        self._cancel_orders()
        acted = self._policy.nets_pairs and self._net_pairs()
        while ledger.positions and not (acted and self._relieved()):
            self._send_order()
            acted = True
        if ledger.positions:
            ledger.note("stopped", "requirement_met")
        ledger.settle()

    def _relieved(self) -> bool:
        standing = self.ledger.standing
        if standing.liquidated or self.ledger.bankrupt:
            return False
        return standing.equity - standing.requirement / self._policy.relief >= -standing.zero

    def _cancel_orders(self) -> None:
        """Once; the person's price stops are orders too."""
        if self._policy.cancels_orders and not self.liquidated:
            self.ledger.note("orders_cancelled", "requirement_reached")
            self._price_stops.clear()
        self.liquidated = True

    def _net_pairs(self) -> bool:
        """Net longs and shorts of the same token; return whether there were any."""
        ledger = self.ledger
        sizes = {
            name: position.quantity
            for name, position in zip(ledger.names, ledger.positions, strict=True)
        }
        pairs = [
            symbol for symbol, side in sizes if side == SIDES[0] and (symbol, SIDES[1]) in sizes
        ]
        for symbol in pairs:
            quantity = min(sizes[symbol, side] for side in SIDES)
            for side in SIDES:
                index, kept = ledger.names.index((symbol, side)), sizes[symbol, side] - quantity
                ledger.close(
                    index, ledger.fill(index, kept, slippage=0, fee=0), "netted", "long_and_short"
                )
        return bool(pairs)

    def _send_order(self) -> None:
        """Send one order on the next position; a fill that equity does not cover is a takeover."""
        ledger, backstop = self.ledger, self._policy.backstop
        legs = ledger.book.legs[: len(ledger.positions)]
        prices = [ledger.prices[position.symbol] for position in ledger.positions]
        index = next_position(self.conduct.order, legs, prices)
        fill = self._fill(index, self._policy.keeps(self._case(index, legs[index])), self._fee)
        covered = ledger.lasting - fill.slippage
        if backstop is not None and ledger.equity < backstop * ledger.standing.requirement:
            ledger.seize("below_backstop")
        elif covered >= -ledger.zero:
            self._reduce(index, fill._replace(fee=min(fill.fee, max(0.0, covered))))
        elif backstop is not None:
            ledger.seize("beyond_bankruptcy")
        else:
            ledger.take_over(index, self._fill(index, 0.0, self._fee))
        self._last_order = ledger.t

    def _case(self, index: int, leg: Leg) -> Case:
        ledger, position, slippage = (
            self.ledger,
            self.ledger.positions[index],
            self.conduct.slippage,
        )
        market = ledger.scenario.market
        return Case(
            quantity=position.quantity,
            leg=leg,
            price=ledger.prices[position.symbol],
            table=market.table(position.symbol),
            contract_value=market.contract_value(position.symbol),
            equity=ledger.standing.equity,
            requirement=ledger.standing.requirement,
            cost=ledger.rate * (slippage + self._fee * (1 - position.sign * slippage)),
            at_start=self._at_start[name_of(position)],
            lowest_tier=self._lowest_tiers.get(name_of(position)),
            cooling=self._last_order == ledger.t,
        )

    def _reduce(self, index: int, fill: Fill) -> None:
        ledger, position = self.ledger, self.ledger.positions[index]
        if not fill.remaining:
            ledger.close(index, fill, "closed", "requirement_reached")
            return
        ledger.close(index, fill, "reduced", "requirement_reached")
        self._lowest_tiers[name_of(position)] = ledger.book.legs[index].tier(
            ledger.prices[position.symbol]
        )
