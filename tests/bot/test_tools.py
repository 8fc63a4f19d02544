"""What every tool keeps, whichever it is, what a failing one costs, and who a customer is: over the real parts."""

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, get_args

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from bot.certain import commands_for_certain
from bot.dialogue import decide
from bot.events import Delta
from bot.facts import FACT_KEYS
from bot.nodes import BotParts
from bot.prompts import Context
from bot.reply import Replier
from bot.session import CustomerId, Lang, Session, SessionId
from bot.state import DialogueState
from bot.tools.service import OPENED_FOR_SERVICE
from bot.tools.toolbox import Call, Found, Miss, Outcome, Tool, Toolbox, ToolContext, ToolName, Verified
from bot.turn import Bot, TurnInput
from bot.understand import Understander
from bot.wording import say
from guardrails.errors import UnknownHandle
from guardrails.findings import KINDS, Concealed, Kind, Origin, VaultOwner
from guardrails.guard import ConcealResult, Guardrails
from tests.bot.shop_samples import ADA, LIN
from tests.bot.test_turn import WORDS, NoIntents, ScriptedModel
from tests.bot.tool_samples import INTRODUCED, MEI, NOAH, ORDERS, WEI, Wired, personal_values, texts

TOOLS: tuple[ToolName, ...] = get_args(ToolName)
LANGS: tuple[Lang, ...] = get_args(Lang)
VISITOR, OPENER = VaultOwner("visitor:s1"), VaultOwner("visitor:s2")
CUSTOMERS: tuple[CustomerId | None, ...] = (ADA, LIN, MEI, NOAH, WEI, None)
FOREIGN, MISSING, OWN = "TF10000004", "TF99999999", "TF10000002"
VALUES: dict[Kind, str] = {"EMAIL_ADDRESS": "ada@example.com", "PERSON": "Ada O'Brien", "POSTAL_CODE": "BS6 5QA"}


def calls(tool: ToolName) -> list[Call]:
    """The tool as it may be called: every slot alone, and what belongs together."""
    orders = [Call(tool, order=order) for order in (OWN, f"#{OWN.lower()}", FOREIGN, MISSING)]
    queries = [Call(tool, query=query) for query in ("waterproof backpack", "退款多久到账", "my orders", "???")]
    emails = [Call(tool, email=email) for email in ("ada@example.com", "lin@example.cn", "nobody@example.com")]
    names = [Call(tool, name="林小雨", postal_code="310013"), Call(tool, name="Ada O'Brien", postal_code="BS6 5QA")]
    return [Call(tool), *orders, *queries, Call(tool, product_id="P3"), Call(tool, topic="returns"), *emails, *names]


def outcomes(wired: Wired, tool: ToolName, customer: CustomerId | None, lang: Lang) -> list[Outcome]:
    """What comes back from all of them, after a message full of personal values."""
    said = wired.guard.conceal(VaultOwner(customer or VISITOR), INTRODUCED[lang]).text
    return [wired.run(call, customer, lang, said) for call in calls(tool)]


def returned(wired: Wired, tool: ToolName, customer: CustomerId | None, lang: Lang) -> str:
    """Every text of it."""
    return "\n".join(text for outcome in outcomes(wired, tool, customer, lang) for text in texts(outcome))


# What holds for every tool.


def test_the_product_wires_every_tool_there_is(wired: Wired) -> None:
    assert set(wired.toolbox.tools) == set(TOOLS)
    assert all(tool.name == name for name, tool in wired.toolbox.tools.items())


def test_every_tool_says_whether_it_reads_or_writes_and_only_two_write(wired: Wired) -> None:
    access = {name: tool.access for name, tool in wired.toolbox.tools.items()}
    assert access == {name: "WRITE" if name in ("hand_off", "serve") else "READ" for name in TOOLS}


def test_a_tool_cannot_be_made_without_its_access() -> None:
    with pytest.raises(TypeError, match="access"):
        Tool("track_order", run=lambda context, call: Miss("unclear"))  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["cancel_order", "TRACK_ORDER", "", "运单"])
def test_a_name_without_a_declaration_runs_nothing(wired: Wired, name: str) -> None:
    with pytest.raises(KeyError):
        wired.run(Call(name, order=OWN), ADA)  # type: ignore[arg-type]


