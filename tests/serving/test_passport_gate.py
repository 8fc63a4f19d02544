"""No adapter without a verified passport reaches vLLM; what ``/v1/privacy`` and the chat say of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from finetune.passport import sign_folder
from finetune.signing import make_or_load, public_file, public_hex
from serving import compose_engine
from serving.chat_page import notices
from serving.compose import web_settings
from serving.compose_engine import build_model_folder
from serving.http.adapter import adapter_facts, adapter_line
from serving.http.parts import WebSettings
from serving.model_folder import PassportRefused
from serving.passport.gate import admit, trusted_keys, verdict_on
from serving.run import run
from serving.settings_sources import load
from tests.passports import KEY, TRUSTED, private_folder, private_stage, public_folder, write
from tests.serving.web_fakes import make_parts, served


def key_file(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


# Keys


def test_the_projects_the_shops_and_named_keys_are_trusted(tmp_path: Path) -> None:
    project = trusted_keys(tmp_path)
    assert list(project.values()) == ["project"]
    make_or_load(tmp_path / "passport.key")
    friend = key_file(tmp_path / "friend.pub", f"# a friend's\n\n{public_hex(KEY)}\n")
    assert sorted(trusted_keys(tmp_path, [friend]).values()) == ["friend", "project", "this shop"]


@pytest.mark.parametrize("content", ["", "abc", "g" * 64, f"{'a' * 64}\n{'b' * 64}", "A" * 64])
def test_a_named_file_without_a_key_is_refused_not_passed_over(content: str, tmp_path: Path) -> None:
    with pytest.raises(PassportRefused, match="64 hexadecimal digits"):
        trusted_keys(tmp_path, [key_file(tmp_path / "x.pub", content)])
    with pytest.raises(PassportRefused, match="FileNotFoundError"):
        trusted_keys(tmp_path, [tmp_path / "none.pub"])


# The gate


def settings_of(tmp_path: Path, **flags: str) -> Any:
    return load({"data_dir": str(tmp_path / "data"), **flags}).settings


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands where the shipped adapter does."""
    folder = tmp_path / "adapter"
    private_folder(folder)
    monkeypatch.setattr(compose_engine, "ADAPTER", folder)
    monkeypatch.setattr(compose_engine, "fetch", _never)
    return folder


def _never(*_: object, **__: object) -> None:
    raise AssertionError("the gate comes first")


def test_a_start_is_refused_with_every_fault_and_what_helps(
    adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passport = json.loads((adapter / "passport.json").read_text())
    write(adapter, passport | {"epsilon": 0.1})
    assert asyncio.run(run(settings_of(tmp_path))) == 1
    error = capsys.readouterr().err
    for said in (
        "is not started",
        "epsilon: expected at least",
        "signature.public_key",
        "tactful finetune sign",
        "privacy.trusted_keys",
    ):
        assert said in error


def test_a_trusted_key_opens_the_gate_and_a_change_closes_it(adapter: Path, tmp_path: Path) -> None:
    named = key_file(tmp_path / "friend.pub", public_hex(KEY))
    settings = settings_of(tmp_path, **{"privacy.trusted_keys": str(named)})
    with pytest.raises(AssertionError, match="the gate comes first"):
        build_model_folder(settings)
    with (adapter / "adapter_model.safetensors").open("ab") as file:
        file.write(b" ")
    with pytest.raises(PassportRefused, match="adapter_model"):
        build_model_folder(settings)


def test_an_adapter_of_ones_own_is_served_after_signing(adapter: Path, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(PassportRefused):
        build_model_folder(settings)
    sign_folder(adapter, make_or_load(settings.data_dir / "passport.key"))
    assert public_file(settings.data_dir / "passport.key").exists()
    with pytest.raises(AssertionError, match="the gate comes first"):
        build_model_folder(settings)


def test_flags_bring_no_adapter_past_the_gate(adapter: Path, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, **{"engine.extra_flags": "--lora-modules,x=/y", "model.folder": str(tmp_path)})
    with pytest.raises(PassportRefused, match="--lora-modules"):
        build_model_folder(settings)


def test_the_verdict_is_kept_until_a_file_or_a_key_changes(adapter: Path) -> None:
    first = admit(adapter, TRUSTED)
    assert verdict_on(adapter, TRUSTED) is first
    assert not verdict_on(adapter, {}).verified
    (adapter / "adapter_config.json").write_text("{} ")
    assert not verdict_on(adapter, TRUSTED).verified


# What is told


def web(folder: Path, in_use: bool | None = True, trusted: dict[str, str] = TRUSTED) -> WebSettings:
    return WebSettings(b"k" * 32, passport_file=folder / "passport.json", trusted_keys=trusted, adapter_in_use=in_use)


def test_facts_and_line_of_a_private_adapter(tmp_path: Path) -> None:
    private_folder(tmp_path, private_stage())
    facts = adapter_facts(web(tmp_path))
    assert facts is not None and facts["verified"] and facts["signed_by"] == "tests" and facts["unit"] == "customer"
    assert facts["epsilon"] > 1 and facts["delta"] < 1 / 4000 and facts["neighbouring"] == "add or remove one customer"
    line = adapter_line(web(tmp_path), "en")
    assert f"unit customer, ε = {facts['epsilon']:.3g}, δ = " in line and 'href="/v1/privacy"' in line
    assert f"以顾客为单位，ε = {facts['epsilon']:.3g}" in adapter_line(web(tmp_path), "zh")


def test_the_line_repeats_no_claim_that_is_not_verified_or_of_another_model(tmp_path: Path) -> None:
    private_folder(tmp_path)
    doubtful = adapter_line(web(tmp_path, trusted={}), "en")
    assert (
        "could not be verified" in doubtful
        and "ε" not in doubtful
        and "未能验证" in adapter_line(web(tmp_path, trusted={}), "zh")
    )
    for other in (False, None):
        assert adapter_line(web(tmp_path, other), "en").startswith("<a ")


def test_a_public_adapter_is_said_to_be_public_in_the_chats_notice(tmp_path: Path) -> None:
    public_folder(tmp_path / "a")
    parts = make_parts(
        tmp_path, passport_file=tmp_path / "a" / "passport.json", trusted_keys=TRUSTED, adapter_in_use=True
    )
    assert "made-up dialogues only" in notices(parts, "en") and "仅从虚构对话中学习" in notices(parts, "zh")


async def test_the_privacy_page_says_whether_the_passport_is_verified(tmp_path: Path) -> None:
    passport = private_folder(tmp_path / "a")
    values = {"passport_file": tmp_path / "a" / "passport.json", "trusted_keys": TRUSTED, "adapter_in_use": True}
    async with served(make_parts(tmp_path, **values)) as client:
        told = (await client.get("/v1/privacy")).json()["adapter"]
        assert (told["verified"], told["in_use"], told["epsilon"]) == (True, True, passport["epsilon"])
        write(tmp_path / "a", passport | {"epsilon": 0.1})
        assert not (await client.get("/v1/privacy")).json()["adapter"]["verified"]


@pytest.mark.parametrize(
    ("flags", "in_use"), [({}, True), ({"model.folder": "m"}, False), ({"model.url": "http://127.0.0.1:9/v1"}, None)]
)
def test_the_passport_is_claimed_only_for_the_model_that_it_is_of(
    flags: dict[str, str], in_use: bool | None, tmp_path: Path
) -> None:
    settings = web_settings(settings_of(tmp_path, **flags))
    assert settings.adapter_in_use is in_use
    facts = adapter_facts(settings)
    assert facts is not None and facts["verified"], "the shipped adapter"
