"""Where a text may be cut so that each piece can be judged by itself: the same places however it arrives.

A cut depends on the characters up to it only. Behind a digit, a capital, a cue word or an open ``<`` nothing is cut
until enough plain words follow or the sentence ends, so a value is not torn apart; behind a digit a word that stands in
no address or number ends the wait. Chinese is cut at its
punctuation. It knows nothing of findings; a value longer than ``MAX_CHARS`` is judged in parts.
"""
# ruff: noqa: SIM905 - word lists read as text

import re
from typing import Final

from guardrails import handles

MAX_CHARS: Final = 200
CONTEXT_CHARS: Final = 48
"""How much of the text before a piece its judge may read."""

_CUES: Final = frozenset(
    """
    name name's names called named recipient attn contact password passwd passcode pin code wechat qq
    phone tel mobile whatsapp email e-mail mail address zip postcode postal box key token secret bearer
    account card live ship deliver send born birth birthday dob at dot ssn security passport plate id
    dear iban bank cvv otp instagram telegram skype facebook alipay
    """.split()
)
_ENDS_NUMBER: Final = frozenset(
    """
    days day hours hour minutes minute weeks week months month years year business working items item pieces piece
    pairs pair people person stars percent cm mm kg ml inches inch dollars euros pounds yuan times points reviews
    am pm a.m p.m
    and or but so if when which that this these those because while is are was were be been has have had will would can
    could may might should must do does did you your yours we our us it its he she they them their i my me
    with without for from to into by as than then also only not please thanks thank more less about including
    """.split()
)
"""Behind a number these say that no address and no telephone number goes on."""
_NUMBER_ALONE: Final = re.compile(
    r"[(\"']?(?:[$€£¥]\d[\d,]*(?:\.\d{1,2})?|\d{1,3}(?:\.\d{1,2})?%|\d{1,3}\.\d{1,2}|\d{1,2}:\d\d(?:am|pm)?|\d{1,2}(?:am|pm)|<[A-Za-z]+_\d+>)[)\"'.,!?;:]*"
)
_HOLD_ALONE: Final = 1
_HOLD_VALUE: Final = 3
_HOLD_CUE: Final = 4
_HOLD_CAPITAL: Final = 2
_VALUE: Final = re.compile(r"[0-9@<>_/:\uff10-\uff19]")
_SENTENCE_END: Final = frozenset("\n\r。！？；，、")
_OPEN: Final = frozenset("<\uff1c\u3008\u300a")
_CLOSE: Final = frozenset(">\uff1e\u3009\u300b")
_HANDLE_BEGUN: Final = re.compile(r"[<\uff1c\u3008\u300a]\s?[A-Za-z]{0,9}\s?[_\uff3f]?\s?[0-9]{0,5}\s?")
_AFTER_CLOSE: Final = 5  # a handle's variation selectors


class Cutter:
    """Reads a text character by character and says where a piece ends."""

    def __init__(self) -> None:
        self._word: list[str] = []
        self._begun = ""  # a handle that may be under way
        self._number = 0  # words to wait behind a digit
        self._other = 0  # words to wait behind a cue or a capital
        self._length = 0
        self._since_close = _AFTER_CLOSE

    def push(self, char: str) -> int | None:
        """Reads one character. A number says: the piece ends that many characters before the end of what was read."""
        self._length += 1
        self._follow_handle(char)
        if self._begun:
            return self._forced()
        if char in _SENTENCE_END:
            self._word.clear()
            return self._cut(0)
        if char.isspace():
            self._end_word()
            return self._cut(0) if self._number <= 0 and self._other <= 0 else self._forced()
        self._word.append(char)
        return self._forced()

    def _follow_handle(self, char: str) -> None:
        self._since_close += 1
        if char in _CLOSE:
            self._since_close = 0
        if char in _OPEN:
            self._begun = char
        elif self._begun:
            self._begun += char
            if not _HANDLE_BEGUN.fullmatch(self._begun) or len(self._begun) > handles.MAX_CHARS:
                self._word.extend(self._begun[:-1])
                self._begun = ""

    def _end_word(self) -> None:
        word = "".join(self._word)
        self._word.clear()
        if not word:
            return
        plain = word.strip(".,!?;:'\"()*").lower()
        if word[-1] in ".!?" and not (word[0].isupper() and len(word) <= 5):
            self._number = self._other = 0
            return
        self._number -= 1
        self._other -= 1
        if _NUMBER_ALONE.fullmatch(word):
            self._number = max(self._number, _HOLD_ALONE)
        elif _VALUE.search(word):
            self._number = _HOLD_VALUE
        elif plain in _CUES:
            self._other = max(self._other, _HOLD_CUE)
        elif plain in _ENDS_NUMBER:
            self._number = 0
        elif word[0].isupper() or not word.isascii():
            self._other = max(self._other, _HOLD_CAPITAL)

    def _forced(self) -> int | None:
        """A piece that has grown too long ends here, never inside what may be a handle or right behind one."""
        if self._length - len(self._begun) < MAX_CHARS or self._since_close < _AFTER_CLOSE:
            return None
        return self._cut(len(self._begun))

    def _cut(self, keep: int) -> int:
        self._number = max(self._number, 0) if keep else 0
        self._other = max(self._other, 0) if keep else 0
        self._length = keep
        return keep


def pieces(text: str) -> list[tuple[int, int]]:
    """The whole text cut up: starts and ends, without gaps."""
    cutter = Cutter()
    ends: list[int] = []
    for index, char in enumerate(text):
        keep = cutter.push(char)
        if keep is not None:
            ends.append(index + 1 - keep)
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    return [(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end]
