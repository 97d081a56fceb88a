"""The kinds of numbers that the engine takes and gives, and what counts as none."""

from math import inf, isfinite
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Number = TypeVar("Number", float, Array)
ZERO = 1e-12
"""Headroom counts as zero up to this part of |wallet| + Σ notional.

Rounding must not keep an account alive.
"""


def quotient(numerator: float, denominator: float) -> float | None:
    """Return the quotient, None where the denominator is not positive or far too small."""
    result = numerator / denominator if denominator > 0 else inf
    return result if isfinite(result) else None


def beyond_rounding(amount: Number, size: float | Array) -> Number:
    """Return an amount, 0 where it is no more than rounding of sums of this size.

    Numbers, or arrays of one shape.

    The one place that decides when equity is nothing: a ratio to what rounding leaves is no figure.
    """
    if isinstance(amount, np.ndarray):
        return np.where(np.abs(amount) <= ZERO * size, 0.0, amount)
    return 0.0 if abs(amount) <= ZERO * size else amount
