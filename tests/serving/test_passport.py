"""A passport verifies only as it was signed, only by a trusted key, and only when what it claims follows."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finetune import signing
from finetune.dp.accountant import Mechanism, epsilon
from finetune.signing import public_hex, sign
from serving.passport.verify import Verdict, canonical, verify
from tests.passports import (
    BASE,
    KEY,
    PUBLIC_STAGE,
    STRANGER,
    TRUSTED,
    private_folder,
    private_stage,
    public_folder,
    signed,
    write,
)

TRIALS = ((Mechanism(0.05, 20, 1.6), 3), (Mechanism(0.05, 10, 1.1), 1))
PASSPORTS = Path(__file__).parents[2] / "finetune" / "artifacts" / "default"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("adapter") / "private"
    return folder, private_folder(folder, private_stage(TRIALS))


@pytest.fixture
def folder(made: tuple[Path, dict[str, Any]]) -> Iterator[Path]:
    """The folder with its passport as it was made, whatever a test writes there."""
    yield made[0]
    write(*made)


@pytest.fixture
def passport(made: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return copy.deepcopy(made[1])


def checked(folder: Path, passport: Any = None) -> Verdict:
    if passport is not None:
        write(folder, passport)
    return verify(folder, TRUSTED)


def test_a_private_adapter_with_trials_verifies(folder: Path) -> None:
    verdict = verify(folder, TRUSTED, base=BASE, prompts="f699f53797be2279")
    assert (verdict.state, verdict.faults, verdict.signer) == ("verified", (), "tests")


def test_a_public_adapter_verifies_and_claims_no_epsilon(tmp_path: Path) -> None:
    assert public_folder(tmp_path)["epsilon"] is None
    assert verify(tmp_path, TRUSTED).verified


def test_two_private_stages_are_composed(tmp_path: Path) -> None:
    one, two = private_stage(), private_stage()
    runs, delta = [Mechanism(0.05, 20, 1.1)] * 2, one["delta"]
    private_folder(tmp_path, one, two, epsilon=epsilon(runs, delta))
    assert verify(tmp_path, TRUSTED).faults == ()
    private_folder(tmp_path, one, two, epsilon=one["epsilon_with_trials"])
    assert "epsilon: expected at least" in " ".join(verify(tmp_path, TRUSTED).faults)


# Every field


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values; of empty lists and objects too."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from leaves(value, (*path, key))
    if not isinstance(node, dict | list) or not node:
        yield path


def altered(value: Any) -> list[Any]:
    """Other values of the same kind, and of another."""
    match value:
        case bool():
            return [not value, None]
        case int() | float():
            return [value + 1, value * 0.999999 if value else -1, -value or 2, str(value), None]
        case str():
            return [value + " ", value.swapcase(), "0" + value[1:], 1, None]
        case None:
            return [0, "", {}, 1.0]
        case _:
            return [[1], {"more": 1}]


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_every_altered_field_is_refused(folder: Path, passport: dict[str, Any]) -> None:
    paths = list(leaves(passport))
    assert len(paths) > 60
    for path in paths:
        old = passport
        for key in path:
            old = old[key]
        for value in altered(old):
            if json.dumps(value) != json.dumps(old):
                assert checked(folder, put(passport, path, value)).state == "refused", (path, value)


def objects(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict | list):
        yield path
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from objects(value, (*path, key))


def test_every_field_that_is_taken_out_or_added_is_refused(folder: Path, passport: dict[str, Any]) -> None:
    for path in objects(passport):
        place = passport
        for key in path:
            place = place[key]
        for key in list(place) if isinstance(place, dict) else range(len(place)):
            rest = {k: v for k, v in place.items() if k != key} if isinstance(place, dict) else place[:key]
            assert not checked(folder, put(passport, path, rest) if path else rest).verified, (path, key)
        more = {**place, "more": 1} if isinstance(place, dict) else [*place, 1]
        assert not checked(folder, put(passport, path, more) if path else more).verified, path


def test_every_altered_field_is_refused_when_a_stranger_signs_it_anew(folder: Path, passport: dict[str, Any]) -> None:
    for changed in (passport, passport | {"base_model": "other"}, put(passport, ("ledger", 1, "rate"), 0.01)):
        verdict = checked(folder, sign(changed, STRANGER))
        assert "signature.public_key: expected a trusted key, tests" in verdict.faults[-1]
    claims_to_be_trusted = sign(passport, STRANGER)
    claims_to_be_trusted["signature"]["public_key"] = public_hex(KEY)
    assert "signature.value" in checked(folder, claims_to_be_trusted).faults[-1]


# False claims under a trusted key

LEDGER = ("ledger", 1)
FALSE: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "epsilon too small": (("epsilon",), 0.5, "epsilon: expected at least"),
    "epsilon absurdly large": (("epsilon",), 60.0, "the ledger is of another run"),
    "epsilon of a stage too small": ((*LEDGER, "epsilon", "pld"), 0.5, "ledger.1.epsilon.pld: expected at least"),
    "epsilon with trials that forgets them": ((*LEDGER, "epsilon_with_trials"), 1.0, "epsilon_with_trials"),
    "rdp below pld": ((*LEDGER, "epsilon", "rdp"), 0.4, "epsilon.rdp: expected at least epsilon.pld"),
    "rdp of another run": ((*LEDGER, "epsilon", "rdp"), 40.0, "epsilon.rdp: expected"),
    "less noise": ((*LEDGER, "noise_multiplier"), 0.8, "the claim is too small"),
    "more noise than epsilon tells of": ((*LEDGER, "noise_multiplier"), 3.0, "the ledger is of another run"),
    "no noise": ((*LEDGER, "noise_multiplier"), 0.0, "noise_multiplier: expected minimum"),
    "hardly any noise over very many steps": ((*LEDGER, "steps"), 1_000_000, "at least inf"),
    "more steps": ((*LEDGER, "steps"), 40, "the claim is too small"),
    "a larger rate": ((*LEDGER, "rate"), 0.1, "divisor: expected rate × public_size"),
    "a divisor from the data": ((*LEDGER, "divisor"), 197.0, "divisor: expected rate × public_size = 200, got 197"),
    "delta of one customer in n": ((*LEDGER, "delta"), 1 / 4000, "delta: expected less than 1 / public_size"),
    "another delta above": (("delta",), 1e-3, "delta: expected"),
    "trials left out": ((*LEDGER, "trials"), [], "the ledger is of another run"),
    "more trials than told": ((*LEDGER, "trials", 0, "count"), 30, "the claim is too small"),
    "replaced instead of added": ((*LEDGER, "neighbouring"), "replace one customer", "ledger.1.neighbouring"),
    "shuffled batches": ((*LEDGER, "sampling"), "shuffled", 'ledger.1.sampling: expected const "poisson"'),
    "dialogues as units": ((*LEDGER, "unit"), "dialogue", 'ledger.1.unit: expected const "customer"'),
    "a sensitivity of two": ((*LEDGER, "sensitivity"), 2.0, "ledger.1.sensitivity: expected maximum 1"),
    "clipping by quantiles": ((*LEDGER, "clipping", "method"), "adaptive", "ledger.1.clipping.method"),
    "seeded noise": ((*LEDGER, "noise_source"), "torch.manual_seed", "ledger.1.noise_source"),
    "embeddings trained": ((*LEDGER, "trained", "modules"), ["embed_tokens"], "ledger.1.trained.modules.0"),
    "more empty batches than steps": ((*LEDGER, "empty_batches"), 21, "empty_batches: expected at most 20"),
    "a unit that nobody defined": (("unit",), "household", "unit: expected"),
    "no unit": (("unit",), "none: nobody's data", "unit: expected 'customer'"),
    "no mechanism": (("mechanism",), "none", "mechanism: expected"),
    "no neighbours": (("neighbouring",), None, "neighbouring: expected"),
    "no code": (("hashes", "code"), None, "hashes.code: expected"),
    "another format": (("format",), 3, "format: expected const 2, got 3"),
    "nothing left uncovered": (("not_covered",), [], "not_covered"),
    "no private stage": (("ledger",), [PUBLIC_STAGE], "epsilon: expected null without a private stage"),
    "a stage of an unknown kind": (("ledger", 0, "stage"), "secret", 'ledger.0.stage: expected const "public"'),
    "another base": (("hashes", "base"), "c" * 64, "hashes.base: expected bbbb"),
    "another adapter": (("hashes", "adapter"), "c" * 64, "of adapter_model.safetensors, got cccc"),
    "another config": (("hashes", "config"), "c" * 64, "of adapter_config.json, got cccc"),
    "other prompts": (("hashes", "prompts"), "c" * 16, "hashes.prompts: expected f699"),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_claim_is_refused_even_under_a_trusted_key(name: str, folder: Path, passport: dict[str, Any]) -> None:
    path, value, said = FALSE[name]
    write(folder, sign(put(passport, path, value), KEY))
    verdict = verify(folder, TRUSTED, base=BASE, prompts="f699f53797be2279")
    assert verdict.state == "refused" and said in "\n".join(verdict.faults), verdict.faults


@pytest.mark.parametrize("name", ["trials", "epsilon", "clipping", "public_size", "noise_source", "data_commitment"])
def test_a_private_stage_without_a_field_is_refused_under_a_trusted_key(
    name: str, folder: Path, passport: dict[str, Any]
) -> None:
    del passport["ledger"][1][name]
    assert f"ledger.1: '{name}' is a required property." in checked(folder, sign(passport, KEY)).faults


def test_all_faults_are_told_together(folder: Path, passport: dict[str, Any]) -> None:
    passport["epsilon"], passport["ledger"][1]["divisor"], passport["hashes"]["adapter"] = 0.1, 7.0, "c" * 64
    verdict = checked(folder, sign(passport, STRANGER))
    names = ("ledger.1.divisor:", "epsilon:", "hashes.adapter:", "signature.public_key:")
    assert len(verdict.faults) == len(names)
    assert all(any(fault.startswith(name) for fault in verdict.faults) for name in names)
    assert all(fault.endswith(".") and "expected" in fault and "got" in fault for fault in verdict.faults)


@settings(max_examples=25)
@example(rate=0.9999999999999999, steps=1, noise=0.3046875, delta=7e-5)
@given(
    rate=st.floats(1e-9, 1.0), steps=st.integers(1, 10**6), noise=st.floats(0.3, 10**4), delta=st.floats(1e-300, 1e-4)
)
def test_extreme_ledgers_end_in_a_verdict(
    made: tuple[Path, dict[str, Any]], rate: float, steps: int, noise: float, delta: float
) -> None:
    folder, passport = made[0], copy.deepcopy(made[1])
    passport["ledger"][1] |= {"rate": rate, "steps": steps, "noise_multiplier": noise, "delta": delta, "trials": []}
    try:
        assert checked(folder, sign(passport, KEY)).state == "refused"
    finally:
        write(*made)


# Files


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json"])
def test_a_changed_or_missing_file_is_refused(file: str, tmp_path: Path) -> None:
    public_folder(tmp_path)
    with (tmp_path / file).open("ab") as out:
        out.write(b" ")
    assert file in verify(tmp_path, TRUSTED).faults[0]
    (tmp_path / file).unlink()
    assert "expected a readable file" in verify(tmp_path, TRUSTED).faults[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "passport.json: "),
        (b"\xff\xfe", "passport.json: "),
        (b"[]", "expected a JSON object, got a list"),
        (b'{"format": 2, "format": 2}', "expected each field once"),
        (b'{"epsilon": NaN}', "expected finite numbers, got NaN"),
        (b'{"epsilon": -Infinity}', "expected finite numbers"),
        (b'{"utility": {"exact": 1e999}}', "passport.json: "),
        (b'{"base_model": "\\ud800"}', "whole characters"),
        (b'{"utility": ' + b'{"a":' * 990 + b"1" + b"}" * 991, "expected"),
        (b"[" * 200_000, "very many"),
        (b" " * 1_000_001, "at most 1000000 bytes"),
        (b"{}", "'ledger' is a required property"),
        (b'{"format": 2, "hashes": [], "ledger": {"stage": []}, "signature": "x"}', "ledger: expected type"),
        (b'{"format": 2, "ledger": ["private"], "signature": {"public_key": [1]}}', "ledger.0: expected type"),
    ],
)
def test_what_is_no_passport_is_refused_with_a_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "passport.json").write_bytes(content)
    verdict = verify(tmp_path, TRUSTED)
    assert verdict.state == "refused" and said in "\n".join(verdict.faults)


def test_no_passport_is_refused(tmp_path: Path) -> None:
    assert verify(tmp_path, TRUSTED).faults == ("passport.json: not readable.",)


def test_format_1_and_what_nobody_has_signed_is_unsigned_not_verified(tmp_path: Path) -> None:
    passport = public_folder(tmp_path)
    assert checked(tmp_path, passport | {"signature": None}).state == "unsigned"
    old = {name: value for name, value in passport.items() if name != "neighbouring"}
    old |= {"format": 1, "signature": None, "hashes": {k: passport["hashes"][k] for k in ("base", "adapter", "data")}}
    verdict = checked(tmp_path, old)
    assert (verdict.state, verdict.faults) == ("unsigned", ("format: expected 2, signed, got 1, which is unsigned.",))
    assert checked(tmp_path, sign(old, KEY)).state == "refused"
    assert checked(tmp_path, put(old, ("hashes", "adapter"), "c" * 64)).state == "refused"


def test_what_is_signed_and_what_is_verified_is_the_same_text(passport: dict[str, Any]) -> None:
    passport["base_model"] = "é 中文 \u2028 😀 1e5"
    assert canonical(passport) == signing.canonical(passport)


def test_the_shipped_adapter_verifies_with_the_keys_of_a_fresh_clone(tmp_path: Path) -> None:
    from serving.passport.gate import trusted_keys

    assert verify(PASSPORTS, trusted_keys(tmp_path)).faults == ()


def test_verifying_loads_neither_torch_nor_the_training_code(made: tuple[Path, dict[str, Any]]) -> None:
    code = (
        "import sys; from pathlib import Path; from serving.passport.verify import verify\n"
        f"assert verify(Path({str(made[0])!r}), {TRUSTED!r}).verified\n"
        "print(*({'torch', 'transformers', 'finetune', 'bot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_verifier_stays_short_enough_to_be_read() -> None:
    sources = [Path(sys.modules[f"serving.passport.{name}"].__file__ or "") for name in ("verify", "claims", "form")]
    assert sum(len(source.read_text("utf-8").splitlines()) for source in sources) < 300


# The command


def tactful(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from serving.cli import main; main()", "passport", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def key_file(folder: Path, key: str) -> str:
    (folder / "friend.pub").write_text(f"# a friend's\n{key}\n")
    return str(folder / "friend.pub")


def test_the_command_verifies_with_a_named_key_and_refuses_without(tmp_path: Path) -> None:
    public_folder(tmp_path / "a")
    trust = ("--trust", key_file(tmp_path, public_hex(KEY)))
    good = tactful(tmp_path, "verify", "a", *trust, "--json")
    assert good.returncode == 0
    told = json.loads(good.stdout)
    assert (told["verified"], told["state"], told["signed_by"], told["faults"]) == (True, "verified", "friend", [])
    bad = tactful(tmp_path, "verify", "a")
    assert bad.returncode == 1 and "拒绝" in bad.stdout and "signature.public_key" in bad.stdout
    missing = tactful(tmp_path, "verify", "nowhere", *trust)
    assert missing.returncode == 1 and "Traceback" not in missing.stderr
    assert tactful(tmp_path, "verify", "a", "--trust", key_file(tmp_path, "no key")).returncode == 2


def test_the_command_shows_the_claims_without_checking_them(tmp_path: Path, passport: dict[str, Any]) -> None:
    signed(tmp_path, passport)
    shown = tactful(tmp_path, "show", ".")
    assert shown.returncode == 0 and f"epsilon: {passport['epsilon']}" in shown.stdout and "未校验" in shown.stdout
    assert json.loads(tactful(tmp_path, "show", ".", "--json").stdout) == passport
    assert tactful(tmp_path, "show", "nowhere").returncode == 1
