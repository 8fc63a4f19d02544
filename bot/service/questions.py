"""Questions about what is the customer's own: what was paid, what comes back, where a parcel is, what was bought.

Answers are read from his records and are said as they are. Which order or thing is meant is read as for a request.
"""
# ruff: noqa: E501 - expressions and sentences stay on one line, so that they can be searched

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.formats import day, money
from bot.service.case import Case
from bot.service.meant import RETURNING, meant
from bot.service.owned import Piece, Records, pieces_of
from bot.service.payments import brand_in
from bot.service.requests import operations, tidy
from bot.service.wording import QUESTION
from bot.session import Lang
from bot.shop.records import Address, Customer, Order, TrackingEvent
from guardrails.findings import Concealed

About = Literal[
    "settled", "method", "back", "to_pay", "balance", "tracking", "carrier", "address", "rest", "paid", "things"
]  # fmt: skip
MAX_TOLD: Final = 6
_ASKS: Final[dict[About, re.Pattern[str]]] = {
    "settled": re.compile(
        r"\b(?:when|(?:what|which)\s(?:day|date))\b[^.?]{0,60}\b(?:return|refund|exchange)\w*\b[^.?]{0,60}\b(?:approved|accepted|sent|issued|paid|processed|go\sout|went\sout|made|come\sback|arrive)\b"
        r"|\b(?:has|was|did)\b[^.?]{0,20}\b(?:my|the)\s(?:return|refund|exchange)\b[^.?]{0,30}\b(?:approved|accepted|sent|issued|paid|processed|go\sout|gone\sout|made)\b"
        r"|(?:退款|退货|换货|申请)[^。？]{0,12}(?:哪天|几号|什么时候|何时)[^。？]{0,6}(?:批|过|退|打|收)|(?:退货|换货|申请)[^。？]{0,8}(?:批了没|批了吗|通过了吗|批下来)|(?:哪天|几号|什么时候)[^。？]{0,4}(?:批的|退的|打的)"
    ),
    "carrier": re.compile(
        r"\b(?:which|what)\s(?:carrier|courier|delivery\s(?:company|service))\b|\bwho(?:'s|\sis|\swill)?\s(?:be\s)?(?:deliver|bring|carry)\w*|(?:哪家|什么|哪个)(?:快递|物流)|谁家?(?:来)?(?:送|派)"
    ),
    "method": re.compile(
        r"^(?:and\s)?with\swhat\b|\bcards?\sor\s(?:with\s)?(?:pay\s?pal|alipay|wechat)\b|(?:支付宝|微信|银行卡|信用卡|礼品卡)还是|"
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
        r"\bwhat\s(?:was|is)\sthe\s(?:price|total)\b[^.?]{0,40}\b(?:i\s(?:bought|paid|ordered)|my|order)\b|(?:花了|付了|总价|总金额|一共|总共)[^。？]{0,8}(?:多少)?"
    ),
    "things": re.compile(
        r"\b(?:which|what)\b[^.?]{0,60}\b(?:did\si\s(?:order|buy)|i\s(?:ordered|bought|received|got)|in\smy\s(?:order|\w+\sorder))\b"
        r"|我(?:买|订|下单)的[^。？]{0,20}(?:什么|哪|多大|几)"
    ),
}  # fmt: skip
_OWN: Final = re.compile(
    r"\b(?:i|my|mine|me)\b|\bthat\sorder\b|\bthis\sorder\b|\bits?\b|\border\b|\bof\sthe\s(?:returns?|refunds?|exchanges?)\b|\b[a-z]{1,2}\d{6,}|我|那个?订单|这个?订单|[那这][单笔]|申请"
)
_TELL_ME: Final = re.compile(
    r"^(?:(?:and|also|please)\s)*(?:confirm|tell\sme|let\sme\sknow|give\sme)\s|^(?:请|并)?(?:确认|告诉我)",
    re.IGNORECASE,
)
_LENGTH: Final = re.compile(r"\bhow\s(?:long|soon|fast|many\sdays)\b|多久|多长|几天")
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
    "carrier": ("Order {order} goes with {carrier}.", "订单{order}由{carrier}配送。"),
    "no_carrier": ("Order {order} has not been handed to a carrier yet.", "订单{order}还没有交给快递。"),
    "settled": ("Order {order}: {status}. {day}: {event}.", "订单{order}：{status}。{day}：{event}。"),
    "not_settled": ("Order {order}: {status}; there is no news of it yet.", "订单{order}：{status}，暂时没有新的进展。"),
    "nothing_settled": ("None of your orders has a return, an exchange or a refund under way.", "您的订单里没有退货、换货或退款记录。"),
    "thing": ("{name}: {amount}, order {order}.", "{name}：{amount}，订单{order}。"),
    "sum": ("Together: {amount}.", "合计{amount}。"),
    "method": ("Order {order} was paid with {method}.", "订单{order}是用{method}支付的。"),
    "rest": ("The other items in order {order}: {amount} in all.", "订单{order}其余商品合计{amount}。"),
}  # fmt: skip


