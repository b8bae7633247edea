"""The report over thousands of recordings, from the log of a mass replay: drift, differences, what to label next."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._drift import Series, SeriesKey, width_for
from ._results import latest_results

Line = Mapping[str, Any]
MODEL_OF = {"pack": "pack", "damage": "damage", "fasteners": "fastener_kinds", "located": "fasteners"}
"""First part of a score's name to the use of the model that gave it."""
PER_RECORDING = 2
"""Cases of one recording among the worst: its frames are much alike."""
MAX_KINDS = 2000
"""Kinds of differences counted; beyond it only those known already are."""
SHOWN_ASIDE = 100


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """A frame that a person should look at. Where a decision changed it comes before all that are only doubtful."""

    rank: float
    source: str
    frame: str
    sha256: str
    camera: str
    doubt: float
    why: str
    pack: str
    difference: str = ""
    """The first difference of its recording."""


@dataclass(slots=True)
class Report:
    """What the report says. Times are seconds since 1970."""

    recordings: int = 0
    equal: int = 0
    differ: int = 0
    frames: int = 0
    first_s: float | None = None
    last_s: float | None = None
    width_s: float = 0.0
    aside: list[tuple[str, str, str]] = field(default_factory=list)
    """Source, code and words of recordings without a verdict; the first of them."""
    aside_codes: Counter[str] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)
    """Seam and place of the first difference of a recording, to the number of recordings."""
    series: dict[SeriesKey, Series] = field(default_factory=dict)
    worst: list[Case] = field(default_factory=list)

    @property
    def drifted(self) -> list[Series]:
        return [series for series in self.sorted_series() if series.verdict().word == "drifted"]

    def sorted_series(self) -> list[Series]:
        """By camera, score, and the time of their first frame, so that models follow one another."""
        return sorted(self.series.values(), key=lambda s: (s.key.camera, s.key.score, min(s.bins)))


def make_report(results: Path, worst: int = 24) -> Report:
    """Read the log; memory does not grow with the number of recordings beyond their names. Raises RecordingError."""
    report = Report()
    for line in latest_results(results):
        at_s = line.get("at_s")
        if at_s is not None:
            report.first_s = min(at_s, report.first_s if report.first_s is not None else at_s)
            report.last_s = max(at_s, report.last_s if report.last_s is not None else at_s)
    report.width_s = width_for(report.first_s or 0.0, report.last_s or 0.0)
    cases: list[Case] = []
    for line in latest_results(results):
        _count(report, line)
        for case in heapq.nlargest(PER_RECORDING, _cases(line)):
            heapq.heappush(cases, case)
            if len(cases) > worst:
                heapq.heappop(cases)
    report.worst = sorted(cases, reverse=True)
    return report


def _count(report: Report, line: Line) -> None:
    report.recordings += 1
    if "equal" not in line:
        error = line.get("error") or {}
        report.aside_codes[str(error.get("code"))] += 1
        if len(report.aside) < SHOWN_ASIDE:
            report.aside.append((line["source"], str(error.get("code")), str(error.get("message"))))
        return
    report.frames += line["frames"]
    if line["equal"]:
        report.equal += 1
    else:
        report.differ += 1
        kind = _first_difference(line)[0]
        if kind in report.differences or len(report.differences) < MAX_KINDS:
            report.differences[kind] += 1
    _count_scores(report, line)


def _count_scores(report: Report, line: Line) -> None:
    at_s, models = line.get("at_s"), line["models"]
    if at_s is None:
        return
    for frame in line["scores"]:
        for name, value in frame["scores"].items():
            use = MODEL_OF.get(name.split(".")[0], "")
            model = models.get(use) or models.get(name.split(".")[0], "")
            key = SeriesKey(frame["camera"], name, model)
            series = report.series.setdefault(key, Series(key))
            series.add(at_s + frame["after_s"], report.width_s, value)


def _cases(line: Line) -> Iterator[Case]:
    """The doubtful frames of a recording; all frames where it decided otherwise."""
    if "equal" not in line:
        return
    differs = not line["equal"]
    words = _first_difference(line)[1] if differs else ""
    for frame in line["scores"]:
        doubt = frame["doubt"]
        if doubt > 0 or differs:
            yield Case(
                rank=doubt + differs,
                source=line["source"],
                frame=frame["frame"],
                sha256=frame["sha256"],
                camera=frame["camera"],
                doubt=doubt,
                why=frame["why"],
                pack=frame["pack"],
                difference=words,
            )


def _first_difference(line: Line) -> tuple[str, str]:
    """Seam and place, and all its words."""
    found = line["differences"][0]
    where = f"{found['seam']}: {found['where']}"
    return where, f"{where}: {found['now']}; before: {found['before']}"
