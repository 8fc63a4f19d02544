"""What to do about a turn's commands: rules a person can read, no model, no input or output.

``decide`` maps a state and commands to a new state and actions; ``follow`` maps a tool's outcome to
the next ones. Actions are done in order: say a fixed sentence, or call a tool.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, assert_never, cast

from bot.commands import Command, ServiceKind, Topic
from bot.session import CustomerId, Lang
from bot.state import Awaiting, DialogueState, Mention
from bot.tools.toolbox import Call, Found, HandedOff, Miss, Outcome, Served, Told, Verified
from bot.wording import Key
from guardrails import handles
from guardrails.findings import Concealed, Kind

MAX_FAILURES: Final = 2
_Detail = Literal["email", "name", "postal_code"]
IDENTIFYING: Final[frozenset[Kind]] = frozenset({"EMAIL_ADDRESS", "PERSON", "POSTAL_CODE"})
"""What a customer can be recognised by, and all that the tool which does it may open."""
SMALL_TALK: Final = frozenset({"greet", "thanks", "goodbye"})
TOPIC_OF: Final[dict[ServiceKind, Topic | None]] = {
    "return": "returns",
    "exchange": "exchanges",
    "cancel": "shipping",
    "change": "shipping",
    "refund": "returns",
    "invoice": "invoices",
    "warranty": "warranty",
    "account": "privacy",
    "payment": "payment",
    "complaint": None,
}
SAY_OF: Final[dict[ServiceKind, Key]] = {
    "return": "service_return",
    "exchange": "service_exchange",
    "cancel": "service_cancel",
    "change": "service_change",
    "refund": "service_refund",
    "invoice": "service_invoice",
    "warranty": "service_warranty",
    "account": "service_account",
    "payment": "service_payment",
    "complaint": "service_complaint",
}

SERVED: Final = frozenset[ServiceKind]({"return", "exchange", "cancel", "change"})
"""What is done to orders by the assistant himself."""
RULE_OF: Final[dict[Lang, dict[ServiceKind, str]]] = {
    "en": {
        "return": "How long do I have to return something, within how many days of delivery?",
        "exchange": "What can be exchanged, and within how many days?",
        "cancel": "How can I cancel an order?",
        "change": "How can I change an order or its address?",
        "refund": "How does a refund work and how long does it take?",
        "invoice": "How do I get an invoice, and when?",
        "warranty": "What does the warranty cover and how long does it last?",
        "account": "How can I see, correct or delete my data and my account?",
        "payment": "What if a payment fails or is taken twice?",
        "complaint": "",
    },
    "zh": {
        "return": "退货期限是多久，签收后几天内可以退货？",
        "exchange": "哪些可以换货，几天内可以换？",
        "cancel": "怎么取消订单？",
        "change": "怎么修改订单或者地址？",
        "refund": "退款流程，退款多久到账？",
        "invoice": "怎么开发票，什么时候开？",
        "warranty": "保修范围和保修期是多久？",
        "account": "怎么查看、更正或者删除我的数据和账户？",
        "payment": "支付失败或者重复支付怎么办？",
        "complaint": "",
    },
}
"""The rule to quote where the assistant cannot act: what the customer wrote is about the case, not about the rule."""


@dataclass(frozen=True, slots=True)
class Say:
    """Say a fixed sentence of ``bot.wording``."""

    key: Key


@dataclass(frozen=True, slots=True)
class Echo:
    """Say the last reply again."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say what a tool told, as it is."""

    text: Concealed


Action = Say | Call | Echo | Tell


@dataclass(frozen=True, slots=True)
class Decision:
    """The state after deciding, and what to do, in order."""

    state: DialogueState
    actions: tuple[Action, ...] = ()

    def then(self, other: "Decision") -> "Decision":
        """This one, followed by ``other``, which was decided from this one's state; nothing is asked or done twice."""
        return Decision(other.state, self.actions + tuple(a for a in other.actions if a not in self.actions))


