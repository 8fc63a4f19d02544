"""The public corpus as cases: understanding and replies, English and Chinese in equal parts, from a seed.

``generate`` gives training cases, ``read_eval`` the evaluation cases, whose wording is written apart
and never trained on. The same seed gives the same bytes.
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from finetune.corpus.notation import LANGS, ROOT, Lang
from finetune.corpus.reply_cases import reply_cases
from finetune.corpus.utterances import Case, understand_cases


def read_eval(lang: Lang, *, unread: bool = False) -> list[Case]:
    """The evaluation cases of a language, in the order of the file; ``unread``: those no developer has looked at."""
    rows = (ROOT / "eval" / f"{'unread_' * unread}{lang}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row) for row in rows if row.strip()]


def _said(case: Case) -> str:
    return str(case["text"] if case["task"] == "understand" else case["question"])


def _fold(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def generate(seed: int, understand: int, replies: int, langs: Sequence[Lang] = LANGS) -> Iterator[Case]:
    """Training cases, shuffled: ``understand`` and ``replies`` are totals over the languages."""
    cases: list[Case] = []
    sets = [read_eval(lang, unread=unread) for lang in LANGS for unread in (False, True)]
    held_out = frozenset(_understand_key(case) for found in sets for case in found)
    for lang in langs:
        source = understand_cases(random.Random(f"{seed}:understand:{lang}"), lang)
        fresh = (case for case in source if _understand_key(case) not in held_out)
        cases.extend(islice(fresh, understand // len(langs)))
        cases.extend(islice(reply_cases(random.Random(f"{seed}:reply:{lang}"), lang), replies // len(langs)))
    random.Random(f"{seed}:order").shuffle(cases)
    yield from cases


def _understand_key(case: Case) -> tuple[str, str]:
    return case["task"], _fold(_said(case))


def write(cases: Iterable[Case], path: Path) -> int:
    """Writes cases as JSON lines; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for case in cases:
            file.write(json.dumps(case, ensure_ascii=False) + "\n")
            count += 1
    return count


def main(argv: Sequence[str] | None = None) -> int:
    """The command line: ``python -m finetune.corpus OUT.jsonl``."""
    parser = argparse.ArgumentParser(prog="python -m finetune.corpus", description="Writes the public corpus.")
    parser.add_argument("out", type=Path, help="cases.jsonl to write")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    parser.add_argument("--understand", type=int, default=14000, help="understanding cases, both languages together")
    parser.add_argument("--replies", type=int, default=5000, help="reply cases, both languages together")
    parser.add_argument("--eval", action="store_true", help="write the evaluation cases instead")
    args = parser.parse_args(argv)
    if args.eval:
        write((case for lang in LANGS for case in read_eval(lang)), args.out)
    else:
        write(generate(args.seed, args.understand, args.replies), args.out)
    return 0
