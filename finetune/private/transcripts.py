"""A shop's transcripts: one dialogue a line, read twice, first for what is there and then for what is drawn.

``index`` checks every line and keeps numbers only: customer, place in the file, which messages have labels. Dialogues
without consent are passed over, dialogues of one customer come together wherever they stand, and a dialogue that stands
in the file twice counts once. Messages of errors hold line numbers and what was expected, never text.

| | |
|---|---|
| empty file, no line with consent, no labelled message | BadTranscripts |
| a line that is no JSON, a field too many, too few or of another kind | BadTranscripts with the line's number |
| ``consent`` missing or anything but ``true`` | the dialogue is not used |
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from finetune.errors import FinetuneError

MAX_COMMANDS: Final = 3
_MAX_FAULTS: Final = 10


class BadTranscripts(FinetuneError):
    """The file is not what transcripts must be; the message names lines, never what stands in them."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


_Filled = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,24}$")]
"""A name of the grammar: nothing that a customer could have typed fits in by accident."""


class Context(_Strict):
    """What the assistant was waiting for and had shown, before the message."""

    awaiting: _Word | None = None
    doing: _Word | None = None
    offered: list[str] = Field(default=[], max_length=9)
    topic: str | None = None


class Label(_Strict):
    """A command of the grammar; ``tactful prompts`` checks its names and kinds."""

    name: _Word
    order: _Filled | None = None
    kind: _Word | None = None
    query: _Filled | None = None
    topic: _Word | None = None
    slot: _Word | None = None
    value: _Filled | None = None
    n: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields that are set."""
        return self.model_dump(exclude_none=True)


class Message(_Strict):
    """One message; those of the customer with ``commands`` are examples."""

    role: Literal["user", "assistant"]
    content: str
    context: Context = Context()
    commands: Annotated[list[Label], Field(min_length=1, max_length=MAX_COMMANDS)] | None = None


class Dialogue(_Strict):
    """A line of the file. ``concealed`` says that personal values were replaced by handles before."""

    id: _Filled
    customer: _Filled
    started_at: _Filled
    lang: Literal["en", "zh"]
    consent: bool = False
    concealed: bool = False
    messages: Annotated[list[Message], Field(min_length=1)]

    @property
    def labelled(self) -> tuple[int, ...]:
        """Which messages are examples."""
        return tuple(n for n, message in enumerate(self.messages) if message.role == "user" and message.commands)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dialogue stands: its id, the line's number from 1, the first byte, and the messages with labels."""

    id: str
    line: int
    offset: int
    labelled: tuple[int, ...]
    concealed: bool


@dataclass(slots=True)
class Index:
    """Dialogues with consent by customer, and what was passed over."""

    customers: dict[str, list[Place]] = field(default_factory=dict)
    dialogues: int = 0
    without_consent: int = 0
    repeated: int = 0


def index(path: Path) -> Index:
    """Checks every line and notes where each customer's dialogues stand.

    Raises:
        BadTranscripts: the file is empty, a line is malformed, or nothing in it may be used.
    """
    found, faults = Index(), []
    seen: set[tuple[str, str]] = set()
    for line, offset, raw in _lines(path):
        try:
            dialogue = parse(raw, line)
        except BadTranscripts as fault:
            faults.append(str(fault))
            if len(faults) == _MAX_FAULTS:
                break
            continue
        found.dialogues += 1
        customer = same_customer(dialogue.customer)
        if not dialogue.consent:
            found.without_consent += 1
        elif (customer, dialogue.id) in seen:
            found.repeated += 1
        else:
            seen.add((customer, dialogue.id))
            place = Place(dialogue.id, line, offset, dialogue.labelled, dialogue.concealed)
            found.customers.setdefault(customer, []).append(place)
    if faults:
        raise BadTranscripts("; ".join(faults))
    _check_any(found)
    return found


def parse(raw: bytes, line: int) -> Dialogue:
    """The dialogue of one line.

    Raises:
        BadTranscripts: with the line's number and the fields that are wrong.
    """
    try:
        return Dialogue.model_validate(json.loads(raw))
    except ValidationError as error:
        wrong = sorted({f"{_field(item['loc'])} ({item['type']})" for item in error.errors(include_input=False)})
        raise BadTranscripts(f"line {line}: expected a dialogue, wrong are: {', '.join(wrong[:5])}") from None
    except ValueError:
        raise BadTranscripts(f"line {line}: expected one JSON object in UTF-8, got {len(raw)} bytes") from None


def read_at(path: Path, offset: int, line: int) -> Dialogue:
    """The dialogue whose line begins at a byte of the file."""
    with path.open("rb") as file:
        file.seek(offset)
        return parse(file.readline(), line)


def same_customer(name: str) -> str:
    """Equal for spellings of one customer's id: case, width and spaces around it do not make another person."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            if raw.strip():
                yield line, offset, raw
            offset += len(raw)


def _field(place: tuple[int | str, ...]) -> str:
    """A field's path; a name that the file itself made up is not repeated."""
    known = {*Dialogue.model_fields, *Message.model_fields, *Context.model_fields, *Label.model_fields}
    return ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in place) or "the line"


def _check_any(found: Index) -> None:
    if not found.dialogues:
        raise BadTranscripts("expected at least one dialogue, the file is empty")
    if not found.customers:
        raise BadTranscripts(f"expected a dialogue with consent, got {found.dialogues} without")
    if not any(place.labelled for places in found.customers.values() for place in places):
        raise BadTranscripts("expected messages of customers with commands, got none with consent")