def asked_about(text: str, *, of_order: bool = False) -> About | None:
    """What of his own a customer asks about; ``None`` where it is no such question.

    ``of_order``: an order is being spoken of, so that "with what?" asks of it.
    """
    words = tidy(text).lower()
    questions = [
        part for part in re.split(r"(?<=[.?!。？！])\s*", words) if QUESTION.search(part) or part.endswith(("?", "？"))
    ]
    for question in questions:
        for about, pattern in _ASKS.items():
            own = of_order or _OWN.search(question) or (about == "tracking" and _OWN.search(words))
            if pattern.search(question) and own and not (about == "back" and _LENGTH.search(question)):
                return about
    return None


def questions_in(text: str) -> tuple[str, ...]:
    """The sentences of a request that ask for nothing to be done and ask, or tell to confirm, what is one's own."""
    parts = (part.strip() for part in re.split(r"(?<=[.?!。？！])\s*(?!\d)", tidy(text)))
    asked = (_TELL_ME.sub("", part).rstrip(".。!！") + "?" if _TELL_ME.match(part) else part for part in parts if part)
    return tuple(part for part in asked if not operations(part) and asked_about(part, of_order=True))


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from one customer's records."""

    records: Records
    customer: Customer
    case: Case | None
    currency: str
    hide: Callable[[Address], Concealed]
    status: Callable[[Order], str]
    event: Callable[[TrackingEvent, Order], Concealed]
    """What happened to a parcel, concealed: carriers write names into it."""

    def answer(self, text: str, topic: str | None = None) -> tuple[Concealed, str | None] | None:
        """The answer and the order it is about; ``None`` where the records do not tell. ``topic``: the order spoken of."""
        words = tidy(text).lower()
        about = asked_about(text, of_order=topic is not None)
        match about:
            case None:
                return None
            case "back" | "to_pay":
                return self._settled(about), None
            case "balance":
                return self._balance(), None
            case "settled":
                return self.settled(text, topic)
            case _:
                return self._of_orders(about, words, topic)

    def settled(self, text: str, topic: str | None = None) -> tuple[Concealed, str | None]:
        """How far returns, exchanges and refunds are: the last thing that happened to each, with its day."""
        pool = tuple(o for o in self.records.orders if o.status in RETURNING)
        if not pool:
            return self._say("nothing_settled"), None
        found = meant(tidy(text).lower(), self.records, (topic,) if topic else (), pool)
        orders = tuple(o for o in found.orders if o.status in RETURNING) if found.named else pool
        told = [self._news(order) for order in (orders or pool)[:MAX_TOLD]]
        return self._joined(told), orders[0].order_id if len(orders) == 1 else None

    def _news(self, order: Order) -> Concealed:
        fixed, status = Concealed.fixed(order.order_id), Concealed.fixed(self.status(order))
        after = [e for e in order.events if order.delivered_at and e.at > order.delivered_at]
        if not after:
            return self._say("not_settled", order=fixed, status=status)
        date = Concealed.fixed(day(after[-1].at, self.records.lang))
        return self._say("settled", order=fixed, status=status, day=date, event=self.event(after[-1], order))

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
        before = (self.case.orders if self.case else ()) or ((topic,) if topic else ())
        found = meant(words, self.records, before)
        orders, pieces = found.orders, found.pieces
        if about in ("paid", "things") and pieces:
            return self._pieces(pieces, words), None
        if not orders:
            return None
        told = [part for order in orders[:MAX_TOLD] for part in self._order(about, order)]
        return (self._joined(told), orders[0].order_id if len(orders) == 1 else None) if told else None

    def _order(self, about: About, order: Order) -> list[Concealed]:
        fixed = Concealed.fixed(order.order_id)
        match about:
            case "carrier":
                carrier = order.carrier_in(self.records.lang)
                shown = {"carrier": Concealed.fixed(carrier)} if carrier else {}
                told = [self._say("carrier" if carrier else "no_carrier", order=fixed, **shown)]
            case "tracking" if order.tracking_id:
                told = [self._say("tracking", order=fixed, number=Concealed.fixed(order.tracking_id))]
            case "tracking":
                told = [self._say("no_tracking", order=fixed)]
            case "address" if order.address:
                told = [self._say("address", order=fixed, address=self.hide(order.address))]
                told += self._order("tracking", order) if order.tracking_id else []
            case "method" if order.payment_method:
                told = [self._say("method", order=fixed, method=Concealed.fixed(self._brand(order)))]
            case "rest":
                left = [p for p in pieces_of([order]) if p.sku not in order.returning]
                told = [self._say("rest", order=fixed, amount=self._money(sum(p.item.price_minor for p in left)))]
            case _:
                told = [self._say("paid", order=fixed, amount=self._money(order.total_minor))]
        return told

    def _brand(self, order: Order) -> str:
        return brand_in(order.payment_method, self.records.lang)

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
