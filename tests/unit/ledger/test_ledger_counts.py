"""What the journal says beside a step reaches the entries: what it used, and what hung at the tool."""

from types import SimpleNamespace

from delid.core import Record, State, TagsRead, Ticked
from delid.engine._turnlog import COUNTED, entry_of
from delid.ledger import OperationDone
from delid.ledger._digest import Digest, JournalLine

TAGS = {"energy_wh": 12.5, "extraction_wh": 3.0, "air_nl": 8, "carried_kg": 28.0, "gas_ppm": 0}
STEP = SimpleNamespace(key="r/lid")
DONE = Record("step", {"key": "r/lid", "status": "done", "detail": "confirmed"})


def state(step):
    return SimpleNamespace(packml=State.EXECUTE, current=step and SimpleNamespace(step=step), tags=TAGS)


def test_the_counters_stand_beside_the_turns_of_a_step_and_its_end():
    for effects, step in (((), STEP), ((DONE,), None)):
        assert entry_of(TagsRead(1.0, TAGS), effects, state(step))["readings"] == {tag: TAGS[tag] for tag in COUNTED}
    assert "readings" not in entry_of(Ticked(1.0), (), state(None))


def line(seq, readings, step="r/lid", effects=()):
    turn = {"event": {"type": "Ticked"}, "effects": list(effects), "readings": readings, "step": step}
    return JournalLine("run-1", seq, 100.0 + seq, "turn", turn)


def test_a_step_has_its_counters_and_the_last_weight_that_hung_at_the_tool():
    digest = Digest(str, lambda view, decision, wall_s: ())
    plan = {"type": "Plan", "steps": [{"key": "r/lid", "do": "lift", "title": "Lift the lid"}]}
    decide = {"type": "Decide", "readings": {"energy_wh": 10.0}}
    decided = {"event": {"type": "Decided", "decision": {"outcome": plan}}, "effects": [decide]}
    digest.take(JournalLine("run-1", 0, 100.0, "turn", decided))
    for seq, kg in enumerate((0.0, 27.0, 28.0, 0.0), start=1):
        digest.take(line(seq, {"energy_wh": 10.0 + seq, "carried_kg": kg}))
    end = {"type": "Record", "kind": "step", "data": {"key": "r/lid", "status": "done", "detail": "confirmed"}}
    ((_, said),) = digest.take(line(5, {"energy_wh": 15.0, "carried_kg": 0.0}, step=None, effects=[end]))
    assert isinstance(said, OperationDone)
    assert (said.readings_before["energy_wh"], said.readings_after["energy_wh"]) == (10.0, 15.0)
    assert said.values["carried_kg"] == 28.0
