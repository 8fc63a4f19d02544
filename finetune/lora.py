"""LoRA: small trainable matrices beside every frozen linear layer, stored in PEFT's format.

y = W x + (alpha / r) · B (A x), with A random and B zero at the start, so that training starts from
the base model exactly. A and B are float32 (AdamW's steps would be lost in bfloat16) and multiplied in
the number format of the base, which casts two small matrices instead of every activation: PEFT's own
layers cast the activations and were 1.5 times slower here. No dropout: every run can be repeated.

Source: Hu et al. (2021), LoRA.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from finetune.errors import BadBase

ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"
ADAPTER_CONFIG: Final = "adapter_config.json"
_PREFIX: Final = "base_model.model."
_A: Final = ".lora_A.weight"
_B: Final = ".lora_B.weight"


class LoraLinear(nn.Module):
    """A frozen linear layer with a trainable low-rank addition.

    With a ``frame`` F (out, s) of orthonormal columns ``lora_b`` is (s, r), and B is F times it: s directions of the
    output are trained and no other.
    """

    frame: torch.Tensor | None = None

    def __init__(self, base: nn.Linear, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = scale
        down = torch.empty(rank, base.in_features, dtype=torch.float32)
        nn.init.kaiming_uniform_(down, a=math.sqrt(5), generator=generator)
        device = base.weight.device
        self.lora_a = nn.Parameter(down.to(device))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=torch.float32, device=device))

    def put_in_frame(self, frame: torch.Tensor) -> None:
        """From here on B moves within ``frame`` alone; it begins at zero again."""
        self.frame = frame.to(self.lora_b)
        rank = self.lora_a.shape[0]
        self.lora_b = nn.Parameter(torch.zeros(frame.shape[1], rank, dtype=torch.float32, device=self.lora_a.device))

    def whole_b(self) -> torch.Tensor:
        """B (out, r)."""
        return self.lora_b if self.frame is None else self.frame @ self.lora_b

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (…, in_features) → (…, out_features)."""
        result: torch.Tensor = self.base(x) + self.low_rank(x)
        return result

    def low_rank(self, x: torch.Tensor) -> torch.Tensor:
        """(alpha / r) · B (A x)."""
        down, up = self.lora_a.to(x.dtype), (self.whole_b() * self.scale).to(x.dtype)
        return nn.functional.linear(nn.functional.linear(x, down), up)


def add_lora(
    model: nn.Module,
    *,
    rank: int,
    alpha: float,
    seed: int,
    kind: type[LoraLinear] = LoraLinear,
    where: Callable[[str], bool] = lambda name: True,
) -> None:
    """Freezes ``model`` and puts a LoRA beside every linear layer except the output head.

    Args:
        model: changed in place.
        rank: columns of A and rows of B.
        alpha: the scale is ``alpha / rank``.
        seed: of A.
        kind: the layer to put there.
        where: which layers, by name; all unless told.

    Raises:
        BadBase: no linear layers.
    """
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    linears = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    linears = [(name, layer) for name, layer in linears if not name.endswith("lm_head") and where(name)]
    if not linears:
        raise BadBase("expected linear layers to adapt, found none in the base model")
    for name, layer in linears:
        parent = model.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], kind(layer, rank, alpha / rank, generator))


def parameters(model: nn.Module) -> list[nn.Parameter]:
    """The trainable ones, in a fixed order: A and B of each layer, B alone where A is frozen."""
    both = [parameter for _, layer in _layers(model) for parameter in (layer.lora_a, layer.lora_b)]
    return [parameter for parameter in both if parameter.requires_grad]


def freeze_a(model: nn.Module) -> None:
    """From here on every A stays as it was drawn and B alone is trained.

    Half the numbers to add noise to, and no product of two noises. Source: Sun et al. (2024), FFA-LoRA.
    """
    for _, layer in _layers(model):
        layer.lora_a.requires_grad_(False)


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    """The adapter under PEFT's names, in float32."""
    tensors = {}
    for name, layer in _layers(model):
        tensors[f"{_PREFIX}{name}{_A}"] = layer.lora_a.detach()
        tensors[f"{_PREFIX}{name}{_B}"] = layer.whole_b().detach()
    return tensors


