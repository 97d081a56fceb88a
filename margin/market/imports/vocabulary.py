"""The words of tables: columns, sides, modes and states, in a dozen languages.

This module has only data and look-ups. Words are compared `folded`, in small letters without
accents, spaces or signs, so that `Einstiegs-Preis`, `einstiegspreis` and `EINSTIEGSPREIS` are one.
A word with two meanings is not in it: a column that is not understood leads to a question, one that
is misunderstood costs money.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from margin.model.symbols import STABLECOINS

_NO_ACCENT = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ø": "o"})
"""Letters that Unicode does not separate into a letter and its accent."""


@lru_cache(maxsize=10_000)
def folded(text: str) -> str:
    """Return the text's letters and digits only, in small letters without accents."""
    # Cached, since the lines of a table repeat the same few words.
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_NO_ACCENT))
    return "".join(character for character in parts if character.isalnum())


def _by_word(meanings: Mapping[str, str]) -> dict[str, str]:
    """Return the meaning of every folded word; spaces separate the words."""
    table: dict[str, str] = {}
    for meaning, words in meanings.items():
        for word in words.split():
            table[folded(word)] = meaning
    return table


def _words(words: str) -> frozenset[str]:
    """Return the words of a text, folded."""
    return frozenset(folded(word) for word in words.split())


# Columns

