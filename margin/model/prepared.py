"""The account prepared: a scenario with everything that is made of it, once.

A `PreparedAccount` is made per scenario and handed to studies, text and charts; nothing of it is
compiled twice, and a study that was asked through `once` is not asked again. It belongs to whoever
made it and ends with it: nothing here remembers a scenario.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from margin.engine.book import Book, Standing
from margin.model.compile import Legs, compile_account
from margin.model.scenario import Scenario

Answer = TypeVar("Answer")


class PreparedAccount:
    """A scenario with its legs, its books and where they stand, made when asked for."""

    __slots__ = ("_answers", "_compiled", "_standings", "scenario")

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._compiled: tuple[Legs, list[Book]] | None = None
        self._standings: list[Standing | None] | None = None
        self._answers: dict[Callable[..., Any], Any] = {}

    @property
    def legs(self) -> Legs:
        """The positions as legs, in their order; their profits in units of the settlement coin."""
        return self._compile()[0]

    @property
    def books(self) -> Sequence[Book]:
        """The books that stand or fall on their own.

        One in cross mode, one per position in isolated mode.
        """
        return self._compile()[1]

    def _compile(self) -> tuple[Legs, list[Book]]:
        if self._compiled is None:
            self._compiled = compile_account(self.scenario)
        return self._compiled

    def with_books(self, books: list[Book]) -> "PreparedAccount":
        """Return the account on other books, such as positions' that paid funding."""
        other = PreparedAccount(self.scenario)
        other._compiled = (self.legs, books)
        return other

    @property
    def standings(self) -> Sequence[Standing | None]:
        """Where every book stands at the marks, None for one that is not complete."""
        if self._standings is None:
            self._standings = [book.standing() if book.complete else None for book in self.books]
        return self._standings

    @property
    def complete(self) -> bool:
        """Whether every position's tiers are known, as requirements and distances need."""
        return None not in self.standings

    @property
    def measurable(self) -> bool:
        """Whether there are distances to tell.

        There are positions, and the tiers of all are known.
        """
        return bool(self.scenario.positions) and self.complete

    def once(self, study: Callable[["PreparedAccount"], Answer]) -> Answer:
        """Return what a study says of this account, asking it the first time only."""
        if study not in self._answers:
            self._answers[study] = study(self)
        return cast(Answer, self._answers[study])


Preparable = Scenario | PreparedAccount
"""What a study takes: a scenario for one question, a prepared account for several."""


def prepare(account: Preparable) -> PreparedAccount:
    """Return the account prepared; one that is so already as it is."""
    return account if isinstance(account, PreparedAccount) else PreparedAccount(account)
