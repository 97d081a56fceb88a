"""Every problem and assumption has its text, used, with the facts it names."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import margin
from margin.facts import Assumption, Problem
from margin.messages import TEXTS, message
from margin.venues import VENUES

MAKERS = {"of", "error", "warning"}
PACKAGE = Path(margin.__file__).parent


def made() -> Iterator[tuple[str, set[str], bool]]:
    """Yield each code that the package makes, its facts, and whether there are more."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in MAKERS
            ):
                owner = call.func.value
                if isinstance(owner, ast.Name) and owner.id in {"Assumption", "Problem"}:
                    [code] = call.args
                    assert isinstance(code, ast.Constant), f"{path}: a code is a literal"
                    names = {each.arg for each in call.keywords if each.arg}
                    yield code.value, names, any(each.arg is None for each in call.keywords)


def named(text: str) -> set[str]:
    """Return the facts that a text names in braces."""
    return {field for _, field, _, _ in Formatter().parse(text) if field}


MADE = list(made())


def test_every_code_has_its_text_and_every_text_its_code() -> None:
    assert {code for code, _, _ in MADE} == TEXTS.keys()


@pytest.mark.parametrize(("code", "facts", "more"), MADE, ids=[code for code, _, _ in MADE])
def test_a_text_names_only_facts_that_its_code_has(code: str, facts: set[str], more: bool) -> None:
    text = TEXTS[code]
    if isinstance(text, str):
        assert named(text) <= facts or more


@pytest.mark.parametrize("venue", VENUES)
def test_a_venues_remarks_on_liquidation_name_no_fact_but_the_relief(venue: str) -> None:
    assert set().union(*map(named, VENUES[venue].liquidation.assumptions), set()) <= {"relief"}


@pytest.mark.parametrize("venue", VENUES)
def test_a_venues_remarks_leave_its_key_to_whoever_shows_them(venue: str) -> None:
    rules = VENUES[venue]
    remarks = [
        *rules.assumptions,
        rules.doubts.isolated,
        rules.doubts.collateral,
        rules.doubts.owing,
    ]
    assert not [remark for remark in remarks if remark.startswith(f"{venue}:")]


def test_facts_are_written_by_the_kind_of_figure_that_they_are() -> None:
    owed = Assumption.of("coin_owed", coin="USDT", balance=-1234.5)
    assert message(owed) == "balance and open profit and loss in USDT come to −$1,234.50"
    above = Problem.error("leverage_above_cap", leverage=20.0, cap=12.5, venue="OKX")
    assert (
        message(above) == "20x is above the 12.5x that OKX allows at this size; lower it to 12.5x"
    )


def test_what_a_fact_says_is_never_read_as_a_text() -> None:
    assert "{relief}" in message(Assumption.of("own_tiers", tokens=["{relief}"], as_of="undated"))


def test_an_account_of_an_unlisted_token_is_told_when_that_was_seen() -> None:
    facts = {"symbol": "FET", "venue": "OKX", "seen": "2025-12-29/2026-07-20"}
    said = message(Problem.error("no_tiers", why="not_listed", **facts))
    assert said.startswith(
        "FET is not listed on OKX as seen 2025-12-29 and 2026-07-20; remove the position"
    )