def test_a_tool_that_was_left_out_does_not_run(wired: Wired) -> None:
    fewer = Toolbox(tool for tool in wired.toolbox.tools.values() if tool.name != "track_order")
    with pytest.raises(KeyError):
        dataclasses.replace(wired, toolbox=fewer).run(Call("track_order", order=OWN), ADA)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_that_a_tool_returns_holds_a_personal_value(wired: Wired, tool: ToolName, lang: Lang) -> None:
    values = personal_values()
    assert {"林小雨", "Lin Xiaoyu", "+44 7700 900123", "5 Heron Close", "ada@example.com"} < values
    for customer in CUSTOMERS:
        text = returned(wired, tool, customer, lang).casefold()
        assert text
        assert [value for value in values if value.casefold() in text] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", TOOLS)
def test_somebody_elses_order_and_a_missing_one_give_the_same_outcome(wired: Wired, tool: ToolName, lang: Lang) -> None:
    for customer in (ADA, None):
        foreign, missing = (wired.run(Call(tool, order=order), customer, lang) for order in (FOREIGN, MISSING))
        assert foreign == missing


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", TOOLS)
def test_only_the_customers_own_orders_are_ever_told(wired: Wired, tool: ToolName, lang: Lang) -> None:
    for customer in CUSTOMERS:
        text = returned(wired, tool, customer, lang)
        others = [order for order in ORDERS if order.customer_id != customer]
        marks = {mark for order in others for mark in (order.order_id, order.tracking_id) if mark}
        assert [mark for mark in sorted(marks) if mark in text] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", ["track_order", "list_orders"])
def test_without_a_verified_customer_nothing_of_an_order_is_told(wired: Wired, tool: ToolName, lang: Lang) -> None:
    assert {repr(outcome) for outcome in outcomes(wired, tool, None, lang)} == {repr(Miss("ask_identity", "identity"))}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", TOOLS)
def test_facts_are_told_under_the_keys_of_their_kind(wired: Wired, tool: ToolName, lang: Lang) -> None:
    for outcome in outcomes(wired, tool, LIN, lang):
        if isinstance(outcome, Found):
            keys = [line.text.partition(": ")[0] for line in outcome.facts.lines]
            allowed = FACT_KEYS[outcome.facts.kind]
            assert keys and set(keys) <= set(allowed)
            assert keys == sorted(keys, key=allowed.index)


def opening(kind: Kind, wired: Wired, tool: Tool, owner: VaultOwner) -> str | None:
    """What the tool gets for a handle of ``kind``, as the toolbox lets it run."""
    handle = wired.handle(kind, VALUES.get(kind, "X-1234567"), OPENER)
    got: list[str | None] = []

    def probe(context: ToolContext, call: Call) -> Outcome:
        got.append(context.open(call.email))
        return Miss("unclear")

    everything = ToolContext(owner, ADA, "en", Concealed.fixed(""), DialogueState(), wired.guard, frozenset(KINDS))
    Toolbox((dataclasses.replace(tool, run=probe),)).run(Call(tool.name, email=handle), everything)
    return got[0]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_handle_opens_only_for_a_tool_that_declares_its_kind(wired: Wired, tool: ToolName) -> None:
    declared = wired.toolbox.tools[tool]
    for kind in KINDS:
        if kind in declared.opens:
            assert opening(kind, wired, declared, OPENER) == VALUES.get(kind, "X-1234567")
        else:
            with pytest.raises(PermissionError):
                opening(kind, wired, declared, OPENER)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_handle_of_another_customers_vault_opens_nothing(wired: Wired, tool: ToolName) -> None:
    for kind in wired.toolbox.tools[tool].opens:
        with pytest.raises(UnknownHandle):
            opening(kind, wired, wired.toolbox.tools[tool], VaultOwner("visitor:stranger"))


def test_only_the_verification_and_the_service_open_anything(wired: Wired) -> None:
    opens = {name: tool.opens for name, tool in wired.toolbox.tools.items() if tool.opens}
    assert opens == {
        "verify_customer": {"EMAIL_ADDRESS", "PERSON", "POSTAL_CODE"},
        "serve": OPENED_FOR_SERVICE,
        "tell_account": OPENED_FOR_SERVICE,
    }


