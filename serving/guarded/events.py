"""Server-sent events from bytes, as the WHATWG standard reads them: only the data of each event.

Sans-IO: for every way of cutting the bytes the events are the same, inside a character too. Lines end in CR, LF or
CRLF and nowhere else (``str.splitlines`` would also cut at U+2028, which may stand in JSON).
Source: HTML standard, section 9.2 (server-sent events).
"""

import codecs
from typing import Final

MAX_EVENT_CHARS: Final = 4_000_000


class EventTooLong(ValueError):
    """An event is longer than is read."""


class EventReader:
    """``feed`` bytes; each call gives the data of the events that are complete by then."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line: list[str] = []
        self._data: list[str] = []
        self._after_cr = False
        self._chars = 0

    def feed(self, chunk: bytes) -> list[str]:
        """Data of the events that end in this chunk.

        Raises:
            EventTooLong: an event does not end.
        """
        events = []
        for char in self._decoder.decode(chunk):
            after_cr, self._after_cr = self._after_cr, char == "\r"
            if char == "\n" and after_cr:
                continue
            if char not in "\r\n":
                self._line.append(char)
                self._chars += 1
                if self._chars > MAX_EVENT_CHARS:
                    raise EventTooLong(f"an event has more than {MAX_EVENT_CHARS} characters")
            elif (event := self._end_line()) is not None:
                events.append(event)
        return events

    def _end_line(self) -> str | None:
        line = "".join(self._line).removeprefix("\ufeff")
        self._line.clear()
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        data, self._data, self._chars = self._data, [], 0
        return "\n".join(data) if data else None
