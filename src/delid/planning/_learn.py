"""How long acts took in recorded runs: each effect from the turn that asked for it to the event that ended it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from delid.config import LearntFrom, Measured, MoveTime, TimesFile
from delid.core import (
    AMBIENT,
    Answered,
    Effect,
    Event,
    Finished,
    Locate,
    Located,
    Look,
    Looked,
    MotionReported,
    Move,
    OperatorCommanded,
    PoseMm,
    Record,
    RunCommand,
    Wire,
)

MOVES_NEEDED = 10
"""So many moves at least are needed for a rule of how long moves take."""

ACTS = "#"
"""In the ids of effects that belong to a step of a plan."""


@dataclass(slots=True)
class Samples:
    """Seconds that acts took."""

    commands: dict[str, list[float]] = field(default_factory=dict)
    looks: dict[str, list[float]] = field(default_factory=dict)
    locate: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    moves: list[tuple[float, float]] = field(default_factory=list)
    """Seconds at the feed asked for (distance over feed), and seconds that it took."""


def collect(facts: Iterable[Event | Effect | Record | Wire], samples: Samples) -> None:
    """Take the acts of one recorded run into ``samples``. What failed, or was under way during a hold, is left out."""
    now_s, here = 0.0, None
    under_way: dict[str, tuple[Effect, float, PoseMm | None]] = {}
    asked: dict[str, float] = {}
    for fact in facts:
        match fact:
            case Wire():
                continue
            case Move() | RunCommand() | Look() | Locate():
                under_way[fact.id] = (fact, now_s, here)
                continue
            case Record(kind="question", data=data):
                asked[str(data["id"])] = now_s
                continue
        now_s = getattr(fact, "at_s", now_s)
        match fact:
            case OperatorCommanded():
                under_way.clear()
                asked.clear()
            case MotionReported(pose_mm=(_, _, _)):
                here = here or fact.pose_mm
            case Answered(question_id=name) if name in asked:
                samples.answers.append(now_s - asked.pop(name))
            case Finished() | Looked() | Located() if fact.id in under_way:
                effect, since_s, begin = under_way.pop(fact.id)
                here = effect.to_mm if isinstance(effect, Move) else here
                if not isinstance(fact, Finished) or fact.ok:
                    _note(samples, effect, now_s - since_s, begin)


def _note(samples: Samples, effect: Effect, took_s: float, begin: PoseMm | None) -> None:
    if isinstance(effect, RunCommand):
        samples.commands.setdefault(effect.name, []).append(took_s)
    elif isinstance(effect, Locate):
        samples.locate.append(took_s)
    elif isinstance(effect, Look) and effect.look == AMBIENT:
        samples.looks.setdefault(effect.purpose, []).append(took_s)
    elif isinstance(effect, Move) and begin is not None and ACTS in effect.id:
        samples.moves.append((math.dist(begin, effect.to_mm) / effect.feed_mm_s, took_s))


def learn(name: str, samples: Samples, sources: Sequence[LearntFrom]) -> TimesFile:
    """The file of times that the samples give."""
    return TimesFile(
        times=name,
        learnt_from=list(sources),
        commands={k: _measured(v) for k, v in sorted(samples.commands.items())},
        looks={k: _measured(v) for k, v in sorted(samples.looks.items())},
        locate=_measured(samples.locate) if samples.locate else None,
        answers=_measured(samples.answers) if samples.answers else None,
        move=_move_rule(samples.moves),
    )


def _measured(seconds: Sequence[float]) -> Measured:
    spread = stdev(seconds) if len(seconds) > 1 else 0.0
    return Measured(count=len(seconds), mean_s=round(fmean(seconds), 3), sd_s=round(spread, 3))


def _move_rule(moves: Sequence[tuple[float, float]]) -> MoveTime | None:
    """Least squares of seconds taken over seconds at the feed asked for; a rule has no negative part."""
    if len(moves) < MOVES_NEEDED:
        return None
    mean_x, mean_y = fmean(x for x, _ in moves), fmean(y for _, y in moves)
    square = sum((x - mean_x) ** 2 for x, _ in moves)
    if square == 0:
        return None
    slope = max(sum((x - mean_x) * (y - mean_y) for x, y in moves) / square, 1 / 1.5)
    settle = max(mean_y - slope * mean_x, 0.0)
    rest = [y - settle - slope * x for x, y in moves]
    return MoveTime(
        count=len(moves), settle_s=round(settle, 3), feed_share=round(1 / slope, 4), sd_s=round(stdev(rest), 3)
    )
