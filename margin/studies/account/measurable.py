"""The part of an account that its venue's tables can measure, where they know some tokens only."""

from dataclasses import replace

from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.studies.account.assess import assess


def unknown_tokens(account: Preparable) -> tuple[str, ...]:
    """Return the tokens of positions whose tiers are not known, in the order of the positions."""
    positions = assess(account).positions
    unknown = [figures.symbol for figures in positions if figures.maintenance_margin is None]
    return tuple(dict.fromkeys(unknown))


def measurable_part(account: Preparable) -> PreparedAccount:
    """Return the account without the positions whose tiers are not known.

    The same account where all are known, or none is: then nothing else could be said.
    """
    account = prepare(account)
    unknown = unknown_tokens(account)
    positions = account.scenario.positions
    known = tuple(position for position in positions if position.symbol not in unknown)
    if not unknown or not known:
        return account
    return PreparedAccount(replace(account.scenario, positions=known))
