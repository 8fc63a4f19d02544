"""The private corpus: simulated customers, and transcripts → concealed cases by customer."""

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.commands import Command, dumps, parse
from bot.shop.demo import catalogue
from finetune.corpus.notation import LANGS, understand_files
from finetune.private import cases, lists, simulate, transcripts
from finetune.private.commands import register
from finetune.private.conceal import _with_handles
from finetune.private.draw import KEY_FILE, open_draw
from finetune.private.shoppers import Shopper
from finetune.private.transcripts import BadTranscripts
from finetune.private.wording import Slots, write

CANARIES = ("Mirabel Okonkwo", "mirabel.okonkwo@example.com", "415-555-0137", "14 Heron Close", "13800138571", "陈晓雯")


def dialogue(customer: str = "c1", number: int = 1, *texts: str, **fields: Any) -> dict[str, Any]:
    messages = [
        {"role": "user", "content": text, "commands": [{"name": "track_order"}]} for text in texts or ("where is it",)
    ]
    started = "2026-03-01T10:00:00+00:00"
    row = {"id": f"{customer}-{number}", "customer": customer, "started_at": started, "lang": "en", "consent": True}
    return row | {"messages": messages} | fields


def said(content: str, *commands: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, "commands": list(commands) or [{"name": "greet"}], "context": context}


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


