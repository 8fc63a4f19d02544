"""The one door: what may pass, in which form, to whom. Built once per process, thread-safe, no network.

Fails closed: whatever goes wrong inside comes out as a GuardError, whose message holds no customer text.
It does not know HTTP, models, tools or dialogues, and it does not decide who a customer is.

| in | out |
|---|---|
| empty text | empty text, no findings |
| more than ``max_chars`` | TextTooLong |
| a recognizer, the vault or the clock fails | GuardError, nothing stored is half shown |
| text like a handle, typed by a customer | comes back as typed, never as a value |
| a handle or value of another owner, or of nobody | ``[hidden]`` / ``[已隐藏]`` |
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from guardrails import handles, json_values
from guardrails.analyzer import Analyzer, Lang
from guardrails.concealer import Concealer
from guardrails.errors import GuardError, TextTooLong, UnknownHandle
from guardrails.findings import Audience, Concealed, Finding, Kind, Origin, VaultOwner, _sealed
from guardrails.grounding import Violation, check
from guardrails.injection import Verdict, inspect
from guardrails.json_stream import JsonRevealStream
from guardrails.json_values import ConcealedJson, Json
from guardrails.preview import Preview, preview
from guardrails.readable import Readable
from guardrails.recognizers.rule import Recognizer
from guardrails.standard import DEFAULT_TAGGER, analyzer_of
from guardrails.stream import Judge, RevealStream
from guardrails.vault import Vault

__all__ = [
    "ConcealResult",
    "ConcealedJson",
    "GuardSettings",
    "Guardrails",
    "JsonRevealStream",
    "Readable",
    "RevealStream",
    "Verdict",
    "Violation",
    "build",
]

_Result = TypeVar("_Result")
_OVERLAP_CHARS: Final = 300  # of two parts of a long text, so that an attack at an end is whole in one
_GRAVITY: Final = ("pass", "flag", "block")
_PLANTED = (
    (
        "My name is Ada Example, mail ada@example.com, call +1 212 555 0142.",
        {"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER"},
    ),
    ("我叫王小明，手机13800138000，寄到北京市朝阳区建国路88号。", {"PERSON", "PHONE_NUMBER", "ADDRESS"}),
)


@dataclass(frozen=True)
class GuardSettings:
    """Limits of the guards.

    Attributes:
        max_chars: longest text that is read, in code points.
        timeout_s: longest time one call may take, in seconds.
        languages: what customers write; a text of another language is read by all rules too.
        value_days: how long a value can be restored, counted from its last use.
    """

    max_chars: int = 4000
    timeout_s: float = 2.0
    languages: tuple[Lang, ...] = ("en", "zh")
    value_days: float = 30

    def __post_init__(self) -> None:
        if self.max_chars < 1 or self.timeout_s <= 0 or self.value_days <= 0 or not self.languages:
            raise ValueError(f"expected positive limits and at least one language, got {self!r}")


@dataclass(frozen=True)
class ConcealResult:
    """Concealed text with what was found in the text as it came (offsets of that text)."""

    text: Concealed
    findings: tuple[Finding, ...]
    hidden: Mapping[Kind, int]


class Guardrails:
    """Every guard behind one object. Methods are synchronous: a few milliseconds of CPU and one small transaction."""

    def __init__(self, analyzer: Analyzer, vault: Vault, settings: GuardSettings) -> None:
        self._analyzer = analyzer
        self._judge = Judge(analyzer)
        self._vault = vault
        self._concealer = Concealer(analyzer, self._judge, vault)
        self._settings = settings

    def analyze(self, text: str, lang: Lang | None = None) -> tuple[Finding, ...]:
        """Findings in order, not overlapping. Stores nothing.

        Raises:
            GuardError: the text could not be read in full.
        """
        return self._closed(text, lambda: self._analyzer.analyze(text, lang))

    def preview(self, text: str, lang: Lang | None = None) -> Preview:
        """``analyze`` with the text as a model would read it, numbered from 1. Stores nothing.

        Raises:
            GuardError: the text could not be read in full.
        """
        deadline = monotonic() + self._settings.timeout_s
        return self._closed(text, lambda: preview(self._analyzer, self._judge, text, lang, deadline))

    def conceal(
        self, owner: VaultOwner, text: str, *, origin: Origin = "customer", lang: Lang | None = None
    ) -> ConcealResult:
        """Handles instead of personal values; the values go to the owner's vault.

        Raises:
            GuardError: the text must not be passed on.
        """
        deadline = monotonic() + self._settings.timeout_s
        concealed, findings = self._closed(text, lambda: self._concealer.conceal(owner, text, origin, lang, deadline))
        return ConcealResult(_sealed(concealed), findings, Counter(finding.kind for finding in findings))

    def conceal_value(self, owner: VaultOwner, kind: Kind, value: str, *, origin: Origin = "record") -> Concealed:
        """The handle of a field that is known to be personal; empty stays empty.

        Raises:
            GuardError: the value must not be passed on.
        """
        if not value.strip():
            return _sealed("")
        return _sealed(str(self._closed(value, lambda: self._vault.put(owner, [(kind, value)], origin))[0]))

    def reveal(self, owner: VaultOwner, text: str, audience: Audience = "customer") -> str:
        """Model or program text as the audience may read it (policy.py); foreign values are redacted.

        Raises:
            GuardError: nothing of the text may be shown.
        """
        stream = self.stream(owner, audience)
        return self._closed(None, lambda: stream.feed(text) + stream.finish())

    def stream(
        self,
        owner: VaultOwner,
        audience: Audience = "customer",
        *,
        context: str = "",
        only: Set[handles.Named] | None = None,
    ) -> RevealStream:
        """``reveal`` for text that arrives in pieces: the joined result is the same for every cut.

        ``context`` is text before it that is read and not given out; of ``only`` these handles values are given back.
        """
        timeout_s = self._settings.timeout_s
        return RevealStream(self._judge, self._vault, owner, audience, timeout_s, context=context, only=only)

    def conceal_json(self, owner: VaultOwner, value: Json, *, origin: Origin = "customer") -> ConcealedJson:
        """``conceal`` for every string, key and number of a JSON value (json_values.py); strings of any length.

        Raises:
            GuardError: the value must not be passed on.
        """
        hidden: Counter[Kind] = Counter()

        def text(written: str, context: str) -> str:
            window = self._settings.max_chars
            deadline = monotonic() + self._settings.timeout_s * (1 + len(written) // window)
            concealed, findings = self._concealer.conceal(
                owner, written, origin, None, deadline, context=context, window=window
            )
            hidden.update(finding.kind for finding in findings)
            return concealed

        def literal(written: str) -> str:
            return str(self._vault.put(owner, [(handles.LITERAL, written)], origin)[0])

        return ConcealedJson(self._closed(None, lambda: json_values.conceal(value, text, literal)), hidden)

    def conceal_document(self, owner: VaultOwner, text: str, *, origin: Origin = "customer") -> ConcealedJson:
        """A text of any length; where all of it is a JSON object or array, it stays one. ``value`` is a text too.

        Raises:
            GuardError: the text must not be passed on.
        """
        parsed = json_values.document(text)
        concealed = self.conceal_json(owner, text if parsed is None else parsed, origin=origin)
        if parsed is None:
            return concealed
        same = concealed.value == parsed
        return ConcealedJson(text if same else json_values.dumps(concealed.value), concealed.hidden)

    def reveal_json(self, owner: VaultOwner, value: Json, audience: Audience = "customer") -> Json:
        """``reveal`` for a JSON value: ``reveal_json(conceal_json(x).value) == x``.

        Raises:
            GuardError: nothing of the value may be shown.
        """

        def text(written: str, context: str) -> str:
            stream = self.stream(owner, audience, context=context)
            return stream.feed(written) + stream.finish()

        return self._closed(None, lambda: json_values.reveal(value, text))

    def stream_arguments(
        self, owner: VaultOwner, audience: Audience = "customer", *, only: Set[handles.Named] | None = None
    ) -> JsonRevealStream:
        """``reveal_json`` for JSON text that arrives in pieces, such as a tool call's arguments (json_stream.py)."""
        return JsonRevealStream(lambda context: self.stream(owner, audience, context=context, only=only))

    def open(self, owner: VaultOwner, handle: str) -> str:
        """The value of a handle, for tools.

        Raises:
            UnknownHandle: not a handle, or none of this owner's.
        """
        parsed = handles.parse(handle)
        if parsed is None:
            raise UnknownHandle(f"expected a handle such as <PHONE_1>, got {len(handle)} characters that are none")
        return self._closed(None, lambda: self._vault.open(owner, parsed))

    def inspect(self, text: str) -> Verdict:
        """Injection, jailbreak, prompt extraction and abuse, in all of a text. A failure of the check blocks."""
        size = self._settings.max_chars
        parts = [text[at : at + size] for at in range(0, len(text), max(1, size - _OVERLAP_CHARS))] or [""]
        try:
            verdicts = [inspect(part, self._analyzer.suspicion(part)) for part in parts]
        except Exception:
            return Verdict("block", "guard_failed", 1.0)
        return max(verdicts, key=lambda verdict: (_GRAVITY.index(verdict.action), verdict.score))

    def check_reply(
        self,
        reply: str,
        facts: Sequence[str],
        allowed_names: Collection[str],
        *,
        product_names: Collection[str] = (),
        domains: Collection[str] = (),
        apart: bool = False,
    ) -> tuple[Violation, ...]:
        """What a reply states that the facts do not hold; empty means grounded (grounding.py).

        Raises:
            GuardError: the reply could not be checked; treat it as ungrounded.
        """
        return self._closed(
            None,
            lambda: check(reply, facts, allowed_names, product_names=product_names, domains=domains, apart=apart),
        )

    def adopt(self, visitor: VaultOwner, customer: VaultOwner) -> None:
        """Links keys: erasing the customer will destroy the visitor's key too."""
        self._closed(None, lambda: self._vault.adopt(visitor, customer))

    def erase(self, owner: VaultOwner) -> int:
        """Destroys the owner's key and those of adopted visitors; the number of values made unreadable."""
        return self._closed(None, lambda: self._vault.erase(owner))

    def forget(self, owner: VaultOwner) -> None:
        """Deletes an owner of one use without a trace; its name must never come again (numbers begin anew)."""
        self._closed(None, lambda: self._vault.forget(owner))

    def purge(self) -> int:
        """Deletes expired values; how many rows. To be called now and then."""
        return self._closed(None, self._vault.purge)

    def rotate_master_key(self, new_master_key: bytes) -> int:
        """Wraps every data key anew; how many. Other processes must be restarted with the new key."""
        return self._vault.rotate(new_master_key)

    def self_test(self) -> None:
        """Finds planted values and stores one.

        Raises:
            GuardError: the guards do not do what they must; nothing may be served.
        """
        for text, kinds in _PLANTED:
            missing = kinds - {finding.kind for finding in self.analyze(text)}
            if missing:
                raise GuardError(f"the self-test's planted values were not found: {', '.join(sorted(missing))}")
        owner = VaultOwner("self-test")
        concealed = self.conceal(owner, _PLANTED[0][0])
        back = self.reveal(owner, concealed.text.text)
        self.erase(owner)
        if back != _PLANTED[0][0]:
            raise GuardError("the self-test's values did not come back")

    def close(self) -> None:
        """Closes the vault's connections."""
        self._vault.close()

    def _closed(self, text: str | None, work: Callable[[], _Result]) -> _Result:
        """Runs ``work``; any failure comes out as a GuardError without text or traceback into it."""
        if text is not None and len(text) > self._settings.max_chars:
            raise TextTooLong(
                f"expected at most {self._settings.max_chars} characters, got {len(text)}: split the text"
            )
        try:
            return work()
        except GuardError:
            raise
        except Exception as error:
            failure = type(error).__name__
        raise GuardError(f"a guard failed with {failure}")


def build(
    vault_url: str,
    master_key: bytes,
    readable: Readable,
    settings: GuardSettings | None = None,
    *,
    extra_recognizers: tuple[Recognizer, ...] = (),
    tagger: Path | None = DEFAULT_TAGGER,
) -> Guardrails:
    """The guards over one vault (an SQLAlchemy URL: ``sqlite:///…`` or ``postgresql://…``), ready to use.

    ``tagger`` is the folder of the trained recognizer; without one, rules alone read what customers and records say.

    Raises:
        GuardError: the trained recognizer's folder is missing or damaged.
        ValueError: the key or a setting is not usable.
        VaultUnavailable: the database cannot be opened.
    """
    settings = settings or GuardSettings()
    vault = Vault(vault_url, master_key, value_days=settings.value_days)
    return Guardrails(analyzer_of(readable, settings.languages, extra_recognizers, tagger), vault, settings)
