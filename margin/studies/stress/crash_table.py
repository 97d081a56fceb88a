"""The account today under past or invented crash days, at their close and worst tick.

Stress on closes alone understates the danger of liquidation badly: on its worst day RENDER closed
at −29% and had traded at −84%. The worst tick takes every token's at once, which no day needs to
have done: a named approximation.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from margin.engine.book import Book
from margin.facts import Assumption
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.symbols import STABLECOINS
from margin.studies.distance.directions import BTC, beta_to_btc
from margin.studies.distance.distances import FURTHEST_UP
from margin.studies.stress.outcome import Moves, Outcome, after, after_book_moves

Gap = Literal["by beta", "still", "extremes unknown"]
"""What stands in for a token's figures of a day.

BTC's times a beta, nothing, or a close without extremes.
"""
NO_GAPS: Mapping[str, Gap] = MappingProxyType({})


class TokenMove(NamedTuple):
    """A token's day as fractions of the previous close, at least −1; unknown extremes are None.

    The day began at that close, so where an extreme is not known the price was at least once where
    it had been.
    """

    close: float
    low: float | None = None
    high: float | None = None


class CrashDay(NamedTuple):
    """A day and what tokens did on it: a past one, or one that a person makes up."""

    date: str
    event: str
    moves: Mapping[str, TokenMove]


class Instant(NamedTuple):
    """The account at one instant of a day; `loss` is against today, in the settlement coin.

    `prices` by token. In isolated mode every position is taken at its own worst tick, the price of
    a token held on both sides is that of the position left with less headroom, and one that is lost
    has lost its margin and no more.
    """

    prices: Mapping[str, float]
    outcome: Outcome
    loss: float

    @property
    def lost(self) -> float:
        """The loss, but no more than there is to lose: what is beyond that is the venue's."""
        return min(self.loss, max(0.0, self.loss + self.outcome.remaining))


