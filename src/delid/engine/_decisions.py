"""Asking the planner, and what its answer leads to."""

from __future__ import annotations

import dataclasses

from delid.core import Decide, Decided, Mode, Refusal

from . import _reconcile as reconcile
from . import _replan as replan
from ._questions import ask_about_pack
from ._state import EngineState, Phase
from ._turn import Turn


def ask(state: EngineState) -> Decide:
    """Plan from what is sure: what a doubtful fastener is, the nutrunner finds out. Its place counts if measured."""
    assert state.assessment is not None
    sure = state.rules.empty_confidence
    kept = tuple(f for f in state.assessment.fasteners if f.confidence >= sure or f.uncertainty_mm is not None)
    seen = dataclasses.replace(state.assessment, fasteners=kept)
    doubtful = any(f.confidence < sure for f in kept)
    name, readings = f"decide.{state.turns}", dict(state.tags)
    least = sure if doubtful else 0.0
    named = reconcile.assumed_pack(state)
    carried, released_only = replan.so_far(state), state.mode is not Mode.MAINTENANCE
    told = state.told if state.told is not None or carried is None else carried.told
    words = (state.ruled_out, carried, state.ruled_in, released_only, told)
    return Decide(name, seen, readings, state.excluded, named, least, *words, replan.stands(state))


def on_decided(turn: Turn, event: Decided) -> None:
    """The planner answered: with a plan, which may take the place of another one, or with a no."""
    if turn.settle(event.id) is None:
        return
    decision = event.decision
    turn.set(decision=decision)
    candidates = [{"recipe": c.recipe, "accepted": c.accepted, "reasons": list(c.reasons)} for c in decision.candidates]
    if isinstance(decision.outcome, Refusal):
        turn.record("decision", recipe=None, reasons=list(decision.outcome.reasons), candidates=candidates)
        turn.set(queue=())
        ask_about_pack(turn, decision.outcome.reasons[0], decision.outcome.reasons)
        return
    plan = decision.outcome
    turn.record(
        "decision", recipe=plan.recipe, hazard=plan.hazard_class.value, candidates=candidates,
        steps=[s.key for s in plan.steps],
    )  # fmt: skip
    whole = replan.take(turn, plan)
    turn.set(plan=whole, queue=plan.steps, phase=Phase.WORKING, seen_gone=(), basis=decision.assessment)
