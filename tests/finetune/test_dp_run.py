"""A whole private run on a tiny model: what it refuses, what it notes, what it leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
import torch
from safetensors.torch import load_file

from finetune import lora
from finetune.base import load_base
from finetune.dp import accountant
from finetune.dp.accountant import Mechanism
from finetune.dp.clipping import Clipping
from finetune.dp.customers import group, read_customers
from finetune.dp.release import release, start_from, train_private
from finetune.dp.settings import PrivateSettings, plan
from finetune.dp.train import STARTED, PrivateRun, commitment, prepare
from finetune.errors import BadBase, BadExamples, BadPrivacy, CannotResume, Diverged
from finetune.loss import example_losses
from finetune.signing import make_or_load, public_hex
from finetune.train import TrainSettings, train
from guardrails.readable import Readable
from serving.passport.verify import verify
from tests.finetune.seeded import Seeded
from tests.finetune.tiny import BASE_HASH, tiny_model, write_examples

SETTINGS = PrivateSettings(
    public_customers=10, epsilon=8.0, batch=5, steps=4, learning_rate=0.02, rank=2, alpha=4, top_layers=1, matrices="B"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Twenty-four examples of eight customers."""
    path = write_examples(tmp_path / "private.jsonl")
    rows = [json.loads(line) | {"customer": f"c{n % 8}"} for n, line in enumerate(path.read_text().splitlines())]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def base(folder: Path):
    return load_base(folder, device=torch.device("cpu"), dtype=torch.float32)


def make_run(folder: Path, examples: Path, work: Path, settings: PrivateSettings = SETTINGS, **more) -> PrivateRun:
    model = base(folder)
    customers = group(read_customers(examples), model.tokenizer, settings.max_tokens)
    prepare(model.model, settings)
    return PrivateRun(model.model, customers, settings, work, identity={"data": "d" * 64}, **more)


@pytest.mark.parametrize("matrices", ["B", "both"])
def test_noise_off_and_clipping_off_is_plain_training(
    folder: Path, examples: Path, tmp_path: Path, matrices: Literal["B", "both"]
) -> None:
    settings = PrivateSettings(
        public_customers=10,
        epsilon=None,
        batch=10,
        steps=3,
        learning_rate=0.02,
        rank=2,
        alpha=4,
        top_layers=1,
        matrices=matrices,
        clipping=Clipping("fixed", 1e9),
    )
    run = make_run(folder, examples, tmp_path / "work", settings, randomness=Seeded(1))
    trained = run.run()

    plain = base(folder)
    customers = group(read_customers(examples), plain.tokenizer, settings.max_tokens)
    where = lambda name: "layers.1." in name and name.endswith(("q_proj", "v_proj"))  # noqa: E731
    lora.add_lora(plain.model, rank=2, alpha=4, seed=settings.seed, where=where)
    if matrices == "B":
        lora.freeze_a(plain.model)
    optimizer = torch.optim.AdamW(lora.parameters(plain.model), lr=0.02, betas=(0.0, 0.999), weight_decay=0.0)
    source = Seeded(1)
    for step in range(3):
        source.uniforms(8)  # rate 1: every coin falls
        lots = source.uniforms(8)
        drawn = [customers.examples[own[int(lot * 3)]] for own, lot in zip(customers.places, lots, strict=True)]
        optimizer.param_groups[0]["lr"] = (0.02, 0.02, 0.02 / 3 / 0.4)[step]
        optimizer.zero_grad()
        (example_losses(plain.model, drawn).sum() / 10).backward()
        optimizer.step()
    for name, tensor in lora.state(plain.model).items():
        assert torch.allclose(trained.adapter[name], tensor, atol=1e-4), name


def test_a_frozen_a_stays_as_it_was_drawn_and_counts_as_nothing(folder: Path, examples: Path, tmp_path: Path) -> None:
    run = make_run(folder, examples, tmp_path / "work")
    drawn = {name: tensor.clone() for name, tensor in lora.state(run.model).items()}
    trained = run.run()
    for name, tensor in trained.adapter.items():
        assert torch.equal(tensor, drawn[name]) == ("lora_A" in name), name
    assert trained.entry["trained"]["parameters"] == sum(t.numel() for n, t in drawn.items() if "lora_B" in n)
    assert trained.entry["settings"]["matrices"] == "B"


