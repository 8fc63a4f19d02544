"""The public corpus: readable files in, cases of the grammar out, the same for the same seed."""

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import pytest

from bot.commands import NAMES, SERVICE_KINDS, TOPICS, Command, dumps, parse
from bot.facts import FACT_KEYS
from bot.state import Awaiting
from finetune.corpus.build import generate, main, read_eval
from finetune.corpus.notation import LANGS, ROOT, Lang, NotationError, parse_label, read_lines, understand_files
from finetune.corpus.reply_cases import MAX_CHARS_ZH, MAX_WORDS_EN, policies, reply_cases

SEED = 7
AWAITING = {None, *Awaiting.__args__}  # type: ignore[attr-defined]
MIN_LINES = 15
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return list(generate(SEED, 6000, 2400))


def fold(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def numbers(text: str) -> set[str]:
    return {number.strip(",") for number in NUMBER.findall(text)}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        assert main([str(tmp_path / name), "--seed", "3", "--understand", "400", "--replies", "100"]) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert main([str(tmp_path / "c.jsonl"), "--seed", "4", "--understand", "400", "--replies", "100"]) == 0
    assert (tmp_path / "c.jsonl").read_bytes() != (tmp_path / "a.jsonl").read_bytes()


def test_the_evaluation_cases_can_be_written(tmp_path):
    assert main([str(tmp_path / "eval.jsonl"), "--eval"]) == 0
    rows = [json.loads(row) for row in (tmp_path / "eval.jsonl").read_text(encoding="utf-8").splitlines()]
    assert Counter((row["lang"], row["task"]) for row in rows) >= Counter(
        {("en", "understand"): 120, ("zh", "understand"): 120, ("en", "reply"): 30, ("zh", "reply"): 30}
    )


def test_languages_are_in_balance(cases):
    assert Counter((c["task"], c["lang"]) for c in cases) == {
        ("understand", "en"): 3000, ("understand", "zh"): 3000, ("reply", "en"): 1200, ("reply", "zh"): 1200,
    }  # fmt: skip


def test_every_generated_command_is_of_the_grammar(cases):
    understood = [case for case in cases if case["task"] == "understand"]
    # Every shape of commands and every 8th case: one parse validates the schema too and takes milliseconds.
    shapes = {
        str([[*sorted(c), c["name"], c.get("kind"), c.get("topic")] for c in x["commands"]]): x for x in understood
    }
    held_out = [c for lang in LANGS for unread in (False, True) for c in read_eval(lang, unread=unread)]
    for case in [*shapes.values(), *understood[::8], *held_out]:
        if case["task"] == "understand":
            commands = tuple(Command(**command) for command in case["commands"])
            assert parse(dumps(commands)) == tuple(replace(command, query=None) for command in commands)


def test_contexts_are_those_of_the_dialogue(cases):
    for case in [*cases, *read_eval("en", unread=True), *read_eval("zh", unread=True)]:
        if case["task"] == "understand":
            assert set(case["context"]) == {"awaiting", "doing", "offered", "topic"}
            assert case["context"]["awaiting"] in AWAITING
            assert case["context"]["doing"] in {None, *NAMES}
            assert len(case["context"]["offered"]) <= 3


def test_no_slot_or_mark_is_left_in_a_case(cases):
    for case in cases:
        said = [case["text"], *map(str, case["commands"])] if case["task"] == "understand" else [case["reply"]]
        assert not [text for text in said[:1] if re.search(r"\{[a-z]+\d?\}|\[(?!流泪)[^\]]+\]", text)], case


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_given_or_tracked_stands_in_the_text(lang, cases):
    for case in cases:
        if case["task"] != "understand" or case["lang"] != lang:
            continue
        near = case["text"] + str(case["context"])
        for command in case["commands"]:
            for slot in ("order", "value"):
                assert command.get(slot, "") in near, case


@pytest.mark.parametrize("lang", LANGS)
def test_every_command_kind_and_topic_has_enough_lines(lang):
    lines = [line for found in understand_files(lang).values() for line in found]
    named = Counter(label.name for line in lines for label in line.labels)
    kinds = Counter(label.qualifier for line in lines for label in line.labels if label.name == "service")
    topics = Counter(label.qualifier for line in lines for label in line.labels if label.name == "ask_policy")
    by_rule = {"ask_account"}  # no model is taught it
    assert {name for name in NAMES if named[name] < MIN_LINES} == by_rule
    assert {kind for kind in SERVICE_KINDS if kinds[kind] < MIN_LINES} == set()
    assert {topic for topic in TOPICS if topics[topic] < MIN_LINES} == set()


@pytest.mark.parametrize("lang", LANGS)
def test_there_is_as_much_wording_as_promised(lang):
    lines = [line for found in understand_files(lang).values() for line in found]
    assert len({fold(line.text) for line in lines}) >= 3000
    assert sum(label.name == "find_product" for line in lines for label in line.labels) >= 300
    assert sum(len(policy.pairs) for policy in policies(lang)) >= 60


def test_evaluation_wording_is_never_trained_on(cases):
    sets = [read_eval(lang, unread=unread) for lang in LANGS for unread in (False, True)]
    held_out = {fold(c.get("text") or c["question"]) for found in sets for c in found}
    written = {fold(line.text) for lang in LANGS for found in understand_files(lang).values() for line in found}
    generated = {fold(c.get("text") or c["question"]) for c in cases}
    # An evaluation line that is one bare handle or one nonsense word has no wording of its own.
    assert {text for text in held_out & (written | generated) if len(text) > 6} == set()


def test_facts_have_the_keys_that_the_bot_gives(cases):
    for case in [*cases, *read_eval("en"), *read_eval("zh")]:
        if case["task"] == "reply":
            keys = [line.partition(": ")[0] for line in case["facts"]["lines"]]
            allowed = FACT_KEYS[case["facts"]["kind"]]
            assert [key for key in allowed if key in keys] == keys, case


def test_replies_are_one_short_paragraph(cases):
    for case in cases:
        if case["task"] == "reply":
            assert case["reply"].strip() == case["reply"]
            assert "\n" not in case["reply"]
            short = len(case["reply"]) <= MAX_CHARS_ZH if case["lang"] == "zh" else len(case["reply"].split())
            assert short is True or short <= MAX_WORDS_EN


def test_replies_hold_no_number_handle_or_order_that_the_facts_lack(cases):
    for case in [*cases, *read_eval("en"), *read_eval("zh")]:
        if case["task"] == "reply":
            facts = "\n".join(case["facts"]["lines"])
            assert numbers(case["reply"]) <= numbers(facts), case
            assert set(re.findall(r"<[A-Z]+_\d>", case["reply"])) <= set(re.findall(r"<[A-Z]+_\d>", facts))


@pytest.mark.parametrize("lang", LANGS)
def test_a_sold_out_offer_is_said_to_be_sold_out(lang):
    gone = {"en": "sold out", "zh": "售罄"}[lang]
    for case in islice(reply_cases(Random(1), lang), 600):
        if case["facts"]["kind"] == "products" and any(gone in line for line in case["facts"]["lines"]):
            assert gone in case["reply"]


def test_labels_are_read_as_the_readme_says():
    give, track = parse_label("give:email <EMAIL_1> + track {order}")
    assert (give.name, give.qualifier, give.argument) == ("give", "email", "<EMAIL_1>")
    assert (track.name, track.argument) == ("track_order", "{order}")


@pytest.mark.parametrize("text", ["a text before any label\n", "= greet\n@ somewhere\nhello\n"])
def test_a_file_that_cannot_be_read_is_refused(text, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotationError):
        read_lines(path)


def test_no_line_of_a_file_is_written_twice_with_different_meanings():
    for lang in LANGS:
        seen: dict[tuple[str, object], object] = {}
        for lines in understand_files(lang).values():
            for line in lines:
                key = (fold(line.text), line.context)
                assert seen.setdefault(key, line.labels) == line.labels, line.source


def test_corpus_is_found_beside_the_code() -> None:
    lang: Lang = "en"
    assert (ROOT / "understand" / lang).is_dir()
