"""Which tokens compete in a private step: those of public examples.

The head over the whole vocabulary costs a fifth of a step and tells a token apart from tens of thousands that no
answer ever holds. What public examples say is nobody's, so which tokens these are tells nothing of customers.
"""

from pathlib import Path

import torch

from finetune.dp.directions import read_nobodys
from finetune.examples import Tokenizer, encode
from finetune.loss import Candidates


def candidates(public: Path, tokenizer: Tokenizer, head: torch.Tensor) -> Candidates:
    """All tokens of the examples in ``public``, prompts included.

    Raises:
        BadPrivacy: an example names a customer.
        BadExamples: there is none.
    """
    return Candidates(head, {token for example in read_nobodys(public) for token in encode(example, tokenizer).ids})
