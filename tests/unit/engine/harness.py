"""A scripted world for the reducer: it answers every effect at once, unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from delid.core import (
    UNAWAITED,
    Answered,
    Assessment,
    CancelCommand,
    Candidate,
    Command,
    CommandAct,
    Decide,
    Decided,
    Decision,
    DoMotion,
    Effect,
    Event,
    Fastener,
    FastenerKind,
    Finished,
    HazardClass,
    HoldJog,
    Jog,
    LinkChanged,
    Look,
    LookAct,
    Looked,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    MoveAct,
    OperatorCommanded,
    PackStatus,
    PackVerdict,
    Plan,
    Reaction,
    Record,
    Refusal,
    RunCommand,
    Started,
    State,
    Step,
    TagsRead,
    Ticked,
    Verb,
)
from delid.engine import EngineState, Rules, step

GOOD_TAGS = {
    "estop_ok": True,
    "guard_closed": True,
    "extraction_on": True,
    "clamp_closed": True,
    "motion_permitted": True,
    "watchdog_ok": True,
    "smoke": False,
    "pack_voltage_v": 12.0,
    "pack_temperature_c": 22.0,
    "gas_ppm": 1,
    "tool_number": 1,
}
RULES = Rules(
    travel_feed_mm_s=500,
    approach_feed_mm_s=60,
    safe_z_mm=-20,
    park_mm=(10, 10, -10),
    frames=3,
    contact_voltage_v=60,
    temperature_c=60,
    gas_ppm=50,
)
KNOWN = PackVerdict(PackStatus.KNOWN, "p", 0.97)


def bolt_step(n: int, on_failure=None, alternative=()) -> Step:
    acts = (
        MoveAct((100.0 * n, 50.0, -20.0), 500),
        MoveAct((100.0 * n, 50.0, -300.0), 60),
        CommandAct("unfasten", {"torque_nm": 12.0, "impact": 0.0}),
        MoveAct((100.0 * n, 50.0, -20.0), 500),
    )
    target = f"lid.{n:02d}"
    failures = on_failure or {"seized": (Reaction.RETRY, Reaction.IMPACT, Reaction.ASK)}
    return Step(
        f"p/standard/lid_bolts/{target}",
        Verb.UNFASTEN,
        "lid_bolts",
        f"Loosen {target}",
        acts,
        targets=(target,),
        on_failure=failures,
        alternative=alternative,
    )


def look_step(n: int) -> Step:
    targets = tuple(f"lid.{i:02d}" for i in range(1, n + 1))
    acts = (MoveAct((10, 10, -10), 500), LookAct("seen_empty", 1, targets))
    return Step(
        "p/standard/lid_bolts/seen_empty",
        Verb.INSPECT,
        "lid_bolts",
        "Look at the lid bolts",
        acts,
        targets=targets,
        contact=False,
        checkpoint=True,
        on_failure={"still_seen": (Reaction.RETRY, Reaction.ASK)},
    )


def plan_of(*steps: Step, permissives=()) -> Plan:
    return Plan("p/standard", "00", "p", HazardClass.A, steps, permissives)


@dataclass
class World:
    """Feeds the reducer and answers effects; ``answer`` may return None for the usual good answer, or an event."""

    plan: Plan | Refusal
    answer: Callable[[Effect, World], Event | str | None] = lambda effect, world: None
    verdict: PackVerdict = KNOWN
    state: EngineState = field(default_factory=lambda: EngineState(rules=RULES, now_s=0.0))
    effects: list[Effect] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    withheld: list[Effect] = field(default_factory=list)
    tags: dict = field(default_factory=lambda: dict(GOOD_TAGS))
    trusted: bool = False

    @property
    def packml(self) -> State:
        return self.state.packml

    def feed(self, event: Event) -> None:
        todo = [event]
        while todo:
            self.state, effects = step(self.state, todo.pop(0))
            self.effects += effects
            for effect in effects:
                if (reply := self._reply(effect)) is not None:
                    todo.append(reply)
                    if isinstance(effect, DoMotion) and effect.verb is MotionVerb.HOME and getattr(reply, "ok", False):
                        self.trusted = True
                        todo.insert(0, self.report())

    def report(self, state: MotionState = MotionState.IDLE) -> MotionReported:
        return MotionReported(self.now, state, (0, 0, 0), self.trusted)

    @property
    def now(self) -> float:
        return self.state.now_s

    def _reply(self, effect: Effect) -> Event | None:
        if isinstance(effect, UNAWAITED) and not isinstance(effect, HoldJog):
            return None
        special = self.answer(effect, self)
        if special == "withhold":
            self.withheld.append(effect)
            return None
        if special is not None:
            return special
        if isinstance(effect, HoldJog):
            return Finished(self.now, effect.jog, True) if effect.held_at_s is None else None
        if isinstance(effect, Jog):
            return None
        if isinstance(effect, Look):
            return self.looked(effect)
        if isinstance(effect, Decide):
            return Decided(
                self.now, effect.id, Decision(effect.assessment, self.plan, (Candidate("p/standard", True, ("fits",)),))
            )
        if isinstance(effect, RunCommand) and effect.name == "unfasten":
            self.removed.add(effect.id.split("#")[0].rsplit("/", 1)[-1])
        assert isinstance(effect, (Move, RunCommand, DoMotion, CancelCommand))
        return Finished(self.now, effect.id, True)

    def looked(self, effect: Look) -> Looked:
        return Looked(self.now, effect.id, (), self.assessment())

    def assessment(self) -> Assessment:
        fasteners = tuple(
            Fastener(name, FastenerKind.EMPTY if name in self.removed else FastenerKind.BOLT, (0, 0), None, 0.99)
            for name in (f"lid.{i:02d}" for i in range(1, 10))
        )
        return Assessment(self.verdict, (), HazardClass.A, ("no damage found",), fasteners)

    def fail(self, effect: Effect, kind: str, detail: str = "") -> Finished:
        return Finished(self.now, effect.id, False, kind, detail)

    def connect(self) -> None:
        self.feed(Started(self.now))
        self.connect_again()

    def connect_again(self) -> None:
        """The devices report, and the process is up already."""
        self.feed(LinkChanged(self.now, "plc", True, ack_seq=0))
        self.feed(LinkChanged(self.now, "motion", True))
        self.feed(TagsRead(self.now, dict(self.tags)))
        self.feed(self.report())

    def command(self, command: Command) -> None:
        self.feed(OperatorCommanded(self.now, command, "test"))

    def reconcile(self, answer: str = "done") -> list[str]:
        """After a run that broke off: the same pack, and each part as ``answer`` says; gives what was asked."""
        asked = []
        while (question := self.state.question) is not None:
            asked.append(question.target or "the pack")
            self.reply_to_question("same pack" if question.target is None else answer)
        return asked

    def reply_to_question(self, answer: str) -> None:
        assert self.state.question is not None
        self.feed(Answered(self.now, self.state.question.id, answer, "test"))

    def start(self) -> None:
        self.connect()
        self.command(Command.RESET)
        assert self.packml is State.IDLE, self.records("command")
        self.command(Command.START)

    def wait(self, duration_s: float) -> None:
        """Let time pass with the PLC's values kept fresh."""
        end_s = self.now + duration_s
        while self.now < end_s:
            at_s = min(self.now + 0.25, end_s)
            self.feed(TagsRead(at_s, dict(self.tags)))
            self.feed(Ticked(at_s))

    def set_tags(self, **changes) -> None:
        self.tags |= changes
        self.feed(TagsRead(self.now + 0.05, dict(self.tags)))

    def records(self, kind: str) -> list[dict]:
        return [dict(e.data) for e in self.effects if isinstance(e, Record) and e.kind == kind]

    def of(self, *kinds: type) -> list[Effect]:
        return [e for e in self.effects if isinstance(e, kinds)]
