"""What interlocks look at: each check gives words when something is wrong, else an empty string. Pure."""

from __future__ import annotations

from collections.abc import Callable

from delid.core import Condition, MotionState, Scalar

from ._state import EngineState
from ._turn import RUNNING

Check = Callable[[EngineState], str]
Heat = tuple[tuple[float, float], ...]

RISE_WINDOW_S = 20.0
"""Over which time the pack's temperature must not rise too fast."""
RISE_SAMPLE_S = 1.0
RISE_SUSTAINED_S = 2.0
"""For how long it has to be that much warmer: a single wrong reading is no rise."""
HOLDING_TAGS = {"vacuum_ok": "vacuum is held", "grip_ok": "the gripper is closed on a part"}
"""Tags that are on while a tool holds a part."""


def flag(tag: str, good: bool, words: str) -> Check:
    """A flag has to be ``good``. A tag that the register map does not have is not looked at."""

    def check(state: EngineState) -> str:
        value = state.tags.get(tag)
        return words if value is not None and bool(value) is not good else ""

    return check


def over(tag: str, limit: Callable[[EngineState], float], unit: str) -> Check:
    """A number must not exceed its limit."""

    def check(state: EngineState) -> str:
        value = _number(state, tag)
        if value is None or value <= limit(state):
            return ""
        return f"{tag} is {value:g} {unit}, over {limit(state):g} {unit}"

    return check


def under(tag: str, limit: Callable[[EngineState], float], unit: str) -> Check:
    """A number must not fall below its limit."""

    def check(state: EngineState) -> str:
        value = _number(state, tag)
        if value is None or value >= limit(state):
            return ""
        return f"{tag} is {value:g} {unit}, under {limit(state):g} {unit}"

    return check


def sure(condition: Callable[[EngineState], Condition], words: str) -> Check:
    """A condition has to hold on fresh values; a tag that was never read does not hold."""

    def check(state: EngineState) -> str:
        missing = holds(state, condition(state))
        return f"{words}: {missing}" if missing else ""

    return check


def both(first: Check, second: Check) -> Check:
    """The first thing that is wrong."""
    return lambda state: first(state) or second(state)


def holds(state: EngineState, condition: Condition) -> str:
    """Empty when the condition holds on fresh tags, else what is missing."""
    age_s = state.tags_age_s()
    value = state.tags.get(condition.tag)
    if age_s is None or value is None:
        return f"{condition.tag} has never been read"
    if age_s > condition.max_age_s:
        return f"{condition.tag} is {age_s:.1f} s old"
    if condition.equals is not None:
        return "" if bool(value) is condition.equals else f"{condition.describe()} does not hold"
    if isinstance(value, str):
        return f"{condition.tag} is no number"
    if condition.below is not None and not value < condition.below:
        return f"{condition.tag} is {value:g}, not below {condition.below:g}"
    if condition.above is not None and not value > condition.above:
        return f"{condition.tag} is {value:g}, not above {condition.above:g}"
    return ""


# --- links and ages -----------------------------------------------------------------------------------------------


def link_down(device: str, words: str) -> Check:
    """The device has to be connected; one that never was is not."""

    def check(state: EngineState) -> str:
        link = state.links.get(device)
        return "" if link is not None and link.up else f"{words}: {link.detail if link else 'not connected'}"

    return check


def link_lost(device: str, words: str) -> Check:
    """The device must not have been lost; one that was never heard of shows with its first use."""

    def check(state: EngineState) -> str:
        link = state.links.get(device)
        return f"{words}: {link.detail}" if link is not None and not link.up else ""

    return check


def stale_tags(state: EngineState) -> str:
    age_s = state.tags_age_s()
    if age_s is None or age_s <= state.rules.tags_max_age_s:
        return ""
    return f"the PLC's values are {age_s:.1f} s old"


def never_read(state: EngineState) -> str:
    return "" if state.tags_at_s is not None else "nothing read yet"


def old_frames(state: EngineState) -> str:
    age_s = state.frame_age_s
    if age_s <= state.rules.frame_max_age_s:
        return ""
    return f"the camera's frames are from {age_s:.1f} s before the look"


# --- the robot ----------------------------------------------------------------------------------------------------


def motion_fault(state: EngineState) -> str:
    if state.motion is not None and state.motion.state is MotionState.FAULT:
        return f"the motion controller reports {state.motion.fault or 'a fault'}"
    return ""


def position_lost(state: EngineState) -> str:
    if state.motion is not None and not state.motion.position_trusted:
        return "the robot's position is not trusted; it has to be homed"
    return ""


def never_reported(state: EngineState) -> str:
    return "" if state.motion is not None else "no report from the robot yet"


def part_hanging(state: EngineState) -> str:
    """What the PLC says of a part at the tool, in words; empty where it reports none."""
    held = [words for tag, words in HOLDING_TAGS.items() if state.tags.get(tag)]
    return f"{' and '.join(held)}: a part hangs at the tool; support it and take it away by hand" if held else ""


def left_open(state: EngineState) -> str:
    """What a person still has to say about the last run."""
    found = state.leftover.reconciliation
    return "" if found is None or found.settled else "answer the questions about what the last run left"


def part_before_run(state: EngineState) -> str:
    """A run may carry a part; a reset homes, and would drag it along."""
    return "" if state.packml in RUNNING else part_hanging(state)


# --- rate of rise -------------------------------------------------------------------------------------------------


def remember_heat(seen: Heat, at_s: float, value: Scalar | None) -> Heat:
    """The pack's temperatures of the last RISE_WINDOW_S seconds, about one in a second."""
    if value is None or isinstance(value, str):
        return seen
    kept = tuple(sample for sample in seen if at_s - sample[0] <= RISE_WINDOW_S)
    if not kept or at_s - kept[-1][0] >= RISE_SAMPLE_S:
        kept = (*kept, (at_s, float(value)))
    return kept


def heat_rises(state: EngineState) -> str:
    """How much warmer than at the coolest moment of the window, so that a fast rise shows before the window is full.

    One reading alone never tells it: the coolest sample but one counts, and the warmth has to last.
    """
    value = _number(state, "pack_temperature_c")
    if value is None or not state.heat:
        return ""
    newest_s = state.tags_at_s or state.now_s
    lately_c = [kept_c for at_s, kept_c in state.heat if newest_s - at_s <= RISE_SUSTAINED_S]
    coolest_c = sorted(kept_c for _, kept_c in state.heat)
    risen_c = min(value, *lately_c, value) - coolest_c[min(1, len(coolest_c) - 1)]
    limit_c_per_min = state.rules.temperature_rise_c_per_min
    if risen_c <= limit_c_per_min * RISE_WINDOW_S / 60:
        return ""
    return (
        f"pack_temperature_c rose by {risen_c:.1f} C within {RISE_WINDOW_S:g} s, faster than {limit_c_per_min:g} C/min"
    )


def _number(state: EngineState, tag: str) -> float | None:
    value = state.tags.get(tag)
    return None if value is None or isinstance(value, str) else float(value)
