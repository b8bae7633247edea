"""What a simulated run comes to: who did what when, which steps took how long, what failed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from delid.core import PoseMm, Record
from delid.engine import EngineState

from ._cell import SimulatedCell


@dataclass(frozen=True, slots=True)
class Segment:
    """What one lane did: ``lane`` is robot, plc, camera or person."""

    lane: str
    key: str
    label: str
    begin_s: float
    end_s: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class StepTime:
    """When a step of the plan was worked on, and what became of it."""

    key: str
    title: str
    do: str
    begin_s: float
    end_s: float
    estimate_s: float
    status: str
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one seed. Times in seconds since Start was pressed, energy in watt-hours.

    Attributes:
        energy_wh: by device.
        spent_wh: by operation.
        failures: ``operation.kind`` to how often.
        path_mm: where the flange went, and the number of the tool it carried there.
    """

    seed: int
    outcome: str
    duration_s: float
    energy_wh: dict[str, float]
    spent_wh: dict[str, float]
    failures: dict[str, int]
    questions: int
    person_s: float
    steps: tuple[StepTime, ...]
    segments: tuple[Segment, ...]
    path_mm: tuple[tuple[PoseMm, int], ...]

    @property
    def total_wh(self) -> float:
        return sum(self.energy_wh.values())


@dataclass(slots=True)
class Account:
    """Kept during a run."""

    cell: SimulatedCell
    segments: list[Segment] = field(default_factory=list)
    path_mm: list[tuple[PoseMm, int]] = field(default_factory=list)
    person_s: float = 0.0
    questions: int = 0
    _begun: dict[str, tuple[str, str, str, float]] = field(default_factory=dict)
    """Effect to its lane, step, label and begin."""
    _failures: Counter[str] = field(default_factory=Counter)
    _step_begin_s: dict[str, float] = field(default_factory=dict)
    _step_end_s: dict[str, float] = field(default_factory=dict)
    _tries: dict[str, set[int]] = field(default_factory=dict)

    def open(self, lane: str, effect_id: str, label: str, state: EngineState) -> None:
        """An effect begins."""
        key = state.current.step.key if state.current else ""
        self._begun[effect_id] = (lane, key, label, self.cell.now_s)

    def close(self, effect_id: str, ok: bool) -> None:
        """It ends."""
        if found := self._begun.pop(effect_id, None):
            lane, key, label, begin_s = found
            self.segments.append(Segment(lane, key, label, begin_s, self.cell.now_s, ok))

    def travelled(self, to_mm: PoseMm, tool: int) -> None:
        self.path_mm.append((to_mm, tool))

    def helped(self, label: str, key: str, end_s: float) -> None:
        """A person is busy from now on."""
        self.person_s += end_s - self.cell.now_s
        self.segments.append(Segment("person", key, label, self.cell.now_s, end_s))

    def note(self, record: Record, state: EngineState) -> None:
        """A decision of the engine."""
        if record.kind == "failure":
            steps = state.plan.steps if state.plan else ()
            verb = next((s.do.value for s in steps if s.key == record.data["key"]), "step")
            self._failures[f"{verb}.{record.data['kind']}"] += 1
        elif record.kind == "step":
            key = str(record.data["key"])
            self._step_begin_s.setdefault(key, self.cell.now_s)  # a step may begin and end in one turn
            self._step_end_s[key] = self.cell.now_s
            self.close(key, record.data["status"] == "done")

    def see_step(self, state: EngineState) -> None:
        """The step under way; a retraction is no try."""
        for watched in state.beside:
            if watched.step.key not in self._step_begin_s:
                self._begun[watched.step.key] = ("plc", watched.step.key, "wait", self.cell.now_s)
            self._step_begin_s.setdefault(watched.step.key, self.cell.now_s)
        if (current := state.current) is None:
            return
        self._step_begin_s.setdefault(current.step.key, self.cell.now_s)
        if current.reaction is None:
            self._tries.setdefault(current.step.key, set()).add(current.attempt)

    def result(self, seed: int, state: EngineState, start_s: float, outcome: str) -> Run:
        """The whole, with times since ``start_s``."""
        segments = tuple(
            dataclasses.replace(s, begin_s=round(s.begin_s - start_s, 3), end_s=round(s.end_s - start_s, 3))
            for s in self.segments
            if s.begin_s >= start_s
        )
        return Run(
            seed=seed,
            outcome=outcome,
            duration_s=round(self.cell.now_s - start_s, 3),
            energy_wh={k: round(v, 3) for k, v in sorted(self.cell.energy_wh.items())},
            spent_wh={k: round(v, 3) for k, v in self.cell.spent_wh.items()},
            failures=dict(sorted(self._failures.items())),
            questions=self.questions,
            person_s=round(self.person_s, 3),
            steps=tuple(self._step_times(state, start_s)),
            segments=segments,
            path_mm=tuple(self.path_mm),
        )

    def _step_times(self, state: EngineState, start_s: float) -> Iterator[StepTime]:
        for planned in state.plan.steps if state.plan else ():
            if (begin_s := self._step_begin_s.get(planned.key)) is None:
                continue
            end_s = self._step_end_s.get(planned.key, self.cell.now_s)
            tries = len(self._tries.get(planned.key, "1"))
            times = (round(begin_s - start_s, 3), round(end_s - start_s, 3), planned.estimate_s)
            status = state.progress[planned.key].status.value
            yield StepTime(planned.key, planned.title, planned.do.value, *times, status, tries)
