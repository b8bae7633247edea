"""The simulated person at the cell: answers its questions, and does by hand what the cell could not."""

from __future__ import annotations

from dataclasses import dataclass

from delid.core import AskAct, FailureKind, Question, Verb
from delid.engine import EngineState

from ._cell import SimulatedCell
from ._chance import happens

TRY_AGAIN, BY_HAND, STOP = "try again", "done by hand", "stop"
WORTH_ANOTHER_TRY = frozenset(
    kind.value
    for kind in (
        FailureKind.NOT_VERIFIED,
        FailureKind.SLIPPED,
        FailureKind.NOT_FOUND,
        FailureKind.MISALIGNED,
        FailureKind.TIMEOUT,
    )
)
"""Failures after which a person lets the cell try once more, before doing it by hand."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, how long it takes to be given, and what the person does at the pack before."""

    answer: str
    takes_s: float
    by_hand: bool = False


def reply_to(question: Question, state: EngineState, cell: SimulatedCell, asked_before: int) -> Reply:
    """What the person does about a question; ``asked_before`` counts the questions about the same step."""
    current = state.current
    if current is None:
        return Reply(question.answers[-1], cell.takes("person.decide", question.id))
    act = current.acts[current.index]
    if isinstance(act, AskAct) and current.reaction is None:
        return _do_as_asked(act, current.step.do, len(current.step.targets), question, cell)
    if current.failure in WORTH_ANOTHER_TRY and asked_before == 0:
        return Reply(TRY_AGAIN, cell.takes("person.decide", question.id))
    parts = max(1, len(current.failed_targets))
    return Reply(BY_HAND, parts * cell.takes("person.by_hand", question.id), by_hand=True)


def reply_as_told(answer: str, question: Question, state: EngineState, cell: SimulatedCell) -> Reply:
    """An answer that is known beforehand; what it says was done by hand is done."""
    current = state.current
    act = current.acts[current.index] if current is not None else None
    done = answer == BY_HAND
    if current is not None and isinstance(act, AskAct) and current.step.do is Verb.UNFASTEN:
        done = done or answer in act.go_on
    return Reply(answer, cell.takes("person.decide", question.id), by_hand=done)


def _do_as_asked(act: AskAct, do: Verb, parts: int, question: Question, cell: SimulatedCell) -> Reply:
    refused = do is Verb.ASK and happens(
        cell.case.assumptions.chance("ask.refused"), cell.seed, "ask.refused", question.id
    )
    no = [answer for answer in act.answers if answer not in act.go_on]
    if refused and no:
        return Reply(no[0], cell.takes("person.decide", question.id))
    if do is Verb.UNFASTEN:
        return Reply(act.go_on[0], parts * cell.takes("person.by_hand", question.id), by_hand=True)
    kind = "person.decide" if do is Verb.ASK else "person.do"
    return Reply(act.go_on[0], cell.takes(kind, question.id))


def work_by_hand(state: EngineState, cell: SimulatedCell) -> None:
    """What the person has changed at the pack when the answer comes."""
    current, machine = state.current, cell.machine
    assert current is not None
    step = current.step
    names = current.failed_targets or step.targets
    if step.do is Verb.UNFASTEN:
        machine.removed += [n for n in names if n in machine.site.fasteners and n not in machine.removed]
    elif step.do is Verb.LIFT:
        machine.held, machine.lid_on = None, False
    elif step.do is Verb.PLACE:
        machine.held = None
    elif step.do is Verb.PICK:
        machine.held = None
        numbers = [int(n.rpartition(".")[2]) - 1 for n in names if n.startswith("module.")]
        machine.modules_out += [n for n in numbers if n not in machine.modules_out]
    if step.tool in cell.case.cell.spec.tools and current.failure == FailureKind.TOOL_MISSING.value:
        machine.tool_number = cell.case.cell.spec.tools[step.tool].number