class CrashRow(NamedTuple):
    """A day's two instants, and what they rest on.

    `filled` are the account's tokens that follow BTC by their beta for want of figures of their
    own, `still` those that stand still for want of BTC's too; of `open_ended` ones an extreme is
    not known that could hurt more than the worst tick.
    """

    day: CrashDay
    close: Instant
    worst: Instant
    filled: tuple[str, ...]
    still: tuple[str, ...]
    open_ended: tuple[str, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def survived(self) -> bool:
        """Whether both instants are known to liquidate nothing, in isolated mode no position."""
        return self.worst.outcome.liquidated is False and self.close.outcome.liquidated is False

    @property
    def standing_again(self) -> int:
        """The number liquidated at the worst tick but not at the close (in cross 0 or 1).

        0 where either is not known.
        """
        close, worst = self.close.outcome, self.worst.outcome
        if close.liquidated is None or worst.liquidated is None:
            return 0
        return max(
            0,
            (worst.positions_liquidated or int(worst.liquidated))
            - (close.positions_liquidated or int(close.liquidated)),
        )

    def gaps(
        self, tokens: Collection[str] | None = None, *, worst: bool = True
    ) -> Mapping[str, Gap]:
        """Return by token what the day lacks, at the worst tick or the close."""
        unknown = self.open_ended if worst else ()
        gaps: dict[str, Gap] = dict.fromkeys(unknown, "extremes unknown")
        gaps |= dict.fromkeys(self.filled, "by beta")
        gaps |= dict.fromkeys(self.still, "still")
        return MappingProxyType(
            {token: gap for token, gap in gaps.items() if tokens is None or token in tokens}
        )


def crash_rows(
    account: Preparable, crashes: Iterable[CrashDay], betas_to_btc: Mapping[str, float]
) -> list[CrashRow]:
    """Return the account, from its marks, through each day.

    A token without a beta to BTC is taken to have 1.
    """
    account = prepare(account)
    today = after(account, {}).remaining
    return [_row(account, day, betas_to_btc, today) for day in crashes]


def survived(days: Sequence[CrashRow]) -> tuple[int, int]:
    """Return how many days are survived, and how many would be by their closes alone."""
    return sum(row.survived for row in days), sum(
        row.close.outcome.liquidated is False for row in days
    )


def _row(
    account: PreparedAccount, day: CrashDay, betas_to_btc: Mapping[str, float], today: float
) -> CrashRow:
    books = account.books
    moves, filled, still = _filled(account.scenario.tokens, day, betas_to_btc)
    closes = {token: move.close for token, move in moves.items()}
    worst_moves = [_worst(book, moves) for book in books]
    close = _instant(account, closes, [closes] * len(books), today)
    worst = _instant(account, closes, worst_moves, today)
    betas = {token: beta_to_btc(token, betas_to_btc) for token in filled}
    open_ended = tuple(
        token for token, move in moves.items() if _may_be_milder(token, move, books, worst_moves)
    )
    return CrashRow(
        day,
        close,
        worst,
        filled,
        still,
        open_ended,
        tuple(_assumptions(moves, worst_moves, betas, still, open_ended)),
    )


def _filled(
    tokens: Iterable[str], day: CrashDay, betas_to_btc: Mapping[str, float]
) -> tuple[dict[str, TokenMove], tuple[str, ...], tuple[str, ...]]:
    """Return every token's move, and the tokens whose move is BTC's by beta or none."""
    known = {token: day.moves[token] for token in tokens if token in day.moves}
    unknown = [token for token in tokens if token not in known and token not in STABLECOINS]
    btc = day.moves.get(BTC)
    if btc is None:
        return known, (), tuple(unknown)
    made_up = {token: _by_beta(btc, beta_to_btc(token, betas_to_btc)) for token in unknown}
    return {**known, **made_up}, tuple(unknown), ()


def _by_beta(btc: TokenMove, beta: float) -> TokenMove:
    """Return BTC's day times a beta, no price below 0; a negative one swaps low and high."""
    extremes = [None if move is None else max(-1.0, beta * move) for move in (btc.low, btc.high)]
    return TokenMove(max(-1.0, beta * btc.close), *(extremes if beta >= 0 else extremes[::-1]))


def _worst(book: Book, moves: Mapping[str, TokenMove]) -> dict[str, float]:
    """Return every token's move of the day that leaves the book the least."""
    # Headroom is a sum over tokens, so each token's worst move is the book's.
    return {
        token: min(
            (0.0 if move is None else move for move in moves[token]),
            key=lambda move: _adds(book, axis, move),
        )
        for axis, token in enumerate(book.tokens)
        if token in moves
    }


def _may_be_milder(
    token: str, move: TokenMove, books: Sequence[Book], worst_moves: Sequence[Moves]
) -> bool:
    """Return whether an unknown extreme could hurt some book more than its tick.

    What a token adds is concave in its price, so no price further out is worse unless the furthest
    is.
    """
    furthest = [far for far, known in ((-1.0, move.low), (FURTHEST_UP, move.high)) if known is None]
    for book, moves in zip(books, worst_moves, strict=True):
        if token in moves:
            axis = book.tokens.index(token)
            worst = _adds(book, axis, moves[token])
            if any(_adds(book, axis, far) < worst for far in furthest):
                return True
    return False


def _adds(book: Book, axis: int, move: float) -> float:
    """Return what one token's legs add to headroom after a move; without tiers, to equity."""
    price = max(0.0, book.marks[axis] * (1 + move))
    legs = [leg for leg in book.legs if leg.token == axis]
    required = sum(leg.requirement_at(price, leg.tier(price)) for leg in legs if leg.rates)
    return sum(leg.equity(price) for leg in legs) - required


def _instant(
    account: PreparedAccount, closes: Moves, book_moves: Sequence[Moves], today: float
) -> Instant:
    """Return the outcome of the books' moves; tokens in no book are shown at their close."""
    scenario = account.scenario
    outcome = after_book_moves(account, book_moves)
    moves = dict(closes)
    pairs = zip(account.books, book_moves, strict=True)
    # A token of several books is shown at the move of the book that is worst off: it comes last.
    for book, its_moves in sorted(pairs, key=lambda pair: -_headroom(*pair)):
        moves |= {token: its_moves.get(token, 0.0) for token in book.tokens}
    prices = {
        token: max(0.0, scenario.market.marks[token] * (1 + moves.get(token, 0.0)))
        for token in scenario.tokens
    }
    return Instant(prices, outcome, today - outcome.remaining)


def _headroom(book: Book, moves: Moves) -> float:
    """Return the book's headroom after the moves; legs without tiers require nothing."""
    return book.wallet + sum(
        _adds(book, axis, moves.get(token, 0.0)) for axis, token in enumerate(book.tokens)
    )


def _assumptions(
    moves: Mapping[str, TokenMove],
    worst_moves: Sequence[Moves],
    betas: Mapping[str, float],
    still: Sequence[str],
    open_ended: Sequence[str],
) -> Iterator[Assumption]:
    yield Assumption.of("worst_at_once")
    sides = {
        tick > moves[token].close
        for book_moves in worst_moves
        for token, tick in book_moves.items()
        if tick != moves[token].close
    }
    if len(sides) == 2:
        yield Assumption.of("lows_and_highs")
    if betas:
        yield Assumption.of("moved_by_beta", betas=betas)
    if still:
        yield Assumption.of("standing_still", tokens=still)
    if open_ended:
        yield Assumption.of("extremes_unknown", tokens=open_ended)
