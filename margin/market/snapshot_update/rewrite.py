"""The snapshot written anew from a source, table by table.

What cannot be had, or cannot be true, stays as it was.

Nothing is written that would not be read back: the new files are made beside the old ones, read
whole as a `Snapshot`, and only then moved into place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, TypedDict, Unpack

from margin.errors import FieldError
from margin.market.records import Contract, Correlations, is_definite
from margin.market.snapshot.embedded import Snapshot
from margin.market.snapshot_update import statistics
from margin.market.snapshot_update.answers import Answers, Asking, Say, Tiers
from margin.market.snapshot_update.draft import (
    CONTRACTS,
    CORRELATIONS,
    FILES,
    FUNDING,
    LISTINGS,
    MARKS,
    OF_VENUES,
    RISK,
    TIERS,
    Cells,
    Draft,
    NotWritten,
    Report,
    cells,
    publish,
)
from margin.market.snapshot_update.statistics import Window
from margin.market.source import Checked, MarketSource
from margin.venues import VENUES, listing_venues

DATA = Path(__file__).parents[1] / "snapshot" / "data"
"""The packaged snapshot."""
IMPLAUSIBLE = 5.0
"""How many times up or down a figure may have gone before it is taken only on a person's word."""
_DECIMALS, _RATE_DECIMALS = 4, 8


class Options(TypedDict, total=False):
    """How a snapshot is rewritten, where it is not as usual."""

    added: Iterable[str]
    """Tokens to hold besides those it has."""
    trust: bool
    """Whether to take figures that differ implausibly from the old ones."""
    dry_run: bool
    """Whether to ask and check, but write nothing."""
    tiers: Tiers
    """Answers in place of the source's."""
    say: Say
    """Is told what is asked."""


def rewrite(source: MarketSource, folder: Path, today: date, **options: Unpack[Options]) -> Report:
    """Write the folder's snapshot anew.

    A folder without one gets one, on the rows of the packaged one. `today` is the day in UTC.
    Raises NotWritten where nothing may be changed, and FieldError where the old snapshot itself is
    broken.
    """
    folder = folder.resolve()
    base = folder if any((folder / file).exists() for file in FILES) else DATA
    tokens = _read_back(base)
    draft = Draft(base)
    _refuse_a_clock_behind(draft, today)
    wanted = list(dict.fromkeys([*tokens, *options.get("added", ())]))
    tiers, say = options.get("tiers", source.tiers), options.get("say", lambda _: None)
    answers = Asking(source, tiers, today, say).all_about(wanted)
    _Edition(draft, answers, today, trust=options.get("trust", False)).make(
        tokens, wanted[len(tokens) :]
    )
    report = draft.report()
    if report.written:
        publish(draft, folder, _read_back, dry_run=options.get("dry_run", False))
    return report


def _read_back(folder: Path) -> list[str]:
    """Read every file of a snapshot; gives its tokens."""
    snapshot = Snapshot(folder)
    tokens = list(snapshot.marks())
    for venue in VENUES:
        snapshot.tables(venue)
        snapshot.contracts(venue)
    for table in (snapshot.funding, snapshot.risk, snapshot.crashes):
        table()
    snapshot.correlations(tokens[:1])
    return tokens


def _refuse_a_clock_behind(draft: Draft, today: date) -> None:
    if draft.newest() > today.isoformat():
        raise NotWritten(
            f"this machine's clock says {today}, and the snapshot holds figures of {draft.newest()}"
        )


