"""One simulated run: the engine's reducer against the simulated cell, from one event to the next in virtual time."""

from __future__ import annotations

import dataclasses
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from delid.core import (
    Answered,
    Command,
    Decided,
    Effect,
    Event,
    Finished,
    LinkChanged,
    Located,
    Looked,
    OperatorCommanded,
    Plan,
    Question,
    Record,
    Scalar,
    Started,
    State,
    TagsRead,
    Ticked,
    WaitAct,
)
from delid.engine import EngineState, initial, step

from ._account import Account, Run
from ._case import Case
from ._cell import SLICE_S, Place, SimulatedCell, place_of
from ._perform import Performer
from ._person import STOP, reply_as_told, reply_to, work_by_hand

BY = "simulated person"
Watch = Callable[[Event, tuple[Effect, ...]], None]
"""Is shown every event and what the engine makes of it."""
TICK_S = 0.1
LONGEST_S = 12 * 3600.0
MOST_HELPS = 500
"""A person who was asked so often for one run gives up."""
AROUND = "around it"
"""What energy is spent on before, between and after the steps of a plan."""
ENDED = (State.COMPLETE, State.STOPPED, State.ABORTED)


def _unwatched(event: Event, effects: tuple[Effect, ...]) -> None:
    """Nobody looks on."""


def run_once(case: Case, seed: int, watch: Watch = _unwatched) -> Run:
    """Run the recipe of ``case`` with the luck of ``seed``. The same seed always gives the same run."""
    return _Stage(case, seed, watch).run()


@dataclass(slots=True)
class _Due:
    """An event that comes, and what happens in the cell right before."""

    event: Event
    before: Callable[[], None] | None = None


