"""What a venue's margin rules are made of.

Figures, conventions, and the few formulas in which venues differ.

Functions take numbers and know no scenario. `P` mark, `q` quantity, `EP` entry price, `L` leverage,
`s` +1 long or −1 short, `f` taker fee rate, `N = q·P`. The source of each rule stands in its
venue's module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

from margin.engine.book import Standing
from margin.engine.numbers import quotient
from margin.engine.tiers import TierTable
from margin.venues.liquidation import LiquidationPolicy

Direction = Literal["rises", "falls"]
Term = TypeVar("Term")


@dataclass(frozen=True, slots=True)
class RatioRule:
    """The figure that the venue shows for the account's health, and how it is read.

    A rising ratio is margin used; a falling one is equity ÷ requirement, or equity ÷
    notional where `against_notional`. `formula` says so in the venue's words; empty where `name`
    does.
    """

    name: str
    direction: Direction
    against_notional: bool = False
    formula: str = ""

    @property
    def label(self) -> str:
        """The name with its formula: `Margin ratio (maintenance margin ÷ margin balance)`."""
        return f"{self.name} ({self.formula})" if self.formula else self.name

    def value(self, equity: float, requirement: float, notional: float) -> float | None:
        """Return the ratio as a fraction, None where its denominator is not positive."""
        return quotient(*self.terms(equity, requirement, notional))

    def of(self, standing: Standing) -> float | None:
        """Return the ratio of a book, None where its denominator is not positive."""
        return self.value(standing.firm_equity, standing.requirement, standing.notional)

    def terms(self, equity: Term, requirement: Term, notional: Term) -> tuple[Term, Term]:
        """Return what is divided by what; numbers or arrays of one shape."""
        if self.direction == "rises":
            return requirement, equity
        return equity, notional if self.against_notional else requirement

    def at_level(self, level: float, margin_fraction: float) -> float:
        """Return the ratio at which margin used equals `level` (1.0: liquidation)."""
        if self.direction == "rises":
            return level
        return (margin_fraction if self.against_notional else 1.0) / level


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is not known of a venue, or only nearly so, for the accounts concerned.

    `isolated`: its isolated positions. `collateral`: accounts whose settlement coin has a rate of
    its own beside other assets. `owing`: accounts whose settlement coin is owed beside collateral.
    `hedge`: the smaller leg of a token held long and short, in cross margin. `unlisted`: tokens
    that the venue's own tables lack. Empty where there is none.
    """

    isolated: str = ""
    collateral: str = ""
    owing: str = ""
    hedge: str = ""
    unlisted: str = ""


NO_DOUBTS = Doubts()


@dataclass(frozen=True, slots=True)
class Api:
    """What the venue answers to programs, and to whom.

    `tiers_in_one_answer`: its answer on tiers holds every token. `tiers_need_key`: it gives tiers
    to a key alone. `account_by_address`: an account is read by its address, without a key.
    `key_has_passphrase`: a key consists of three parts. `long_history`: past prices and funding
    reach back as far as the snapshot's statistics need.
    """

    tiers_in_one_answer: bool = False
    tiers_need_key: bool = False
    account_by_address: bool = False
    key_has_passphrase: bool = False
    long_history: bool = False


