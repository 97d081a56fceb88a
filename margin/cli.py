"""Scenario JSON, links and imports on the command line, and the snapshot's upkeep.

- `python -m margin assess FILE|-|--link QUERY` prints the assessment of a scenario, or of a JSON
  array of them.
- `python -m margin link FILE|-` prints the query string that carries a scenario.
- `python -m margin schema` prints the JSON Schema of a scenario.
- `python -m margin import FILE|- [--venue V] [--isolated] [--merge]` prints the positions of a
  table, an export, a
  workbook or a JSON dump, and what kept others out. Exit code 0 whenever the file could be read.
- `python -m margin snapshot [--to FOLDER] [--add TOKEN …] [--trust] [--dry-run]` rewrites the
  embedded snapshot from
  the live venues. It prints what is new and what stayed and why, and on standard error what it asks
  meanwhile. Exit
  code 0 where something was written, 1 where nothing could be, 130 where it was interrupted: the
  old files are whole
  then. Where a venue gives its tiers to a key only, a read-only one is taken from the environment,
  named after it:
  BINANCE_API_KEY and BINANCE_API_SECRET.

Bad input ends with exit code 2, nothing on standard output and one line on standard error; an
answer that cannot be written with exit code 1 and such a line, and with 141 and none where its
reader has left.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TextIO

from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.model import link, symbols
from margin.model.prepared import prepare
from margin.model.scenario import Document, Scenario, loads
from margin.studies.account.assess import assess
from margin.studies.account.seen import differences, with_seen
from margin.tables.assessment_json import assessment_json
from margin.text.figures import NAMES
from margin.validation import json_schema
from margin.venues import DEFAULT_VENUE, VENUES

if TYPE_CHECKING:
    from margin.market.snapshot_update.answers import Tiers
    from margin.market.source import Checked
    from margin.market.venues.readers import Venues
    from margin.venues import TierTable


class _Answer(NamedTuple):
    """What goes to standard output, and the exit code."""

    text: str
    code: int = 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {_one_line(message)}\n")


BROKEN_PIPE = 141
"""The exit code where nobody reads any more what is printed.

A shell's own for that, 128 + SIGPIPE.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    try:
        return _printed(_run(arguments))
    except SystemExit as end:  # The parser has printed its help or what is wrong.
        return _printed(_Answer("", int(end.code or 0)))


def _printed(answer: _Answer) -> int:
    """Print the answer and return the exit code.

    End quietly where its reader has left, as `| head` does.

    Nothing may stay in the buffer: when the interpreter ends it would complain of what it cannot
    write.
    """
    try:
        if answer.text:
            print(answer.text)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:
        _silence(sys.stdout)
        _say(f"error: the answer cannot be written: {error.strerror or type(error).__name__}")
        return 1
    return answer.code


def _silence(stream: TextIO | None) -> None:
    """Have what is still in a stream's buffer go nowhere."""
    if stream is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def _run(arguments: Sequence[str] | None) -> _Answer:
    """Return carry out one command. Bad input is told here and has no answer."""
    options = _parser().parse_args(arguments)
    try:
        answer: _Answer = options.command(options)
    except FieldError as error:
        _complain(error)
        return _Answer("", 2)
    return answer


def _about_snapshot() -> str:
    """Return what the snapshot command needs of the environment, and its exit codes."""
    keyed = [
        f"{venue.name} gives its tiers only to a key: a read-only one in "
        f"{' and '.join(_key_names(key))}. "
        for key, venue in VENUES.items()
        if venue.api.tiers_need_key
    ]
    return (
        f"{''.join(keyed)}Exit 0: something was written; 1: nothing could be; 130: stopped, and "
        f"nothing was."
    )


def _key_names(venue: str) -> tuple[str, str]:
    """Return the names in the environment of a venue's key and of its secret."""
    return f"{venue.upper()}_API_KEY", f"{venue.upper()}_API_SECRET"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m margin", description="Cross-margin figures of a scenario.")
    commands = parser.add_subparsers(
        required=True, metavar="assess|link|schema|import|snapshot", parser_class=_Parser
    )
    _add_scenario_commands(commands)
    _add_import(commands)
    _add_snapshot(commands)
    return parser


def _add_scenario_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    assessing = commands.add_parser(
        "assess", help="print the assessment of a scenario, or of a JSON array of them"
    )
    source = assessing.add_mutually_exclusive_group(required=True)
    source.add_argument("file", nargs="?", help="a scenario JSON file, - for standard input")
    source.add_argument(
        "--link", metavar="QUERY", help="the query string or the whole address of a link"
    )
    assessing.set_defaults(command=_assess)
    linking = commands.add_parser("link", help="print the query string that carries a scenario")
    linking.add_argument("file", help="a scenario JSON file, - for standard input")
    linking.set_defaults(command=_link)
    describing = commands.add_parser("schema", help="print the JSON Schema of a scenario")
    describing.set_defaults(command=_schema)


def _add_import(commands: "argparse._SubParsersAction[_Parser]") -> None:
    importing = commands.add_parser(
        "import", help="print the positions of a table, an export or a JSON dump"
    )
    importing.add_argument("file", help="a table, a workbook or a JSON dump, - for standard input")
    importing.add_argument(
        "--venue", choices=list(VENUES), default=DEFAULT_VENUE, help="the account's exchange"
    )
    importing.add_argument(
        "--isolated", action="store_true", help="read for an account in isolated margin"
    )
    importing.add_argument(
        "--merge", action="store_true", help="make one position of the same token and side"
    )
    importing.set_defaults(command=_import)


