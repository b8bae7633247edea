"""Which recorded answer is fed when: in its turn, at once when it is early, never when it answers something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import Cell, load_cell
from delid.core import (
    Command,
    DoMotion,
    Finished,
    Frame,
    Inspection,
    LinkChanged,
    MotionReported,
    MotionState,
    MotionVerb,
    OperatorCommanded,
    RecordingError,
    RunCommand,
    Started,
    TagsRead,
)
from delid.journal import Losses, Recording, RecordingHeader
from delid.replay import Outcome, replay

TAGS = {"estop_ok": True, "guard_closed": True, "smoke": False, "motion_permitted": True, "ack_seq": 4, "stop_ack": 0}
RESET = RunCommand("resetting.1.reset_faults", "reset_faults", {}, 15.0)
CLEAR = DoMotion("resetting.1.clear_fault", MotionVerb.CLEAR_FAULT, 3.0)
ENABLE = DoMotion("resetting.1.enable", MotionVerb.ENABLE, 3.0)
HOME = DoMotion("resetting.1.home", MotionVerb.HOME, 60.0)
BEGIN = (
    Started(0.0),
    LinkChanged(0.1, "plc", True, ack_seq=4),
    LinkChanged(0.1, "motion", True),
    TagsRead(0.2, TAGS),
    MotionReported(0.2, MotionState.FAULT, (0.0, 0.0, 0.0), False, "locked"),
    OperatorCommanded(0.3, Command.RESET, "kim"),
)


class Blind:
    """An Inspector that nothing may ask."""

    models: dict[str, str] = {}
    min_fastener_confidence = 0.6

    def inspect(self, frame: Frame, pack: str | None = None) -> Inspection:
        raise AssertionError("there is nothing to look at")

    def forget_frames(self) -> None: ...


@pytest.fixture(scope="module")
def cell() -> Cell:
    return load_cell(Path(__file__).resolve().parents[3] / "cell_configs/cells/demo.yaml")


def run(cell: Cell, *facts, losses: Losses = Losses()) -> Outcome:  # noqa: B008
    return replay(Recording(Path("a.mcap"), RecordingHeader("r"), facts, {}, losses), cell, Blind())


def done(effect: RunCommand | DoMotion, at_s: float) -> Finished:
    return Finished(at_s, effect.id, True)


def states(outcome: Outcome) -> list[object]:
    return [record.data["to"] for record in outcome.records if record.kind == "transition"]


def test_answers_are_fed_in_their_turn(cell):
    facts = (RESET, done(RESET, 0.4), CLEAR, done(CLEAR, 0.5), ENABLE, done(ENABLE, 0.6), HOME, done(HOME, 0.7))
    outcome = run(cell, *BEGIN, *facts)
    assert states(outcome) == ["Resetting", "Idle"]
    assert [sent.id for sent in outcome.wires] == [effect.id for effect in (RESET, CLEAR, ENABLE, HOME)]
    assert outcome.unanswered == ()


def test_an_answer_that_has_passed_is_fed_at_once_when_its_effect_comes(cell):
    """When this was recorded the effects came in another order than they do now."""
    facts = (HOME, done(HOME, 0.35), RESET, ENABLE, done(ENABLE, 0.4), CLEAR, done(CLEAR, 0.5), done(RESET, 0.6))
    outcome = run(cell, *BEGIN, *facts)
    assert states(outcome) == ["Resetting", "Idle"]
    assert [sent.id for sent in outcome.wires] == [effect.id for effect in (RESET, CLEAR, ENABLE, HOME)]


def test_an_answer_to_the_run_before_is_not_used(cell):
    """A new recording may begin while an effect of the same name is still being answered."""
    outcome = run(cell, BEGIN[0], Finished(0.05, RESET.id, False, "timeout"), *BEGIN[1:], RESET, done(RESET, 0.4))
    assert states(outcome) == ["Resetting"]
    assert outcome.unanswered == (CLEAR.id,)


def test_an_answer_to_another_command_of_that_id_is_not_used(cell):
    other = RunCommand(RESET.id, "open_clamp", {}, 15.0)
    outcome = run(cell, *BEGIN, other, done(other, 0.4))
    assert outcome.unanswered == (RESET.id,)


def test_what_failed_when_recorded_fails_again(cell):
    outcome = run(cell, *BEGIN, RESET, Finished(0.4, RESET.id, False, "refused", "a guard is open"))
    assert states(outcome)[:2] == ["Resetting", "Stopping"]
    assert "a guard is open" in str(outcome.records)


@pytest.mark.parametrize(
    ("facts", "losses"),
    [((), Losses()), (BEGIN[1:], Losses()), (BEGIN, Losses(lost_facts=1)), (BEGIN, Losses(failure="disk full"))],
    ids=["empty", "no start", "lost facts", "failed disk"],
)
def test_a_recording_that_lacks_facts_is_refused(cell, facts, losses):
    with pytest.raises(RecordingError) as caught:
        run(cell, *facts, losses=losses)
    assert caught.value.code == "recording.incomplete"


def test_dropped_frames_alone_do_not_forbid_a_replay(cell):
    assert states(run(cell, *BEGIN, losses=Losses(dropped_frames=3))) == ["Resetting"]
