"""`python -m margin import`.

What it prints for programs, and the one line where a file cannot be read.
"""

from pathlib import Path

from tests.cli.test_cli import Run, file, run

__all__ = ["file", "run"]

TABLE = b"symbol,side,size,entry,leverage,mode\nRENDERUSDT,long,1200.5,1.731,20x,cross\nTAO,short,4.8,271.72,10,isolated"


def test_positions_and_what_was_left_out_are_printed(run: Run) -> None:
    assert run("import", "-", stdin=TABLE).answer == {
        "complete": True,
        "positions": [
            {
                "symbol": "RENDER",
                "side": "long",
                "quantity": 1200.5,
                "entry_price": 1.731,
                "leverage": 20.0,
                "isolated_margin": None,
            }
        ],
        "left_out": [
            {"label": "TAO, line 3", "reason": "its margin is isolated, this account's is cross"}
        ],
        "faults": [],
        "notes": [],
    }
    assert [
        each["symbol"] for each in run("import", "-", "--isolated", stdin=TABLE).answer["positions"]
    ] == ["TAO"]


def test_a_fault_names_its_line_its_column_and_what_to_do_and_the_exit_code_is_0(run: Run) -> None:
    answer = run("import", "-", stdin=b"symbol,side,size,entry\nRENDER,long,x,1.7").answer
    assert answer["complete"] is False
    assert answer["faults"] == [
        {
            "line": 2,
            "field": "size",
            "message": 'the size must be a number, got "x"',
            "remedy": "write a number of tokens, such as 30000",
        }
    ]


def test_the_venue_decides_what_a_name_means(run: Run) -> None:
    table = b"symbol,side,size,entry,leverage\nBTC-USD,long,0.05,93691,10"
    assert len(run("import", "-", "--venue", "hyperliquid", stdin=table).answer["positions"]) == 1
    assert run("import", "-", stdin=table).answer["left_out"][0]["label"] == "BTC-USD, line 2"


def test_doubles_are_merged_where_that_is_wanted(run: Run) -> None:
    table = b"RENDER,long,1,2,10\nRENDER,long,3,2,10"
    assert not run("import", "-", stdin=table).answer["complete"]
    assert run("import", "-", "--merge", stdin=table).answer["positions"][0]["quantity"] == 4


def test_a_file_that_cannot_be_read_is_one_line_on_standard_error(run: Run, tmp_path: Path) -> None:
    ran = run("import", str(tmp_path / "nowhere.csv"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    broken = run("import", "-", stdin=b"\xff\xfe\xff")
    assert (broken.code, broken.out, broken.err.count("\n")) == (2, "", 1)
