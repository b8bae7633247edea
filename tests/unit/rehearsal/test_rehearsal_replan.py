"""The whole loop in virtual time: planner, reducer and a simulated cell whose pack turns out worse than it looked."""

from __future__ import annotations

import dataclasses

from rehearsal_kit import RECIPES, demo_cell

from delid.config import load_recipe
from delid.core import Damage, DamageKind, HazardClass
from delid.rehearsal import Case, run_once

BLADE = "byd-blade-standard"
BURN = Damage(DamageKind.BURN, 0.95, 0.5, (0.0, 0.0, 1.0, 1.0))


class Burning(Case):
    """Once the fasteners are out, the camera sees burn marks around the lid."""

    def assess(self, seed, look, site, removed):
        seen = super().assess(seed, look, site, removed)
        if "seen_empty" not in look:
            return seen
        return dataclasses.replace(seen, damage=(BURN,), hazard_class=HazardClass.C, hazard_reasons=("burn marks",))


class Growing(Case):
    """At the first look one hole is empty; later there is a fastener in it."""

    def assess(self, seed, look, site, removed):
        return super().assess(seed, look, site, [*removed, "lid.05"] if look.startswith("look") else removed)


def case_like(kind, case):
    return kind(**{f.name: getattr(case, f.name) for f in dataclasses.fields(case) if f.init} | {"decided": {}})


def test_burn_marks_that_are_seen_when_the_fasteners_are_out_send_the_pack_to_quarantine(case_of):
    plain, burning = case_of(BLADE), case_like(Burning, case_of(BLADE))
    quarantine = load_recipe(RECIPES / "byd-blade-quarantine.yaml")
    burning = dataclasses.replace(burning, cell=dataclasses.replace(burning.cell, recipes=(burning.recipe, quarantine)))
    run = run_once(burning, 1)
    assert run.outcome == "quarantined"
    keys = [s.key for s in run.steps]
    done = [k for k in keys if k.startswith("byd-blade/standard/")]
    after = [k for k in keys if k.startswith("byd-blade/quarantine/")]
    assert keys == [*done, *after]
    assert done[-1] == "byd-blade/standard/lid_nuts/seen_empty"
    assert done == [s.key for s in run_once(plain, 1).steps][: len(done)], "until then nothing differs"
    assert after[-1].endswith("/quarantine")
    assert not [k for k in keys if "lift" in k]
    assert {(s.status, s.tries) for s in run.steps} == {("done", 1)}


def test_a_nut_that_appears_in_an_empty_hole_is_taken_out_and_no_other_one_again(case_of):
    case = case_like(Growing, case_of(BLADE))
    plain_spec = demo_cell().spec
    bare = plain_spec.model_copy(
        update={"cameras": plain_spec.cameras[:1]}
    )  # with a camera at the tool it is looked at
    case = dataclasses.replace(case, cell=dataclasses.replace(case.cell, spec=bare))
    run = run_once(case, 1)
    assert run.outcome == "dismantled"
    loosened = [s.key.rsplit("/", 1)[-1] for s in run.steps if "/lid." in s.key]
    assert sorted(loosened) == [f"lid.{n:02d}" for n in range(1, 31)]
    assert loosened[-1] == "lid.05", "the plan that was made anew holds it alone"
    assert {(s.status, s.tries) for s in run.steps if "/lid." in s.key} == {("done", 1)}
    assert run.failures == {}
    turned = [s for s in run.segments if s.lane == "plc" and s.label == "unfasten"]
    assert len(turned) == 30
