"""The cell of a symbol: the bare name, the words beside it, and whether it is a perpetual."""

import re
from typing import NamedTuple

from margin.market.imports.cells import Words, words_of
from margin.market.imports.vocabulary import DOLLARS, OTHER_KINDS, PERPETUAL, PERPETUAL_KIND, folded
from margin.model.symbols import STABLECOINS

_PARTS = re.compile(r"[\s()\[\]·|,]+")
_CHART_PREFIX = re.compile(r"^[A-Z]{2,15}:(?=[A-Z0-9])")
"""How chart sites name an exchange: BINANCE:RENDERUSDT."""
_BUILDER = re.compile(r"(?P<dex>[a-z][a-z0-9]{1,9}):[A-Za-z0-9]+")
"""How Hyperliquid names perpetuals that others list on it: xyz:TSLA."""
_THOUSANDS = re.compile(r"k(?=[A-Z0-9]{2})")
"""Other venues call Hyperliquid's kPEPE 1000PEPE."""
_SAYS_PERPETUAL = re.compile(r"PERP|-SWAP|\.P$|_UMCBL|_CMCBL|USD[TC]M$")
_WITH_SUFFIX = re.compile(
    r"(?P<symbol>.+?)(?:[ _]PERPETUAL|(?<!BTC)(?<!ETH)-PERPETUAL| "
    r"PERP|\.P|_UMCBL|_CMCBL|(?<=USD[TC])(?:PERP|M))?"
)
_LOCAL_NAMES = {"XBT": "BTC"}
_OPTION = re.compile(r".+-[0-9.]+-[CP](?:-USD[TC])?")
_DATED = re.compile(
    r".+(?:[-_:]|USD[TC])(?:[0-9]{6}|[0-9]{8}|[0-9]{1,2}[A-Z]{3}[0-9]{2})|.+USD[FGHJKMNQUVXZ][0-9]{2}"
)
_SPOT = re.compile(r".+[-_.:/]SPOT|.+_SPBL")
_COIN_MARGINED = re.compile(r"[A-Z0-9]+[-/_]?USD(?:M|_PERP|-SWAP|_DMCBL|:(?!USD)[A-Z0-9]+)?")
_DOLLAR_NAMED = re.compile(r"(?P<symbol>[A-Z0-9]+?)[-/_]?USD(?:-PERP|_PERP)?")
_QUOTED_IN = re.compile(r".+?[-/_]?(?P<quote>USD[TC])(?:[:_-].*)?")
_UNIFIED = re.compile(r"[A-Z0-9]+/[A-Z0-9]+:[A-Z0-9]+")
"""How ccxt names a perpetual on every venue: RENDER/USDT:USDT."""
_DERIBIT_COIN = re.compile(r"(?:BTC|ETH)-PERPETUAL")
"""Deribit's perpetuals that settle in their own coin; in dollars it has SOL_USDC-PERPETUAL."""
_USDC_PERP = re.compile(r"(?P<token>[A-Z0-9]{2,12}?)PERP")
"""How Bybit called its perpetuals in USDC: BTCPERP."""
_OTHER_QUOTE = re.compile(r"[A-Z0-9]{3,}(?P<quote>EUR|TRY|BRL|JPY|GBP|KRW|BTC|ETH|BNB)")
_OTHER_DOLLAR = re.compile(r"[A-Z0-9]{2,}[-/_]?(?P<quote>FDUSD|BUSD|TUSD|USDE)")
_PAIR = re.compile(r"[A-Z0-9]+(?P<separator>[/-])USD[TC]?")
_KIND_REFUSALS = {
    "spot": "it is spot, not a perpetual",
    "option": "it is an option, not a perpetual",
    "inverse": "it settles in its own coin, not in dollars",
}


class Symbol(NamedTuple):
    """What the cell of a symbol says: the bare name in capitals, and the words beside it."""

    name: str
    refusal: str | None
    """Why it is not a perpetual in dollars, None where nothing says so."""
    words: Words
    unified: bool = False
    """Whether it is written as ccxt writes perpetuals."""
    perpetual: bool = False
    """Whether something in the cell says that it is a perpetual."""


