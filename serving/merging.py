"""Merges a LoRA adapter into a copy of its base model: the engine then runs at full speed.

W' = W + (alpha / r) · B · A, computed in float32 and stored as the base is (bf16). Only plain LoRA:
no DoRA, no trained biases, no whole modules, no per-layer ranks. The adapter's passport must name this
base; whether the passport itself is genuine is checked before (``serving.passport``).

Source: Hu et al. (2021), LoRA.
"""

import json
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from serving.model_folder import (
    MANIFEST,
    WEIGHTS,
    AdapterMismatch,
    DamagedFolder,
    ModelFolder,
    sha256_file,
    write_manifest,
)

if TYPE_CHECKING:
    import torch

ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"
ADAPTER_CONFIG: Final = "adapter_config.json"
PASSPORT: Final = "passport.json"
_PREFIX: Final = "base_model.model."
_REFUSED: Final = (
    "use_dora",
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "fan_in_fan_out",
    "trainable_token_indices",
)


def merge(base_folder: Path, adapter_folder: Path, out: Path) -> Path:
    """Makes ``out`` the base with the adapter merged in; does nothing when it already is.

    Raises:
        AdapterMismatch: the passport names another base or another adapter, or the adapter is not plain LoRA.
        DamagedFolder: the base is incomplete or changed.
    """
    base = ModelFolder.open(base_folder)
    adapter_hash = _check(base, adapter_folder)
    if _up_to_date(out, base, adapter_hash):
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / out.name
        folder.mkdir(mode=0o755)
        for name in base.files:
            if name != WEIGHTS:
                shutil.copy2(base.path / name, folder / name)
        _merge_weights(base.path / WEIGHTS, adapter_folder, folder / WEIGHTS)
        write_manifest(
            folder,
            name=f"{base.name}+{adapter_folder.name}",
            base_hash=base.base_hash,
            vocab_size=base.vocab_size,
            adapter_hash=adapter_hash,
            more={
                "base_files": {WEIGHTS: base.files[WEIGHTS]},
                "passport_sha256": sha256_file(adapter_folder / PASSPORT),
            },
        )
        shutil.rmtree(out, ignore_errors=True)
        os.replace(folder, out)
    return out


def _check(base: ModelFolder, adapter_folder: Path) -> str:
    """The adapter's hash, after its passport has been compared with it and with the base."""
    if base.adapter_hash is not None:
        raise AdapterMismatch(f"{base.path} already has an adapter merged in: merge into the bare base")
    try:
        hashes = json.loads((adapter_folder / PASSPORT).read_text("utf-8"))["hashes"]
        config = json.loads((adapter_folder / ADAPTER_CONFIG).read_text("utf-8"))
        adapter_hash = sha256_file(adapter_folder / ADAPTER_WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AdapterMismatch(
            f"expected {ADAPTER_WEIGHTS}, {ADAPTER_CONFIG} and {PASSPORT} with hashes in {adapter_folder}, "
            f"got {type(error).__name__}"
        ) from error
    if hashes.get("adapter") != adapter_hash:
        raise AdapterMismatch(
            f"the passport in {adapter_folder} is of another adapter: its hash does not fit the weights"
        )
    if hashes.get("base") != base.base_hash:
        raise AdapterMismatch(
            f"the adapter in {adapter_folder} was trained on base {str(hashes.get('base'))[:12]}, "
            f"but {base.path} is base {base.base_hash[:12]}: fetch that base, or train the adapter again"
        )
    refused = [key for key in _REFUSED if config.get(key)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or refused:
        raise AdapterMismatch(
            f"expected a plain LoRA adapter in {adapter_folder}, got one with {refused or 'another type'}"
        )
    return adapter_hash


def _up_to_date(out: Path, base: ModelFolder, adapter_hash: str) -> bool:
    try:
        made = ModelFolder.open(out)
        weights = json.loads((out / MANIFEST).read_text("utf-8"))["base_files"][WEIGHTS]
    except (DamagedFolder, KeyError):
        return False
    return (made.base_hash, made.adapter_hash, weights) == (base.base_hash, adapter_hash, base.files[WEIGHTS])


def _merge_weights(base_file: Path, adapter_folder: Path, out_file: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights: dict[str, torch.Tensor] = load_file(str(base_file))
    lora: dict[str, torch.Tensor] = load_file(str(adapter_folder / ADAPTER_WEIGHTS))
    scale = _scale(json.loads((adapter_folder / ADAPTER_CONFIG).read_text("utf-8")))
    pairs = {name.removesuffix(".lora_A.weight") for name in lora if name.endswith(".lora_A.weight")}
    if len(lora) != 2 * len(pairs):
        raise AdapterMismatch(f"expected pairs of lora_A and lora_B in {adapter_folder}, got {len(lora)} tensors")
    for pair in sorted(pairs):
        name = pair.removeprefix(_PREFIX) + ".weight"
        if name not in weights or f"{pair}.lora_B.weight" not in lora:
            raise AdapterMismatch(
                f"the adapter in {adapter_folder} changes {name}, which the base or its other half lacks"
            )
        base, down, up = weights[name], lora[f"{pair}.lora_A.weight"], lora[f"{pair}.lora_B.weight"]
        weights[name] = (base.float() + scale * (up.float() @ down.float())).to(base.dtype).contiguous()
    save_file(weights, str(out_file), metadata={"format": "pt"})


def _scale(config: dict[str, Any]) -> float:
    rank = config["r"]
    return float(config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank))
