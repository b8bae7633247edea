"""Questions about the pack: there is no plan, and a person decides."""

from __future__ import annotations

from delid.core import DamageKind, HazardClass, PackStatus, Question

from . import _acting as acting
from . import _replan as replan
from ._state import Phase
from ._turn import Turn

LOOK_AGAIN = "look again"
SET_ASIDE = "set aside"
NOT_THERE = "it is not there"
THERE = "it is there"


def ask_about_pack(turn: Turn, text: str, reasons: tuple[str, ...]) -> None:
    """No plan: a person decides.

    Only where two taught packs look alike may a person name one of them. Unclear damages are asked about first, each
    by itself: what is there counts as found, and the plan, or the refusal, follows from it.
    """
    seen = turn.state.assessment
    names: tuple[str, ...] = ()
    if seen is not None and seen.pack.status is PackStatus.AMBIGUOUS and turn.state.assume_pack is None:
        names = tuple(c.model for c in seen.pack.candidates[:2])
    answers = (*names, SET_ASIDE) if names else (LOOK_AGAIN, SET_ASIDE)
    if _asked_for(turn) is not None:
        answers = (NOT_THERE, THERE, LOOK_AGAIN, SET_ASIDE)
    question = Question(f"q.pack.{turn.state.turns}", text, answers, reasons=reasons)
    turn.set(question=question)
    turn.record("question", id=question.id, text=text, answers=list(answers), step=None)
    acting.hold(turn, "a question to the operator")


def answer_about_pack(turn: Turn, answer: str) -> None:
    """A person answered."""
    if answer == SET_ASIDE:
        turn.end_run("set aside", "operator: no recipe fits")
        acting.stop(turn, "operator: set aside")
    elif answer == LOOK_AGAIN and turn.state.plan is not None:
        replan.look_again(turn)
    elif answer == LOOK_AGAIN:
        turn.set(phase=Phase.NONE, assume_pack=None, ruled_out=(), ruled_in=())
    elif (kind := _asked_for(turn)) is not None and answer in (NOT_THERE, THERE):
        name = "ruled_out" if answer == NOT_THERE else "ruled_in"
        turn.set(**{name: (*getattr(turn.state, name), kind)}, phase=Phase.LOOKING)
    else:
        turn.set(assume_pack=answer, phase=Phase.LOOKING)


def _asked_for(turn: Turn) -> DamageKind | None:
    """What a person is asked to look for first; a pack of class C is not looked at more closely."""
    decision = turn.state.decision
    if decision is None or decision.assessment.hazard_class is HazardClass.C or not decision.assessment.unclear:
        return None
    return decision.assessment.unclear[0].kind
