from dataclasses import replace
from string import Formatter
from typing import get_args

import pytest

from bot.commands import SERVICE_KINDS, TOPICS, Command, ServiceKind, Slot
from bot.dialogue import RULE_OF, SAY_OF, SERVED, TOPIC_OF, Action, Say, decide, follow
from bot.service.case import Case
from bot.session import CustomerId, Lang
from bot.state import DialogueState, Mention
from bot.tools.toolbox import Call, Miss, Verified
from bot.wording import TEXTS, Key, say

KNOWN = DialogueState(customer_id=CustomerId("C1"))
NAME = Command("give", slot="name", value="<PERSON_1>")
CODE = Command("give", slot="postal_code", value="<POSTCODE_1>")
LANGS: tuple[Lang, ...] = get_args(Lang)
KEYS: tuple[Key, ...] = get_args(Key)


def test_an_order_is_tracked_only_for_a_known_customer() -> None:
    asked = decide(DialogueState(), [Command("track_order", order="TF10293847")])
    assert asked.actions == (Say("ask_identity"),)
    assert asked.state.awaiting == "identity"


def test_name_and_postal_code_in_one_message_are_checked_at_once() -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    decision = decide(waiting, [NAME, CODE])
    assert decision.actions == (Call("verify_customer", name="<PERSON_1>", postal_code="<POSTCODE_1>"),)


@pytest.mark.parametrize("slot", ["email", "name", "postal_code"])
def test_a_handle_that_identifies_nobody_is_no_proof(slot: Slot) -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    wrong = Command("give", slot=slot, value="<PHONE_1>")
    assert decide(waiting, [wrong]).actions == (Say("ask_identity"),)
    assert decide(waiting, [NAME, CODE, wrong]).actions == decide(waiting, [NAME, CODE]).actions


def test_a_name_alone_asks_for_the_postal_code() -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    assert decide(waiting, [NAME]).actions == (Say("ask_postal_code"),)
    both = decide(DialogueState(), [Command("track_order"), NAME])
    assert both.actions.count(Say("ask_postal_code")) <= 1
    assert len(set(both.actions)) == len(both.actions)
    other_way = decide(DialogueState(), [NAME, Command("track_order")])
    assert other_way.actions == (Say("ask_postal_code"),)


def test_what_was_asked_before_verification_goes_on_after_it() -> None:
    waiting = decide(DialogueState(), [Command("track_order", order="TF10293847")]).state
    after = follow(waiting, Verified(CustomerId("C1")))
    assert after.actions == (Call("track_order", order="TF10293847"),)
    assert after.state.customer_id == "C1"


def test_the_model_cannot_say_who_the_customer_is() -> None:
    decision = decide(DialogueState(), [NAME, Command("list_orders")])
    assert decision.state.customer_id is None
    assert all(not isinstance(a, Call) or a.tool != "list_orders" for a in decision.actions)


def test_the_nth_of_what_was_offered_is_shown() -> None:
    offered = (Mention("product", "P1", "Lamp A"), Mention("product", "P2", "Lamp B"))
    shown = decide(DialogueState(offered=offered), [Command("choose", n=2)])
    assert shown.actions == (Call("show_product", product_id="P2"),)
    beyond = decide(DialogueState(offered=offered), [Command("choose", n=3)])
    assert beyond.actions == (Say("choice_out_of_range"),)


def test_a_policy_question_in_between_comes_back_to_what_is_awaited() -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    decision = decide(waiting, [Command("ask_policy", topic="returns")])
    assert decision.actions == (Call("search_policy", topic="returns"), Say("ask_email"))
    assert decision.state.awaiting == "identity"


def test_a_person_is_called_only_after_a_yes() -> None:
    offered = decide(KNOWN, [Command("service", kind="complaint")]).state
    assert decide(offered, [Command("affirm")]).actions == (Call("hand_off"),)
    assert decide(offered, [Command("deny")]).actions == (Say("no_handoff"),)


def test_two_failures_in_a_row_offer_a_person() -> None:
    once = follow(KNOWN, Miss("order_not_found", "order"))
    twice = follow(once.state, Miss("order_not_found", "order"))
    assert once.actions == (Say("order_not_found"),)
    assert twice.actions == (Say("order_not_found"), Say("offer_handoff"))


