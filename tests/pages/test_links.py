"""Links into and out of the What-if page.

Whatever one contains, the page answers with the scenario or a sentence.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from margin.market.snapshot import embedded as snapshot
from margin.model import link
from margin.model.scenario import Collateral, Levels, Position, Scenario
from margin.studies.account.assess import assess
from margin.studies.account.seen import with_seen
from margin.text.verdict import verdict
from tests.pages.visitor import (
    ARITHMETIC,
    FIGURES,
    SHARE,
    WORKED_EXAMPLE,
    Visitor,
    address,
    document,
    read,
    scenario,
)

Address = Mapping[str, list[str]]


def said_of(expected: Scenario) -> str:
    """The sentence that a scenario deserves."""
    return verdict(expected)


def leg(symbol: str, side: str, quantity: float, entry: float, **more: Any) -> dict[str, Any]:
    """A position of a scenario document."""
    return {
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "entry_price": entry,
        "leverage": 5,
        **more,
    }


def with_address(**changes: list[str] | None) -> Address:
    """The worked example's link with parameters replaced, added or (None) taken away."""
    whole = {**address(), **changes}
    return {key: values for key, values in whole.items() if values is not None}


# Link in

SHOWN: dict[str, dict[str, Any]] = {
    "a small account": {"wallet_balance": 2_500, "positions": [leg("RENDER", "long", 1_000, 1.5)]},
    "a hedge": {
        "positions": [leg("RENDER", "long", 9_000, 1.5), leg("RENDER", "short", 4_000, 1.9)]
    },
    "another venue": {"venue": "bybit", "positions": [leg("RENDER", "short", 9_000, 1.5)]},
    "isolated margins": {
        "margin_mode": "isolated",
        "positions": [leg("RENDER", "long", 9_000, 1.5, isolated_margin=3_000)],
    },
    "collateral, levels and fee": {
        "collateral": [{"asset": "BTC", "amount": 0.05, "ratio": 0.9}],
        "marks": {"RENDER": 1.75, "FET": 0.2231, "BTC": 70_000},
        "levels": {"warning": 0.3, "danger": 0.6},
        "taker_fee": 0.0004,
    },
    "betas after a move": {
        "betas": {"RENDER": 1.5},
        "marks": {"RENDER": 1.75 * 0.925, "FET": 0.2231 * 0.95},
        "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
    },
    "marks that no joint move explains": {
        "marks": {"RENDER": 1.5, "FET": 0.3},
        "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
    },
    "tier tables of its own": {"tiers": {"RENDER": [{"floor": 0, "maintenance_rate": 0.05}]}},
    "a textbook account": {"venue": "textbook", "textbook": {"margin_fraction": 0.03}},
    "no positions": {"positions": [], "marks": {}},
    "a negative wallet": {"wallet_balance": -1},
    "a fee with no short spelling in per cent": {"taker_fee": 0.00011},
    "a fraction with no short spelling in per cent": {
        "venue": "textbook",
        "textbook": {"margin_fraction": 0.0007},
    },
    "a move further up than the slider goes": {
        "marks": {"RENDER": 1.75 * 20, "FET": 0.2231 * 20},
        "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
    },
    "a move further down than the slider goes": {
        "betas": {"RENDER": 0.5, "FET": 0.5},
        "marks": {"RENDER": 0.35, "FET": 0.04462},
        "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
    },
    "prices of zero": {
        "marks": {"RENDER": 0, "FET": 0},
        "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
    },
}


@pytest.mark.parametrize("changes", SHOWN.values(), ids=SHOWN)
def test_a_link_is_shown_as_its_maker_saw_it_and_not_changed(changes: dict[str, Any]) -> None:
    made = with_seen(scenario(**changes))
    visitor = Visitor(link.encode(made).parameters)
    assert visitor.sentence == said_of(made)
    assert visitor.linked == made
    assert visitor.query == {
        key: values for key, values in link.encode(made).parameters.items() if values
    }
    assert [fault for fault in visitor.errors if "kept" in fault or "cannot" in fault] == []
    assert visitor.warnings == [fault for fault in visitor.warnings if "initial margin" in fault]


