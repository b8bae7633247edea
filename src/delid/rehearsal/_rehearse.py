"""Many runs of one recipe, and what they say together."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ._account import Run, StepTime
from ._case import Case
from ._run import run_once

GOOD = ("dismantled", "quarantined")
"""Outcomes of a run that did what its recipe says."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A quantity over all runs: mean, standard deviation, and the 5th, 50th and 95th percentile."""

    mean: float
    sd: float
    p5: float
    median: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figures:
        ordered = sorted(values)
        sd = statistics.stdev(ordered) if len(ordered) > 1 else 0.0
        found = (statistics.fmean(ordered), sd, *(percentile(ordered, share) for share in (0.05, 0.5, 0.95)))
        return cls(*(round(value, 3) for value in found))


@dataclass(frozen=True, slots=True)
class OperationTime:
    """An operation over all runs: mean seconds and watt-hours of a run, beside what the planner expects of it."""

    operation: str
    planned_s: float
    mean_s: float
    mean_wh: float


@dataclass(frozen=True)
class Rehearsal:
    """Everything that the runs of one recipe came to.

    Attributes:
        flawless: the run in which nothing fails and everything takes its usual time.
        shown: the run of median duration, with its time line and path.
        runs: all, without time lines and paths.
    """

    case: Case
    flawless: Run
    shown: Run
    runs: tuple[Run, ...]

    @property
    def duration_s(self) -> Figures:
        return Figures.of([run.duration_s for run in self.runs])

    @property
    def energy_wh(self) -> Figures:
        return Figures.of([run.total_wh for run in self.runs])

    @property
    def person_s(self) -> Figures:
        return Figures.of([run.person_s for run in self.runs])

    @property
    def outcomes(self) -> dict[str, int]:
        return dict(Counter(run.outcome for run in self.runs).most_common())

    @property
    def good(self) -> int:
        """Runs that ended as the recipe means them to."""
        return sum(run.outcome in GOOD for run in self.runs)

    @property
    def failures(self) -> dict[str, float]:
        """``operation.kind`` to how often it came up in a run, on average."""
        total: Counter[str] = Counter()
        for run in self.runs:
            total.update(run.failures)
        return {name: round(count / len(self.runs), 3) for name, count in total.most_common()}

    @property
    def questions(self) -> float:
        return round(statistics.fmean(run.questions for run in self.runs), 2)

    @property
    def devices_wh(self) -> dict[str, float]:
        return _means([run.energy_wh for run in self.runs])

    @property
    def operations(self) -> list[OperationTime]:
        """In the order of the plan."""
        planned: defaultdict[str, float] = defaultdict(float)
        for step in self.flawless.steps:
            planned[operation_of(step)] += step.estimate_s
        spent_s = _means([_seconds(run.steps) for run in self.runs])
        spent_wh = _means([run.spent_wh for run in self.runs])
        return [
            OperationTime(name, round(s, 1), spent_s.get(name, 0.0), spent_wh.get(name, 0.0))
            for name, s in planned.items()
        ]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        recipe = self.case.recipe
        return {
            "recipe": recipe.spec.recipe,
            "sha256": recipe.sha256,
            "pack": self.case.pack.pack,
            "damage": {d.kind.value: d.severity for d in self.case.damage},
            "seeds": [self.runs[0].seed, self.runs[-1].seed],
            "runs": len(self.runs),
            "good": self.good,
            "outcomes": self.outcomes,
            "flawless_s": self.flawless.duration_s,
            "duration_s": dataclasses.asdict(self.duration_s),
            "energy_wh": dataclasses.asdict(self.energy_wh),
            "person_s": dataclasses.asdict(self.person_s),
            "questions": self.questions,
            "failures": self.failures,
            "devices_wh": self.devices_wh,
            "operations": [dataclasses.asdict(o) for o in self.operations],
            "shown_seed": self.shown.seed,
            "steps": [dataclasses.asdict(s) for s in self.shown.steps],
        }


def rehearse(
    case: Case, *, seed: int = 1, runs: int = 50, progress: Callable[[int], None] = lambda done: None
) -> Rehearsal:
    """Run a recipe with the luck of ``runs`` seeds from ``seed`` on. The same arguments give the same rehearsal."""
    flawless = run_once(dataclasses.replace(case, assumptions=case.assumptions.without_failures(), decided={}), 0)
    found = []
    for n in range(runs):
        found.append(dataclasses.replace(run_once(case, seed + n), segments=(), path_mm=()))
        progress(n + 1)
    middle = sorted(found, key=lambda run: (run.duration_s, run.seed))[(runs - 1) // 2]
    return Rehearsal(case, flawless, run_once(case, middle.seed), tuple(found))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Of sorted values, by the nearest rank."""
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1))]


def operation_of(step: StepTime) -> str:
    """``lid_bolts`` of ``pack/variant/lid_bolts/lid.07``."""
    return step.key.split("/")[2]


def _seconds(steps: Sequence[StepTime]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        found[operation_of(step)] += step.end_s - step.begin_s
    return found


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: round(statistics.fmean(row.get(name, 0.0) for row in rows), 2) for name in names}
