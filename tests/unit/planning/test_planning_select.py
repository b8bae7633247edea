"""Which recipe is taken, and the reason for every one that is not."""

from dataclasses import replace

import pytest

from delid.core import Damage, DamageKind, HazardClass, Plan, PlanningError, Refusal, UsageError, from_json, to_json
from delid.core import Decision as DecisionFact
from delid.planning import decide

PACKS = ["vw-meb-82", "nissan-leaf-24", "byd-blade"]


def reasons(decision, recipe):
    return next(c.reasons for c in decision.candidates if c.recipe == recipe)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(
    ("damage", "variant", "hazard"),
    [
        ([], "standard", "A"),
        ([("dent", 0.3)], "standard", "B"),
        ([("dent", 0.31)], "damaged", "B"),
        ([("corrosion", 0.5)], "standard", "B"),
        ([("corrosion", 0.9)], "damaged", "B"),
        ([("swelling", 0.2)], "damaged", "B"),
        ([("swelling", 0.51)], "quarantine", "C"),
        ([("dent", 0.81)], "quarantine", "C"),
        ([("leak", 0.1)], "quarantine", "C"),
        ([("burn", 0.1), ("dent", 0.1)], "quarantine", "C"),
    ],
)
def test_damage_leads_to_the_recipe_made_for_it(cell, assessment, pack, damage, variant, hazard):
    decision = decide(assessment(pack, damage=damage), cell, {})
    assert isinstance(decision.outcome, Plan)
    assert decision.outcome.recipe == f"{pack}/{variant}"
    assert decision.outcome.hazard_class == decision.assessment.hazard_class == HazardClass(hazard)
    assert decision.outcome.pack == pack


def test_what_is_unclear_is_touched_only_after_a_person_has_looked(cell, assessment):
    doubt = Damage(DamageKind.SWELLING, 0.31, 0.6, (0, 0, 10, 10))
    seen = replace(assessment(), unclear=(doubt,))
    asked = decide(seen, cell, {})
    assert isinstance(asked.outcome, Refusal)
    assert asked.outcome.reasons[0].startswith("look at the pack: is there swelling?")
    assert asked.assessment.hazard_class is HazardClass.B
    assert reasons(asked, "vw-meb-82/damaged") == (
        "touches the pack while swelling is neither found nor ruled out (0.31)",
    )
    told = decide(seen, cell, {}, ruled_out=(DamageKind.SWELLING,))
    assert isinstance(told.outcome, Plan)
    assert (told.outcome.recipe, told.assessment.unclear) == ("vw-meb-82/standard", ())
    assert told.assessment.hazard_reasons == ("no damage found", "a person ruled out: swelling")
    other = decide(seen, cell, {}, ruled_out=(DamageKind.LEAK,))
    assert isinstance(other.outcome, Refusal), "the answer to another question is none to this one"


def test_what_a_person_found_counts_as_found(cell, assessment):
    dent = Damage(DamageKind.DENT, 0.31, 0.2, (0, 0, 10, 10))
    seen = replace(assessment(), unclear=(dent,))
    told = decide(seen, cell, {}, ruled_in=(DamageKind.DENT,))
    assert (told.assessment.damage, told.assessment.unclear) == ((dent,), ())
    assert told.assessment.hazard_class is HazardClass.B
    assert told.assessment.hazard_reasons == ("dent, severity 0.20", "a person found: dent")
    assert isinstance(told.outcome, Plan)
    assert decide(seen, cell, {}, ruled_out=("dent",), ruled_in=("dent",)).assessment == told.assessment
    worse = decide(replace(seen, unclear=(replace(dent, severity=0.9),)), cell, {}, ruled_in=("dent",))
    assert worse.assessment.hazard_class is HazardClass.C, "as grave as the picture makes it"
    other = decide(seen, cell, {}, ruled_in=(DamageKind.LEAK,))
    assert isinstance(other.outcome, Refusal), "the answer to another question is none to this one"


