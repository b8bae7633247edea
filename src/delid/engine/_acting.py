"""What each acting PackML state has to do, and what it means when that fails."""

from __future__ import annotations

from delid.core import CancelCommand, DoMotion, Effect, Mode, MotionState, MotionVerb, Move, PoseMm, RunCommand, State

from ._aftermath import busy
from ._jogging import end as end_jog
from ._state import EngineState, Phase
from ._turn import RUNNING, Turn

ON_FAILURE: dict[State, State] = {
    State.RESETTING: State.STOPPING,
    State.STARTING: State.STOPPING,
    State.COMPLETING: State.STOPPING,
    State.HOLDING: State.ABORTING,
    State.UNHOLDING: State.ABORTING,
    State.SUSPENDING: State.ABORTING,
    State.UNSUSPENDING: State.ABORTING,
    State.STOPPING: State.ABORTING,
    State.CLEARING: State.ABORTING,
}
"""Where a failed acting state leads. Aborting goes on to Aborted whatever happens, with an alarm."""

PAUSING = (State.HOLDING, State.SUSPENDING)
RESUMING = (State.UNHOLDING, State.UNSUSPENDING)
CUT_SHORT = (MotionState.HELD, MotionState.DOOR)


def work_of(state: EngineState, to: State) -> tuple[Effect, ...]:
    """The effects of an acting state, in order."""
    rules, prefix = state.rules, f"{to.value.lower()}.{state.turns + 1}"

    def motion(verb: MotionVerb, deadline_s: float) -> DoMotion:
        return DoMotion(f"{prefix}.{verb.value}", verb, deadline_s)

    def command(name: str) -> RunCommand:
        return RunCommand(f"{prefix}.{name}", name, {}, rules.command_timeout_s)

    trusted = state.motion is not None and state.motion.position_trusted
    fault = state.motion is None or state.motion.state is MotionState.FAULT
    moving = any(isinstance(p.effect, Move) for p in state.pending.values())
    # a motion that was held or cut short, perhaps by a process that is gone, is dropped: nothing may take it up again
    cut_short = state.motion is not None and state.motion.state in CUT_SHORT
    drop = [motion(MotionVerb.STOP, rules.stop_timeout_s)] if cut_short else []
    clear = [*drop, *([motion(MotionVerb.CLEAR_FAULT, rules.stop_timeout_s)] if fault else [])]
    homing = [] if trusted or not rules.needs_homing else [motion(MotionVerb.HOME, rules.home_timeout_s)]
    seen_mm = state.motion.pose_mm if state.motion is not None else None
    parking = _to_park(seen_mm, state, prefix)
    start = [command("close_clamp"), command("start_extraction"), *_raising(state, prefix), *parking]
    halt: list[Effect] = [
        motion(MotionVerb.STOP, rules.stop_timeout_s),
        CancelCommand(f"{prefix}.cancel", rules.stop_timeout_s),
    ]
    table: dict[State, list[Effect]] = {
        State.RESETTING: [command("reset_faults"), *clear, motion(MotionVerb.ENABLE, rules.stop_timeout_s), *homing],
        State.STARTING: [] if state.mode is Mode.MANUAL else start,
        State.COMPLETING: [
            *_retraction(state, prefix),
            *_to_park(state.last_target_mm or seen_mm, state, prefix),
            command("open_clamp"),
        ],
        State.CLEARING: [command("reset_faults"), *clear],
        State.STOPPING: halt,
        State.ABORTING: halt,
        **{s: [motion(MotionVerb.HOLD, rules.hold_timeout_s)] if moving else [] for s in PAUSING},
        **{s: [motion(MotionVerb.RESUME, rules.hold_timeout_s)] if state.motion_held else [] for s in RESUMING},
    }
    return tuple(table.get(to, ()))


def _to_park(from_mm: PoseMm | None, state: EngineState, prefix: str) -> list[Effect]:
    """At travel height to the park position, around keep-out zones; straight where the robot stands inside of one."""
    rules = state.rules
    x, y, _ = rules.park_mm
    corners = rules.level.way(from_mm[:2], (x, y)) or [] if rules.level is not None and from_mm is not None else []
    way = [(f"corner{n}", (*at, rules.safe_z_mm)) for n, at in enumerate(corners, 1)]
    moves = [*way, ("park", rules.park_mm)]
    return [Move(f"{prefix}.{name}", to, rules.travel_feed_mm_s, rules.move_timeout_s) for name, to in moves]


def _retraction(state: EngineState, prefix: str) -> list[Effect]:
    """A move straight up to the travel height, where the tool was last sent below it."""
    return _up_from(state.last_target_mm, state, prefix)


def _raising(state: EngineState, prefix: str) -> list[Effect]:
    """The same from where the robot says that it stands: a person may have jogged it there."""
    return _up_from(state.motion.pose_mm if state.motion is not None else None, state, prefix)


def _up_from(at_mm: PoseMm | None, state: EngineState, prefix: str) -> list[Effect]:
    rules = state.rules
    if at_mm is None or at_mm[2] >= rules.safe_z_mm:
        return []
    up = (at_mm[0], at_mm[1], rules.safe_z_mm)
    return [Move(f"{prefix}.retract", up, rules.travel_feed_mm_s, rules.move_timeout_s)]


