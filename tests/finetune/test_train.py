import json
from itertools import count
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from finetune import lora
from finetune.base import load_base, pick_dtype
from finetune.errors import BadBase, BadExamples, CannotResume, Diverged
from finetune.evaluate import greedy, names
from finetune.examples import Encoded, Example, batches, encode, read_examples, split
from finetune.loss import completion_loss
from finetune.train import TrainSettings, learning_rate, train
from tests.finetune.tiny import BASE_HASH, tiny_model, write_examples

SETTINGS = TrainSettings(
    epochs=2, learning_rate=0.01, batch_tokens=300, rank=2, alpha=4, valid_share=0.2, checkpoint_every=2, eval_every=3
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    return write_examples(tmp_path / "examples.jsonl")


def base(folder: Path):
    return load_base(folder, device=torch.device("cpu"), dtype=torch.float32)


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(str(out / lora.ADAPTER_WEIGHTS))


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_loss_is_on_completion_tokens_only_and_padding_changes_nothing(folder: Path) -> None:
    model = base(folder).model
    short, long = Encoded((2, 9, 10, 11, 12), 3), Encoded(tuple(range(6, 26)), 15)
    with torch.no_grad():
        together, tokens = completion_loss(model, [short, long])
        alone = [completion_loss(model, [example])[0] for example in (short, long)]
        logits = model(torch.tensor([short.ids])).logits[0]
        by_hand = torch.nn.functional.cross_entropy(logits[2:4], torch.tensor(short.ids[3:]), reduction="sum")
    assert tokens == 2 + 5
    assert torch.allclose(together, alone[0] + alone[1], atol=1e-4)
    assert torch.allclose(alone[0], by_hand, atol=1e-4)


def test_training_lowers_the_loss_and_writes_a_folder_that_peft_can_read(
    folder: Path, examples: Path, tmp_path: Path
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    lines: list[dict[str, object]] = []
    trained = base(folder)
    result = train(examples, trained, tmp_path / "out", tmp_path / "work", SETTINGS, prompts="p1", report=lines.append)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < losses[0]
    assert [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()] == lines

    passport = json.loads((tmp_path / "out" / "passport.json").read_text())
    assert passport == result.passport
    assert (passport["epsilon"], passport["mechanism"], passport["signature"]) == (None, "none", None)
    assert passport["hashes"]["base"] == BASE_HASH
    assert passport["hashes"]["prompts"] == "p1"
    card = (tmp_path / "out" / "README.md").read_text()
    assert "unsigned" in card
    assert "未签名" in card

    ids = torch.tensor([[2, 9, 10, 11]])
    plain = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32)
    theirs = PeftModel.from_pretrained(plain, str(tmp_path / "out"))
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, trained.model(ids).logits, atol=0.02)


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    folder: Path, examples: Path, tmp_path: Path
) -> None:
    train(examples, base(folder), tmp_path / "whole", tmp_path / "w1", SETTINGS)

    def stop(line: dict[str, object]) -> None:
        if line["step"] == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(examples, base(folder), tmp_path / "cut", tmp_path / "w2", SETTINGS, report=stop)
    assert not (tmp_path / "cut").exists()
    train(examples, base(folder), tmp_path / "cut", tmp_path / "w2", SETTINGS, resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "cut"))


def test_a_checkpoint_of_another_run_is_refused(folder: Path, examples: Path, tmp_path: Path) -> None:
    train(examples, base(folder), tmp_path / "out", tmp_path / "work", SETTINGS)
    with examples.open("a") as more:
        more.write(examples.read_text().splitlines()[0].replace("order", "parcel") + "\n")
    with pytest.raises(CannotResume, match="another data"):
        train(examples, base(folder), tmp_path / "out", tmp_path / "work", SETTINGS, resume=True)


def test_a_run_bounded_by_time_ends_and_its_rate_has_decayed(folder: Path, examples: Path, tmp_path: Path) -> None:
    lines: list[dict[str, object]] = []
    ticks = count(0, 20)  # every look at the clock is 20 s later
    settings = TrainSettings(epochs=1000, max_minutes=3, batch_tokens=300, rank=2)
    train(
        examples,
        base(folder),
        tmp_path / "out",
        tmp_path / "work",
        settings,
        report=lines.append,
        clock=lambda: float(next(ticks)),
    )
    rates = [line["lr"] for line in lines if "lr" in line]
    assert len(rates) == 9
    assert rates[-1] < 0.1 * max(rates)


