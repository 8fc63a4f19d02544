"""The tool that does things to orders: return, exchange, cancel, change. WRITE, and only what was just confirmed.

Reads the customer's own words with the customer's own values opened (an address to deliver to, the number of an item
that looks like a telephone number), inside this function only. What it tells is concealed: addresses are handles.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from bot.service.case import Case, Job, Slot
from bot.service.decide import Ask, Propose, Refuse, Shop, Step
from bot.service.manage import Turn, advance, hear, takes_back
from bot.service.owned import Records, named_orders
from bot.service.questions import Answerer, questions_in
from bot.service.requests import Request, tidy
from bot.service.routing import op_for
from bot.service.steps import next_step
from bot.service.telling import MAX_SHOWN, Teller
from bot.session import Lang
from bot.shop.records import Address, Customer, Product
from bot.shop.rules import ShopRules
from bot.shop.store import ShopStore
from bot.shop.writes import ChangeAddress, ChangeCustomerAddress, Receipt, Refused
from bot.state import Mention
from bot.tools.orders import STATUS, told_event
from bot.tools.toolbox import Act, Call, Miss, Outcome, Served, Told, ToolContext
from guardrails.findings import Concealed, Kind

MAX_ORDERS: Final = 50
ASKS: Final[dict[Slot, Act]] = {
    "order": "ask_order",
    "items": "ask_items",
    "options": "ask_options",
    "reason": "ask_reason",
    "payment": "ask_payment",
    "address": "ask_address",
}
OPENED_FOR_SERVICE: Final = frozenset[Kind](
    {
        "PERSON",
        "ADDRESS",
        "POSTAL_CODE",
        "PHONE_NUMBER",
        "BANK_ACCOUNT",
        "CREDIT_CARD",
        "ID_CARD",
        "PASSPORT",
        "SOCIAL_ACCOUNT",
    }
)
"""An address to deliver to, and whatever an item, its number or a colour may be taken for."""
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_HANDLE: Final = re.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>")


@dataclass(frozen=True, slots=True)
class ServiceTools:
    """The service tool over one shop."""

    shop: ShopStore

    def run(self, context: ToolContext, call: Call) -> Outcome:
        """Takes the customer's message into his case, and tells the next step of it."""
        case = context.state.case
        if context.customer_id is None:
            return Miss("ask_identity", "identity")
        customer = self.shop.customer(context.customer_id)
        if customer is None:
            return Miss("verify_failed", "identity")
        shop = self._shop(context, customer)
        if call.resume:
            return self._told(case or Case(), shop, context)
        said = call.order or context.text.text  # one of a list, by its number
        turn = hear(_placed(case, context), said, call.reply or "words", lambda words: _fits(words, shop))
        turn = _by_kind(turn, call, context)
        teller = self._teller(context, customer)
        match turn.do:
            case "carry_out":
                return self._carried_out(turn.case, shop, context, teller)
            case "dropped":
                return Served(turn.case, teller.dropped(), "done")
            case "nothing" if takes_back(said):
                return Served(turn.case, teller.dropped(), "done")
            case "nothing":
                return Miss("unclear")
            case "go_on" if case and case.stage == "confirm" and _unchanged(case, turn.case, shop):
                # A correction that changes nothing was not understood: the same must not be asked for again.
                return Served(replace(turn.case, stage="refused"), teller.dropped(), "done")
            case "go_on":
                return self._told(turn.case, shop, context)

    def take_down(self, context: ToolContext, call: Call) -> Outcome:
        """Keeps what is wanted until the customer is known."""
        case = context.state.case or Case()
        turn = _by_kind(hear(replace(case, stage=None), context.text.text, "words"), call, context)
        return Served(turn.case, Concealed.fixed(""), "ask_identity")

    def tell(self, context: ToolContext, call: Call) -> Outcome:
        """Answers a question about what is the customer's own."""
        if context.customer_id is None:
            return Miss("ask_identity", "identity")
        customer = self.shop.customer(context.customer_id)
        if customer is None:
            return Miss("verify_failed", "identity")
        answerer = self._answerer(self._shop(context, customer), context)
        topic = context.state.topic.id if context.state.topic and context.state.topic.type == "order" else None
        asked = opener(context)(context.state.held or context.text.text)
        found = answerer.settled(asked, topic) if call.kind == "refund" else answerer.answer(asked, topic)
        if found is None:
            return Miss("ask_order", "order")
        text, order_id = found
        return Told(text, Mention("order", order_id, order_id) if order_id else None)

    def _answerer(self, shop: Shop, context: ToolContext) -> Answerer:
        return Answerer(
            shop.records,
            shop.customer,
            context.state.case,
            self.shop.info.currency,
            lambda address: _hidden(address, context),
            lambda order: STATUS[order.status][context.lang],
            lambda event, order: told_event(event, order, context),
        )

    def _answered(self, case: Case, step: Step | None, shop: Shop, context: ToolContext) -> list[Concealed]:
        """Answers to what is asked of one's own beside a new request: "..., and what did I pay for it?"."""
        job = case.jobs[0] if case.jobs else None
        if job is None or job.asked or [kind for kind, _ in job.layers] != ["ask"]:
            return []
        about = orders_of_step(step)
        answerer = replace(self._answerer(shop, context), case=replace(case, orders=about))
        topic = about[0] if len(about) == 1 else None
        found = [answerer.answer(shop.reveal(part), topic) for part in questions_in(job.said("ask"))]
        return [answer[0] for answer in found if answer]

    def _told(self, case: Case, shop: Shop, context: ToolContext, before: Concealed | None = None) -> Outcome:
        teller = self._teller(context, shop.customer)
        at = advance(case, shop)
        act: Act
        words = teller.step(at.step, at.passed) if at.step or at.passed or before is None else Concealed.fixed("")
        answers = self._answered(at.case, at.step, shop, context)
        told = Concealed.join("\n", [part for part in (before, *answers, words) if part])
        match at.step:
            case Ask(slot=slot):
                act = ASKS[slot]
            case Propose():
                act = "confirm"
            case Refuse():
                act = "refuse"
            case None:
                act = "done"
        now = at.case
        if isinstance(at.step, Propose):
            now = replace(now, proposal=secrets.token_hex(8), proposed=_fingerprint(at.step, context))
        return Served(now, told, act, offered=_listed(at.step, context.lang))

    def _carried_out(self, case: Case, shop: Shop, context: ToolContext, teller: Teller) -> Outcome:
        """Does what was proposed and nothing else: where the words mean something else by now, he is asked again."""
        job, rest = case.jobs[0], case.jobs[1:]
        step = next_step(job, shop)
        if not isinstance(step, Propose) or _fingerprint(step, context) != case.proposed:
            return self._told(case, shop, context, teller.changed())
        done: list[Receipt] = []
        refused: list[Refused] = []
        for number, write in enumerate(step.writes):
            outcome = self.shop.apply(shop.customer.customer_id, write, f"{case.proposal}-{number}")
            if isinstance(outcome, Refused):
                refused.append(outcome)
            else:
                done.append(outcome)
        orders = tuple(dict.fromkeys(o for r in done if (o := getattr(r.write, "order_id", None))))
        after = replace(
            case,
            jobs=tuple(replace(j, orders=j.orders or orders) for j in rest),
            stage=None,
            orders=orders or case.orders,
            refunded_minor=case.refunded_minor + sum(r.refund_minor for r in done),
            charged_minor=case.charged_minor + sum(r.charge_minor for r in done),
            writes=case.writes + len(done),
        )
        told = teller.done(done, refused, last=not rest)
        if not rest:
            return Served(after, told, "refuse" if refused and not done else "done", tuple(done))
        fresh = self._shop(context, shop.customer)
        following = self._told(after, fresh, context, told)
        return replace(following, receipts=tuple(done)) if isinstance(following, Served) else following

    def _shop(self, context: ToolContext, customer: Customer) -> Shop:
        customer_id = customer.customer_id
        orders = self.shop.orders(customer_id, limit=MAX_ORDERS)
        records = Records.of(
            orders, self.shop.products(), context.lang, self.shop.info.order_pattern, self.shop.product
        )
        return Shop(
            records,
            customer,
            self.shop.rules,
            lambda write: self.shop.preview(customer_id, write),
            opener(context),
        )

    def _teller(self, context: ToolContext, customer: Customer) -> Teller:
        lang = context.lang
        return Teller(
            lang,
            self.shop.info.currency,
            reasons_in(self.shop.rules, lang),
            customer.payment_methods,
            lambda address: _hidden(address, context),
            lambda order: STATUS[order.status][lang],
            lambda sku: _name(self.shop.product_of_sku(sku), sku, lang),
        )


