from delid.core import (
    AskAct,
    Assessment,
    Condition,
    Decided,
    Decision,
    Event,
    HazardClass,
    MoveAct,
    PackStatus,
    PackVerdict,
    Plan,
    Refusal,
    Step,
    Verb,
    WaitAct,
    from_json,
    to_json,
)


def test_a_decision_survives_the_way_to_json_and_back():
    acts = (
        MoveAct((1.0, 2.0, 3.0), 5.0),
        AskAct("ready?", ("yes", "no"), ("yes",)),
        WaitAct(Condition("t", below=3.0), 2.0),
    )
    plan = Plan("r/x", "00", "p", HazardClass.A, (Step("k", Verb.ASK, "o", "t", acts),), (Condition("x", equals=True),))
    seen = Assessment(PackVerdict(PackStatus.KNOWN, "m", 0.9), (), HazardClass.A, ())
    for outcome in (plan, Refusal(("because",))):
        event = Decided(1.0, "i", Decision(seen, outcome))
        assert from_json(Event, to_json(event, tagged=True)) == event
