"""Examples grouped by customer, the unit of privacy.

Every line of a private file names its customer. Lines of one customer are one unit wherever they stand; order and
number of the lines change nothing for anybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune.errors import BadExamples, BadPrivacy
from finetune.examples import Encoded, Example, Tokenizer, encode, read_examples


@dataclass(frozen=True, slots=True)
class Customers:
    """Encoded examples and, per customer, the places of theirs."""

    examples: tuple[Encoded, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many examples each customer has."""
        return tuple(len(places) for places in self.places)


def read_customers(path: Path) -> list[Example]:
    """The examples of a private file.

    Raises:
        BadExamples: a line is not an example.
        BadPrivacy: an example names no customer: then the unit cannot be the customer.
    """
    examples = read_examples(path)
    nobody = sum(not e.customer for e in examples)
    if nobody:
        raise BadPrivacy(
            f"{path}: {nobody} of {len(examples)} examples name no customer, so the customer cannot be the unit of "
            "privacy: make the file with `tactful finetune conceal` and `tactful prompts`"
        )
    return examples


def group(examples: Sequence[Example], tokenizer: Tokenizer, max_tokens: int) -> Customers:
    """Encodes ``examples`` and gathers each customer's, in a fixed order.

    An example longer than ``max_tokens`` loses the beginning of its prompt, by its own length alone.

    Raises:
        BadExamples: nothing is left to learn from.
    """
    encoded = tuple(bounded(encode(example, tokenizer), max_tokens) for example in examples)
    by_customer: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        by_customer.setdefault(example.customer, []).append(place)
    if not by_customer:
        raise BadExamples("expected examples of at least one customer, got none")
    return Customers(encoded, tuple(tuple(by_customer[name]) for name in sorted(by_customer)))


def bounded(example: Encoded, max_tokens: int) -> Encoded:
    """The example, without the beginning of its prompt where it is longer."""
    completion = example.ids[example.prompt_tokens :][: max_tokens - 1]
    prompt = example.ids[: example.prompt_tokens][-(max_tokens - len(completion)) :]
    return Encoded((*prompt, *completion), len(prompt))
