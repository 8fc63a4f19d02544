"""Writes a trained tagger for ONNX Runtime: weights in 8 bits, activations quantised as they come.

Weights use 7 of the 8 bits: with all 8, products saturate on processors without VNNI and the answers would depend on
the machine. The vocabulary's rows are 8 bits too; they are most of the file.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Final, cast

import torch
from torch import nn
from torch.nn import functional

from finetune.tagger.model import Layer, Tagger

OPSET: Final = 17


class _Attention(nn.Module):
    """A layer's attention with one product for queries, keys and values, and the scale in the queries' weights."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.heads = layer.heads
        hidden = layer.q.in_features
        scale = (hidden // self.heads) ** -0.5
        self.qkv = nn.Linear(hidden, 3 * hidden)
        with torch.no_grad():
            self.qkv.weight.copy_(torch.cat([layer.q.weight * scale, layer.k.weight, layer.v.weight]))
            self.qkv.bias.copy_(torch.cat([layer.q.bias * scale, layer.k.bias, layer.v.bias]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, length, hidden = x.shape
        q, k, v = self.qkv(x).view(length, 3, self.heads, hidden // self.heads).permute(1, 2, 0, 3)
        seen = torch.softmax(q @ k.transpose(1, 2), dim=-1) @ v
        result: torch.Tensor = seen.transpose(0, 1).reshape(1, length, hidden)
        return result


class _Probabilities(nn.Module):
    """What the guard reads for ids alone (one text needs no mask): shares of the labels, and of an attack."""

    def __init__(self, model: Tagger) -> None:
        super().__init__()
        self.model = model
        self.seen = nn.ModuleList(_Attention(cast(Layer, layer)) for layer in model.layers)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        model = self.model
        at = torch.arange(ids.shape[1])
        x = model.ln(model.word(ids) + model.position(at))
        for part, seen in zip(model.layers, self.seen, strict=True):
            layer = cast(Layer, part)
            x = layer.ln1(x + layer.out(seen(x)))
            x = layer.ln2(x + layer.down(functional.gelu(layer.up(x))))
        whole = torch.cat([x.mean(1), x.amax(1)], dim=-1)
        return torch.softmax(model.head(x), dim=-1), torch.sigmoid(model.attack(whole))


def write_onnx(model: Tagger, path: Path) -> int:
    """The tagger at ``path``; the size in bytes.

    ``ids`` int64 (1, length) → ``shares`` float32 (1, length, labels) and ``attack`` float32 (1, 1).
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    with tempfile.TemporaryDirectory(prefix="tagger-") as temporary:
        whole = Path(temporary) / "whole.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own notices
            torch.onnx.export(
                _Probabilities(model),
                (torch.zeros(1, 8, dtype=torch.long),),
                str(whole),
                input_names=["ids"],
                output_names=["shares", "attack"],
                dynamic_axes={"ids": {1: "length"}, "shares": {1: "length"}},
                opset_version=OPSET,
                dynamo=False,
            )
        quantize_dynamic(
            str(whole),
            str(path),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
        )
    return path.stat().st_size