def decide(state: DialogueState, commands: Sequence[Command], signed_in: CustomerId | None = None) -> Decision:
    """What to do about ``commands``. ``signed_in`` comes from the session, never from the model."""
    state = replace(state, customer_id=signed_in or state.customer_id)
    wanted = [c for c in commands if c.name not in SMALL_TALK] or list(commands[:1])
    served = [c for c in wanted if _is_served(c)]
    # The case reads all requests of the message by itself. It asks something at its end, so it comes last.
    wanted = [c for c in wanted if c not in served] + served[:1]
    before = state.awaiting
    given = [c for c in wanted if c.slot in ("email", "name", "postal_code")]
    others = len(given) < len(wanted)
    for command in (
        given if others and state.customer_id is None else given[:-1]
    ):  # details that come together are judged together, with the last one
        state = _filled(state, cast(_Detail, command.slot), command.value)
        wanted.remove(command)
    decision = Decision(state)
    for command in wanted:
        asked = decision.state if decision.state.awaiting == "identity" else None
        decision = decision.then(_one(decision.state, command))
        if asked and before != "identity" and decision.state.awaiting != "identity":
            again = replace(decision.state, awaiting="identity", doing=asked.doing)
            decision = Decision(again, decision.actions)
    return _reminded(decision, before, wanted)


def follow(state: DialogueState, outcome: Outcome) -> Decision:
    """What to do after a tool came back."""
    match outcome:
        case Verified(customer_id):
            known = replace(state, customer_id=customer_id, awaiting=None, failures=0)
            return _gone_on(known)
        case Found(offered=offered, topic=topic, choose=choose):
            # With a new list "it" is nothing yet: what was talked about before must not answer for it.
            about = topic if topic or offered else state.topic
            told = replace(state, offered=offered or state.offered, topic=about, failures=0, held="")
            if choose:
                return Decision(replace(told, awaiting="choice"), (Say("which_order"),))
            return Decision(told)
        case Miss(key, awaiting):
            return _missed(state, key, awaiting)
        case Told(text, topic):
            return Decision(replace(state, topic=topic or state.topic, failures=0, held=""), (Tell(text),))
        case Served(case, told):
            if outcome.act == "ask_identity":  # taken down: who the customer is comes first
                return Decision(replace(state, case=case))
            waits = case.stage is not None
            served = replace(state, case=case, awaiting="service" if waits else None, failures=0, doing=(), held="")
            served = replace(served, offered=outcome.offered or state.offered)
            return Decision(served, (Tell(told),))
        case HandedOff():
            return Decision(replace(state, handed_off=True, awaiting=None, doing=(), failures=0), (Say("handoff"),))
    assert_never(outcome)


def _gone_on(state: DialogueState) -> Decision:
    """All that waited for it to be known who asks: what is only told first, what asks something back last."""
    if not state.doing:
        return Decision(state, (Say("verified"),))
    decision = Decision(replace(state, doing=()))
    for command in sorted(state.doing, key=_is_served):
        if _is_served(command):
            decision = Decision(decision.state, (*decision.actions, Call("serve", resume=True)))
        else:
            decision = decision.then(_one(decision.state, command))
    return decision


def _missed(state: DialogueState, key: Key, awaiting: Awaiting | None) -> Decision:
    failed = replace(state, failures=state.failures + 1)
    if key == "verify_failed":
        failed = replace(failed, email=None, name=None, postal_code=None, awaiting="identity")
    elif awaiting:
        failed = replace(failed, awaiting=awaiting)
    if failed.failures >= MAX_FAILURES:
        return Decision(replace(failed, failures=0, awaiting="confirm_handoff"), (Say(key), Say("offer_handoff")))
    return Decision(failed, (Say(key),))