def test_a_link_fills_every_input() -> None:
    made = scenario(
        venue="textbook",
        margin_mode="isolated",
        wallet_balance=23_456.5,
        positions=[leg("TAO", "short", 12, 260, isolated_margin=800)],
        marks={"TAO": 250, "BTC": 71_000},
        betas={"TAO": 1.25},
        collateral=[{"asset": "BTC", "amount": 0.25, "ratio": 0.5}],
        levels={"warning": 0.25, "danger": 0.75},
        taker_fee=0.001,
        textbook={"margin_fraction": 0.04},
        title="A short",
        note="of\nTAO",
    )
    visitor = Visitor(link.encode(made).parameters).unfold(SHARE)
    values = {
        name: visitor.field(name).value
        for name in ("venue", "mode", "wallet", "move", "title", "note")
    }
    assert values == {
        "venue": "textbook",
        "mode": "isolated",
        "wallet": 23_456.5,
        "move": 0.0,
        "title": "A short",
        "note": "of\nTAO",
    }
    assert [visitor.field(name).value for name in ("warning", "danger", "fee", "fraction")] == [
        25,
        75,
        0.1,
        4,
    ]
    row = {
        "Token": "TAO",
        "Side": "short",
        "Size": 12,
        "Unit": "tokens",
        "Entry": 260,
        "Leverage": 5,
        "Margin": 800,
    }
    assert visitor.rows("positions") == [row]
    assert visitor.rows("marks") == [
        {"Token": "TAO", "Mark": 250, "Beta": 1.25},
        {"Token": "BTC", "Mark": 71_000, "Beta": 1},
    ]
    assert visitor.rows("collateral") == [{"Asset": "BTC", "Amount": 0.25, "Ratio": 0.5}]


def test_a_link_of_a_moved_account_sets_the_slider_and_compares_with_before_the_move() -> None:
    maker = Visitor().slide(-0.05)
    receiver = Visitor(maker.query)
    assert receiver.field("move").value == -0.05
    assert receiver.sentence == maker.sentence
    assert receiver.before("Margin balance") == "was $10,000.00"
    assert receiver.slide(0.0).sentence == WORKED_EXAMPLE


def test_a_link_at_the_brink_is_at_the_brink_for_its_receiver() -> None:
    maker = Visitor().press("Move to liquidation")
    receiver = Visitor(maker.query)
    assert receiver.sentence == maker.sentence
    assert receiver.status == "At the liquidation point"
    assert receiver.linked == maker.linked
    assert receiver.slide(0.0).sentence == WORKED_EXAMPLE


def test_a_link_of_prices_at_zero_leads_back_to_the_prices_before() -> None:
    receiver = Visitor(Visitor().slide(-1.0).query)
    assert receiver.errors == []
    assert receiver.field("move").value == -1.0
    assert receiver.slide(0.0).sentence == WORKED_EXAMPLE


def test_a_link_written_by_hand_is_read() -> None:
    visitor = Visitor(
        "https://tandem.example/?venue=okx&margin_mode=cross&wallet_balance=1e4"
        "&p=RNDR_long_10000_1.75_5&marks=RENDERUSDT_1.75&v=1#top"
    )
    assert visitor.sentence == said_of(
        scenario(
            venue="okx", positions=[leg("RENDER", "long", 10_000, 1.75)], marks={"RENDER": 1.75}
        )
    )
    assert visitor.errors == []


# Link out


def test_what_is_on_the_page_is_what_the_address_says() -> None:
    visitor = Visitor().unfold(SHARE)
    visitor.enter("venue", "bybit").at_row(1).press("Remove")
    visitor.edit("positions", {0: {"Size": 12_345.678}}, add=[leg_row("TAO", "short", 9.5, 260.25)])
    visitor.enter("wallet", 7_654.25).enter("warning", 33.0).enter("fee", 0.04)
    visitor.edit("collateral", add=[{"Asset": "BTC", "Amount": 0.05, "Ratio": 0.9}])
    visitor.edit("marks", {1: {"Beta": 0.5}}).enter("title", "Ein Titel: 中文 🚀").enter(
        "note", "a & b\n=?#"
    )
    made = visitor.linked
    assert made.account.venue == "bybit"
    assert made.account.wallet_balance == 7_654.25
    assert made.account.taker_fee == 0.0004
    assert made.account.collateral == (Collateral("BTC", 0.05, 0.9),)
    assert made.positions == (
        Position("RENDER", "long", 12_345.678, 1.75, 10),
        Position("TAO", "short", 9.5, 260.25, 10),
    )
    assert made.market.beta("TAO") == 0.5
    assert made.levels == Levels(0.33, 0.8)
    assert (made.title, made.note) == ("Ein Titel: 中文 🚀", "a & b\n=?#")
    assert made.seen is not None
    assert made.seen.equity == pytest.approx(assess(snapshot.attach(made)).equity)
    assert made.market.tiers_as_of == snapshot.tables("bybit").as_of
    receiver = Visitor(visitor.query)
    assert receiver.sentence == visitor.sentence
    assert receiver.query == visitor.query
    assert receiver.warnings == visitor.warnings


