"""What a table calls a perpetual.

The name without its dress, what stands beside it, and whether it is one at all.
"""

import re
from typing import NamedTuple

from margin.market.imports.cells import Words, words_of
from margin.market.imports.vocabulary import DOLLARS, OTHER_KINDS, PERPETUAL, PERPETUAL_KIND, folded
from margin.model.symbols import STABLECOINS

_PARTS = re.compile(r"[\s()\[\]·|,]+")
_CHART_PREFIX = re.compile(r"^[A-Z]{2,15}:(?=[A-Z0-9])")
"""How chart sites name an exchange: BINANCE:RENDERUSDT."""
_BUILDER = re.compile(r"(?P<dex>[a-z][a-z0-9]{1,9}):[A-Za-z0-9]+")
"""How Hyperliquid names the perpetuals that others run on it: xyz:TSLA."""
_THOUSANDS = re.compile(r"k(?=[A-Z0-9]{2})")
"""Hyperliquid's kPEPE is what others call 1000PEPE."""
_SAYS_PERPETUAL = re.compile(r"PERP|-SWAP|\.P$|_UMCBL|_CMCBL|USD[TC]M$")
_DRESSED = re.compile(
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
"""Deribit's perpetuals that settle in their own coin.

Those in dollars are called SOL_USDC-PERPETUAL.
"""
_USDC_PERP = re.compile(r"(?P<token>[A-Z0-9]{2,12}?)PERP")
"""How Bybit called its perpetuals in USDC: BTCPERP."""
_OTHER_QUOTE = re.compile(r"[A-Z0-9]{3,}(?P<quote>EUR|TRY|BRL|JPY|GBP|KRW|BTC|ETH|BNB)")
_OTHER_DOLLAR = re.compile(r"[A-Z0-9]{2,}[-/_]?(?P<quote>FDUSD|BUSD|TUSD|USDE)")
_PAIR = re.compile(r"[A-Z0-9]+(?P<by>[/-])USD[TC]?")
_KINDS = {
    "spot": "it is spot, not a perpetual",
    "option": "it is an option, not a perpetual",
    "inverse": "it settles in its own coin, not in dollars",
}


class Symbol(NamedTuple):
    """A symbol's cell: its bare `name`, `why_not` it is a dollar perpetual, its words.

    The name is in capitals.

    `unified`: it is written as ccxt writes perpetuals. `perpetual`: something in it says that it is
    one.
    """

    name: str
    why_not: str | None
    words: Words
    unified: bool = False
    perpetual: bool = False


def read_symbol(cell: str, *, dollar_names: bool, spot_pairs: str = "") -> Symbol:
    """Return what a symbol's cell says.

    `dollar_names`: the venue calls its dollar perpetuals BTC-USD. `spot_pairs` are the signs that
    part a spot pair, such as RENDER/USDT, where the name is that of a program or venue that would
    write more for a perpetual.
    """
    written, words = _name_and_words(cell)
    if builder := _BUILDER.fullmatch(written):
        reason = f'it trades on "{builder["dex"]}", a market with a collateral and rules of its own'
        return Symbol(written, reason, words)
    name = _undressed(written)
    unified = bool(_UNIFIED.fullmatch(name))
    perpetual = words.perpetual or unified or bool(_SAYS_PERPETUAL.search(written.upper()))
    pair = None if perpetual else _PAIR.fullmatch(name)
    if pair and (pair["by"] in spot_pairs or (dollar_names and pair["by"] == "/")):
        return Symbol(name, _KINDS["spot"], words)
    if dollar_names and name not in STABLECOINS and (dollar := _DOLLAR_NAMED.fullmatch(name)):
        name = dollar["symbol"]
    if usdc := _USDC_PERP.fullmatch(name):
        name = f"{usdc['token']}USDC"
    return Symbol(_local(name), _why_no_perpetual(name), words, unified, perpetual)


def kind_refused(cell: str) -> str | None:
    """Return why words of a cell say that a line is no perpetual in dollars."""
    for word in re.split(r"[\s_/(),]+", cell):
        plain = folded(word)
        for reason, pattern in OTHER_KINDS.items():
            if plain and pattern.search(plain):
                return reason
    return None


def is_perpetual_kind(cell: str) -> bool:
    """Return whether a kind of instrument is that of perpetuals in dollars."""
    return bool(PERPETUAL_KIND.search(folded(cell)))


def settled_in(name: str) -> str | None:
    """Return the dollar coin that a symbol names."""
    found = _QUOTED_IN.fullmatch(name)
    return found["quote"] if found else None


def _name_and_words(cell: str) -> tuple[str, Words]:
    """Return the name, and what the words beside it say: `RENDERUSDT Perp 20x`."""
    parts = [part for part in _PARTS.split(_without_suffix(cell)) if part and part != "/"]
    if len(parts) < 2:
        return (parts[0] if parts else cell), Words()
    names = [part for part in parts if words_of(part).unknown]
    if not names:
        # A token may be called like a word: "S 20x".
        names = parts[:1]
    beside = words_of(" ".join(part for part in parts if part not in names))
    if len(names) == 2 and names[1].upper() in DOLLARS:
        return f"{names[0]}{names[1]}", beside
    return (names[0], beside) if len(names) == 1 else (cell, Words())


def _without_suffix(cell: str) -> str:
    """Return the cell without a word of another script for perpetual that touches the name."""
    for word in PERPETUAL:
        if not word.isascii() and folded(cell).endswith(word):
            return cell[: -len(word)] if cell.endswith(word) else cell
    return cell


def _undressed(written: str) -> str:
    """Return the symbol without its exchange and without what only says perpetual, in capitals."""
    if not written.isascii():
        # Not every character's capital is its own: ß would become SS, a token.
        return written
    bare = _CHART_PREFIX.sub("", written, count=1)
    name = _THOUSANDS.sub("1000", bare, count=1).upper() if _THOUSANDS.match(bare) else bare.upper()
    found = _DRESSED.fullmatch(name)
    return found["symbol"] if found else name


def _local(name: str) -> str:
    """Return the name with the token as everybody else calls it: XBTUSDT is BTCUSDT."""
    for local, common in _LOCAL_NAMES.items():
        if re.fullmatch(rf"{local}(?![A-Z0-9]*{local})(?:[-/_]?USD.*)?", name):
            return f"{common}{name.removeprefix(local)}"
    return name


def _why_no_perpetual(name: str) -> str | None:
    if _OPTION.fullmatch(name):
        return _KINDS["option"]
    if _DATED.fullmatch(name):
        return "it is a dated future, not a perpetual"
    if _SPOT.fullmatch(name):
        return _KINDS["spot"]
    other = _OTHER_QUOTE.fullmatch(name) or _OTHER_DOLLAR.fullmatch(name)
    in_its_coin = _COIN_MARGINED.fullmatch(name) and not other and name not in STABLECOINS
    if _DERIBIT_COIN.fullmatch(name) or in_its_coin:
        return _KINDS["inverse"]
    return f"it settles in {other['quote']}" if other else None
