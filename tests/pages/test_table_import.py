"""The table section and the export buttons, on a page of their own.

What a person sees, and what is imported.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from margin.market.imports.grid import MOST_CHARACTERS
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import MOST_TOKENS, Position, Scenario
from margin.studies.distance.distances import at_move, present_move
from margin.tables.exports import positions_csv, results_csv
from pages.ui.import_export.table_import import ADD
from pages.ui.session.session import Session
from tests.pages.visitor import PATIENCE, read, scenario

RENDER = Position("RENDER", "long", 30_000, 1.75, 10)
NEAR = Position("NEAR", "short", 4_000, 1.4, 5)
TABLE = "symbol,side,size,entry,leverage\nRENDERUSDT,long,30000,1.75,10\nNEAR,short,4000,1.4,5"
FAULTY = f"{TABLE}\nTAO,up,1,270,5\nFET,long,x,0.22,5"


def _page() -> None:
    from pages.ui.import_export import table_import
    from pages.ui.session.session import session as this_session

    session = this_session()
    table_import.section(session)
    table_import.exports(session)


class Visit:
    """A visitor of the section, who starts from a scenario."""

    def __init__(self, start: Scenario | None = None) -> None:
        self.at = AppTest.from_function(_page, default_timeout=PATIENCE)
        self.run()
        self.session.open(start or scenario())
        self.run()

    def run(self) -> "Visit":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    @property
    def session(self) -> Session:
        held: Session = self.at.session_state["tandem"]
        return held

    @property
    def working(self) -> Scenario:
        return self.session.working

    @property
    def text(self) -> str:
        value: str = self.at.text_area[0].value
        return value

    @property
    def rows(self) -> list[dict[str, str]]:
        """What was understood."""
        [table] = [each.value for each in self.at.table]
        return [{key: read(cell) for key, cell in row.items()} for row in table.to_dict("records")]

    @property
    def errors(self) -> str:
        return "\n".join(read(each.value) for each in self.at.error)

    @property
    def warnings(self) -> str:
        return "\n".join(read(each.value) for each in self.at.warning)

    @property
    def infos(self) -> str:
        return "\n".join(read(each.value) for each in self.at.info)

    @property
    def captions(self) -> str:
        return "\n".join(read(each.value) for each in self.at.caption)

    @property
    def taking(self) -> Any:
        return self.at.button(key="do_take_positions")

    def paste(self, text: str) -> "Visit":
        self.at.text_area[0].set_value(text)
        return self.run()

    def upload(self, content: bytes, name: str = "positions.csv") -> "Visit":
        self.at.file_uploader[0].upload(name, content, "text/csv")
        return self.run()

    def add(self) -> "Visit":
        self.at.radio[0].set_value(ADD)
        return self.run()

    def merge(self) -> "Visit":
        self.at.checkbox[0].check()
        return self.run()

    def take(self) -> "Visit":
        assert not self.taking.disabled
        self.taking.click()
        return self.run()


def test_nothing_is_shown_before_there_is_a_table() -> None:
    visit = Visit()
    assert not visit.at.table
    assert [each.key for each in visit.at.button] == ["do_preview"]
    assert not visit.errors + visit.infos


def test_a_pasted_table_is_shown_as_it_was_understood_and_changes_nothing_yet() -> None:
    visit = Visit()
    before = visit.working
    visit.paste(TABLE)
    assert visit.rows == [
        {
            "Token": "RENDER",
            "Side": "long",
            "Size": "30,000",
            "Entry": "1.75",
            "Lev.": "10×",
            "Size × entry": "$52,500.00",
        },
        {
            "Token": "NEAR",
            "Side": "short",
            "Size": "4,000",
            "Entry": "1.4",
            "Lev.": "5×",
            "Size × entry": "$5,600.00",
        },
    ]
    assert visit.working == before
    assert not visit.errors


def test_a_table_is_taken_over_with_the_marks_at_hand_and_is_the_new_baseline() -> None:
    visit = Visit()
    before = visit.working
    revision = visit.session.revision
    visit.paste(TABLE).take()
    assert visit.working.positions == (RENDER, NEAR)
    assert visit.working.market.marks["RENDER"] == before.market.marks["RENDER"]
    assert visit.working.market.marks["NEAR"] == snapshot.marks()["NEAR"]
    assert visit.working.market.reference.tiers
    assert visit.session.revision == revision + 1
    assert visit.session.baseline == visit.working
    [notice] = [each for each in visit.session.notices if each.about == visit.working]
    assert (notice.kind, notice.text) == ("info", "Imported 2 positions.")
    assert visit.text == ""


def test_a_faulty_table_is_told_line_by_line_and_not_taken_over() -> None:
    visit = Visit().paste(FAULTY)
    assert (
        'Line 4, side: the side must be long or short, got "up"; write long or short.'
        in visit.errors
    )
    assert 'Line 5, size: the size must be a number, got "x"' in visit.errors
    assert len(visit.rows) == 2
    assert visit.taking.disabled
    assert "Nothing is imported until every line can be read" in visit.captions


def test_faulty_lines_are_removed_in_the_text_itself() -> None:
    visit = Visit().paste(FAULTY)
    visit.at.button(key="do_remove_lines").click()
    visit.run()
    assert visit.text == TABLE
    assert visit.take().working.positions == (RENDER, NEAR)


def test_a_header_that_cannot_be_read_offers_nothing_to_remove() -> None:
    visit = Visit().paste("symbol,side\nRENDER,long")
    assert "no column says the size" in visit.errors
    assert [each.key for each in visit.at.button] == ["do_preview", "do_take_positions"]


def test_what_is_left_out_and_assumed_is_told() -> None:
    visit = Visit().paste(
        "symbol,side,size,entry,colour\nRENDER,long,30000,1.75,red\nBTCUSDT_260327,long,1,1,red"
    )
    assert "BTCUSDT_260327, line 3: it is a dated future, not a perpetual." in visit.warnings
    assert 'not read: "colour".' in visit.infos
    assert "no leverage is given, 10× is taken: RENDER long." in visit.infos
    assert visit.take().working.positions == (RENDER,)


def test_long_lists_are_cut() -> None:
    visit = Visit().paste("\n".join(f"T{place}USDC,long,1,1,1" for place in range(30)))
    assert "T19USDC" in visit.warnings
    assert "T20USDC" not in visit.warnings
    assert "… and 10 more." in visit.warnings
    assert "No position in this table can be imported" in visit.captions
    assert visit.taking.disabled
    assert (
        "… and 10 more."
        in Visit().paste("\n".join(f"T{place},long,x,1,1" for place in range(60))).errors
    )


def test_text_from_a_table_is_never_markup() -> None:
    visit = Visit().paste(
        "symbol,side,size,entry,![x](https://x.example/i.png)\n[a](b),long,<b>,$x$,1\n:red[y],l,1,1,1"
    )
    written = "\n".join(each.value for kind in (visit.at.error, visit.at.info) for each in kind)
    assert "](" not in written
    assert "<b>" not in written
    assert ":red" not in written


def test_positions_are_added_to_those_that_stand() -> None:
    visit = Visit()
    before = visit.working.positions
    visit.add().paste("NEAR,short,4000,1.4,5").take()
    assert visit.working.positions == (*before, NEAR)


def test_a_position_that_stands_already_is_refused_or_merged() -> None:
    visit = Visit()
    before = visit.working
    held = before.positions[0]
    visit.add().paste("RENDER,long,30000,1.75,10")
    assert "RENDER long is positions[0] already; merge them" in visit.errors
    assert "Nothing changed" in visit.errors
    assert not visit.captions
    assert visit.taking.disabled
    visit.merge().take()
    assert visit.working.positions[0].quantity == held.quantity + 30_000
    assert visit.working.positions[1:] == before.positions[1:]


def test_doubles_within_the_table_are_merged_where_that_is_ticked() -> None:
    visit = Visit().paste("RENDER,long,10000,1.75,10\nRENDER,long,20000,1.75,10")
    assert "merge them into one of size 30000" in visit.errors
    assert visit.merge().take().working.positions == (RENDER,)


def test_a_token_without_a_known_mark_takes_its_entry_price_and_this_is_said() -> None:
    visit = Visit().paste("ZZZ,long,100,2.5,5\nZZZ,short,100,3,5\nRENDER,long,30000,1.75,10")
    assert "No mark is known for ZZZ: the entry price is taken as the mark" in visit.captions
    assert visit.take().working.market.marks["ZZZ"] == 2.5
    assert not Visit().paste(TABLE).captions


def test_a_common_move_stays_what_it_was() -> None:
    visit = Visit(at_move(scenario(betas={"NEAR": 2.0}), -0.1)).paste(TABLE).take()
    market = visit.working.market
    assert present_move(visit.working) == pytest.approx(-0.1)
    assert market.marks["NEAR"] == pytest.approx(snapshot.marks()["NEAR"] * 0.8)
    assert market.marks["RENDER"] == pytest.approx(1.75 * 0.9)


def test_marks_of_tokens_that_are_gone_make_room_where_it_is_short() -> None:
    full = {f"T{place}": 1.0 for place in range(MOST_TOKENS - 2)}
    start = scenario(marks={"RENDER": 1.75, "FET": 0.2231, **full})
    visit = Visit(start).paste(TABLE).take()
    assert visit.working.positions == (RENDER, NEAR)
    assert set(visit.working.market.marks) == {"RENDER", "NEAR"}


def test_isolated_margins_above_the_wallet_are_told_and_nothing_changes() -> None:
    start = scenario(margin_mode="isolated")
    visit = Visit(start).paste(
        "symbol,side,size,entry,leverage,margin\nRENDER,long,30000,1.75,10,20000"
    )
    assert visit.rows[0]["Margin"] == "$20,000.00"
    assert (
        "wallet_balance: must cover the isolated margins, 20000 in all, got 10000" in visit.errors
    )
    assert visit.taking.disabled
    assert visit.working == start
    visit.paste("symbol,side,size,entry,leverage,margin\nRENDER,long,30000,1.75,10,6000").take()
    assert visit.working.positions == (replace(RENDER, isolated_margin=6_000),)


@pytest.mark.parametrize(
    ("venue", "symbol"), [("hyperliquid", "RENDERUSDC"), ("okx", "RENDER-USDT-SWAP")]
)
def test_the_table_is_read_for_the_account_on_the_screen(venue: str, symbol: str) -> None:
    visit = Visit(scenario(venue=venue)).paste(f"{symbol},long,30000,1.75,10")
    assert visit.take().working.positions == (RENDER,)


def test_okx_contracts_become_tokens_by_its_own_contract_values_and_nowhere_else() -> None:
    table = "symbol,side,contracts,entry\nRENDER,long,3000,1.75"
    held = snapshot.tables("okx").contract_values["RENDER"]
    assert (
        Visit(scenario(venue="okx")).paste(table).take().working.positions[0].quantity
        == 3_000 * held
    )
    assert (
        Visit(scenario(venue="okx", contract_values={"RENDER": 7})).paste(table).rows[0]["Size"]
        == "21,000"
    )
    for elsewhere in (Visit(), Visit(scenario(contract_values={"RENDER": 7}))):
        assert "how much RENDER one holds is not known" in elsewhere.paste(table).errors


# Files


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_put_into_the_text_area_and_can_be_mended_there(coding: str) -> None:
    visit = Visit().upload(FAULTY.replace("\n", "\r\n").encode(coding))
    assert visit.text.replace("\r\n", "\n") == FAULTY
    assert visit.taking.disabled
    assert visit.paste(TABLE).take().working.positions == (RENDER, NEAR)


def test_a_file_that_is_no_text_is_refused_and_the_table_stays() -> None:
    visit = Visit().paste(TABLE).upload(b"PK\x03\x04\xff\xfe")
    assert "This file can't be opened: it cannot be read as a workbook" in visit.errors
    assert visit.text == TABLE
    assert "longer than 2,000,000 characters" in Visit().upload(b"x" * (MOST_CHARACTERS + 1)).errors


def test_a_good_file_ends_what_was_said_of_a_bad_one() -> None:
    visit = Visit().upload(b"\xff").upload(TABLE.encode())
    assert not visit.errors
    assert visit.take().working.positions == (RENDER, NEAR)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the download buttons offer, by file name."""
    files: dict[str, str] = {}
    draw = streamlit.download_button

    def download_button(label: str, *, data: str, file_name: str, **more: Any) -> bool:
        files[file_name] = data
        return draw(label, data=data, file_name=file_name, **more)

    monkeypatch.setattr(streamlit, "download_button", download_button)
    return files


def test_the_files_hold_the_scenario_on_the_screen(offered: dict[str, str]) -> None:
    visit = Visit().paste(TABLE).take()
    assert [each.label for each in visit.at.download_button] == [
        "Download the positions (CSV)",
        "Download all results (CSV)",
    ]
    assert offered == {
        "tandem-positions.csv": positions_csv(visit.working),
        "tandem-results.csv": results_csv(visit.working),
    }
    again = Visit(visit.working).upload(offered["tandem-positions.csv"].encode())
    assert again.take().working.positions == (RENDER, NEAR)
