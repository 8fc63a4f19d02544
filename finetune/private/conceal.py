"""One dialogue → cases without personal values: the guard reads every message, labels follow the text.

Handles count within the dialogue, as they would have when the customer wrote. A label's value that stood in the text as
a personal value becomes the same handle; one that can be found in neither text nor context as the model would see them
makes the example unusable. It does not know files or processes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from finetune.corpus.notation import Lang
from finetune.private.transcripts import Dialogue, Label, Message
from guardrails import handles
from guardrails.findings import Origin, VaultOwner
from guardrails.guard import Guardrails

_PERSONAL_SLOTS: Final = frozenset({"name", "email", "postal_code", "address", "payment"})
_FREE_TEXT: Final = ("order", "query", "value")
_MAX_VALUES: Final = {"order": 24, "query": 80, "value": 48}
_MAX_CLEAN: Final = 20_000


class UnusableExample(Exception):
    """A label that does not fit the concealed text."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as the model would read it, with the values behind its handles."""

    text: str
    values: Mapping[str, str]

    def holds(self, value: str) -> bool:
        return bool(_whole(value).search(self.text))

    def lacks(self, value: str) -> str:
        """The words of a label that do not stand in the text: the others were read there, where they mean more."""
        return " ".join(word for word in value.split() if not self.holds(word))


class DialogueConcealer:
    """Conceals dialogues one after the other; keeps no value beyond a dialogue."""

    def __init__(self, guard: Guardrails) -> None:
        self._guard = guard
        self._clean: set[str] = set()
        self._dialogues = 0
        self._stored = False

    def cases(self, dialogue: Dialogue, drawn: Iterable[int], *, concealed: bool) -> tuple[list[dict[str, Any]], int]:
        """Cases of the drawn messages, and how many of them were unusable. ``concealed`` texts are taken as they are.

        Raises:
            GuardError: a message could not be concealed; nothing of the customer may be used.
        """
        wanted = sorted(drawn)
        self._dialogues += 1
        owner = VaultOwner(f"visitor:training-{self._dialogues}")
        cases: list[dict[str, Any]] = []
        try:
            for n, message in enumerate(dialogue.messages[: wanted[-1] + 1]):
                seen = _Seen(message.content, {}) if concealed else self._seen(owner, message, dialogue.lang)
                if n not in wanted:
                    continue
                try:
                    made = self._case(owner, message, seen, concealed)
                except UnusableExample:
                    continue
                cases.append({"task": "understand", "lang": dialogue.lang, **made})
        finally:
            if self._stored:
                self._guard.forget(owner)
                self._stored = False
        return cases, len(wanted) - len(cases)

    def close(self) -> None:
        """Closes the guard's vault."""
        self._guard.close()

    def personal(self, dialogue: Dialogue) -> list[str]:
        """Kinds of the values that the guard finds in a dialogue that claims to be concealed.

        Raises:
            GuardError: the dialogue could not be read in full.
        """
        texts: list[str] = []
        for message in dialogue.messages:
            read = [message.content, *message.context.offered, message.context.topic or ""]
            visible = _Seen(" ".join(read), {})
            labels = (value for label in message.commands or () for value in (label.order, label.query, label.value))
            texts += [*read, *(visible.lacks(value) for value in labels if value)]
        kinds = {finding.kind for text in texts if text not in self._clean for finding in self._guard.analyze(text)}
        if not kinds:
            self._remember(*(text for text in texts if len(text) < 64))
        return sorted(kinds)

    def _case(self, owner: VaultOwner, message: Message, seen: _Seen, concealed: bool) -> dict[str, Any]:
        context = message.context.model_dump()
        if not concealed:
            context["offered"] = [self._field(owner, name) for name in message.context.offered]
            context["topic"] = self._field(owner, message.context.topic or "") or None
        around = " ".join([seen.text, *context["offered"], context["topic"] or ""])
        visible = _Seen(around, seen.values)
        commands = [self._command(owner, label, visible, concealed) for label in message.commands or ()]
        return {"context": context, "text": seen.text, "commands": commands}

    def _command(self, owner: VaultOwner, label: Label, visible: _Seen, concealed: bool) -> dict[str, Any]:
        command = label.to_json()
        for field in _FREE_TEXT:
            if field not in command:
                continue
            value = command[field]
            if not concealed:
                value = self._value(owner, value, visible, personal=label.slot in _PERSONAL_SLOTS)
            if not handles.named(value) <= handles.named(visible.text) or len(value) > _MAX_VALUES[field]:
                raise UnusableExample(field)
            command[field] = value
        return command

    def _value(self, owner: VaultOwner, value: str, visible: _Seen, *, personal: bool) -> str:
        """A label's value as the concealed text has it."""
        replaced = _with_handles(value, visible.values) if personal or not visible.holds(value) else value
        if replaced == value and visible.holds(value):
            return value
        if personal and replaced == value:
            raise UnusableExample("a personal value that is not in the text")
        unread = visible.lacks(replaced)
        if self._field(owner, unread) != unread:
            raise UnusableExample("a personal value that is not in the text")
        return replaced

    def _seen(self, owner: VaultOwner, message: Message, lang: Lang) -> _Seen:
        origin: Origin = "customer" if message.role == "user" else "record"
        text = self._guarded(owner, message.content, origin, lang)
        found = {text[start:end] for start, end, _ in handles.find(text)}
        opened = {handle: self._guard.open(owner, handle) for handle in found} if origin == "customer" else {}
        return _Seen(text, {value: handle for handle, value in opened.items()})

    def _field(self, owner: VaultOwner, text: str) -> str:
        """A short text around the message; in most nothing is found, and those are read once."""
        if not text or text in self._clean:
            return text
        concealed = self._guarded(owner, text, "record", None)
        if concealed == text and not handles.named(text):
            self._remember(text)
        return concealed

    def _guarded(self, owner: VaultOwner, text: str, origin: Origin, lang: Lang | None) -> str:
        before, self._stored = self._stored, True  # one that fails may have stored a value
        result = self._guard.conceal(owner, text, origin=origin, lang=lang)
        self._stored = before or result.text.text != text
        return result.text.text

    def _remember(self, *texts: str) -> None:
        if len(self._clean) < _MAX_CLEAN:
            self._clean.update(texts)


def _with_handles(value: str, values: Mapping[str, str]) -> str:
    """The value with handles for what of it stood in the text as personal, longest first.

    >>> _with_handles("Ada Example, 10115", {"ada example": "<PERSON_1>"})
    '<PERSON_1>, 10115'
    """
    for typed, handle in sorted(values.items(), key=lambda item: -len(item[0])):
        value = _whole(typed).sub(lambda _, handle=handle: handle, value)  # type: ignore[misc]  # bound now, not when it is called
    return value


def _whole(words: str) -> re.Pattern[str]:
    """The words in any case, not inside a longer word or number: ``Li`` is not in ``lights``."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(words)}(?![A-Za-z0-9])", re.IGNORECASE)
