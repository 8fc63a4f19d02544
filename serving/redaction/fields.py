r"""Which texts of a record are meant: ``text``, ``message.text``, ``messages.*.content``, ``turns.0.text``.

A name may hold a dot written as ``\.``; ``*`` is every element of a list. Behind a ``*`` an element may lack the text
(an assistant's message that only calls a tool has ``null``), but a line in which no element has it is at fault, as is
anything that is there and no text: a misspelt field must not pass unread.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

MAX_STEPS: Final = 16
RESERVED: Final = frozenset({"findings", "redacted"})
_SEPARATOR: Final = re.compile(r"(?<!\\)\.")


class FieldError(ValueError):
    """A field that cannot be read: as it was asked for, or in one record; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    """The way to a text, or to one per element of a list."""

    steps: tuple[str, ...]

    @property
    def many(self) -> bool:
        """Whether it may lead to more than one text."""
        return "*" in self.steps

    def __str__(self) -> str:
        return spelled(self.steps)


@dataclass(frozen=True, slots=True)
class Place:
    """One text of a record and the way to it."""

    keys: tuple[str | int, ...]
    text: str

    @property
    def path(self) -> str:
        """The way as ``--field`` spells it."""
        return spelled(self.keys)


def spelled(steps: tuple[str | int, ...]) -> str:
    """Steps as one word."""
    return ".".join(str(step).replace(".", r"\.") for step in steps)


def parse(word: str) -> Field:
    """The field that ``word`` names.

    Raises:
        FieldError: ``field_invalid`` or ``field_reserved``.
    """
    steps = tuple(step.replace(r"\.", ".") for step in _SEPARATOR.split(word))
    if not all(steps) or len(steps) > MAX_STEPS or steps[0] == "*":
        raise FieldError("field_invalid")
    if steps[0] in RESERVED:
        raise FieldError("field_reserved")
    return Field(steps)


def places(record: dict[str, Any], field: Field) -> list[Place]:
    """The texts that ``field`` leads to.

    Raises:
        FieldError: ``field_missing`` or ``not_text``.
    """
    walk = _Walk(field.steps)
    walk.go(record, 0, (), behind_star=False)
    if not walk.found and not walk.nothing_to_read:
        raise FieldError("field_missing")
    return walk.found


def put(record: dict[str, Any], keys: tuple[str | int, ...], text: str) -> None:
    """Writes ``text`` where ``keys`` lead."""
    holder: Any = record
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = text


class _Walk:
    """One walk through a record."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self._steps = steps
        self.found: list[Place] = []
        self.nothing_to_read = False  # an empty list, or a text that is null behind a star

    def go(self, value: Any, at: int, keys: tuple[str | int, ...], *, behind_star: bool) -> None:
        if value is None and behind_star:
            self.nothing_to_read = True
        elif at == len(self._steps):
            if not isinstance(value, str):
                raise FieldError("not_text")
            self.found.append(Place(keys, value))
        elif self._steps[at] == "*":
            if not isinstance(value, list):
                raise FieldError("field_missing")
            self.nothing_to_read |= not value
            for number, element in enumerate(value):
                self.go(element, at + 1, (*keys, number), behind_star=True)
        else:
            self._step(value, at, keys, behind_star)

    def _step(self, value: Any, at: int, keys: tuple[str | int, ...], behind_star: bool) -> None:
        step = self._steps[at]
        if isinstance(value, dict):
            if step in value:
                self.go(value[step], at + 1, (*keys, step), behind_star=behind_star)
            elif not behind_star:
                raise FieldError("field_missing")
        elif isinstance(value, list) and step.isdecimal() and step.isascii() and int(step) < len(value):
            self.go(value[int(step)], at + 1, (*keys, int(step)), behind_star=behind_star)
        else:
            raise FieldError("field_missing")
