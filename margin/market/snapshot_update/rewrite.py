"""The update of a snapshot from a source, table by table.

Figures that are not available or not plausible do not change. The new files are written beside the
old ones, read back as a `Snapshot`, and only then moved into place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import chain, combinations
from pathlib import Path
from typing import Any, TypedDict, Unpack

from margin.errors import FieldError
from margin.market.records import Contract, Correlations, is_definite
from margin.market.snapshot.embedded import Snapshot
from margin.market.snapshot_update import statistics
from margin.market.snapshot_update.answers import AnswerFetcher, Answers, Log, Tiers
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
"""A figure that went up or down by more than this factor needs the user's `trust`."""
_DECIMALS, _RATE_DECIMALS = 4, 8


class Options(TypedDict, total=False):
    """Options of `rewrite`."""

    added: Iterable[str]
    """Tokens to add to the snapshot."""
    trust: bool
    """Whether to accept figures that differ implausibly from the old ones."""
    dry_run: bool
    """Whether to fetch and check, but write nothing."""
    tiers: Tiers
    """A source of tiers in place of `MarketSource.tiers`."""
    log: Log
    """Receives a line for every request."""


def rewrite(source: MarketSource, folder: Path, today: date, **options: Unpack[Options]) -> Report:
    """Update the folder's snapshot, or write one based on the packaged snapshot.

    `today` is the day in UTC. Raises NotWritten where nothing may be changed, and FieldError where
    the old snapshot is broken.
    """
    folder = folder.resolve()
    base = folder if any((folder / file).exists() for file in FILES) else DATA
    tokens = _read_back(base)
    draft = Draft(base)
    _check_clock(draft, today)
    requested = list(dict.fromkeys([*tokens, *options.get("added", ())]))
    tiers, log = options.get("tiers", source.tiers), options.get("log", lambda _: None)
    answers = AnswerFetcher(source, tiers, today, log).fetch_all(requested)
    editor = _Editor(draft, answers, today, trust=options.get("trust", False))
    editor.edit(tokens, requested[len(tokens) :])
    report = draft.report()
    if report.written:
        publish(draft, folder, _read_back, dry_run=options.get("dry_run", False))
    return report


def _read_back(folder: Path) -> list[str]:
    """Read every file of a snapshot and return its tokens."""
    snapshot = Snapshot(folder)
    tokens = list(snapshot.marks())
    for venue in VENUES:
        snapshot.tables(venue)
        snapshot.contracts(venue)
    for table in (snapshot.funding, snapshot.risk, snapshot.crashes):
        table()
    snapshot.correlations(tokens[:1])
    return tokens


def _check_clock(draft: Draft, today: date) -> None:
    if draft.newest() > today.isoformat():
        raise NotWritten(
            f"this machine's clock says {today}, and the snapshot holds figures of {draft.newest()}"
        )


