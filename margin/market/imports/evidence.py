"""What a line gives beside its position: value, mark, profit, liquidation price, margin.

None of it is imported. It proves a side or a leverage that no cell states, and a position must not
contradict it: the value reveals a size in contracts or a swapped price, the profit a wrong side.
"""

from dataclasses import dataclass

from margin.model.scenario import Side

VALUE_BAND, VALUE_BAND_AT_ENTRY = 1.1, 2.0
"""Factor by which size × mark (or entry) may differ from a value that the line states."""
SAME_MOVE = 0.25
"""How far, as a share, a stated profit may be from size × (mark − entry) to prove the side."""
LEAST_MOVE, PROFIT_BAND = 0.01, 1.5
"""From this move on, a stated profit must be size × (mark − entry) within this factor."""
WHOLE_LEVERAGE = 0.015
"""How far, as a share, value ÷ margin may be from a whole leverage: Bybit's margin has a fee."""
HIGHEST_LEVERAGE = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """Figures of one line in dollars, each None where the line does not give it.

    `value` has no sign.
    """

    mark: float | None
    liquidation: float | None
    profit: float | None
    value: float | None
    opening_margin: float | None
    return_percent: float | None = None
    """The profit in per cent, of which only the sign is used."""
    take_profit: float | None = None
    stop_loss: float | None = None

    @property
    def has_result(self) -> bool:
        """Whether the line gives a profit or a loss."""
        return bool(self.profit or self.return_percent)

    def side_by_profit(self, entry_price: float) -> Side | None:
        """Return the side that makes this profit or loss on the move from entry to mark."""
        profit = self.profit or self.return_percent
        if not self.mark or not profit or self.mark == entry_price:
            return None
        return "long" if (profit > 0) == (self.mark > entry_price) else "short"

    def side_by_liquidation(self, entry_price: float) -> Side | None:
        """Return the side of this liquidation price: above the mark it is a short's."""
        if not self.liquidation or self.liquidation < 0:
            return None
        return "short" if self.liquidation > (self.mark or entry_price) else "long"

    def side_by_brackets(self, entry_price: float) -> Side | None:
        """Return the side for which the take-profit is a gain and the stop a loss."""
        if (
            self.take_profit
            and self.stop_loss
            and (self.take_profit > entry_price) != (self.stop_loss > entry_price)
        ):
            return "long" if self.take_profit > entry_price else "short"
        return None

    def contradicts(self, side: Side, quantity: float, entry_price: float) -> bool:
        """Return whether the profit can only be the other side's.

        It must also be as large as the move from entry to mark makes it; otherwise it may be from
        something else.
        """
        if (
            self.side_by_profit(entry_price) in {None, side}
            or self.mark is None
            or self.profit is None
        ):
            return False
        move = abs(quantity * (self.mark - entry_price))
        return abs(abs(self.profit) - move) <= SAME_MOVE * move

    def is_earned(self, quantity: float, entry_price: float) -> bool:
        """Return whether a size in tokens can make the stated profit from entry to mark.

        A move of less than `LEAST_MOVE` proves nothing: fees and funding may be larger.
        """
        if not self.mark or not self.profit or abs(self.mark / entry_price - 1) < LEAST_MOVE:
            return True
        ratio = abs(self.profit) / (quantity * abs(self.mark - entry_price))
        return 1 / PROFIT_BAND <= ratio <= PROFIT_BAND

    def is_worth(self, quantity: float, entry_price: float) -> bool:
        """Return whether a size in tokens is worth the stated value; true where there is none."""
        if not self.value:
            return True
        if quantity == self.value and entry_price != 1:
            # The same number twice means that the size is in dollars.
            return False
        price, band = (self.mark, VALUE_BAND) if self.mark else (entry_price, VALUE_BAND_AT_ENTRY)
        return 1 / band <= quantity * price / self.value <= band

    def is_margin_times(self, leverage: float | None, size: float, entry_price: float) -> bool:
        """Return whether the size is in dollars: the margin times the leverage."""
        if not self.opening_margin or self.opening_margin < 0 or not leverage:
            return False
        notional, price = self.opening_margin * leverage, self.mark or entry_price
        in_tokens = 1 / VALUE_BAND <= size * price / notional <= VALUE_BAND
        return abs(size - notional) <= WHOLE_LEVERAGE * notional and not in_tokens

    def leverage(self, quantity: float, entry_price: float) -> float | None:
        """Return value ÷ opening margin where that is near a whole number, else None."""
        if not self.opening_margin or self.opening_margin < 0:
            return None
        value = self.value or quantity * (self.mark or entry_price)
        ratio = value / self.opening_margin
        whole = round(min(ratio, HIGHEST_LEVERAGE + 1))
        is_whole = 1 <= whole <= HIGHEST_LEVERAGE and abs(ratio - whole) <= WHOLE_LEVERAGE * whole
        return float(whole) if is_whole else None
