"""What the model of the engine is fed with, and the tables that it is held against."""

from __future__ import annotations

import dataclasses

from harness import bolt_step, look_step, plan_of

from delid.core import (
    ACTING_DONE,
    COMMANDED,
    AskAct,
    CancelCommand,
    CommandAct,
    Condition,
    Decide,
    FailureKind,
    HoldJog,
    Jog,
    Locate,
    LocateAct,
    Look,
    MotionVerb,
    Move,
    Reaction,
    Refusal,
    RunCommand,
    State,
    Step,
    Verb,
    WaitAct,
)
from delid.engine import Light

DEVICES = ("plc", "motion", "journal", "camera")
FAULTS = (
    {"estop_ok": False},
    {"guard_closed": False},
    {"smoke": True},
    {"quench_on": True},
    {"isolation_ohm_per_v": 40.0},
    {"pack_temperature_c": 75.0},
    {"gas_ppm": 90},
    {"pack_voltage_v": 380.0},
    {"watchdog_ok": False},
    {"motion_permitted": False},
    {"extraction_on": False},
    {"vacuum_ok": True},
)
CALM_FAULTS = tuple(f for f in FAULTS if set(f) & {"motion_permitted", "pack_voltage_v", "extraction_on", "vacuum_ok"})
"""Those that hold a run; all others end it, so that few runs would come far."""
FAILURES = (
    "journal",
    "timeout",
    "not_reached",
    *(kind.value for kind in FailureKind),
    "link",
    "alarm",
    "reset",
    "door",
    "stopped",
    "fault",
    "journal",
)
WAITING = frozenset({State.STOPPED, State.IDLE, State.COMPLETE, State.ABORTED, State.HELD, State.SUSPENDED})
ONWARD = frozenset({State.RESETTING, State.STARTING, State.CLEARING, State.UNHOLDING, State.UNSUSPENDING})
PAUSED = frozenset({State.HELD, State.SUSPENDED, State.UNHOLDING, State.UNSUSPENDING})
HALTING = frozenset({State.STOPPING, State.ABORTING})
HALTED = HALTING | {State.ABORTED}
LEFT = (State.STOPPED, State.ABORTED, State.CLEARING, State.COMPLETE)
"""Where a person may be asked about what a run left."""
EDGES = {(a, b) for (a, _), b in COMMANDED.items()} | set(ACTING_DONE.items())
WORKING = {State.STARTING, State.EXECUTE, State.COMPLETING}
ALLOWED_IN = {
    Move: WORKING,
    Jog: {State.EXECUTE},
    HoldJog: {State.EXECUTE},
    RunCommand: WORKING | {State.RESETTING, State.CLEARING},
    CancelCommand: HALTING,
    Look: {State.EXECUTE},
    Locate: {State.EXECUTE},
    Decide: {State.EXECUTE},
    MotionVerb.STOP: HALTING | {State.RESETTING, State.CLEARING},
    MotionVerb.HOLD: {State.HOLDING, State.SUSPENDING},
    MotionVerb.RESUME: {State.UNHOLDING, State.UNSUSPENDING},
    MotionVerb.HOME: {State.RESETTING},
    MotionVerb.ENABLE: {State.RESETTING},
    MotionVerb.CLEAR_FAULT: {State.RESETTING, State.CLEARING},
}
"""In which states an effect may be asked for; after a fault only stop and cancel are left until a person clears it."""

AFTER_HALT = ("quench", "extraction_full", "signal_quarantine")
"""What the PLC is told once everything has been stopped; besides, the tool may be brought up, and nothing else."""

LAMPS = (Light("rake_left", 1, 0.1), Light("ambient", 0, 0.1))


def _rich_plan():
    impact = (CommandAct("fit_tool", {"tool_number": 2}), *bolt_step(1).acts[:3])
    refit = (CommandAct("fit_tool", {"tool_number": 1}),)
    hit = {"seized": (Reaction.RETRY, Reaction.IMPACT, Reaction.ASK), "slipped": (Reaction.SKIP,)}
    first = dataclasses.replace(bolt_step(1, on_failure=hit, alternative=impact), refit=refit)
    fine = bolt_step(2, on_failure={"not_found": (Reaction.RETRY,), "stripped": (Reaction.STOP,)})
    fine = dataclasses.replace(fine, acts=(LocateAct("lid.02", (200.0, 50.0, -290.0), 8.0), *fine.acts))
    lift = Step(
        "p/standard/lift", Verb.LIFT, "lift", "Lift",
        (CommandAct("vacuum_on"), WaitAct(Condition("vacuum_ok", equals=True), 2.0)),
    )  # fmt: skip
    asked = AskAct("Plug pulled?", ("pulled", "cannot"), ("pulled",))
    calm = WaitAct(Condition("pack_voltage_v", below=60.0), 5.0)
    check = Step("p/standard/check", Verb.MEASURE, "check", "Check", (calm,), contact=False, beside=True)
    lift = dataclasses.replace(lift, waits_for=(check.key,))
    ask = Step("p/standard/plug", Verb.DISCONNECT, "plug", "Pull the plug", (asked,), contact=False)
    permissives = (Condition("extraction_on", equals=True),)
    return plan_of(check, first, fine, look_step(2), ask, lift, permissives=permissives)


def rest_of(plan, carried):
    """What the planner makes of a plan when it is told what is done."""
    if carried is None or isinstance(plan, Refusal):
        return plan
    out = {*carried.loosened, *carried.removed}
    left = [
        s
        for s in plan.steps
        if s.key not in carried.done
        and not (s.do is Verb.UNFASTEN and set(s.targets) <= out)
        and not (s.do is Verb.LIFT and carried.lid_off)
    ]
    return dataclasses.replace(plan, steps=tuple(left))


PLANS = (plan_of(bolt_step(1), look_step(1)), _rich_plan(), Refusal(("no recipe fits",)))
