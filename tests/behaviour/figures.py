"""Every figure of the worked examples on every venue, in both modes, as numbers.

`python -m tests.behaviour.figures` writes them anew: only where a figure was wrong, and the commit
says which. Of a study's many numbers four sums are kept, which tell one changed or misplaced number
as well as the numbers would.
"""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from math import fsum, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from margin.examples import presets
from margin.market import price_moves as moves
from margin.market.snapshot import embedded as snapshot
from margin.model import link
from margin.model.scenario import MARGIN_MODES, Scenario
from margin.studies.account import advice
from margin.studies.account.assess import assess
from margin.studies.account.seen import with_seen
from margin.studies.comparison import modes
from margin.studies.comparison import venues as venues_compared
from margin.studies.distance import curve, directions, frontier
from margin.studies.liquidation import waterfall
from margin.studies.liquidation.path import Path as PricePath
from margin.studies.stress import crash_table
from margin.tables.assessment_json import assessment_json
from margin.venues import VENUES

STORED = Path(__file__).with_name("figures.jsonl")


def scenarios() -> Iterator[tuple[str, Scenario]]:
    """Yield every worked example on every venue in both modes, by name."""
    for name, preset in presets().items():
        for venue in VENUES:
            for mode in MARGIN_MODES:
                account = replace(
                    preset.scenario.account, venue=venue, margin_mode=mode, wallet_balance=30_000
                )
                yield (
                    f"{name} {venue} {mode}",
                    snapshot.attach(replace(preset.scenario, account=account)),
                )


def numbers(value: object) -> Iterator[float]:
    """Yield the numbers in a result, in their order; what does not exist counts as −1."""
    if value is None:
        yield -1.0
    elif isinstance(value, (bool, int, float, np.number)):
        yield float(value)
    elif isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    elif isinstance(value, dict):
        for entry in value.values():
            yield from numbers(entry)
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from numbers(entry)
    elif is_dataclass(value) and not isinstance(value, (Scenario, type)):
        for entry in fields(value):
            yield from numbers(getattr(value, entry.name))


def sums(value: object) -> list[float]:
    """Return a result's count of numbers and three sums that tell it from others."""
    finite = [number for number in numbers(value) if isfinite(number)]
    weighted = fsum(place * number for place, number in enumerate(finite))
    return [len(finite), fsum(finite), fsum(map(abs, finite)), weighted]


def figures(scenario: Scenario) -> dict[str, Any]:
    """Return the assessment's numbers, the link, and the sums of what each study answers."""
    assessment = assessment_json(assess(scenario))
    tokens, betas = tuple(snapshot.marks()), moves.betas_to_btc()
    asked = directions.every(scenario, tokens, betas)
    days = moves.crash_days()
    fall = {token: price * 0.7 for token, price in scenario.market.marks.items()}
    path = PricePath(dict(scenario.market.marks), fall)
    compared = modes.modes(scenario)
    tables = {venue: snapshot.tables(venue) for venue in VENUES}
    return {
        "assessment": list(numbers({key: assessment[key] for key in sorted(assessment)})),
        "link": link.encode(with_seen(scenario)).query,
        "curve": sums(curve.common_move_curve(scenario)),
        "directions": sums(directions.study(scenario, asked)),
        "crash days": sums(crash_table.crash_rows(scenario, days, betas)),
        "waterfall": sums(waterfall.waterfall(scenario, path)),
        "modes": sums([modes.along(compared, asked, -0.1), modes.switch(compared)]),
        "venues": sums(venues_compared.venues_compared(scenario, tables)),
        "advice": sums(advice.survive(scenario, -0.2)),
        "map": sums(_map(scenario)),
    }


def _map(scenario: Scenario) -> object:
    """Return the map of the first token against the others."""
    first, *others = [directions.custom({token: 1.0}) for token in scenario.tokens]
    moves_of_both = np.linspace(-0.5, 0.5, 11)
    return [
        frontier.risk_map(scenario, first, other, moves_of_both, moves_of_both) for other in others
    ]


def main() -> None:
    """Write the figures of all scenarios, one a line."""
    lines = [json.dumps({"name": name, **figures(scenario)}) for name, scenario in scenarios()]
    STORED.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
