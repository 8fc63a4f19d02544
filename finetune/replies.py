"""How an adapter puts facts into words: whether a reply holds to them, and how near it is to one written by hand.

Faithful means that the guard's check of claims finds no violation (``guardrails.grounding``; it sees numbers, dates,
prices, names and links, not meaning). Similarity is the cosine of counts of character n-grams (1 to 3), 1 for the same
text; it says how near the wording is, not whether it is right.
"""

from collections.abc import Sequence
from typing import Any, Final

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from finetune.base import Base
from finetune.dp.crew import Crew
from finetune.evaluate import ALONE, Share, answers
from finetune.examples import Example
from guardrails.grounding import check

MEASURES: Final = ("reply_faithful", "reply_similarity")


def evaluate_replies(base: Base, examples: Sequence[Example], crew: Crew = ALONE) -> dict[str, dict[str, Any]]:
    """Greedy replies to every ``reply`` example, by language; empty where there is none."""
    asked = [e for e in examples if e.task == "reply"]
    return measured(list(zip(asked, answers(base, asked, crew=crew), strict=True)))


def measured(answered: Sequence[tuple[Example, str]]) -> dict[str, dict[str, Any]]:
    """Both measures of examples with their answers."""
    found: dict[str, dict[str, Any]] = {measure: {} for measure in MEASURES} if answered else {}
    for lang in sorted({example.lang for example, _ in answered}):
        own = [(example, answer) for example, answer in answered if example.lang == lang]
        faithful = sum(bool(answer.strip()) and not check(answer, facts(example)) for example, answer in own)
        near = [similarity(example.completion, answer) for example, answer in own]
        found["reply_faithful"][lang] = Share(faithful, len(own)).to_json()
        found["reply_similarity"][lang] = {"value": round(sum(near) / len(near), 4), "n": len(near)}
    return found


def facts(example: Example) -> list[str]:
    """The lines a reply may draw on: the prompt's first block, without the customer's question after it."""
    return example.messages[-1][1].partition("\n\n")[0].splitlines()


def similarity(one: str, other: str) -> float:
    """Between 0 and 1.

    >>> similarity("It is on its way.", "It is on its way.")
    1.0
    >>> similarity("在路上", "nothing")
    0.0
    """
    texts = [" ".join(text.split()).lower() for text in (one, other)]
    if not all(texts):
        return 0.0
    counts = normalize(CountVectorizer(analyzer="char", ngram_range=(1, 3)).fit_transform(texts))
    return round(float((counts[0] @ counts[1].T).sum()), 6)
