"""Answers of the venues on disk, so that a restart has newer figures than the snapshot.

Only public figures are stored, one JSON file per query. Every kind has an encoder and a decoder
side by side, an exact round trip. Stored values pass the same checks as a venue's answer: a file
that is broken, foreign, from another version or from the future is ignored and removed. A folder
that cannot be used is logged once, and everything works without it.
"""

import json
import logging
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import platformdirs

from margin import errors
from margin.errors import FieldError
from margin.market.cache.query import KINDS, Cached, Kind, Query, is_token, utc_now
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote
from margin.market.venues import checks
from margin.model.scenario import loads
from margin.validation import read
from margin.venues import VENUES, TierTable, listing_venues

VERSION = 2
LARGEST_FILE = 8 * 1024 * 1024
MOST_FILES = 400
_MOST_ROWS = 20_000
_LONGEST_TEXT = 500
_NAME = re.compile(
    rf"tandem-(?:(?P<venue>[a-z0-9]+)-(?:{'|'.join(KINDS)})(?:-[A-Z0-9]{{1,15}})?\.json|[A-Za-z0-9_]{{8}}\.tmp)"
)
"""The names of this cache's files; an answer's venue must be one that lists perpetuals."""
_ROW = re.compile("row [0-9]{1,6}")
_LOG = logging.getLogger("tandem")


def default_folder() -> Path | None:
    """Return the folder of the cache: `TANDEM_CACHE`, else in the user's cache folder.

    None, for no cache on disk, where that variable is empty.
    """
    folder = os.environ.get("TANDEM_CACHE")
    if folder is None:
        return Path(platformdirs.user_cache_dir("tandem"))
    return Path(folder) if folder else None


class DiskCache:
    """The files of one folder, which the first write creates.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._now = now
        self._lock = Lock()
        """Guards `_warned`; files need no lock, for they are replaced as a whole."""
        self._warned = False

    def read(self, query: Query) -> Cached | None:
        """Return the stored answer to the query, None where there is no valid one.

        Raises FieldError as `Query.check`.
        """
        path = self._path(query)
        try:
            return _cached(query, loads(_content(path)), self._now())
        except FileNotFoundError:
            return None
        except (FieldError, UnicodeDecodeError):
            self._remove(path)
            return None
        except OSError as error:
            self._warn_once(error)
            return None

    def write(self, query: Query, value: Any, seen_at: datetime) -> None:
        """Store a value unless it is too large. Raises FieldError as `Query.check`."""
        path = self._path(query)
        document = {
            "version": VERSION,
            "query": list(query),
            "seen_at": seen_at.isoformat(),
            "value": _CODECS[query.kind].encode(value),
        }
        content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        if len(content) > LARGEST_FILE:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path, content)
            self._prune()
        except OSError as error:
            self._warn_once(error)

    def _path(self, query: Query) -> Path:
        query.check()
        return self._folder / f"{'-'.join(['tandem', *filter(None, query)])}.json"

    def _prune(self) -> None:
        files = [path for path in self._folder.iterdir() if _is_ours(path.name)]
        if len(files) > MOST_FILES:
            for path in sorted(files, key=_written_at)[:-MOST_FILES]:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        # Another process was first, or it is a folder: it is ignored either way.
        with suppress(OSError):
            path.unlink()

    def _warn_once(self, error: OSError) -> None:
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            _LOG.warning(
                "market figures are not kept on disk: %s", error.strerror or type(error).__name__
            )


def _is_ours(name: str) -> bool:
    """Return whether a file belongs to this cache; no other file in the folder is touched."""
    match = _NAME.fullmatch(name)
    return match is not None and match["venue"] in (None, *listing_venues())


def _content(path: Path) -> str:
    """Return the file's text.

    Raises FieldError where it is not a regular file (a pipe would never end) or too large.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
        raise FieldError("", "is no plain file, or too large")
    return path.read_bytes().decode()


