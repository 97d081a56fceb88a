"""A visitor of the What-if page.

Acts on it through AppTest and reads what it says, without the Markdown escapes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from margin.market.snapshot import embedded as snapshot
from margin.model import link
from margin.model.scenario import Scenario
from pages.ui.components.positions_table import COMPONENT
from pages.ui.what_if.positions import repair, take
from pages.ui.what_if.typed_rows import TypedRow, plain_number
from tests.pages.charts import charts

APP = Path(__file__).parents[2] / "app.py"
PATIENCE = 120
"""Seconds that one run of the page may take, on a machine that is busy with other things too."""
WORKED_EXAMPLE = (
    "If RENDER and FET fall 9.47% together, the whole account is liquidated. "
    "Alone, RENDER would have to fall 17.04%, FET 21.30%."
)
FIGURES, ARITHMETIC, SHARE = ("All figures", "How it is calculated", "Share and save")
TIERS, MARKS, LEVELS = "Tier tables", "Mark prices and betas", "Levels, fee, collateral"
"""The parts of the page that are built only once they are unfolded."""
IN_A_BOX = {
    "marks": MARKS,
    **dict.fromkeys(
        ("warning", "danger", "fee", "fraction", "collateral", "settlement_rate"), LEVELS
    ),
}
"""What stands in a box that a visitor unfolds in order to use it."""

Row = Mapping[str, Any]
Address = str | Mapping[str, str | list[str]]
_HEADLINE = re.compile(r"<b>(.*)</b> <span>(.*)</span>")
_STATUS = re.compile(r":\w+-badge\[(.*)\]")


def read(markdown: str) -> str:
    """Escaped Markdown as its reader sees it."""
    return re.sub(r"\\(.)", r"\1", markdown)


def document(**changes: Any) -> dict[str, Any]:
    """The worked example as a document, with keys replaced, added or (None) left out."""
    positions = [
        {
            "symbol": symbol,
            "side": "long",
            "quantity": quantity,
            "entry_price": price,
            "leverage": 10,
        }
        for symbol, quantity, price in (
            ("RENDER", 50_000 / 1.75, 1.75),
            ("FET", 40_000 / 0.2231, 0.2231),
        )
    ]
    account = {"version": 1, "venue": "binance", "margin_mode": "cross", "wallet_balance": 10_000}
    whole = {**account, "positions": positions, "marks": {"RENDER": 1.75, "FET": 0.2231}, **changes}
    return {key: value for key, value in whole.items() if value is not None}


def scenario(**changes: Any) -> Scenario:
    """The worked example, changed, beside its venue's tables."""
    return snapshot.attach(Scenario.from_json(document(**changes)))


def address(**changes: Any) -> dict[str, list[str]]:
    """The link of the worked example, changed."""
    return link.encode(scenario(**changes)).parameters


