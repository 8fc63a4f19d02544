"""Every recognizer over one text.

Presidio's AnalyzerEngine is the frame for what customers and records say; ``quick`` runs the same recognizers without
the frame for model output, a few words at a time.
The trained recognizer, where there is one, reads the first only: it adds names and addresses that no rule sees.
Reads normalised text and gives findings in the text as typed, not overlapping, in order.
Stock recognizers that earn their place: IBAN and US social security numbers. Presidio's spaCy names do not
(README.md has the numbers); its e-mail recognizer asks the internet for a list, so ours takes its place.
Handles are not read into: what overlaps one is cut away.
"""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, Final, Literal, cast

from guardrails import handles
from guardrails.beside_name import postal_codes
from guardrails.errors import GuardError, GuardTimeout
from guardrails.findings import Finding, Kind
from guardrails.injection import Suspicion
from guardrails.name_form import widened
from guardrails.normalise import normalise
from guardrails.presidio import (
    AnalyzerEngine,
    ContextAwareEnhancer,
    IbanRecognizer,
    NlpArtifacts,
    NlpEngine,
    RecognizerRegistry,
    UsSsnRecognizer,
)
from guardrails.readable import SURE_SCORE, Readable
from guardrails.recognizers import ALL
from guardrails.recognizers.name_lists import NOT_PEOPLE
from guardrails.recognizers.rule import Hit, Recognizer
from guardrails.tagger import Tagger

Lang = Literal["en", "zh"]
MIN_SCORE: Final = 0.4
"""What a customer's text or a record hides."""
MIN_OUTPUT_SCORE: Final = 0.6
"""What a model's text redacts: surer, because the values it may know are handles already."""
_STOCK_KINDS: Final[dict[str, Kind]] = {"IBAN_CODE": "BANK_ACCOUNT", "US_SSN": "ID_CARD"}


class _NoNlp(NlpEngine):
    """Presidio wants a language pipeline; none of these recognizers does."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._languages = list(languages)

    def load(self) -> None:
        pass

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return NlpArtifacts([], [], [], [], None, language)  # type: ignore[arg-type]  # no tokens

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return self._languages


class _OwnContext(ContextAwareEnhancer):
    """Rules look at their context themselves, in characters; lemmas would need a language pipeline."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(self, text: str, raw_results: list[Any], *_: Any, **__: Any) -> list[Any]:
        return raw_results


class Analyzer:
    """Finds personal values. Holds nothing of the texts it reads; thread-safe."""

    def __init__(
        self,
        readable: Readable,
        languages: tuple[Lang, ...] = ("en", "zh"),
        extra: tuple[Recognizer, ...] = (),
        tagger: Tagger | None = None,
    ) -> None:
        if not languages:
            raise ValueError("expected at least one language, got none: a guard without languages finds nothing")
        self._readable = readable
        self._languages = languages
        for recognizer in extra:
            recognizer.limit_time()
        self._tagger = tagger
        self._own = tuple(make(languages[0]) for make in ALL) + extra
        registry = RecognizerRegistry(recognizers=[], supported_languages=list(languages))
        for language in languages:
            for make in ALL:
                registry.add_recognizer(make(language))
            registry.add_recognizer(IbanRecognizer(supported_language=language))
            registry.add_recognizer(UsSsnRecognizer(supported_language=language))
        for recognizer in extra:
            registry.add_recognizer(recognizer)
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=_NoNlp(languages),
            context_aware_enhancer=_OwnContext(),
            supported_languages=list(languages),
        )

    def analyze(self, text: str, lang: Lang | None = None, *, trained: bool = True) -> tuple[Finding, ...]:
        """Findings of a whole text; without ``trained``, of the rules that are sure of themselves.

        Raises:
            GuardError: a recognizer or the tagger failed. Nothing may be passed on then.
        """
        plain = normalise(text)
        language = lang if lang in self._languages else self._languages[0]
        try:
            results = self._engine.analyze(plain.text, language=language, score_threshold=MIN_SCORE)
        except GuardTimeout:
            raise
        except Exception as error:
            raise GuardError(f"a recognizer failed with {type(error).__name__} on {len(text)} characters") from None
        hits = [
            Hit(
                _kind(result.entity_type), result.start, result.end, result.score,
                (result.recognition_metadata or {}).get("rule", f"presidio.{result.entity_type.lower()}"),
            )
            for result in results
        ]  # fmt: skip
        if self._tagger is not None:
            hits = [hit for hit in hits if not self._overruled(plain.text, hit, trained)]
            if trained:
                found = (
                    hit for hit in self._tagger.find(plain.text) if plain.text[hit.start : hit.end] not in NOT_PEOPLE
                )
                hits += [piece for hit in found for piece in _beside(hit, hits)]
        hits += list(postal_codes(plain.text, hits))
        return self._settle(text, plain.text, hits, plain.span)

    def _overruled(self, text: str, hit: Hit, trained: bool) -> bool:
        """Whether a guess of the rules does not count: the trained recognizer doubts it, or is not asked."""
        if self._tagger is None or not _is_guess(hit):
            return False
        return not trained or self._tagger.doubts(text, hit.start, hit.end)

    def suspicion(self, text: str) -> Suspicion | None:
        """How much the trained recognizer takes a text for an attack; nothing without one.

        Raises:
            GuardError: the trained recognizer failed.
        """
        if self._tagger is None:
            return None
        plain = normalise(text).text
        limits = self._tagger.attack_limits(plain)
        return Suspicion(self._tagger.attack(plain), limits.flag, limits.block)

    def quick(self, text: str, deadline: float | None = None) -> tuple[Finding, ...]:
        """Findings of a piece of model output: the same rules without the frame, the surer ones.

        Raises:
            GuardError: a recognizer failed.
            GuardTimeout: ``deadline`` (of ``time.monotonic``) passed between two recognizers.
        """
        plain = normalise(text)
        hits: list[Hit] = []
        for recognizer in self._own:
            if deadline is not None and monotonic() > deadline:
                raise GuardTimeout(f"recognizers did not finish {len(text)} characters in time")
            try:
                hits.extend(hit for hit in recognizer.find(plain.text) if hit.score >= MIN_OUTPUT_SCORE)
            except GuardTimeout:
                raise
            except Exception as error:
                raise GuardError(f"recognizer {recognizer.id} failed with {type(error).__name__}") from None
        return self._settle(text, plain.text, hits, plain.span)

    def _settle(
        self, text: str, plain: str, hits: list[Hit], span: Callable[[int, int], tuple[int, int]]
    ) -> tuple[Finding, ...]:
        """Readable text and handles taken out, overlaps resolved, offsets of the text as typed."""
        if not hits:
            return ()
        readable = self._readable.spans(plain)
        kept = [piece for hit in hits for piece in _outside(widened(plain, hit), readable)]
        placed = []
        for hit in kept:
            start, end = span(hit.start, hit.end)
            placed.append(Hit(hit.kind, start, end, hit.score, hit.rule))
        own = [(start, end, True) for start, end, _ in handles.find(text)]
        pieces = [piece for hit in placed for piece in _outside(hit, own)]
        return tuple(_merge(text, pieces))


