"""What a position pays or earns a day: as its exchange said last, else as recorded."""

from margin.market.price_moves import DailyFunding, funding_a_day, median_funding
from pages.ui.session import live
from pages.ui.session.session import Session


def present_funding(session: Session) -> dict[str, DailyFunding]:
    """Return by token what its exchange said last, else the median of the snapshot's record."""
    paid = median_funding(session.working.positions)
    for position in session.working.positions:
        if said := said_by_venue(session, position.symbol):
            paid[position.symbol] = said
    return paid


def said_by_venue(session: Session, token: str) -> DailyFunding | None:
    """Return the rate that the exchange itself said, now or a while ago."""
    quote, origin = session.shown.quotes.get(token), session.shown.mark_origins.get(token)
    if quote is None or origin is None or origin.kind not in ("live", "cached"):
        return None
    if quote.funding_rate is None or not quote.interval_hours:
        return None
    where = f"{session.working.account.rules.name}, {origin.label(live.now())}"
    return funding_a_day(quote.funding_rate, quote.interval_hours, where)
