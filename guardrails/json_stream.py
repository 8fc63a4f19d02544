"""JSON that a model writes, on its way to whoever runs the tool: handles become values inside strings, escaped anew.

Sans-IO. The result is the same for every way of cutting, and for JSON it is JSON: equal to ``json_values.reveal`` of
the whole. Strings are given out as they come, as far as their own stream lets go; keys, numbers and what may stand
for a number when they end. A bare ``<PHONE_1>`` becomes a string or a number. Behind the first thing that is no JSON
the rest is treated as plain text. Escapes come out in one spelling, so the text may differ where the JSON does not.
"""

import re
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

from guardrails import handles
from guardrails.json_values import MAX_NUMBER_CHARS, NUMBER, as_number, cue, escape, may_be_number

_ENDS_ATOM: Final = frozenset('{}[],:" \t\r\n')
_BEGINS_ATOM: Final = frozenset("-0123456789tfnNI<\uff1c\u3008\u300a")
_WORDS: Final = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
_MAX_ATOM: Final = 400
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
_HEX: Final = re.compile(r"[0-9A-Fa-f]{4}")


class TextStream(Protocol):
    """A reply under way, as ``stream.RevealStream`` is one."""

    def feed(self, delta: str) -> str:
        """What may go out now."""

    def finish(self) -> str:
        """The rest."""


OpenStream: TypeAlias = Callable[[str], TextStream]
"""Begins a text, given what is read before it."""


class JsonRevealStream:
    """One JSON text under way: ``feed`` deltas, then ``finish``."""

    def __init__(self, open_text: OpenStream) -> None:
        self._open_text = open_text
        self._mode: Literal["between", "string", "atom", "text"] = "between"
        self._levels: list[_Level] = []
        self._string = _String(open_text, "", key=False)
        self._atom = ""
        self._text = open_text("")

    def feed(self, delta: str) -> str:
        """What may go out now.

        Raises:
            GuardError: the rest must not be sent.
        """
        return "".join(map(self._push, delta))

    def finish(self) -> str:
        """The rest; a string that the model did not end stays open."""
        match self._mode:
            case "string":
                return self._string.cut_off()
            case "atom":
                return self._end_atom() + self._text.finish()
            case "text":
                return self._text.finish()
            case _:
                return ""

    def _push(self, char: str) -> str:
        match self._mode:
            case "text":
                return self._text.feed(char)
            case "string":
                out, ended = self._string.push(char)
                if ended:
                    self._mode = "between"
                    if self._string.key:
                        self._levels[-1].key = self._string.raw
                return out
            case "atom":
                if char in _ENDS_ATOM:
                    return self._end_atom() + self._push(char)
                self._atom += char
                return self._become_text() if len(self._atom) > _MAX_ATOM else ""
            case _:
                return self._between(char)

    def _between(self, char: str) -> str:
        if char == '"':
            level = self._levels[-1] if self._levels else None
            key = level is not None and level.is_object and not level.has_key
            self._string = _String(self._open_text, "" if key else self._context, key=key)
            self._mode = "string"
            return ""
        if char not in _ENDS_ATOM:
            self._mode, self._atom = "atom", char
            return "" if char in _BEGINS_ATOM else self._become_text()
        self._follow(char)
        return char

    def _follow(self, char: str) -> None:
        top = self._levels[-1] if self._levels else None
        if char in "{[":
            self._levels.append(_Level(char == "{", self._context))
        elif char in "}]" and self._levels:
            self._levels.pop()
        elif char == ":" and top:
            top.has_key = True
        elif char == "," and top:
            top.has_key = False

    @property
    def _context(self) -> str:
        """What is read before the value that comes now."""
        if not self._levels:
            return ""
        top = self._levels[-1]
        return cue(top.key) if top.is_object else top.context

    def _end_atom(self) -> str:
        atom, self._mode = self._atom, "between"
        if atom in _WORDS:
            return atom
        if NUMBER.fullmatch(atom) or handles.parse(atom):
            shown = self._whole(atom, self._context)
            return shown if NUMBER.fullmatch(shown) else f'"{escape(shown)}"'
        self._atom = atom
        return self._become_text()

    def _become_text(self) -> str:
        self._mode = "text"
        return self._text.feed(self._atom)

    def _whole(self, text: str, context: str) -> str:
        stream = self._open_text(context)
        return stream.feed(text) + stream.finish()


class _Level:
    """An object or array that is open."""

    def __init__(self, is_object: bool, context: str) -> None:
        self.is_object = is_object
        self.context = context
        self.key = ""
        self.has_key = False


class _String:
    """One JSON string under way, from behind its first quote."""

    def __init__(self, open_text: OpenStream, context: str, *, key: bool) -> None:
        self._open_text = open_text
        self._context = context
        self._stream: TextStream | None = None
        self._escapes = _Escapes()
        self.key = key
        self.raw = ""
        """What the model wrote: all of a key, of a value the part that waits."""

    def push(self, char: str) -> tuple[str, bool]:
        """What may go out, and whether the string has ended."""
        text, ended = self._escapes.push(char)
        out = self._feed(text) if text else ""
        return (out + self._end(), True) if ended else (out, False)

    def cut_off(self) -> str:
        """The rest where no closing quote came. An unfinished escape is left out."""
        begun = self._begin() if self._stream is None else ""
        return begun + escape(self._stream.finish() if self._stream else "")

    def _feed(self, text: str) -> str:
        if self._stream is not None:
            return escape(self._stream.feed(text))
        self.raw += text
        return "" if self.key or may_be_number(self.raw) else self._begin()

    def _begin(self) -> str:
        self._stream = self._open_text(self._context)
        return '"' + escape(self._stream.feed(self.raw))

    def _end(self) -> str:
        begun = ""
        if self._stream is None:
            number = None if self.key else as_number(self.raw, self._reveal)
            if number is not None:
                return number
            begun = self._begin()
        return f'{begun}{escape(self._stream.finish() if self._stream else "")}"'

    def _reveal(self, text: str) -> str:
        stream = self._open_text(self._context)
        return stream.feed(text) + stream.finish()


class _Escapes:
    """Reads the inside of a JSON string: escapes become characters, surrogate pairs one. Unknown escapes stay."""

    def __init__(self) -> None:
        self._pending = ""  # an escape under way
        self._high = ""  # the first half of a pair

    def push(self, char: str) -> tuple[str, bool]:
        """Characters that are complete now, and whether this was the closing quote."""
        if not self._pending:
            if char == '"':
                return self._flush(""), True
            if char == "\\":
                self._pending = char
                return "", False
            return self._flush(char), False
        self._pending += char
        escape_ = self._pending
        if escape_[1] != "u":
            self._pending = ""
            return self._flush(_SHORT.get(escape_[1], escape_)), False
        if len(escape_) < 6:
            return "", False
        self._pending = ""
        if not _HEX.fullmatch(escape_[2:]):
            return self._flush(escape_), False
        return self._unit(chr(int(escape_[2:], 16))), False

    def _unit(self, char: str) -> str:
        if "\ud800" <= char <= "\udbff":
            before, self._high = self._high, char
            return before
        if self._high and "\udc00" <= char <= "\udfff":
            pair, self._high = self._high + char, ""
            return pair.encode("utf-16", "surrogatepass").decode("utf-16")
        return self._flush(char)

    def _flush(self, text: str) -> str:
        before, self._high = self._high, ""
        return before + text


assert MAX_NUMBER_CHARS > handles.MAX_CHARS  # noqa: S101 - a number's handle and its mark fit