def read_symbol(cell: str, *, dollar_names: bool, spot_pairs: str = "") -> Symbol:
    """Return what the cell of a symbol says.

    `dollar_names` is true where the venue calls its dollar perpetuals BTC-USD. `spot_pairs` are the
    separators of a spot pair, such as RENDER/USDT, in names from a program or venue that writes
    more for a perpetual.
    """
    symbol, words = _symbol_and_words(cell)
    if builder := _BUILDER.fullmatch(symbol):
        reason = f'it trades on "{builder["dex"]}", a market with a collateral and rules of its own'
        return Symbol(symbol, reason, words)
    name = _bare_name(symbol)
    unified = bool(_UNIFIED.fullmatch(name))
    perpetual = words.perpetual or unified or bool(_SAYS_PERPETUAL.search(symbol.upper()))
    pair = None if perpetual else _PAIR.fullmatch(name)
    separator = pair["separator"] if pair else ""
    if separator and (separator in spot_pairs or (dollar_names and separator == "/")):
        return Symbol(name, _KIND_REFUSALS["spot"], words)
    if dollar_names and name not in STABLECOINS and (dollar := _DOLLAR_NAMED.fullmatch(name)):
        name = dollar["symbol"]
    if usdc := _USDC_PERP.fullmatch(name):
        name = f"{usdc['token']}USDC"
    return Symbol(_common_name(name), _name_refusal(name), words, unified, perpetual)


def kind_refusal(cell: str) -> str | None:
    """Return why a word of the cell rules out a perpetual in dollars, None where none does."""
    for word in re.split(r"[\s_/(),]+", cell):
        plain = folded(word)
        for reason, pattern in OTHER_KINDS.items():
            if plain and pattern.search(plain):
                return reason
    return None


def is_perpetual_kind(cell: str) -> bool:
    """Return whether the cell names the kind of perpetuals in dollars."""
    return bool(PERPETUAL_KIND.search(folded(cell)))


def settled_in(name: str) -> str | None:
    """Return the dollar coin that a symbol names, None where it names none."""
    quoted = _QUOTED_IN.fullmatch(name)
    return quoted["quote"] if quoted else None


def _symbol_and_words(cell: str) -> tuple[str, Words]:
    """Return the symbol and what the words beside it say, as in `RENDERUSDT Perp 20x`."""
    parts = [part for part in _PARTS.split(_without_suffix(cell)) if part and part != "/"]
    if len(parts) < 2:
        return (parts[0] if parts else cell), Words()
    names = [part for part in parts if words_of(part).unknown]
    if not names:
        # A token may be called like a word: "S 20x".
        names = parts[:1]
    words = words_of(" ".join(part for part in parts if part not in names))
    if len(names) == 2 and names[1].upper() in DOLLARS:
        return f"{names[0]}{names[1]}", words
    return (names[0], words) if len(names) == 1 else (cell, Words())


def _without_suffix(cell: str) -> str:
    """Return the cell without a word for perpetual, in another script, that touches the name."""
    for word in PERPETUAL:
        if not word.isascii() and folded(cell).endswith(word):
            return cell[: -len(word)] if cell.endswith(word) else cell
    return cell


def _bare_name(symbol: str) -> str:
    """Return the symbol in capitals, without its exchange and its suffix for perpetual."""
    if not symbol.isascii():
        # The capitals of some characters are others: ß would become SS, a token.
        return symbol
    name = _CHART_PREFIX.sub("", symbol, count=1)
    if _THOUSANDS.match(name):
        name = _THOUSANDS.sub("1000", name, count=1)
    name = name.upper()
    parts = _WITH_SUFFIX.fullmatch(name)
    return parts["symbol"] if parts else name


def _common_name(name: str) -> str:
    """Return the name with the usual name of its token: XBTUSDT becomes BTCUSDT."""
    for local, common in _LOCAL_NAMES.items():
        if re.fullmatch(rf"{local}(?![A-Z0-9]*{local})(?:[-/_]?USD.*)?", name):
            return f"{common}{name.removeprefix(local)}"
    return name


def _name_refusal(name: str) -> str | None:
    """Return why a symbol of this form is not a perpetual in dollars, None where it may be."""
    if _OPTION.fullmatch(name):
        return _KIND_REFUSALS["option"]
    if _DATED.fullmatch(name):
        return "it is a dated future, not a perpetual"
    if _SPOT.fullmatch(name):
        return _KIND_REFUSALS["spot"]
    quoted = _OTHER_QUOTE.fullmatch(name) or _OTHER_DOLLAR.fullmatch(name)
    in_its_coin = _COIN_MARGINED.fullmatch(name) and not quoted and name not in STABLECOINS
    if _DERIBIT_COIN.fullmatch(name) or in_its_coin:
        return _KIND_REFUSALS["inverse"]
    return f"it settles in {quoted['quote']}" if quoted else None