def orders_of_step(step: Step | None) -> tuple[str, ...]:
    """The orders that a step is about."""
    match step:
        case Propose(writes=writes):
            return tuple(dict.fromkeys(o for w in writes if (o := getattr(w, "order_id", None))))
        case Ask(orders=orders) | Refuse(orders=orders):
            return tuple(order.order_id for order in orders)
        case None:
            return ()


def _placed(case: Case | None, context: ToolContext) -> Case:
    """The case, with the order that was just talked about where it knows none."""
    known = case or Case()
    topic = context.state.topic
    return replace(known, orders=(topic.id,)) if not known.orders and topic and topic.type == "order" else known


def _by_kind(turn: Turn, call: Call, context: ToolContext) -> Turn:
    """Where no word says what to do, what the model says."""
    op = op_for(call.kind, context.text.text) if call.kind else None
    if turn.do != "nothing" or op is None or takes_back(context.text.text):
        return turn
    job = Job.of(Request(op, tidy(context.text.text), (op,)), turn.case.orders)
    return Turn(replace(turn.case, jobs=(job,), stage=None), "go_on")


def _unchanged(before: Case, after: Case, shop: Shop) -> bool:
    if not before.jobs or not after.jobs:
        return False
    one, other = next_step(before.jobs[0], shop), next_step(after.jobs[0], shop)
    return (
        isinstance(one, Propose)
        and isinstance(other, Propose)
        and one.writes == other.writes
        and (len(before.jobs) == len(after.jobs))
    )


