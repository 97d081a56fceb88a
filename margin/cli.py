"""Scenario JSON and links on the command line: `python -m margin assess FILE|-|--link QUERY` and `link FILE`.

Bad input ends with exit code 2, nothing on standard output and one line on standard error.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from margin import link
from margin.errors import FieldError
from margin.market import snapshot
from margin.scenario import Scenario, loads
from margin.studies.assess import assess
from margin.studies.seen import differences, with_seen


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {_one_line(message)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        output = options.command(options)
    except FieldError as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 2
    print(output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m margin", description="Cross-margin figures of a scenario.")
    commands = parser.add_subparsers(required=True, metavar="assess|link", parser_class=_Parser)
    assessing = commands.add_parser("assess", help="print the assessment of a scenario, or of a JSON array of them")
    source = assessing.add_mutually_exclusive_group(required=True)
    source.add_argument("file", nargs="?", help="a scenario JSON file, - for standard input")
    source.add_argument("--link", metavar="QUERY", help="the query string or the whole address of a link")
    assessing.set_defaults(command=_assess)
    linking = commands.add_parser("link", help="print the query string that carries a scenario")
    linking.add_argument("file", help="a scenario JSON file, - for standard input")
    linking.set_defaults(command=_link)
    return parser


def _assess(options: argparse.Namespace) -> str:
    if options.link is not None:
        received = link.decode(link.parse(options.link))
        account = assess(snapshot.attach(received.scenario))
        if received.left_out:
            _note(f"the maker's own tier tables of {', '.join(received.left_out)} are not in the link")
        for figure, seen, now in differences(received.scenario, account):
            _note(f"the {figure} is no longer what the link's maker saw: {seen} then, {now} now")
        return _written(account.to_json())
    return _written(_each(_document(options.file), lambda scenario: assess(scenario).to_json()))


def _link(options: argparse.Namespace) -> str:
    result = link.encode(with_seen(_scenario(_document(options.file))))
    if result.left_out:
        _note(f"the tier tables of {', '.join(result.left_out)} do not fit a link and stay in the file")
    return result.query


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
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise FieldError(name, f"cannot be read: {error.strerror or 'no such file'}") from None
    except UnicodeDecodeError:
        raise FieldError(name, "is not a text file in UTF-8") from None


def _written(answer: Any) -> str:
    """In ASCII, which every terminal and pipe can take."""
    return json.dumps(answer, indent=2, allow_nan=False)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
