"""Differences in a person's words: what it is about, what is different, the same of several things together."""

from __future__ import annotations

import pytest

from delid.replay import Difference, FrameSeam, Seams, first_seam, summarise

SEEN = FrameSeam("look.4", 1, {"fasteners.bolt": "lid.01..03, lid.14", "fasteners.nut": "lid.05"})
SIDE = Seams((SEEN,), (), ())


def decided(where: str, now: str, before: str) -> Difference:
    return Difference("decision", where, now, before)


def sent(where: str, now: str, before: str) -> Difference:
    return Difference("wire", where, now, before)


def told(*found: Difference) -> list[str]:
    return list(summarise(found, SIDE))


def test_another_reaction_is_told_by_its_bolt():
    found = decided("lid_bolts/lid.14", "seized -> retry (failure 1: 12 N m)", "seized -> ask (failure 1: 12 N m)")
    assert told(found) == ["decision: bolt 14: seized -> retry; before: ask"]


def test_another_failure_is_told_with_its_reaction():
    found = decided("lid_nuts/lid.05", "slipped -> retry (failure 1: x)", "seized -> ask (failure 1: x)")
    assert told(found) == ["decision: nut 5: slipped -> retry; before: seized -> ask"]


def test_the_same_of_several_bolts_is_one_line():
    found = [decided(f"b/lid.{n:02d}", "seized -> ask (failure 1)", "seized -> retry (failure 1)") for n in (1, 2, 14)]
    assert told(*found) == ["decision: bolts 1, 2, 14: seized -> ask; before: retry"]


def test_a_recipe_stands_before_what_follows_from_it():
    found = (
        decided("lid_bolts/lid.01", "done", "nothing"),
        decided("recipe", "a/damaged, hazard B", "a/standard, hazard A"),
    )
    assert told(*found)[0] == "decision: recipe: a/damaged, hazard B; before: a/standard, hazard A"


def test_steps_of_a_plan_are_told_by_what_came_and_went():
    found = decided("plan", "b/lid.01", "nothing"), decided("plan", "nothing", "b/seen_empty")
    assert told(*found) == [
        "decision: plan: bolt 1: is done too",
        "decision: plan: b/seen_empty: is not done any more",
    ]


def test_another_order_of_a_plan():
    found = decided("plan", "b/lid.02", "b/lid.01"), decided("plan", "b/lid.01", "b/lid.02")
    assert told(*found) == ["decision: plan: another order, b/lid.02 comes earlier than b/lid.01"]


@pytest.mark.parametrize(("first", "where"), [(("b/lid.02", "nothing"), "earlier"), (("nothing", "b/lid.02"), "later")])
def test_a_step_of_a_plan_that_alone_has_moved(first: tuple[str, str], where: str):
    found = decided("plan", *first), decided("plan", *reversed(first))
    assert told(*found) == [f"decision: plan: another order, b/lid.02 comes {where}"]


def test_fasteners_are_told_one_by_one():
    found = Difference("inspection", "look.4 frame 1: fasteners.bolt", "lid.01..02", "lid.01..03, lid.14")
    assert told(found) == ["inspection: fasteners 3, 14: not seen as bolt, before it was"]


def test_what_follows_is_told_shortly():
    wire = [
        sent(f"plc b/lid.{n:02d}#1.3", f"unfasten, torque_nm {n} [00]", "unfasten, torque_nm 9 [01]") for n in range(5)
    ]
    lines = told(decided("x", "a", "b"), *wire)
    assert lines[0] == "decision: x: a; before: b"
    assert lines[1:] == [
        "wire: fastener 0: unfasten torque_nm 0; before: torque_nm 9",
        "wire: bolt 1: unfasten torque_nm 1; before: torque_nm 9",
        "wire: and 3 more",
    ]


HEAD = "10 00 6e 00 02 04"
MOVE = "'G21G90G94G53G1X10.125Y20.000Z-20.000F{feed}\\nG4P0\\n' [00]"


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (f"unfasten [{HEAD} 00 01 00 02]", f"unfasten [{HEAD} 00 02 00 01]", "the same words in another order"),
        (f"unfasten [{HEAD} 01 02 00 00]", f"unfasten [{HEAD} 02 01 00 00]", "the same bytes in another order"),
        ("unfasten [10 01]", "unfasten [10 02]", "the same values in other bytes (scale, offset or encoding)"),
        ("unfasten [10 01 02]", "unfasten [10]", "the same values in 3 bytes, before in 1"),
        (
            f"unfasten [{HEAD} 00 01 00 02]",
            f"unfasten [{HEAD} 00 01 00 03]",
            "only the number of the command is another",
        ),
        ("stop [21]", "nothing", "stop; before: nothing"),
    ],
)
def test_bytes_are_told_by_what_differs_in_them(now, before, words):
    (line,) = told(sent("plc b/lid.01#1.3", now, before))
    assert words in line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "X10.125",
            "X10.13",
            "move to the same place in other digits (rounding of the driver): X10.13; before: X10.125",
        ),
        ("X10.125", "X10.325", "move with another place: X10.325; before: X10.125"),
        ("Z-20.000", "Z-21.000", "move with another height: Z-21.000; before: Z-20.000"),
        ("F30000.0", "F29400.0", "move with another feed rate: F29400.0; before: F30000.0"),
        ("G53", "", "move in other words: fewer; before: G53"),
    ],
)
def test_moves_are_told_by_their_axes(old, new, words):
    before = MOVE.format(feed="30000.0")
    assert old in before
    (line,) = told(sent("motion b/lid.01#1.1", before.replace(old, new), before))
    assert line == f"wire: bolt 1: {words}"


def test_looks_that_were_not_taken_follow_from_the_decision():
    count = Difference("inspection", "lid_bolts/seen_empty#1.1", "1 frames", "0 frames")
    found = decided("b/lid.14", "seized -> ask (failure 1)", "seized -> retry (failure 1)")
    assert first_seam([count, found]) == "decision"
    assert told(count, found) == [
        "decision: bolt 14: seized -> ask; before: retry",
        "inspection: lid_bolts/seen_empty#1.1: 1 frames; before: 0 frames",
    ]
    assert first_seam([count]) == "inspection"


def test_what_is_no_step_is_no_fastener():
    assert told(sent("motion starting.3.park", "stop [21]", "hold [22]")) == ["wire: park: stop; before: hold"]


def test_the_first_seam_is_the_one_that_the_others_follow_from():
    assert first_seam([sent("a", "b", "c"), decided("a", "b", "c")]) == "decision"
    assert first_seam([]) == ""
