"""Names in Latin letters.

After a cue (``my name is``, ``Dear``), after a title, two capitalised words of which one is a listed given name,
pinyin names, signatures, a message that is nothing but a name.

Does not see an unlisted name without a cue, nor most names typed in lower case without one.
Names of places built on given names (San Diego, Charlotte Street) and of those who make films, music and books are
left alone.
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re
from collections.abc import Iterator

from guardrails.recognizers.name_lists import FAMILY, GIVEN, NOT_NAMES, PINYIN_FAMILY, WORD_NAMES
from guardrails.recognizers.rule import LATIN as _L
from guardrails.recognizers.rule import Hit, Recognizer, Rule

_WORD = rf"[{_L}][{_L}'’-]{{0,24}}"
_CAP = rf"[A-ZÀ-ÖØ-ÞĀ-Ž](?:[{_L}'’-]{{1,24}}|\.|(?=\s|$))"
_PARTICLE = r"(?:(?:van|von|de|del|della|der|den|da|dos|di|la|le|bin|al|el|ben|ibn|mac|o')\s){0,2}"
_STRONG = re.compile(
    rf"(?i)(?<![{_L}])(?:(?:(?:first|last|full|middle|given|family|sur|user)?\s?name['’]?s?\s?(?:is|was|:|=|on (?:the|my) (?:order|account) is|would be|should be)|name['’]s)|i am called|i go by|call me|called|"
    rf"recipient(?:['’]s name)?(?: is|:)|(?:attn|attention|consignee|addressee|cardholder|contact|signed by|ship to|deliver to|sold to|bill to):|"
    rf"name of|named|under the name(?: of)?|in the name of)\s{{0,2}}[\"'(*]{{0,2}}(?P<v>{_WORD}\.?(?:[\s-]{{1,2}}{_WORD}\.?){{0,4}})"
)
_WEAK = re.compile(
    rf"(?<![{_L}])(?:[Ii]\s?['’]?\s?am|[Ii]['’]m|IM|[Im]m|[Tt]his is|[Ii]t['’]?s|[Ii]t is|[Hh]ere is|[Dd]ear|[Hh]i|[Hh]ello|[Hh]ey|[Rr]egards,?|[Ss]incerely,?|[Cc]heers,?|[Tt]hanks,|[Bb]est,|"
    rf"[Ww]ith|[Tt]o|[Ff]or|[Bb]y|[Ff]rom|[Ss]ee|[Cc]all|[Aa]sk|[Tt]ell|[Nn]amed|[Aa]nd|[Ll]et|[Ww]ant|[Aa]unt|[Uu]ncle|[Cc]ousin|[Ss]ister|[Bb]rother|[Dd]aughter|[Ss]on|[Hh]usband|[Ww]ife|[Mm]om|[Dd]ad|[Ff]riend|[Mm]other|[Ff]ather)"
    rf"[\s:]\s?(?P<v>{_CAP}(?:\s{_PARTICLE}{_CAP}){{0,3}})"
)
_INTRO = re.compile(r"(?i)(?:i\s?['’]?\s?a?m|this is|it['’]?s|it is|dear|regards,?|sincerely,?)[\s:]\s?$")
_OPENING = re.compile(r"(?i)(?:^|[.!?\n]\s*)(?:(?:hi|hello|hey)(?: there)?[,!.]?\s+)?this is\s$")
_OPENING_ENDS = re.compile(r"\s?(?:$|[,.!;\n]|(?:and|here|calling|speaking|writing)\b)")
_TITLED = re.compile(
    rf"(?<![{_L}])(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Sir|Madam|Herr|Frau)\.?\s(?P<v>{_CAP}(?:\s{_PARTICLE}{_CAP}){{0,2}})"
)
_RUN = re.compile(rf"(?<![{_L}\d@._/-]){_CAP}(?:\s{_PARTICLE}{_CAP}){{1,3}}(?![{_L}@]|['’]s\s[A-Z])")
_SINGLE = re.compile(rf"(?<![{_L}\d@._/-]){_CAP}(?![{_L}\d@]|['’]s\s[A-Z])")
_LOWER_PAIR = re.compile(r"(?<![A-Za-z@._/-])(?P<v>[a-z]{2,15}\s[a-z]{2,15})(?![A-Za-z@._/-])")
_ALONE = re.compile(rf"^\s*(?P<v>{_WORD}(?:\s{_WORD}){{1,2}})\s*[.!,]?\s*(?:$|[,\n]|and\s|\d)")
_SYLLABLE = re.compile(
    r"(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|ui|uo|ue|ve|er|a|o|e|i|u|v)",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(
    r"(?i)(?:hotel|product|brand|store|shop|item|restaurant|company|movie|song|event|place|property|file|model|colou?r|pet|dog|cat)(?:['’]s)?\s\w?$"
)
_PLACE_BEFORE = re.compile(
    r"(?:San|Santa|Santo|St|St\.|Saint|Los|Las|Fort|Ft|Port|Mount|Lake|Le|La|El|New|North|South|East|West|The|the|in|near|visit|called)\s$"
)
_PLACE_AFTER = re.compile(
    r"^\s?(?:Street|St\b|Road|Rd|Avenue|Ave|Blvd|Boulevard|Lane|Drive|Court|Square|Park|Hotel|Inn|Plaza|Place|Apartments?|Condos?|House|Airport|Center|Centre|University|College|School|Hospital|"
    r"Theat|Hall|Bar\b|Grill|Cafe|Restaurant|Museum|Beach|City|County|Airlines?|Island|Valley|Bay|Creek|Hills?|Suites?|Resort|Station|[Rr]estaurant|[Mm]ovie|[Hh]otel|['’]s\b|&)"
)
_MAKES = re.compile(
    r"(?i)(?:(?:songs?|tracks?|music|albums?|hits|movies?|films?|novels?|poems?|paintings?|something|anything) by|"
    r"(?:songs?|music|albums?|tracks?) from|(?:directed|written|composed|performed|sung|produced|painted|designed) by|"
    r"starring|featuring|(?:tickets?|seats?|passes) (?:for|to see)|(?:director|author|singer|actor|actress|artist|composer)s? (?:is|are))\s$"
)
"""What is said before the name of somebody who makes films, music or books: public, and what is looked for."""
_SAINTS = frozenset(
    ["san", "santa", "santo", "los", "las", "el", "la", "le", "st", "saint", "fort", "port", "mount", "lake"]
)
_ABBREVIATION = frozenset(["mr", "mrs", "ms", "dr", "st"])


def _clean(text: str, start: int, end: int, strict: bool) -> tuple[int, int] | None:
    """The name's part of ``text[start:end]``: up to the first word that is no name; ``strict`` wants capitals."""
    stop = start
    first = True
    for word in re.finditer(r"[^\s]+", text[start:end]):
        bare = word.group().strip(".,!?\"'*()").lower()
        lower = word.group()[0].islower()
        if bare in NOT_NAMES or (
            strict and lower and not re.fullmatch(_PARTICLE.replace(r"\s", ""), bare) and bare not in GIVEN
        ):
            break
        if not first and not strict and lower and text[start].isupper() and bare not in FAMILY and len(bare) > 3:
            break
        first = False
        stop = start + word.end()
    while (
        stop > start
        and text[stop - 1] in ".,'’-"
        and not (text[stop - 1] == "." and text[stop - 2 : stop - 1].isupper())
    ):
        stop -= 1
    return (start, stop) if stop - start >= 2 else None