def test_a_leak_that_a_person_found_goes_to_quarantine_and_nothing_more_is_asked(cell, assessment):
    leak, dent = (Damage(k, 0.3, 0.2, (0, 0, 10, 10)) for k in (DamageKind.LEAK, DamageKind.DENT))
    seen = replace(assessment(), unclear=(dent, leak))
    asked = decide(seen, cell, {})
    assert asked.assessment.unclear == (leak, dent), "the gravest first"
    assert asked.outcome.reasons[0].startswith("look at the pack: is there leak?")
    told = decide(seen, cell, {}, ruled_in=(DamageKind.LEAK,))
    assert (told.assessment.hazard_class, told.outcome.recipe) == (HazardClass.C, "vw-meb-82/quarantine")
    rest = decide(seen, cell, {}, ruled_out=(DamageKind.LEAK,))
    assert rest.outcome.reasons[0].startswith("look at the pack: is there dent?")


def test_a_person_rules_out_nothing_that_was_found_or_measured(cell, assessment):
    doubt = Damage(DamageKind.LEAK, 0.31, 0.6, (0, 0, 10, 10))
    seen = replace(assessment(damage=[("swelling", 0.9)]), unclear=(doubt,))
    kept = decide(seen, cell, {}, ruled_out=(DamageKind.LEAK, DamageKind.SWELLING))
    assert (kept.assessment.hazard_class, kept.outcome.recipe) == (HazardClass.C, "vw-meb-82/quarantine")
    hot = decide(replace(assessment(), unclear=(doubt,)), cell, {"pack_temperature_c": 80.0}, ruled_out=("leak",))
    assert hot.assessment.hazard_class is HazardClass.C


def test_every_recipe_is_weighed_and_one_is_taken(cell, assessment):
    decision = decide(assessment(), cell, {})
    assert sorted(c.recipe for c in decision.candidates) == sorted(r.spec.recipe for r in cell.recipes)
    assert [c.recipe for c in decision.candidates if c.accepted] == ["vw-meb-82/standard"]
    assert all(c.reasons for c in decision.candidates)


def test_reasons_for_pack_and_hazard_are_both_given(cell, assessment):
    decision = decide(assessment(), cell, {})
    assert reasons(decision, "byd-blade/damaged") == (
        "serves byd-blade, not vw-meb-82",
        "serves hazard class B, not A",
    )


def test_severity_over_the_limit_gives_both_numbers(cell, assessment):
    decision = decide(assessment(damage=[("dent", 0.62)]), cell, {})
    assert reasons(decision, "vw-meb-82/standard") == ("dent severity 0.62 is over the recipe's limit 0.30",)


def test_a_damage_kind_that_is_not_named_is_not_served(cell, assessment):
    decision = decide(assessment(damage=[("swelling", 0.1)]), cell, {})
    assert reasons(decision, "vw-meb-82/standard") == ("does not serve swelling",)


def test_a_recipe_that_fits_less_closely_says_which_stood_before_it(cell, assessment):
    decision = decide(assessment(damage=[("dent", 0.2)]), cell, {})
    assert reasons(decision, "vw-meb-82/damaged") == ("would fit, but vw-meb-82/standard is the closer fit",)


def test_the_exact_pack_stands_before_any_pack(cell, assessment):
    decision = decide(assessment(hazard="C"), cell, {})
    assert decision.outcome.recipe == "vw-meb-82/quarantine"
    assert reasons(decision, "common/quarantine") == ("would fit, but vw-meb-82/quarantine is the closer fit",)


@pytest.mark.parametrize("status", ["unknown", "ambiguous"])
def test_a_doubtful_pack_never_gets_a_recipe_that_touches_it(cell, assessment, status):
    decision = decide(assessment(None, status=status), cell, {})
    assert isinstance(decision.outcome, Refusal)
    words = f"the pack is {status} (nearest: nissan-leaf-24 0.61, byd-blade 0.55)"
    assert decision.outcome.reasons == (
        words,
        "hazard class A",
        "no damage found",
        "nearest recipe: nissan-leaf-24/standard would fit if the pack were known to be nissan-leaf-24",
        "a person may name the pack, or bring it to quarantine",
    )
    assert not any(c.accepted for c in decision.candidates)


def test_a_doubtful_pack_of_class_c_is_quarantined(cell, assessment):
    plan = decide(assessment(None, damage=[("burn", 0.7)]), cell, {}).outcome
    assert (plan.recipe, plan.pack) == ("common/quarantine", None)
    assert not any(step.contact for step in plan.steps)


