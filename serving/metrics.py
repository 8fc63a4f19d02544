"""What ``/metrics`` counts, in Prometheus' text format. Labels are closed sets: no ids, no text, no addresses."""

import re
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.events import Done, Handoff, Hidden, TurnEvent

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0, 40.0)
_GUARD_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ways = ("outcome", "lang", "understood_by", "way")
        self._turns = Counter("tactful_turns", "Turns by how they ended", ways, registry=registry)
        self._turn_s = Histogram("tactful_turn_seconds", "Whole turn", ("lang",), buckets=_SECONDS, registry=registry)
        self._first_s = Histogram(
            "tactful_first_word_seconds", "Until the first word", ("lang",), buckets=_SECONDS, registry=registry
        )
        self._guard_s = Histogram(
            "tactful_guard_seconds", "Guards on the way in", buckets=_GUARD_SECONDS, registry=registry
        )
        self._hidden = Counter("tactful_hidden_values", "Values concealed", ("kind",), registry=registry)
        self._fallbacks = Counter(
            "tactful_fallbacks", "Replies rendered plainly from the facts", ("cause",), registry=registry
        )
        self._handoffs = Counter("tactful_handoffs", "Handoffs to a person", ("reason",), registry=registry)
        self._feedback = Counter("tactful_feedback", "Feedback on replies", ("value",), registry=registry)
        self._unkept = Counter("tactful_storage_failures", "Writes that failed", ("store",), registry=registry)
        self._unaudited = Counter("tactful_audit_failures", "Audit events that were lost", registry=registry)
        self._problems = Counter("tactful_problems", "Requests answered with a problem", ("code",), registry=registry)
        self._guarded = Counter("tactful_guarded", "Requests to guarded: models", ("outcome",), registry=registry)
        self._http = Counter("tactful_http_requests", "HTTP requests", ("method", "route", "status"), registry=registry)
        self.streams = Gauge("tactful_turns_running", "Turns being answered", registry=registry)
        self._engine = Gauge("tactful_engine_ready", "1 while the language model is ready", registry=registry)
        self._phase = Gauge("tactful_engine_phase", "1 for the phase it is in", ("phase",), registry=registry)

    def event(self, event: TurnEvent, way: str) -> None:
        """Count one event of a turn that came in by ``way``."""
        match event:
            case Hidden(counts):
                for kind, count in counts.items():
                    self._hidden.labels(kind).inc(count)
            case Handoff(reason):
                self._handoffs.labels(_code(reason)).inc()
            case Done():
                self._done(event, way)
            case _:
                pass

    def _done(self, done: Done, way: str) -> None:
        self._turns.labels(done.finish_reason, done.lang, done.understood_by or "none", way).inc()
        if done.fallback:
            self._fallbacks.labels("ungrounded" if not done.grounded else "model").inc()
        if "turn" in done.timings:
            self._turn_s.labels(done.lang).observe(done.timings["turn"])
        if "first_word" in done.timings:
            self._first_s.labels(done.lang).observe(done.timings["first_word"])
        if "guard" in done.timings:
            self._guard_s.observe(done.timings["guard"])

    def left(self, way: str) -> None:
        """A customer stopped an answer."""
        self._turns.labels("left", "none", "none", way).inc()

    def handoff(self, reason: str) -> None:
        """A handoff asked for outside a turn."""
        self._handoffs.labels(_code(reason)).inc()

    def feedback(self, value: str) -> None:
        """A thumb."""
        self._feedback.labels(_code(value)).inc()

    def guarded(self, outcome: str) -> None:
        """A request to a ``guarded:`` model has ended: ``answered``, ``blocked``, ``left`` or a failure's code."""
        self._guarded.labels(_code(outcome)).inc()

    def hidden(self, counts: Mapping[str, int]) -> None:
        """Values concealed outside a turn, by kind."""
        for kind, count in counts.items():
            self._hidden.labels(kind).inc(count)

    def storage_failure(self, store: str) -> None:
        """Something could not be written: ``sessions`` or ``transcripts``."""
        self._unkept.labels(_code(store)).inc()

    def audit_failure(self) -> None:
        """An event could not be written into the audit log."""
        self._unaudited.inc()

    def problem(self, code: str) -> None:
        """A request was answered with a problem."""
        self._problems.labels(_code(code)).inc()

    def request(self, method: str, route: str, status: int) -> None:
        """An HTTP request; ``route`` is the template of the address, never the address."""
        self._http.labels(method, route, str(status)).inc()

    def render(self, phase: str, ready: bool) -> bytes:
        """Everything in text format, with the engine's state as of now."""
        self._engine.set(1 if ready else 0)
        self._phase.clear()
        self._phase.labels(_code(phase)).set(1)
        return generate_latest(self.registry)


def _code(value: str) -> str:
    return value if _CODE.fullmatch(value) else "other"
