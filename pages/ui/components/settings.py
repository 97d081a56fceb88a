"""The account's settings, a strip at the head of every page.

An example to start from, exchange, margin mode, wallet balance, and what goes with them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.examples import presets
from margin.model.scenario import MARGIN_MODES, Collateral, Levels, Scenario
from margin.studies.comparison.venues import at_venue
from margin.text.venues import venue_change
from margin.venues import VENUES
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session import live
from pages.ui.session.address import open_preset
from pages.ui.session.marks import first_marks
from pages.ui.session.session import Session
from pages.ui.session.start import Start


@dataclass
class Settings:
    """What the inputs started from."""

    collateral: Start[pd.DataFrame] = field(default_factory=Start)
    inputs: defaultdict[str, Start[Any]] = field(default_factory=lambda: defaultdict(Start))
    """By the name of a number's input."""


def strip(session: Session) -> None:
    """Draw the account's settings and take them into the scenario."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="account_settings"
    ):
        _venue(session)
        _margin_mode(session)
        _wallet(session)
        with st.popover("Levels, fee, collateral", key="show_levels", on_change="rerun") as box:
            if box.open:
                _further(session)
            else:
                _close(session)
        _examples(session)


def _further(session: Session) -> None:
    """Draw what few accounts change: levels, fee, collateral."""
    rules = session.working.account.rules
    _levels(session)
    _fee(session)
    if rules.own_fraction:
        _fraction(session)
    st.caption("Other coins as collateral")
    _collateral_table(session)
    if rules.counts_collateral or session.working.account.settlement_rate != 1:
        _settlement_rate(session)


def _close(session: Session) -> None:
    """Forget what those inputs started from.

    Opened again they start from the figures then in force.
    """
    started = session.of(Settings)
    started.collateral.forget()
    for name in ("warning", "danger", "fee", "fraction", "settlement_rate"):
        started.inputs[name].forget()


def _examples(session: Session) -> None:
    with st.popover("Examples", key=f"examples_{session.revision}"):
        for preset in presets().values():
            if st.button(
                preset.name,
                key=f"do_preset_{preset.key}",
                type="tertiary",
                help=plain(preset.lesson),
            ):
                open_preset(session, preset)


def _apply(session: Session, change: Callable[[Scenario], Scenario]) -> bool:
    """Take a change over, or says why not and leaves the scenario as it was."""
    try:
        changed = change(session.working)
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were."))
        return False
    session.edit(changed)
    return True


def _venue(session: Session) -> None:
    account = session.working.account
    keys = list(VENUES)
    chosen = st.selectbox(
        "Exchange",
        keys,
        index=keys.index(account.venue),
        format_func=lambda key: VENUES[key].name,
        key=f"venue_{session.revision}",
        width=170,
    )
    if chosen == account.venue:
        return
    before = session.working
    if _apply(session, lambda scenario: session.attach(at_venue(scenario, chosen))):
        session.tell("info", venue_change(before, session.working))
        session.live_data.as_received = False
        session.live_data.asked = {"tables"} if session.live_data.on else set()


def _margin_mode(session: Session) -> None:
    account = session.working.account
    chosen = st.segmented_control(
        "Margin mode",
        MARGIN_MODES,
        default=account.margin_mode,
        required=True,
        format_func=str.capitalize,
        key=f"mode_{session.revision}",
    )
    if chosen and chosen != account.margin_mode:
        _apply(
            session,
            lambda scenario: replace(
                scenario, account=replace(scenario.account, margin_mode=chosen)
            ),
        )


def _wallet(session: Session) -> None:
    account = session.working.account
    balance = st.number_input(
        f"Wallet balance ({account.rules.settlement})",
        value=session.of(Settings).inputs["wallet"].get(session, lambda: account.wallet_balance),
        step=100.0,
        format="%.10g",
        key=f"wallet_{session.revision}",
        width=210,
        help="Cash in the futures wallet, without open profit or loss. Isolated: with the "
        "positions' margins.",
    )
    if balance != account.wallet_balance:
        _apply(
            session,
            lambda scenario: replace(
                scenario, account=replace(scenario.account, wallet_balance=balance)
            ),
        )


def _percentage(
    session: Session, label: str, name: str, fraction: float | None, **more: Any
) -> tuple[bool, Any]:
    """Return a fraction typed as a percentage: whether it was changed, and what it is now (None.

    Emptied).
    """
    shown = None if fraction is None else fraction * 100
    typed = st.number_input(
        label,
        value=session.of(Settings).inputs[name].get(session, lambda: shown),
        key=f"{name}_{session.revision}",
        **{"format": "%.6g", **more},
    )
    return typed != shown, None if typed is None else typed / 100


def _levels(session: Session) -> None:
    levels = session.working.levels
    left, right = st.columns(2)
    with left:
        about = "Warn at this much margin used; 30 to 50% is usual."
        first, warning = _percentage(
            session, "Warning at %", "warning", levels.warning, step=5.0, help=about
        )
    with right:
        about = "Danger at this much margin used; liquidation is at 100%."
        second, danger = _percentage(
            session, "Danger at %", "danger", levels.danger, step=5.0, help=about
        )
    rule, fraction = session.working.account.rules.ratio, session.working.account.margin_fraction
    if rule.direction == "falls":
        at = [
            wording.percent(rule.at_level(level, fraction))
            for level in (levels.warning, levels.danger)
        ]
        st.caption(plain(f"On the venue's own ratio, which falls: {at[0]} and {at[1]}."))
    if first or second:
        _apply(
            session,
            lambda scenario: replace(
                scenario,
                levels=Levels(
                    warning if first else levels.warning, danger if second else levels.danger
                ),
            ),
        )


def _fee(session: Session) -> None:
    account = session.working.account
    venue = f"{wording.rate(account.rules.taker_fee)}, the venue's"
    changed, fee = _percentage(
        session, "Taker fee %", "fee", account.taker_fee, step=0.005, placeholder=venue
    )
    if changed:
        _apply(
            session,
            lambda scenario: replace(scenario, account=replace(scenario.account, taker_fee=fee)),
        )


def _settlement_rate(session: Session) -> None:
    account = session.working.account
    coin = account.rules.settlement
    about = (
        f"What {coin} itself counts beside other coins: its index less the exchange's haircut. "
        f"Wallet and open profit "
        "and loss count at it, requirements in full. Cross margin only."
    )
    changed, rate = _percentage(
        session, f"{coin} counts at %", "settlement_rate", account.settlement_rate, help=about
    )
    if changed:
        new = 1.0 if rate is None else rate
        _apply(
            session, lambda each: replace(each, account=replace(each.account, settlement_rate=new))
        )


def _fraction(session: Session) -> None:
    account = session.working.account
    changed, fraction = _percentage(
        session, "Maintenance fraction %", "fraction", account.margin_fraction, step=0.1
    )
    if changed:
        _apply(
            session,
            lambda each: replace(each, account=replace(each.account, margin_fraction=fraction)),
        )


def _collateral_table(session: Session) -> None:
    """Draw the pledged assets and takes them into the scenario."""
    edited = st.data_editor(
        session.of(Settings).collateral.get(
            session, lambda: _collateral_frame(session.working.account.collateral)
        ),
        key=f"collateral_{session.revision}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            "Asset": st.column_config.TextColumn(max_chars=40),
            "Amount": st.column_config.NumberColumn(format="%.8g"),
            "Ratio": st.column_config.NumberColumn(
                format="%.4g", default=0.95, help="counted part of the value, 0 to 1"
            ),
        },
        alt="Collateral other than the settlement coin, edited in place",
    )
    items: list[Collateral] = []
    for index, row in enumerate(rows_of(edited), start=1):
        asset, amount, ratio = (clean(row[column]) for column in ("Asset", "Amount", "Ratio"))
        try:
            for name, value in (("asset", asset), ("amount", amount), ("ratio", ratio)):
                if value is None:
                    raise FieldError(name, "is missing")
            item = Collateral(asset, amount, ratio)
            if (
                live.known_mark(session, item.asset) is None
                and item.asset not in session.working.market.marks
            ):
                raise FieldError(
                    "asset",
                    f"{item.asset} has no known mark: give it a position or import a scenario",
                )
            items.append(item)
        except FieldError as error:
            st.error(plain(f"Collateral row {index} is left out: {error.path} {error.message}."))
    _take_collateral(session, tuple(items))


def _collateral_frame(items: Sequence[Collateral]) -> pd.DataFrame:
    rows = [{"Asset": item.asset, "Amount": item.amount, "Ratio": item.ratio} for item in items]
    kinds = {"Asset": "object", "Amount": "float64", "Ratio": "float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _take_collateral(session: Session, items: tuple[Collateral, ...]) -> None:
    if items == session.working.account.collateral:
        return
    scenario = first_marks(session, {item.asset for item in items})
    try:
        session.edit(replace(scenario, account=replace(scenario.account, collateral=items)))
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were before this edit."))
