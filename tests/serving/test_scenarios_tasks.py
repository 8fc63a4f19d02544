"""Task files of three kinds; a broken one is refused whole, with every broken row named and no value told."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.shop.records import Address, Swap
from bot.shop.writes import CancelOrder, ChangeAddress, ChangeItems, ExchangeItems, ReturnItems
from serving.scenarios.gold import BadGold, tau2_write
from serving.scenarios.reading import BadTasks, read_tasks
from serving.scenarios.tasks import TaskFile

OWN: dict[str, Any] = {
    "id": "en-1",
    "lang": "en",
    "title": "Cancels",
    "customer": {"email": "mia@example.com"},
    "queue": ["Please cancel my order"],
    "facts": {"order_id": "TF10000001", "items": None, "address": ["1 Old Lane", "2 New Lane"]},
    "gold_writes": [{"write": "CancelOrder", "args": {"order_id": "TF10000001", "reason": "other"}}],
    "must_say": ["45.00"],
    "difficulty": "single_write",
    "kind": "cancel",
}
SOURCE: dict[str, Any] = {
    "id": "t-1",
    "user_id": "mia_1",
    "difficulty": "single_write",
    "intents": ["return"],
    "gold_writes": [
        {
            "tool": "return_delivered_order_items",
            "args": {"order_id": "#W1", "item_ids": ["7", "8"], "payment_method_id": "card_1"},
        }
    ],
    "gold_errors": [],
    "must_say": [],
}
TAU2 = SOURCE | {
    "user_script": {
        "identity": {"email": None, "name": "Mia Moss", "zip": "12345", "says_zip": True},
        "queue": ["I want to return two things"],
        "facts": {"order_id": "It is #W1.", "items": None, "zip": "54321"},
        "on_confirm": ["Only one of them"],
        "on_refusal": [],
        "on_options": "The blue one",
    }
}
TRAINING = SOURCE | {
    "id": "t-2",
    "usable": True,
    "identity": {"email": "mia@example.com", "name": "Mia Moss", "zip": "12345"},
    "queue": {"full": ["all of it"], "partial": ["some"], "item_only": ["a kettle"]},
    "answers": [{"order_id": "It is #W1.", "payment": "My card."}],
}


def read(tmp_path: Path, rows: Any, *options: Any) -> TaskFile:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return read_tasks(path, *options)


def test_an_own_scenario(tmp_path: Path) -> None:
    (task,) = read(tmp_path, [OWN]).tasks
    assert task.gold == (CancelOrder("TF10000001", "other"),)
    assert task.script.facts[0] == {
        "identity": ("My email is mia@example.com.",),
        "order_id": ("TF10000001",),
        "items": (),
        "address": ("1 Old Lane", "2 New Lane"),
    }
    assert (task.signed_in, task.must_say) == (None, ("45.00",))


@pytest.mark.parametrize(
    ("customer", "facts", "introduction"),
    [
        ({"name": "林小雨", "postal_code": "310013"}, {}, "我叫林小雨，邮编 310013"),
        ({"email": "mia@example.com"}, {"email": "mia@example.org 吧"}, "mia@example.org 吧"),
        ({"name": "Mia", "postal_code": "1"}, {"name": "Mia", "zip": "2"}, "Mia 2"),
    ],
)
def test_a_customer_says_who_it_is_as_the_script_has_it(
    tmp_path: Path, customer: dict[str, str], facts: dict[str, str], introduction: str
) -> None:
    (task,) = read(tmp_path, [OWN | {"lang": "zh", "customer": customer, "facts": facts}]).tasks
    assert task.script.facts[0]["identity"] == (introduction,)


@pytest.mark.parametrize("where", [{"signed_in": "C1", "customer": None}, {"customer": {"signed_in": "C1"}}])
def test_a_customer_may_be_signed_in(tmp_path: Path, where: dict[str, Any]) -> None:
    (task,) = read(tmp_path, [OWN | where]).tasks
    assert task.signed_in == task.identity.customer_id == "C1"


def test_a_tau2_script(tmp_path: Path) -> None:
    (task,) = read(tmp_path, [TAU2]).tasks
    facts = task.script.facts[0]
    assert task.gold == (ReturnItems("#W1", ("7", "8"), "card_1"),)
    assert facts["identity"] == ("My name is Mia Moss and my zip code is 54321.",)  # as told, right or wrong
    assert (facts["items"], facts["options"]) == ((), ("The blue one",))
    assert (task.identity.customer_id, task.kind, task.script.on_confirm) == ("mia_1", "return", ("Only one of them",))


def test_training_tasks_come_in_the_wording_that_is_asked_for_and_unusable_ones_are_counted(tmp_path: Path) -> None:
    rows = [TRAINING, TRAINING | {"id": "t-3", "usable": False}]
    found = read(tmp_path, rows, "partial")
    assert [task.script.queue for task in found.tasks] == [("some",)]
    assert found.skipped == {"unusable": 1}
    assert found.tasks[0].script.facts[0]["payment"] == ("My card.",)
    assert read(tmp_path, rows).tasks[0].script.queue == ("all of it",)


ADDRESS = {"address1": "1 A", "address2": "", "city": "B", "state": "C", "zip": "1", "country": "USA"}


@pytest.mark.parametrize(
    ("tool", "args", "write"),
    [
        ("modify_pending_order_address", ADDRESS, ChangeAddress("#W1", Address("1 A", "", "B", "C", "1", "USA"))),
        (
            "modify_pending_order_items",
            {"item_ids": ["1"], "new_item_ids": ["2"], "payment_method_id": "p"},
            ChangeItems("#W1", (Swap("1", "2"),), "p"),
        ),
        (
            "exchange_delivered_order_items",
            {"item_ids": ["1"], "new_item_ids": ["2"], "payment_method_id": "p"},
            ExchangeItems("#W1", (Swap("1", "2"),), "p"),
        ),
    ],
)
def test_calls_of_tau2_become_our_writes(tool: str, args: dict[str, Any], write: object) -> None:
    assert tau2_write(tool, {"order_id": "#W1", **args}) == write


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("transfer_to_human_agents", {}),
        ("cancel_pending_order", {"order_id": "#W1"}),
        (
            "modify_pending_order_items",
            {"order_id": "1", "item_ids": ["1"], "new_item_ids": [], "payment_method_id": ""},
        ),
    ],
)
def test_calls_that_do_not_fit_are_refused(tool: str, args: dict[str, Any]) -> None:
    with pytest.raises(BadGold):
        tau2_write(tool, args)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({}, "expected a JSON list"),
        ([], "expected a JSON list"),
        ([3], "task 1"),
        ([OWN | {"moral": "none"}], "task 1: moral"),
        ([OWN | {"queue": []}], "task 1: queue"),
        ([OWN, OWN], "task 2: its id is used"),
        ([OWN, OWN | {"id": "x", "lang": "fr"}, OWN | {"id": "y", "difficulty": "hard"}], "2 broken task(s)"),
        ([OWN | {"gold_writes": [{"write": "Refund", "args": {}}]}], "unknown write"),
        ([OWN | {"gold_writes": [{"write": "ReturnItems", "args": {"order_id": "1"}}]}], "ReturnItems: skus"),
        ([OWN | {"gold_writes": [{"write": "CancelOrder", "args": {"order_id": "1", "why": "2"}}]}], "CancelOrder has"),
        ([OWN | {"customer": None}], "expected a customer"),
        ([OWN | {"customer": {"name": "Secret Person"}}], "postal_code"),
    ],
)
def test_a_broken_file_is_refused_with_the_place_and_without_values(tmp_path: Path, rows: Any, told: str) -> None:
    with pytest.raises(BadTasks) as error:
        read(tmp_path, rows)
    assert told in str(error.value)
    assert "Secret" not in str(error.value) and "mia@example.com" not in str(error.value)


def test_what_is_no_file_and_what_is_no_json_and_what_is_no_id(tmp_path: Path) -> None:
    with pytest.raises(BadTasks, match="expected a task file"):
        read_tasks(tmp_path / "none.json")
    (tmp_path / "half.json").write_text("[", encoding="utf-8")
    with pytest.raises(BadTasks, match="line 1"):
        read_tasks(tmp_path / "half.json")
    with pytest.raises(BadTasks, match="no usable task en-2"):
        read(tmp_path, [OWN], "full", ["en-2"])
    assert [task.id for task in read(tmp_path, [OWN, OWN | {"id": "en-2"}], "full", ["en-2"]).tasks] == ["en-2"]