def _kind(entity: str) -> Kind:
    return _STOCK_KINDS[entity] if entity in _STOCK_KINDS else cast(Kind, entity)


def _is_guess(hit: Hit) -> bool:
    """A name in Latin letters that a list or a weak cue suggests: the trained recognizer may say that it is none."""
    return hit.rule.startswith("person_en.") and hit.score < SURE_SCORE


def _beside(hit: Hit, rules: list[Hit]) -> list[Hit]:
    """What is left of a trained finding beside what rules found of other kinds; an address keeps its postal code."""
    exact = [r for r in rules if r.kind not in (hit.kind, "PERSON", "POSTAL_CODE")]
    return _outside(hit, [(rule.start, rule.end, True) for rule in exact])


def _outside(hit: Hit, spans: list[tuple[int, int, bool]]) -> list[Hit]:
    """What is left of the hit when readable spans are taken out of it."""
    pieces = [hit]
    for start, end, certain in spans:
        if not certain and (
            hit.score >= SURE_SCORE or (hit.start <= start and end <= hit.end and hit.end - hit.start > end - start)
        ):
            continue
        cut: list[Hit] = []
        for piece in pieces:
            if end <= piece.start or start >= piece.end:
                cut.append(piece)
                continue
            if piece.start < start:
                cut.append(Hit(hit.kind, piece.start, start, hit.score, hit.rule))
            if end < piece.end:
                cut.append(Hit(hit.kind, end, piece.end, hit.score, hit.rule))
        pieces = cut
    return (
        pieces
        if len(pieces) == 1 and pieces[0] is hit
        else [p for p in pieces if p.end - p.start >= 4 and hit.kind == "ADDRESS"]
    )


def _merge(text: str, hits: list[Hit]) -> list[Finding]:
    """Hits that overlap become one: the kind and rule of the one that holds the other, else of the better score."""
    merged: list[Finding] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        start, end = _strip(text, hit.start, hit.end, hit.kind)
        if start >= end:
            continue
        last = merged[-1] if merged else None
        if last is not None and start < last.end:
            now = Finding(hit.kind, start, end, hit.score, hit.rule)
            best = now if _rank(now, last) > _rank(last, now) else last
            merged[-1] = Finding(best.kind, last.start, max(last.end, end), best.score, best.rule)
        else:
            merged.append(Finding(hit.kind, start, end, hit.score, hit.rule))
    return merged


def _rank(one: Finding, other: Finding) -> tuple[bool, float, int]:
    """What decides between two that overlap; an address holds its postal code, whatever their scores."""
    length, inner = one.end - one.start, other.end - other.start
    return one.start <= other.start and other.end <= one.end and length >= 1.5 * inner, one.score, length


def _strip(text: str, start: int, end: int, kind: Kind) -> tuple[int, int]:
    """Without white space at either side, an address without the sentence's full stop."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or (kind == "ADDRESS" and text[end - 1] in ".,;，；")):
        end -= 1
    return start, end