def _listed(step: Step | None, lang: Lang) -> tuple[Mention, ...]:
    """What a question lists, in its order."""
    match step:
        case Ask(slot="order", orders=orders):
            ids = dict.fromkeys(order.order_id for order in orders)
            return tuple(Mention("order", order_id, order_id) for order_id in ids)[:MAX_SHOWN]
        case Ask(slot="items", pieces=pieces):
            skus = {piece.sku: piece for piece in pieces}
            return tuple(Mention("product", sku, piece.item.name(lang)) for sku, piece in skus.items())
        case _:
            return ()


def opener(context: ToolContext) -> Callable[[str], str]:
    """Opens the handles of the declared kinds in the customer's own words; others stay as they are."""

    def opened(match: re.Match[str]) -> str:
        try:
            return context.open(match.group()) or match.group()
        except (PermissionError, LookupError):
            return match.group()

    return lambda text: _HANDLE.sub(opened, text)


def _fits(words: str, shop: Shop) -> bool:
    orders, missing = named_orders(words, shop.records)
    return bool(orders or missing or shop.records.names.find(words.lower()))


def _hidden(address: Address, context: ToolContext) -> Concealed:
    parts = (address.line1, address.line2, address.city, address.region, address.postal_code)
    if _HAN.search(address.line1):  # one form, whatever the language of the turn: the same handle
        text = f"{address.region if address.region != address.city else ''}{address.city}{address.line1}{address.line2}"
    else:
        text = ", ".join(part for part in parts if part)
    kind: Kind = "ADDRESS"
    return context.vault.conceal_value(context.owner, kind, text)


def _name(found: "tuple[Product, object] | None", sku: str, lang: Lang) -> str:
    if found is None:
        return sku
    product = found[0]
    variant = next(v for v in product.variants if v.sku == sku)
    options = ", ".join(variant.options_in(lang).values())
    return f"{product.name(lang)} ({options})" if options else product.name(lang)


def _fingerprint(step: Propose, context: ToolContext) -> str:
    """A hash of all that would be written and paid. An address counts as its handle: the hash is stored."""
    told = []
    for write, receipt in zip(step.writes, step.receipts, strict=True):
        fields = asdict(write)
        if isinstance(write, ChangeAddress | ChangeCustomerAddress):
            fields["address"] = _hidden(write.address, context).text
        told.append([type(write).__name__, fields, receipt.refund_minor, receipt.charge_minor])
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def reasons_in(rules: ShopRules, lang: Lang) -> tuple[str, ...]:
    """The reasons to cancel for, as the customer reads them."""
    return (rules.cancel_reasons_zh or rules.cancel_reasons) if lang == "zh" else rules.cancel_reasons
