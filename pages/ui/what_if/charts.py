"""The front page's charts, each built elsewhere from a result."""

from margin.charts.joint_move import joint_move as joint_move_figure
from margin.charts.joint_move import joint_move_alt
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt
from margin.model.prepared import PreparedAccount
from margin.studies.distance.curve import Curve
from pages.ui.components import place


def joint_move(curve: Curve | None, account: PreparedAccount) -> None:
    """Draw margin used against the joint move."""
    place.chart(joint_move_figure(curve, account), "joint-move", joint_move_alt(curve, account))


def liquidation(account: PreparedAccount) -> None:
    """Draw liquidation prices per token as distances from the mark."""
    alt = liquidation_distances_alt(account)
    place.chart(liquidation_distances(account), "liquidation", alt)


def use(account: PreparedAccount) -> None:
    """Draw how the margin balance is used, per position."""
    place.chart(margin_use(account), "margin-use", margin_use_alt(account))