def leg_row(token: str, side: str, size: float, entry: float) -> dict[str, Any]:
    """A complete row of the position table."""
    return {
        "Token": token,
        "Side": side,
        "Size": size,
        "Unit": "tokens",
        "Entry": entry,
        "Leverage": 10.0,
    }


def test_back_undoes_forward_redoes() -> None:
    visitor = Visitor().edit("positions", {0: {"Size": 20_000.0}})
    first, said = visitor.query, visitor.sentence
    visitor.enter("wallet", 12_000.0)
    second = visitor.query
    assert visitor.go(first).sentence == said
    assert visitor.field("wallet").value == 10_000
    assert visitor.rows("positions")[0]["Size"] == 20_000
    assert visitor.go("").sentence == WORKED_EXAMPLE
    assert visitor.go(second).field("wallet").value == 12_000
    assert visitor.query == second


def test_an_address_is_adopted_once_and_edits_after_it_are_kept() -> None:
    visitor = Visitor(address(positions=[], marks={}))
    for wallet in (1_000.0, 2_000.0):
        revision = visitor.enter("wallet", wallet).field("wallet").key
        assert visitor.linked.account.wallet_balance == wallet
    assert visitor.run().field("wallet").key == revision


# Broken and hostile links

SCRIPT = "<script>alert(1)</script>"
IMAGE = "![x](http://example.invalid/x)"
BROKEN: dict[str, Address | str] = {
    "a newer version": with_address(v=["2"]),
    "a version that is no number": with_address(v=[SCRIPT]),
    "only a version": "v=1",
    "cut after the venue": "venue=binance",
    "an unknown venue": with_address(venue=["mtgox"]),
    "a venue of markup": with_address(venue=[f"{SCRIPT}{IMAGE}"]),
    "a venue of directives": with_address(venue=[":red[x] $x^2$ `y` **z**"]),
    "two venues": with_address(venue=["binance", "okx"]),
    "a wallet of markup": with_address(wallet_balance=[SCRIPT]),
    "a wallet that is not a number": with_address(wallet_balance=["NaN"]),
    "an endless wallet": with_address(wallet_balance=["1e999"]),
    "a wallet beyond all measure": with_address(wallet_balance=["1e16"]),
    "no marks": with_address(marks=None),
    "a mark below zero": with_address(marks=["RENDER_-1~FET_0.2231"]),
    "a mark twice": with_address(marks=["RENDER_1~RENDER_2~FET_1"]),
    "a position that was cut": with_address(p=["RENDER_long"]),
    "a position below zero": with_address(p=["RENDER_long_-5_1.75_10"]),
    "a position of a token that is no more": with_address(p=["AGIX_long_5_1.75_10"]),
    "one position twice": with_address(p=["RENDER_long_5_1.75_10"] * 2),
    "a position of markup": with_address(p=[f"{IMAGE}_long_1_1_1"]),
    "more positions than a scenario holds": with_address(
        p=[f"T{index}_long_1_1_1" for index in range(201)]
    ),
    "levels upside down": with_address(levels=["0.9_0.2"]),
    "a fee above one": with_address(taker_fee=["2"]),
    "a tier table that falls": with_address(tiers=["RENDER~0_0.5_0~100_0.1_0"]),
    "a title too long": with_address(title=["x" * 81]),
    "a title with a control character": with_address(title=["a\x00b"]),
    "a note that cannot be unpacked": with_address(note=["~~~~"]),
    "a note that was cut": with_address(note=["~bZ"]),
    "a date that is none": with_address(tiers_as_of=["yesterday"]),
    "collateral without an amount": with_address(collateral=["BTC"]),
    "far too long": with_address(note=["x" * 50_000]),
}


