"""The figures on the page: headline metrics, the full table before → after, the arithmetic.

All text comes ready.
"""

from collections.abc import Callable
from math import inf
from typing import Literal, NamedTuple

import streamlit as st

from margin import formatting as wording
from margin.model.prepared import PreparedAccount
from margin.studies.account.assess import assess
from margin.studies.stress.outcome import worth
from margin.text.arithmetic import SYMBOLS, arithmetic
from margin.text.danger import margin_used
from margin.text.figures import figures
from pages.ui.components.account import escaped
from pages.ui.components.text import plain

Better = Literal["more", "less"]
"""Which way a figure improves."""


class Shown(NamedTuple):
    """A figure as it is written; `value` says which of two is more, None where it is not known."""

    value: float | None
    text: str


def headline(account: PreparedAccount, baseline: PreparedAccount) -> None:
    """Draw the figures to watch, each with what it was in the baseline."""
    figures: list[tuple[str, Callable[[PreparedAccount], Shown], str, Better]] = [
        ("Margin used", _margin_used, margin_used(account), "less"),
        ("Margin balance", _margin_balance, "Wallet plus open profit or loss (equity).", "more"),
        ("Available", _available, "Free margin: margin balance minus initial margin.", "more"),
    ]
    with st.container(horizontal=True, gap="small", key="headline"):
        for label, read, meaning, better in figures:
            _metric(label, read(account), read(baseline), meaning, better)


def _margin_used(account: PreparedAccount) -> Shown:
    """Return margin used; without equity there is nothing it could be a part of."""
    assessment = assess(account)
    load = assessment.requirement_to_equity
    if load is None and assessment.liquidated:
        return Shown(inf, "no equity left")
    return Shown(load, wording.percent(load))


def _margin_balance(account: PreparedAccount) -> Shown:
    value = worth(account)
    return Shown(value, wording.money(value))


def _available(account: PreparedAccount) -> Shown:
    available = assess(account).available_balance
    return Shown(available, wording.money(available))


def _metric(label: str, now: Shown, before: Shown, meaning: str, better: Better) -> None:
    """Draw one headline figure, with what it was in the baseline and whether that was better."""
    changed = now.text != before.text
    compared = changed and None not in (now.value, before.value)
    rises = compared and (now.value or 0.0) > (before.value or 0.0)
    improves = rises == (better == "more")
    st.metric(
        label,
        plain(now.text),
        delta=plain(f"was {before.text}") if changed else "unchanged",
        delta_color=("normal" if improves else "inverse") if compared else "off",
        delta_arrow=("up" if rises else "down") if compared else "off",
        help=plain(meaning),
        border=True,
        width="stretch",
    )


def full_table(account: PreparedAccount, baseline: PreparedAccount) -> None:
    """Draw every figure, before → after, with its meaning."""
    was = {figure.label: figure.text for figure in figures(baseline)}
    rows = [
        {
            "Figure": figure.label,
            "Baseline": was.get(figure.label, wording.MISSING),
            "Now": figure.text,
            "Meaning": figure.meaning,
        }
        for figure in figures(account)
    ]
    st.table(
        escaped(rows),
        hide_index=True,
        border="horizontal",
        alt="All figures of the account, baseline and now",
    )


def arithmetic_lines(account: PreparedAccount) -> None:
    """Draw the venue's formulas, and the same lines in this account's numbers."""
    rows = [
        {
            "Figure": line.figure,
            "Formula": line.formula,
            "In numbers": line.numbers,
            "Result": line.result,
        }
        for line in arithmetic(account)
    ]
    st.table(
        escaped(rows),
        hide_index=True,
        border="horizontal",
        alt="Every figure's formula in symbols and numbers",
    )
    st.caption(plain("; ".join(f"{symbol} {meaning}" for symbol, meaning in SYMBOLS.items())))
