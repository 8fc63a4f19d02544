from bot.commands import Command
from bot.dialogue import Say, decide, follow
from bot.session import CustomerId
from bot.state import DialogueState, Mention
from bot.tools.toolbox import Call, Miss, Verified

KNOWN = DialogueState(customer_id=CustomerId("C1"))
NAME = Command("give", slot="name", value="<PERSON_1>")
CODE = Command("give", slot="postal_code", value="<POSTCODE_1>")


def test_an_order_is_tracked_only_for_a_known_customer() -> None:
    asked = decide(DialogueState(), [Command("track_order", order="TF10293847")])
    assert asked.actions == (Say("ask_identity"),)
    assert asked.state.awaiting == "identity"


def test_name_and_postal_code_in_one_message_are_checked_at_once() -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    decision = decide(waiting, [NAME, CODE])
    assert decision.actions == (Call("verify_customer", name="<PERSON_1>", postal_code="<POSTCODE_1>"),)


def test_a_name_alone_asks_for_the_postal_code() -> None:
    waiting = decide(DialogueState(), [Command("list_orders")]).state
    assert decide(waiting, [NAME]).actions == (Say("ask_postal_code"),)


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