class Visitor:
    """One session of the app, from the address it starts at.

    No run of the page may end in a traceback.
    """

    def __init__(self, start: Address = "") -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self._edits: dict[str, dict[str, Any]] = {}
        self._row = self._made = 0
        self.go(start)

    # What is read

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the address."""
        return {
            key: value if isinstance(value, list) else [value]
            for key, value in self.at.query_params.items()
        }

    @property
    def linked(self) -> Scenario:
        """The scenario that the address carries."""
        return link.decode(self.query).scenario

    @property
    def sentence(self) -> str:
        """The sentence that matters."""
        return read(self.at.markdown[self._answer + 1].value)

    @property
    def headline(self) -> str:
        """The answer: the large figure and what it stands for."""
        [found] = [
            match for each in self.at.get("html") if (match := _HEADLINE.search(each.proto.body))
        ]
        return unescape(" ".join(found.groups()))

    @property
    def status(self) -> str:
        """The badge before the answer."""
        return read(_STATUS.fullmatch(self.at.markdown[self._answer].value)[1])

    @property
    def _answer(self) -> int:
        """Which of the page's texts the badge is; the sentence that matters follows it."""
        badges = [
            index for index, each in enumerate(self.at.markdown) if _STATUS.fullmatch(each.value)
        ]
        return badges[-1]  # The first is the heading's: which data is shown.

    @property
    def small_print(self) -> str:
        """What stands under the sentence.

        The example's lesson, and how far the dates of the data lie apart.
        """
        return read(self.at.main.caption[0].value)

    def metric(self, label: str) -> str:
        """One of the headline figures."""
        return self._metric(label)[0]

    def before(self, label: str) -> str:
        """What is said of this headline figure's baseline."""
        return self._metric(label)[1]

    def _metric(self, label: str) -> tuple[str, str]:
        [found] = [each for each in self.at.metric if each.label == label]
        return read(found.value), read(found.delta)

    @property
    def errors(self) -> list[str]:
        """Every error on the page."""
        return [read(each.value) for each in self.at.error]

    @property
    def warnings(self) -> list[str]:
        """Every warning on the page."""
        return [read(each.value) for each in self.at.warning]

    @property
    def news(self) -> list[str]:
        """Every notice on the page that is neither."""
        return [read(each.value) for each in self.at.info]

    @property
    def advice(self) -> str:
        """What it takes to survive the chosen move."""
        lines = [read(each.value) for each in self.at.markdown]
        [line] = [line for line in lines if line.startswith(("To survive", "You survive"))]
        return line

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows that an editable table starts from."""
        if table == "positions":
            return [_as_cells(row) for row in self.positions]
        return list(self._editor(table).value.to_dict("records"))

    @property
    def positions(self) -> list[dict[str, str]]:
        """The rows of the positions table as they are typed."""
        rows: list[dict[str, str]] = self._table["rows"]
        return rows

    @property
    def row_faults(self) -> list[str]:
        """What is said below the rows of the positions table."""
        faults = self._table["faults"]
        return [faults[row["id"]]["text"] for row in self.positions if row["id"] in faults]

    def result(self, row: int) -> dict[str, Any]:
        """What stands beside a row of the positions table."""
        found: dict[str, Any] = self._table["results"][self.positions[row]["id"]]
        return found

    @property
    def _table(self) -> dict[str, Any]:
        [sent] = [
            json.loads(each.proto.json)
            for each in self.at.get("bidi_component")
            if each.proto.component_name == COMPONENT
        ]
        found: dict[str, Any] = sent
        return found

    def static_table(self, column: str) -> list[dict[str, str]]:
        """The rows of the table that has this column."""
        [frame] = [each.value for each in self.at.table if column in each.value.columns]
        return [
            {name: read(cell) for name, cell in row.items()} for row in frame.to_dict("records")
        ]

    def chart(self, index: int = 0) -> dict[str, Any]:
        """A chart's Plotly specification."""
        return charts(self.at)[index].spec

    def chart_title(self, index: int = 0) -> str:
        """The finding that a chart states."""
        return charts(self.at)[index].title

    def chart_alt(self, index: int = 0) -> str:
        """What a chart says to those who do not see it."""
        return charts(self.at)[index].alt

    def field(self, name: str) -> Any:
        """The input whose key, but for the revision behind it, is this name."""
        self._reach(name)
        at = self.at
        kinds = [
            at.number_input,
            at.selectbox,
            at.select_slider,
            at.segmented_control,
            at.text_input,
            at.text_area,
        ]
        return _named(name, [each for kind in [*kinds, at.file_uploader] for each in kind])

    def _editor(self, table: str) -> Any:
        self._reach(table)
        return _named(table, self.at.data_editor)

    def _reach(self, name: str) -> None:
        """Unfolds the box that an input or a table stands in."""
        box = IN_A_BOX.get(name)
        if box == LEVELS:
            self.unfold(LEVELS)
        closed = [
            each for each in self.at.expander if each.label == box and not self._is_open(each)
        ]
        if closed:
            self.unfold(closed[0].label)

    def _is_open(self, expander: Any) -> bool:
        key = expander.key or expander.proto.id
        return key in self.at.session_state and bool(self.at.session_state[key])

    # What is done

    def run(self) -> "Visitor":
        """Runs the page."""
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    def go(self, to: Address) -> "Visitor":
        """Opens an address in this session, as typing it or Back and Forward do."""
        self.at.query_params = dict(link.parse(to) if isinstance(to, str) else to)
        return self.run()

    def press(self, label: str) -> "Visitor":
        """Clicks the button with this label; those of the positions table at its chosen row."""
        if label in ("Flip", "Duplicate", "Remove", "Add"):
            return self._act(label)
        for key, fault in self._repairs():
            for name, text in fault["repairs"]:
                if text == label:
                    repair(self.at.session_state["tandem"], key, name)
                    return self.run()
        [button] = [each for each in self.at.button if each.label == label]
        button.click()
        return self.run()

    def _repairs(self) -> list[tuple[str, dict[str, Any]]]:
        drawn = any(
            each.proto.component_name == COMPONENT for each in self.at.get("bidi_component")
        )
        return list(self._table["faults"].items()) if drawn else []

    def at_row(self, row: int) -> "Visitor":
        """Chooses the row whose buttons are pressed next."""
        self._row = row
        return self

    def _act(self, label: str) -> "Visitor":
        rows, row, self._row = self.positions, self._row, 0
        if label == "Flip":
            rows[row]["side"] = "short" if rows[row]["side"] == "long" else "long"
        elif label == "Duplicate":
            rows.insert(row + 1, {**rows[row], "id": f"{rows[row]['id']}+"})
        elif label == "Remove":
            del rows[row]
        else:
            rows.append(self._new_row())
        return self._type(rows)

    def _new_row(self) -> dict[str, str]:
        self._made += 1
        return TypedRow(f"new{self._made}")._asdict() | {"id": f"new{self._made}"}

    def _type(self, rows: Sequence[Mapping[str, str]]) -> "Visitor":
        """Has the positions table report these rows, as the browser does."""
        sent = self._table
        report = {"revision": sent["revision"], "turn": sent["turn"] + 1, "rows": list(rows)}
        take(self.at.session_state["tandem"], report)
        return self.run()

    def _edit_positions(self, cells: Mapping[int, Row], add: Sequence[Row]) -> "Visitor":
        rows = [*self.positions, *(self._new_row() for _ in add)]
        changes = {**cells, **dict(enumerate(add, start=len(rows) - len(add)))}
        for index, changed in changes.items():
            rows[index] |= {_FIELDS[name]: _as_typed(value) for name, value in changed.items()}
            if "Token" in changed:  # Its own price is filled in, as the browser does.
                known = self._table["tokens"].get(rows[index]["token"].upper(), "")
                rows[index]["mark"] = known
                if "Entry" not in changed:
                    rows[index]["entry"] = known
        return self._type(rows)

    def enter(self, name: str, value: Any) -> "Visitor":
        """Enters a value in the input of this name."""
        self.field(name).set_value(value)
        return self.run()

    def slide(self, move: float) -> "Visitor":
        """Moves the common-move slider."""
        return self.enter("move", move)

    def unfold(self, *labels: str) -> "Visitor":
        """Opens folded parts of the page."""
        if LEVELS in labels:
            self.at.session_state["show_levels"] = True
        for expander in self.at.expander:
            if expander.label in labels:
                self.at.session_state[expander.key or expander.proto.id] = True
        return self.run()

    def fold(self, *labels: str) -> "Visitor":
        """Closes parts of the page that were opened."""
        if LEVELS in labels:
            self.at.session_state["show_levels"] = False
        for expander in self.at.expander:
            if expander.label in labels:
                self.at.session_state[expander.key or expander.proto.id] = False
        return self.run()

    def upload(self, content: bytes) -> "Visitor":
        """Uploads a scenario file; the sharing part has to be unfolded."""
        self.field("upload").upload("scenario.json", content, "application/json")
        return self.run()

    def edit(
        self, table: str, cells: Mapping[int, Row] | None = None, *, add: Sequence[Row] = ()
    ) -> "Visitor":
        """Types into cells by row, and adds rows, as the browser reports it.

        On top of what was edited before.
        """
        if table == "positions":
            return self._edit_positions(cells or {}, add)
        edits = self._edits_of(table)
        start = len(self.rows(table))
        for row, changed in (cells or {}).items():
            into = (
                edits["edited_rows"].setdefault(row, {})
                if row < start
                else edits["added_rows"][row - start]
            )
            into.update(changed)
        edits["added_rows"] += [dict(row) for row in add]
        return self._report(table, edits)

    def delete(self, table: str, row: int) -> "Visitor":
        """Deletes a row in the table itself."""
        if table == "positions":
            return self.at_row(row).press("Remove")
        edits = self._edits_of(table)
        start = len(self.rows(table))
        if row < start:
            edits["deleted_rows"].append(row)
        else:
            del edits["added_rows"][row - start]
        return self._report(table, edits)

    def _edits_of(self, table: str) -> dict[str, Any]:
        return self._edits.setdefault(
            self._editor(table).key, {"edited_rows": {}, "added_rows": [], "deleted_rows": []}
        )

    def _report(self, table: str, edits: dict[str, Any]) -> "Visitor":
        self.at.session_state[self._editor(table).key] = json.loads(
            json.dumps(edits), object_hook=_with_row_numbers
        )
        return self.run()


_FIELDS = {
    "Token": "token",
    "Side": "side",
    "Size": "size",
    "Unit": "unit",
    "Entry": "entry",
    "Mark": "mark",
    "Leverage": "leverage",
    "Margin": "margin",
}
_NUMBERS = ("Size", "Entry", "Leverage", "Margin")


def _as_cells(row: Mapping[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {name: row[field] for name, field in _FIELDS.items() if name != "Mark"}
    for name in _NUMBERS:
        with suppress(ValueError):
            cells[name] = float(cells[name]) if cells[name] else None
    return cells


def _as_typed(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else plain_number(value)


def _with_row_numbers(entry: dict[str, Any]) -> dict[Any, Any]:
    return {int(key) if key.isdecimal() else key: value for key, value in entry.items()}


def _named(name: str, elements: Sequence[Any]) -> Any:
    [found] = [each for each in elements if each.key and re.fullmatch(rf"{name}(_.*)?", each.key)]
    return found
