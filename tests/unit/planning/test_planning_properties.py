"""What holds for every plan."""

from hypothesis import given, settings
from hypothesis import strategies as st
from planning_plans import plan_of

from delid.core import (
    Fastener,
    FastenerKind,
    MoveAct,
    Verb,
)
from delid.planning import decide, path_mm
from delid.planning._graph import ancestors

KINDS = st.sampled_from(list(FastenerKind))
SEEN = st.dictionaries(st.integers(1, 30), KINDS, max_size=30)
DAMAGE = st.lists(st.tuples(st.sampled_from(["dent", "corrosion", "swelling"]), st.floats(0, 1)), max_size=3)


@settings(max_examples=25, deadline=None)
@given(
    pack=st.sampled_from(["vw-meb-82", "nissan-leaf-24", "byd-blade"]),
    damage=DAMAGE,
    seen=SEEN,
    exclude=st.sets(st.integers(1, 30), max_size=5),
    origin=st.tuples(st.floats(950, 1400), st.floats(760, 1100)),
    tool=st.integers(0, 5),
)
def test_every_plan_keeps_limits_and_order(cell, cell_with, assessment, pack, damage, seen, exclude, origin, tool):
    own = cell_with(fixture={"origin_mm": (*origin, -600.0)})
    fasteners = [Fastener(f"lid.{n:02d}", kind, (0.0, 0.0), None, 0.9) for n, kind in seen.items()]
    given_up = [f"lid.{n:02d}" for n in exclude]
    decision = decide(
        assessment(pack, damage=damage, fasteners=fasteners), own, {"tool_number": tool}, exclude=given_up
    )
    plan = decision.outcome
    recipe = next(r.spec for r in own.recipes if r.spec.recipe == plan.recipe)
    check_limits(own, plan)
    check_precedence(recipe, plan)
    assert len({s.key for s in plan.steps}) == len(plan.steps)
    worked = {t for s in plan.steps if s.do is Verb.UNFASTEN and s.contact for t in s.targets}
    assert not worked & set(given_up)
    assert not worked & {f.id for f in fasteners if f.kind in (FastenerKind.EMPTY, FastenerKind.STRIPPED)}
    assert (
        plan
        == decide(
            assessment(pack, damage=damage, fasteners=fasteners), own, {"tool_number": tool}, exclude=given_up
        ).outcome
    )


def check_limits(cell, plan):
    limits = cell.spec.motion.limits
    for s in plan.steps:
        for act in (*s.acts, *s.alternative, *s.refit):
            if isinstance(act, MoveAct):
                ranges = (limits.x_mm, limits.y_mm, limits.z_mm)
                assert all(low <= v <= high for v, (low, high) in zip(act.to_mm, ranges, strict=True)), s.key
                assert 0 < act.feed_mm_s <= limits.feed_mm_s
        moves = [a for a in s.acts if isinstance(a, MoveAct)]
        if s.contact:  # so that any step may be repeated, left out or done later
            assert moves[0].to_mm[2] == moves[-1].to_mm[2] == cell.spec.motion.safe_z_mm


def check_precedence(recipe, plan):
    order = [s.operation for s in plan.steps]
    for n, operation in enumerate(order):
        assert not ancestors(recipe, operation) & set(order[n + 1 :]), f"{operation} stands before what it comes after"


def test_the_bolt_order_of_a_plan_is_not_longer_than_the_file_order(cell, assessment):
    for pack in cell.packs:
        plan = plan_of(cell, assessment, f"{pack}/standard")
        at = {s.targets[0]: s.at_mm[:2] for s in plan.steps if s.do is Verb.UNFASTEN and len(s.targets) == 1}
        start = (2300.0, 150.0)
        assert path_mm(list(at), at, start) <= path_mm(sorted(at), at, start)
