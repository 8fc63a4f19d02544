"""Privacy bugs that have happened elsewhere, each a small replacement of one piece of the pipeline.

A bug is the real pipeline with one thing wrong. Every one must be caught; ``caught_by`` names the check that is made
for it, others may catch it too. Source of the list: issues of Opacus, private-transformers, fastDP, dp-transformers and
JAX-Privacy; Chua et al. (2024) on shuffling.
"""

from typing import Final

from finetune.audit.zoo import gradients, ledger, noise, sampling, weights
from finetune.audit.zoo.bug import Bug

BUGS: Final[tuple[Bug, ...]] = (*sampling.BUGS, *gradients.BUGS, *noise.BUGS, *weights.BUGS, *ledger.BUGS)