def markdown(visitor: Visitor) -> list[str]:
    """Everything that the browser reads as Markdown, as it is sent."""
    at = visitor.at
    kinds = [at.markdown, at.caption, at.error, at.warning, at.info, at.metric]
    labels = [
        each.label
        for kind in (at.button, at.number_input, at.selectbox, at.expander)
        for each in kind
    ]
    helps = [each.help for kind in (at.button, at.number_input, at.selectbox) for each in kind]
    cells = [
        cell
        for table in at.table
        for row in table.value.to_dict("records")
        for cell in row.values()
    ]
    return [*(each.value for kind in kinds for each in kind), *labels, *helps, *cells]


UNESCAPED = re.compile(r"(?<!\\)(?:<[\w/]|!\[|\]\(|:[\w-]+\[|\$|`|\*\*)")
"""Raw HTML, an image, a link, a directive, a formula, code, bold letters.

Where no backslash stands before it.
"""


def markup(visitor: Visitor) -> list[str]:
    """Where the browser reads markup, but for the badges and the main sentence."""
    own = re.compile(r"^:(?:gray|green|yellow|orange|red)-badge\[([^\[]*)\](?: \*\*(.*)\*\*)?$")
    return [each for each in markdown(visitor) if UNESCAPED.search(own.sub(r"\1\2", each))]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_link_is_one_readable_sentence_and_the_worked_example(
    broken: Address | str,
) -> None:
    visitor = Visitor(broken)
    [told] = visitor.errors
    assert re.fullmatch(
        r"This link cannot be read\. \S.+\. The worked example is shown instead\.", told
    )
    assert len(told) < 400
    assert (visitor.warnings, visitor.news) == ([], [])
    assert visitor.sentence == WORKED_EXAMPLE
    assert markup(visitor) == []
    assert len(visitor.at.error) == 1


def test_a_broken_link_opened_later_keeps_what_is_on_the_screen() -> None:
    visitor = Visitor().edit("positions", {0: {"Size": 20_000.0}})
    said = visitor.sentence
    [told] = visitor.go(BROKEN["a position that was cut"]).errors
    assert told.endswith("Your scenario is kept.")
    assert visitor.sentence == said
    assert visitor.rows("positions")[0]["Size"] == 20_000
    assert visitor.enter("wallet", 12_000.0).errors == []
    assert visitor.linked.positions[0].quantity == 20_000


def test_after_a_broken_link_the_first_edit_writes_a_good_one() -> None:
    visitor = Visitor(BROKEN["a newer version"]).slide(-0.05)
    assert visitor.errors == []
    assert visitor.linked.market.baseline_marks == {"RENDER": 1.75, "FET": 0.2231}


PIECES = st.sampled_from(
    ["_", "~", "RENDER", "long", "1", "-1", "1e999", "nan", "", "<b>", "%00", "\n", "é", "x" * 99]
)
VALUES = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    st.dictionaries(
        st.sampled_from(link.KEYS), st.lists(VALUES, min_size=1, max_size=2), min_size=1, max_size=4
    )
)
def test_whatever_an_address_contains_the_page_is_shown(changes: dict[str, list[str]]) -> None:
    visitor = Visitor({**address(), **changes})
    cannot = [told for told in visitor.errors if told.startswith("This link cannot be read. ")]
    try:
        readable = snapshot.attach(link.decode(visitor.query).scenario)
    except ValueError:
        assert len(visitor.errors) == 1
        assert cannot == visitor.errors
        assert visitor.sentence == WORKED_EXAMPLE
    else:
        assert cannot == []
        assert visitor.sentence == said_of(readable)


# Foreign parameters


def test_foreign_parameters_are_told_and_kept_after_an_edit() -> None:
    foreign = {"utm_source": ["a letter"], "tag": ["x", "y"]}
    visitor = Visitor({**address(), **foreign})
    assert visitor.news == [
        "The address also carries utm_source and tag, which Tandem does not read."
    ]
    visitor.slide(-0.05)
    assert {key: visitor.query[key] for key in foreign} == foreign
    assert visitor.linked.market.baseline_marks
    assert visitor.news == []