@dataclass(slots=True)
class _Stage:
    case: Case
    seed: int
    watch: Watch
    cell: SimulatedCell = field(init=False)
    account: Account = field(init=False)
    performer: Performer = field(init=False)
    state: EngineState = field(init=False)
    heap: list[tuple[float, int, _Due]] = field(default_factory=list)
    count: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    question: str = ""
    wait: str = ""
    helps: int = 0
    started_s: float | None = None
    tags: dict[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cell = SimulatedCell(self.case, self.seed)
        self.account = Account(self.cell)
        self.performer = Performer(self.case, self.seed, self.cell, self.account, self._later, self._feed)
        self.state = initial(self.case.cell, 0.0, self.case.sure_confidence)

    # --- the loop -------------------------------------------------------------------------------------------------

    def run(self) -> Run:
        self._connect()
        while not self._over() and self.cell.now_s < LONGEST_S:
            self._next()
        outcome = self.state.outcome or ("took too long" if self.cell.now_s >= LONGEST_S else "not started")
        return self.account.result(self.seed, self.state, self.started_s or 0.0, outcome)

    def _connect(self) -> None:
        self._step(Started(0.0))
        self._step(LinkChanged(0.0, "plc", True, ack_seq=0))
        self._step(LinkChanged(0.0, "motion", True))
        self._feed(self.performer.report(trusted=False))
        self._feed(OperatorCommanded(0.0, Command.RESET, BY))

    def _over(self) -> bool:
        return self.state.packml in ENDED and not self.heap

    def _next(self) -> None:
        """Whatever comes first: the PLC goes on with its command, an event is due, or time just passes."""
        due_s = self.heap[0][0] if self.heap else None
        now_s = self.cell.now_s
        if self.cell.work is not None and (due_s is None or now_s + SLICE_S < due_s):
            self.cell.advance(now_s + SLICE_S)
            if (ended := self.cell.poll(self._place_of(self.cell.work.effect.id))) is not None:
                self._later(ended)
        elif due_s is not None:
            self.cell.advance(due_s)
            _, _, due = heapq.heappop(self.heap)
            if due.before is not None:
                due.before()
            self._feed(due.event)
        else:
            self.cell.advance(now_s + TICK_S)
            self._feed(Ticked(self.cell.now_s))

    def _later(self, event: Event, before: Callable[[], None] | None = None) -> None:
        self.count += 1
        heapq.heappush(self.heap, (max(event.at_s, self.cell.now_s), self.count, _Due(event, before)))

    # --- the engine -----------------------------------------------------------------------------------------------

    def _feed(self, event: Event) -> None:
        """An event, after the PLC's values of that moment."""
        if isinstance(event, Finished | Looked | Located | Decided):
            self.account.close(event.id, event.ok if isinstance(event, Finished) else True)
        self._foresee(event)
        now_s, tags = self.cell.now_s, self.cell.tags()
        if tags != self.tags:
            self.tags = tags
            self._step(TagsRead(now_s, dict(tags)))
        elif self.state.tags_at_s is not None:  # values that have not changed are only given their new date
            self.state = dataclasses.replace(self.state, tags_at_s=now_s)
        self._step(event)

    def _step(self, event: Event) -> None:
        self.state, effects = step(self.state, event)
        self.watch(event, effects)
        for effect in effects:
            if isinstance(effect, Record):
                self.account.note(effect, self.state)
            else:
                self.cell.end_wait()
                self.performer.perform(effect, self.state)
        self._watch_step()
        self._watch_person()

    def _foresee(self, event: Event) -> None:
        """Which step begins with this event, as far as that can be told before."""
        current, attempts = self.state.current, self.state.attempts
        if isinstance(event, Decided) and isinstance(event.decision.outcome, Plan):
            first = event.decision.outcome.steps[:1]
        elif current is not None and (current.step.contact or current.index + 1 < len(current.acts)):
            return
        else:
            first = self.state.queue[:1]
        for coming in first:
            self.cell.foresee(coming, attempts.get(coming.key, 0) + 1)

    def _watch_step(self) -> None:
        current = self.state.current
        self.cell.operation = current.step.operation if current else AROUND
        self.account.see_step(self.state)
        self.cell.watch_beside(self.state.beside)
        if current is None or not isinstance(current.acts[current.index], WaitAct):
            return
        if current.act_id and current.act_id != self.wait:
            self.wait = current.act_id
            self.cell.foresee(current.step, current.attempt)

    def _place_of(self, effect_id: str) -> Place:
        """The step that an effect belongs to; nothing for what an acting state does."""
        current = self.state.current
        fits = current is not None and current.act_id == effect_id
        return place_of(current.step, current.attempt) if current is not None and fits else Place()

    # --- the person -----------------------------------------------------------------------------------------------

    def _watch_person(self) -> None:
        """Start when all is ready, answer what is asked, let go on what only waits."""
        state = self.state
        if state.packml is State.IDLE and self.started_s is None:
            self.started_s = self.cell.now_s
            self._later(OperatorCommanded(self.cell.now_s, Command.START, BY))
        elif state.packml is not State.HELD:
            return
        elif state.question is not None and state.question.id != self.question:
            self._answer(state.question)
        elif state.question is None and not any(isinstance(d.event, OperatorCommanded) for _, _, d in self.heap):
            self._let_go_on()

    def _answer(self, question: Question) -> None:
        self.question = question.id
        key = question.step or ""
        told = self.case.told(question)
        if told in question.answers:
            reply = reply_as_told(told, question, self.state, self.cell)
        else:
            reply = reply_to(question, self.state, self.cell, self.asked[key])
        self.asked[key] += 1
        self.account.questions += 1
        hands = (lambda: work_by_hand(self.state, self.cell)) if reply.by_hand else None
        at_s = self._busy(reply.answer, key, reply.takes_s)
        self._later(Answered(at_s, question.id, STOP if self.helps > MOST_HELPS else reply.answer, BY), hands)

    def _let_go_on(self) -> None:
        command = Command.STOP if self.helps > MOST_HELPS else Command.UNHOLD
        at_s = self._busy("go on", "", self.cell.takes("person.go_on", self.helps))
        self._later(OperatorCommanded(at_s, command, BY))

    def _busy(self, label: str, key: str, takes_s: float) -> float:
        self.helps += 1
        self.account.helped(label, key, self.cell.now_s + takes_s)
        return self.cell.now_s + takes_s
