"""How a chart's specification is written for plotly.js: as JSON, arrays of numbers in binary."""

import json
from base64 import b64encode
from typing import Any

import numpy as np

from margin.charts.layout import style

_TYPES = {"float64": "f8", "float32": "f4", "int32": "i4", "int16": "i2", "uint8": "u1"}
"""The arrays of numbers that plotly.js reads in binary, by their numpy names."""


def to_json(spec: style.Spec) -> bytes:
    """Return the specification as JSON in UTF-8.

    An array of numbers becomes `{"dtype", "bdata"}`, its values little-endian in base64, with a
    `shape` where it has two dimensions: plotly.js reads it many times faster than a list, and NaN,
    which JSON lacks, passes through. A NaN outside an array is an error (ValueError): a browser
    could not read what stands around it.
    """
    return json.dumps(
        spec, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def _plain(value: Any) -> Any:
    """Return a numpy array or number as what JSON has."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a chart cannot hold {type(value).__name__}")
    kind = _TYPES.get(value.dtype.name)
    if kind is None:  # Texts, and integers too wide for JavaScript.
        return value.tolist()
    ordered = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    written: dict[str, Any] = {"dtype": kind, "bdata": b64encode(ordered.data).decode()}
    if value.ndim > 1:
        written["shape"] = ",".join(str(size) for size in value.shape)
    return written
