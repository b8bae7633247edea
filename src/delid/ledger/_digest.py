"""A run's journal becomes entries of the ledger. The same journal always gives the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from delid.core import DelidError

from ._entry import OF_THE_SITE, stamp
from ._payload import Payload, Photo, Scalar
from ._payloads_run import AlarmChanged, OperationDone, OperatorActed, RunEnded, RunStarted
from ._writer import Item

Plain = Mapping[str, Any]
ACTS = {
    "command": "command",
    "answer": "answer",
    "acknowledge": "code",
    "shelve": "code",
    "mode": "to",
    "jog": "axis",
    "reconciled": "run",
}
"""Records of what people did, and which of their fields says what it was."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry of a run's journal."""

    run: str
    seq: int
    wall_s: float
    kind: str
    data: Plain


@dataclass(slots=True)
class Work:
    """A step that is under way."""

    since_s: float
    before: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Scalar] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    attempts: int = 1
    carried_kg: float = 0.0
    """What hung at the tool last; it hangs there no longer when the step is over."""


@dataclass(slots=True)
class RunView:
    """What is known of a run so far."""

    run: str
    battery: str = OF_THE_SITE
    provisional: bool = False
    steps: dict[str, Plain] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    readings: dict[str, Scalar] = field(default_factory=dict)
    since_s: float = 0.0
    questions: dict[str, str] = field(default_factory=dict)
    frames: tuple[Photo, ...] = ()
    models: dict[str, str] = field(default_factory=dict)
    same_as: str | None = None
    """The run whose pack this is, where a person said so."""
    end: Plain = field(default_factory=dict)

    def copy(self) -> RunView:
        """For going back to, where a line cannot be taken after all."""
        work = {key: replace(w, values=dict(w.values), failures=list(w.failures)) for key, w in self.work.items()}
        return replace(self, work=work, questions=dict(self.questions))

    def work_of(self, key: str) -> Work:
        if key not in self.work:
            self.work[key] = Work(self.since_s, dict(self.readings))
        return self.work[key]


Decided = Callable[[RunView, Plain, float], Iterable[Item]]
"""Takes a decision of the planner: identity, inspection, plan."""


class Digest:
    """Takes the lines of journals in their order, and gives what they mean for the ledger.

    Args:
        person: the id that stands for a person's name.
        decided: what a decision of the planner means; it may look into the ledger.
    """

    def __init__(self, person: Callable[[str], str], decided: Decided) -> None:
        self._person, self._decided = person, decided
        self._view = RunView("")

    def take(self, line: JournalLine) -> list[Item]:
        """Battery and payload of each entry that follows from the line; where this raises, nothing was taken."""
        before = self._view.copy()
        try:
            return self._take(line)
        except DelidError:
            self._view = before
            raise

    def _take(self, line: JournalLine) -> list[Item]:
        if line.run != self._view.run:
            self._view = RunView(line.run, since_s=line.wall_s, same_as=self._view.same_as)
        view, data = self._view, line.data
        if line.kind == "run_started":
            return [(OF_THE_SITE, RunStarted(run=line.run, cell=data["cell"], config_sha256=data["config_sha256"]))]
        if line.kind == "run_ended":
            return [(view.battery, self._ended(view, data))]
        return list(self._turn(view, line)) if line.kind == "turn" else []

    def _ended(self, view: RunView, data: Plain) -> RunEnded:
        end = view.end
        view.same_as = None
        return RunEnded(
            run=view.run, outcome=data["outcome"], reason=end.get("reason", ""), steps_done=end.get("steps_done"),
            steps=end.get("steps"),
        )  # fmt: skip

    def _turn(self, view: RunView, line: JournalLine) -> Iterable[Item]:
        event, effects = line.data["event"], line.data["effects"]
        readings = _scalars(line.data.get("readings", {}))
        if event["type"] == "Looked" and event.get("inspections"):
            _looked(view, event)
        elif event["type"] == "Decided":
            yield from self._decided(view, event["decision"], line.wall_s)
            _planned(view, event["decision"]["outcome"], line.wall_s)
        elif event["type"] == "Finished":
            _finished(view, event)
        _carries(view, line.data.get("step"), readings)
        for effect in effects:
            if effect["type"] == "Decide":
                view.readings = _scalars(effect["readings"])
            elif effect["type"] == "Record":
                for payload in self._record(view, effect["kind"], effect["data"], line.wall_s, readings):
                    yield view.battery, payload

    def _record(
        self, view: RunView, kind: str, data: Plain, wall_s: float, readings: dict[str, Scalar]
    ) -> Iterable[Payload]:
        if kind in ACTS:
            yield self._acted(view, kind, data)
        elif kind == "question":
            view.questions[str(data["id"])] = str(data["text"])
        elif kind == "failure":
            view.work_of(data["key"]).failures.append(f"{data['kind']}: {data['detail']}")
        elif kind == "step" and data["status"] in ("done", "failed", "skipped"):
            yield _operation(view, data, wall_s, readings)
        elif kind == "alarm":
            yield AlarmChanged(
                run=view.run, code=data["code"], change="raised", text=data["text"], priority=str(data["priority"])
            )
        elif kind == "alarm_returned":
            yield AlarmChanged(run=view.run, code=data["code"], change="returned")
        elif kind == "alarms_cleared":
            by = self._person(str(data["by"]))
            yield from (AlarmChanged(run=view.run, code=code, change="cleared", by=by) for code in data["codes"])
        elif kind == "end":
            view.end = data

    def _acted(self, view: RunView, kind: str, data: Plain) -> OperatorActed:
        if kind == "reconciled":
            view.same_as = str(data["run"]) if data.get("same_pack") else None
        question = view.questions.get(str(data["id"])) if kind == "answer" else None
        reasons = [*data.get("reasons", ()), *([data["reason"]] if data.get("reason") else [])]
        return OperatorActed(
            run=view.run, act=kind, what=str(data[ACTS[kind]]), accepted=bool(data.get("accepted", True)),
            reasons=tuple(map(str, reasons)), question=question, by=self._person(str(data["by"])),
        )  # fmt: skip