def test_foreign_parameters_alone_are_no_link() -> None:
    visitor = Visitor({"utm_source": ["a letter"]})
    assert visitor.errors == []
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.query == {"utm_source": ["a letter"]}
    assert visitor.enter("wallet", 12_000.0).query["utm_source"] == ["a letter"]


def test_many_long_foreign_parameters_are_told_in_short() -> None:
    visitor = Visitor(
        {**address(), **{f"{IMAGE}{index}" + "x" * 200: ["1"] for index in range(20)}}
    )
    [told] = visitor.news
    assert len(told) < 300
    assert markup(visitor) == []


# What the maker saw


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ({"equity": 12_000, "margin_ratio": 0.165}, "margin balance $12,000.00, now $10,000.00"),
        ({"equity": 10_000, "margin_ratio": 0.2}, "margin ratio 20.00%, now 16.50%"),
        (
            {"equity": 12_000, "margin_ratio": None},
            "margin balance $12,000.00, now $10,000.00; margin ratio –, now 16.50%",
        ),
        ({"equity": 10_102, "margin_ratio": 0.165}, "margin balance $10,102.00, now $10,000.00"),
    ],
)
def test_a_link_that_no_longer_reproduces_names_the_figures(
    seen: dict[str, float | None], named: str
) -> None:
    visitor = Visitor(address(seen=seen, tiers_as_of="2026-01-31"))
    now = snapshot.tables("binance").as_of
    assert visitor.warnings == [
        f"This scenario no longer reproduces what its maker saw: {named}. Tables then: 2026-01-31; "
        f"now: {now}."
    ]
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.run().warnings


@pytest.mark.parametrize(
    "seen", [{"equity": 10_099, "margin_ratio": 0.1666}, {"equity": 9_901, "margin_ratio": 0.1635}]
)
def test_a_link_that_reproduces_within_a_hundredth_is_not_doubted(seen: dict[str, float]) -> None:
    assert Visitor(address(seen=seen)).warnings == []


def test_tables_without_a_date_are_not_dated() -> None:
    [told] = Visitor(address(venue="textbook", seen={"equity": 1, "margin_ratio": 1})).warnings
    assert "None" not in told


def test_the_doubt_outlasts_everything_but_an_edit() -> None:
    visitor = Visitor(address(seen={"equity": 12_000, "margin_ratio": 0.165}, taker_fee=0.00011))
    assert visitor.warnings
    assert visitor.unfold(FIGURES, SHARE).enter("survive", 10.0).warnings
    assert visitor.edit("positions", {0: {"Size": 20_000.0}}).warnings == []


def test_tier_tables_that_were_left_out_are_told() -> None:
    visitor = Visitor({**address(), "tiers_left_out": ["RENDER~FET"]})
    assert visitor.warnings == [
        "Its maker's own tier tables of RENDER and FET did not fit the link; this venue's are used."
    ]


@pytest.mark.parametrize(
    ("changes", "left_out", "said"),
    [
        (
            {"venue": "textbook"},
            "RENDER~FET",
            "; nothing is lost by it, Textbook margin reads none.",
        ),
        ({"venue": "okx"}, "FET", "; OKX has none for FET here: ask for the file instead."),
        (
            {"venue": "okx"},
            "RENDER~FET",
            "; for the others this venue's are used, but OKX has none for FET here: ask for the "
            "file instead.",
        ),
    ],
)
def test_tables_that_the_venue_has_none_for_are_not_said_to_be_its_own(
    changes: dict[str, Any], left_out: str, said: str
) -> None:
    told = Visitor({**address(**changes), "tiers_left_out": [left_out]}).warnings[0]
    assert (
        told
        == f"Its maker's own tier tables of {' and '.join(left_out.split('~'))} did not fit the "
        f"link{said}"
    )


def test_the_maker_is_told_which_tier_tables_do_not_fit() -> None:
    rows = [
        {
            "floor": 1_000.125 * index,
            "maintenance_rate": 0.001 * (index + 1),
            "max_leverage": 50 - index,
        }
        for index in range(45)
    ]
    file = document(tiers={"RENDER": rows, "FET": rows})
    maker = Visitor().unfold(SHARE).upload(json.dumps(file).encode())
    told = [warning for warning in maker.warnings if "do not fit the link" in warning]
    assert len(told) == 1
    assert told[0].endswith("do not fit the link; send the file instead.")
    [receiver] = [
        warning for warning in Visitor(maker.at.code[0].value).warnings if "did not fit" in warning
    ]
    assert "FET" in receiver


