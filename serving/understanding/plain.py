"""The plain way, measured beside ours: TF-IDF of words and word pairs with a logistic regression (C = 10).

Learns a collection's own labels from its training split. What it is unsure about it calls out of scope: the likeliest
label's probability is its score. It knows one collection, one language and no slots.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Plain:
    """A fitted baseline."""

    model: Any
    """A scikit-learn pipeline."""

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> "Plain":
        """Learns from labelled texts; a few seconds for some thousand."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), lowercase=True), LogisticRegression(C=10, max_iter=300)
        )
        return cls(model.fit(list(texts), list(labels)))

    @classmethod
    def of_csv(cls, path: Path, column: str = "utterance") -> "Plain":
        """Learns a CSV's own labels."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row[column], row["intent"]) for row in csv.DictReader(file)]
        return cls.fit([text for text, _ in rows], [label for _, label in rows])

    def read(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """The likeliest label of each text, and its probability."""
        shares = self.model.predict_proba(list(texts))
        best = shares.argmax(axis=1)
        labels = self.model.classes_[best]
        return list(zip(map(str, labels), map(float, np.max(shares, axis=1)), strict=True))