def _looked(view: RunView, event: Plain) -> None:
    seen = event["inspections"]
    view.frames = tuple(Photo(sha256=i["frame"]["sha256"], name=i["source"], shows=event["id"]) for i in seen)
    view.models = dict(seen[0].get("models", {}))


def _planned(view: RunView, outcome: Plain, wall_s: float) -> None:
    if outcome["type"] == "Plan":
        view.steps = {step["key"]: step for step in outcome["steps"]}
        view.since_s = wall_s


def _finished(view: RunView, event: Plain) -> None:
    """A device confirmed, or refused, an act of a step: its id is ``key#attempt.act``."""
    key, _, rest = str(event["id"]).partition("#")
    if key in view.steps and rest:
        work = view.work_of(key)
        work.attempts = max(work.attempts, int(rest.split(".")[0]))
        if event["ok"]:
            work.values |= _scalars(event.get("values", {}))


def _carries(view: RunView, key: str | None, readings: Mapping[str, Scalar]) -> None:
    kg = readings.get("carried_kg", 0.0)
    if key in view.steps and isinstance(kg, (int, float)) and kg > 0:
        view.work_of(str(key)).carried_kg = float(kg)


def _operation(view: RunView, data: Plain, wall_s: float, readings: dict[str, Scalar]) -> OperationDone:
    key = str(data["key"])
    step, work = view.steps.get(key, {}), view.work_of(key)
    if work.carried_kg:
        work.values["carried_kg"] = work.carried_kg
    made = OperationDone(
        run=view.run, step=key, do=step.get("do", ""), title=step.get("title", key), status=data["status"],
        detail=str(data["detail"]), targets=tuple(step.get("targets", ())), tool=step.get("tool"),
        attempts=work.attempts, failures=tuple(work.failures), began_at=stamp(work.since_s),
        duration_s=round(max(wall_s - work.since_s, 0.0), 3), values=work.values,
        readings_before=work.before, readings_after=readings,
    )  # fmt: skip
    view.work.pop(key, None)
    view.since_s, view.readings = wall_s, readings or view.readings
    return made


def _scalars(values: Mapping[str, Any]) -> dict[str, Scalar]:
    return {name: value for name, value in values.items() if isinstance(value, (bool, int, float, str))}