def test_a_recipe_for_any_pack_that_touches_it_is_refused_for_a_doubtful_one(cell_with, recipe_of, assessment):
    operations = "  - {id: bolts, do: unfasten, targets: {group: lid}, tool: socket_10, torque_nm: 9}\n"
    recipe = recipe_of(operations, serves='{packs: ["*"], hazard: [A]}', name="common/any")
    decision = decide(assessment(None), cell_with(recipe), {})
    assert reasons(decision, "common/any")[0].endswith("and the recipe touches the pack")
    assert decide(assessment("vw-meb-82"), cell_with(recipe), {}).outcome.recipe == "common/any"


def test_a_recipe_that_touches_the_pack_is_refused_in_class_c_whatever_it_says(cell_with, recipe_of, assessment):
    operations = "  - {id: bolts, do: unfasten, targets: {group: lid}, tool: socket_10, torque_nm: 9}\n"
    recipe = recipe_of(operations, serves="{packs: [vw-meb-82], hazard: [C]}")
    decision = decide(assessment(hazard="C"), cell_with(recipe), {})
    assert decision.candidates[0].reasons == ("touches the pack, which no recipe may do in hazard class C",)
    assert isinstance(decision.outcome, Refusal)


def test_a_pack_without_a_pack_file_is_refused(cell, assessment):
    decision = decide(assessment("tesla-3"), cell, {})
    assert decision.outcome.reasons[0] == "the cell has no pack file for tesla-3"


@pytest.mark.parametrize("status", ["unknown", "ambiguous", "known"])
def test_a_person_may_name_the_pack(cell, assessment, status):
    seen = assessment("byd-blade" if status == "known" else None, status=status)
    decision = decide(seen, cell, {}, assume_pack="nissan-leaf-24")
    assert decision.outcome.recipe == "nissan-leaf-24/standard"
    assert reasons(decision, "nissan-leaf-24/standard")[0] == "a person named the pack nissan-leaf-24"


def test_a_person_cannot_name_a_pack_that_the_cell_does_not_have(cell, assessment):
    with pytest.raises(UsageError, match="No pack 'zoe'"):
        decide(assessment(None), cell, {}, assume_pack="zoe")


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ({"pack_temperature_c": 61.0}, "pack temperature 61 C is over 60 C"),
        ({"gas_ppm": 51}, "gas 51 ppm is over 50 ppm"),
        ({"isolation_ohm_per_v": 99}, "isolation 99 ohm/V is under 100 ohm/V"),
    ],
)
def test_readings_make_the_hazard_class_worse(cell, assessment, readings, words):
    decision = decide(assessment(damage=[("dent", 0.1)]), cell, readings)
    assert decision.outcome.recipe == "vw-meb-82/quarantine"
    assert decision.assessment.hazard_class is HazardClass.C
    assert decision.assessment.hazard_reasons[0] == words


def test_readings_never_make_it_better(cell, assessment):
    good = {"pack_temperature_c": 20.0, "gas_ppm": 0, "isolation_ohm_per_v": 900, "note": "text"}
    decision = decide(assessment(hazard="C"), cell, good)
    assert decision.assessment.hazard_class is HazardClass.C
    assert decision.assessment.hazard_reasons == ("as seen",)


def test_without_recipes_the_refusal_says_so(cell, assessment):
    decision = decide(assessment(), replace(cell, recipes=()), {})
    assert decision.outcome.reasons[-1] == "the cell has no recipe"


def test_the_order_of_recipes_in_the_cell_file_changes_nothing(cell, assessment):
    turned = replace(cell, recipes=tuple(reversed(cell.recipes)))
    seen = assessment(damage=[("dent", 0.2)])
    assert to_json(decide(seen, turned, {})) == to_json(decide(seen, cell, {}))


def test_a_decision_survives_json(cell, assessment):
    decision = decide(assessment(damage=[("dent", 0.2)]), cell, {})
    assert from_json(DecisionFact, to_json(decision)) == decision


def test_a_recipe_that_the_cell_cannot_carry_out_is_an_error(cell_with, assessment):
    with pytest.raises(PlanningError, match=r"planning\.reach") as caught:
        decide(assessment(), cell_with(fixture={"origin_mm": (1600.0, 850.0, -600.0)}), {})
    assert "vw-meb-82/standard/lid_bolts/lid." in str(caught.value)
    assert "outside the limits 0..2400" in str(caught.value)