FIELDS: Mapping[str, str] = _by_word(
    {
        "symbol": "symbol pair tradingpair currencypair market marketname instrument "
        "instrumentname instrumentid "
        "instid contract contractname coin asset token ticker product productid underlying "
        "perpetual perp future "
        "futures symbols coins Handelspaar Paar Kontrakt Münze Vermögenswert paire contrat symbole "
        "actif contrato "
        "simbolo activo moneda ativo moeda par sembol sözleşme parite kontrat varlık символ "
        "контракт инструмент "
        "пара монета актив тикер 合约 合约名称 交易对 币种 币对 品种 标的 合約 交易對 幣種 銘柄 契約 通貨ペア "
        "シンボル 심볼 종목 계약 코인 coppia contratto para simbol kontrak pasangan",
        "is_short": "isshort",
        "kind": "assetclass insttype instrumenttype contracttype markettype producttype category",
        "side": "side bs direction positionside posside holdside longshort ls buysell "
        "positiondirection dir Seite "
        "Richtung Positionsseite sens côté lado direccion sentido direção yön taraf сторона "
        "направление 方向 多空 "
        "仓位方向 持仓方向 买卖 买卖方向 倉位方向 持倉方向 売買 サイド 방향 포지션방향 lato direzione strona "
        "kierunek zijde richting sisi arah hướng",
        "size": "size qty quantity amount amt positionamt positionamount positionsize positionqty "
        "positionquantity "
        "szi sz pos possize opensize netsize netqty netquantity netposition units tokens total "
        "totalsize "
        "currentsize sizes Größe Menge Anzahl Stück Stückzahl Bestand 규모 Positionsgröße taille "
        "quantité tamaño "
        "cantidad tamanho quantidade qtd miktar boyut büyüklük adet pozisyonboyutu размер "
        "количество объем объём "
        "колво размерпозиции 数量 持仓量 持仓数量 仓位 仓位数量 大小 數量 持倉量 持倉數量 サイズ 建玉数量 수량 "
        "크기 사이즈 포지션크기 quantità dimensione taglia ilość rozmiar wielkość grootte hoeveelheid aantal "
        "ukuran jumlah khốilượng sốlượng",
        "contracts": "contracts currentqty cont conts numberofcontracts lots Kontrakte contrats "
        "contratos "
        "sözleşmeler контракты 张 张数 合约张数 張數 枚数 계약수",
        "contract_value": "contractsize contractvalue ctval contractmultiplier multiplier "
        "quantomultiplier",
        "notional": "notional notionalvalue value positionvalue positionnotional exposure "
        "Nominalwert Nominal "
        "Positionswert Wert valeur valeurnotionnelle valeurdelaposition valor valornocional "
        "nocional "
        "valordelaposición valordaposição değer pozisyondeğeri nosyonel стоимость номинал "
        "стоимостьпозиции 价值 "
        "仓位价值 持仓价值 名义价值 價值 倉位價值 名義價值 想定元本 建玉価値 가치 포지션가치 valore "
        "valoreposizione wartość waarde nilai giátrị",
        "entry_price": "entry avgbuyprice Kaufkurs prezzodentrata entryprice entrypx openrate avg "
        "avgprice avgpx "
        "avgentry avgentryprice averageentry avgopenprice avgcost openprice average averageprice "
        "averageentryprice "
        "averageopenprice averagecost openpriceavg openavgprice openavgpx avgopenpx costprice "
        "avgcostprice "
        "positionentryprice Einstiegspreis Einstieg Einstiegskurs Einstandspreis Einstandskurs "
        "Eröffnungspreis "
        "Durchschnittspreis prixdentrée prixentrée entrée prixmoyen prixdentréemoyen "
        "prixdouverture "
        "preciodeentrada precioentrada entrada preciomedio preciopromedio preciodeapertura "
        "preciomediodeentrada "
        "preçodeentrada preçoentrada preçomédio preçodeabertura preçomédiodeentrada girişfiyatı "
        "giriş "
        "ortalamafiyat ortalamagirişfiyatı açılışfiyatı ценавхода вход ценаоткрытия средняяцена "
        "средняяценавхода "
        "开仓价 开仓价格 开仓均价 入场价 入场价格 均价 平均价 平均价格 平均开仓价 持仓均价 成本价 開倉價 開倉價格 "
        "開倉均價 入場價 入場價格 均價 平均價 持倉均價 成本價 エントリー価格 参入価格 平均取得価格 平均建値 建値 "
        "平均価格 진입가 진입가격 평균진입가 평균진입가격 평균가 평균단가 prezzodientrata prezzodingresso "
        "prezzodiingresso prezzomedio entrata ingresso cenawejścia cenaotwarcia średniacena "
        "instapprijs "
        "gemiddeldeprijs hargamasuk hargaentri giávào giávàolệnh",
        "leverage": "leverage lev lever leveragevalue leveragex Hebel Hebelwirkung levier "
        "effetdelevier "
        "apalancamiento alavancagem kaldıraç плечо кредитноеплечо 杠杆 杠杆倍数 倍数 槓桿 槓桿倍數 レバレッジ "
        "레버리지 leva dźwignia hefboom đònbẩy",
        "margin_mode": "Modus modo mod marginmode margintype mgnmode mode leveragetype tdmode "
        "Margenmodus "
        "Marginmodus Margintyp modedemarge typedemarge mododemargen tipodemargen mododemargem "
        "tipodemargem "
        "marjinmodu teminatmodu режиммаржи типмаржи режим 保证金模式 仓位模式 全仓逐仓 模式 保證金模式 倉位模式 "
        "マージンモード 証拠金モード 마진모드 modalitàmargine modalitàdimargine trybdepozytu",
        "cross": "cross crossed iscross crossmargin crossmode iscrossmargin",
        "isolated": "isolated isisolated isolatedmode iso isolatedmargintrading",
        "venue": "exchange venue broker Börse 交易所 取引所",
        "account": "account accountname accountid subaccount subaccountname wallet walletaddress "
        "Konto compte cuenta "
        "conta hesap аккаунт счёт 账户 子账户 帳戶",
        "expiry": "expiry expirydate expiration expirationdate strike strikeprice deliverydate "
        "maturity",
        "take_profit": "takeprofit tp takeprofitprice",
        "stop_loss": "stoploss sl stoplossprice",
        "trade_mode": "trademode",
        "margin": "margin positionmargin marginsize marginused usedmargin marge margen margem "
        "marjin teminat маржа "
        "保证金 保證金 証拠金 마진 증거금 margine depozyt",
        "initial_margin": "initialmargin positioninitialmargin positionim im imr",
        "isolated_margin": "isolatedmargin",
        "isolated_wallet": "isolatedwallet",
        "settle": "settle settlement settlecoin settlementcoin settlecurrency settlementcurrency "
        "settlementasset "
        "marginasset margincoin margincurrency ccy currency",
        "quote": "quote quotecoin quotecurrency quoteasset quoteccy",
        "mark_price": "mark markprice markpx markedprice Markpreis Markierungspreis Markkurs "
        "prixmarqué "
        "prixdemarque preciodemarca preciomarca preçodemarca preçodemarcação işaretfiyatı "
        "ценамаркировки "
        "маркировочнаяцена 标记价 标记价格 標記價 標記價格 マーク価格 시장평균가 prezzodimark prezzomark "
        "cenaoznaczenia",
        "liquidation_price": "liqprice liquidationprice liqpx liquidationpx liq estliqprice "
        "estliqpx liquidation "
        "estimatedliquidationprice Liquidationspreis Liqpreis prixdeliquidation "
        "preciodeliquidación "
        "preciodeliquidacionestimado preçodeliquidação tasfiyefiyatı likidasyonfiyatı "
        "ценаликвидации 强平价 "
        "强平价格 预估强平价 预估强平价格 強平價 強平價格 清算価格 prezzodiliquidazione cenalikwidacji",
        "unrealised_pnl": "upnl upl unrealizedpnl unrealisedpnl unrealizedprofit unrealisedprofit "
        "unrealizedpl "
        "unrealisedpl openpnl openpl openprofit unrealizedprofitloss unrealizedpnlroe "
        "unrealisiertergewinn "
        "unrealisierterpnl nichtrealisierterpnl pnlnonréalisé pnlnorealizado gananciasnorealizadas "
        "pnlnãorealizado "
        "lucronãorealizado gerçekleşmemişpnl нереализованныйpnl нереализованнаяприбыль 未实现盈亏 浮动盈亏 "
        "未實現盈虧 未実現損益 미실현손익 pnlnonrealizzato",
        "return": "roe roi pnlpercent pnlpct pnlratio uplratio percentage returnonequity "
        "unrealizedpnlpercent "
        "roepercent",
        "pnl": "pnl profit pl pandl profitloss pnlroe pnlroi pnlusdt gewinn gewinnverlust "
        "gananciaperdida "
        "lucroperda kârzarar прибыль прибыльубыток 盈亏 收益 盈虧 損益 손익",
    }
)
"""The field of a column, by its folded name."""

