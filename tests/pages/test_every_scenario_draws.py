"""Random accounts through a link.

The page shows them as they are, with every part of it unfolded.
"""

from hypothesis import HealthCheck, Phase, given, settings

from margin.market.snapshot import embedded as snapshot
from margin.model import link
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.text.verdict import verdict
from tests.engine.strategies import Document, documents
from tests.model.any_scenario import SCENARIOS
from tests.pages.visitor import ARITHMETIC, FIGURES, SHARE, TIERS, Visitor

PATIENT = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # Each example is a whole page: too slow to be shrunk.
)


def received(made: Scenario) -> tuple[Visitor, Scenario]:
    """The page that a scenario's link opens, and the scenario that the link holds."""
    parameters = {key: values for key, values in link.encode(made).parameters.items() if values}
    return Visitor(parameters), snapshot.attach(link.decode(parameters).scenario)


def drawn(visitor: Visitor) -> None:
    """Every part of the page stands, and no figure is written as no number."""
    visitor.unfold(TIERS, FIGURES, ARITHMETIC, SHARE)
    for index in range(3):
        assert visitor.chart_title(index)
        assert visitor.chart_alt(index).endswith(".")
    assert visitor.static_table("Baseline")
    assert visitor.static_table("Formula")
    assert visitor.at.code
    cells = [
        cell
        for table in visitor.at.table
        for row in table.value.to_dict("records")
        for cell in row.values()
    ]
    assert not [cell for cell in cells if cell in {"nan", "inf", "None", ""}]


@settings(PATIENT, max_examples=13)
@given(documents())
def test_any_account_is_drawn_with_everything_unfolded(document: Document) -> None:
    visitor, expected = received(Scenario.from_json(document))
    assert visitor.sentence == verdict(expected)
    assert visitor.linked == expected
    drawn(visitor)
    brink = next(each for each in visitor.at.button if each.label == "Move to liquidation")
    if not brink.disabled and not assess(expected).liquidated:
        assert visitor.press("Move to liquidation").status == "At the liquidation point"


@settings(PATIENT, max_examples=8)
@given(SCENARIOS)
def test_any_scenario_that_a_link_can_hold_is_drawn_and_not_changed(made: Scenario) -> None:
    visitor, expected = received(made)
    assert visitor.linked == expected
    drawn(visitor)
