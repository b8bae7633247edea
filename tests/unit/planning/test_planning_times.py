"""Times of acts, learnt from recorded runs."""

from dataclasses import replace

import pytest
from planning_plans import plan_of

from delid.config import LearntFrom
from delid.core import (
    Answered,
    Command,
    Finished,
    Look,
    Looked,
    MotionReported,
    MotionState,
    Move,
    OperatorCommanded,
    Record,
    RunCommand,
    Ticked,
)
from delid.planning import Samples, collect, learn

SOURCE = [LearntFrom(run="r1", sha256="0" * 64)]


def moved(n, begin_s, to, took_s, feed=100.0, ok=True):
    return [Ticked(begin_s), Move(f"a/b#1.{n}", to, feed, 60.0), Finished(begin_s + took_s, f"a/b#1.{n}", ok)]


def run(count=12):
    facts = [MotionReported(0.0, MotionState.IDLE, (0.0, 0.0, 0.0), True)]
    for n in range(count):
        to = (50.0 * (n + 1) * (n % 2), 0.0, 0.0)  # there and back, farther each time
        distance = 50.0 * (n + 1) if n % 2 else 50.0 * n
        facts += moved(n, 100.0 * n, to, 0.5 + distance / 80)
    return facts


def test_moves_give_a_rule_and_what_failed_is_left_out():
    samples = Samples()
    collect([*run(), *moved(99, 5000.0, (999.0, 0.0, 0.0), 30.0, ok=False)], samples)
    rule = learn("t", samples, SOURCE).move
    assert (rule.count, rule.settle_s, rule.feed_share, rule.sd_s) == (12, 0.5, 0.8, 0.0)


def test_commands_looks_and_answers_have_mean_spread_and_count(assessment):
    samples = Samples()
    collect(
        [
            Ticked(0.0), RunCommand("a#1.0", "unfasten", {}, 20.0), Finished(4.0, "a#1.0", True),
            RunCommand("a#1.1", "unfasten", {}, 20.0), Finished(10.0, "a#1.1", True),
            RunCommand("a#1.2", "unfasten", {}, 20.0), Finished(40.0, "a#1.2", False, "seized"),
            Look("look.1", "identify", 3, 20.0), Looked(42.0, "look.1", (), assessment()),
            Record("question", {"id": "q1"}), Answered(50.0, "q1", "done", "a"),
            RunCommand("a#1.3", "hold_part", {}, 20.0), OperatorCommanded(51.0, Command.HOLD, "a"),
            Finished(99.0, "a#1.3", True),
        ],
        samples,
    )  # fmt: skip
    found = learn("t", samples, SOURCE)
    unfasten = found.commands["unfasten"]
    assert (unfasten.count, unfasten.mean_s, unfasten.sd_s) == (2, 5.0, pytest.approx(1.414))
    assert "hold_part" not in found.commands, "a hold came in between"
    assert (found.looks["identify"].mean_s, found.answers.mean_s, found.move) == (2.0, 8.0, None)


def test_a_plan_is_estimated_by_what_was_learnt(cell, assessment):
    samples = Samples(commands={"unfasten": [9.0, 11.0]})
    plain = plan_of(cell, assessment, "vw-meb-82/standard")
    learnt = plan_of(replace(cell, times=learn("t", samples, SOURCE)), assessment, "vw-meb-82/standard")
    assert learnt.estimate_s == pytest.approx(plain.estimate_s + 28 * 6, abs=0.2)
    assert learnt.spread_s == pytest.approx(28**0.5 * 2**0.5, abs=0.1)
    assert plain.spread_s == 0
    assert [s.key for s in learnt.steps] == [s.key for s in plain.steps]
