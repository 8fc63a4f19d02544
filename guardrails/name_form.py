"""What belongs to a name beside its words: the title before it, degree and initial after it.

With them a name is one person of a town: ``Dr. Ada Lin, LCSW``. A title alone is nobody's.
"""

import re
from typing import Final

from guardrails.recognizers.rule import Hit

_TITLE: Final = re.compile(
    r"(?i)(?<![^\W_])(?:mrs?|ms|mx|miss|dr|prof(?:essor)?|aunt(?:ie|y)?|uncle|grand(?:ma|pa)|granny)\.?[ ]$"
)
_LONGEST_TITLE: Final = 12
_DEGREES: Final = (
    r"M\.?D|D\.?D\.?S|D\.?M\.?D|Ph\.?D|Psy\.?D|Ed\.?D|LCSW|L?MFT|LPC|PT|DPT|DO|DC|OD|DVM|RN|NP|PA|MS|MSW|MA|JD|Esq|CPA|"
    r"Jr|Sr|I{2,3}|IV"
)
_AFTER_COMMA: Final = rf",[ ](?i:{_DEGREES}|psychologist|psychiatrist|attorney)\.?"
_AFTER_SPACE: Final = rf"[ ](?:{_DEGREES}|Lcsw|Mft)\.?"
_DEGREE: Final = re.compile(rf"(?:(?:{_AFTER_COMMA}|{_AFTER_SPACE})(?![^\W_])){{1,2}}")
_INITIAL: Final = re.compile(r"(?<=[^\W\d_][ ])(?:[A-HJ-Z]\.?|[b-hj-z])(?![^\W_]|['’])")
_WORDS: Final = re.compile(r"[^\W\d_][ ][^\W\d_]")


def widened(text: str, hit: Hit) -> Hit:
    """The hit with title, initial and degree of the name it is; a hit of another kind as it came."""
    if hit.kind != "PERSON":
        return hit
    start, end = hit.start, hit.end
    title = _TITLE.search(text[max(0, start - _LONGEST_TITLE) : start])
    if title:
        start -= title.end() - title.start()
    if _WORDS.search(text, hit.start, end) and text[end : end + 1] == " " and (more := _INITIAL.match(text, end + 1)):
        end = more.end()
    if degree := _DEGREE.match(text, end):
        end = degree.end()
    return Hit(hit.kind, start, end, hit.score, hit.rule)
