"""The check as a whole: all findings at once, partial recipes, variants, recipes of a cell seen together."""

from dataclasses import replace

import pytest

from delid.config import load_recipe, read_document, recipe_in_part
from delid.core import CONTACT_VERBS, VERBS, ConfigError, Fact, Verb
from delid.planning import ALL_RULES, RULES, as_findings, check_cell, check_recipe, make_plan

BOLTS = (
    "  - {id: bolts, do: unfasten, after: [verify], targets: {group: lid}, tool: socket_10, torque_nm: 9,"
    " on_failure: {seized: [ask], slipped: [ask], stripped: [ask], not_found: [ask], still_seen: [ask]}}\n"
)
LOST = "on_failure: {not_verified: [ask], dropped: [ask]}"
LIFT = f"  - {{id: lift, do: lift, after: [bolts], tool: vacuum, {LOST}}}\n"
PLACE = "  - {id: set_down, do: place, after: [lift], tool: vacuum, to: lid_rack, on_failure: {not_verified: [ask]}}\n"
PICK = f"  - {{id: modules, do: pick, after: [set_down], tool: gripper, to: module_tray, {LOST}}}\n"
UNANSWERED = "on_failure: {not_verified: [ask]}"
SAFE = (
    f"  - {{id: isolation, do: measure, check: {{tag: isolation_ohm_per_v, above: 100}}, {UNANSWERED}}}\n"
    "  - {id: pull, do: disconnect, after: [isolation], connector: hv}\n"
    f"  - {{id: verify, do: measure, after: [pull], check: {{tag: pack_voltage_v, below: 60}}, {UNANSWERED}}}\n"
)
GOOD = BOLTS + LIFT + PLACE + PICK + SAFE


def found(recipe, cell):
    return [(f.line, f.code) for f in check_recipe(recipe, cell, cell.packs)]


def test_a_good_recipe_has_no_findings(cell, recipe_of):
    assert found(recipe_of(GOOD), cell) == []


def test_a_finding_reads_as_file_line_code_message_hint(cell, recipe_of):
    recipe = recipe_of(GOOD.replace("socket_10", "socket_01"))
    (finding,) = check_recipe(recipe, cell, cell.packs)
    assert str(finding) == (
        f"{recipe.document.path}:5: unknown_tool: the cell has no tool 'socket_01'; it has gripper, impact_10, "
        "socket_10, vacuum; did you mean 'socket_10'? (correct the name, or add the tool to the cell file)"
    )
    assert finding.severity == "error"


def test_all_findings_come_at_once_in_the_order_of_lines(cell, recipe_of):
    text = GOOD.replace("socket_10", "socket_01").replace("lid_rack", "shelf").replace("[bolts], tool", "[nuts], tool")
    assert found(recipe_of(text, permissives="[door]"), cell) == [
        (3, "unknown_tag"),
        (5, "unknown_tool"),
        (5, "voltage_unchecked"),
        (6, "isolation_unmeasured"),
        (6, "not_isolated"),
        (6, "still_fastened"),
        (6, "unknown_after"),
        (6, "voltage_unchecked"),
        (7, "unknown_place"),
        (7, "unreachable"),
        (8, "unreachable"),
    ]


def test_without_a_cell_the_graph_is_still_checked(recipe_of):
    loop = f"  - {{id: a, do: measure, check: smoke, after: [a], {UNANSWERED}}}\n"
    recipe = recipe_of(loop + GOOD.replace("socket_10", "socket_01"), permissives="[guard_closed]")
    assert [f.code for f in check_recipe(recipe, None, {})] == ["cycle", "voltage_unchecked"]


def test_what_waits_for_a_loop_is_unreachable(cell, recipe_of):
    text = (
        f"  - {{id: a, do: measure, check: smoke, after: [a], {UNANSWERED}}}\n  - {{id: b, do: inspect, after: [a]}}\n"
    )
    assert found(recipe_of(text), cell) == [(5, "cycle"), (6, "unreachable")]


def test_of_a_recipe_that_is_not_well_formed_the_rest_is_checked_in_the_same_go(cell, recipe_of):
    text = GOOD.replace("do: place", "do: plcae").replace("socket_10", "socket_01")
    with pytest.raises(ConfigError) as caught:
        recipe_of(text)
    (fault,) = as_findings(caught.value.details)
    assert (fault.line, fault.code) == (7, "unknown_operation")
    part = recipe_in_part(read_document(fault.path))
    assert [o.id for o in part.spec.operations] == ["bolts", "lift", "modules", "isolation", "pull", "verify"]
    assert found(part, cell) == [(5, "unknown_tool")], "no word of what could not be read"
    assert recipe_in_part(read_document(cell.path)) is None


