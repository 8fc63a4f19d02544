"""A causal language model of three thousand weights and made-up customers: a private run takes milliseconds a step.

It has what ``finetune.dp`` uses of a Hugging Face model (decoder layers with ``q_proj`` and ``v_proj``, hidden states
in and out, an output head) and nothing else. Token 1 has no number as its vector: an example that holds it has no loss.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final

import torch
from torch import nn

from finetune.examples import Example

HIDDEN: Final = 16
VOCAB: Final = 48
LAYERS: Final = 3
CUSTOMERS: Final = 32
POISON: Final = "!"
_LETTERS: Final = "\x00" + POISON + "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ0123456789"[: VOCAB - 2]
_SEED: Final = 4


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.v_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)

    def forward(self, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Each position sees the mean of itself and what stands to its left."""
        seen = hidden_states.cumsum(dim=1) / torch.arange(1, hidden_states.shape[1] + 1)[None, :, None]
        return hidden_states + torch.tanh(self.v_proj(seen)) * torch.sigmoid(self.q_proj(hidden_states))


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCAB, HIDDEN)
        self.layers = nn.ModuleList(_Layer() for _ in range(LAYERS))

    def forward(self, input_ids: Any = None, inputs_embeds: Any = None) -> SimpleNamespace:
        """Hidden states of ids, or of what takes their place below the first layer that is not passed by."""
        hidden = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        for layer in self.layers:
            hidden = layer(hidden)
        return SimpleNamespace(last_hidden_state=hidden)


class Toy(nn.Module):
    """The model, always with the same weights."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(_SEED)
            self.model = _Decoder()
            self.lm_head = nn.Linear(HIDDEN, VOCAB, bias=False)
        with torch.no_grad():
            self.lm_head.weight *= 8  # gradients far above the bounds of clipping
            self.model.embed_tokens.weight[1] = float("nan")
        self.config = SimpleNamespace(hidden_size=HIDDEN)
        self.dtype, self.device = torch.float32, torch.device("cpu")


class ToyTokenizer:
    """A token a letter."""

    def apply_chat_template(self, conversation: list[dict[str, str]], **options: Any) -> str:
        """The messages, one after the other."""
        return " ".join(message["content"] for message in conversation)

    def __call__(self, text: str, *, add_special_tokens: bool = False) -> dict[str, list[int]]:
        """The ids of a text's letters."""
        return {"input_ids": [max(2, _LETTERS.find(letter)) if letter != POISON else 1 for letter in text]}


def toy_examples(customers: int = CUSTOMERS, poisoned: Sequence[int] = ()) -> list[Example]:
    """Made-up examples of ``customers`` customers, one to three each; those of ``poisoned`` have no loss."""
    generator = torch.Generator().manual_seed(_SEED)
    examples = []
    for customer in range(CUSTOMERS):
        for number in range(1 + customer % 3):
            size = int(torch.randint(2, 9, (1,), generator=generator))
            letters = [_LETTERS[int(n)] for n in torch.randint(2, VOCAB, (2 * size,), generator=generator)]
            if customer in poisoned:
                letters[0] = POISON
            text, answer = "".join(letters[:size]), "".join(letters[size:])
            row = Example("understand", "en", (("user", f"{number}{text}"),), answer + "\n", f"c{customer:02}")
            examples += [row] if customer < customers else []
    return examples