SIGNS: Mapping[str, str] = _by_word(
    {
        "order_id": "orderid ordid orderno ordernumber oid clordid clientorderid tradeid tradeno "
        "tid execid "
        "executionid fillid txid Ordernummer Auftragsnummer iddordre numérodordre idordre idorden "
        "iddeorden "
        "ordenid númerodeorden idordem iddaordem númerodaordem emirno emirid номерордера idордера "
        "订单号 订单编号 "
        "訂單號 訂單編號 注文番号 주문번호 idordine numerozlecenia",
        "execution": "origqty origsize timeinforce triggerprice limitprice limitpx role maker "
        "taker makertaker "
        "takerormaker remaining remainingqty filledtotal reduceonly Ordertyp Auftragstyp "
        "typedordre tipodeorden "
        "tipodeordem emirtipi emirtürü типордера 委托价 委托价格 委托时间 委托数量 成交价 成交价格 成交均价 "
        "成交数量 成交时间 委託價 委託價格 成交價 成交均價 約定価格 約定数量 체결가격 체결수량 주문가격",
        "closing": "closingdirection closedirection closedsize closedqty closedquantity "
        "closedvolume closedvol "
        "closedamount closetotalpos closesize closeqty 平仓数量 平倉數量",
        "is_open": "isopen open stillopen",
        "done": "done isclosed finished completed",
        "status": "status state positionstatus tradestatus Stand Zustand statut estado durum "
        "статус состояние 状态 "
        "狀態 状態 상태 stato",
        "fee": "fee fees feespaid commission commissions Gebühr Gebühren frais comisión comisiones "
        "taxa taxas "
        "komisyon комиссия 手续费 手續費 手数料 수수료 commissioni prowizja",
        "time": "time date datetime datum Zeit fecha hora data tarih zaman дата время 时间 日期 時間 "
        "日時 시간 "
        "czas transactiontime tradedate",
        "remark": "note notes comment comments remark remarks Notiz Kommentar Bemerkung nota notas "
        "commentaire "
        "комментарий 备注 備註 メモ 메모",
    }
)
"""Signs, by folded column name, of a closed line or of a table that lists trades or orders."""


def _any(words: str) -> str:
    """Return a pattern of any of the words, folded; ^ and $ mean the start and end of a name."""
    parts = []
    for word in words.split():
        start, end = "^" if word.startswith("^") else "", "$" if word.endswith("$") else ""
        parts.append(f"{start}{re.escape(folded(word))}{end}")
    return "|".join(parts)


