"""Short ways to a plan and into it, for the tests of plans."""

from delid.core import CommandAct
from delid.planning import decide


def numbered(prefix, count):
    return [f"{prefix}.{n:02d}" for n in range(1, count + 1)]


def plan_of(cell, assessment, name, readings=None, exclude=()):
    pack, variant = name.split("/")
    damage = {"standard": [], "damaged": [("dent", 0.6)], "quarantine": [("burn", 0.5)]}[variant]
    seen = assessment(None if pack == "common" else pack, damage=damage)
    plan = decide(seen, cell, readings or {}, exclude=exclude).outcome
    assert plan.recipe == name
    return plan


def keys(plan):
    return [s.key.removeprefix(plan.recipe + "/") for s in plan.steps]


def step(plan, key):
    return next(s for s in plan.steps if s.key == f"{plan.recipe}/{key}")


def commands(steps):
    return [act.name for s in steps for act in s.acts if isinstance(act, CommandAct)]