def enter_acting(turn: Turn, to: State, cause: str) -> None:
    """Enter an acting state with its work laid out; a robot that cannot hold its motion is stopped instead."""
    moving = any(isinstance(p.effect, Move) for p in turn.state.pending.values())
    if to in PAUSING and moving and not turn.state.rules.can_hold:
        stop(turn, f"{cause}; this robot cannot hold a motion")
        return
    if to in PAUSING:
        end_jog(turn, cause)
        turn.set(confirmed=None)  # what a person allowed was to begin now, not after a hold
    if to in RESUMING:
        turn.set(frame_age_s=0.0)  # a look whose frames were too old is taken again
    if to in PAUSING and turn.state.packml in (State.SUSPENDED, *RESUMING):
        _shift_deadlines(turn)  # a move that is still held has not had its time
    work = work_of(turn.state, to)
    turn.enter(to, cause)
    turn.set(work=work)


def hold(turn: Turn, cause: str) -> None:
    """Hold the run; a run that is only being prepared or put away is stopped instead."""
    if turn.state.packml in (State.EXECUTE, State.UNHOLDING, State.SUSPENDED, State.UNSUSPENDING):
        enter_acting(turn, State.HOLDING, cause)
    elif turn.state.packml in (State.STARTING, State.COMPLETING):
        stop(turn, cause)


def stop(turn: Turn, cause: str, outcome: str = "stopped") -> None:
    """Stop in an orderly way: motion and PLC command end at once, the run is over."""
    _halt(turn, State.STOPPING, outcome, cause)


def abort(turn: Turn, code: str, cause: str) -> None:
    """Abort: as a stop, and the fault stays latched until a person clears it."""
    turn.alarm(code, cause)
    _halt(turn, State.ABORTING, "aborted", cause)


def _halt(turn: Turn, to: State, outcome: str, cause: str) -> None:
    if turn.state.packml in RUNNING:
        turn.end_run(outcome, cause)
    turn.forget(keep_stops=False)
    if turn.state.thermal is None:
        turn.set(aftermath=None)
    enter_acting(turn, to, cause)
    turn.set(
        question=None,
        current=None,
        queue=(),
        beside=(),
        redo_act=False,
        motion_held=False,
        phase=Phase.NONE,
        program=None,
    )
    turn.set(jog=None, confirmed=None, jog_end=cause if turn.state.jog is not None else turn.state.jog_end)
    if turn.state.motion is None or not turn.state.motion.position_trusted:
        turn.set(last_target_mm=None)


def fail_acting(turn: Turn, effect: Effect, words: str) -> None:
    """An effect of an acting state failed."""
    now_in = turn.state.packml
    if now_in in PAUSING and isinstance(effect, DoMotion) and effect.verb is MotionVerb.RESUME:
        return  # the hold went ahead of going on; the robot holds as it did
    what = getattr(effect, "id", "").rsplit(".", 1)[-1].replace("_", " ")
    text = f"{now_in.value}: {what} was not confirmed: {words}"
    if now_in is State.ABORTING:
        turn.alarm(
            f"abort.{what.replace(' ', '_')}", f"{text}. Use the cell's hardwired emergency stop if it still moves."
        )
        return
    to = ON_FAILURE.get(now_in)
    if to is State.STOPPING:
        turn.alarm(f"{now_in.value.lower()}.failed", text)
        stop(turn, text)
    elif to is State.ABORTING:
        abort(turn, f"{now_in.value.lower()}.failed", text)


def acting_done(turn: Turn) -> bool:
    """Go on with the work of an acting state; True when the state changed."""
    state = turn.state
    if state.packml in (State.STOPPING, State.ABORTING) and state.work:
        for effect in state.work:  # motion and PLC are told at once, neither waits for the other
            turn.emit(effect)
        turn.set(work=())
        return False
    if state.packml in PAUSING:
        return _pause(turn)
    if state.pending and state.packml not in RESUMING:
        return False
    if busy(state):
        return False
    if state.packml in RESUMING and turn.awaiting(DoMotion):
        return False
    if state.work:
        turn.set(work=state.work[1:])
        turn.emit(state.work[0])
        return False
    if state.packml is State.COMPLETING:
        turn.end_run(*_outcome(state))
    if state.packml in RESUMING:
        _shift_deadlines(turn)
    turn.finish_acting()
    return True


def _pause(turn: Turn) -> bool:
    """Holding ends when the robot stands and no command or look is under way; a held move stays awaited."""
    if turn.state.work:
        turn.emit(turn.state.work[0])
        turn.set(work=(), motion_held=True)
        return False
    if any(not isinstance(p.effect, Move) for p in turn.state.pending.values()):
        return False
    turn.finish_acting()
    if turn.state.question is not None:
        hold(turn, "a question to the operator")  # it came up while the run was being suspended
    return True


def _shift_deadlines(turn: Turn) -> None:
    """Waits that began before a hold get a full time again."""
    rules = turn.state.rules
    pending = {
        k: type(p)(p.effect, max(p.due_s, turn.now_s + rules.move_timeout_s)) for k, p in turn.state.pending.items()
    }
    turn.set(pending=pending, motion_held=False)


def _outcome(state: EngineState) -> tuple[str, str]:
    """How a completed run ended, and why; a person may complete it before its plan is done."""
    if state.plan is None or state.queue or state.beside or state.current is not None:
        return "ended early", "completed by a person before all steps were done"
    last = state.plan.steps[-1].do.value if state.plan.steps else ""
    return "quarantined" if last == "quarantine" else "dismantled", "all steps done"