def _one(state: DialogueState, command: Command) -> Decision:  # noqa: C901 (one branch a command: a table in code)
    match command.name:
        case "track_order" | "list_orders":
            return _orders(state, command)
        case "service":
            return _service(state, command)
        case "find_product":
            return Decision(replace(state, awaiting=None), (Call("find_products", query=command.query),))
        case "ask_product":
            about = state.topic if state.topic and state.topic.type == "product" else None
            return Decision(state, (Call("show_product", query=command.query, product_id=about.id if about else None),))
        case "ask_account":
            if state.customer_id is None:
                return _verify_or_ask(replace(state.push(command, "identity"), held=command.query or ""))
            return Decision(state, (Call("tell_account"),))
        case "ask_policy":
            query = RULE_OF[state.lang][command.kind] if command.kind else None
            return Decision(state, (Call("search_policy", topic=command.topic, query=query),))
        case "give":
            return _given(state, command)
        case "choose":
            return _chosen(state, command.n or 0)
        case "affirm" | "deny":
            return _answered(state, yes=command.name == "affirm")
        case "human":
            return Decision(state, (Call("hand_off"),))
        case "unclear":
            return _unclear(state)
        case "stop":
            dropped = replace(state.case, jobs=(), stage=None) if state.case else None
            return Decision(replace(state, doing=(), awaiting=None, failures=0, case=dropped), (Say("stop"),))
        case "greet" | "thanks" | "goodbye" | "out_of_scope":
            return Decision(state, (Say(command.name),))
        case "repeat":
            return Decision(state, (Echo() if state.last_reply else Say("nothing_to_repeat"),))
    assert_never(command.name)


def _orders(state: DialogueState, command: Command) -> Decision:
    if state.customer_id is None:
        waiting = state.push(command, "identity")
        return _verify_or_ask(waiting)
    if command.name == "list_orders":
        return Decision(replace(state, awaiting=None), (Call("list_orders"),))
    order = command.order
    if order is None and state.topic and state.topic.type == "order":
        order = state.topic.id
    return Decision(replace(state, awaiting=None), (Call("track_order", order=order),))


def _verify_or_ask(state: DialogueState) -> Decision:
    if state.email or (state.name and state.postal_code):
        call = Call("verify_customer", email=state.email, name=state.name, postal_code=state.postal_code)
        return Decision(state, (call,))
    if state.name:
        return Decision(state, (Say("ask_postal_code"),))
    if state.postal_code:
        return Decision(state, (Say("ask_name"),))
    return Decision(state, (Say("ask_identity"),))


def _is_served(command: Command) -> bool:
    """Whether the assistant does it himself, rather than quote the rule and call a colleague."""
    return command.name == "service" and command.kind in SERVED


def _service(state: DialogueState, command: Command) -> Decision:
    kind = command.kind or "complaint"
    if kind in SERVED:
        if state.customer_id is None:
            return Decision(state.push(command, "identity"), (Call("take_down", kind=kind),)).then(
                _verify_or_ask(state.push(command, "identity"))
            )
        return Decision(state, (Call("serve", reply="words", kind=kind),))
    if kind == "refund" and state.customer_id is not None:  # how far his own are, and the rule
        rule = Call("search_policy", topic="returns", query=RULE_OF[state.lang]["refund"], optional=True)
        return Decision(state, (Call("tell_account", kind="refund"), rule))
    waiting = replace(state, awaiting="confirm_handoff")
    if kind == "complaint":
        return Decision(waiting, (Say(SAY_OF[kind]), Say("offer_handoff")))
    lookup = Call("search_policy", topic=TOPIC_OF[kind], query=RULE_OF[state.lang][kind], optional=True)
    if state.awaiting == "service":  # asked on the way: a yes must stay the answer to what was proposed
        return Decision(state, (lookup,))
    return Decision(waiting, (Say(SAY_OF[kind]), lookup, Say("offer_handoff")))