@dataclass(frozen=True, slots=True)
class Venue:
    """All that is true of a venue, as data and small functions.

    `key` is its name in files, links and addresses; `settlement` the coin that its perpetuals are
    settled in; `taker_fee` that of an account of the lowest level, a fraction; `ratio` how it shows
    an account's health; `liquidation` how it liquidates; `api` what it answers to programs. Raises
    ValueError where figures of such a venue would be wrong: rules that no account is compiled with.

    `flat_tiers`: tiers are read by contracts and one rate applies to the whole notional.
    `liquidation_fee_required`: the requirement adds the taker fee on the notional to the
    maintenance margin. `closing_fee_in_margins`: initial and maintenance margin both carry the
    estimated fee to close. `counts_collateral`: assets other than the settlement coin count, after
    their haircut. `own_fraction`: one maintenance fraction for everything instead of tiers.
    `maintenance_from_leverage`: a tier's maintenance rate is 1/(2·its maximum leverage), so a lower
    cap raises it. `mode_fixed_while_open`: a token's margin mode cannot be changed while it has a
    position or open orders; where this is false it is not known. `isolated_opens_at_entry`: the
    initial margin of an isolated position is taken at its entry price, not at the mark. `hedges`: a
    token can be held long and short at once. `one_leverage_in`: the margin modes in which a token
    has one leverage for both sides. `uncounted`: what to say where assets other than the settlement
    coin are given and do not count. `free_of_interest`: what to say where a debt bears no interest
    up to an amount. `doubts`: what is not known, or only nearly so, of accounts of some kind.
    `dollar_names`: its perpetuals settled in dollars are written BTC-USD, a name that elsewhere is
    a coin-margined one. `open_positions`: where its own pages list open positions, as an
    instruction. `assumptions`: what every account of it rests on, clauses that are shown behind the
    venue's key.
    """

    key: str
    name: str
    settlement: str
    taker_fee: float
    ratio: RatioRule
    liquidation: LiquidationPolicy = field(default_factory=LiquidationPolicy)
    api: Api = field(default_factory=Api)
    flat_tiers: bool = False
    liquidation_fee_required: bool = False
    closing_fee_in_margins: bool = False
    counts_collateral: bool = True
    own_fraction: bool = False
    maintenance_from_leverage: bool = False
    mode_fixed_while_open: bool = False
    isolated_opens_at_entry: bool = False
    hedges: bool = True
    one_leverage_in: frozenset[str] = frozenset()
    uncounted: str = ""
    free_of_interest: str = ""
    doubts: Doubts = NO_DOUBTS
    dollar_names: bool = False
    open_positions: str = "list the positions that are open now"
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A leg is compiled from flat tiers, progressive ones or one fraction, and each reads its
        # own fee alone: another would be left out of the requirement without a word.
        kinds = [self.flat_tiers, self.own_fraction]
        if all(kinds) or (self.closing_fee_in_margins and any(kinds)):
            raise ValueError(
                f"{self.key}: this kind of tiers with the closing fee in margins is not modelled"
            )
        if self.liquidation_fee_required and not self.flat_tiers:
            raise ValueError(
                f"{self.key}: a liquidation fee in the requirement is modelled with flat tiers only"
            )

    def closing_fee(
        self, sign: int, quantity: float, entry_price: float, leverage: float, fee: float
    ) -> float:
        """Return the estimated fee to close, `q·EP·(1 − s/L)·f`.

        A constant that the mark does not move.
        """
        return quantity * entry_price * (1 - sign / leverage) * fee

    def isolated_wallet(self, sign: int, own: float, margin: float, fee: float) -> float:
        """Return what an isolated position holds against its requirement before profit.

        `own` is the margin it was opened with, `q·EP/L`, and `margin` what it holds now. Elsewhere
        that margin itself; on Bybit `own + extra/(1 − s·f)` with `extra = margin − own`, the
        closing fee being kept apart (the short side of that formula is inferred).
        """
        return (
            own + (margin - own) / self.isolated_price(sign, fee)
            if self.closing_fee_in_margins
            else margin
        )

    def isolated_price(self, sign: int, fee: float) -> float:
        """Return the isolated margin that adds one unit of headroom: 1, on Bybit 1 − s·f."""
        return 1 - sign * fee if self.closing_fee_in_margins else 1.0

    def opening_price(self, entry_price: Term, mark: Term, *, isolated: bool) -> Term:
        """Return the price of the initial margin: the mark, on Bybit isolated the entry price."""
        return entry_price if isolated and self.isolated_opens_at_entry else mark


@dataclass(frozen=True, slots=True)
class VenueTables:
    """Dated figures of one venue for the tokens a scenario does not bring tables for.

    `as_of` is the day of the tables, an ISO date; `dates` names the tokens whose table is of
    another day. `not_listed` gives, per token known to have no perpetual there, the day on which
    that was seen, or two joined by `/`; `unconfirmed` names the tokens whose contract value comes
    from second-hand lists.
    """

    source: str
    tiers: Mapping[str, TierTable] = field(default_factory=dict)
    contract_values: Mapping[str, float] = field(default_factory=dict)
    as_of: str | None = None
    not_listed: Mapping[str, str] = field(default_factory=dict)
    unconfirmed: frozenset[str] = frozenset()
    dates: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("tiers", "contract_values", "not_listed", "dates"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def days(self, tokens: Iterable[str]) -> dict[str, list[str]]:
        """Return these tokens' tables by their day, the oldest first.

        Tokens without a table or a day are left out.
        """
        tokens_by_day: dict[str, list[str]] = {}
        for token in sorted(self.tiers.keys() & set(tokens)):
            if day := self.dates.get(token, self.as_of):
                tokens_by_day.setdefault(day, []).append(token)
        return dict(sorted(tokens_by_day.items()))

    def oldest(self, tokens: Iterable[str]) -> str | None:
        """Return the day of the oldest of these tokens' tables; without any, the tables' day."""
        return next(iter(self.days(tokens)), self.as_of)


NO_TABLES = VenueTables(source="none")
