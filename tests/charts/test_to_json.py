"""What the browser gets of a chart: every number as it was, and nothing that it could not read."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from margin.charts.layout import style
from margin.charts.layout.to_json import to_json


def sent(**trace: Any) -> dict[str, Any]:
    """A trace as it arrives."""
    arrived: dict[str, Any] = json.loads(to_json({"data": [trace], "layout": {}}))["data"][0]
    return arrived


def read(array: dict[str, str]) -> np.ndarray:
    """An array as plotly.js reads it: little-endian, in rows where it has a shape."""
    values = np.frombuffer(
        base64.b64decode(array["bdata"]), np.dtype(array["dtype"]).newbyteorder("<")
    )
    return values.reshape([int(size) for size in array.get("shape", str(len(values))).split(",")])


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.uint8, ">f8"])
def test_numbers_arrive_as_they_were(kind: Any) -> None:
    given = np.arange(12, dtype=kind) * 3
    np.testing.assert_array_equal(read(sent(x=given)["x"]), given)
    np.testing.assert_array_equal(read(sent(z=given.reshape(3, 4))["z"]), given.reshape(3, 4))
    np.testing.assert_array_equal(read(sent(x=given[::2])["x"]), given[::2])
    np.testing.assert_array_equal(read(sent(z=given.reshape(3, 4).T)["z"]), given.reshape(3, 4).T)


def test_a_gap_in_a_line_stays_one() -> None:
    np.testing.assert_array_equal(
        read(sent(x=np.array([1.0, np.nan, -0.0, np.inf]))["x"]), [1.0, np.nan, -0.0, np.inf]
    )


def test_texts_wide_integers_and_single_numbers_are_plain() -> None:
    given = sent(
        text=style.texts(["−9.47\u00a0%", "<b>÷</b>"]),
        x=np.array([2**40]),
        width=np.int64(3),
        y=np.float32(0.5),
    )
    assert given == {"text": ["−9.47\u00a0%", "<b>÷</b>"], "x": [2**40], "width": 3, "y": 0.5}


def test_what_no_browser_could_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON"):
        sent(width=float("nan"))
    with pytest.raises(TypeError, match="a chart cannot hold set"):
        sent(x={1, 2})
