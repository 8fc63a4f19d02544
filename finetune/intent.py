"""Trains the linear intent model: the degraded mode for when the language model is away.

Words and characters, hashed, into one logistic regression. Deterministic. The format of the artifact is
``bot/intents.py``'s; a test holds the two feature functions against each other.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

N_WORD, N_CHAR = 32_768, 65_536


def features(texts: Sequence[str]) -> csr_matrix:
    """One row a text: word 1–2 and character 2–5 n-grams, each part of length 1."""
    word = HashingVectorizer(
        analyzer="word",
        token_pattern=r"(?u)[A-Za-z0-9_<>']+|[\u4e00-\u9fff]",
        ngram_range=(1, 2),
        n_features=N_WORD,
        alternate_sign=False,
        norm="l2",
        lowercase=True,
    )
    char = HashingVectorizer(
        analyzer="char", ngram_range=(2, 5), n_features=N_CHAR, alternate_sign=False, norm="l2", lowercase=True
    )
    return hstack([word.transform(texts), char.transform(texts)]).tocsr()


def label_of(command: dict[str, Any]) -> str:
    """``track_order``, ``service:return``, ``ask_policy:returns`` …"""
    detail = command.get("kind") or command.get("topic")
    return f"{command['name']}:{detail}" if detail else str(command["name"])


def train(cases: Sequence[dict[str, Any]], folder: Path) -> None:
    """Writes ``weights.npz`` and ``config.json`` from understanding cases (their first command)."""
    asked = [case for case in cases if case["task"] == "understand"]
    model = LogisticRegression(C=20.0, max_iter=60)
    model.fit(features([case["text"] for case in asked]), [label_of(case["commands"][0]) for case in asked])
    coef = np.where(np.abs(model.coef_) < 0.02, 0, model.coef_).T.astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "weights.npz", coef=coef, intercept=model.intercept_.astype(np.float32))
    config = {
        "format": 1,
        "labels": [str(label) for label in model.classes_],
        "word_ngrams": [1, 2],
        "char_ngrams": [2, 5],
        "n_features_word": N_WORD,
        "n_features_char": N_CHAR,
        "temperature": 1.0,
        "weights_sha256": hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest(),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
