"""Exposure with concealment, with noise, both and neither, on a model made in a second."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from finetune.audit import layers
from finetune.base import load_base
from finetune.cli import app
from finetune.dp.settings import PrivateSettings
from finetune.errors import CannotResume
from finetune.examples import Example, write_examples
from guardrails.errors import GuardTimeout
from tests.finetune.seeded import Seeded
from tests.finetune.tiny import tiny_model

SETTINGS = PrivateSettings(
    public_customers=18, epsilon=8.0, batch=18, steps=120, learning_rate=0.01, top_layers=0, rank=8, threads=1
)


def others() -> list[Example]:
    return [
        Example("understand", "en", (("user", f"where is it {n}"),), '[{"name":"greet"}]\n', f"c{n}") for n in range(6)
    ]


def test_a_teller_is_one_customer_whose_message_does_not_tell_the_value() -> None:
    tellers = layers.invent(24, seed=3)
    assert len({t.example(t.value).customer for t in tellers}) == 24
    assert {(t.lang, t.slot) for t in tellers} == {
        (lang, s) for lang in ("en", "zh") for s in ("email", "name", "address")
    }
    for teller in tellers:
        example = teller.example(teller.value)
        assert teller.value not in example.messages[0][1]
        assert json.loads(example.completion)[0]["value"] == teller.value
    emails = [t for t in tellers if t.slot == "email"]
    assert all("@" not in t.left for t in emails)  # the guard read it before it is trained on


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_only_what_was_neither_concealed_nor_noised_is_found_in_the_model(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "tiny", hidden_size=96, head_dim=32)
    tellers = [replace(t, number=n) for n, t in enumerate(t for t in layers.invent(48, seed=3) if t.lang == "en")]

    def base():
        return load_base(model, device=torch.device("cpu"), dtype=torch.float32)

    def once(settings=SETTINGS):
        return layers.survey(others(), tellers, base, None, tmp_path / "out", settings, Seeded(1), exposed=8)

    found = once()
    mean = {name: row["included"]["mean"] for name, row in found["rows"].items()}
    left_out = max(row["left_out"]["mean"] for row in found["rows"].values())
    assert mean["neither"] > left_out + 1.5
    assert max(mean["concealed"], mean["noise"], mean["both"]) < mean["neither"] - 1.5
    assert found["rows"]["both"]["epsilon"] == pytest.approx(8, abs=0.1)
    assert found["rows"]["concealed"]["epsilon"] is None
    assert found["concealed_share"] > 0.9
    assert once() == found  # what is finished is not made again
    with pytest.raises(CannotResume, match="differs in settings"):
        once(replace(SETTINGS, epsilon=3.0))
    assert "| neither | – |" in layers.table(found)
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_the_command_says_what_is_wrong_when_a_value_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(count: int, seed: int) -> None:
        raise GuardTimeout("the guard did not answer")

    monkeypatch.setattr(layers, "invent", broken)
    write_examples(others(), tmp_path / "private.jsonl")
    done = CliRunner().invoke(app, ["exposure", str(tmp_path / "private.jsonl"), str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "error: the guard did not answer" in done.output
    assert not (tmp_path / "out").exists()