_CLOSED = _any(
    "clos exit sold schließ schließung geschloss verkauf ausstieg clôtur fermet fermé sortie "
    "cierre cerrad salida "
    "fecham "
    "fechad saída kapan çıkış закры выход 平仓 平倉 出场 出場 离场 離場 決済 エグジット 종료 chius uscit zamkn wyjś"
)
_PROFIT = _any("pnl profit pl$ gain gewinn 盈亏 盈虧 損益 손익 прибыль kâr$ lucro gananc")
_STEMS: Mapping[str, str] = {
    # Buttons and figures of an open position whose names have a word for closing.
    "button": _any(
        "closeall closeby closable closeable availabletoclose availclose curreali cumreali "
        "sumclose mmrclose "
        "closeorder lastclose"
    ),
    "unrealised_pnl": _any(
        "unreali nonreali noreali naoreali nichtreali нереализ 未实现 未實現 未実現 미실현 gerçekleşmemiş "
        "floatingp niezreal "
        "浮动盈 浮動盈"
    ),
    "closed_pnl": rf"(?:{_CLOSED}).*(?:{_PROFIT})|(?:{_PROFIT}).*(?:{_CLOSED})",
    "realised_pnl": _any("realis realiz реализ 已实现 已實現 実現損 실현손 gerçekleş"),
    "exit": rf"{_CLOSED}|"
    + _any("^sell$ ^sells$ ^sellprice ^selldate ^sellat ^out$ dateout$ timeout$ priceout$ ^end$")
    + "|"
    + _any("^enddate ^endtime ^ende$ ^fin$"),
    "result": _any(
        "^outcome ^result ergebnis resultado ^wl$ winloss rmultiple ^duration haltedauer tphit "
        "slhit"
    ),
    "execution": _any("^exec ^fill filled ^tradetime")
    + r"|^order(?:type|status|price|qty|size|quantity|amount|value|time|date)",
    "margin_mode": _any("crossisolated isolatedcross crossorisolated 全仓逐仓"),
    # A flag such as "is isolated", but not an amount such as "isolated wallet".
    "isolated": "^(?:is)?(?:"
    + _any("isol aisl izol изол 逐仓 逐倉 격리 分離 分离")
    + ")(?!.*(?:wallet|balance|pnl|margin$))",
    "cross": rf"^(?:is)?(?:{_any('cross 全仓 全倉')})(?:ed|margin|mode)?$",
}
STEMS: Mapping[str, re.Pattern[str]] = {
    field: re.compile(pattern) for field, pattern in _STEMS.items()
}
"""The field of a column with an unknown name, by a pattern in it; the first match counts."""

IGNORED = _words(
    "updated updatetime utime ctime created "
    "createdtime createdat opened openedat opentime opendate openat entrydate entrytime timestamp "
    "datetime info id "
    "no nr index # strategy "
    "marginratio maintenancemargin mmr risk tpsl actions closeall "
    "funding fundingfee breakeven breakevenprice"
)
"""Names of columns that are known, and that an account does not need."""


# Cells

Side = Literal["long", "short"]
SIDES: Mapping[str, str] = _by_word(
    {
        "long": "long buy l b bid bought longs Kauf Kaufen achat acheter compra comprar comprado "
        "comprada largo "
        "larga alış al uzun лонг покупка купить длинная длинный 多 做多 开多 開多 多头 多頭 多单 多單 买 买入 買 "
        "買入 買い ロング 롱 매수 lungo acquisto kupno koop beli mua",
        "short": "short sell s ask sold shorts Verkauf Verkaufen vente vendre venta vender vendido "
        "vendida corto "
        "corta satış sat kısa шорт продажа продать короткая короткий 空 做空 开空 開空 空头 空頭 空单 空單 卖 卖出 "
        "賣 賣出 売り ショート 숏 매도 vendita sprzedaż verkoop jual bán",
    }
)
SIDE_WORDS = frozenset(SIDES) - {"l", "b", "s", "al", "sat", "ask", "bid"}
"""Words that can only be sides, so that a column of any name with them is the side."""
CLOSING = _words(
    "close closed closing exit exited reduce liquidated schließen geschlossen fermer fermé fermée "
    "cerrar cerrado "
    "cerrada fechar fechado fechada kapat kapalı закрыть закрыт закрыта закрытие 平多 平空 平仓 平倉 "
    "已平仓 已平倉 "
    "決済 청산 chiuso chiusa zamknięta zamknij gesloten"
)
"""Words that say, beside a side or as a state, that the line is closed."""
ENDED = CLOSING | _words(
    "filled cancelled canceled expired rejected done completed finished stopped executed exécuté "
    "ausgeführt "
    "ejecutada executada gerçekleşti исполнен исполнено 已成交 已撤销 已取消 won lost win loss"
)
"""States of a position that is closed, or of an order."""
OPEN = _words(
    "open opened active live running normal holding inprogress ongoing offen aktiv ouvert ouverte "
    "abierto abierta "
    "aberto aberta açık "
    "открыт открыта открыто активна 持仓中 持有中 未平仓 持倉中 保有中 열림 aperto aperta otwarta"
)
"""States of an open position."""
PENDING = _words("new pending partiallyfilled partially untriggered working resting submitted")
"""States of an open order."""
ORDER_TYPES = _words(
    "limit market stop stoplimit stopmarket takeprofit takeprofitmarket trailingstop postonly ioc "
    "fok limitorder "
    "marketorder conditional"
)
SIGNED_SIZES = frozenset({"szi", "positionamt", "amt", "pos", "currentqty", "netsize", "netqty"})
"""Names of sizes that programs write as a negative number for a short."""
BY_SIGN = frozenset({"both", "net", "oneway"})
"""Words in a column of sides that leave the side to the sign of the size."""
NEUTRAL = frozenset(
    {"open", "opened", "to", "position", "positions", "perp", "perpetual", "swap", "margin", "mode"}
)
"""Words beside a side, a mode or a leverage that add nothing."""
PERPETUAL = _words(
    "perp perpetual perpetuals swap futures future unbefristet perpétuel perpetuo perpétuo sürekli "
    "бессрочный "
    "бессроч 永续 永續 永续合约 永續合約 無期限 무기한"
)
"""Words beside a symbol that say only that it is a perpetual."""
MODES: Mapping[str, str] = _by_word(
    {
        "cross": "cross crossed crossmargin crossmode crossedmargin crosscollateral "
        "marginmodecross gekreuzt "
        "croisé croisée cruzado cruzada çapraz кросс кроссмаржа перекрёстная перекрестная 全仓 全倉 "
        "クロス 교차 "
        "incrociato incrociata krzyżowy krzyżowa",
        "isolated": "isolated iso fixed isolatedmargin isolatedmode marginmodeisolated isoliert "
        "isolé isolée "
        "aislado aislada isolado isolada izole изолированная изолированный изолир 逐仓 逐倉 分離 격리 "
        "isolato "
        "isolata izolowany izolowana geïsoleerd terisolasi",
    }
)
TRUE = frozenset(
    {"true", "yes", "y", "1", "x", "ja", "wahr", "oui", "vrai", "si", "sim", "evet", "да", "是"}
)
FALSE = frozenset(
    {"false", "no", "n", "0", "nein", "falsch", "non", "faux", "nao", "hayir", "нет", "否"}
)
EMPTY = frozenset(
    {"-", "--", "---", "–", "—", "n/a", "na", "nan", "<na>", "null", "none", "nat", "not available"}
)
"""Cells without a value."""

