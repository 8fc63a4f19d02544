"""``junit.xml``: gates and dialogues as test cases, so that a CI server shows them.

A failure stands here exactly when a gate was missed, so that the file never contradicts the exit code:
a dialogue is marked failed for the metrics of missed gates only; its other faults are properties.
Lines that could not be read are ``error`` when the gate ``readable`` was missed and ``skipped`` otherwise.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from serving.evaluation.gates import Gate
from serving.evaluation.transcripts import BadLine


def write(path: Path, results: Path, gates: Sequence[Gate], bad_lines: Sequence[BadLine]) -> None:
    """Writes the file from the gates and the lines of ``results.jsonl``."""
    missed = {gate.metric for gate in gates if not gate.passed}
    suites: dict[str, TestSuite] = {"gates": TestSuite("gates")}
    suites["gates"].add_testcases([_gate_case(gate) for gate in gates])
    for line in _lines(results):
        suite = suites.setdefault(line["lang"], TestSuite(f"dialogues {line['lang']}"))
        suite.add_testcase(_dialogue_case(line, missed))
    if bad_lines:
        suites["lines"] = TestSuite("lines that could not be read")
        suites["lines"].add_testcases([_line_case(line, "readable" in missed) for line in bad_lines])
    xml = JUnitXml("tactful evaluate")
    for suite in suites.values():
        xml.add_testsuite(suite)
    xml.write(str(path), pretty=True)


def _lines(results: Path) -> Iterator[dict[str, Any]]:
    with results.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _gate_case(gate: Gate) -> TestCase:
    case = TestCase(f"{gate.metric} >= {gate.at_least:g}", classname="gates")
    if not gate.passed:
        case.result = [Failure(str(gate))]
    return case


def _dialogue_case(line: Mapping[str, Any], missed: set[str]) -> TestCase:
    case = TestCase("".join(c for c in line["id"] if c.isprintable()), classname=f"{line['source']}:{line['line']}")
    marks = line["metrics"]
    properties = Properties()  # type: ignore[no-untyped-call]
    for name, mark in marks.items():
        properties.add_property(Property(name, f"{mark['good']}/{mark['n']}"))
    case.append(properties)  # type: ignore[no-untyped-call]
    failing = [name for name in marks if name in missed and marks[name]["good"] < marks[name]["n"]]
    if failing:
        case.result = [Failure(f"below the gate: {', '.join(failing)}")]
    return case


def _line_case(line: BadLine, fails: bool) -> TestCase:
    case = TestCase(f"line {line.line}", classname=line.source)
    case.result = [Error(line.problem) if fails else Skipped(line.problem)]
    return case