def load_state(model: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Puts an adapter into a model that ``add_lora`` has prepared.

    Raises:
        BadBase: the adapter is of another shape.
    """
    own = state(model)
    if own.keys() != tensors.keys() or any(own[name].shape != tensors[name].shape for name in own):
        raise BadBase(f"expected an adapter of {len(own)} tensors of this model's shapes, got {len(tensors)}")
    with torch.no_grad():
        for name, layer in _layers(model):
            b = tensors[f"{_PREFIX}{name}{_B}"].to(layer.lora_b)
            layer.lora_a.copy_(tensors[f"{_PREFIX}{name}{_A}"])
            layer.lora_b.copy_(b if layer.frame is None else layer.frame.T @ b)


def save(model: nn.Module, folder: Path, *, base_name: str) -> None:
    """Writes ``adapter_model.safetensors`` (bfloat16) and ``adapter_config.json``."""
    write(state(model), scale(model), folder, base_name=base_name)


def scale(model: nn.Module) -> float:
    """Scale of the adapter, alpha / rank: the same for all layers."""
    return next(layer.scale for _, layer in _layers(model))


def write(tensors: dict[str, torch.Tensor], scale: float, folder: Path, *, base_name: str) -> None:
    """Writes matrices under PEFT's names as an adapter of one rank; ``scale`` is alpha / rank."""
    from safetensors.torch import save_file

    rank = next(tensor.shape[0] for name, tensor in tensors.items() if name.endswith(_A))
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_name,
        "r": rank,
        "lora_alpha": round(scale * rank, 6),
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": False,
        "use_dora": False,
        "fan_in_fan_out": False,
        "inference_mode": True,
        "modules_to_save": None,
        "target_modules": sorted({name.removesuffix(_A).rpartition(".")[2] for name in tensors if name.endswith(_A)}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.to("cpu", torch.bfloat16).contiguous() for name, tensor in tensors.items()}
    save_file(stored, str(folder / ADAPTER_WEIGHTS), metadata={"format": "pt"})
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def load(model: nn.Module, folder: Path) -> None:
    """Adds the adapter of ``folder`` to ``model``, ready to train on or to merge."""
    from safetensors.torch import load_file

    config: dict[str, Any] = json.loads((folder / ADAPTER_CONFIG).read_text("utf-8"))
    add_lora(model, rank=config["r"], alpha=config["lora_alpha"], seed=0)
    load_state(model, load_file(str(folder / ADAPTER_WEIGHTS)))


def stacked(
    first: dict[str, torch.Tensor], first_scale: float, second: dict[str, torch.Tensor], second_scale: float
) -> dict[str, torch.Tensor]:
    """One adapter that adds what two add: their matrices side by side, under the scale of the first.

    The rank is the sum of both; where only one adapts a layer the rest is zero, because one rank for all layers is what
    every engine reads.

    >>> a = {"x.lora_A.weight": torch.ones(2, 3), "x.lora_B.weight": torch.ones(4, 2)}
    >>> both = stacked(a, 2.0, a, 1.0)
    >>> both["x.lora_A.weight"].shape, both["x.lora_B.weight"][0].tolist()
    (torch.Size([4, 3]), [1.0, 1.0, 0.5, 0.5])
    """
    names = sorted({name.removesuffix(_A) for name in first | second if name.endswith(_A)})
    ranks = [next(t.shape[0] for n, t in each.items() if n.endswith(_A)) for each in (first, second)]
    tensors = {}
    for name in names:
        some = first if name + _A in first else second
        parts = []
        for each, rank, scale in zip((first, second), ranks, (1.0, second_scale / first_scale), strict=True):
            a = each.get(name + _A, torch.zeros(rank, some[name + _A].shape[1]))
            b = each.get(name + _B, torch.zeros(some[name + _B].shape[0], rank))
            parts.append((a.float().cpu(), b.float().cpu() * scale))
        tensors[name + _A] = torch.cat([a for a, _ in parts], dim=0)
        tensors[name + _B] = torch.cat([b for _, b in parts], dim=1)
    return tensors


def merge_in_place(model: nn.Module) -> None:
    """Replaces every LoRA by a plain layer with the sum, as it is served."""
    for name, layer in list(_layers(model)):
        base = layer.base
        with torch.no_grad():
            base.weight.copy_(base.weight.float() + layer.scale * (layer.whole_b() @ layer.lora_a))
        setattr(model.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], base)


def _layers(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    return ((name, layer) for name, layer in model.named_modules() if isinstance(layer, LoraLinear))