def _in_a_name_of_something(text: str, start: int, end: int) -> bool:
    """Whether capitals around a given name make it a place, a shop or a title: San Diego, Carl's Jr., Tina Turner Road."""
    before, after = text[max(0, start - 12) : start], text[end : end + 16]
    return bool(
        _PLACE_BEFORE.search(before)
        or _PLACE_AFTER.match(after)
        or re.search(r"[A-Z][\w'-]*\s(?:(?:of|the|and|with|in|a)\s)?$", before)
        or re.match(r"\s(?:(?:of|the|and|in)\s)?[A-Z]", after)
    )


def _introduces_himself(text: str, start: int, end: int) -> bool:
    """Whether a sentence opens with ``This is`` and the name, and the name ends a clause: nobody says so of goods."""
    return bool(_OPENING.search(text[:start]) and _OPENING_ENDS.match(text[end:]))


def _makes(text: str, start: int) -> bool:
    """Whether the name at ``start`` is said to be a director's, a singer's, an author's."""
    return bool(_MAKES.search(text[max(0, start - 32) : start]))


def _known(name: str) -> int:
    """How many words of the name are listed given or family names."""
    return sum(word.strip(".,").lower() in GIVEN or word.strip(".,").lower() in FAMILY for word in name.split())


def _has_given(name: str) -> bool:
    return any(word.strip(".,").lower() in GIVEN for word in name.split())


def _is_name_alone(name: str) -> bool:
    """Whether a message may be nothing but this name: capitals and one listed given name, or every word listed."""
    words = name.split()
    if all(word[0].isupper() for word in words):
        return (
            any(word.lower() in GIVEN - WORD_NAMES for word in words) or _known(name) == len(words) or _is_pinyin(name)
        )
    return _known(name) == len(words)


def _is_pinyin(name: str) -> bool:
    parts = name.lower().split()
    if len(parts) not in (2, 3) or not all(_syllables(part) for part in parts):
        return False
    return parts[0] in PINYIN_FAMILY or (len(parts) == 2 and parts[1] in PINYIN_FAMILY)