def _given(state: DialogueState, command: Command) -> Decision:
    match command.slot:
        case "email" | "name" | "postal_code":
            filled = state if _proves_nothing(command.value) else _filled(state, command.slot, command.value)
            if state.customer_id is not None and state.awaiting != "identity":
                return Decision(filled, (Say("affirm_nothing"),))
            return _verify_or_ask(replace(filled, awaiting="identity"))
        case "product":
            return _one(state, Command("ask_product", query=command.value))
        case "items" | "options" | "reason" | "payment" | "address":
            return Decision(state, (Call("serve", reply="words"),))
        case _ if state.awaiting == "service":
            return Decision(state, (Call("serve", reply="words"),))
        case _:
            doing = state.doing[-1] if state.doing else Command("track_order")
            wanted = doing if doing.name in ("track_order", "service") else Command("track_order")
            return _one(state, replace(wanted, order=command.value))


def _proves_nothing(value: str | None) -> bool:
    """Whether a value holds a handle that the check of identity may not open: a telephone number, say."""
    return any(kind not in IDENTIFYING for kind, _ in handles.named(value or ""))


def _filled(state: DialogueState, slot: _Detail, value: str | None) -> DialogueState:
    match slot:
        case "email":
            return replace(state, email=value)
        case "name":
            return replace(state, name=value)
        case "postal_code":
            return replace(state, postal_code=value)


def _chosen(state: DialogueState, n: int) -> Decision:
    if not 1 <= n <= len(state.offered):
        key: Key = "choice_out_of_range" if state.offered else "unclear"
        return Decision(state, (Say(key),))
    if state.awaiting == "service":
        return Decision(state, (Call("serve", reply="words", order=state.offered[n - 1].id),))
    return _show(replace(state, awaiting=None), state.offered[n - 1])


def _show(state: DialogueState, mention: Mention) -> Decision:
    if mention.type == "order":
        return _orders(state, Command("track_order", order=mention.id))
    return Decision(state, (Call("show_product", product_id=mention.id),))


def _answered(state: DialogueState, *, yes: bool) -> Decision:
    settled = replace(state, awaiting=None)
    if state.awaiting == "service":
        return Decision(state, (Call("serve", reply="yes" if yes else "no"),))
    if state.awaiting == "confirm_handoff":
        return Decision(settled, (Call("hand_off"),)) if yes else Decision(settled, (Say("no_handoff"),))
    if yes and len(state.offered) == 1 and state.awaiting is None:
        return _show(state, state.offered[0])
    if state.awaiting == "identity":
        return Decision(state, (Say("ask_email"),)) if yes else Decision(settled, (Say("stop"),))
    if state.awaiting == "choice" and yes:
        return Decision(state, (Say("which_order"),))
    return Decision(settled, (Say("affirm_nothing" if yes else "deny_nothing"),))


def _unclear(state: DialogueState) -> Decision:
    failed = replace(state, failures=state.failures + 1)
    if failed.failures >= MAX_FAILURES:
        return Decision(replace(failed, failures=0, awaiting="confirm_handoff"), (Say("unclear_again"),))
    return Decision(failed, (Say("unclear"),))


def _reminded(decision: Decision, before: Awaiting | None, commands: Sequence[Command]) -> Decision:
    """After an interruption, ask again for what is still awaited."""
    asking = ("ask_policy", "ask_product", "find_product", "ask_account")
    interrupted = all(c.name in asking or (c.name == "service" and not _is_served(c)) for c in commands)
    case = decision.state.case
    if before == "service" and interrupted and case and case.stage not in (None, "refused"):
        again = replace(decision.state, awaiting="service")
        return Decision(again, (*decision.actions, Call("serve", resume=True)))
    if before == "identity" and interrupted and decision.state.awaiting != "confirm_handoff" and decision.state.doing:
        again = replace(decision.state, awaiting="identity")
        return Decision(again, (*decision.actions, Say("ask_email")))
    return decision
