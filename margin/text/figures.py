"""The account's figures by name: how each is written and what it means in one line.

Nothing is computed here.
"""

from typing import NamedTuple

from margin import formatting as wording
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.studies.account.assess import Assessment, assess

NAMES = {
    "equity": "Margin balance",
    "unrealised_pnl": "Unrealised profit",
    "initial_margin": "Initial margin",
    "maintenance_margin": "Maintenance margin",
    "requirement": "Requirement",
    "headroom": "Headroom",
    "available_balance": "Available",
    "margin_ratio": "Margin ratio",
    "liquidation_price": "Liquidation price",
}
"""How an assessment's figures are called, by their keys."""


class Figure(NamedTuple):
    """One figure as it is shown. `value` is what `text` writes, None where there is none.

    `formula` is the venue's own for its ratio; empty where the name says enough.
    """

    name: str
    value: float | None
    text: str
    meaning: str
    formula: str = ""

    @property
    def label(self) -> str:
        """The name with its formula."""
        return f"{self.name} ({self.formula})" if self.formula else self.name


def figures(account: Preparable) -> list[Figure]:
    """Return every account figure, the same names in the same order each time.

    For every scenario of one venue and mode.
    """
    account = prepare(account)
    assessment = assess(account)
    return [*_money(account), *_ratios(account), *_moves(assessment)]


def _money(account: PreparedAccount) -> list[Figure]:
    scenario, assessment = account.scenario, assess(account)
    rules, isolated = scenario.account.rules, scenario.account.isolated
    carries = " and the fee to close" if rules.closing_fee_in_margins else ""
    fee = ", the liquidation fee included" if rules.liquidation_fee_required else ""
    free = (
        "wallet balance not tied up in isolated margins"
        if isolated
        else "margin balance less initial margin"
    )
    headroom = (
        "the smallest of the positions' own" if isolated else "what may be lost before liquidation"
    )
    rows = [
        ("equity", assessment.equity, "wallet balance with all open profit and loss: equity"),
        (
            "unrealised_pnl",
            assessment.unrealised_pnl,
            "what the open positions have won or lost since entry",
        ),
        (
            "initial_margin",
            assessment.initial_margin,
            f"what the positions tie up at the chosen leverage{carries}",
        ),
        (
            "maintenance_margin",
            assessment.maintenance_margin,
            f"what the venue's tiers ask to keep them open{carries}",
        ),
        ("requirement", assessment.requirement, f"what the margin balance must stay above{fee}"),
        ("headroom", assessment.headroom, f"margin balance less requirement: {headroom}"),
        ("available_balance", assessment.available_balance, f"free for new positions: {free}"),
    ]
    return [
        Figure(NAMES[key], value, wording.money(value), meaning) for key, value, meaning in rows
    ]


def _ratios(account: PreparedAccount) -> list[Figure]:
    scenario, assessment = account.scenario, assess(account)
    rule, ratio = scenario.account.rules.ratio, assessment.nearest_ratio
    at = wording.percent(ratio.liquidation_at)
    worst = " of the position worst off" if scenario.account.isolated else ""
    load, share = assessment.requirement_to_equity, assessment.equity_to_notional
    leverage = assessment.effective_leverage
    return [
        Figure(
            rule.name,
            ratio.value,
            wording.percent(ratio.value),
            f"the venue's own{worst}: {ratio.direction}, liquidation at {at}",
            rule.formula,
        ),
        Figure(
            "Margin used",
            load,
            wording.percent(load),
            f"the same scale on every venue{worst}: liquidation at 100%",
        ),
        Figure(
            "Equity ÷ notional",
            share,
            wording.percent(share),
            "1 ÷ effective leverage; no exchange shows it",
        ),
        Figure(
            "Effective leverage",
            leverage,
            wording.multiple(leverage),
            "total notional ÷ margin balance, whatever leverage was chosen",
        ),
    ]


def _moves(assessment: Assessment) -> list[Figure]:
    down, up = assessment.joint_move
    rows = [("Joint fall to liquidation", down), ("Joint rise to liquidation", up)]
    meaning = "all prices moving together, each by its beta; – where nothing liquidates"
    return [Figure(name, value, wording.percent(value, sign=True), meaning) for name, value in rows]