def test_a_state_survives_its_way_through_a_checkpoint() -> None:
    state = decide(DialogueState(lang="zh"), [Command("track_order", order="TF10293847")]).state
    assert DialogueState.from_json(state.to_json()) == state
    assert DialogueState.from_json({"version": 99, "lang": "zh"}) == DialogueState(lang="zh")


@pytest.mark.parametrize("kind", sorted(SERVED))
def test_a_service_waits_until_it_is_known_who_asks_and_then_goes_on(kind: ServiceKind) -> None:
    asked = decide(DialogueState(), [Command("service", kind=kind)])
    assert asked.actions == (Call("take_down", kind=kind), Say("ask_identity"))
    assert asked.state.awaiting == "identity"
    assert follow(asked.state, Verified(CustomerId("C1"))).actions == (Call("serve", resume=True),)
    known = decide(DialogueState(customer_id=CustomerId("C1")), [Command("service", kind=kind)])
    assert known.actions == (Call("serve", reply="words", kind=kind),)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", [kind for kind in SERVICE_KINDS if kind not in SERVED])
def test_a_service_that_the_assistant_cannot_do_is_said_with_its_rule_and_a_person(
    kind: ServiceKind, lang: Lang
) -> None:
    decision = decide(DialogueState(lang=lang), [Command("service", kind=kind)])
    rule = Call("search_policy", topic=TOPIC_OF[kind], query=RULE_OF[lang][kind], optional=True)
    middle: tuple[Action, ...] = () if kind == "complaint" else (rule,)
    assert decision.actions == (Say(SAY_OF[kind]), *middle, Say("offer_handoff"))
    assert decision.state.awaiting == "confirm_handoff"
    assert TEXTS[lang][SAY_OF[kind]].strip()


def test_every_service_has_a_sentence_of_its_own_and_every_one_but_a_complaint_a_rule_in_both_languages() -> None:
    assert set(SAY_OF) == set(TOPIC_OF) == set(SERVICE_KINDS)
    assert len(set(SAY_OF.values())) == len(SERVICE_KINDS)
    for lang in LANGS:
        asked = {kind for kind, query in RULE_OF[lang].items() if query.strip()}
        assert asked == set(SERVICE_KINDS) - {"complaint"}
        assert all(TOPIC_OF[kind] in TOPICS for kind in asked)
        assert all(query.isascii() == (lang == "en") for query in RULE_OF[lang].values() if query)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", KEYS)
def test_a_fixed_sentence_exists_in_both_languages_with_the_same_placeholders(key: Key) -> None:
    english, chinese = (TEXTS[lang][key] for lang in LANGS)
    assert english.strip() and chinese.strip()
    assert placeholders(english) == placeholders(chinese) <= {"shop", "example", "hours"}
    assert not any("\u3400" <= char <= "\u9fff" for char in english)
    assert any("\u3400" <= char <= "\u9fff" for char in chinese)


def test_there_is_no_sentence_that_no_key_names() -> None:
    assert [set(TEXTS[lang]) for lang in LANGS] == [set(KEYS)] * 2


@pytest.mark.parametrize(("lang", "hours"), [("en", " (9-18)"), ("zh", "（9-18）")])
def test_the_handoff_tells_the_hours_or_leaves_no_gap_where_they_would_stand(lang: Lang, hours: str) -> None:
    told, untold = say("handoff", lang, hours=hours), say("handoff", lang, hours="")
    assert told.replace(hours, "") == untold != told
    assert not any(gap in untold for gap in ("()", "（）", "( )", "  ", " .", "{", " 。", " ，"))


def test_a_question_on_the_way_leaves_a_yes_to_what_was_proposed() -> None:
    proposed = DialogueState(customer_id=CustomerId("C1"), awaiting="service", case=Case(stage="confirm"))
    asked = decide(proposed, [Command("service", kind="payment")])
    assert asked.state.awaiting == "service"
    assert asked.actions[-1] == Call("serve", resume=True)
    assert decide(asked.state, [Command("affirm")]).actions == (Call("serve", reply="yes"),)
    refused = replace(proposed, case=Case(stage="refused"))
    assert Call("serve", resume=True) not in decide(refused, [Command("ask_account")]).actions
