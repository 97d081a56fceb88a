"""What stands in the cells of a table that is typed into."""

import math
from typing import Any, cast

import pandas as pd


def rows_of(edited: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the table's rows by the names of their columns."""
    return cast(list[dict[str, Any]], edited.to_dict("records"))


def clean(value: object) -> Any:
    """Return a cell's value, None for an empty one, however the table says it."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return None if value is None or is_nan or value == "" else value
