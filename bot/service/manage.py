"""How a case goes on: a message opens jobs, answers a question, corrects a proposal, or follows a refusal. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.service.case import MAX_JOBS, Case, Job, Slot, Stage
from bot.service.decide import Ask, Propose, Refuse, Shop, Step
from bot.service.requests import Request, read_requests, tidy
from bot.service.steps import next_step
from bot.service.wording import ALSO, EVERY_ORDER, EXPLICIT, UNKNOWN

DROP: Final = re.compile(
    r"\b(?:never\s?mind|forget\s(?:about\s)?(?:it|that|this)|leave\s(?:it|that)|do\snothing|don'?t\s(?:do|cancel|return|change|exchange|process)"
    r"|do\snot\s(?:do|cancel|return|change|exchange|process)|changed?\smy\smind\b(?![:,]?\s\w+)|i'?d\sregret|not\ssure\syet|go\son\swith\sthe\snext)"
    r"|算了|先不|先别|先等等|停一下|不[退换改]了|不用[退换改取]|别[退换改取]|当我没说",
    re.IGNORECASE,
)
_PAUSE: Final = re.compile(
    r"\W*(?:(?:no|wait|please)\W+)*(?:stop|hold\son)(?:[\s,]+(?:it|that|this|there|please|right\sthere|everything|(?:for\s)?a\s\w+))*\W*",
    re.IGNORECASE,
)
"""Nothing but a halt: nothing is done, whatever else these words may ask for."""
MAX_DROP_CHARS: Final = 70
_FAMILY: Final = {"address": "address", "account_address": "address"}

Reply = Literal["yes", "no", "words"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a message made of a case: go on with its first job, carry out what was proposed, or nothing more to do."""

    case: Case
    do: Literal["go_on", "carry_out", "dropped", "nothing"]


def hear(case: Case | None, text: str, reply: Reply, fits: Callable[[str], bool] = lambda words: True) -> Turn:
    """Takes a message in. ``text`` is concealed; ``fits`` says whether words name a thing or order of the customer."""
    now = case or Case()
    words = tidy(text)
    requests = read_requests(words)
    if now.stage is None or not now.jobs:
        return _opened(replace(now, jobs=(), stage=None), requests)
    if now.stage == "confirm":
        return _confirming(now, words, requests, reply)
    if now.stage == "refused":
        return _refused(now, words, requests, reply, fits)
    return _answering(now, words, requests, reply)


def _parts(request: Request) -> tuple[Request, ...]:
    """“cancel or return all my orders” is both: what is not sent yet, and what has arrived."""
    both = {"cancel", "return"} <= set(request.ops) and EVERY_ORDER.search(request.text.lower())
    return tuple(replace(request, op=op, ops=(op,)) for op in ("cancel", "return")) if both else (request,)


def takes_back(text: str) -> bool:
    """Whether words take a request back, rather than say what to do in a case that may come."""
    return bool(DROP.search(text)) and len(text) < MAX_DROP_CHARS


def _opened(case: Case, requests: tuple[Request, ...]) -> Turn:
    wanted = (part for request in requests if not takes_back(request.text) for part in _parts(request))
    jobs = tuple(Job.of(request, case.orders) for request in wanted)[:MAX_JOBS]
    return Turn(replace(case, jobs=jobs, stage=None), "go_on" if jobs else "nothing")


def _confirming(case: Case, words: str, requests: tuple[Request, ...], reply: Reply) -> Turn:
    if reply == "yes":
        return Turn(case, "carry_out")
    if reply == "no":
        return Turn(replace(case, stage="refused"), "dropped")
    job, rest = case.jobs[0], case.jobs[1:]
    other_wish = any(_family(r) != _family(job) for r in requests)
    again = any(_family(r) == _family(job) for r in requests if not DROP.search(r.text))
    if _PAUSE.fullmatch(words) or (DROP.search(words) and not again and not other_wish):
        return Turn(replace(case, jobs=rest, stage=None), "go_on" if rest else "dropped")
    other = [r for r in requests if _family(r) != _family(job)]
    if other and len(other) == len(requests):
        if ALSO.search(words.lower()):
            return Turn(
                replace(case, jobs=(job, *rest, *(Job.of(r, job.meant or job.orders) for r in other))[:MAX_JOBS]),
                "go_on",
            )
        jobs = (*(Job.of(r, job.meant or case.orders) for r in other), *rest)[:MAX_JOBS]
        return Turn(replace(case, jobs=jobs), "go_on")
    added = tuple(Job.of(r, job.meant or job.orders) for r in other)
    return Turn(replace(case, jobs=(job.heard(("fix", words)), *rest, *added)[:MAX_JOBS]), "go_on")