def _add_snapshot(commands: "argparse._SubParsersAction[_Parser]") -> None:
    rewriting = commands.add_parser(
        "snapshot",
        help="rewrite the embedded snapshot from the live venues",
        epilog=_about_snapshot(),
    )
    rewriting.add_argument(
        "--to", metavar="FOLDER", help="a snapshot's folder, default the package's own"
    )
    rewriting.add_argument(
        "--add", metavar="TOKEN", nargs="+", action="extend", default=[], help="tokens to take in"
    )
    rewriting.add_argument(
        "--trust",
        action="store_true",
        help="take figures that differ implausibly from the old ones",
    )
    rewriting.add_argument(
        "--dry-run", action="store_true", help="ask and check, but write nothing"
    )
    rewriting.set_defaults(command=_snapshot)


def _assess(options: argparse.Namespace) -> _Answer:
    if options.link is not None:
        received = link.decode(link.parse(options.link))
        account = prepare(snapshot.attach(received.scenario))
        if received.left_out:
            _note(
                f"the maker's own tier tables of {', '.join(received.left_out)} are not in the link"
            )
        for figure, seen, now in differences(account):
            _note(
                f"the {NAMES[figure].lower()} is no longer what the link's maker saw: {seen} then, "
                f"{now} now"
            )
        return _Answer(_written(assessment_json(assess(account))))
    return _Answer(
        _written(_each(_document(options.file), lambda scenario: assessment_json(assess(scenario))))
    )


def _link(options: argparse.Namespace) -> _Answer:
    result = link.encode(with_seen(_scenario(_document(options.file))))
    if not result.fits:
        raise FieldError("", link.too_long(result))
    if result.left_out:
        _note(
            f"the tier tables of {', '.join(result.left_out)} do not fit a link and stay in "
            f"the file"
        )
    return _Answer(result.query)


def _schema(_: argparse.Namespace) -> _Answer:
    return _Answer(json.dumps(json_schema(Document), indent=2, ensure_ascii=False))


def _import(options: argparse.Namespace) -> _Answer:
    # A workbook's reader and the words of a dozen languages: the other commands need not wait for
    # them.
    from margin.market.imports.files import text_of_file  # noqa: PLC0415
    from margin.market.imports.table import read_table  # noqa: PLC0415

    try:
        text = text_of_file(_raw(options.file))
    except FieldError as error:
        raise error.within(options.file) from None
    values = snapshot.contract_values()
    read = read_table(
        text,
        venue=options.venue,
        isolated=options.isolated,
        contract_values=values,
        marks=snapshot.marks(),
        merge=options.merge,
    )
    return _Answer(_written(read.to_json()))


def _snapshot(options: argparse.Namespace) -> _Answer:
    # These cost imports that the other commands need not wait for.
    from margin.market.snapshot_update.draft import NotWritten  # noqa: PLC0415
    from margin.market.snapshot_update.rewrite import DATA, rewrite  # noqa: PLC0415
    from margin.market.venues.readers import Venues  # noqa: PLC0415

    added = [symbols.token(name, "--add") for name in options.add]
    folder = DATA if options.to is None else Path(options.to)
    if options.to == "" or (folder.exists() and not folder.is_dir()):
        raise FieldError("--to", "is not a folder")
    venues = Venues()
    try:
        report = rewrite(
            venues,
            folder,
            datetime.now(UTC).date(),
            added=added,
            trust=options.trust,
            dry_run=options.dry_run,
            tiers=_tiers(venues),
            log=_say,
        )
    except NotWritten as error:
        _complain(error)
        return _Answer("", 1)
    except KeyboardInterrupt:
        _note("stopped; the snapshot is as it was")
        return _Answer("", 130)
    if options.dry_run:
        _note("a dry run: nothing was written")
    return _Answer(_ascii("\n".join(report.lines())), 0 if report.written else 1)


def _tiers(venues: "Venues") -> "Tiers":
    """Return how to ask for tiers.

    With the key of the environment where a venue wants one and there is one.
    """
    from margin.market.venues.connection import Key  # noqa: PLC0415
    from margin.market.venues.readers import read_tiers  # noqa: PLC0415

    keys = {}
    for venue in [key for key, rules in VENUES.items() if rules.api.tiers_need_key]:
        api_key, secret = (os.environ.get(name, "") for name in _key_names(venue))
        if api_key and secret:
            keys[venue] = Key(api_key, secret)

    def ask(venue: str, token: str) -> "Checked[TierTable]":
        return (
            read_tiers(venue, keys[venue], token) if venue in keys else venues.tiers(venue, token)
        )

    return ask


def _each(document: Any, answer: Callable[[Scenario], Any]) -> Any:
    if not isinstance(document, list):
        return answer(_scenario(document))
    answers = []
    for index, entry in enumerate(document):
        try:
            answers.append(answer(_scenario(entry)))
        except FieldError as error:
            raise error.within(f"[{index}]") from None
    return answers


def _scenario(entry: Any) -> Scenario:
    return snapshot.attach(Scenario.from_json(entry))


def _document(name: str) -> Any:
    try:
        return loads(_raw(name).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FieldError(name, "is not a text file in UTF-8") from None


def _raw(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise FieldError(name, f"cannot be read: {error.strerror or 'no such file'}") from None


def _written(answer: Any) -> str:
    """Return in ASCII, which every terminal and pipe can take."""
    return json.dumps(answer, indent=2, allow_nan=False)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _complain(error: Exception) -> None:
    _say(f"error: {_one_line(error)}")


def _note(text: str) -> None:
    _say(f"note: {text}")


def _say(text: str) -> None:
    """Print a line on standard error, where there is one.

    What is told there is no part of the answer.
    """
    if sys.stderr is None:  # Python's `print` would take standard output.
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