class Shop:
    """Conceals rows in a folder whose key stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary: cases.Summary | None = None

    def __call__(self, rows: list[Any], **options: Any) -> list[dict[str, Any]]:
        source, out = written(self.folder / "t.jsonl", rows), [self.folder / "train.jsonl", self.folder / "eval.jsonl"]
        options = {"processes": 1} | options
        self.summary = cases.conceal(source, *out, self.folder / "work", lists.demo_readable(), **options)
        return [json.loads(line) for path in out for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def simulated() -> list[dict[str, Any]]:
    return list(simulate.dialogues(5, 400))


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert simulate.write(tmp_path / name, seed, 60) > 60
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_a_simulated_customer_does_not_depend_on_how_many_there_are(simulated):
    assert list(simulate.dialogues(5, 40)) == [row for row in simulated if int(row["customer"][1:]) < 100_040]


def test_simulated_customers_are_many_and_differ(simulated):
    dialogues = Counter(row["customer"] for row in simulated)
    assert len(dialogues) == 400
    assert set(dialogues.values()) <= set(range(1, 11))
    assert sum(n <= 3 for n in dialogues.values()) > 200
    assert all(1 <= sum(m["role"] == "user" for m in row["messages"]) <= 4 for row in simulated)
    assert 0.03 < sum(not row["consent"] for row in simulated) / len(simulated) < 0.1
    assert len({row["lang"] for row in simulated}) == 2


def test_every_line_gives_a_label_of_the_grammar():
    for lang in LANGS:
        shopper = Shopper.draw(1, LANGS.index(lang), lang)
        for stem, lines in lists.utterances(lang).items():
            for line in lines:
                message = write(_random(line.source), shopper, Slots(_random(line.source), shopper), stem, line)
                assert not re.search(r"[{}\[\]]", message["content"]), line.source
                for command in parse(dumps([Command(**command) for command in message["commands"]])):
                    assert command.name != "ask_account"
                    assert command.slot in (None, "order", "email", "name", "postal_code", "product")


def _random(seed: str) -> random.Random:
    return random.Random(seed)


def test_there_is_enough_wording_and_none_of_the_public_corpus():
    for lang in LANGS:
        lines = {fold(line.text) for found in lists.utterances(lang).values() for line in found}
        public = {fold(line.text) for found in understand_files(lang).values() for line in found}
        assert len(lines) > 400
        assert len(lines & public) / len(lines) < 0.06


def fold(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def test_the_products_are_those_of_the_demo_shop():
    path = Path(catalogue.__file__).parent / "products"
    names = [
        tuple(p["name"]) for f in sorted(path.glob("*.json")) for p in json.loads(f.read_text("utf-8"))["products"]
    ]
    assert sorted(names) == sorted(zip(lists.products("en"), lists.products("zh"), strict=True))


def test_simulated_transcripts_become_cases_of_the_grammar(shop, simulated):
    made = shop([json.dumps(row) for row in simulated[:120]])
    assert len(made) > 100
    for case in made:
        assert set(case) == {"task", "lang", "customer", "context", "text", "commands"}
        assert re.fullmatch(r"[0-9a-f]{20}", case["customer"])
        assert parse(dumps([Command(**command) for command in case["commands"]]))
    assert shop.summary.left_out == 0
    assert shop.summary.unusable < 10


def test_only_who_consents_is_read(shop):
    unsaid = dialogue("c4", 1, "no word about it")
    del unsaid["consent"]
    rows = [dialogue("c1", 1, "yes me"), dialogue("c2", 1, "not me", consent=False), unsaid]
    rows.append(dialogue("c1", 2, "not this one", consent=False))
    assert [case["text"] for case in shop(rows)] == ["yes me"]
    assert (shop.summary.without_consent, shop.summary.customers) == (3, 1)


def test_dialogues_of_one_customer_come_together_and_repeated_ones_count_once(shop):
    rows = [dialogue("c1", 1, "one"), dialogue("c2", 1, "two"), dialogue(" C1 ", 2, "three"), dialogue("c1", 1, "one")]
    made = shop(rows)
    assert sorted(case["text"] for case in made) == ["one", "three", "two"]
    assert len({case["customer"] for case in made}) == 2
    assert shop.summary.repeated == 1


def test_a_customer_with_half_of_the_data_gives_no_more_than_the_cap(shop):
    rows = [dialogue("big", n, f"text {n}") for n in range(40)] + [dialogue(f"c{n}", 1, "hello") for n in range(40)]
    made = shop(rows, per_customer=3)
    assert max(Counter(case["customer"] for case in made).values()) == 3
    assert len(made) == 43


def test_another_customer_changes_nothing_of_a_customers_cases(shop):
    rows = [dialogue(f"c{n}", m, f"docket {n} {m}", "and the other") for n in range(8) for m in range(5)]
    alone = shop(rows)
    more = shop([dialogue("new", 1, "I am Mirabel Okonkwo"), *rows[::-1], dialogue("new", 2, "hello")])
    names = {case["customer"] for case in alone}
    assert sorted(map(json.dumps, alone)) == sorted(json.dumps(case) for case in more if case["customer"] in names)
    assert len({case["customer"] for case in more}) == len(names) + 1


def test_a_customer_is_in_training_or_in_evaluation_by_the_key_alone(shop):
    shop([dialogue(f"c{n}", m, "hello", "and again") for n in range(200) for m in range(2)])
    files = [(shop.folder / f"{name}.jsonl").read_text("utf-8") for name in ("train", "eval")]
    sides = [{json.loads(line)["customer"] for line in text.splitlines()} for text in files]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 200
    assert 2 < len(sides[1]) < 50  # 200 draws of 1/10: outside with probability below 1e-6
    draw = open_draw(shop.folder / "work")
    assert sides[1] == {draw.name(f"c{n}") for n in range(200) if draw.evaluates(f"c{n}")}


def test_no_planted_value_is_in_the_cases(shop):
    name, email, phone, address, mobile, chinese = CANARIES
    rows = [
        dialogue("a1", messages=[
            said(f"My name is {name}, mail {email}", {"name": "give", "slot": "name", "value": name},
                 {"name": "give", "slot": "email", "value": email}, awaiting="identity"),
            said(f"Call me on {phone}, I live at {address}, Leeds LS6 2QT", {"name": "track_order"}),
            said(f"I am {name}", {"name": "give", "slot": "name", "value": name.lower()}),
        ]),
        dialogue("a2", lang="zh", messages=[
            said(f"我叫{chinese}，手机{mobile}", {"name": "give", "slot": "name", "value": chinese}),
            said("在吗", {"name": "find_product", "query": f"{mobile} 手机壳"}, topic=f"手机{mobile}"),
        ]),
    ]  # fmt: skip
    made = shop(rows)
    text = json.dumps(made, ensure_ascii=False)
    assert not [canary for canary in CANARIES if canary.casefold() in text.casefold()]
    by_text = {case["text"]: case["commands"] for case in made}
    values = [
        {"name": "give", "value": "<PERSON_1>", "slot": "name"},
        {"name": "give", "value": "<EMAIL_1>", "slot": "email"},
    ]
    assert by_text["My name is <PERSON_1>, mail <EMAIL_1>"] == values
    assert by_text["I am <PERSON_1>"] == values[:1]
    assert by_text["我叫<PERSON_1>，手机<PHONE_1>"][0]["value"] == "<PERSON_1>"
    assert "a1" not in {case["customer"] for case in made}
    assert "a1-1" not in text


def test_a_short_name_is_no_part_of_a_longer_word():
    assert _with_handles("lights for Li", {"Li": "<PERSON_1>"}) == "lights for <PERSON_1>"
    assert _with_handles("给李雷买灯", {"李雷": "<PERSON_1>"}) == "给<PERSON_1>买灯"


def test_a_personal_label_that_is_not_in_the_text_makes_no_example(shop):
    odd = said("please deliver it", {"name": "give", "slot": "name", "value": "Li"})
    made = shop([dialogue("c1", messages=[odd, said("hello")])])
    assert [case["text"] for case in made] == ["hello"]
    assert shop.summary.unusable == 1


def test_who_cannot_be_concealed_is_left_out(shop):
    made = shop([dialogue("c1", 1, "x " * 4000), dialogue("c2", 1, "hello")])
    assert [case["text"] for case in made] == ["hello"]
    assert shop.summary.left_out == 1


def test_what_claims_to_be_concealed_and_is_not_is_refused(shop):
    good = dialogue("c1", 1, "I am <PERSON_1>, mail <EMAIL_1>")
    bad = dialogue("c2", 1, f"write to {CANARIES[1]}")
    assert [case["text"] for case in shop([good], concealed=True)] == ["I am <PERSON_1>, mail <EMAIL_1>"]
    for rows, options in (([good, bad], {"concealed": True}), ([good, bad | {"concealed": True}], {})):
        with pytest.raises(BadTranscripts, match=r"line 2: EMAIL_ADDRESS") as error:
            shop(rows, **options)
        assert CANARIES[1] not in str(error.value)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{not json Mirabel", "one JSON object"),
        ('["Mirabel"]', "the line"),
        (dialogue("c2", 1) | {"Mirabel": 1}, r"\? \(extra_forbidden\)"),
        (dialogue("c2", 1) | {"consent": "Mirabel"}, "consent"),
        (dialogue("c2", 1, lang="Mirabel"), "lang"),
        (dialogue("c2", 1, messages=[]), "messages"),
        (dialogue("c2", 1, messages=[said("hi", {"name": "Mirabel Okonkwo"})]), r"messages.0.commands.0.name"),
        (dialogue("c2", 1, messages=[said("hi", *[{"name": "greet"}] * 4)]), "too_long"),
        (dialogue("c2", 1, messages=[said("hi", awaiting="Mirabel")]), "awaiting"),
        (dialogue("", 1), "customer"),
    ],
)
def test_a_malformed_line_is_refused_without_its_text(shop, row, expected):
    with pytest.raises(BadTranscripts, match=r"line 2: .*" + expected) as error:
        shop([dialogue("c1", 1), row])
    assert "Mirabel" not in str(error.value)
    assert not (shop.folder / "train.jsonl").exists()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "the file is empty"),
        ([dialogue("c1", 1, consent=False)], "consent"),
        ([dialogue("c1", 1, messages=[{"role": "user", "content": "hi"}])], "with commands"),
    ],
)
def test_a_file_with_nothing_to_learn_from_is_refused(shop, rows, expected):
    with pytest.raises(BadTranscripts, match=expected):
        shop(rows)


def test_the_key_stays_and_a_damaged_one_is_refused(tmp_path):
    assert open_draw(tmp_path).name("c1") == open_draw(tmp_path).name("c1")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert (tmp_path / KEY_FILE).read_text() not in repr(open_draw(tmp_path))
    (tmp_path / KEY_FILE).write_text("nothing")
    with pytest.raises(BadTranscripts, match=KEY_FILE):
        open_draw(tmp_path)


@pytest.mark.slow
def test_several_processes_give_what_one_gives(shop):
    rows = [dialogue(f"c{n}", 1, f"docket {n}, I am Mirabel Okonkwo") for n in range(51)]
    assert shop(rows) == shop(rows, processes=2)


def test_the_commands_report_counts(tmp_path):
    app = typer.Typer()
    register(app)
    source, out = tmp_path / "t.jsonl", [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    run = CliRunner()
    made = run.invoke(app, ["simulate", str(source), "--customers", "6", "--seed", "2", "--json"])
    assert json.loads(made.stdout)["customers"] == 6
    arguments = ["conceal", str(source), *out, "--work", str(tmp_path / "work"), "--processes", "1", "--json"]
    done = run.invoke(app, arguments)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["training_examples"] > 0
    source.write_text("")
    assert run.invoke(app, arguments).exit_code == 1


def test_places_hold_no_text(tmp_path):
    found = transcripts.index(written(tmp_path / "t.jsonl", [dialogue("c1", 1, "Mirabel Okonkwo here")]))
    assert "Mirabel" not in repr(found)
