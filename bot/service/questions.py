"""Questions about what is the customer's own: what was paid, what comes back, where a parcel is, what was bought.

Answers are read from his records and are said as they are. Which order or thing is meant is read as for a request.
"""
# ruff: noqa: E501 - expressions and sentences stay on one line, so that they can be searched

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.formats import money
from bot.service.case import Case
from bot.service.owned import Piece, Records, mentions_place, named_orders, pieces_of
from bot.service.requests import tidy
from bot.service.wording import QUESTION
from bot.session import Lang
from bot.shop.records import Address, Customer, Order
from guardrails.findings import Concealed

About = Literal["method", "back", "to_pay", "balance", "tracking", "address", "rest", "paid", "things"]
MAX_TOLD: Final = 6
_ASKS: Final[dict[About, re.Pattern[str]]] = {
    "method": re.compile(
        r"\b(?:which|what)\s(?:card|payment\smethod)\s(?:did|was|have)\b|\bhow\sdid\si\spay\b|\bpaid\swith\b"
        r"|用(?:的)?(?:什么|哪)[^。？]{0,6}(?:付|支付)的|怎么付的"
    ),
    "balance": re.compile(r"\bbalance\b|余额"),
    "rest": re.compile(r"\b(?:remaining|rest\sof\sthe|other|left)\b[^.?]{0,20}\bitems?\b|剩下的?(?:商品|东西)"),
    "back": re.compile(
        r"\b(?:get|getting|receive|receiving|got)\b[^.?]{0,20}\bback\b|\btotal\b[^.?]{0,20}\brefund|\brefund\w*\b[^.?]{0,25}\b(?:total|amount|in\sall|altogether)"
        r"|\bhow\smuch\b[^.?]{0,30}\b(?:refund|back)|(?:一共|总共|合计)[^。？]{0,8}退|退(?:款|给我|回)?[^。？]{0,6}(?:多少|一共|总共|合计)"
    ),
    "to_pay": re.compile(
        r"\bhow\smuch\b(?![^.?]*\bdid\b)[^.?]{0,30}\b(?:pay|owe|charged?)\b(?!\sfor\s(?:my|the)\sorder)|(?:还要|需要|一共|总共)[^。？]{0,4}(?:付|补)[^。？]{0,4}多少"
    ),
    "tracking": re.compile(r"\btracking\b|\btrack(?:ing)?\s(?:number|id|code)|运单号|快递单号|物流单号"),
    "address": re.compile(r"\b(?:which|what|where)\b[^.?]{0,40}\b(?:address|sent\sto|delivered\sto|going\sto|shipped\sto)\b|(?:寄到|送到|发到|发往)(?:了)?(?:哪|什么)|哪个地址"),
    "paid": re.compile(
        r"\bwhat\s(?:did\si\spay|have\si\spaid)\b|\bhow\smuch\b[^.?]{0,30}\b(?:paid|did\si\spay|cost|was)\b|\btotal\b[^.?]{0,25}\b(?:price|paid|amount|cost)\b[^.?]{0,40}|"
        r"\bwhat\s(?:was|is)\sthe\s(?:price|total)\b[^.?]{0,40}\b(?:i\s(?:bought|paid|ordered)|my|order)\b|(?:花了|付了|总价|总金额|一共)[^。？]{0,8}(?:多少)?"
    ),
    "things": re.compile(
        r"\b(?:which|what)\b[^.?]{0,60}\b(?:did\si\s(?:order|buy)|i\s(?:ordered|bought|received|got)|in\smy\s(?:order|\w+\sorder))\b"
        r"|我(?:买|订|下单)的[^。？]{0,20}(?:什么|哪|多大|几)"
    ),
}  # fmt: skip
_OWN: Final = re.compile(
    r"\b(?:i|my|mine|me)\b|\bthat\sorder\b|\bthis\sorder\b|\bits?\b|\border\b|\b[a-z]{1,2}\d{6,}|我|那个?订单|这个?订单"
)
_STATUSES: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = (
    (re.compile(r"\bcancell?ed\b|已?取消的"), frozenset({"cancelled"})),
    (
        re.compile(r"\bdelivered\b|\breceived\b|收到的|签收"),
        frozenset({"delivered", "return_requested", "exchange_requested"}),
    ),
    (re.compile(r"\bpending\b|\bopen\b|未发货|待发货"), frozenset({"pending", "paid"})),
)
_SUM: Final = re.compile(r"\btotal\b|\ball\b|\bin\sall\b|\baltogether\b|\btogether\b|一共|总共|合计|总价|总金额")
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "back": ("In all you get back {amount}.", "合计退给您{amount}。"),
    "to_pay": ("You pay {charge} and get back {refund}: {net} in all.", "您需支付{charge}，退给您{refund}，相抵后{net}。"),
    "nothing_yet": ("Nothing has been changed in this conversation yet.", "本次对话中还没有办理任何退款或补款。"),
    "balance": ("Your gift card holds {amount}.", "您的礼品卡余额为{amount}。"),
    "no_card": ("There is no gift card on your account.", "您的账户下没有礼品卡。"),
    "tracking": ("Order {order}: tracking number {number}.", "订单{order}：运单号{number}。"),
    "no_tracking": ("Order {order} has no tracking number yet.", "订单{order}还没有运单号。"),
    "address": ("Order {order} goes to {address}.", "订单{order}的收货地址：{address}。"),
    "paid": ("Order {order}: {amount} in all.", "订单{order}：合计{amount}。"),
    "thing": ("{name}: {amount}, order {order}.", "{name}：{amount}，订单{order}。"),
    "sum": ("Together: {amount}.", "合计{amount}。"),
    "method": ("Order {order} was paid with {method}.", "订单{order}是用{method}支付的。"),
    "rest": ("The other items in order {order}: {amount} in all.", "订单{order}其余商品合计{amount}。"),
}  # fmt: skip


