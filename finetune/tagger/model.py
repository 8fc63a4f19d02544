"""The tagger as a torch module: BERT's encoder with post layer norms, a linear head per piece, and one per text.

Source: Devlin et al. (2018), BERT. Token types are folded into the word rows.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Sizes; ``labels`` is how many a piece can have."""

    vocabulary: int
    positions: int
    hidden: int
    heads: int
    ffn: int
    layers: int
    labels: int


class Layer(nn.Module):
    """Self-attention and feed-forward, each with its residual and norm."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q, self.k, self.v, self.out = (nn.Linear(shape.hidden, shape.hidden) for _ in range(4))
        self.ln1 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.up = nn.Linear(shape.hidden, shape.ffn)
        self.down = nn.Linear(shape.ffn, shape.hidden)
        self.ln2 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``x`` (n, length, hidden); ``mask`` (n, 1, 1, length), true where there is text."""
        n, length, hidden = x.shape
        q, k, v = (f(x).view(n, length, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        # By hand: the fused one takes most of the time of a training step on a CPU, going backward over short texts.
        shares = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).masked_fill(~mask, float("-inf")).softmax(-1)
        seen = shares.to(v.dtype) @ v
        x = self.ln1(x + self.dropout(self.out(seen.transpose(1, 2).reshape(n, length, hidden))))
        result: torch.Tensor = self.ln2(x + self.dropout(self.down(functional.gelu(self.up(x)))))
        return result


class Tagger(nn.Module):
    """Logits of every label for every piece, and of a text being an attack on the assistant."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.word = nn.Embedding(shape.vocabulary, shape.hidden)
        self.position = nn.Embedding(shape.positions, shape.hidden)
        self.ln = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(shape.hidden, shape.labels)
        self.attack = nn.Linear(2 * shape.hidden, 1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """``ids`` and ``mask`` (n, length) → logits of the labels (n, length, labels) and of an attack (n)."""
        at = torch.arange(ids.shape[1], device=ids.device)
        x = self.dropout(self.ln(self.word(ids) + self.position(at)))
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        x = self.dropout(x)
        return self.head(x), self.attack(pooled(x, mask)).squeeze(-1)


def pooled(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean and maximum over the pieces of each text: (n, length, hidden) → (n, 2 * hidden)."""
    seen = mask[:, :, None]
    mean = (x * seen).sum(1) / seen.sum(1)
    most = x.masked_fill(~seen, float("-inf")).amax(1)
    return torch.cat([mean, most], dim=-1)
