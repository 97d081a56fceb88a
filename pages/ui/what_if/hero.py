"""The answer first: what liquidates the account and how far off it is, and the margin used."""

from html import escape

import streamlit as st

from margin import formatting as wording
from margin.charts.layout import style
from margin.model.prepared import PreparedAccount
from margin.studies.account.assess import assess
from margin.studies.distance.directions import DirectionResult
from margin.text.danger import headline
from margin.text.verdict import Status, status
from pages.ui.components.text import plain

_STATUS: dict[Status, tuple[str, str]] = {
    "no positions": ("gray", "No positions"),
    "unknown": ("gray", "Unknown"),
    "safe": ("green", "Safe"),
    "warning": ("yellow", "Warning"),
    "danger": ("orange", "Danger"),
    "at the liquidation point": ("red", "At the liquidation point"),
    "liquidated": ("red", "Liquidated"),
}
_FULL = 1.2
"""Margin used at the gauge's right end."""
_STYLE = """
.tandem-hero {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.75rem; line-height: 1.25;
}
.tandem-hero b {font-size: 2.5rem; font-variant-numeric: tabular-nums}
.tandem-hero span {font-size: 1.15rem}
.tandem-gauge {
  position: relative; height: 0.9rem; border-radius: 0.45rem; margin: 0.5rem 0 1.4rem;
}
.tandem-gauge i {
  position: absolute; top: -0.25rem; bottom: -0.25rem; width: 0.3rem; margin-left: -0.15rem;
  border-radius: 0.15rem; background: currentColor; outline: 2px solid Canvas;
}
.tandem-gauge span {
  position: absolute; top: 1.05rem; transform: translateX(-50%); font-size: 0.75rem;
  white-space: nowrap;
}
"""


def answer(account: PreparedAccount, danger: DirectionResult, *, complete: bool) -> None:
    """Draw the account's state, and the watched danger as one large figure.

    No state is called safe while positions are left out of the figures.
    """
    color, label = _STATUS[status(account)]
    if not complete:
        color, label = "orange", f"Incomplete · {label.lower()} without what is left out"
    shown = headline(danger, account)
    st.markdown(f":{color}-badge[{plain(label)}]")
    st.html(
        f'<style>{_STYLE}</style><div class="tandem-hero" role="status">'
        f"<b>{escape(shown.figure)}</b> <span>{escape(shown.label)}</span></div>"
    )


def gauge(account: PreparedAccount) -> None:
    """Draw margin used on a scale with the person's levels; nothing where it is not known."""
    load = assess(account).requirement_to_equity
    if load is None:
        return
    levels = account.scenario.levels
    ends = [
        (0.0, style.SAFE),
        (levels.warning, style.WARNING),
        (levels.danger, style.DANGER),
        (1.0, style.LIQUIDATION),
    ]
    stops = []
    for (start, color), (end, _) in zip(ends, [*ends[1:], (_FULL, "")], strict=True):
        stops.append(f"{color} {start / _FULL:.2%} {end / _FULL:.2%}")
    at = min(load, _FULL) / _FULL
    words = [(levels.warning, "warning"), (1.0, "liquidation 100%")]
    marks = [f'<span style="left:{value / _FULL:.2%}">{text}</span>' for value, text in words]
    st.html(
        f'<div class="tandem-gauge" role="meter" aria-label="Margin used" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{min(load, 1.0) * 100:.2f}" '
        f'aria-valuetext="{wording.percent(load)}" '
        f'style="background:linear-gradient(90deg,{",".join(stops)})">'
        f'<i style="left:{at:.2%}"></i>{"".join(marks)}</div>'
    )