class _Edition:
    """What is taken of the answers, and what stays as it was."""

    def __init__(self, draft: Draft, answers: Answers, today: date, *, trust: bool) -> None:
        self._draft = draft
        self._answers = answers
        self._today = today
        self._trust = trust

    def make(self, tokens: Sequence[str], added: Sequence[str]) -> None:
        """Edit the draft."""
        tokens = [*tokens, *self._admitted(tokens, added)]
        for venue in listing_venues():
            self._venue(venue, tokens)
        self._marks(tokens)
        self._funding(tokens)
        self._risk_and_correlations(tokens)

    def _admitted(self, tokens: Sequence[str], added: Sequence[str]) -> list[str]:
        """Return the added tokens of which everything is known.

        A snapshot holds nothing by halves.
        """
        whole = self._marks_trouble(tokens) or self._closes_trouble(tokens)
        troubles = {token: whole or self._trouble(token) for token in added}
        for token, trouble in troubles.items():
            if trouble:
                self._draft.leave_out(token, trouble)
        return [token for token, trouble in troubles.items() if not trouble]

    def _trouble(self, token: str) -> str | None:
        """Return the first thing that is not known of a token."""
        for venue in listing_venues():
            trouble = self._venue_trouble(venue)
            if not trouble and token in self._answers.contracts[venue].good:
                trouble = self._tiers_trouble(venue, token)
            elif not trouble:
                trouble = self._answers.contracts[venue].refused.get(token)
            if trouble:
                return trouble
        found: Checked[Any]
        for found in (self._answers.marks, self._answers.funding, self._answers.closes):
            if token not in found.good:
                return found.refused[token]
        return None

    def _venue(self, venue: str, tokens: Sequence[str]) -> None:
        trouble = self._venue_trouble(venue)
        found: Checked[Contract] = Checked({}) if trouble else self._answers.contracts[venue]
        for token in tokens:
            doubt = trouble or found.refused.get(token)
            if token in found.good:
                self._listed(venue, token, found.good[token])
            elif doubt:
                for file in OF_VENUES:
                    self._draft.keep(file, token, doubt, venue)
            else:
                self._unlisted(venue, token)

    def _venue_trouble(self, venue: str) -> str | None:
        """Return why a venue's answer says nothing of what it lists."""
        if venue in self._answers.silent:
            return self._answers.silent[venue]
        found, held = self._answers.contracts[venue], self._draft.tokens(CONTRACTS, venue)
        still = [token for token in held if token in found.good or token in found.refused]
        if 2 * len(still) < len(held) and not self._trust:
            return (
                f"{VENUES[venue].name} lists only {len(still)} of its {len(held)} tokens (--trust "
                f"takes that)"
            )
        return None

    def _listed(self, venue: str, token: str, contract: Contract) -> None:
        no_tiers, no_contract = (
            self._tiers_trouble(venue, token),
            self._contract_trouble(venue, token, contract),
        )
        if self._belong_together(venue, token, contract):
            no_tiers = no_contract = no_tiers or no_contract
        if no_tiers:
            self._draft.keep(TIERS, token, no_tiers, venue)
        else:
            self._draft.put(TIERS, token, self._tier_rows(venue, token), venue)
        if no_contract:
            self._draft.keep(CONTRACTS, token, no_contract, venue)
            self._draft.keep(LISTINGS, token, no_contract, venue)
        else:
            row = cells(
                {
                    "venue": venue,
                    "symbol": token,
                    **asdict(contract),
                    "as_of": self._today.isoformat(),
                }
            )
            self._draft.put(CONTRACTS, token, [row], venue)
            self._draft.drop(LISTINGS, token, venue, "listed")

    def _belong_together(self, venue: str, token: str, contract: Contract) -> bool:
        """Return whether tiers and contract come both or not at all.

        A new listing, and tiers in contracts of another size.
        """
        held = self._draft.cell(CONTRACTS, "contract_value", token, venue)
        return not held or float(held) != contract.contract_value

    def _tiers_trouble(self, venue: str, token: str) -> str | None:
        found = self._answers.tiers[venue]
        if token not in found.good:
            return found.refused[token]
        table = found.good[token]
        if None in table.max_leverages:
            return "its tiers name no leverage"
        held = self._draft.cell(TIERS, "maintenance_rate", token, venue)
        return self._jump("its first maintenance rate", held, table.rates[0])

    def _contract_trouble(self, venue: str, token: str, contract: Contract) -> str | None:
        confirmed = self._draft.cell(CONTRACTS, "contract_value_confirmed", token, venue) == "yes"
        held = self._draft.cell(CONTRACTS, "contract_value", token, venue) if confirmed else ""
        return self._jump("its contract value", held, contract.contract_value)

    def _jump(self, what: str, held: str, now: float) -> str | None:
        """Return the words for a figure too far from the one that is held, if one is."""
        if not held or self._trust or float(held) / IMPLAUSIBLE <= now <= float(held) * IMPLAUSIBLE:
            return None
        return f"{what} went from {float(held):g} to {now:g} (--trust takes it)"

    def _tier_rows(self, venue: str, token: str) -> list[Cells]:
        table = self._answers.tiers[venue].good[token]
        head = {"venue": venue, "symbol": token, "as_of": self._today.isoformat()}
        without = {} if table.progressive else {"maintenance_amount": None}
        return [cells({**head, **row, **without}) for row in table.rows()]

    def _unlisted(self, venue: str, token: str) -> None:
        for file in (TIERS, CONTRACTS):
            self._draft.drop(file, token, venue, "not listed")
        row = cells(
            {
                "venue": venue,
                "symbol": token,
                "as_of": self._today.isoformat(),
                "status": "not listed",
            }
        )
        self._draft.put(LISTINGS, token, [row], venue)

    def _marks(self, tokens: Sequence[str]) -> None:
        """All or none: a file of marks is of one day."""
        trouble, found = self._marks_trouble(tokens), self._answers.marks.good
        if trouble:
            self._draft.keep_all(MARKS, trouble)
            return
        source = f"{_names(found[token][0] for token in tokens)} marks"
        for token in tokens:
            row = {
                "symbol": token,
                "source": source,
                "as_of": self._today.isoformat(),
                "price": found[token][1],
            }
            self._draft.put(MARKS, token, [cells(row)])

    def _marks_trouble(self, tokens: Iterable[str]) -> str | None:
        found, troubles = self._answers.marks, {}
        for token in tokens:
            if token not in found.good:
                troubles[token] = found.refused[token]
            elif jump := self._jump(
                "it", self._draft.cell(MARKS, "price", token), found.good[token][1]
            ):
                troubles[token] = jump
        return _together(troubles)

    def _funding(self, tokens: Iterable[str]) -> None:
        found = self._answers.funding
        for token in tokens:
            if token in found.good:
                row = cells({"symbol": token, **asdict(found.good[token])}, _RATE_DECIMALS)
                self._draft.put(FUNDING, token, [row])
            else:
                self._draft.keep(FUNDING, token, found.refused[token])

    def _risk_and_correlations(self, tokens: Sequence[str]) -> None:
        closes = {
            token: found[1] for token, found in self._answers.closes.good.items() if token in tokens
        }
        try:
            windows = statistics.windows(closes, self._today)
        except FieldError as error:
            for file in (RISK, CORRELATIONS):
                self._draft.keep_all(file, f"{error.path} {error.message}")
            return
        for token in tokens:
            self._risk(token, windows)
        self._correlations(tokens, windows)

    def _risk(self, token: str, windows: Sequence[Window]) -> None:
        if token not in self._answers.closes.good:
            self._draft.keep(RISK, token, self._answers.closes.refused[token])
            return
        window = next(window for window in windows if token in window.tokens)
        figures = statistics.risk(window, token, self._closes_source(window))
        self._draft.put(RISK, token, [cells({"symbol": token, **asdict(figures)}, _DECIMALS)])

    def _correlations(self, tokens: Iterable[str], windows: Sequence[Window]) -> None:
        """Return the correlations, all or none.

        With a past window left, an account would take that one as soon as it reaches
        further back.
        """
        found = [statistics.correlations(window, self._closes_source(window)) for window in windows]
        trouble = self._closes_trouble(tokens)
        if not trouble and not all(is_definite(each.matrix.round(_DECIMALS)) for each in found):
            trouble = "two tokens' prices move as one"
        if trouble:
            self._draft.keep_all(CORRELATIONS, trouble)
        else:
            self._draft.put(CORRELATIONS, "", [row for each in found for row in _pairs(each)])

    def _closes_trouble(self, tokens: Iterable[str]) -> str | None:
        refused = self._answers.closes.refused
        return _together({token: refused[token] for token in tokens if token in refused})

    def _closes_source(self, window: Window) -> str:
        return (
            f"{_names(self._answers.closes.good[token][0] for token in window.tokens)} daily closes"
        )


def _pairs(found: Correlations) -> Iterator[Cells]:
    window = {"source": found.source, "since": found.since, "as_of": found.as_of}
    for (i, first), (j, second) in combinations(enumerate(found.symbols), 2):
        yield cells(
            {**window, "first": first, "second": second, "value": float(found.matrix[i, j])},
            _DECIMALS,
        )


def _together(troubles: Mapping[str, str]) -> str | None:
    """Return the tokens' troubles as one clause, each reason once; None where there are none."""
    by_reason: dict[str, list[str]] = {}
    for token, reason in troubles.items():
        by_reason.setdefault(reason, []).append(token)
    return (
        "; ".join(f"{', '.join(tokens)}: {reason}" for reason, tokens in by_reason.items()) or None
    )


def _names(venues: Iterable[str]) -> str:
    used = set(venues)
    return ", ".join(VENUES[venue].name for venue in listing_venues() if venue in used)
