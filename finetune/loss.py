"""Cross-entropy on completion tokens only, with the output head applied only there.

The head is the widest matrix of a small model. Hidden states are taken without it, the rows that
predict a completion token are selected, and the head is applied to those: a third of the work and a
fraction of the memory of a head over every position.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from finetune.examples import Encoded


def pad(batch: Sequence[Encoded], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (n, longest) padded on the right with 0, and which positions predict a completion token (n, longest - 1)."""
    longest = max(len(example.ids) for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    predicts = torch.zeros(len(batch), longest - 1, dtype=torch.bool)
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        predicts[row, example.prompt_tokens - 1 : len(example.ids) - 1] = True
    return ids.to(device), predicts.to(device)


def completion_loss(model: Any, batch: Sequence[Encoded]) -> tuple[torch.Tensor, int]:
    """Sum of the cross-entropies (nats) of the batch's completion tokens, and how many there are."""
    ids, predicts = pad(batch, model.device)
    # no attention mask: padding is on the right, and attention looks to the left
    hidden = model.model(input_ids=ids).last_hidden_state
    logits = nn.functional.linear(hidden[:, :-1][predicts], model.lm_head.weight).float()
    total = nn.functional.cross_entropy(logits, ids[:, 1:][predicts], reduction="sum")
    return total, int(predicts.sum())


class Candidates:
    """The tokens among which a completion token is told apart, instead of the whole vocabulary.

    A short head costs little of a step where the whole one costs a fifth. A token that is not among them competes with
    them at its own place and nowhere else, so no example's loss depends on what another one says.
    """

    def __init__(self, head: torch.Tensor, ids: Iterable[int]) -> None:
        """Rows ``ids`` of ``head`` (vocabulary, hidden)."""
        self.ids = torch.tensor(sorted(set(ids)), dtype=torch.long, device=head.device)
        self._head = head.detach()
        self._rows = self._head[self.ids].clone()
        self._places = torch.full((len(head),), -1, dtype=torch.long, device=head.device)
        self._places[self.ids] = torch.arange(len(self.ids), device=head.device)

    def __len__(self) -> int:
        return len(self._rows)

    def losses(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropies (n,) of ``targets`` (n,) after ``hidden`` (n, hidden), float32."""
        logits = nn.functional.linear(hidden, self._rows).float()
        places = self._places[targets]
        if not bool((places < 0).any()):
            return nn.functional.cross_entropy(logits, places, reduction="none")
        own = (hidden * self._head[targets]).sum(dim=1, keepdim=True).float()
        own = own.masked_fill((places >= 0)[:, None], -torch.inf)
        places = torch.where(places < 0, len(self), places)
        return nn.functional.cross_entropy(torch.cat([logits, own], dim=1), places, reduction="none")


def example_losses(
    model: Any, batch: Sequence[Encoded], states: torch.Tensor | None = None, candidates: Candidates | None = None
) -> torch.Tensor:
    """Each example's own loss (n,): mean nats of its completion tokens, whatever stands beside it in the batch.

    Args:
        model: a causal LM.
        batch: n examples.
        states: what goes into the first layer instead of the embedded ids (n, longest, hidden), padded on the right.
        candidates: tokens that compete; the whole vocabulary unless given.
    """
    ids, predicts = pad(batch, model.device)
    inputs = {"input_ids": ids} if states is None else {"inputs_embeds": states}
    hidden = model.model(**inputs).last_hidden_state
    chosen, targets = hidden[:, :-1][predicts], ids[:, 1:][predicts]
    if candidates is None:
        logits = nn.functional.linear(chosen, model.lm_head.weight).float()
        tokens = nn.functional.cross_entropy(logits, targets, reduction="none")
    else:
        tokens = candidates.losses(chosen, targets)
    rows = predicts.nonzero()[:, 0]
    totals = torch.zeros(len(batch), device=tokens.device).index_add(0, rows, tokens)
    return totals / predicts.sum(dim=1)
