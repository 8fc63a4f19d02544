"""The base model as training needs it: loaded, frozen, on the right device, in the right number format.

It reads the folder that ``tactful model fetch`` makes and nothing else of the serving side; the two meet
in files.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from finetune.errors import BadBase

_BF16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16"})


@dataclass(frozen=True)
class Base:
    """A base model in memory."""

    model: Any  # a transformers causal LM
    tokenizer: Any
    name: str
    hash: str
    device: torch.device
    dtype: torch.dtype


def pick_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_dtype(device: torch.device, cpu_flags: frozenset[str]) -> torch.dtype:
    """bfloat16 where the hardware multiplies it; elsewhere it is slower than float32, in the backward pass by far."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if cpu_flags & _BF16_FLAGS else torch.float32


def cpu_flags() -> frozenset[str]:
    """What the processor says it can do; empty where that cannot be read."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return frozenset()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return frozenset(line.partition(":")[2].split())


def load_base(folder: Path, *, device: torch.device | None = None, dtype: torch.dtype | None = None) -> Base:
    """Loads the base model of a folder.

    Raises:
        BadBase: no model or manifest there, or an adapter already merged into it.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    name, base_hash = _identity(folder)
    device = device or pick_device()
    dtype = dtype or pick_dtype(device, cpu_flags())
    # attention written out: going backward, torch's fused one takes 1.2 times as long on a CPU for messages this short
    how = "eager" if device.type == "cpu" else "sdpa"
    model = AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=dtype, attn_implementation=how, local_files_only=True
    )
    model.to(device).eval()  # type: ignore[arg-type]  # transformers says less than it takes
    model.config.use_cache = False
    if getattr(model.config, "final_logit_softcapping", None):
        raise BadBase(f"{folder}: models that cap their logits are not trained here")
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    return Base(model, tokenizer, name, base_hash, device, dtype)


def _identity(folder: Path) -> tuple[str, str]:
    try:
        manifest = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
        if manifest["adapter_hash"] is not None:
            raise BadBase(f"{folder} has an adapter merged in already: train on the bare base")
        return str(manifest["name"]), str(manifest["base_hash"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBase(f"expected a model folder with MANIFEST.json at {folder}: run `tactful model fetch`") from error
