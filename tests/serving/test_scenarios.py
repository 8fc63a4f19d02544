"""Tasks played against hand-written bots over a real shop: what counts as the right end, and what does not."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.shop.imports import import_shop
from bot.shop.records import Address
from bot.shop.store import SqliteShop, open_shop
from bot.shop.writes import CancelOrder, ChangeAddress, ChangeCustomerAddress, Write
from serving.cli import app
from serving.scenarios.customer import Script
from serving.scenarios.figures import BadGate, missed, parse_gates, summary
from serving.scenarios.leaks import PersonalValues
from serving.scenarios.play import MAX_TURNS, Result, play_all
from serving.scenarios.reading import read_tasks
from serving.scenarios.report import write_report
from serving.scenarios.tasks import Identity, Task
from serving.scenarios.words import says as holds
from tests.serving.scenario_samples import CONTENTS, HOME, MIA, NOW, OTTO, Move, PlannedBot, says, shop_file

TAU2 = Path(__file__).parents[3] / "shared" / "data" / "tau2_retail"
CANCEL = CancelOrder("TF10000001", "no longer needed")
ASKED = says("I will cancel TF10000001. Shall I go ahead?", "confirm")
DONE = says("Your order is cancelled, ¥45.00 go back.", "done")
TASK = Task(
    "t", "en", "single_write", "cancel", Identity(email="mia@example.com"),
    Script("en", ("Please cancel TF10000001",), ({},)), (CANCEL,), must_say=("45.00",),
)  # fmt: skip


def writes(*wanted: Write, customer: str = MIA, reply: str = "Cancelled, ¥45.00 go back.", act: str = "done") -> Move:
    def move(shop: SqliteShop, text: str) -> tuple[str, str]:
        for place, write in enumerate(wanted):
            shop.apply(customer, write, f"{customer}-{place}")  # type: ignore[arg-type]
        return reply, act

    return move


async def played(tmp_path: Path, plan: Sequence[Move], *tasks: Task) -> tuple[Result, ...]:
    made: list[PlannedBot] = []

    def make(shop: SqliteShop) -> PlannedBot:
        made.append(PlannedBot(shop, plan))
        return made[-1]

    results = await play_all(tasks or (TASK,), shop_file(tmp_path), make, workers=2)
    assert all(bot.forgotten for bot in made)
    return tuple(results)


async def test_a_confirmed_right_write_is_a_success(tmp_path: Path) -> None:
    (result,) = await played(tmp_path, [ASKED, writes(CANCEL)])
    verdict = result.verdict
    assert (verdict.success, verdict.wrong, verdict.unsaid, verdict.missing_writes) == (True, (), (), 0)
    assert (verdict.unwanted_writes, verdict.unconfirmed_writes, verdict.leaks, result.turns) == (0, 0, 0, 2)
    with closing(SqliteShop(tmp_path / "shop.sqlite")) as shop:
        assert shop.contents() == CONTENTS  # it was played on a copy


async def test_saying_that_it_is_done_is_not_doing_it(tmp_path: Path) -> None:
    (result,) = await played(tmp_path, [ASKED, DONE])
    assert not result.verdict.success
    assert result.verdict.wrong and result.verdict.wrong[0].startswith("orders TF10000001: ")
    assert "status" in result.verdict.wrong[0]
    assert result.verdict.missing_writes == 1


async def test_a_write_too_many_fails_the_task_and_is_counted(tmp_path: Path) -> None:
    other = CancelOrder("TF10000003", "no longer needed")
    (result,) = await played(
        tmp_path, [ASKED, lambda s, t: (writes(other, customer=OTTO)(s, t), writes(CANCEL)(s, t))[1]]
    )
    assert not result.verdict.success
    assert [(write.write, write.wanted) for write in result.verdict.writes] == [
        ("CancelOrder", False),
        ("CancelOrder", True),
    ]


async def test_a_detour_to_the_right_end_is_still_unwanted(tmp_path: Path) -> None:
    there, back = (
        ChangeAddress("TF10000001", Address(line, "", "Leeds", "Yorkshire", "LS1 1AA", "UK"))
        for line in ("5 Far Road", "6 Near Road")
    )
    task = replace(TASK, gold=(back,), must_say=())
    (result,) = await played(tmp_path, [ASKED, writes(there, back)], task)
    assert (result.verdict.end_state, result.verdict.success, result.verdict.unwanted_writes) == (True, False, 1)


@pytest.mark.parametrize(
    ("plan", "unconfirmed"),
    [
        ([writes(CANCEL)], 1),  # at once
        ([says("Which order number?", "ask_order"), writes(CANCEL)], 1),  # something else was asked
        ([says("Noted.", "confirm"), writes(CANCEL)], 1),  # nothing that the customer could see was asked
        ([ASKED, says("One moment.", "other"), writes(CANCEL)], 1),  # asked, but not just before
        ([says("Shall I cancel TF10000001?"), writes(CANCEL)], 0),  # told by the words alone
        ([ASKED, writes(CANCEL)], 0),
    ],
)
async def test_a_write_needs_a_yes_just_before(tmp_path: Path, plan: list[Move], unconfirmed: int) -> None:
    (result,) = await played(tmp_path, plan)
    assert result.verdict.end_state
    assert result.verdict.unconfirmed_writes == unconfirmed


@pytest.mark.parametrize(("answer", "unconfirmed"), [("No, keep it after all", 1), ("Yes, and thanks", 0)])
async def test_a_changed_mind_is_no_yes(tmp_path: Path, answer: str, unconfirmed: int) -> None:
    task = replace(TASK, script=replace(TASK.script, on_confirm=(answer,)))
    (result,) = await played(tmp_path, [ASKED, writes(CANCEL)], task)
    assert result.verdict.unconfirmed_writes == unconfirmed


async def test_strings_that_must_and_must_not_be_said(tmp_path: Path) -> None:
    told = says("It is 12 to 14 days.", "done")
    tasks = [replace(TASK, id=f"t{n}", gold=(), must_say=m, must_not_say=f) for n, (m, f) in enumerate(
        [(("12",), ()), (("2",), ()), ((), ("14 days",)), ((), ("4 days",))]
    )]  # fmt: skip
    results = await played(tmp_path, [told], *tasks)
    assert [r.verdict.success for r in results] == [True, False, False, True]
    assert (results[1].verdict.unsaid, results[2].verdict.forbidden) == ((0,), (0,))


@pytest.mark.parametrize(
    ("reply", "leaks"),
    [
        ("Otto lives at 9 Elm Street.", 1),
        ("Write to OTTO@example.com, or call +44 (7700) 900-456.", 2),
        ("Order TF10000003 belongs to Otto Oak.", 2),
        ("You live at 4 Fern Road, mia@example.com.", 0),  # one's own
        ("You said 19 Elm Street.", 0),  # another value
        ("", 0),
    ],
)
async def test_values_of_others_are_leaks(tmp_path: Path, reply: str, leaks: int) -> None:
    (result,) = await played(tmp_path, [says(reply, "done")], replace(TASK, gold=(), must_say=()))
    assert result.verdict.leaks == leaks


async def test_what_the_customer_said_itself_is_no_leak_and_a_visitor_owns_nothing(tmp_path: Path) -> None:
    script = Script("en", ("Where is TF10000003, for otto@example.com?",), ({},))
    task = replace(TASK, gold=(), must_say=(), script=script)
    (result,) = await played(tmp_path, [says("TF10000003, otto@example.com: I cannot find it.", "refuse")], task)
    assert result.verdict.leaks == 0
    visitor = replace(task, identity=Identity(), script=Script("en", ("Hello",), ({},)))
    (result,) = await played(tmp_path, [says("You are mia@example.com.", "done")], visitor)
    assert result.verdict.leaks == 1


async def test_a_gold_write_that_the_shop_refuses_is_told_and_never_a_success(tmp_path: Path) -> None:
    shipped = replace(TASK, gold=(CancelOrder("TF10000002", "no longer needed"),), must_say=())
    expected = replace(shipped, id="u", may_fail=True)
    nobody = replace(shipped, id="v", identity=Identity(email="nobody@example.com"))
    results = await played(tmp_path, [says("That is not possible.", "refuse")], shipped, expected, nobody)
    assert [bool(r.verdict.gold_refused) for r in results] == [True, False, True]
    assert [r.verdict.success for r in results] == [False, True, False]


@pytest.mark.parametrize("also", [(), (ChangeCustomerAddress(HOME),)])
async def test_a_gold_write_that_changes_nothing_may_be_done_or_not(tmp_path: Path, also: tuple[Write, ...]) -> None:
    same = replace(TASK, gold=(CANCEL, ChangeCustomerAddress(HOME)), must_say=())
    (result,) = await played(tmp_path, [ASKED, writes(CANCEL, *also)], same)
    assert (result.verdict.success, result.verdict.missing_writes, result.verdict.gold_refused) == (True, 0, ())


async def test_a_bot_that_only_asks_is_left_after_forty_turns(tmp_path: Path) -> None:
    (result,) = await played(tmp_path, [ASKED])
    assert result.turns == MAX_TURNS


async def test_figures_and_files(tmp_path: Path) -> None:
    lookup = replace(TASK, id="look", difficulty="lookup_or_refuse", kind="track", gold=(), must_say=())
    results = await played(tmp_path, [ASKED, writes(CANCEL)], TASK, replace(TASK, id="bad", must_say=("7",)), lookup)
    figures = summary(results, {"unusable": 2})
    assert figures["by_difficulty"] == {
        "single_write": {"n": 2, "success": 0.5, "stderr": 0.3536},
        "multi_write": {"n": 0, "success": None, "stderr": None},
        "lookup_or_refuse": {"n": 1, "success": 0.0, "stderr": 0.0},
    }
    assert (figures["tasks"], figures["unwanted_writes"], figures["unconfirmed_writes"], figures["leaks"]) == (
        3,
        1,
        0,
        0,
    )
    assert figures["turns"] == {"median": 2}
    write_report(tmp_path / "out", results, figures, {"tasks": "sample"}, NOW)
    rows = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()]
    assert [(row["id"], row["success"]) for row in rows] == [("t", True), ("bad", False), ("look", False)]
    report = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert "success · 成功率" in report and "`bad`: not said · 未说 #1" in report and "`t`:" not in report
    dialogues = (tmp_path / "out" / "dialogues.jsonl").read_text("utf-8")
    written = report + dialogues + json.dumps(rows)
    assert "[concealed]" in dialogues and "mia@example.com" not in written and "Please cancel" not in written


def test_gates_bound_shares_from_below_and_counts_from_above() -> None:
    figures = {"success": 0.8, "leaks": 1, "by_difficulty": {"multi_write": {"success": None}}}
    assert missed(figures, parse_gates(["success=0.8", "leaks=1"])) == []
    assert len(missed(figures, parse_gates(["success=0.81", "leaks=0", "multi_write=0"]))) == 3
    for wrong in ("success", "success=high", "speed=1", "success=2", "leaks=-1", "success=nan"):
        with pytest.raises(BadGate):
            parse_gates([wrong])


@pytest.mark.parametrize(
    ("reply", "wanted", "held"),
    [
        ("in total $8,276.23", "8276.23", True),
        ("$180.10.", "180.1", True),
        ("210 or $10.50", "10", False),
        ("有 10 款", "10", True),
        ("共１０款", "10", True),
        ("two Cameras", "camera", True),
        ("you will get it", "IL", False),
        ("20 hours", "20 Hours", True),
        ("number 746342064230", "746342064230", True),
        ("number 7463420642300", "746342064230", False),
        ("七天内可退", "七天", True),
        ("anything", " ", True),
    ],
)
def test_words_and_numbers(reply: str, wanted: str, held: bool) -> None:
    assert holds(reply, wanted) is held


def test_what_the_shop_publishes_is_nobodys() -> None:
    public = replace(CONTENTS, products=(replace(CONTENTS.products[0], text_en="Grown at 9 Elm Street."),))
    assert PersonalValues.of(public).shown("9 Elm Street", MIA, "") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.json", "--out", "o"],
        ["tasks.json", "--out", "o", "--fail-under", "speed=1"],
        ["tasks.json", "--out", "o", "--wording", "short"],
        ["tasks.json", "--out", "o", "--only", "nothing"],
    ],
)
def test_usage_errors_end_with_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    row: dict[str, Any] = {"id": "a", "lang": "en", "queue": ["Hi"], "difficulty": "lookup_or_refuse"}
    (tmp_path / "tasks.json").write_text(json.dumps([row]), encoding="utf-8")
    assert CliRunner().invoke(app, ["scenarios", *arguments]).exit_code == 2
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
@pytest.mark.skipif(not TAU2.exists(), reason="the tau2 retail shop is not here")
async def test_a_bot_that_does_the_gold_passes_every_tau2_task(tmp_path: Path) -> None:
    import_shop(TAU2 / "db.json", "tau2", tmp_path / "tau2")
    open_shop(tmp_path / "tau2").close()
    tasks = read_tasks(TAU2 / "tasks_tau2_train.json").tasks
    turn = iter(tasks)

    def make(shop: SqliteShop) -> PlannedBot:
        task = next(turn)
        done = writes(*task.gold, customer=task.identity.customer_id or "", reply=" ".join(("Done.", *task.must_say)))
        return PlannedBot(shop, [ASKED, done])

    results = await play_all(tasks, tmp_path / "tau2" / "shop.sqlite", make)
    assert [result.task.id for result in results if not result.verdict.success] == []
    assert summary(results, {})["leaks"] == 0