def asked_about(text: str) -> About | None:
    """What of his own a customer asks about; ``None`` where it is no such question."""
    words = tidy(text).lower()
    questions = [
        part for part in re.split(r"(?<=[.?!。？！])\s*", words) if QUESTION.search(part) or part.endswith(("?", "？"))
    ]
    for question in questions:
        for about, pattern in _ASKS.items():
            if pattern.search(question) and _OWN.search(question):
                return about
    return None


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from one customer's records."""

    records: Records
    customer: Customer
    case: Case | None
    currency: str
    hide: Callable[[Address], Concealed]

    def answer(self, text: str, topic: str | None = None) -> tuple[Concealed, str | None] | None:
        """The answer and the order it is about; ``None`` where the records do not tell. ``topic``: the order spoken of."""
        words = tidy(text).lower()
        about = asked_about(text)
        match about:
            case None:
                return None
            case "back" | "to_pay":
                return self._settled(about), None
            case "balance":
                return self._balance(), None
            case _:
                return self._of_orders(about, words, topic)

    def _settled(self, about: About) -> Concealed:
        case = self.case or Case()
        if not case.writes:
            return self._say("nothing_yet")
        refund, charge = case.refunded_minor, case.charged_minor
        if about == "back" and not charge:
            return self._say("back", amount=self._money(refund))
        net = self._money(abs(charge - refund))
        return self._say("to_pay", charge=self._money(charge), refund=self._money(refund), net=net)

    def _balance(self) -> Concealed:
        cards = [m for m in self.customer.payment_methods if m.kind == "gift_card" and m.balance_minor is not None]
        if not cards:
            return self._say("no_card")
        return self._joined([self._say("balance", amount=self._money(card.balance_minor or 0)) for card in cards])

    def _of_orders(self, about: About, words: str, topic: str | None) -> tuple[Concealed, str | None] | None:
        orders, pieces = self._meant(words, topic)
        if about in ("paid", "things") and pieces:
            return self._pieces(pieces, words), None
        if not orders:
            return None
        told = [part for order in orders[:MAX_TOLD] for part in self._order(about, order)]
        return (self._joined(told), orders[0].order_id if len(orders) == 1 else None) if told else None

    def _order(self, about: About, order: Order) -> list[Concealed]:
        fixed = Concealed.fixed(order.order_id)
        match about:
            case "tracking" if order.tracking_id:
                told = [self._say("tracking", order=fixed, number=Concealed.fixed(order.tracking_id))]
            case "tracking":
                told = [self._say("no_tracking", order=fixed)]
            case "address" if order.address:
                told = [self._say("address", order=fixed, address=self.hide(order.address))]
                told += self._order("tracking", order) if order.tracking_id else []
            case "method" if order.payment_method:
                told = [self._say("method", order=fixed, method=Concealed.fixed(order.payment_method))]
            case "rest":
                left = [p for p in pieces_of([order]) if p.sku not in order.returning]
                told = [self._say("rest", order=fixed, amount=self._money(sum(p.item.price_minor for p in left)))]
            case _:
                told = [self._say("paid", order=fixed, amount=self._money(order.total_minor))]
        return told

    def _pieces(self, pieces: Sequence[Piece], words: str) -> Concealed:
        told = [
            self._say(
                "thing",
                name=Concealed.fixed(self._name(piece)),
                amount=self._money(piece.item.price_minor),
                order=Concealed.fixed(piece.order_id),
            )
            for piece in pieces[:MAX_TOLD]
        ]
        if len(pieces) > 1 and _SUM.search(words):
            told.append(self._say("sum", amount=self._money(sum(p.item.price_minor for p in pieces))))
        return self._joined(told)

    def _meant(self, words: str, topic: str | None) -> tuple[tuple[Order, ...], tuple[Piece, ...]]:
        """Orders by number, state, town or thing; else those of the case, else the one spoken of, else the newest."""
        ids, _ = named_orders(words, self.records)
        pool = ids or self.records.orders
        for pattern, statuses in _STATUSES:
            if not ids and pattern.search(words):
                pool = tuple(o for o in pool if o.status in statuses) or pool
        if placed := tuple(o for o in pool if o.address and mentions_place(words, o.address)):
            pool = placed
        named = {p for m in self.records.names.find(words) for p in m.products}
        pieces = tuple(p for p in pieces_of(pool) if p.item.product_id in named)
        if pieces:
            held = {p.order_id for p in pieces}
            return tuple(o for o in pool if o.order_id in held), pieces
        if ids or len(pool) < len(self.records.orders):
            return pool, ()
        before = (self.case.orders if self.case else ()) or ((topic,) if topic else ())
        return tuple(o for o in self.records.orders if o.order_id in before) or self.records.orders[:1], ()

    def _name(self, piece: Piece) -> str:
        lang = self.records.lang
        options = piece.item.options_zh if lang == "zh" and piece.item.options_zh else piece.item.options
        inside = ", ".join(f"{name} {value}" for name, value in options.items())
        return f"{piece.item.name(lang)} ({inside})" if inside else piece.item.name(lang)

    def _money(self, minor: int) -> Concealed:
        return Concealed.fixed(money(minor, self.currency))

    def _say(self, key: str, **parts: Concealed) -> Concealed:
        text = Concealed.fixed(_TEXTS[key][0 if self.records.lang == "en" else 1])
        return text.fill(**parts) if parts else text

    def _joined(self, parts: Sequence[Concealed]) -> Concealed:
        lang: Lang = self.records.lang
        return Concealed.join(" " if lang == "en" else "", parts)
