"""A bare postal code right behind a name: what people type who are asked for both (``Maria Lopez, 33139``).

Alone such a number is anything; behind a name, with nothing after it but the end of the clause, it tells where somebody
lives. Does not see a code before its name, nor one with a word in between (``postal.py`` knows the cue words).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from guardrails.recognizers.rule import Hit

_CODE: Final = re.compile(
    r"[ ]?(?:[,，、;；/+&]|and(?= )|和|跟|还有)?[ ]{0,2}(?P<v>\d{5}(?:-\d{4})?|\d{6})"
    r"(?=[ ]?(?:$|[.,;!?，。；！？)\n]))(?![.,]\d)"
)
SCORE: Final = 0.7


def postal_codes(text: str, hits: Iterable[Hit]) -> Iterator[Hit]:
    """Postal codes behind the names among ``hits``, in the same text."""
    for hit in hits:
        if hit.kind == "PERSON" and (found := _CODE.match(text, hit.end)):
            yield Hit("POSTAL_CODE", *found.span("v"), SCORE, "postal.beside_name")