def test_the_ledger_tells_what_was_done(folder: Path, examples: Path, tmp_path: Path) -> None:
    trained = make_run(folder, examples, tmp_path / "work").run()
    entry = trained.entry
    assert (entry["rate"], entry["steps"], entry["divisor"], entry["public_size"]) == (0.5, 4, 5.0, 10)
    assert entry["delta"] == pytest.approx(10**-1.1)
    mechanism = Mechanism(0.5, 4, entry["noise_multiplier"])
    assert entry["epsilon"]["pld"] == pytest.approx(accountant.epsilon([mechanism], entry["delta"]), abs=1e-5)
    assert entry["epsilon"]["pld"] <= 8.0 <= entry["epsilon"]["rdp"] * 1.2
    assert (entry["noise_source"], entry["resumed"]) == ("os.urandom", 0)
    matrices = {"layers": [1], "modules": ["q_proj", "v_proj"], "rank": 2, "parameters": 48}
    assert entry["trained"] == matrices | {"directions": "random"}
    assert not any(word in json.dumps(entry) for word in ("loss", "customers", "norm"))


def test_two_runs_of_the_same_data_differ(folder: Path, examples: Path, tmp_path: Path) -> None:
    one = make_run(folder, examples, tmp_path / "a").run().adapter
    two = make_run(folder, examples, tmp_path / "b").run().adapter
    assert all(not torch.equal(one[name], two[name]) for name in one if "lora_B" in name)


class Interrupted(Exception):
    pass


def stopping(after: int):
    def report(line: dict) -> None:
        if line["step"] == after:
            raise Interrupted

    return report


def test_a_resumed_run_makes_the_steps_that_are_left_with_fresh_noise(
    folder: Path, examples: Path, tmp_path: Path
) -> None:
    adapters = []
    for name in ("a", "b"):
        with pytest.raises(Interrupted):
            make_run(folder, examples, tmp_path / name, report=stopping(2), randomness=Seeded(7)).run()
        trained = make_run(folder, examples, tmp_path / name).run(resume=True)
        assert (trained.entry["steps"], trained.entry["resumed"]) == (4, 1)
        adapters.append(trained.adapter)
    assert any(not torch.equal(adapters[0][name], adapters[1][name]) for name in adapters[0])


def test_a_step_that_was_begun_and_lost_counts(folder: Path, examples: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        make_run(folder, examples, tmp_path / "w", report=stopping(2)).run()
    noted = json.loads((tmp_path / "w" / STARTED).read_text())
    (tmp_path / "w" / STARTED).write_text(json.dumps(noted | {"started": noted["started"] + 1}))
    entry = make_run(folder, examples, tmp_path / "w").run(resume=True).entry
    assert entry["steps"] == 5
    assert entry["epsilon"]["pld"] > accountant.epsilon([Mechanism(0.5, 4, entry["noise_multiplier"])], entry["delta"])


def test_a_run_is_not_begun_anew_over_one_that_counts(folder: Path, examples: Path, tmp_path: Path) -> None:
    make_run(folder, examples, tmp_path / "w").run()
    with pytest.raises(BadPrivacy, match="its steps count"):
        make_run(folder, examples, tmp_path / "w").run()
    other = PrivateSettings(**{**vars_of(SETTINGS), "rank": 3})
    with pytest.raises(CannotResume, match="settings"):
        make_run(folder, examples, tmp_path / "w", other).run(resume=True)
    (tmp_path / "w" / STARTED).write_text("{")
    with pytest.raises(CannotResume, match="how many steps"):
        make_run(folder, examples, tmp_path / "w").run(resume=True)


@pytest.mark.parametrize("change", [{"public_customers": 20}, {"steps": 9}, {"epsilon": 3.0}, {"delta": 1e-3}])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_run_is_not_resumed_with_another_mechanism(
    folder: Path, examples: Path, tmp_path: Path, change: dict, checkpoint: bool
) -> None:
    make_run(folder, examples, tmp_path / "w").run()
    if not checkpoint:  # stopped in its first step: what that spent counts all the same
        (tmp_path / "w" / "checkpoint.pt").unlink()
    other = PrivateSettings(**{**vars_of(SETTINGS), **change})
    with pytest.raises(CannotResume, match=r"settings|was begun with Plan"):
        make_run(folder, examples, tmp_path / "w", other).run(resume=True)
    (tmp_path / "w" / STARTED).write_text('{"started": 1, "resumed": 0}')
    with pytest.raises(CannotResume, match="how many steps"):
        make_run(folder, examples, tmp_path / "w").run(resume=True)


def vars_of(settings: PrivateSettings) -> dict:
    return {name: getattr(settings, name) for name in settings.__slots__}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"delta": 0.1}, "delta"),
        ({"delta": 0.0}, "delta"),
        ({"batch": 11}, "smaller batch"),
        ({"batch": 0}, "at least 1 customer"),
        ({"steps": 0}, "at least 1 step"),
        ({"epsilon": -1.0}, "epsilon"),
        ({"epsilon": float("nan")}, "epsilon"),
        ({"epsilon": 1e-5, "public_customers": 1000, "delta": 1e-9}, "cannot be met"),
        ({"epsilon": 1e6}, "protects nobody"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"modules": ()}, "module"),
        ({"public_customers": 1, "batch": 1}, "2 customers"),
    ],
)
def test_settings_whose_claim_would_be_false_are_refused(change: dict, match: str) -> None:
    with pytest.raises(BadPrivacy, match=match):
        plan(PrivateSettings(**{**vars_of(SETTINGS), **change}))


