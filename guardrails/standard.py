"""The analyzer as every process of this project builds it: the one place to add a recognizer that is loaded.

Imports neither the vault nor a database, so that a command that only reads texts starts quickly.
"""

from pathlib import Path

from guardrails.analyzer import Analyzer, Lang
from guardrails.readable import Readable
from guardrails.recognizers.rule import Recognizer
from guardrails.tagger import DEFAULT as DEFAULT_TAGGER
from guardrails.tagger import Tagger

__all__ = ["DEFAULT_TAGGER", "analyzer_of"]


def analyzer_of(
    readable: Readable | None = None,
    languages: tuple[Lang, ...] = ("en", "zh"),
    extra: tuple[Recognizer, ...] = (),
    tagger: Path | None = DEFAULT_TAGGER,
) -> Analyzer:
    """The analyzer of this version; ``readable`` is what a shop wants left readable, nothing by default.

    ``tagger`` is the folder of the trained recognizer; without one, rules alone read what customers and records say.

    Raises:
        GuardError: the trained recognizer's folder is missing or damaged.
    """
    trained = None if tagger is None else Tagger(tagger)
    if trained is not None:
        trained.load()
    return Analyzer(readable or Readable(), languages, extra, trained)
