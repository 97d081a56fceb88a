"""Tandem's margin engine: exact cross-margin figures for perpetual futures accounts.

What a program needs of it: `Scenario.from_json(document)`, `assess(scenario)`, `encode(scenario)`
and `decode(parameters)`. `assessment_json(assessment)` writes an answer as the README has it, and
`message` words one of its problems or assumptions. A scenario without tier tables of its own is
assessed beside the embedded snapshot's: `attach(scenario)`.
"""

__version__ = "0.7.0"

from margin.errors import FieldError
from margin.market.snapshot.embedded import attach
from margin.messages import message
from margin.model.link import decode, encode
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.tables.assessment_json import assessment_json

__all__ = [
    "Assessment",
    "FieldError",
    "Scenario",
    "__version__",
    "assess",
    "assessment_json",
    "attach",
    "decode",
    "encode",
    "message",
]