class WatchedVault:
    """The guard's vault, which notes what is opened."""

    def __init__(self, guard: Guardrails) -> None:
        self.guard = guard
        self.opened: set[str] = set()

    def open(self, owner: VaultOwner, handle: str) -> str:
        self.opened.add(handle)
        return self.guard.open(owner, handle)

    def conceal_value(self, owner: VaultOwner, kind: Kind, value: str) -> Concealed:
        return self.guard.conceal_value(owner, kind, value)

    def conceal(self, owner: VaultOwner, text: str, *, origin: Origin) -> ConcealResult:
        return self.guard.conceal(owner, text, origin=origin)


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_goes_round_the_declaration_to_the_vault(wired: Wired, tool: ToolName) -> None:
    declared = wired.toolbox.tools[tool]
    vault = WatchedVault(wired.guard)
    handles = {kind: wired.handle(kind, VALUES.get(kind, "X-1234567"), OPENER) for kind in KINDS}
    context = ToolContext(OPENER, ADA, "en", Concealed.fixed("hi"), DialogueState(), vault, frozenset(KINDS))
    for handle in handles.values():
        alone = [Call(tool, order=handle), Call(tool, query=handle), Call(tool, product_id=handle)]
        for call in [*alone, Call(tool, email=handle), Call(tool, name=handle, postal_code=handle)]:
            with suppress(PermissionError):
                wired.toolbox.run(call, context)
    assert vault.opened <= {handle for kind, handle in handles.items() if kind in declared.opens}


@pytest.mark.parametrize("spelling", ["<EMAIL_1>", "<EMAIL_1>\ufe00", " < email_1 >", "＜EMAIL_1＞"])
def test_a_handle_is_a_handle_however_it_is_spelt(wired: Wired, spelling: str) -> None:
    owner = VaultOwner("visitor:spelling")
    for typed in ("ada@example.com", "ADA@example.com"):
        wired.guard.conceal_value(owner, "EMAIL_ADDRESS", typed, origin="customer")
    assert wired.run(Call("verify_customer", email=spelling), owner=owner) == Verified(ADA)
    context = ToolContext(owner, None, "en", Concealed.fixed("hi"), DialogueState(), wired.guard, frozenset({"PERSON"}))
    with pytest.raises(PermissionError):
        context.open(spelling)


# What a tool that fails costs.

LEADS_TO: dict[ToolName, str] = {
    "verify_customer": '[{"name":"give","slot":"email","value":"<EMAIL_1>"}]',
    "track_order": '[{"name":"track_order","order":"TF10000002"}]',
    "list_orders": '[{"name":"list_orders"}]',
    "find_products": '[{"name":"find_product"}]',
    "show_product": '[{"name":"ask_product"}]',
    "search_policy": '[{"name":"ask_policy","topic":"returns"}]',
    "hand_off": '[{"name":"human"}]',
    "serve": '[{"name":"service","kind":"return"}]',
    "take_down": '[{"name":"service","kind":"return"}]',
    "tell_account": '[{"name":"ask_account"}]',
}


async def told(bot: Bot, text: str, session: Session) -> str:
    events = [event async for event in bot.turn(TurnInput(session, text, "m1"))]
    return "".join(event.text for event in events if isinstance(event, Delta))