def test_all_faults_of_the_settings_are_told_together() -> None:
    with pytest.raises(BadPrivacy, match=r"smaller batch.*at least 1 step.*delta"):
        plan(PrivateSettings(**{**vars_of(SETTINGS), "batch": 99, "steps": 0, "delta": 1.0}))


def test_trials_cost(folder: Path) -> None:
    alone = plan(SETTINGS)
    after = plan(SETTINGS, (Mechanism(0.5, 4, 2.0),))
    assert after.noise_multiplier > alone.noise_multiplier


def test_weights_that_stop_moving_end_the_run(folder: Path, examples: Path, tmp_path: Path) -> None:
    run = make_run(folder, examples, tmp_path / "w")
    run.optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # holds none of the adapter
    with pytest.raises(Diverged, match="not moved"):
        run.run()


def test_examples_of_nobody_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadPrivacy, match="name no customer"):
        read_customers(write_examples(tmp_path / "x.jsonl"))
    with pytest.raises(BadExamples):
        group([], base(folder).tokenizer, 64)


def test_lines_of_a_customer_are_one_unit_wherever_they_stand(folder: Path, examples: Path) -> None:
    grouped = group(read_customers(examples), base(folder).tokenizer, 64)
    assert grouped.counts == (3,) * 8


def test_a_long_example_keeps_its_answer(folder: Path, examples: Path) -> None:
    whole = group(read_customers(examples), base(folder).tokenizer, 256).examples[0]
    cut = group(read_customers(examples), base(folder).tokenizer, 40).examples[0]
    assert len(cut.ids) == 40
    assert cut.ids == whole.ids[-40:]
    assert cut.ids[cut.prompt_tokens :] == whole.ids[whole.prompt_tokens :]


def test_open_values_are_refused_without_being_shown(folder: Path, examples: Path, tmp_path: Path) -> None:
    rows = examples.read_text().splitlines()
    row = json.loads(rows[3])
    row["messages"][0]["content"] = "commands\nmy mail is wanda.example@mail.example, call 020 7946 0123"
    examples.write_text("\n".join([*rows[:3], json.dumps(row), *rows[4:]]) + "\n")
    with pytest.raises(BadPrivacy, match=r"EMAIL_ADDRESS 1.*example 4") as caught:
        train_private(examples, base(folder), None, tmp_path / "w", SETTINGS, readable=Readable((), frozenset()))
    assert "wanda" not in str(caught.value)
    assert not (tmp_path / "w").exists()


@pytest.fixture
def public(folder: Path, tmp_path: Path) -> Path:
    settings = TrainSettings(epochs=1, learning_rate=0.01, batch_tokens=300, rank=3, alpha=6, valid_share=0.2)
    examples = write_examples(tmp_path / "public.jsonl")
    train(examples, base(folder), tmp_path / "public", tmp_path / "public-work", settings, prompts="f" * 16)
    return tmp_path / "public"