class _Editor:
    """Edits a draft: enters the usable answers, and reports why other rows do not change."""

    def __init__(self, draft: Draft, answers: Answers, today: date, *, trust: bool) -> None:
        self._draft = draft
        self._answers = answers
        self._today = today
        self._day = today.isoformat()
        self._trust = trust

    def edit(self, tokens: Sequence[str], added: Sequence[str]) -> None:
        """Edit all tables of the snapshot's tokens and of the added ones with complete figures."""
        tokens = [*tokens, *self._complete(tokens, added)]
        for venue in listing_venues():
            self._edit_venue(venue, tokens)
        self._edit_marks(tokens)
        self._edit_funding(tokens)
        self._edit_risk_and_correlations(tokens)

    def _complete(self, tokens: Sequence[str], added: Sequence[str]) -> list[str]:
        """Return the added tokens with complete figures, and report why others are not added."""
        # Marks and correlations change for all tokens or for none.
        common = self._marks_trouble(tokens) or self._closes_trouble(tokens)
        troubles = {token: common or self._trouble(token) for token in added}
        for token, trouble in troubles.items():
            if trouble:
                self._draft.leave_out(token, trouble)
        return [token for token, trouble in troubles.items() if not trouble]

    def _trouble(self, token: str) -> str | None:
        """Return why a token's figures are incomplete, None if they are complete."""
        for venue in listing_venues():
            trouble = self._venue_trouble(venue)
            if not trouble and token in self._answers.contracts[venue].good:
                trouble = self._tiers_trouble(venue, token)
            elif not trouble:
                trouble = self._answers.contracts[venue].refused.get(token)
            if trouble:
                return trouble
        answer: Checked[Any]
        for answer in (self._answers.marks, self._answers.funding, self._answers.closes):
            if token not in answer.good:
                return answer.refused[token]
        return None

    def _edit_venue(self, venue: str, tokens: Sequence[str]) -> None:
        trouble = self._venue_trouble(venue)
        contracts: Checked[Contract] = Checked({}) if trouble else self._answers.contracts[venue]
        for token in tokens:
            reason = trouble or contracts.refused.get(token)
            if token in contracts.good:
                self._edit_listed(venue, token, contracts.good[token])
            elif reason:
                for file in OF_VENUES:
                    self._draft.keep(file, token, reason, venue)
            else:
                self._edit_unlisted(venue, token)

    def _venue_trouble(self, venue: str) -> str | None:
        """Return why a venue's list of contracts is missing or implausible, None if it is good."""
        if venue in self._answers.silent:
            return self._answers.silent[venue]
        contracts, known = self._answers.contracts[venue], self._draft.tokens(CONTRACTS, venue)
        listed = [token for token in known if token in contracts.good or token in contracts.refused]
        if 2 * len(listed) < len(known) and not self._trust:
            return (
                f"{VENUES[venue].name} lists only {len(listed)} of its {len(known)} tokens "
                f"(--trust takes that)"
            )
        return None

    def _edit_listed(self, venue: str, token: str, contract: Contract) -> None:
        tiers_trouble = self._tiers_trouble(venue, token)
        contract_trouble = self._contract_trouble(venue, token, contract)
        if self._change_together(venue, token, contract):
            tiers_trouble = contract_trouble = tiers_trouble or contract_trouble
        if tiers_trouble:
            self._draft.keep(TIERS, token, tiers_trouble, venue)
        else:
            self._draft.put(TIERS, token, self._tier_rows(venue, token), venue)
        if contract_trouble:
            self._draft.keep(CONTRACTS, token, contract_trouble, venue)
            self._draft.keep(LISTINGS, token, contract_trouble, venue)
        else:
            row = {"venue": venue, "symbol": token, **asdict(contract), "as_of": self._day}
            self._draft.put(CONTRACTS, token, [cells(row)], venue)
            self._draft.drop(LISTINGS, token, venue, "listed")

    def _change_together(self, venue: str, token: str, contract: Contract) -> bool:
        """Return whether tiers and contract must change together or not at all.

        They must for a new listing, and where the tiers are in contracts of another size.
        """
        old_value = self._draft.cell(CONTRACTS, "contract_value", token, venue)
        return not old_value or float(old_value) != contract.contract_value

    def _tiers_trouble(self, venue: str, token: str) -> str | None:
        tiers = self._answers.tiers[venue]
        if token not in tiers.good:
            return tiers.refused[token]
        table = tiers.good[token]
        if None in table.max_leverages:
            return "its tiers name no leverage"
        old_rate = self._draft.cell(TIERS, "maintenance_rate", token, venue)
        return self._jump("its first maintenance rate", old_rate, table.rates[0])

    def _contract_trouble(self, venue: str, token: str, contract: Contract) -> str | None:
        if self._draft.cell(CONTRACTS, "contract_value_confirmed", token, venue) != "yes":
            return None
        old_value = self._draft.cell(CONTRACTS, "contract_value", token, venue)
        return self._jump("its contract value", old_value, contract.contract_value)

    def _jump(self, subject: str, old_cell: str, new: float) -> str | None:
        """Return the clause for an implausible change of a figure, None if it is plausible."""
        if not old_cell or self._trust:
            return None
        old = float(old_cell)
        if old / IMPLAUSIBLE <= new <= old * IMPLAUSIBLE:
            return None
        return f"{subject} went from {old:g} to {new:g} (--trust takes it)"

    def _tier_rows(self, venue: str, token: str) -> list[Cells]:
        table = self._answers.tiers[venue].good[token]
        head = {"venue": venue, "symbol": token, "as_of": self._day}
        blank = {} if table.progressive else {"maintenance_amount": None}
        return [cells({**head, **row, **blank}) for row in table.rows()]

    def _edit_unlisted(self, venue: str, token: str) -> None:
        for file in (TIERS, CONTRACTS):
            self._draft.drop(file, token, venue, "not listed")
        row = {"venue": venue, "symbol": token, "as_of": self._day, "status": "not listed"}
        self._draft.put(LISTINGS, token, [cells(row)], venue)

    def _edit_marks(self, tokens: Sequence[str]) -> None:
        """Change all marks or none, for the file's marks are of one day."""
        trouble, marks = self._marks_trouble(tokens), self._answers.marks.good
        if trouble:
            self._draft.keep_all(MARKS, trouble)
            return
        source = f"{_names(marks[token][0] for token in tokens)} marks"
        for token in tokens:
            _, price = marks[token]
            row = {"symbol": token, "source": source, "as_of": self._day, "price": price}
            self._draft.put(MARKS, token, [cells(row)])

    def _marks_trouble(self, tokens: Iterable[str]) -> str | None:
        marks, troubles = self._answers.marks, {}
        for token in tokens:
            if token not in marks.good:
                troubles[token] = marks.refused[token]
                continue
            _, price = marks.good[token]
            if jump := self._jump("it", self._draft.cell(MARKS, "price", token), price):
                troubles[token] = jump
        return _join_troubles(troubles)

    def _edit_funding(self, tokens: Iterable[str]) -> None:
        funding = self._answers.funding
        for token in tokens:
            if token in funding.good:
                row = cells({"symbol": token, **asdict(funding.good[token])}, _RATE_DECIMALS)
                self._draft.put(FUNDING, token, [row])
            else:
                self._draft.keep(FUNDING, token, funding.refused[token])

    def _edit_risk_and_correlations(self, tokens: Sequence[str]) -> None:
        closes = {
            token: series
            for token, (_, series) in self._answers.closes.good.items()
            if token in tokens
        }
        try:
            windows = statistics.windows(closes, self._today)
        except FieldError as error:
            for file in (RISK, CORRELATIONS):
                self._draft.keep_all(file, f"{error.path} {error.message}")
            return
        for token in tokens:
            self._edit_risk(token, windows)
        self._edit_correlations(tokens, windows)

    def _edit_risk(self, token: str, windows: Sequence[Window]) -> None:
        if token not in self._answers.closes.good:
            self._draft.keep(RISK, token, self._answers.closes.refused[token])
            return
        window = next(window for window in windows if token in window.tokens)
        figures = statistics.risk(window, token, self._closes_source(window))
        self._draft.put(RISK, token, [cells({"symbol": token, **asdict(figures)}, _DECIMALS)])

    def _edit_correlations(self, tokens: Iterable[str], windows: Sequence[Window]) -> None:
        """Change the correlations of all windows or of none."""
        # An old window beside new ones would be used whenever it reaches further back.
        tables = [
            statistics.correlations(window, self._closes_source(window)) for window in windows
        ]
        trouble = self._closes_trouble(tokens)
        if not trouble and not all(is_definite(table.matrix.round(_DECIMALS)) for table in tables):
            trouble = "two tokens' prices move as one"
        if trouble:
            self._draft.keep_all(CORRELATIONS, trouble)
        else:
            rows = [*chain.from_iterable(map(_correlation_rows, tables))]
            self._draft.put(CORRELATIONS, "", rows)

    def _closes_trouble(self, tokens: Iterable[str]) -> str | None:
        refused = self._answers.closes.refused
        return _join_troubles({token: refused[token] for token in tokens if token in refused})

    def _closes_source(self, window: Window) -> str:
        venues = [self._answers.closes.good[token][0] for token in window.tokens]
        return f"{_names(venues)} daily closes"


def _correlation_rows(table: Correlations) -> Iterator[Cells]:
    window = {"source": table.source, "since": table.since, "as_of": table.as_of}
    for (i, first), (j, second) in combinations(enumerate(table.symbols), 2):
        pair = {"first": first, "second": second, "value": float(table.matrix[i, j])}
        yield cells({**window, **pair}, _DECIMALS)


def _join_troubles(troubles: Mapping[str, str]) -> str | None:
    """Return the tokens' troubles as one clause with every reason once, None without any."""
    by_reason: dict[str, list[str]] = {}
    for token, reason in troubles.items():
        by_reason.setdefault(reason, []).append(token)
    clauses = [f"{', '.join(tokens)}: {reason}" for reason, tokens in by_reason.items()]
    return "; ".join(clauses) or None


def _names(venues: Iterable[str]) -> str:
    names = set(venues)
    return ", ".join(VENUES[venue].name for venue in listing_venues() if venue in names)
