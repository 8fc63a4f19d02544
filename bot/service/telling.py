"""What the customer reads of a case: proposals, questions, refusals and results, in both languages.

Amounts come from receipts, computed by the shop's rules. An address is a value of the customer: it is told as a handle.
"""
# ruff: noqa: E501 - expressions and sentences stay on one line, so that they can be searched

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.formats import money
from bot.service.decide import Ask, Problem, Propose, Refuse, Step
from bot.service.owned import Piece, options_known
from bot.service.payments import brand_in
from bot.session import Lang
from bot.shop.records import Address, Order, PaymentMethod, Product, Variant
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeCustomerAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    Receipt,
    RefusalCode,
    Refused,
    ReturnItems,
)
from guardrails.findings import Concealed

MAX_SHOWN: Final = 6
_METHOD: Final[dict[str, tuple[str, str]]] = {
    "card": ("card", "银行卡"), "gift_card": ("gift card", "礼品卡"), "wallet": ("wallet", "钱包"),
    "bank": ("bank account", "银行账户"), "other": ("payment method", "支付方式"),
}  # fmt: skip
_ASK: Final[dict[str, tuple[str, str]]] = {
    "order": ("Which order is it about? Please tell me its number.", "请问是哪个订单？请告诉我订单号。"),
    "items": ("Which items do you mean?", "请问是哪些商品？"),
    "options": ("What would you like {name} changed to? It comes in: {options}.", "{name}想换成什么样的？可选：{options}。"),
    "reason": ("Why would you like to cancel? I can accept: {reasons}.", "请问取消的原因是什么？可以接受的原因：{reasons}。"),
    "payment": ("Which payment method shall I use: {methods}?", "请问用哪种支付方式：{methods}？"),
    "address": ("What is the new address, with street, town and postal code?", "请问新地址是什么？请写明省市区、街道门牌和邮编。"),
}  # fmt: skip
_DID: Final[dict[str, tuple[str, str]]] = {
    "cancel": ("Cancel order {order}: {items}.", "取消订单{order}：{items}。"),
    "return": ("Return from order {order}: {items}.", "退货，订单{order}：{items}。"),
    "exchange": ("Exchange in order {order}: {items}.", "换货，订单{order}：{items}。"),
    "change": ("Change in order {order}: {items}.", "修改订单{order}：{items}。"),
    "address": ("Deliver order {order} to {address}.", "订单{order}改寄到{address}。"),
    "payment": ("Pay order {order} with your {method} instead.", "订单{order}改用{method}支付。"),
    "account": ("Change the address of your account to {address}.", "账户地址改为{address}。"),
}  # fmt: skip
_MONEY: Final[dict[str, tuple[str, str]]] = {
    "refund": ("Refund: {amount} to your {method}.", "退款{amount}，退到您的{method}。"),
    "charge": ("To pay: {amount}, with your {method}.", "需补{amount}，从您的{method}支付。"),
    "in_all": ("Refund in all: {amount}.", "合计退款{amount}。"),
    "even": ("No price difference.", "没有差价。"),
}  # fmt: skip
_CONFIRM: Final = ("Please check:", "请确认：")
_MAY_I: Final = (
    "Shall I do this? Please answer yes or no. Tell me if anything is missing: it cannot be changed twice.",
    "确认办理吗？请回复“是”或“不”。如有遗漏请现在告诉我，办理后不能再改。",
)
_DONE: Final = ("Done.", "已办理。")
_AGAIN: Final = ("That was done already; I did nothing twice.", "这件事已经办过了，没有重复办理。")
_MORE: Final = ("Is there anything else?", "还有什么可以帮您的吗？")
_REFUSED: Final[dict[RefusalCode | Problem, tuple[str, str]]] = {
    "not_found": ("I can't find that order among yours.", "在您的订单里没有找到这个订单。"),
    "order_missing": ("I can't find that order number among your orders. Could you check it?", "在您的订单里没有找到这个订单号，请核对一下。"),
    "no_order": ("I find no order of yours for which that is possible.", "没有找到可以这样办理的订单。"),
    "no_such_item": ("I can't find that item in your orders.", "在您的订单里没有找到这件商品。"),
    "wrong_status": ("I can't do that: order {order} is {status}.", "无法办理：订单{order}的状态是“{status}”。"),
    "already_changed": ("I can't do that: order {order} was changed already, and that can be done only once.", "无法办理：订单{order}已经修改过，只能修改一次。"),
    "bad_reason": ("I can't cancel for that reason. I can accept: {reasons}.", "这个原因不能取消。可以接受的原因：{reasons}。"),
    "too_late": ("I can't do that any more: it is possible within {limit} days of delivery.", "已超过期限，无法办理：签收后{limit}天内可以办理。"),
    "unknown_item": ("I can't find that item in the order.", "订单里没有这件商品。"),
    "sold_out": ("I can't do that: what you would like is sold out.", "无法办理：想要的款式已售罄。"),
    "other_product": ("I can't do that: an item can only become another version of the same product.", "无法办理：只能换成同一商品的其他款式。"),
    "same_item": ("That is what you have already, so there is nothing to change.", "和现有的一样，没有需要更换的。"),
    "unknown_method": ("I can't use that: it is not among your payment methods.", "无法使用：您的支付方式里没有这一种。"),
    "not_original_method": ("I can't refund to that: it must be the original payment method or a gift card of yours.", "不能退到那里：只能退到原支付方式或您的礼品卡。"),
    "balance": ("I can't do that: the balance of the gift card is not enough.", "无法办理：礼品卡余额不足。"),
    "same_method": ("I can't do that: it is paid that way already.", "无法办理：订单已经是用这种方式支付的。"),
    "several_payments": ("I can't change that: the order was paid in several parts.", "无法修改：订单是分几笔支付的。"),
    "nothing": ("There is nothing to change: it is so already.", "没有需要修改的，现在就是这样。"),
    "bad_address": ("I can't use that address: it is not complete.", "这个地址不完整，无法使用。"),
    "abroad": ("I can't do that: we don't exchange across borders. You can return it instead.", "无法办理：寄往境外的订单不能换货，可以改为退货。"),
    "price": ("The one that fits would be {choice}", "符合的款式：{choice}"),
    "partial": ("I can't cancel part of an order, only the whole order {order}.", "无法只取消订单的一部分，只能取消整个订单{order}。"),
    "not_available": ("I can't do that: {name} is not available like that. {choice}", "无法办理：{name}没有这样的现货。{choice}"),
    "no_address": ("I can't do that without a complete address.", "没有完整的地址，无法办理。"),
    "unclear_options": ("I can't tell which version of {name} you would like, so I have changed nothing.", "没有明白您想把{name}换成哪一款，所以没有改动。"),
    "unclear_items": ("I can't tell which items you mean, so I have changed nothing.", "没有明白您指的是哪些商品，所以没有改动。"),
    "unclear_order": ("I can't tell which of the orders you mean, so I have changed nothing.", "没有明白您指的是哪个订单，所以没有改动。"),
    "opened": ("I can't do that: once it is opened, {name} cannot be returned or exchanged, unless it is faulty, damaged or not what you ordered.", "无法办理：{name}拆封后不能退换，有质量问题、破损或发错货的除外。"),
    "product_gone": ("I can't do that: the product is no longer sold.", "无法办理：这款商品已经停售。"),
}  # fmt: skip
_CHOICE: Final = ("There is: {list}.", "现有：{list}。")


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells in one language. ``hide`` makes a handle of an address; ``status`` names an order's status."""

    lang: Lang
    currency: str
    reasons: tuple[str, ...]
    methods: tuple[PaymentMethod, ...]
    hide: Callable[[Address], Concealed]
    status: Callable[[Order], str]
    name_of: Callable[[str], str]
    """A variant in words, by its SKU."""

    def step(self, step: Step | None, passed: Sequence[Refuse] = ()) -> Concealed:
        """A step, after what was refused on the way to it."""
        parts = [self._refusal(refusal) for refusal in passed if refusal != step]
        match step:
            case Ask():
                parts.append(self._question(step))
            case Propose(receipts=receipts, refused=refused, choices=choices):
                parts += [self._offer(product, variants) for product, variants in choices if variants]
                parts += [self._refusal(refusal) for refusal in refused]
                parts.append(self._lines(_CONFIRM, receipts, _MAY_I))
            case Refuse():
                parts.append(self._refusal(step))
            case None:
                parts.append(self._fixed(_MORE))
        return self._joined(parts)

    def _offer(self, product: Product, variants: Sequence[Variant]) -> Concealed:
        listed = self._list([self._variant(variant) for variant in variants])
        return Concealed.fixed(f"{product.name(self.lang)}: " + _CHOICE[self._at].format(list=listed))

    def done(self, receipts: Sequence[Receipt], refused: Sequence[Refused], last: bool) -> Concealed:
        """What was done, and what could not be any more."""
        parts: list[Concealed] = []
        if receipts:
            head = _AGAIN if all(r.repeated for r in receipts) else _DONE
            parts.append(self._lines(head, receipts, _MORE if last and not refused else None))
        parts += [self._refusal(Refuse(code, "")) for code in refused]
        return self._joined(parts)

    def changed(self) -> Concealed:
        """What was proposed is no longer what would be done."""
        text = ("Something has changed in the meantime, so I have done nothing yet.", "情况有变，所以还没有办理。")
        return self._fixed(text)

    def dropped(self) -> Concealed:
        """Nothing is done."""
        text = (
            "All right, I have changed nothing. What would you like instead?",
            "好的，没有做任何改动。您想怎么办理？",
        )
        return self._fixed(text)

    def _lines(self, head: tuple[str, str], receipts: Sequence[Receipt], tail: tuple[str, str] | None) -> Concealed:
        rows = [self._fixed(head)]
        rows += [Concealed.join("", (Concealed.fixed("- "), self._receipt(receipt))) for receipt in receipts]
        rows += [self._sum(receipts)] if len(receipts) > 1 and any(r.refund_minor for r in receipts) else []
        rows += [self._fixed(tail)] if tail else []
        return Concealed.join("\n", rows)

    def _sum(self, receipts: Sequence[Receipt]) -> Concealed:
        refund = sum(r.refund_minor for r in receipts)
        return self._fixed(_MONEY["in_all"], amount=self._money(refund))

    def _receipt(self, receipt: Receipt) -> Concealed:
        write = receipt.write
        parts: list[Concealed] = []
        match write:
            case CancelOrder(order_id=order_id):
                items = self._order_items(receipt.order)
                parts.append(self._did("cancel", order=order_id, items=items))
            case ReturnItems(order_id=order_id, skus=skus):
                parts.append(self._did("return", order=order_id, items=self._bought(receipt.order, skus)))
            case ExchangeItems(order_id=order_id, swaps=swaps) | ChangeItems(order_id=order_id, swaps=swaps):
                shown = self._list([self._swap(swap.old, swap.new) for swap in swaps])
                kind = "exchange" if isinstance(write, ExchangeItems) else "change"
                parts.append(self._did(kind, order=order_id, items=shown))
            case ChangeAddress(order_id=order_id, address=address):
                parts.append(self._fixed(_DID["address"], order=Concealed.fixed(order_id), address=self.hide(address)))
            case ChangePayment(order_id=order_id, method_id=method_id):
                return self._did("payment", order=order_id, method=self.method(method_id))
            case ChangeCustomerAddress(address=address):
                return self._fixed(_DID["account"], address=self.hide(address))
        if not isinstance(write, ChangeAddress):
            parts.append(self._amount(receipt))
        return self._joined([part for part in parts if part])

    def _amount(self, receipt: Receipt) -> Concealed:
        method = self.method(receipt.method_id)
        if receipt.refund_minor:
            return self._fixed(
                _MONEY["refund"], amount=self._money(receipt.refund_minor), method=Concealed.fixed(method)
            )
        if receipt.charge_minor:
            return self._fixed(
                _MONEY["charge"], amount=self._money(receipt.charge_minor), method=Concealed.fixed(method)
            )
        if isinstance(receipt.write, ExchangeItems | ChangeItems):
            return self._fixed(_MONEY["even"])
        return Concealed.fixed("")

    def method(self, method_id: str | None) -> str:
        """A payment method in words: its brand, or its kind."""
        found = next((m for m in self.methods if m.method_id == method_id), None)
        if found is None:
            return "original payment method" if self.lang == "en" else "原支付方式"
        kind, brand = _METHOD[found.kind][self._at], brand_in(found.brand, self.lang)
        if found.kind == "wallet" and brand:
            return brand
        return f"{brand} {kind}" if brand and found.kind == "card" else kind

    def _question(self, ask: Ask) -> Concealed:
        known = {
            "name": ask.product.name(self.lang) if ask.product else "",
            "options": options_known(ask.product, self.lang) if ask.product else "",
            "reasons": self._list(self.reasons),
            "methods": self._list([self.method(m.method_id) for m in ask.methods]),
        }
        question = self._fixed(_ASK[ask.slot], **{key: Concealed.fixed(value) for key, value in known.items()})
        rows = self._choices(ask)
        return Concealed.join("\n", [question, *map(Concealed.fixed, rows)]) if rows else question

    def _choices(self, ask: Ask) -> list[str]:
        if ask.slot == "order":
            orders = {order.order_id: order for order in ask.orders}
            return [f"{n}. {self._order(order)}" for n, order in enumerate(list(orders.values())[:MAX_SHOWN], 1)]
        if ask.slot == "items":
            shown = {piece.sku: f"{piece.order_id}: {self._piece(piece)}" for piece in ask.pieces}
            return [f"{n}. {row}" for n, row in enumerate(list(shown.values())[: 2 * MAX_SHOWN], 1)]
        return []

    def _refusal(self, refuse: Refuse) -> Concealed:
        why = refuse.why
        code: RefusalCode | Problem = why.code if isinstance(why, Refused) else why
        order = refuse.orders[0] if refuse.orders else None
        choice = ""
        if refuse.variants and refuse.product:
            listed = self._list([self._variant(v) for v in refuse.variants])
            choice = _CHOICE[self._at].format(list=listed)
        known = {
            "order": order.order_id if order else "",
            "status": self.status(order) if order else "",
            "reasons": self._list(self.reasons),
            "limit": str(why.limit or "") if isinstance(why, Refused) else "",
            "name": refuse.product.name(self.lang) if refuse.product else "",
            "choice": choice,
        }
        return self._fixed(_REFUSED[code], **{key: Concealed.fixed(value) for key, value in known.items()})

    def _order(self, order: Order) -> str:
        return f"{order.order_id}: {self._order_items(order)} ({self.status(order)})"

    def _order_items(self, order: Order | None) -> str:
        items = order.items if order else ()
        return self._list([i.name(self.lang) + (f" × {i.quantity}" if i.quantity > 1 else "") for i in items])

    def _piece(self, piece: Piece) -> str:
        options = piece.item.options_zh if self.lang == "zh" and piece.item.options_zh else piece.item.options
        inside = ", ".join(options.values())
        return f"{piece.item.name(self.lang)} ({inside})" if inside else piece.item.name(self.lang)

    def _bought(self, order: Order | None, skus: Sequence[str]) -> str:
        by_sku = {item.sku: item for item in order.items} if order else {}
        names = [self._piece(Piece("", by_sku[sku])) for sku in skus if sku in by_sku]
        counted = dict.fromkeys(names)
        return self._list([n + (f" × {names.count(n)}" if names.count(n) > 1 else "") for n in counted])

    def _swap(self, old: str, new: str) -> str:
        return f"{self.name_of(old)} → {self.name_of(new)}"

    def _variant(self, variant: Variant) -> str:
        return f"{' / '.join(variant.options_in(self.lang).values())} ({money(variant.price_minor, self.currency)})"

    def _did(self, kind: str, **parts: str) -> Concealed:
        return self._fixed(_DID[kind], **{key: Concealed.fixed(value) for key, value in parts.items()})

    def _money(self, minor: int) -> Concealed:
        return Concealed.fixed(money(minor, self.currency))

    def _list(self, parts: Sequence[str]) -> str:
        return (", " if self.lang == "en" else "、").join(parts)

    def _fixed(self, pair: tuple[str, str], **parts: Concealed) -> Concealed:
        text = Concealed.fixed(pair[self._at])
        used = {key: value for key, value in parts.items() if f"{{{key}}}" in text.text}
        return text.fill(**used) if used else text

    def _joined(self, parts: Sequence[Concealed]) -> Concealed:
        breaks = any("\n" in part.text for part in parts)
        return Concealed.join("\n" if breaks else (" " if self.lang == "en" else ""), [p for p in parts if p])

    @property
    def _at(self) -> int:
        return 0 if self.lang == "en" else 1
