"""What the tagger says about a piece of text, and the way between marks in characters and labels of pieces.

BIO: a piece begins a value, continues one, or is outside. Source: Ramshaw and Marcus (1995), Text Chunking.
"""

from collections.abc import Sequence
from typing import Final

from finetune.tagger.synthesis.messages import Mark

LABELS: Final = ("O", "B-PERSON", "I-PERSON", "B-ADDRESS", "I-ADDRESS")
IGNORED: Final = -100
"""Not learned: the pieces around a text."""


def labels_of(text: str, marks: Sequence[Mark], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """A label per piece; a piece that overlaps a mark is of its kind."""
    kinds = [0] * len(text)
    for mark in marks:
        begin = LABELS.index(f"B-{mark.kind}")
        for at in range(mark.start, mark.end):
            kinds[at] = begin + 1
        kinds[mark.start] = begin
    labels = []
    for start, end in offsets:
        while start < end and text[start].isspace():
            start += 1
        found = [kind for kind in kinds[start:end] if kind]
        labels.append(IGNORED if start == end else (found[0] if found else 0))
    return labels