def test_a_variant_is_checked_as_a_recipe_of_its_own(cell, recipe_of):
    variant = "variants:\n  - {name: blind, when: {hazard: B}, skip: [isolation]}\n"
    recipe = recipe_of(GOOD + variant)
    (finding,) = check_recipe(recipe, cell, cell.packs)
    assert (finding.line, finding.code) == (5, "isolation_unmeasured")
    assert finding.message.startswith("in the variant 'blind': ")
    both = recipe_of(GOOD.replace("socket_10", "socket_01") + variant)
    assert found(both, cell) == [(5, "isolation_unmeasured"), (5, "unknown_tool")], "what both have is told once"


def test_the_recipes_of_the_demo_cell_have_no_findings(cell):
    assert len(cell.recipes) == 22
    assert check_cell(cell) == []


def test_what_is_checked_can_be_planned(cell, assessment):
    """The rules on room and tools take the place of trying: no recipe without findings is refused by the planner."""
    for recipe in cell.recipes:
        for name in recipe.spec.serves.packs:
            pack = cell.packs.get(name)
            plan = make_plan(recipe, cell, pack, assessment(name if pack else None), {})
            assert plan.steps


def test_a_recipe_name_may_stand_once_in_a_cell(cell, repository):
    again = load_recipe(repository / "cell_configs/recipes/byd-blade-standard.yaml")
    (finding,) = check_cell(replace(cell, recipes=(*cell.recipes, again)))
    assert (finding.code, finding.line) == ("duplicate_recipe", 3)


def test_damage_that_no_recipe_serves_is_told_with_severity_and_class(cell):
    less = tuple(r for r in cell.recipes if r.spec.recipe != "gm-bev-50/damaged")
    findings = check_cell(replace(cell, recipes=less))
    assert {f.code for f in findings} == {"unserved_damage"}
    assert [f.message for f in findings] == [
        "no recipe serves gm-bev-50 with corrosion of a severity over 0.50 (hazard class B)",
        "no recipe serves gm-bev-50 with dent of a severity over 0.30 (hazard class B)",
        "no recipe serves gm-bev-50 with swelling of a severity 0.01 (hazard class B)",
    ]
    without = tuple(
        r for r in cell.recipes if "*" not in r.spec.serves.packs and "gm-bev-50" not in r.spec.serves.packs
    )
    assert check_cell(replace(cell, recipes=without)) == [], "a pack that no recipe names is taken as not in use"


def test_every_recipe_file_stands_in_the_demo_cell_and_names_its_schema(cell, repository):
    files = sorted((repository / "cell_configs/recipes").glob("*.yaml"))
    assert [f.name for f in files] == sorted(r.document.path.name for r in cell.recipes)
    for file in files:
        assert file.stem == load_recipe(file).spec.recipe.replace("/", "-")


def test_the_table_of_rules_is_complete():
    assert len({rule.code for rule in ALL_RULES}) == len(ALL_RULES)
    for rule in ALL_RULES:
        assert rule.about.endswith(".")
        assert rule.why.endswith(".")
        assert rule.hint
        assert not rule.hint.endswith(".")


PRECONDITIONS = {
    Fact.PACK_KNOWN: "pack_needed",
    Fact.NOT_CRITICAL: "contact_in_quarantine",
    Fact.VOLTAGE_LOW: "voltage_unchecked",
    Fact.ISOLATED: "not_isolated",
    Fact.INSULATED: "isolation_unmeasured",
    Fact.PART_FREE: "still_fastened",
    Fact.PART_HELD: "nothing_held",
    Fact.LID_OFF: "under_the_lid",
    Fact.HAS_MODULES: "no_modules",
}


def test_every_precondition_of_every_verb_has_a_rule():
    assert {fact for facts in VERBS.values() for fact in facts.needs} == PRECONDITIONS.keys()
    assert set(PRECONDITIONS.values()) <= {rule.code for rule in RULES}
    assert set(VERBS) == set(Verb)
    assert {v.value for v in CONTACT_VERBS} == {"unfasten", "cut", "lift", "place", "pick", "drain"}