def test_a_loss_that_is_no_number_stops_the_run_and_writes_nothing(
    folder: Path, examples: Path, tmp_path: Path
) -> None:
    broken = base(folder)
    with torch.no_grad():
        broken.model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(Diverged, match="step 1 is nan"):
        train(examples, broken, tmp_path / "out", tmp_path / "work", SETTINGS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "line",
    [
        "not json CANARY",
        '{"task": "understand"}',
        '{"task":"t","lang":"en","messages":[{"role":"user","content":"CANARY"}],"completion":"no newline"}',
        '{"task":"t","lang":"zh","messages":[],"completion":"x\\n"}',
    ],
)
def test_a_bad_line_is_named_and_its_text_is_not(line: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(BadExamples, match=r"bad.jsonl:1") as caught:
        read_examples(file)
    assert "CANARY" not in str(caught.value)


def test_a_folder_without_a_manifest_is_no_base(tmp_path: Path) -> None:
    with pytest.raises(BadBase, match="tactful model fetch"):
        load_base(tmp_path)


def test_prompt_and_completion_are_encoded_apart_and_the_answer_opens_after_the_prompt(folder: Path) -> None:
    example = Example("understand", "zh", (("user", "退货吗"),), "[]\n")
    tokenizer = base(folder).tokenizer
    encoded = encode(example, tokenizer)
    assert tokenizer.decode(encoded.ids[: encoded.prompt_tokens]).endswith("<start_of_turn>model\n")
    assert tokenizer.decode(encoded.ids[encoded.prompt_tokens :]) == "[]\n"


def test_the_answer_of_a_batch_is_the_answer_alone(folder: Path) -> None:
    model = base(folder)
    prompts = [[2, 9, 10], [2, 9, 10, 11, 12, 13, 14]]
    assert greedy(model, prompts, 8) == [greedy(model, [prompt], 8)[0] for prompt in prompts]


@given(st.lists(st.integers(2, 60), min_size=1, max_size=80), st.integers(10, 200))
def test_every_example_is_in_one_batch_within_the_budget(lengths: list[int], tokens: int) -> None:
    examples = [Encoded((n, *range(length)), 1) for n, length in enumerate(lengths)]
    plan = list(batches(examples, tokens=tokens, seed="s"))
    assert sorted(e.ids for batch in plan for e in batch) == sorted(e.ids for e in examples)
    assert all(len(b) == 1 or max(len(e.ids) for e in b) * len(b) <= tokens for b in plan)
    assert plan == list(batches(examples, tokens=tokens, seed="s"))


def test_equal_questions_never_fall_on_both_sides_of_the_split() -> None:
    examples = [Example("understand", "en", (("user", f"q{n % 50}"),), f"{n}\n") for n in range(200)]
    learn, held_out = split(examples, 0.3, 10)
    assert len(held_out) == 10
    assert not {e.messages for e in learn} & {e.messages for e in held_out}


def test_the_rate_warms_up_and_decays_to_zero() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0.1)
    assert learning_rate(settings, 0.05) == pytest.approx(0.5)
    assert learning_rate(settings, 0.1) == pytest.approx(1.0)
    assert learning_rate(settings, 1.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        (frozenset({"avx2"}), torch.float32),
        (frozenset(), torch.float32),
        (frozenset({"avx512_bf16"}), torch.bfloat16),
        (frozenset({"amx_bf16"}), torch.bfloat16),
    ],
)
def test_the_number_format_is_the_one_the_processor_multiplies(flags: frozenset[str], dtype: torch.dtype) -> None:
    assert pick_dtype(torch.device("cpu"), flags) == dtype


@pytest.mark.parametrize(
    ("text", "expected"),
    [('[{"name":"a"},{"name":"b"}]', ["a", "b"]), ("[", None), ('{"name":"a"}', None), ("[]", []), ("[1]", None)],
)
def test_names_of_an_answer(text: str, expected: list[str] | None) -> None:
    assert names(text) == expected


def test_training_can_go_on_from_a_public_adapter_and_the_ledger_keeps_both_stages(
    folder: Path, examples: Path, tmp_path: Path
) -> None:
    train(examples, base(folder), tmp_path / "first", tmp_path / "w1", SETTINGS)
    result = train(examples, base(folder), tmp_path / "second", tmp_path / "w2", SETTINGS, start=tmp_path / "first")
    assert [entry["stage"] for entry in result.passport["ledger"]] == ["public", "public"]
    assert result.train_loss < json.loads((tmp_path / "w1" / "log.jsonl").read_text().splitlines()[0])["loss"]
    assert not equal(weights(tmp_path / "first"), weights(tmp_path / "second"))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda p: p["ledger"].append({"stage": "private"}), "customers' data"),
        (lambda p: p["hashes"].update(base="0" * 64), "another base"),
        (lambda p: p.pop("ledger"), "KeyError"),
    ],
)
def test_an_adapter_that_is_no_public_one_of_this_base_is_not_gone_on_from(
    folder: Path, examples: Path, tmp_path: Path, change, match: str
) -> None:
    train(examples, base(folder), tmp_path / "first", tmp_path / "w1", SETTINGS)
    file = tmp_path / "first" / "passport.json"
    passport = json.loads(file.read_text())
    change(passport)
    file.write_text(json.dumps(passport))
    with pytest.raises(BadBase, match=match):
        train(examples, base(folder), tmp_path / "second", tmp_path / "w2", SETTINGS, start=tmp_path / "first")


def test_customers_examples_are_not_trained_on_without_noise(folder: Path, examples: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) | {"customer": "c1"} for line in examples.read_text().splitlines()]
    examples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(BadExamples, match="customers' examples"):
        train(examples, base(folder), tmp_path / "out", tmp_path / "work", SETTINGS)