def _refused(case: Case, words: str, requests: tuple[Request, ...], reply: Reply, fits: Callable[[str], bool]) -> Turn:
    job, rest = case.jobs[0], case.jobs[1:]
    if reply != "words" or (DROP.search(words) and not requests):
        return Turn(replace(case, jobs=rest, stage=None), "go_on" if rest else "dropped")
    if not requests:
        return Turn(replace(case, jobs=(job.heard(("fix", words)), *rest)), "go_on")
    first, more = requests[0], tuple(Job.of(r, job.meant or job.orders) for r in requests[1:])
    if _family(first) == _family(job) and not ALSO.search(words.lower()):
        return Turn(replace(case, jobs=(job.heard(("fix", words)), *more, *rest)[:MAX_JOBS]), "go_on")
    return Turn(replace(case, jobs=(_instead(job, first, fits), *more, *rest)[:MAX_JOBS]), "go_on")


def _answering(case: Case, words: str, requests: tuple[Request, ...], reply: Reply) -> Turn:
    job, rest = case.jobs[0], case.jobs[1:]
    stage = case.stage
    if stage is None or stage in ("confirm", "refused"):
        raise ValueError("expected a stage that waits for a slot")
    if reply == "no" or (DROP.search(words) and not requests):
        return Turn(replace(case, jobs=rest, stage=None), "go_on" if rest else "dropped")
    asked = (*job.asked, _slot(stage))
    explicit = EXPLICIT.search(words.lower()) and stage not in ("reason", "payment")
    other = tuple(r for r in requests if _family(r) != _family(job)) if explicit else ()
    if other and len(other) == len(requests) and not UNKNOWN.search(words.lower()):
        jobs = tuple(Job.of(r, case.orders) for r in other)
        order = (job, *rest, *jobs) if ALSO.search(words.lower()) else (*jobs, job, *rest)
        return Turn(replace(case, jobs=order[:MAX_JOBS]), "go_on")
    kept = job if UNKNOWN.search(words.lower()) else job.heard((_slot(stage), words))
    return Turn(replace(case, jobs=(replace(kept, asked=asked), *rest)), "go_on")


def _slot(stage: Stage) -> Slot:
    slots: tuple[Slot, ...] = ("order", "items", "options", "reason", "payment", "address")
    return next(slot for slot in slots if slot == stage)


def _family(of: Request | Job) -> str | None:
    return _FAMILY.get(of.op, of.op) if of.op else None


def _instead(job: Job, request: Request, fits: Callable[[str], bool]) -> Job:
    """A job for another operation on what was refused: "then cancel it"."""
    if fits(request.text):
        return Job.of(request, job.meant or job.orders)
    made = Job.of(request, job.meant or job.orders)
    return replace(made, layers=(("ask", f"{job.said('ask')}. {request.text}"),))


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where a case stands after a step. ``passed`` were refused on the way, and something else was to be done then."""

    case: Case
    step: Step | None
    passed: tuple[Refuse, ...] = ()


def advance(case: Case, shop: Shop) -> Advanced:
    """The next step of the first job; a refused one goes on with what the customer wants otherwise."""
    passed: list[Refuse] = []
    while case.jobs:
        job, rest = case.jobs[0], case.jobs[1:]
        step = next_step(job, shop)
        match step:
            case Ask(slot=slot):
                return Advanced(replace(case, stage=slot), step, tuple(passed))
            case Propose(writes=writes):
                orders = tuple(o for w in writes if (o := getattr(w, "order_id", None)))
                held = replace(job, meant=orders)
                return Advanced(replace(case, jobs=(held, *rest), stage="confirm"), step, tuple(passed))
            case Refuse():
                held = replace(job, meant=tuple(o.order_id for o in step.orders) or job.meant)
                if not job.otherwise:
                    return Advanced(replace(case, jobs=(held, *rest), stage="refused"), step, tuple(passed))
                passed.append(step)
                case = _otherwise(case, held, rest)
    return Advanced(replace(case, stage=None), None, tuple(passed))


def _otherwise(case: Case, job: Job, rest: tuple[Job, ...]) -> Case:
    other, left = job.otherwise[0], job.otherwise[1:]
    if DROP.search(other.text):
        return replace(case, jobs=rest)
    if other.op is None or _family(other) == _family(job):
        return replace(case, jobs=(replace(job.heard(("fix", other.text)), otherwise=left), *rest))
    made = replace(_instead(job, other, lambda words: False), otherwise=left)
    return replace(case, jobs=(made, *rest))