def test_a_release_adds_both_stages_up_and_its_passport_verifies(
    folder: Path, examples: Path, public: Path, tmp_path: Path
) -> None:
    key = make_or_load(tmp_path / "key")
    model = base(folder)
    start, trained = train_private(examples, model, public, tmp_path / "w", SETTINGS, readable=None)
    passport = release(model, start, trained, tmp_path / "out", prompts="f" * 16, key=key, notes=("Ghosts.",))
    assert passport["not_covered"][-1] == "Ghosts."

    verdict = verify(tmp_path / "out", {public_hex(key): "test"}, base=BASE_HASH, prompts="f" * 16)
    assert (verdict.state, verdict.faults) == ("verified", ())
    assert [entry["stage"] for entry in passport["ledger"]] == ["public", "private"]
    assert 0 < passport["epsilon"] <= 8
    assert "ε" in (tmp_path / "out" / "README.md").read_text()

    both = base(folder)
    lora.load(both.model, tmp_path / "out")
    lora.merge_in_place(both.model)
    batch = group(read_customers(examples), both.tokenizer, 64).examples
    with torch.no_grad():
        assert torch.allclose(example_losses(both.model, batch), example_losses(model.model, batch), atol=0.02)
    ranks = {
        tensor.shape[0]
        for name, tensor in load_file(tmp_path / "out" / lora.ADAPTER_WEIGHTS).items()
        if "lora_A" in name
    }
    assert ranks == {5}


def test_an_adapter_that_has_seen_customers_is_no_start(
    folder: Path, examples: Path, public: Path, tmp_path: Path
) -> None:
    model = base(folder)
    start, trained = train_private(examples, model, public, tmp_path / "w", SETTINGS, readable=None)
    release(model, start, trained, tmp_path / "out", prompts=None, key=make_or_load(tmp_path / "key"))
    with pytest.raises(BadBase, match="customers' data"):
        start_from(base(folder), tmp_path / "out")


def test_the_commitment_hides_the_data_and_is_the_same_for_the_same_key(tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = commitment(b"data", tmp_path / "a")
    assert one == commitment(b"data", tmp_path / "a") != commitment(b"other", tmp_path / "a")
    assert one != commitment(b"data", tmp_path / "b")
    assert one != hashlib.sha256(b"data").hexdigest()


DISTRIBUTED = """
import sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from finetune.base import load_base
from finetune.dp.crew import crew
from finetune.dp.customers import group, read_customers
from finetune.dp.train import PrivateRun, prepare
from tests.finetune.seeded import Seeded
from tests.finetune.test_dp_run import SETTINGS

folder, examples, work, out = map(Path, sys.argv[1:])
processes = crew()
model = load_base(folder, device=torch.device("cpu"), dtype=torch.float32)
customers = group(read_customers(examples), model.tokenizer, SETTINGS.max_tokens)
prepare(model.model, SETTINGS)
run = PrivateRun(model.model, customers, SETTINGS, work, identity={}, crew=processes,
                 randomness=Seeded(3 + 100 * processes.rank))
trained = run.run()
save_file({k: v.contiguous() for k, v in trained.adapter.items()}, str(out / f"{processes.rank}.safetensors"))
"""


@pytest.mark.slow
def test_two_processes_make_what_one_makes(folder: Path, examples: Path, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(DISTRIBUTED)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, str(script), str(folder), str(examples), str(tmp_path / "w"), str(tmp_path)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    alone = make_run(folder, examples, tmp_path / "alone", randomness=Seeded(3)).run().adapter
    for name in alone:
        assert torch.equal(first[name], second[name])
        assert torch.allclose(first[name], alone[name], atol=1e-4)


def test_a_run_is_not_resumed_from_another_public_adapter(
    folder: Path, examples: Path, public: Path, tmp_path: Path
) -> None:
    train_private(examples, base(folder), public, tmp_path / "w", SETTINGS, readable=None)
    with pytest.raises(CannotResume, match="start"):
        train_private(examples, base(folder), None, tmp_path / "w", SETTINGS, readable=None, resume=True)


def test_the_command_writes_an_adapter_or_says_what_is_wrong(folder: Path, examples: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from finetune.cli import app

    arguments = ["private", str(examples), str(tmp_path / "out"), "--base", str(folder), "--work", str(tmp_path / "w")]
    arguments += ["--key", str(tmp_path / "key"), "--customers", "10", "--batch", "5", "--steps", "2", "--rank", "2"]
    arguments += ["--top-layers", "1", "--note", "Simulated."]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["epsilon"] <= 8
    key = public_hex(make_or_load(tmp_path / "key"))
    assert verify(tmp_path / "out", {key: "test"}, base=BASE_HASH).verified
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "its steps count" in again.output) == (1, True)
    wrong = CliRunner().invoke(app, [*arguments, "--trial", "half,2"])
    assert (wrong.exit_code, "RATE,STEPS,NOISE" in wrong.output) == (1, True)
