"""JUnit XML: one case for each recording and seam, so that a CI server shows which one changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as xml

from delid.core import DelidError

from ._verdict import Verdict
from ._words import SEAMS, seam_of

SUITE = "delid replay"
FORBIDDEN = {n: None for n in range(32) if chr(n) not in "\t\n\r"}
"""Characters that XML cannot hold."""


@dataclass(frozen=True, slots=True)
class Result:
    """One recording, what came of it, and how long that took."""

    recording: str
    result: Verdict | DelidError
    seconds: float = 0.0


def junit(judged: Sequence[Result]) -> str:
    """The whole file."""
    suite = xml.Element("testsuite", name=SUITE)
    for one in judged:
        _add(suite, one)
    counts = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")}
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("time", f"{sum(one.seconds for one in judged):.3f}")
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _add(suite: xml.Element, one: Result) -> None:
    if isinstance(one.result, DelidError):
        case = _case(suite, one, "replay", one.seconds)
        xml.SubElement(case, "error", type=one.result.code, message=_clean(one.result.message)).text = _clean(
            str(one.result)
        )
        return
    for n, seam in enumerate(SEAMS):
        case = _case(suite, one, seam, 0.0 if n else one.seconds)
        if found := [str(d) for d in one.result.differences if seam_of(d) == seam]:
            lines = [line.removeprefix(f"{seam}: ") for line in one.result.summary if line.startswith(f"{seam}: ")]
            failure = xml.SubElement(case, "failure", type="difference", message=_clean("; ".join(lines) or found[0]))
            failure.text = _clean("\n".join([*(f"cause: {cause}" for cause in one.result.causes), *found]))


def _case(suite: xml.Element, one: Result, name: str, seconds: float) -> xml.Element:
    return xml.SubElement(suite, "testcase", classname=f"replay.{one.recording}", name=name, time=f"{seconds:.3f}")


def _clean(text: str) -> str:
    return text.translate(FORBIDDEN)