DOLLARS = frozenset({"$", "US$"}) | STABLECOINS
CONTRACTS = frozenset({"CONT", "CONTS", "CONTRACT", "CONTRACTS", "LOT", "LOTS", "张", "張"})
TOTALS = _words(
    "total totals sum subtotal grandtotal gesamt summe somme suma toplam итого всего 合计 合計 总计 "
    "總計 합계 "
    "totale razem"
)
CLOSED_TITLES = re.compile(
    _any(
        "closep closedp closetrade closedtrade closingp closedpos ^closed history tradelog ^trade$ "
        "^trades$ mytrades "
        "alltrades usertrades fill$ fills$ userfills order$ orders$ execution$ executions$ "
        "geschloss historique "
        "historial "
        "histórico geçmiş история закры 历史 歷史 履歴 平仓 平倉 거래내역"
    )
)
"""What the folded title or key of a list of closed trades or orders contains."""
TAB_BAR = re.compile(r"(?:open)?positions?(?!history|shistory)")
"""The start of the tab bar above an exchange's list of open positions."""
ISOLATED_STEM = re.compile(_any("isol aisl izol изол 逐仓 逐倉 격리 分離 分离"))
CROSS_STEM = re.compile(
    _any("cross 全仓 全倉 кросс перекр croisé cruzad çapraz gekreuzt クロス 교차 krzyż incroc")
)
"""The beginnings of the words for the two modes."""
OTHER_KINDS: Mapping[str, re.Pattern[str]] = {
    "it is spot, not a perpetual": re.compile(_any("^spot ^现货 ^現貨")),
    "it settles in its own coin, not in dollars": re.compile(
        _any("^coinm ^inverse ^coinfutures 币本位 幣本位")
    ),
    "it is a dated future, not a perpetual": re.compile(
        _any("^delivery quarter ^dated ^nextmonth 交割")
    ),
    "it is an option, not a perpetual": re.compile(
        _any("^option$ ^options$ ^call$ ^put$ 期权 期權")
    ),
}
"""Why a word rules out a perpetual in dollars, with the pattern of such words."""
PERPETUAL_KIND = re.compile(
    _any(
        "perp swap linear usdtm usdsm usdm umcbl usdtfutures usdcfutures 永续 永續 бессроч sürekli "
        "無期限 무기한 "
        "unbefristet sinvencimiento"
    )
)
"""What the words for a perpetual in dollars contain."""
