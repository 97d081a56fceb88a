"""The front page's charts, each built elsewhere from a result."""

from margin.charts.joint_move import joint_move, joint_move_alt
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt
from margin.model.prepared import PreparedAccount
from margin.studies.distance.curve import common_move_curve
from margin.studies.distance.directions import Direction
from pages.ui.components import place


def along(account: PreparedAccount, direction: Direction) -> None:
    """Draw margin used against the move; the account's joint moves go along the direction."""
    curve = common_move_curve(account)
    spec = joint_move(curve, account, direction)
    place.chart(spec, "joint-move", joint_move_alt(curve, account, direction))


def liquidation(account: PreparedAccount) -> None:
    """Draw liquidation prices per token as distances from the mark."""
    alt = liquidation_distances_alt(account)
    place.chart(liquidation_distances(account), "liquidation", alt)


def use(account: PreparedAccount) -> None:
    """Draw how the margin balance is used, per position."""
    place.chart(margin_use(account), "margin-use", margin_use_alt(account))