# Words from outside

MARKED = [
    f"{IMAGE} {SCRIPT}",
    "**bold** _it_ `code` [a](http://example.invalid)",
    ":red[x] :material/home: $x^2$ \\( y \\)",
    "<style>*{display:none}</style>",
    "javascript:alert(1) &lt;b&gt; ~~s~~ | a | b |",
]


@pytest.mark.parametrize("words", MARKED)
def test_markup_in_title_and_note_arrives_as_text_and_nowhere_else(words: str) -> None:
    visitor = Visitor(address(title=words[:80], note=f"{words}\n\n- {words}")).unfold(
        SHARE, FIGURES
    )
    assert [each.value for each in visitor.at.text] == [words[:80], f"{words}\n\n- {words}"]
    assert visitor.field("title").value == words[:80]
    everything = " ".join(markdown(visitor))
    assert words[:20] not in everything
    assert markup(visitor) == []


LARGE = [leg(f"LONGSYMBOL{index}", "long", 1_000 + index / 7, 1.234567) for index in range(200)]
MARKS = {each["symbol"]: 1.2345678 for each in LARGE}


def test_an_address_that_cannot_hold_the_scenario_names_it_and_nothing_is_lost() -> None:
    whole = document(positions=LARGE, marks=MARKS, wallet_balance=500_000, venue="textbook")
    visitor = Visitor().unfold(SHARE).upload(json.dumps(whole).encode())
    large = visitor.query
    assert set(large) == {link.STAND_IN, "v"}
    assert any(
        said.startswith("This scenario is too large for a link") for said in visitor.warnings
    )
    assert visitor.at.code == []
    assert any(
        read(each.value).startswith("Too large for a link") for each in visitor.at.main.caption
    )
    visitor.enter("wallet", 400_000.0)
    edited = visitor.query
    assert set(edited) == {link.STAND_IN, "v"} != edited
    visitor.go(large)
    assert (visitor.field("wallet").value, len(visitor.rows("positions"))) == (500_000, 200)
    visitor.go("").go(edited)
    assert (visitor.field("wallet").value, len(visitor.rows("positions"))) == (400_000, 200)


def test_the_name_of_a_large_scenario_opens_nothing_elsewhere_and_says_why() -> None:
    visitor = Visitor({link.STAND_IN: "0123456789abcdef", "v": "1"})
    assert visitor.sentence == WORKED_EXAMPLE
    [told] = visitor.errors
    assert told.startswith(
        "This link cannot be read. The scenario is too large for a link and opens only in the "
        "session"
    )


def test_title_and_note_of_a_link_are_under_their_makers_name_and_ones_own_under_ones_own() -> None:
    visitor = Visitor(address(title="Cannot be liquidated", note="Buy more.")).unfold(SHARE)
    assert quoted(visitor) == {
        "Title by the maker of this link:": "Cannot be liquidated",
        "Note by the maker of this link:": "Buy more.",
    }
    visitor.enter("note", "I doubt it.")
    assert quoted(visitor) == {
        "Title by the maker of this link:": "Cannot be liquidated",
        "Your note:": "I doubt it.",
    }
    visitor.go(address(title="Another"))
    assert quoted(visitor) == {"Title by the maker of this link:": "Another"}
    visitor.unfold(SHARE).upload(json.dumps(document(note="From afar")).encode())
    assert quoted(visitor) == {"Note by the maker of this file:": "From afar"}


def quoted(visitor: Visitor) -> dict[str, str]:
    """The words on the page that are not Tandem's, by whose they are said to be."""
    labels = [
        read(each.value) for each in visitor.at.main.caption if read(each.value).endswith(":")
    ]
    whose = [label for label in labels if label.startswith(("Title", "Note", "Your"))]
    return dict(zip(whose, [each.value for each in visitor.at.text], strict=True))


def test_nothing_on_an_ordinary_page_is_markup_but_the_badges_and_the_sentence() -> None:
    visitor = Visitor().unfold(FIGURES, ARITHMETIC, SHARE)
    assert len(markdown(visitor)) > 100
    assert markup(visitor) == []
    assert len([each for each in markdown(visitor) if UNESCAPED.search(each)]) == 2
