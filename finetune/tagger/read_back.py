"""Reads a tagger's weights back from its 8-bit ONNX file, to go on training where an artifact stands.

What 8 bits lost stays lost: a weight is within half a step of what it was. The vocabulary's rows are not read: training
leaves them as the encoder has them, and those are finer.
"""

from pathlib import Path
from typing import Any

import torch

from finetune.errors import BadBase
from finetune.tagger.model import Tagger


def read_back(path: Path, model: Tagger) -> None:
    """Puts the weights of ``path``, which ``finetune.tagger.export`` wrote, into ``model``, but for the vocabulary.

    Raises:
        BadBase: the file is of another shape than the model.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    kept = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    state = {name.removeprefix("model."): kept[name] for name in kept if name.startswith("model.")}
    state = {name: value for name, value in state.items() if name in model.state_dict()}
    state["position.weight"] = _whole(kept, "model.position.weight")
    state["attack.weight"] = _whole(kept, "model.attack.weight_Transposed").T
    state["attack.bias"] = kept["model.attack.bias"]
    products = [name.removesuffix("_quantized") for name in kept if name.startswith("onnx::MatMul_")]
    products = [name for name in products if f"{name}_quantized" in kept and not name.endswith(("_scale", "_point"))]
    products.sort(key=lambda name: int(name.rpartition("_")[2]))
    if len(products) != 4 * model.shape.layers + 1:
        raise BadBase(f"expected a tagger of {model.shape.layers} layers, got {len(products)} products")
    for number in range(model.shape.layers):
        qkv, *others = (_whole(kept, name).T for name in products[4 * number : 4 * number + 4])
        state |= _attention(qkv, kept[f"seen.{number}.qkv.bias"], model, f"layers.{number}")
        state |= dict(zip((f"layers.{number}.{part}.weight" for part in ("out", "up", "down")), others, strict=True))
    state["head.weight"] = _whole(kept, products[-1]).T
    try:
        missing, _ = model.load_state_dict({name: value.contiguous() for name, value in state.items()}, strict=False)
    except RuntimeError as error:
        raise BadBase(f"expected a tagger of another shape in {path.name}: {type(error).__name__}") from None
    if missing != ["word.weight"]:
        raise BadBase(f"expected all weights in {path.name}, {len(missing)} are missing")


def _whole(kept: dict[str, Any], name: str) -> torch.Tensor:
    """A tensor out of 8 bits; its scale and zero point are of the whole or by column."""
    shift = kept[f"{name}_zero_point"].float()
    values: torch.Tensor = (kept[f"{name}_quantized"].float() - shift) * kept[f"{name}_scale"].float()
    return values


def _attention(weight: torch.Tensor, bias: torch.Tensor, model: Tagger, layer: str) -> dict[str, torch.Tensor]:
    """Queries, keys and values apart again, the scale taken out of the queries' weights."""
    hidden = model.shape.hidden
    scale = (hidden // model.shape.heads) ** 0.5
    parts = zip("qkv", torch.split(weight, hidden), torch.split(bias, hidden), strict=True)
    found = {f"{layer}.{name}.{what}": value for name, w, b in parts for what, value in (("weight", w), ("bias", b))}
    return found | {name: found[name] * scale for name in (f"{layer}.q.weight", f"{layer}.q.bias")}