def _replace(path: Path, content: bytes) -> None:
    """Write a temporary file and rename it, so that a reader never sees a part of an answer."""
    handle, name = tempfile.mkstemp(".tmp", "tandem-", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _written_at(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def _cached(query: Query, document: object, now: datetime) -> Cached:
    entry = _entry(document, ("version", "query", "seen_at", "value"))
    if entry["version"] != VERSION or entry["query"] != list(query):
        raise FieldError("", "is of another version, or answers another query")
    seen_at = _moment(entry["seen_at"], "seen_at")
    if seen_at > now:
        raise FieldError("seen_at", "must not lie in the future")
    return Cached(_CODECS[query.kind].decode(entry["value"], query.venue), seen_at, from_disk=True)


def _moment(value: object, path: str) -> datetime:
    """Parse a time in ISO 8601 with +00:00, as `isoformat` writes it."""
    try:
        moment = datetime.fromisoformat(errors.text(value, path, longest=40))
    except ValueError:  # FieldError is one too.
        raise FieldError(path, "must be a time such as 2026-11-22T12:00:00+00:00") from None
    if moment.utcoffset() != timedelta(0):
        raise FieldError(path, "must be a time in UTC")
    return moment


class _Codec(NamedTuple):
    """Functions that turn a source's answer into JSON and back.

    `decode` also takes the venue and raises FieldError for an invalid value.
    """

    encode: Callable[[Any], Any]
    decode: Callable[[object, str], Any]


def _encode_checked(encode: Callable[[Any], Any], checked: Checked[Any]) -> dict[str, Any]:
    """Return the JSON of an answer by token."""
    # Refused rows without a token's name are stored too: they show that the answer is incomplete.
    return {
        "good": {token: encode(value) for token, value in checked.good.items() if is_token(token)},
        "refused": {name: reason for name, reason in checked.refused.items() if _is_row_name(name)},
    }


def _is_row_name(name: str) -> bool:
    return is_token(name) or _ROW.fullmatch(name) is not None


def _decode_checked(
    decode: Callable[[object, str], Any], value: object, venue: str
) -> Checked[Any]:
    entry = _entry(value, ("good", "refused"))
    reasons = _by_name(entry["refused"], _is_row_name)
    good = _by_name(entry["good"], is_token)
    return Checked(
        {token: decode(encoded, venue) for token, encoded in good.items()},
        {
            name: errors.text(reason, name, longest=_LONGEST_TEXT)
            for name, reason in reasons.items()
        },
    )


def _by_name(value: object, is_valid: Callable[[str], bool]) -> Mapping[str, Any]:
    rows = errors.keyed(value, "", most=_MOST_ROWS)
    if not all(map(is_valid, rows)):
        raise FieldError("", "must be an object by token")
    return rows


def _entry(value: object, keys: Iterable[str]) -> Mapping[str, Any]:
    entry = errors.keyed(value, "", most=20)
    errors.known_keys(entry, "", required=keys, optional=())
    return entry


def _decode_contract(value: object, venue: str) -> Contract:  # noqa: ARG001
    return read(Contract, value)


def _encode_quote(quote: Quote) -> dict[str, Any]:
    return {
        **quote._asdict(),
        "next_funding": quote.next_funding and quote.next_funding.isoformat(),
    }


def _decode_quote(value: object, venue: str) -> Quote:  # noqa: ARG001
    fields = dict(_entry(value, Quote._fields))
    if fields["next_funding"] is not None:
        fields["next_funding"] = _moment(fields["next_funding"], "next_funding")
    return checks.checked_quote(**fields)


def _decode_tiers(value: object, venue: str) -> TierTable:
    progressive = not VENUES[venue].flat_tiers
    rows = TierTable.from_rows(value, progressive=progressive).rows()
    return checks.tier_table(rows, progressive=progressive)


def _encode_funding(history: FundingHistory) -> list[Any]:
    return [*zip(history.times.tolist(), history.rates.tolist(), strict=True)]


def _decode_funding(value: object, venue: str) -> FundingHistory:  # noqa: ARG001
    pairs = [errors.listed(row, "", most=2) for row in errors.listed(value, "", most=_MOST_ROWS)]
    return checks.funding_history(
        [dict(zip(("time", "rate"), pair, strict=False)) for pair in pairs], "time", "rate"
    )


def _encode_candles(candles: Candles) -> list[Any]:
    columns = (candles.times, candles.open, candles.high, candles.low, candles.close)
    return [*zip(*(column.tolist() for column in columns), strict=True)]


def _decode_candles(value: object, venue: str) -> Candles:  # noqa: ARG001
    return checks.candles(errors.listed(value, "", most=_MOST_ROWS))


def _per_token(encode: Callable[[Any], Any], decode: Callable[[object, str], Any]) -> _Codec:
    return _Codec(partial(_encode_checked, encode), partial(_decode_checked, decode))


_CODECS: Mapping[Kind, _Codec] = {
    "contracts": _per_token(asdict, _decode_contract),
    "quotes": _per_token(_encode_quote, _decode_quote),
    "tiers": _per_token(TierTable.rows, _decode_tiers),
    "funding": _Codec(_encode_funding, _decode_funding),
    "candles": _Codec(_encode_candles, _decode_candles),
}
