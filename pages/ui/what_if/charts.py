"""The front page's charts, each built elsewhere from a result."""

from margin.charts.joint_move import joint_move as joint_move_figure
from margin.charts.joint_move import joint_move_alt
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment
from margin.studies.distance.curve import Curve
from pages.ui.components import place


def joint_move(curve: Curve | None, scenario: Scenario, assessment: Assessment) -> None:
    """Draw requirement ÷ equity against the common move."""
    place.chart(
        joint_move_figure(curve, scenario, assessment),
        "joint-move",
        joint_move_alt(curve, scenario, assessment),
    )


def liquidation(scenario: Scenario, assessment: Assessment) -> None:
    """Draw liquidation prices per token as distances from the mark."""
    alt = liquidation_distances_alt(assessment, scenario)
    place.chart(liquidation_distances(assessment, scenario), "liquidation", alt)


def use(scenario: Scenario, assessment: Assessment) -> None:
    """Draw how the margin balance is used, per position."""
    place.chart(
        margin_use(assessment, scenario), "margin-use", margin_use_alt(assessment, scenario)
    )
