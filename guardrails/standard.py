"""The analyzer as every process of this project builds it: the one place to add a recognizer that is loaded.

Imports neither the vault nor a database, so that a command that only reads texts starts quickly.
"""

from guardrails.analyzer import Analyzer, Lang
from guardrails.readable import Readable
from guardrails.recognizers.rule import Recognizer


def analyzer_of(
    readable: Readable | None = None,
    languages: tuple[Lang, ...] = ("en", "zh"),
    extra: tuple[Recognizer, ...] = (),
) -> Analyzer:
    """The analyzer of this version; ``readable`` is what a shop wants left readable, nothing by default."""
    return Analyzer(readable or Readable(), languages, extra)