def bot_over(wired: Wired, tools: Sequence[Tool], commands: str) -> Bot:
    model = ScriptedModel(commands)
    understander = Understander(model, NoIntents(), "tuned", r"TF\d{8}")
    replier = Replier(model, wired.guard, "tuned")
    return Bot(
        BotParts(wired.guard, understander, Toolbox(tools), replier, {"en": WORDS, "zh": WORDS}), InMemorySaver()
    )


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tool", [name for name in TOOLS if name != "take_down"])  # it goes on to verify
async def test_a_tool_that_raises_costs_one_sentence(
    wired: Wired, tool: ToolName, lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(context: ToolContext, call: Call) -> Outcome:
        raise RuntimeError("canary-7311 of the records")

    tools = [dataclasses.replace(t, run=broken) if t.name == tool else t for t in wired.toolbox.tools.values()]
    bot = bot_over(wired, tools, LEADS_TO[tool])
    known = None if tool in ("verify_customer", "take_down") else ADA
    session = Session(SessionId(f"broken-{tool}-{lang}"), known, lang)
    text = (
        "here you are: ada@example.com, TF10000002" if lang == "en" else "请看一下 ada@example.com 和 TF10000002 这个"
    )
    assert await told(bot, text, session) == say("tool_failed", lang)
    assert "canary-7311" not in "".join(capsys.readouterr())
    assert await told(bot, "谢谢" if lang == "zh" else "thanks", session) == say("thanks", lang)


async def test_what_follows_a_tool_that_raised_is_still_done(wired: Wired) -> None:
    def broken(context: ToolContext, call: Call) -> Outcome:
        raise OSError("no disk")

    tools = [dataclasses.replace(t, run=broken) if t.name == "list_orders" else t for t in wired.toolbox.tools.values()]
    bot = bot_over(wired, tools, '[{"name":"list_orders"},{"name":"ask_policy","topic":"shipping"}]')
    reply = await told(bot, "my orders, and what does delivery cost?", Session(SessionId("goes-on"), ADA))
    assert reply.startswith(say("tool_failed", "en"))
    assert "Delivery is free from 99 yuan." in reply


# Who the customer is.


@pytest.mark.parametrize(
    ("proof", "customer"),
    [
        ({"email": "ada@example.com"}, ADA),
        ({"email": "ADA@Example.COM"}, ADA),
        ({"email": "  ada@example.com \n"}, ADA),
        ({"email": " LIN@example.CN "}, LIN),
        ({"name": "Ada O'Brien", "postal_code": "BS6 5QA"}, ADA),
        ({"name": "ada obrien", "postal_code": "bs65qa"}, ADA),
        ({"name": "林小雨", "postal_code": "310013"}, LIN),
        ({"name": "Xiaoyu Lin", "postal_code": " 310013 "}, LIN),
        ({"name": "卫国强", "postal_code": "215001"}, WEI),
        ({"email": "nobody@example.com"}, None),
        ({"email": "ada@example.co"}, None),
        ({"name": "Ada O'Brien", "postal_code": "BS6 5QB"}, None),
        ({"name": "林小雨", "postal_code": "310014"}, None),
        ({"name": "林小雨", "postal_code": "215001"}, None),
        ({"name": "林小雪", "postal_code": "310013"}, None),
        ({"name": "Ada O'Brien"}, None),
        ({"postal_code": "310013"}, None),
        ({"email": "ada@example.com", "name": "林小雨", "postal_code": "310013"}, None),
        ({}, None),
    ],
)
def test_a_customer_is_who_the_details_prove(
    wired: Wired, proof: dict[str, str], customer: CustomerId | None, request: pytest.FixtureRequest
) -> None:
    kinds: dict[str, Kind] = {"email": "EMAIL_ADDRESS", "name": "PERSON", "postal_code": "POSTAL_CODE"}
    owner = f"visitor:{request.node.name}"
    handles: dict[str, Any] = {slot: wired.handle(kinds[slot], value, owner) for slot, value in proof.items()}
    assert all(handle.startswith("<") for handle in handles.values())
    outcome = wired.run(Call("verify_customer", **handles), owner=owner)
    assert outcome == (Verified(customer) if customer else Miss("verify_failed", "identity"))


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("I'm Ada O'Brien, postcode BS6 5QA", ADA),
        ("it is ADA@example.com", ADA),
        ("我叫林小雨，邮编310013", LIN),
        ("邮箱：lin@example.cn", LIN),
        ("I'm Ada O'Brien, postcode BS6 5QB", None),
        ("我叫林小雨，邮编310014", None),
    ],
)
def test_details_prove_a_customer_as_they_are_typed(
    wired: Wired, text: str, customer: CustomerId | None, request: pytest.FixtureRequest
) -> None:
    owner = VaultOwner(f"visitor:{request.node.name}")
    commands = commands_for_certain(wired.guard.conceal(owner, text).text, Context("identity"), r"TF\d{8}")
    (call,) = decide(DialogueState(awaiting="identity"), commands or ()).actions
    assert isinstance(call, Call)
    assert wired.run(call, owner=owner) == (Verified(customer) if customer else Miss("verify_failed", "identity"))


def test_a_detail_that_was_not_concealed_is_read_as_it_is(wired: Wired) -> None:
    name = wired.handle("PERSON", "林小雨")
    assert wired.run(Call("verify_customer", name=name, postal_code="310013"), owner=VISITOR) == Verified(LIN)


def test_a_strangers_handle_proves_nobody_and_the_same_handle_is_each_ones_own(wired: Wired) -> None:
    handle = wired.handle("EMAIL_ADDRESS", "ada@example.com", "visitor:first")
    with pytest.raises(UnknownHandle):
        wired.run(Call("verify_customer", email=handle), owner="visitor:second")
    assert wired.handle("EMAIL_ADDRESS", "lin@example.cn", "visitor:second") == handle
    assert wired.run(Call("verify_customer", email=handle), owner="visitor:second") == Verified(LIN)
