"""The audit: known answers for its numbers, and a whole one on a model made in a second."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from typer.testing import CliRunner

from finetune.audit import canaries as made
from finetune.audit.canaries import Canaries
from finetune.audit.exposure import exposure
from finetune.audit.membership import auc, auc_with_interval, clopper_pearson, found_at
from finetune.audit.one_run import Guesses, epsilon_lower, guess, p_value
from finetune.audit.pipeline import toy_settings
from finetune.audit.run import AuditSettings, audit
from finetune.audit.scores import Observer, losses
from finetune.audit.toy import CUSTOMERS, Toy, ToyTokenizer, toy_examples
from finetune.base import Base, load_base
from finetune.cli import app
from finetune.dp.customers import Customers, group
from finetune.dp.randomness import SecureRandomness
from finetune.dp.settings import PrivateSettings
from finetune.dp.train import PrivateRun, prepare
from finetune.errors import BadExamples, BadPrivacy, CannotResume
from finetune.examples import Encoded
from tests.finetune.tiny import tiny_model

PUBLISHED = {20: 1.82, 50: 2.78, 100: 3.49, 250: 4.42, 500: 5.11, 1000: 5.81}


@pytest.mark.parametrize(("guesses", "bound"), PUBLISHED.items())
def test_the_bound_with_all_guesses_right_is_the_published_one(guesses: int, bound: float) -> None:
    assert epsilon_lower(Guesses(guesses, guesses, guesses), 0.0) == pytest.approx(bound, abs=0.006)
    assert bound - 0.04 < epsilon_lower(Guesses(guesses, guesses, guesses), 1e-5) <= bound + 0.006


def test_without_delta_the_p_value_is_a_binomial_tail() -> None:
    for epsilon in (0.0, 0.5, 2.0):
        chance = np.exp(epsilon) / (1 + np.exp(epsilon))
        expected = stats.binom.sf(69, 100, chance)
        assert p_value(Guesses(500, 100, 70), epsilon, 0.0) == pytest.approx(expected, rel=1e-9)


def slow_p_value(m: int, r: int, v: int, epsilon: float, delta: float) -> float:
    """Appendix D of the paper, written out."""
    q = 1 / (1 + np.exp(-epsilon))
    beta, alpha, total = stats.binom.sf(v - 1, r, q), 0.0, 0.0
    for i in range(1, v + 1):
        total += stats.binom.pmf(v - i, r, q)
        alpha = max(alpha, total / i)
    return float(min(1.0, beta + alpha * delta * 2 * m))


def test_with_delta_it_is_that_of_the_papers_appendix() -> None:
    for m, r, v in ((100, 40, 40), (1000, 200, 150), (1000, 200, 120), (50, 10, 1)):
        for epsilon, delta in ((0.0, 1e-3), (1.0, 1e-5), (3.0, 1e-4)):
            assert p_value(Guesses(m, r, v), epsilon, delta) == pytest.approx(slow_p_value(m, r, v, epsilon, delta))


@pytest.mark.parametrize("epsilon", [0.0, 0.7, 2.0])
def test_the_bound_is_above_the_truth_in_one_case_of_twenty_at_most(epsilon: float) -> None:
    """Exact: guesses by coins that fall right as often as epsilon allows, which is the worst case."""
    chance = np.exp(epsilon) / (1 + np.exp(epsilon))
    wrong = [v for v in range(101) if epsilon_lower(Guesses(100, 100, v), 0.0) > epsilon + 2e-4]
    assert stats.binom.pmf(wrong, 100, chance).sum() <= 0.05


def test_guesses_are_the_highest_and_the_lowest_scores() -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    included = np.array([True, False, True, False, True, False])
    assert guess(scores, included, 2) == Guesses(6, 2, 2)
    assert guess(scores, included, 4) == Guesses(6, 4, 2)
    for wrong in (3, 0, 8):
        with pytest.raises(ValueError, match="even number"):
            guess(scores, included, wrong)


def test_the_area_counts_pairs_and_half_of_ties() -> None:
    generator = np.random.default_rng(3)
    members, others = generator.integers(0, 9, 40).astype(float), generator.integers(0, 8, 30).astype(float)
    pairs = [(a > b) + 0.5 * (a == b) for a in members for b in others]
    assert auc(members, others) == pytest.approx(np.mean(pairs))
    found = auc_with_interval(members, others)
    assert found.low < found.value < found.high


def test_shares_have_the_exact_interval() -> None:
    assert clopper_pearson(0, 10).high == pytest.approx(0.3085, abs=1e-4)
    assert clopper_pearson(10, 10).low == pytest.approx(0.6915, abs=1e-4)
    assert (clopper_pearson(5, 10).low, clopper_pearson(5, 10).high) == pytest.approx((0.1871, 0.8129), abs=1e-4)


def test_the_threshold_accuses_no_more_others_than_allowed() -> None:
    members, others = np.arange(100.0), np.arange(100.0) - 50
    assert found_at(members, others, 0.0).value == 0.5  # above 49, the highest of the others
    assert found_at(members, others, 0.1).value == 0.6


def test_exposure_is_the_logarithm_of_the_rank() -> None:
    references = np.arange(1.0, 128.0)
    assert exposure(0.0, references) == 7.0
    assert exposure(200.0, references) == 0.0
    assert exposure(1.5, references) == 6.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("audit") / "tiny")


def base_of(folder: Path) -> Base:
    return load_base(folder, device=torch.device("cpu"), dtype=torch.float32)


def some_canaries(count: int) -> Canaries:
    return made.make(count, [chr(n) for n in range(200, 240)], SecureRandomness())


def test_every_canary_is_a_customer_with_a_secret_that_its_message_does_not_tell(tmp_path: Path) -> None:
    kept = some_canaries(200)
    assert len({e.customer for e in kept.examples}) == len({e.completion for e in kept.examples}) == 200
    assert not any(chr(n) in e.messages[0][1] for e in kept.examples for n in range(200, 240))
    assert {e.lang for e in kept.examples} == {"en", "zh"}
    assert 50 < kept.included.sum() < 150  # fair coins: outside once in 10^12


def test_canaries_and_coins_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    kept = some_canaries(20)
    made.save(kept, tmp_path)
    again = made.load(tmp_path)
    assert again is not None
    assert again.examples == kept.examples
    assert again.pool == kept.pool
    assert (again.included == kept.included).all()
    assert (tmp_path / made.FILE).stat().st_mode & 0o077 == 0


def test_secrets_are_made_of_tokens_that_customers_use_least(model: Path) -> None:
    tokenizer = base_of(model).tokenizer
    used = Encoded(tuple(tokenizer("abcdefghijklmnopqrstuvwxyz" * 3)["input_ids"]), 1)
    pool = made.rare_strings(tokenizer, [used])
    assert len(pool) >= 16
    assert not set(pool) & set("abcdefghijklmnopqrstuvwxyz")


class AlmostNoTokens:
    all_special_ids = ()

    def __len__(self) -> int:
        return 3

    def decode(self, ids: list[int]) -> str:
        return "xyz"[ids[0]]

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [1]}


def test_a_vocabulary_without_rare_tokens_is_refused() -> None:
    with pytest.raises(BadExamples, match="tokens"):
        made.rare_strings(AlmostNoTokens(), [])


def test_scores_from_inside_find_everybody_who_took_part_where_there_is_no_noise(tmp_path: Path) -> None:
    settings, examples = replace(toy_settings(30), batch=CUSTOMERS // 2), toy_examples()
    everybody = group(examples, ToyTokenizer(), settings.max_tokens)
    units = everybody.places
    model = Toy()
    prepare(model, settings)
    observer = Observer([own[0] for own in units], 1, tmp_path)
    there = Customers(everybody.examples, tuple((own[0],) for own in units[::2]))
    observer.run = PrivateRun(model, there, settings, tmp_path, identity={}, crew=observer)
    observer.run.run()
    assert observer.scores[::2].min() > observer.scores[1::2].max()


def test_losses_do_not_depend_on_the_batch() -> None:
    model, settings = Toy(), toy_settings(1)
    encoded = group(toy_examples(), ToyTokenizer(), settings.max_tokens).examples
    one_by_one = np.concatenate([losses(model, [example]) for example in encoded])
    assert losses(model, encoded) == pytest.approx(one_by_one, rel=1e-4)


def customers_file(folder: Path) -> Path:
    file = folder / "private.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for n in range(24):
            message = {"role": "user", "content": f"commands\nwhere is my order {n}"}
            row = {"task": "understand", "lang": "en", "messages": [message], "customer": f"c{n // 2}"}
            out.write(json.dumps(row | {"completion": '[{"name":"track_order"}]\n'}) + "\n")
    return file


def small_settings(**other: object) -> PrivateSettings:
    given = {"epsilon": 8.0, "delta": 1e-5, "batch": 8, "steps": 3, "top_layers": 1, "threads": 1} | other
    return PrivateSettings(**({"public_customers": 22} | given))


def test_a_whole_audit_reports_bounds_and_both_controls_and_can_be_resumed(model: Path, tmp_path: Path) -> None:
    file, work = customers_file(tmp_path), tmp_path / "audit"
    asked = AuditSettings(canaries=20, guesses=10, control_guesses=10, customers=12, exposed=2, references=7)

    def once(resume: bool) -> dict:
        return audit(file, lambda: base_of(model), None, work, small_settings(), asked, resume=resume)

    report = once(False)
    assert (report["m"], report["k"], report["confidence"]) == (20, 10, 0.95)
    assert report["claimed_epsilon"] == pytest.approx(8, abs=0.1)
    assert not report["refuted"]
    for box in (report, report["black_box"], report["positive_control"]):
        assert 0 <= box["guesses_right"] <= 10
        assert 0 <= box["auc"]["low"] <= box["auc"]["value"] <= box["auc"]["high"] <= 1
    assert report["negative_control"]["epsilon_lower_mean"] < 0.5
    assert report["exposure"]["included"]["max"] <= 3
    assert work.stat().st_mode & 0o077 == 0
    assert once(True) == report
    with pytest.raises(BadPrivacy, match="--resume"):
        once(False)
    for other in (replace(asked, canaries=22), replace(asked, refresh=1)):
        with pytest.raises(CannotResume):
            audit(file, lambda: base_of(model), None, work, small_settings(), other, resume=True)


def test_canaries_by_gradient_are_found_without_noise_and_never_beyond_the_claim_with_it(
    model: Path, tmp_path: Path
) -> None:
    asked = AuditSettings(60, 30, 40, 12, refresh=1, by="gradient")
    settings = small_settings(public_customers=42, batch=21, steps=24, modules=("v_proj", "down_proj"))
    report = audit(customers_file(tmp_path), lambda: base_of(model), None, tmp_path / "audit", settings, asked)
    assert report["positive_control"]["guesses_right"] == 40  # each is drawn in half of 24 steps
    assert report["epsilon_lower"] <= report["claimed_epsilon"]
    assert report["auc"]["value"] > 0.6
    assert report["by"] == "gradient"
    assert "black_box" not in report


def test_more_canaries_by_gradient_than_numbers_are_refused(model: Path, tmp_path: Path) -> None:
    settings = small_settings(matrices="B", modules=("v_proj",), rank=1)
    with pytest.raises(BadPrivacy, match="one a number"):
        audit(
            customers_file(tmp_path),
            lambda: base_of(model),
            None,
            tmp_path / "audit",
            settings,
            AuditSettings(600, 10, 10, 12, by="gradient"),
        )


def test_a_number_of_guesses_that_cannot_be_is_refused() -> None:
    for wrong in ({"guesses": 5}, {"guesses": 2000}, {"control_guesses": 0}):
        with pytest.raises(BadPrivacy, match="guesses"):
            AuditSettings(**wrong)


@pytest.fixture(scope="module")
def wide_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tiny_model(tmp_path_factory.mktemp("wide") / "tiny", hidden_size=96, head_dim=32)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_without_noise_the_audit_shows_an_epsilon_of_four(wide_model: Path, tmp_path: Path) -> None:
    # Of 300 guesses one may be wrong; of 200 none might, and then chance decides. In 24 steps hardly anybody of those
    # who take part is never drawn; in 16 one in 400 is, and looks as if they did not.
    asked = AuditSettings(600, 100, 300, 12, refresh=1, exposed=1, references=3)
    settings = small_settings(public_customers=312, batch=98, steps=24, top_layers=0)
    report = audit(customers_file(tmp_path), lambda: base_of(wide_model), None, tmp_path / "audit", settings, asked)
    assert report["positive_control"]["epsilon_lower"] >= 4
    assert report["epsilon_lower"] <= report["claimed_epsilon"]


def test_the_command_wants_examples_or_the_zoo() -> None:
    result = CliRunner().invoke(app, ["audit"])
    assert result.exit_code == 2