def _syllables(word: str) -> bool:
    """Whether the word is one or two syllables of pinyin, a hyphen between them allowed."""
    pieces = word.replace("'", "-").split("-")
    return len(word) <= 12 and all(
        re.fullmatch(f"(?:{_SYLLABLE.pattern}){{1,2}}", piece, re.IGNORECASE) for piece in pieces if piece
    )


class PersonEn(Recognizer):
    """Names in Latin letters."""

    def find(self, text: str) -> Iterator[Hit]:
        """Values in normalised text."""
        yield from self._after_cues(text)
        yield from self._without_cue(text)

    def _after_cues(self, text: str) -> Iterator[Hit]:
        for match in _STRONG.finditer(text):
            span = _clean(text, *match.span("v"), strict=False)
            if span and not _OF_A_THING.search(text[max(0, match.start() - 16) : match.start() + 1]):
                sure = (
                    text[span[0]].isupper()
                    or _known(text[span[0] : span[1]]) > 0
                    or "name" in match.group()[:24].lower()
                )
                called = re.match(r"(?i)called|named|name of", match.group())
                if sure and not (called and not _has_given(text[span[0] : span[1]])):
                    yield Hit("PERSON", *span, 0.85, "person_en.cue")
        for match in _WEAK.finditer(text):
            yield from self._weak(text, match)
        for match in _TITLED.finditer(text):
            span = _clean(text, *match.span("v"), strict=True)
            if span and not _PLACE_AFTER.match(text[span[1] :]):
                yield Hit("PERSON", *span, 0.8, "person_en.title")

    def _weak(self, text: str, match: re.Match[str]) -> Iterator[Hit]:
        span = _clean(text, *match.span("v"), strict=True)
        if not span or _PLACE_AFTER.match(text[span[1] :]):
            return
        name = text[span[0] : span[1]]
        intro = _INTRO.search(text[max(0, match.start("v") - 16) : match.start("v")])
        first = name.split()[0].lower()
        if first in _SAINTS or (name.lower() in WORD_NAMES and not intro) or _makes(text, span[0]):
            return
        if _has_given(name) or _is_pinyin(name):
            yield Hit("PERSON", *span, 0.7, "person_en.weak_cue")
        elif len(name.split()) in (2, 3) and _introduces_himself(text, *span):
            yield Hit("PERSON", *span, 0.65, "person_en.opening")
        elif intro and len(name.split()) in (2, 3) and not re.match(r"(?i)it|this", intro.group()):
            yield Hit("PERSON", *span, 0.6, "person_en.introduced")

    def _without_cue(self, text: str) -> Iterator[Hit]:
        alone = _ALONE.match(text)
        if alone:
            span = _clean(text, *alone.span("v"), strict=False)
            name = text[span[0] : span[1]] if span else ""
            if span and span[1] == alone.end("v") and _is_name_alone(name):
                yield Hit("PERSON", *span, 0.7, "person_en.alone")
        for match in _RUN.finditer(text):
            yield from self._run(text, *match.span())
        for match in _SINGLE.finditer(text):
            start, end = match.span()
            known = match.group().lower() in GIVEN - WORD_NAMES and not _makes(text, start)
            if known and not _in_a_name_of_something(text, start, end):
                yield Hit("PERSON", start, end, 0.5, "person_en.single")
        for match in _LOWER_PAIR.finditer(text):
            first, second = match.group("v").split()
            if first in GIVEN and second in FAMILY:
                yield Hit("PERSON", *match.span("v"), 0.6, "person_en.lower_pair")

    def _run(self, text: str, start: int, end: int) -> Iterator[Hit]:
        words = list(re.finditer(r"\S+", text[start:end]))
        while words and words[0].group().strip(".,").lower() in NOT_NAMES | _ABBREVIATION:
            words.pop(0)
        while words and words[-1].group().strip(".,").lower() in NOT_NAMES and len(words[-1].group()) > 1:
            words.pop()
        if len(words) < 2:
            return
        begin, stop = start + words[0].start(), start + words[-1].end()
        if text[stop - 1] == "." and not text[stop - 2 : stop - 1].isupper():
            stop -= 1
        name = text[begin:stop]
        if (
            _PLACE_BEFORE.search(text[max(0, begin - 8) : begin])
            or _PLACE_AFTER.match(text[stop:])
            or _makes(text, begin)
        ):
            return
        parts = [word.lower().strip(".,") for word in name.split()]
        if any(part in NOT_NAMES and len(part) > 1 for part in parts) or parts[0] in _SAINTS:
            return
        telling = any(part in GIVEN - WORD_NAMES for part in parts)
        if telling or (parts[0] in GIVEN and parts[-1] in FAMILY) or _is_pinyin(name):
            yield Hit("PERSON", begin, stop, 0.6, "person_en.given_name")


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    marker = Rule("person_en", "PERSON", re.compile(r"(?!)"), 0.0)  # tells Presidio the kind
    return PersonEn("person_en", (marker,), language)
