from dataclasses import replace

from delid.core import (
    AMBIENT,
    AskAct,
    Assessment,
    Condition,
    Decided,
    Decision,
    Event,
    Fastener,
    FastenerKind,
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
    to_plain,
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


def test_an_uncertainty_that_nobody_worked_out_is_not_written_and_older_files_still_read():
    plain = Fastener("lid.01", FastenerKind.BOLT, (1.0, 2.0), (3.0, 4.0), 0.9)
    measured = replace(plain, uncertainty_mm=0.8)
    assert "uncertainty_mm" not in to_plain(plain)
    assert to_plain(measured)["uncertainty_mm"] == 0.8
    assert from_json(Fastener, to_json(plain)) == plain
    assert from_json(Fastener, to_json(measured)) == measured


def test_looks_are_written_only_where_there_is_more_than_ambient_light():
    plain = Assessment(PackVerdict(PackStatus.KNOWN, "m", 0.9), (), HazardClass.A, ())
    raked = replace(plain, looks=(AMBIENT, "rake_left"))
    assert "looks" not in to_plain(plain)
    assert to_plain(raked)["looks"] == ["ambient", "rake_left"]
    assert from_json(Assessment, to_json(plain)) == plain
    assert from_json(Assessment, to_json(raked)) == raked
