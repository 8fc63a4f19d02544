"""Names that the facts do not know, and values said of the wrong thing.

A small model garbles what it copies ("Knmade Sofa Throw") and gives one product the price of another. Both are
right values or near ones, so comparing values does not see them. English only for names: capitals tell them.
"""
# ruff: noqa: SIM905 - a list of words reads best as text

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import Final

_CAPITALISED: Final = re.compile(r"(?<![\w'’.@/-])[A-Z][A-Za-z'’]*[a-z][A-Za-z'’]*")
# an id or a word in capitals that follows makes no name of a word: "Enter SAVE10"
_RUN_ON: Final = re.compile(r"[ -](?=[A-Z][A-Za-z'’]*[a-z])")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:;…。！？：；]|\n)[\s\"“'‘(（)）-]*$")
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)|[。！？\n]")
_PRICE_BEFORE: Final = re.compile(
    r"[¥￥$€£]?\s?\d[\d,.]*\s?(?:元|美元|英镑|欧元|块|yuan|dollars?|euros?)?(?:的|(?<=[\d,.])\s)$"
)
_WORD: Final = re.compile(r"[a-z][a-z'’]*")
# Words that may begin a sentence before a name, and names of time that grounding.py compares as dates.
_OPENERS: Final = frozenset(
    """
    the a an our your my we you it i its this that these those there here yes no and or but for in on at with from to
    of as is are have has do does can could may please sorry thank thanks hello hi good great sure if when what which
    how one all both each order orders product products then so also still just only currently meanwhile unfortunately
    try choose take consider see use enter get pick look call reach visit ask check follow quote send add select apply
    with within until till before after by between during under over about around since because while though although
    depending every any some most many more less another other besides plus instead either neither would will should
    good great perfect nice well okay ok sure certainly absolutely indeed welcome my his her their he she they expect
    two three four five six seven eight nine ten size sizes price prices delivery shipping payment refund refunds
    standard express free members member dear sir madam tell let know remember note want need looking new now today
    available recommended alternatively additionally finally first second third last next once
    january february march april june july august september october november december jan feb mar apr jun jul aug sep
    sept oct nov dec monday tuesday wednesday thursday friday saturday sunday today tomorrow
    mon tue tues wed thu thur thurs fri sat sun
    """.split()
)
_ENDING: Final = re.compile(r"['’](?:s|m|d|ve|ll|re)?$")
_VALUE: Final = re.compile(r"^[a-z0-9 ]{1,24}:\s*")


def unknown_names(text: str, facts: str, allowed: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Capitalised words of ``text`` (word, start, end) that neither ``facts`` nor an allowed name has.

    The first word of a sentence counts only where a capitalised one follows it.
    """
    known = set(_WORD.findall(facts.casefold())) | {w for name in allowed for w in _WORD.findall(name.casefold())}
    for match in _CAPITALISED.finditer(text):
        word = match.group().casefold()
        alone = not _RUN_ON.match(text, match.end())
        known_word = {word, _ENDING.sub("", word), word.removesuffix("s")} & (known | _OPENERS)
        if not known_word and not (alone and _SENTENCE_START.search(text, 0, match.start())):
            yield match.group(), match.start(), match.end()


def segments(text: str, lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """What ``text`` says of each line's thing: (line, start, end).

    A line is ``key: name, value, …``. A sentence with one name is about it from its beginning; with several, and after
    it until the next name, about the one before. A thing that is named twice in a sentence comes with an empty line the
    second time: nothing more can be said of it.
    """
    folded = text.casefold()
    if len(folded) != len(text):
        return
    named = sorted(set(_named(folded, lines)))
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    seen: set[tuple[int, str]] = set()
    for at, (name, line) in enumerate(named):
        sentence = _sentence(ends, name)
        alone = at == 0 or _sentence(ends, named[at - 1][0]) != sentence
        start = ends[sentence] if alone else _with_price(text, name)
        end = len(text)
        if at + 1 < len(named):
            following = named[at + 1][0]
            same = _sentence(ends, following) == sentence
            end = _with_price(text, following) if same else ends[_sentence(ends, following)]
        if start < end:  # two lines may have one name
            yield ("" if (sentence, line) in seen else line), start, end
        seen.add((sentence, line))


def _with_price(text: str, name: int) -> int:
    """Where a name begins, with the price that is said of it before: "the $55 Adapter", 55元的转换头."""
    match = _PRICE_BEFORE.search(text, max(0, name - 24), name)
    return match.start() if match else name


def _named(folded: str, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    for line in lines:
        name = re.split(r",\s|，|,(?!\d)", _VALUE.sub("", line), maxsplit=1)[0].casefold()
        if len(name) > 1:
            yield from ((match.start(), line) for match in re.finditer(re.escape(name), folded))


def _sentence(ends: Sequence[int], at: int) -> int:
    """The number of the sentence that holds a place."""
    return max(bisect_right(ends, at) - 1, 0)
