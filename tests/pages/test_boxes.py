"""The boxes of the What-if page.

Closed they cost nothing and change nothing, opened they show what is in force.
"""

import pytest

from tests.pages.visitor import LEVELS, MARKS, Visitor, address


def test_a_closed_box_holds_no_inputs() -> None:
    page = Visitor()
    keys = [each.key or "" for each in [*page.at.number_input, *page.at.data_editor]]
    assert not [
        key
        for key in keys
        if key.startswith(("marks_", "collateral_", "warning_", "danger_", "fee_"))
    ]


def test_marks_that_were_typed_outlast_their_box_and_stand_in_it_again() -> None:
    page = Visitor().edit("marks", {0: {"Mark": 1.6}, 1: {"Beta": 0.5}})
    typed = page.linked
    assert (typed.market.marks["RENDER"], typed.market.beta("FET")) == (1.6, 0.5)
    assert page.fold(MARKS).linked == typed
    assert page.enter("wallet", 9_000.0).linked.market == typed.market
    assert [(row["Mark"], row["Beta"]) for row in page.rows("marks")] == [(1.6, 1.0), (0.2231, 0.5)]
    assert page.run().linked.market == typed.market


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("warning", 40.0, lambda scenario: 100 * scenario.levels.warning),
        ("danger", 90.0, lambda scenario: 100 * scenario.levels.danger),
        ("fee", 0.07, lambda scenario: 100 * scenario.account.taker_fee),
    ],
)
def test_a_level_or_fee_outlasts_its_box_and_stands_in_it_again(
    name: str, value: float, read: object
) -> None:
    assert callable(read)
    page = Visitor().enter(name, value)
    assert read(page.linked) == pytest.approx(value)
    page.fold(LEVELS).enter("wallet", 9_000.0)
    assert read(page.linked) == pytest.approx(value)
    assert page.field(name).value == pytest.approx(value)
    assert read(page.run().linked) == pytest.approx(value)


def test_collateral_outlasts_its_box_and_stands_in_it_again() -> None:
    page = Visitor().edit("collateral", add=[{"Asset": "BTC", "Amount": 0.1, "Ratio": 0.95}])
    pledged = page.linked.account.collateral
    assert len(pledged) == 1
    assert page.fold(LEVELS).enter("wallet", 9_000.0).linked.account.collateral == pledged
    assert [row["Asset"] for row in page.rows("collateral")] == ["BTC"]
    assert page.run().linked.account.collateral == pledged


def test_a_box_that_was_closed_shows_what_another_example_brought() -> None:
    page = Visitor().edit("marks", {0: {"Mark": 1.6}}).fold(MARKS)
    page.go(address(marks={"RENDER": 2.0, "FET": 0.25}))
    assert [row["Mark"] for row in page.rows("marks")] == [2.0, 0.25]
    assert page.linked.market.marks["RENDER"] == 2.0
