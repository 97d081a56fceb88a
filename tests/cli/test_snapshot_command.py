"""The snapshot command: what it asks, writes and says, and how it ends."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from ccxt.async_support.base.exchange import Exchange

from margin.cli import main
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot.embedded import Snapshot
from margin.market.snapshot_update import rewrite
from margin.market.source import Unavailable
from margin.market.venues import connection
from margin.market.venues import readers as venues
from tests.market.venues_today import SMALL, VENUES, VenuesToday, walk
from tests.replay import binance, bybit, hyperliquid, okx
from tests.replay.figures import KEY, PERIODS, Book
from tests.replay.server import Fault, Replay, Reply, no_pause, replaying

ROOT = Path(__file__).parents[2]


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BINANCE_API_KEY", "BINANCE_API_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the packaged one."""
    folder = tmp_path / "packaged"
    folder.mkdir()
    for name, held in content(SMALL).items():
        (folder / name).write_bytes(held)
    monkeypatch.setattr(rewrite, "DATA", folder)
    return folder


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> VenuesToday:
    """Speaks for the venues today."""
    source = VenuesToday(datetime.now(UTC).date())
    monkeypatch.setattr(venues, "Venues", lambda: source)
    return source


Captured = pytest.CaptureFixture[str]


def test_the_packaged_snapshot_is_rewritten_and_told_in_lines(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    source.refused["tiers", "RENDER"] = "has a hole"
    assert main(["snapshot"]) == 0
    out, err = capsys.readouterr()
    assert Snapshot(packaged).marks() == source.marks
    assert (
        f"new: correlations.csv: 2026-03-18 -> {datetime.now(UTC).date() - timedelta(days=1)}"
        in out.splitlines()
    )
    assert "kept: tiers.csv OKX RENDER, 2026-05-28: has a hole" in out.splitlines()
    assert err.splitlines()[0] == "Binance: contracts"
    assert len(err.splitlines()) == len(source.asked)


def test_another_folder_leaves_the_packaged_one_alone(
    source: VenuesToday, packaged: Path, tmp_path: Path
) -> None:
    before = content(packaged)
    assert main(["snapshot", "--to", str(tmp_path / "own")]) == 0
    assert Snapshot(tmp_path / "own").marks() == source.marks
    assert content(packaged) == before


def test_tokens_are_added_under_any_spelling(source: VenuesToday, packaged: Path) -> None:
    source.listing("KAITO")
    source.listing("ZRO")
    assert main(["snapshot", "--add", "kaitousdt", "RNDR", "--add", "ZRO"]) == 0
    assert {"KAITO", "ZRO"} < set(Snapshot(packaged).marks())


def test_trust_takes_what_is_implausible(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    source.marks["FET"] *= 10
    main(["snapshot"])
    assert "(--trust takes it)" in capsys.readouterr().out
    assert Snapshot(packaged).marks() != source.marks
    main(["snapshot", "--trust"])
    assert Snapshot(packaged).marks() == source.marks


def test_a_dry_run_says_the_same_and_writes_nothing(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    before = content(packaged)
    assert main(["snapshot", "--dry-run"]) == 0
    dry = capsys.readouterr()
    assert content(packaged) == before
    assert dry.err.endswith("note: a dry run: nothing was written\n")
    assert main(["snapshot"]) == 0
    assert capsys.readouterr().out == dry.out
    assert Snapshot(packaged).marks() == source.marks


def test_where_nothing_could_be_written_the_code_is_1(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    source.down = dict.fromkeys(VENUES, Unavailable("silent", "cannot be reached"))
    before = content(packaged)
    assert main(["snapshot"]) == 1
    assert (
        "kept: listings.csv OKX AKT, FET, IO, 2026-05-28: OKX cannot be reached"
        in capsys.readouterr().out
    )
    assert content(packaged) == before


def test_a_snapshot_that_would_not_be_read_back_is_code_1_and_one_line(
    source: VenuesToday, packaged: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system"))
    )
    assert main(["snapshot"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == (
        "",
        "error: the new files cannot be written: Read-only file system",
    )
    assert len(err.splitlines()) == len(source.asked) + 1
    assert content(packaged) == content(SMALL)


def test_an_interruption_is_code_130_and_leaves_the_files_whole(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    source.paths["binance", "SOL"] = KeyboardInterrupt()
    assert main(["snapshot"]) == 130
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == ("", "note: stopped; the snapshot is as it was")
    assert content(packaged) == content(SMALL)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--add", "FET!"],
            '--add: must be a token of up to 15 letters A-Z and digits, such as RENDER, got "FET!"',
            id="no token",
        ),
        pytest.param(
            ["--add", "AGIX"],
            "--add: AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and its "
            "perpetual is gone; enter "
            "the FET instead",
            id="a token that is no more",
        ),
        pytest.param(
            ["--add"], "argument --add: expected at least one argument", id="nothing to add"
        ),
        pytest.param(
            ["--to", str(Path(__file__))], "--to: is not a folder", id="a file for a folder"
        ),
        pytest.param(["--to", ""], "--to: is not a folder", id="an empty name"),
        pytest.param(["here"], "unrecognized arguments: here", id="an argument of no name"),
    ],
)
def test_bad_input_is_code_2_and_one_line_and_nothing_is_asked(
    source: VenuesToday, capsys: Captured, arguments: list[str], sentence: str
) -> None:
    try:
        code: Any = main(["snapshot", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert (code, *capsys.readouterr()) == (2, "", f"error: {sentence}\n")
    assert source.asked == []


def test_a_broken_snapshot_is_code_2_and_names_its_line(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    (packaged / "risk.csv").write_text("nonsense")
    assert main(["snapshot"]) == 2
    assert capsys.readouterr().err.startswith("error: risk.csv:1: must be the header symbol,")
    assert source.asked == []


def test_reasons_in_any_script_are_printed_in_ascii(
    source: VenuesToday, packaged: Path, capsys: Captured
) -> None:
    source.refused["tiers", "RENDER"] = "asks for more than the initial margin at 75×"
    main(["snapshot", "--to", str(packaged)])
    assert "at 75\\xd7" in capsys.readouterr().out


def test_the_other_commands_import_none_of_it() -> None:
    code = "import sys; from margin.cli import main; main(['link', '-']); print(*sys.modules, file=sys.stderr)"
    scenario = b'{"version": 1, "venue": "binance", "margin_mode": "cross", "wallet_balance": 1, "positions": [], "marks": {}}'
    ran = subprocess.run(
        [sys.executable, "-c", code],
        input=scenario,
        capture_output=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    loaded = set(ran.stderr.decode().split())
    assert "margin.market.snapshot.embedded" in loaded
    assert (
        not {
            "aiohttp",
            "ccxt",
            "margin.market.snapshot_update.rewrite",
            "margin.market.venues.readers",
        }
        & loaded
    )


# Through the real client


class Moving(Book):
    """A book whose tokens each go their own way from day to day."""

    def candles(
        self, token: str, timeframe: Literal["1d", "1h"], count: int
    ) -> Iterator[tuple[int, list[float]]]:
        period = PERIODS[timeframe]
        first = self.clock() // period - count + 1
        closes = np.round(walk(token, count, self.marks[token]), 8)
        for number, close in enumerate(closes.tolist()):
            yield (first + number) * period, [close] * 4


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    """All four venues, and a client without its pauses."""
    monkeypatch.setattr(connection, "BACK_OFF", 0.0)
    monkeypatch.setattr(Exchange, "throttle", no_pause)
    with replaying() as replay:
        for venue in (binance, bybit, okx, hyperliquid):
            venue.install(replay, Moving())
        yield replay


@pytest.mark.usefixtures("replay")
def test_a_whole_snapshot_is_written_from_the_venues_with_a_key_that_shows_nowhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", KEY.api_key)
    monkeypatch.setenv("BINANCE_API_SECRET", KEY.secret)
    assert main(["snapshot", "--to", str(tmp_path)]) == 0
    said, new, today = capsys.readouterr(), Snapshot(tmp_path), datetime.now(UTC).date()
    assert "kept" not in said.out
    assert (
        {new.tables(venue).as_of for venue in VENUES} == {new.marks_as_of()} == {today.isoformat()}
    )
    for venue in VENUES:
        told, held = new.tables(venue).tiers, snapshot.tables(venue).tiers
        assert {token: table.floors for token, table in told.items()} == {
            t: table.floors for t, table in held.items()
        }
        assert all(
            told[token].rates == pytest.approx(table.rates, rel=1e-8)
            for token, table in held.items()
        )
        assert new.contracts(venue).keys() == snapshot.contracts(venue).keys()
    assert new.tables("okx").unconfirmed == frozenset()
    assert new.marks() == snapshot.marks()
    assert {(held.payments, held.venue) for held in new.funding().values()} == {(1000, "binance")}
    assert {risk.source for risk in new.risk().values()} == {"Binance daily closes"}
    assert {risk.since for risk in new.risk().values()} == {
        (today - timedelta(days=1498)).isoformat()
    }
    assert new.correlations(list(new.marks())).as_of == (today - timedelta(days=1)).isoformat()
    for secret in (KEY.api_key, KEY.secret):
        assert secret not in said.out + said.err + caplog.text
        assert secret.encode() not in b"".join(content(tmp_path).values())


def test_what_a_venue_refuses_stays_while_the_others_are_written(
    replay: Replay, packaged: Path, capsys: Captured
) -> None:
    replay.fail("api.bybit.com", Fault(Reply({"retCode": 10024, "retMsg": "restricted"}, 403)))
    assert main(["snapshot"]) == 0
    out, new = capsys.readouterr().out, Snapshot(packaged)
    assert "2026-09-29: Binance gives its tiers only to a key" in out
    assert "2025-12-29: Bybit does not serve this place (HTTP 403)" in out
    assert [path for path in replay.paths() if "bybit" in path] == [
        "api.bybit.com/v5/market/instruments-info"
    ]
    today = datetime.now(UTC).date().isoformat()
    assert (new.tables("binance").as_of, new.tables("bybit").as_of, new.tables("okx").as_of) == (
        "2026-09-29",
        "2025-12-29",
        today,
    )
