"""What must hold after every event, whatever happened; see test_engine_stateful.py."""

from __future__ import annotations

import dataclasses

from engine_facts import AFTER_HALT, ALLOWED_IN, EDGES, HALTED, HALTING, LEFT, ONWARD, PAUSED, WAITING
from harness import RULES
from hypothesis.stateful import RuleBasedStateMachine

from delid.core import (
    ACTING_DONE,
    UNAWAITED,
    Answered,
    CancelCommand,
    Command,
    DoMotion,
    Finished,
    Jog,
    LinkChanged,
    Mode,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    OperatorCommanded,
    Record,
    RunCommand,
    Started,
    State,
    TagsRead,
    WaitAct,
)
from delid.engine import EngineState, step


class Ledger:
    """The model's own account of one run's effects and steps."""

    def __init__(self):
        self.open = {}
        self.due_s = {}
        self.closed = []
        self.done = set()


class Checked(RuleBasedStateMachine):
    """Takes events and checks each; the model's own account of cell and effects."""

    state: EngineState
    ledger: Ledger

    @property
    def now(self):
        return self.state.now_s

    def _take(self, event):
        self._note(event)
        reset = isinstance(event, OperatorCommanded) and event.command is Command.RESET
        if reset and step(self.state, event)[0].packml is State.RESETTING:
            self._new_run(event.at_s)
        before = self.state
        self.state, effects = step(before, event)
        self.history.append((before, event, self.state, effects))
        self._transitions(event, before, effects)
        self._effects(before, effects)
        self._ledger(event, before, effects)
        self._steps(event, effects)
        self._nobody_is_stuck()

    def _new_run(self, at_s):
        mode, carried = self.state.mode, self.state.leftover.next_run().carried
        self.state, self.ledger = dataclasses.replace(self.fresh, now_s=at_s), Ledger()
        self.world.removed.clear()
        self.world.removed |= set(carried.removed if carried else ())
        for fact in (Started(at_s, mode=mode, carried=carried), *(self.known[k] for k in sorted(self.known))):
            self.state, effects = step(self.state, fact)
            assert not effects

    def _note(self, event):
        """What the model knows of the cell."""
        if isinstance(event, LinkChanged):
            self.links[event.device] = event.up
            self.known[f"0 {event.device}"] = event
            if event.device == "motion" and not event.up:
                self.motion = None
        elif isinstance(event, TagsRead):
            self.tags, self.tags_at_s = dict(event.values), event.at_s
            self.known["2 tags"] = event
        elif isinstance(event, MotionReported):
            self.motion = event
            self.known["1 motion"] = event

    def _transitions(self, event, before, effects):
        """Only those of the table, without a gap; onward from a waiting state only by a person."""
        at = before.packml
        for record in (e for e in effects if isinstance(e, Record) and e.kind == "transition"):
            edge = State(record.data["from"]), State(record.data["to"])
            assert edge[0] is at
            broke_off = isinstance(event, Started) and edge == (State.STOPPED, State.ABORTED)
            assert edge in EDGES or broke_off, f"{edge[0].value} to {edge[1].value} is not in the table"
            by_person = isinstance(event, (OperatorCommanded, Answered))
            assert by_person or not (edge[0] in WAITING and edge[1] in ONWARD), f"nobody asked for {edge}"
            left = before.leftover.reconciliation
            assert edge[1] is not State.RESETTING or left is None or left.settled, "reset with open questions"
            at = edge[1]
        assert at is self.state.packml

    def _effects(self, before, effects):
        """Each in a state that allows it, and what moves or works only with permission."""
        at = before.packml
        for effect in effects:
            if isinstance(effect, Record):
                at = State(effect.data["to"]) if effect.kind == "transition" else at
                continue
            kind = effect.verb if isinstance(effect, DoMotion) else type(effect)
            if at in HALTED and isinstance(effect, (Move, RunCommand)):
                self._after_halt(effect)
                continue
            assert at in ALLOWED_IN[kind], f"{kind} in {at.value}"
            assert self.state.thermal is None or kind in (MotionVerb.STOP, CancelCommand), f"{kind} in a thermal event"
            if isinstance(effect, (Move, Jog)) or kind in (MotionVerb.HOME, MotionVerb.RESUME):
                assert not (why := self._danger()), f"{effect.id}: {why}"
            works = isinstance(effect, (Move, Jog)) or kind is MotionVerb.RESUME
            lamp = isinstance(effect, RunCommand) and effect.name == "set_light"  # moves nothing and touches nothing
            if works or (isinstance(effect, RunCommand) and at is State.EXECUTE and not lamp):
                assert not (why := self._danger() or self._not_permitted()), f"{effect.id}: {why}"
            current = self.state.current
            acts = isinstance(effect, (Move, RunCommand)) and current and current.act_id == effect.id
            if acts and current.step.contact and current.reaction is None:
                assert self.tags["pack_voltage_v"] < RULES.contact_voltage_v
                assert self.tags["extraction_on"] or not self.state.plan.permissives

    def _after_halt(self, effect):
        if isinstance(effect, RunCommand):
            assert effect.name in AFTER_HALT
            return
        assert effect.id.endswith(".retract")
        assert effect.to_mm[2] == RULES.safe_z_mm
        closed = self.tags["estop_ok"], self.tags["guard_closed"]
        linked = self.links.get("plc"), self.links.get("motion")
        assert (closed, linked) == ((True, True), (True, True)), effect.id
        assert not (why := self._not_permitted(but_journal=True)), f"{effect.id}: {why}"

    def _danger(self):
        tags, links = self.tags, self.links
        if not (links.get("plc") and links.get("motion")):
            return "a link is down"
        if self.tags_at_s is None or self.now - self.tags_at_s > 1.0:
            return "old values"
        if not (tags["estop_ok"] and tags["guard_closed"]) or tags["smoke"]:
            return "e-stop, guard or smoke"
        return "heat or gas" if tags["pack_temperature_c"] > 60 or tags["gas_ppm"] > 50 else ""

    def _not_permitted(self, but_journal=False):
        if not (self.tags["motion_permitted"] and self.tags["watchdog_ok"]):
            return "the PLC does not permit"
        if self.links.get("journal") is False and not but_journal:
            return "the journal cannot be written"
        motion = self.motion
        return "" if motion and motion.position_trusted and motion.state is not MotionState.FAULT else "position"

    def _ledger(self, event, before, effects):
        """Every effect is pending with a deadline, or confirmed, or its failure is told; every id is used once."""
        ledger, state = self.ledger, self.state
        if isinstance(event, Finished) and event.failure == "journal":
            ledger.open.pop(event.id, None)  # it was never performed, and the link to the journal tells so
        for effect in (e for e in effects if not isinstance(e, UNAWAITED)):
            assert effect.id not in {*ledger.open, *ledger.closed}, f"{effect.id} is used twice"
            ledger.open[effect.id] = effect
            assert 0 < getattr(effect, "deadline_s", 30.0) <= 120
        told = [e.kind for e in effects if isinstance(e, Record) and e.kind not in ("seen", "located", "command")]
        for name in [n for n in ledger.open if n not in state.pending]:
            due_s = ledger.due_s.get(name, state.now_s)
            halted = "transition" in told and state.packml in HALTING
            halted |= any(isinstance(e, DoMotion) and e.verb is MotionVerb.STOP for e in effects)
            answered, late = getattr(event, "id", None) == name, state.now_s > due_s
            assert answered or late or halted, f"{name} was forgotten"
            failed = not getattr(event, "ok", True) if answered else late
            again = state.redo_act or state.phase.value == "none" or state.program is not None
            assert not failed or told or state.alarms or again, f"the failure of {name} was not told"
            del ledger.open[name]
            ledger.closed.append(name)
        assert set(ledger.open) == set(state.pending)
        for name, pending in state.pending.items():
            held = state.packml in PAUSED and isinstance(pending.effect, Move)
            assert held or state.packml in (State.HELD, State.SUSPENDED) or pending.due_s >= state.now_s, name
            ledger.due_s[name] = pending.due_s

    def _steps(self, event, effects):
        """What is done is not done again, unless the camera still sees it."""
        done = self.ledger.done
        for effect in effects:
            if isinstance(effect, Record) and effect.kind == "step" and effect.data["status"] in ("done", "skipped"):
                assert effect.data["key"] not in done, f"{effect.data['key']} ended twice"
                done.add(effect.data["key"])
            elif isinstance(effect, Record) and effect.kind == "failure" and effect.data["kind"] == "still_seen":
                if not any(isinstance(e, Record) and e.kind == "seen" for e in effects):
                    done.clear()  # a look that names none means all
            elif isinstance(effect, Record) and effect.kind == "seen":
                done -= {key for key in done if key.rsplit("/", 1)[-1] in effect.data["left"]}
            elif isinstance(effect, (Move, RunCommand)) and "#" in effect.id:
                assert effect.id.split("#")[0] not in done, f"{effect.id}: the step is done"

    def _nobody_is_stuck(self):
        state = self.state
        if state.packml in ACTING_DONE and state.packml is not State.EXECUTE:
            assert state.pending, f"{state.packml.value} waits for nothing"
        if state.packml is State.EXECUTE and state.mode is not Mode.MANUAL:
            current = state.current
            waits = current is not None and isinstance(current.acts[current.index], WaitAct)
            assert state.pending or waits or state.beside, "Execute waits for nothing"
        if state.packml is State.ABORTED:
            assert state.alarms, "aborted, and nobody is told why"
        if state.question is not None:
            left = state.question.id.startswith("q.left.")
            assert state.packml in (LEFT if left else (State.HOLDING, State.HELD, State.SUSPENDING, State.SUSPENDED))
        found = state.leftover.reconciliation
        if found is not None and not found.settled and state.packml in (State.STOPPED, State.ABORTED):
            assert state.question is not None, "something is open, and nobody is asked"

    def teardown(self):
        """The same events in the same states give the same again, and nothing that was handed out has changed."""
        for before, event, after, effects in self.history:
            assert step(before, event) == (after, effects)
