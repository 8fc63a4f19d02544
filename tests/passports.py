"""Artifact folders with passports, made up and signed, for tests of training and of serving."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from finetune.dp.accountant import Mechanism, epsilon, epsilon_rdp
from finetune.passport import code_hash, file_hashes, private_passport, public_passport, write_documents
from finetune.signing import public_hex, sign

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
TRUSTED = {public_hex(KEY): "tests"}
BASE = "b" * 64
CUSTOMERS = 4000
PUBLIC_STAGE = {"stage": "public", "examples": 90, "steps": 12, "tokens": 3400, "settings": {"rank": 4, "seed": 1}}


def private_stage(trials: tuple[tuple[Mechanism, int], ...] = (), **changes: Any) -> dict[str, Any]:
    """A ledger entry whose claims are true; ``changes`` are made afterwards."""
    run, delta = Mechanism(0.05, 20, 1.1), CUSTOMERS**-1.1
    together = [run, *(trial for trial, count in trials for _ in range(count))]
    return {
        "stage": "private", "unit": "customer", "neighbouring": "add or remove one customer", "sampling": "poisson",
        "rate": run.rate, "steps": run.steps, "noise_multiplier": run.noise_multiplier, "sensitivity": 1.0,
        "clipping": {"method": "auto_s", "gamma": 0.01, "bound": 1.0},
        "divisor": run.rate * CUSTOMERS, "public_size": CUSTOMERS, "delta": delta,
        "epsilon": {"pld": epsilon([run], delta), "rdp": epsilon_rdp([run], delta)},
        "trials": [
            {"rate": t.rate, "steps": t.steps, "noise_multiplier": t.noise_multiplier, "count": n} for t, n in trials
        ],
        "epsilon_with_trials": epsilon(together, delta),
        "noise_source": "os.urandom", "resumed": 0, "empty_batches": 0, "data_commitment": "d" * 64,
        "trained": {"layers": [4, 5], "modules": ["q_proj", "v_proj"], "rank": 4, "parameters": 61440},
        "settings": {"learning_rate": 0.01},
    } | changes  # fmt: skip


def adapter_files(folder: Path) -> Path:
    """Files that look like an adapter's; nothing reads their content."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter_config.json").write_text("{}")
    return folder


def hashes_of(folder: Path) -> dict[str, str | None]:
    return {**file_hashes(folder), "base": BASE, "data": "a" * 64, "prompts": "f699f53797be2279", "code": code_hash()}


def private_folder(folder: Path, *stages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Writes an adapter with a signed passport of these private stages after a public one; the passport."""
    audit = {"canaries": 1000, "lower_bound": 1.2}
    utility = {"exact": {"en": 0.91, "zh": 0.9}}
    ledger = [PUBLIC_STAGE, *(stages or (private_stage(),))]
    passport = private_passport("tiny", hashes_of(adapter_files(folder)), ledger, utility, audit, **more)
    return signed(folder, passport)


def public_folder(folder: Path) -> dict[str, Any]:
    """The same without a private stage."""
    return signed(folder, public_passport("tiny", hashes_of(adapter_files(folder)), [PUBLIC_STAGE], {"exact": 0.5}))


def signed(folder: Path, passport: dict[str, Any], key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    passport = sign(passport, key)
    write_documents(folder, passport)
    return passport


def write(folder: Path, passport: Any) -> None:
    """passport.json alone, as a forger would write it."""
    (folder / "passport.json").write_text(json.dumps(passport, ensure_ascii=False), "utf-8")
