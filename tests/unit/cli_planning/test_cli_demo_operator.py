"""The person of the demo looks at the simulated pack before saying that a damage is not there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from delid.cli._demo_operator import DemoOperator, damage_of
from delid.core import (
    Answered,
    Assessment,
    Damage,
    DamageKind,
    Decision,
    HazardClass,
    ManualClock,
    PackStatus,
    PackVerdict,
    Question,
    Refusal,
)
from delid.engine import NOT_THERE, SET_ASIDE, THERE, EngineState


def asked(answers: tuple[str, ...], unclear: DamageKind | None) -> EngineState:
    doubts = () if unclear is None else (Damage(unclear, 0.3, 0.5, (0, 0, 9, 9)),)
    seen = Assessment(PackVerdict(PackStatus.KNOWN, "p", 0.9), (), HazardClass.B, (), unclear=doubts)
    decision = Decision(seen, Refusal(("?",)))
    return SimpleNamespace(question=Question("q.pack.1", "?", answers), current=None, decision=decision)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("there", "unclear", "answers", "said"),
    [
        (frozenset(), DamageKind.LEAK, (NOT_THERE, THERE, "look again", SET_ASIDE), NOT_THERE),
        (frozenset({DamageKind.DENT}), DamageKind.LEAK, (NOT_THERE, THERE, "look again", SET_ASIDE), NOT_THERE),
        (frozenset({DamageKind.LEAK}), DamageKind.LEAK, (NOT_THERE, THERE, "look again", SET_ASIDE), THERE),
        (frozenset(), None, ("look again", SET_ASIDE), SET_ASIDE),
    ],
)
def test_what_is_unclear_is_looked_for(
    tmp_path: Path, there: frozenset[DamageKind], unclear: DamageKind | None, answers: tuple[str, ...], said: str
) -> None:
    posted: list[Answered] = []
    executor = SimpleNamespace(observers=[], state=asked(answers, unclear), clock=ManualClock(), post=posted.append)
    DemoOperator(executor, tmp_path, there, lambda words: None)._act()  # type: ignore[arg-type]
    assert [(p.question_id, p.answer) for p in posted] == [("q.pack.1", said)]


def test_what_a_person_would_see_stands_in_the_scene(repository: Path) -> None:
    scenes = repository / "fixtures/scenes"
    assert damage_of(scenes / "vw-meb-82-burn") == {DamageKind.BURN}
    assert damage_of(scenes / "vw-meb-82-clean") == frozenset()
