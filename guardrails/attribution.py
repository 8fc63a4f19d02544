"""Names that the facts do not know, and values said of the wrong thing.

A small model garbles what it copies ("Knmade Sofa Throw") and gives one product the price of another. Both are
right values or near ones, so comparing values does not see them. English only for names: capitals tell them.
"""
# ruff: noqa: SIM905 - a list of words reads best as text

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

_CAPITALISED: Final = re.compile(r"(?<![\w'’.@/-])[A-Z][A-Za-z'’]*[a-z][A-Za-z'’]*")
_RUN_ON: Final = re.compile(r"[ -](?=[A-Z])")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:;…。！？：；]|\n)[\s\"“'‘(（)）-]*$")
_WORD: Final = re.compile(r"[a-z][a-z'’]*")
# Words that may begin a sentence before a name, and names of time that grounding.py compares as dates.
_OPENERS: Final = frozenset(
    """
    the a an our your my we you it i its this that these those there here yes no and or but for in on at with from to
    of as is are have has do does can could may please sorry thank thanks hello hi good great sure if when what which
    how one all both each order orders product products
    january february march april june july august september october november december jan feb mar apr jun jul aug sep
    sept oct nov dec monday tuesday wednesday thursday friday saturday sunday today tomorrow
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
        known_word = {word, _ENDING.sub("", word)} & (known | _OPENERS)
        if not known_word and not (alone and _SENTENCE_START.search(text, 0, match.start())):
            yield match.group(), match.start(), match.end()


def segments(text: str, lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """What ``text`` says of each line's thing: (line, start, end), from the thing's name to the next name.

    A line is ``key: name, value, …``. A thing that is named twice comes with an empty line the second time:
    nothing more can be said of it.
    """
    folded = text.casefold()
    if len(folded) != len(text):
        return
    named = []
    for line in lines:
        name = re.split(r",\s|，|,(?!\d)", _VALUE.sub("", line), maxsplit=1)[0].casefold()
        named += [(match.start(), line) for match in re.finditer(re.escape(name), folded)] if len(name) > 1 else []
    named.sort()
    seen: set[str] = set()
    for at, (start, line) in enumerate(named):
        end = named[at + 1][0] if at + 1 < len(named) else len(text)
        yield ("" if line in seen else line), start, end
        seen.add(line)
