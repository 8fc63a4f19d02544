"""Keys, signatures, and the passports and cards that are signed."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from finetune.passport import BadPassport, code_hash, private_passport, record_audit, record_utility, sign_folder
from finetune.signing import BadKey, load, make_or_load, public_file, public_hex, sign
from finetune.signing_commands import register
from tests.passports import (
    KEY,
    PUBLIC_STAGE,
    adapter_files,
    hashes_of,
    private_folder,
    private_stage,
    public_folder,
    signed,
    write,
)


def test_a_key_is_made_once_for_its_owner_alone_and_its_public_half_is_written_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "passport.key"
    key = make_or_load(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert public_hex(make_or_load(file)) == public_hex(key)
    assert public_file(file).read_text().splitlines()[-1] == public_hex(key)
    assert sorted(path.name for path in file.parent.iterdir()) == ["passport.key", "passport.pub"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {public_hex(key) for key in pool.map(make_or_load, [tmp_path / "passport.key"] * 8)}
    assert keys == {public_file(tmp_path / "passport.key").read_text().splitlines()[-1]}


def test_a_key_that_others_may_read_or_that_is_none_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "passport.key"
    make_or_load(file)
    file.chmod(0o644)
    with pytest.raises(BadKey, match="mode 644: chmod 600"):
        load(file)
    file.write_text("SECRET")
    file.chmod(0o600)
    with pytest.raises(BadKey) as caught:
        load(file)
    assert "SECRET" not in str(caught.value)
    with pytest.raises(BadKey, match="FileNotFoundError"):
        load(tmp_path / "none")


def test_signing_again_takes_the_place_of_another_signature(tmp_path: Path) -> None:
    public_folder(tmp_path)
    other = make_or_load(tmp_path / "k" / "passport.key")
    assert sign_folder(tmp_path, other)["signature"]["public_key"] == public_hex(other)
    assert f"`{public_hex(other)[:12]}…`" in (tmp_path / "README.md").read_text()


def test_files_that_the_passport_does_not_name_are_not_signed(tmp_path: Path) -> None:
    passport = public_folder(tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"r": 9}')
    with pytest.raises(BadPassport, match=r"adapter_config\.json"):
        sign_folder(tmp_path, KEY)
    assert json.loads((tmp_path / "passport.json").read_text()) == passport
    (tmp_path / "passport.json").write_text("[]")
    with pytest.raises(BadPassport, match="TypeError"):
        sign_folder(tmp_path, KEY)


def test_format_1_is_signed_as_format_2_with_what_was_not_recorded_left_open(tmp_path: Path) -> None:
    passport = public_folder(tmp_path)
    old = {name: value for name, value in passport.items() if name != "neighbouring"}
    hashes = {name: value for name, value in passport["hashes"].items() if name not in ("config", "code")}
    told = ["Who made this adapter: the passport is not signed.", "One thing more."]
    write(tmp_path, old | {"format": 1, "hashes": hashes, "signature": None, "not_covered": told})
    new = sign_folder(tmp_path, KEY)
    assert (new["format"], new["neighbouring"], new["hashes"]["code"]) == (2, None, None)
    assert new["hashes"]["config"] == passport["hashes"]["config"] and new["ledger"] == passport["ledger"]
    assert "One thing more." in new["not_covered"] and told[0] not in new["not_covered"]
    write(tmp_path, old | {"format": 1, "hashes": hashes | {"adapter": "c" * 64}, "signature": None})
    with pytest.raises(BadPassport, match="nothing was signed"):
        sign_folder(tmp_path, KEY)


def test_recorded_utility_keeps_the_own_signature_and_drops_a_strangers(tmp_path: Path) -> None:
    own, file = make_or_load(tmp_path / "passport.key"), tmp_path / "passport.key"
    signed(tmp_path, public_folder(tmp_path), own)
    kept = record_utility(tmp_path, {"slots": 0.8}, file)
    assert kept == sign({**kept, "signature": None}, own) and kept["utility"]["slots"] == 0.8
    signed(tmp_path, kept, KEY)
    assert record_utility(tmp_path, {"slots": 0.9}, file)["signature"] is None
    assert record_utility(tmp_path, {"slots": 0.7}, tmp_path / "none")["signature"] is None
    assert "**unsigned**" in (tmp_path / "README.md").read_text()


def test_an_audit_is_recorded_where_its_claim_is_the_passports(tmp_path: Path) -> None:
    claim = private_folder(tmp_path)["epsilon"]
    report = {"claimed_epsilon": claim - 0.05, "m": 90, "by": "gradient", "epsilon_lower": 1.25}
    report["positive_control"] = {"epsilon_lower": 4.5}
    assert record_audit(tmp_path, report, tmp_path / "none")["audit"] == report
    card = (tmp_path / "README.md").read_text()
    assert "90 canaries by gradient, showed an epsilon of 1.25 or more" in card
    assert "without noise showed 4.5" in card
    assert "ε 不低于 1.25" in card
    for other in (claim - 2, None):
        with pytest.raises(BadPassport, match="the audit was of"):
            record_audit(tmp_path, report | {"claimed_epsilon": other})
    with pytest.raises(BadPassport, match="FileNotFoundError"):
        record_audit(tmp_path / "nowhere", report)
    public_folder(tmp_path)
    with pytest.raises(BadPassport, match="claims epsilon None"):
        record_audit(tmp_path, report)


def test_the_card_of_a_private_adapter_says_what_each_stage_saw_in_both_languages(tmp_path: Path) -> None:
    passport = private_folder(tmp_path)
    card = (tmp_path / "README.md").read_text()
    for said in (
        "Public stage: 90 examples",
        "公开阶段",
        "Private stage",
        "私有阶段",
        "the unit is the customer",
        "以顾客为单位",
    ):
        assert said in card
    assert f"ε = {passport['epsilon']:.3g}" in card and "No customer's data" not in card
    assert all(f"- {line}" in card for line in passport["not_covered"])
    assert "beside them" not in card
    private_folder(tmp_path, private_stage(settings={"rehearsed": 24}))
    card = (tmp_path / "README.md").read_text()
    assert "in each of them, with 24 public examples beside them; noise" in card and "另加 24 条公开样本" in card


def test_a_private_passport_owns_up_to_undeclared_tuning_and_needs_the_joint_epsilon(tmp_path: Path) -> None:
    hashes = hashes_of(adapter_files(tmp_path))
    passport = private_passport("tiny", hashes, [PUBLIC_STAGE, private_stage()], {}, not_covered=("X.",))
    assert "the ledger declares none" in " ".join(passport["not_covered"]) and passport["not_covered"][-1] == "X."
    assert passport["epsilon"] == passport["ledger"][1]["epsilon_with_trials"]
    for ledger in ([PUBLIC_STAGE], [private_stage()] * 2, [private_stage(), private_stage(delta=1e-6)]):
        with pytest.raises(BadPassport, match="joint epsilon"):
            private_passport("tiny", hashes, ledger, {})


def test_the_code_hash_names_version_and_sources() -> None:
    version, digest = code_hash().split()
    assert version and len(digest) == 64 and code_hash() == code_hash()


def test_the_command_signs_and_says_with_which_key(tmp_path: Path) -> None:
    public_folder(tmp_path)
    app, key = typer.Typer(), tmp_path / "passport.key"
    app.callback()(lambda: None)  # as in `tactful finetune`: one command among others
    register(app)
    done = CliRunner().invoke(app, ["sign", str(tmp_path), "--key", str(key)])
    assert done.exit_code == 0 and public_hex(load(key)) in done.output
    failed = CliRunner().invoke(app, ["sign", str(tmp_path / "none"), "--key", str(key)])
    assert failed.exit_code == 1 and "expected passport.json" in failed.output
